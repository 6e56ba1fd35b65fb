#include "cache/print_c.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"

namespace congrua::cache::internal {

namespace {

constexpr size_t kMaxFrame = size_t{1} << 16;  // bytes of registers on the stack

std::string word(uint64_t v) { return fmt::format("UINT64_C({:#x})", v); }
std::string number(int64_t v) {
  return v == INT64_MIN ? "INT64_MIN" : fmt::format("INT64_C({})", v);
}

// What a comment may hold: no end of it, one line.
std::string comment(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char before = out.empty() ? ' ' : out.back();
    const bool mark = (before == '*' && c == '/') || (before == '/' && c == '*');
    out.push_back(mark || static_cast<unsigned char>(c) < 32 ? ' ' : c);
  }
  return out;
}

class Printer {
 public:
  Printer(const Program& program, const Schema& schema, std::string_view name)
      : program_(program), schema_(schema), name_(name) {}

  absl::StatusOr<std::string> print() {
    uint32_t guard = UINT32_MAX;
    absl::Status status;
    program_.all_of([&](const Test& t) {
      if (t.guard != guard) {
        guard = t.guard;
        line("  /* guard {}{} */", guard, position(guard));
      }
      status = test(t);
      return status.ok();
    });
    if (!status.ok()) return status;
    return fmt::format(
        "#ifndef CONGRUA_GUARD_ARITHMETIC\n#define CONGRUA_GUARD_ARITHMETIC\n"
        "#include <stddef.h>\n#include <stdint.h>\n\n{}#endif\n\n"
        "{}/* {} guards over {} fields, a word each, of the schema {:#x}. */\n"
        "int {}(const uint64_t* row) {{\n  (void)row;\n{}  return 1;\n}}\n",
        c_arithmetic(), functions_, program_.num_guards, schema_.size(), schema_.hash(),
        name_, body_);
  }

