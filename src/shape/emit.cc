// The functions that guards are printed as.
#include "shape/emit.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "expr/builder.h"
#include "shape/keywords.h"

namespace congrua::shape {

std::string_view kind_name(ConditionKind kind) {
  switch (kind) {
    case ConditionKind::kSource:
      return "source";
    case ConditionKind::kRange:
      return "range";
    case ConditionKind::kNumber:
      return "number";
    case ConditionKind::kDivisor:
      return "divisor";
    case ConditionKind::kGuard:
      return "guard";
  }
  return "guard";
}

namespace emit {

using internal::Builder;

namespace {

bool is_identifier(std::string_view s) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !s.empty() && letter(s[0]) && std::ranges::all_of(s, [&](char c) {
    return letter(c) || (c >= '0' && c <= '9');
  });
}

std::string_view array_of(Sort sort) {
  return sort == Sort::kInt ? "ints" : sort == Sort::kReal ? "floats" : "bools";
}

}  // namespace

// Names of the form s7, that symbols have, and nothing else: no keyword of any language
// has a digit at its end but for char8_t and the like.
bool is_plain_name(std::string_view s) {
  if (!is_identifier(s) || s[0] == '_' || s[0] == 't' || s.size() > 32) return false;
  return s.back() >= '0' && s.back() <= '9' && s.find('_') == std::string_view::npos &&
         s.find_first_of("0123456789") != 0 && s != "j0" && s != "j1" && s != "jn" &&
         s != "y0" && s != "y1";
}

bool is_callable_name(std::string_view s, Language language) {
  size_t begin = 0;
  if (s.starts_with("::")) begin = 2;
  while (begin <= s.size()) {
    const size_t end = std::min(s.find_first_of(":.", begin), s.size());
    const std::string_view part = s.substr(begin, end - begin);
    if (!is_identifier(part) || is_keyword(part, language)) return false;
    if (end == s.size()) return true;
    begin = end + (s.substr(end).starts_with("::") ? 2 : 1);
  }
  return false;
}

std::string comment(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  // C++ joins a line that ends so with the next one.
  if (out.ends_with('\\') || out.ends_with("?\?/")) out += '.';
  return out;
}

Writer::Writer(Env& env, const Plan& plan, const GuardTextOptions& options,
               Language language)
    : env_(env),
      m_(env.impl()),
      plan_(plan),
      options_(options),
      language_(language),
      facts_(env.pool()) {}

void Writer::line(std::string_view text) {
  append(body_, cpp() ? "  " : "    ", text, "\n");
}

void Writer::fail_unless(std::string_view condition) {
  if (cpp()) {
    line(cat("if (!(", condition, ")) return ", index_, ";"));
  } else {
    line(cat("if not (", condition, "):"));
    line(cat("    return ", index_));
  }
}

Value Writer::declare(Value v) {
  std::string name = cat("t", next_++);
  if (cpp()) {
    const std::string of = v.sort == Sort::kBool   ? "bool"
                           : v.sort == Sort::kReal ? "double"
                                                   : type(v.width);
    line(cat("const ", of, " ", name, " = ", v.text, ";"));
  } else {
    line(cat(name, " = ", v.text));
  }
  v.text = std::move(name);
  v.binding = Binding::kTight;
  v.literal = false;
  return v;
}

absl::Status Writer::name_inputs() {
  absl::flat_hash_set<std::string> taken = {options_.function};
  for (const auto& [opaque, name] : options_.functions) {
    taken.insert(name.substr(0, name.find_first_of(":.")));
  }
  const absl::flat_hash_set<std::string> reserved = taken;
  const auto plain = [&](std::string_view name) {
    return is_plain_name(name) && !reserved.contains(std::string(name));
  };
  for (const Input& in : plan_.inputs) {
    if (in.symbol && plain(in.symbol->name())) {
      taken.insert(std::string(in.symbol->name()));
    }
  }
  for (const Input& in : plan_.inputs) {
    const std::string element = cat(array_of(in.sort), "[", in.index, "]");
    if (!in.symbol) {
      inputs_.push_back(cpp() && in.sort == Sort::kBool ? cat("(", element, " != 0)")
                                                        : element);
      continue;
    }
    std::string name(in.symbol->name());
    if (!plain(name)) {
      const char prefix = in.sort == Sort::kInt    ? 'i'
                          : in.sort == Sort::kReal ? 'f'
                                                   : 'b';
      for (size_t i = in.index;; ++i) {
        name = cat(std::string(1, prefix), i);
        if (taken.insert(name).second) break;
      }
    }
    const std::string from =
        comment(in.location.empty() ? in.source : cat(in.source, " (", in.location, ")"));
    if (cpp()) {
      const std::string_view of = in.sort == Sort::kInt    ? "int64_t"
                                  : in.sort == Sort::kReal ? "double"
                                                           : "bool";
      line(cat("[[maybe_unused]] const ", of, " ", name, " = ", element,
               in.sort == Sort::kBool ? " != 0" : "", ";  // ", from));
    } else {
      line(cat(name, " = ", in.sort == Sort::kBool ? cat("bool(", element, ")") : element,
               "  # ", from));
    }
    Value v{.text = name, .sort = in.sort};
    if (in.sort == Sort::kInt) {
      v.range = {Int(INT64_MIN), Int(INT64_MAX)};
      if (cpp()) {
        (void)facts_.add(ge(*in.symbol, env_.pool().constant(INT64_MIN)));
        (void)facts_.add(le(*in.symbol, env_.pool().constant(INT64_MAX)));
      }
    }
    written_.emplace(Builder::node(*in.symbol), std::move(v));
    inputs_.push_back(std::move(name));
  }
  return absl::OkStatus();
}

// One condition, and what it makes known.
absl::Status Writer::write(size_t index) {
  const Planned& p = plan_.conditions[index];
  index_ = index;
  std::string what = cat(index, ": ", p.shown.text);
  if (!p.shown.location.empty()) append(what, " (", p.shown.location, ")");
  line(cat(cpp() ? "// " : "# ", comment(what)));
  const std::string& input = inputs_[p.input];
  if (p.condition || p.value) {
    const Expr e = p.condition ? *p.condition : *p.value;
    if (absl::Status s = opaques(Builder::node(e)); !s.ok()) return s;
    absl::StatusOr<Value> v = operand(Builder::node(e));
    if (!v.ok()) return v.status();
    if (p.condition) {
      fail_unless(v->text);
      (void)facts_.add(e);
    } else {
      fail_unless(cat(input, " == ",
                      v->binding >= Binding::kAdditive ? v->text : "(" + v->text + ")"));
    }
    return absl::OkStatus();
  }
  if (p.shown.kind == ConditionKind::kNumber) {
    fail_unless(cat(input, " == ", input));
    return absl::OkStatus();
  }
  const Range& r = p.range;
  const Expr symbol = *plan_.inputs[p.input].symbol;
  if (r.lo) (void)facts_.add(ge(symbol, env_.pool().constant(*r.lo)));
  if (r.hi) (void)facts_.add(le(symbol, env_.pool().constant(*r.hi)));
  const auto end = [&](int64_t v) { return literal(Int(v)).text; };
  if (r.lo && r.lo == r.hi) {
    fail_unless(cat(input, " == ", end(*r.lo)));
  } else if (r.lo && r.hi) {
    fail_unless(cat(input, " >= ", end(*r.lo), cpp() ? " && " : " and ", input,
                    " <= ", end(*r.hi)));
  } else {
    fail_unless(r.lo ? cat(input, " >= ", end(*r.lo)) : cat(input, " <= ", end(*r.hi)));
  }
  return absl::OkStatus();
}

std::string Writer::header() const {
  const std::string name = cat(options_.function, "_first_failing");
  if (!cpp()) {
    return cat(python_prelude(), "\n\ndef ", name, "(ints, floats, bools):\n");
  }
  const std::string linkage = options_.linkage.empty() ? "" : options_.linkage + " ";
  return cat(cpp_prelude(), "\n", linkage, "int ", name,
             "([[maybe_unused]] const int64_t* ints, [[maybe_unused]] const double* "
             "floats,\n    [[maybe_unused]] const uint8_t* bools) {\n  namespace cg = "
             "congrua_guards;\n");
}

std::string Writer::footer() const {
  const std::string name = cat(options_.function, "_first_failing");
  if (!cpp()) {
    return cat("    return -1\n\n\ndef ", options_.function,
               "(ints, floats, bools):\n    return ", name,
               "(ints, floats, bools) < 0\n");
  }
  const std::string linkage = options_.linkage.empty() ? "" : options_.linkage + " ";
  return cat("  return -1;\n}\n", linkage, "bool ", options_.function,
             "(const int64_t* ints, const double* floats, const uint8_t* bools) {\n  "
             "return ",
             name, "(ints, floats, bools) < 0;\n}\n");
}

absl::StatusOr<std::string> Writer::run() {
  if (!is_identifier(options_.function) || is_keyword(options_.function, language_)) {
    return absl::InvalidArgumentError(
        cat("guard_text: \"", options_.function, "\" is no identifier"));
  }
  for (const auto& [opaque, name] : options_.functions) {
    if (is_callable_name(name, language_)) continue;
    return absl::InvalidArgumentError(
        cat("guard_text: \"", name, "\", for ", opaque, ", is no name of a function"));
  }
  if (absl::Status s = name_inputs(); !s.ok()) return s;
  for (size_t i = 0; i < plan_.conditions.size(); ++i) {
    if (absl::Status s = write(i); !s.ok()) return s;
    if (body_.size() > kMaxCode) {
      return absl::ResourceExhaustedError("guard_text: the code is too long");
    }
  }
  return header() + body_ + footer();
}

}  // namespace emit