 private:
  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(body_), format, std::forward<Args>(args)...);
    body_.push_back('\n');
  }
  template <typename... Args>
  void out(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(functions_), format, std::forward<Args>(args)...);
    functions_.push_back('\n');
  }

  std::string position(uint32_t guard) const {
    if (guard >= program_.positions.size()) return "";
    return ": " + comment(program_.positions[guard]);
  }
  std::string name_of(uint16_t field) const { return comment(schema_.field(field).name); }
  static std::string size(uint16_t field) {
    return fmt::format("cg_signed(row[{}])", field);
  }
  static std::string_view fails(Relation r) {
    return r == Relation::kGe ? "< 0" : r == Relation::kEq ? "!= 0" : "== 0";
  }

  absl::Status test(const Test& t) {
    switch (t.kind) {
      case TestKind::kFalse:
        line("  return 0;");
        break;
      case TestKind::kRange:
        if (t.d == 0) {
          line("  if (row[{}] != {}) return 0; /* {} */", t.x,
               word(static_cast<uint64_t>(t.a)), name_of(t.x));
        } else {
          line("  if (row[{}] - {} > {}) return 0; /* {} */", t.x,
               word(static_cast<uint64_t>(t.a)), word(t.d), name_of(t.x));
        }
        break;
      case TestKind::kFloat:
        line("  if (cg_float_key(row[{}]) - {} > {}) return 0; /* {} */", t.x,
             word(static_cast<uint64_t>(t.a)), word(t.d), name_of(t.x));
        break;
      case TestKind::kMod:
        line("  if (cg_mod({}, {}) != {}) return 0; /* {} */", size(t.x),
             number(static_cast<int64_t>(t.d)), number(t.a), name_of(t.x));
        break;
      case TestKind::kLinear:
        line("  if (cg_linear({}, {}, {}, {}, {}) {}) return 0; /* {}, {} */",
             number(t.a), size(t.x), number(t.b), size(t.y), number(t.c),
             fails(t.relation), name_of(t.x), name_of(t.y));
        break;
      case TestKind::kProduct:
        line("  if (cg_product({}, {}, {}, {}) {}) return 0; /* {}, {} */", number(t.a),
             size(t.x), size(t.y), number(t.c), fails(t.relation), name_of(t.x),
             name_of(t.y));
        break;
      case TestKind::kSet:
        set(t);
        break;
      case TestKind::kCode:
        return code(t);
    }
    return absl::OkStatus();
  }

  void set(const Test& t) {
    if (t.d == 0) {
      if (t.b == 0) line("  return 0;");
      return;
    }
    const std::string function = fmt::format("{}_set{}", name_, count_++);
    out("static int {}(uint64_t word) {{\n  static const uint64_t words[{}] = {{",
        function, t.d);
    for (uint64_t i = 0; i < t.d; ++i) {
      out("    {},", word(program_.sets[static_cast<size_t>(t.a) + i]));
    }
    out("  }};\n  size_t from = 0, count = {};\n  while (count > 0) {{\n"
        "    const size_t half = count / 2;\n"
        "    if (words[from + half] == word) return 1;\n"
        "    if (words[from + half] < word) {{\n      from += half + 1;\n"
        "      count -= half + 1;\n    }} else {{\n      count = half;\n    }}\n"
        "  }}\n  return 0;\n}}",
        t.d);
    line("  if ({}{}(row[{}])) return 0; /* {} */", t.b == 0 ? "!" : "", function, t.x,
         name_of(t.x));
  }

  // In 64 bits, and again in as many limbs as the widest register takes. Registers are
  // v0, v1, ..., and u0, u1, ... tell which have no value.
  absl::Status code(const Test& t) {
    const auto steps = std::span(program_.code).subspan(static_cast<size_t>(t.a), t.d);
    std::vector<uint16_t> bits;
    size_t limbs = 0;
    for (const CodeStep& s : steps) {
      bits.push_back(static_cast<uint16_t>(step_bits(s, program_.bigs, bits)));
      limbs = std::max<size_t>(limbs, (bits.back() + 1u) / 32 + 1);
    }
    if ((steps.size() + 3) * limbs * 4 > kMaxFrame) {
      return absl::ResourceExhaustedError(
          absl::StrCat("guard ", t.guard, " is too wide to be printed as C"));
    }
    const bool narrow = std::ranges::none_of(
        steps, [](const CodeStep& s) { return s.op == CodeOp::kBigConst; });
    const std::string function = fmt::format("{}_code{}", name_, count_++);
    out("static int {}_wide(const uint64_t* row) {{", function);
    out("  enum {{ N = {} }};", limbs);
    out("  uint32_t v[{}][N], spare[2 * N];\n  unsigned char u[{}];", steps.size(),
        steps.size());
    for (size_t i = 0; i < steps.size(); ++i) wide_step(steps[i], i);
    out("  (void)row;\n  (void)spare;");
    const size_t last = steps.size() - 1;
    out("  return !u[{}] && cg_wsign(v[{}], N) != 0;\n}}", last, last);
    if (narrow) {
      out("static int {}(const uint64_t* row) {{", function);
      out("  int64_t v[{}];\n  unsigned char u[{}];", steps.size(), steps.size());
      for (size_t i = 0; i < steps.size(); ++i) narrow_step(steps[i], i, function);
      out("  return !u[{}] && v[{}] != 0;\n}}", last, last);
    }
    line("  if (!{}{}(row)) return 0;", function, narrow ? "" : "_wide");
    return absl::OkStatus();
  }

  static std::string undefined(const CodeStep& s) {
    switch (s.op) {
      case CodeOp::kConst:
      case CodeOp::kBigConst:
      case CodeOp::kField:
      case CodeOp::kBool:
        return "0";
      case CodeOp::kAddConst:
      case CodeOp::kMulConst:
      case CodeOp::kGe:
      case CodeOp::kEq:
      case CodeOp::kSelect:
        return fmt::format("u[{}]", s.a);
      default:
        return fmt::format("u[{}] | u[{}]", s.a, s.b);
    }
  }

  void narrow_step(const CodeStep& s, size_t i, std::string_view function) {
    const std::string a = fmt::format("v[{}]", s.a);
    const std::string b = fmt::format("v[{}]", s.b);
    const std::string to = fmt::format("v[{}]", i);
    const auto overflowing = [&](std::string_view call, std::string_view operand) {
      return fmt::format("if ({}({}, {}, &{})) return {}_wide(row);", call, a, operand,
                         to, function);
    };
    std::string action;
    switch (s.op) {
      case CodeOp::kConst:
        action = fmt::format("{} = {};", to, number(s.imm));
        break;
      case CodeOp::kBigConst:
        break;
      case CodeOp::kField:
        action = fmt::format("{} = {};", to, size(static_cast<uint16_t>(s.imm)));
        break;
      case CodeOp::kBool:
        action = fmt::format("{} = row[{}] != 0;", to, s.imm);
        break;
      case CodeOp::kAdd:
        action = overflowing("cg_add", b);
        break;
      case CodeOp::kAddConst:
        action = overflowing("cg_add", number(s.imm));
        break;
      case CodeOp::kMul:
        action = overflowing("cg_mul", b);
        break;
      case CodeOp::kMulConst:
        action = overflowing("cg_mul", number(s.imm));
        break;
      case CodeOp::kFloorDiv:
        action = fmt::format("if ({} == 0) u[{}] = 1; else {}", b, i,
                             overflowing("cg_div", b));
        break;
      case CodeOp::kMin:
        action = fmt::format("{} = {} < {} ? {} : {};", to, b, a, b, a);
        break;
      case CodeOp::kMax:
        action = fmt::format("{} = {} < {} ? {} : {};", to, a, b, b, a);
        break;
      case CodeOp::kSelect:
        action = fmt::format("u[{}] = {} ? u[{}] : u[{}], {} = {} ? v[{}] : v[{}];", i, a,
                             s.b, s.c, to, a, s.b, s.c);
        break;
      case CodeOp::kGe:
        action = fmt::format("{} = {} >= 0;", to, a);
        break;
      case CodeOp::kEq:
        action = fmt::format("{} = {} == 0;", to, a);
        break;
      case CodeOp::kAnd:
        out("  {} = !((!u[{}] && {} == 0) || (!u[{}] && {} == 0));", to, s.a, a, s.b, b);
        out("  u[{}] = (unsigned char)({} ? {} : 0);", i, to, undefined(s));
        return;
      case CodeOp::kIff:
        action = fmt::format("{} = {} == {};", to, a, b);
        break;
    }
    step(undefined(s), i, fmt::format("{} = 0;", to), action);
  }

  void wide_step(const CodeStep& s, size_t i) {
    const std::string a = fmt::format("v[{}]", s.a);
    const std::string b = fmt::format("v[{}]", s.b);
    const std::string to = fmt::format("v[{}]", i);
    const auto set = [&](std::string_view value) {
      return fmt::format("cg_wset({}, {}, N);", to, value);
    };
    const auto copy = [&](std::string_view condition, const std::string& yes,
                          const std::string& no) {
      return fmt::format(
          "{{\n    const uint32_t* const from = {} ? {} : {};\n    size_t k;\n"
          "    for (k = 0; k < N; ++k) {}[k] = from[k];\n  }}",
          condition, yes, no, to);
    };
    std::string action;
    switch (s.op) {
      case CodeOp::kConst:
        action = set(number(s.imm));
        break;
      case CodeOp::kBigConst:
        action = big(program_.bigs[static_cast<size_t>(s.imm)], to);
        break;
      case CodeOp::kField:
        action = set(size(static_cast<uint16_t>(s.imm)));
        break;
      case CodeOp::kBool:
        action = set(fmt::format("row[{}] != 0", s.imm));
        break;
      case CodeOp::kAdd:
        action = fmt::format("cg_wadd({}, {}, {}, N);", to, a, b);
        break;
      case CodeOp::kAddConst:
        action = fmt::format("cg_wset(spare, {}, N), cg_wadd({}, {}, spare, N);",
                             number(s.imm), to, a);
        break;
      case CodeOp::kMul:
        action = fmt::format("cg_wmul({}, {}, {}, N);", to, a, b);
        break;
      case CodeOp::kMulConst:
        action = fmt::format("cg_wset(spare, {}, N), cg_wmul({}, {}, spare, N);",
                             number(s.imm), to, a);
        break;
      case CodeOp::kFloorDiv:
        action = fmt::format(
            "if (cg_wsign({}, N) == 0) u[{}] = 1; else cg_wdiv({}, {}, {}, spare, N);", b,
            i, to, a, b);
        break;
      case CodeOp::kMin:
        action = copy(fmt::format("cg_wcmp({}, {}, N) < 0", b, a), b, a);
        break;
      case CodeOp::kMax:
        action = copy(fmt::format("cg_wcmp({}, {}, N) < 0", a, b), b, a);
        break;
      case CodeOp::kSelect:
        out("  u[{}] = u[{}];", i, s.a);
        out("  if (!u[{}]) u[{}] = cg_wsign({}, N) != 0 ? u[{}] : u[{}];", i, i, a, s.b,
            s.c);
        step(fmt::format("u[{}]", i), i, set("0"),
             copy(fmt::format("cg_wsign({}, N) != 0", a), fmt::format("v[{}]", s.b),
                  fmt::format("v[{}]", s.c)));
        return;
      case CodeOp::kGe:
        action = set(fmt::format("!cg_wnegative({}, N)", a));
        break;
      case CodeOp::kEq:
        action = set(fmt::format("cg_wsign({}, N) == 0", a));
        break;
      case CodeOp::kAnd:
        out("  cg_wset({}, !((!u[{}] && cg_wsign({}, N) == 0) || (!u[{}] && "
            "cg_wsign({}, N) == 0)), N);",
            to, s.a, a, s.b, b);
        out("  u[{}] = (unsigned char)({}[0] ? {} : 0);", i, to, undefined(s));
        return;
      case CodeOp::kIff:
        action = set(fmt::format("cg_wcmp({}, {}, N) == 0", a, b));
        break;
    }
    step(undefined(s), i, set("0"), action);
  }

  void step(std::string_view flag, size_t i, std::string_view zero,
            std::string_view action) {
    out("  {}", zero);
    if (flag == "0") {
      out("  u[{}] = 0;\n  {}", i, action);
    } else {
      out("  u[{}] = (unsigned char)({});\n  if (!u[{}]) {{\n  {}\n  }}", i, flag, i,
          action);
    }
  }

  // All limbs were set to 0.
  static std::string big(const Int& v, std::string_view to) {
    const Int limb = Int(int64_t{1} << 32);
    std::string out;
    size_t i = 0;
    for (Int rest = abs(v); !rest.is_zero(); rest = floor_div(rest, limb)) {
      out += fmt::format("{}[{}] = UINT32_C({:#x});\n  ", to, i++,
                         static_cast<uint32_t>(rest.low64()));
    }
    if (v.sign() < 0) out += fmt::format("cg_wneg({}, {}, N);", to, to);
    return out;
  }

  const Program& program_;
  const Schema& schema_;
  const std::string_view name_;
  std::string functions_, body_;
  size_t count_ = 0;
};

}  // namespace

absl::StatusOr<std::string> print_c(const Program& program, const Schema& schema,
                                    std::string_view function) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const bool named = !function.empty() && letter(function[0]) &&
                     std::ranges::all_of(function, [&](char c) {
                       return letter(c) || (c >= '0' && c <= '9');
                     });
  if (!named) {
    return absl::InvalidArgumentError(
        absl::StrCat("no C identifier: ", std::string(function)));
  }
  return Printer(program, schema, function).print();
}

}  // namespace congrua::cache::internal