namespace {

absl::StatusOr<PrintedGuards> print(Env& env, const GuardSet& set,
                                    const GuardTextOptions& options,
                                    emit::Language language) {
  const internal::UseChild use(internal::Builder::of(env.pool()));
  const absl::StatusOr<emit::Plan> plan = emit::make_plan(env, set);
  if (!plan.ok()) return plan.status();
  absl::StatusOr<std::string> code = emit::Writer(env, *plan, options, language).run();
  if (!code.ok()) return code.status();
  PrintedGuards out;
  out.code = *std::move(code);
  for (const emit::Input& in : plan->inputs) {
    auto& names = in.sort == Sort::kInt    ? out.ints
                  : in.sort == Sort::kReal ? out.floats
                                           : out.bools;
    names.push_back(in.source);
  }
  for (const emit::Planned& p : plan->conditions) out.conditions.push_back(p.shown);
  return out;
}

}  // namespace

absl::StatusOr<PrintedGuards> print_cpp(Env& env, const GuardSet& set,
                                        const GuardTextOptions& options) {
  return print(env, set, options, emit::Language::kCpp);
}

absl::StatusOr<PrintedGuards> print_python(Env& env, const GuardSet& set,
                                           const GuardTextOptions& options) {
  return print(env, set, options, emit::Language::kPython);
}

}  // namespace congrua::shape
