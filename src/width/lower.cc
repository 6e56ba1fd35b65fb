// Code for a form. What runs are the steps that fits was asked about; a division becomes
// the cheapest sequence that its signs allow.
//
// No sequence leaves the type where the values of its step fit:
//   * trunc(a / b) and the floor or ceiling differ by at most 1, and towards it: all lie
//     between 0 and the value, or are the value;
//   * INT_MIN / -1 does not fit, so no such quotient is asked for; INT_MIN % -1 is
//     undefined though its value is 0, and gets a test where it may happen;
//   * for a < 0, ~a = -a - 1 is not negative, and floor(a / b) = ~floor(~a / b), b > 0;
//   * intN_t is two's complement: a & (2^k - 1) is floor_mod(a, 2^k), also for a < 0.
// Operands narrower than int are promoted to it, and brought back by a cast.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "congrua/text.h"
#include "congrua/width.h"
#include "guard/facts_impl.h"
#include "rewrite/form.h"
#include "width/checker.h"
#include "width/program.h"

namespace congrua {
namespace width {
namespace {

using internal::Builder;

// How strongly an expression of C binds.
enum Binding : uint8_t { kLoose, kAdditive, kMultiplicative, kTight };

struct Text {
  std::string text;
  Binding binding = kTight;
};

// What is known of a division.
struct Signs {
  bool dividend_positive, dividend_negative;  // >= 0, <= 0
  bool divisor_positive, divisor_negative;
  bool exact;      // no remainder
  bool overflows;  // the dividend may be the least value and the divisor -1
  int shift;       // the divisor is 2^shift; -1: it is not
};

// A symbol may not be called what means something else in C, C++ or CUDA, nor what the
// headers of the code define.
bool is_reserved(std::string_view s) {
  static constexpr std::string_view kWords[] = {
      "alignas",  "alignof",      "and",       "asm",       "auto",     "bitand",
      "bitor",    "bool",         "break",     "case",      "catch",    "char",
      "class",    "compl",        "concept",   "const",     "continue", "decltype",
      "default",  "delete",       "do",        "double",    "else",     "enum",
      "explicit", "export",       "extern",    "false",     "float",    "for",
      "friend",   "goto",         "if",        "inline",    "int",      "long",
      "mutable",  "namespace",    "new",       "noexcept",  "not",      "nullptr",
      "operator", "or",           "private",   "protected", "public",   "register",
      "requires", "restrict",     "return",    "short",     "signed",   "sizeof",
      "static",   "struct",       "switch",    "template",  "this",     "throw",
      "true",     "try",          "typedef",   "typeid",    "typename", "union",
      "unsigned", "using",        "virtual",   "void",      "volatile", "wchar_t",
      "while",    "xor",          "constexpr", "linux",     "unix",     "main",
      "nan",      "thread_local", "NULL",      "EOF"};
  return std::ranges::find(kWords, s) != std::ranges::end(kWords) || s.ends_with("_t") ||
         s.ends_with("_eq") || s.find("__") != std::string_view::npos;
}

bool is_identifier(std::string_view s) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)); };
  return !s.empty() && letter(s[0]) && std::ranges::all_of(s, [&](char c) {
    return c == '_' || letter(c) || (c >= '0' && c <= '9');
  });
}

class Emitter {
 public:
  Emitter(const Program& program, Checker& checker, IntType type, Builder& builder)
      : program_(program), checker_(checker), type_(type), builder_(builder) {}

  absl::StatusOr<Lowered> run(std::span<const Expr> symbols, std::string_view function) {
    name_parameters(symbols, function);
    signs_.resize(program_.steps.size());
    uses_.assign(program_.steps.size(), 0);
    texts_.resize(program_.steps.size());
    for (StepId i = 0; i < program_.steps.size(); ++i) {
      if (absl::Status s = prepare(i); !s.ok()) return s;
    }
    for (StepId i = 0; i < program_.steps.size(); ++i) {
      emit(i);
      if (code_.size() > kMaxCode) {
        return absl::ResourceExhaustedError("lower: the code is too long");
      }
    }
    const bool truth = program_.steps[program_.root].sort == Sort::kBool;
    Lowered lowered;
    lowered.code = fmt::format("static inline {} {}({}) {{\n{}  return {};\n}}\n",
                               truth ? "bool" : type_name(), function, parameters_, code_,
                               stored(program_.root));
    lowered.parameters.assign(symbols.begin(), symbols.end());
    return lowered;
  }

 private:
  static constexpr size_t kMaxCode = 4'000'000;
  static constexpr size_t kMaxInline = 60;

  const Step& step(StepId s) const { return program_.steps[s]; }
  std::string type_name() const {
    return fmt::format("{}int{}_t", type_.is_signed ? "" : "u", type_.bits);
  }

  void name_parameters(std::span<const Expr> symbols, std::string_view function) {
    absl::flat_hash_set<std::string> taken = {std::string(function)};
    const auto temporary = [](std::string_view s) {
      return s.size() > 1 && s[0] == 't' && std::ranges::all_of(s.substr(1), [](char c) {
               return c >= '0' && c <= '9';
             });
    };
    const auto plain = [&](std::string_view s) {
      return is_identifier(s) && !is_reserved(s) && !temporary(s) && s != function;
    };
    for (const Expr x : symbols) {
      if (plain(x.name())) taken.insert(std::string(x.name()));
    }
    int next = 0;
    for (const Expr x : symbols) {
      std::string name(x.name());
      while (!plain(x.name()) && !taken.insert(name = fmt::format("x{}", next)).second)
        ++next;
      if (!parameters_.empty()) parameters_ += ", ";
      parameters_ += (x.is_bool() ? "bool" : type_name()) + " " + name;
      names_.emplace_back(Builder::node(x), std::move(name));
    }
    if (names_.empty()) parameters_ = "void";
  }

  // ---- What is known

  bool known(const Node* proposition, uint32_t block) {
    return internal::is_true(proposition) || checker_.always(proposition, block);
  }

  absl::Status prepare(StepId id) {
    const Step& s = step(id);
    if (s.op == StepOp::kOpaque || s.sort == Sort::kReal) {
      return absl::UnimplementedError("lower: an uninterpreted term has no code: " +
                                      to_string(Builder::expr(checker_.value(id))));
    }
    const StepId args[] = {s.a, s.b, s.c};
    for (int i = 0; i < arity(s.op); ++i) ++uses_[args[i]];
    if (s.op == StepOp::kIf) ++uses_[s.a];
    switch (s.op) {
      case StepOp::kFloorDiv:
      case StepOp::kFloorMod:
      case StepOp::kCeilDiv:
      case StepOp::kTruncDiv:
      case StepOp::kTruncMod:
        return prepare_division(id);
      case StepOp::kMin:
      case StepOp::kMax:
        ++uses_[s.a], ++uses_[s.b];
        break;
      case StepOp::kAbs:
        uses_[s.a] += 2;
        break;
      default:
        break;
    }
    return absl::OkStatus();
  }

  absl::Status prepare_division(StepId id) {
    const Step& s = step(id);
    const Node* a = checker_.value(s.a);
    const Node* b = checker_.value(s.b);
    const Span& x = checker_.span(s.a);
    const Span& y = checker_.span(s.b);
    const Node* zero = builder_.constant(Int(0));
    const auto at_least_zero = [&](const Node* n) { return builder_.ge(n, zero); };
    Signs g{};
    // At all points, not only where the step is run: other questions leave out the points
    // at which a divisor is 0.
    g.divisor_positive = y.lo > 0 || known(builder_.ge(b, builder_.constant(Int(1))), 0);
    g.divisor_negative =
        !g.divisor_positive &&
        (y.hi < 0 || known(builder_.ge(builder_.constant(Int(-1)), b), 0));
    if (!g.divisor_positive && !g.divisor_negative &&
        !known(builder_.logical_not(builder_.eq(b, zero)), 0)) {
      return absl::FailedPreconditionError("lower: the divisor " +
                                           to_string(Builder::expr(b)) + " may be 0");
    }
    g.dividend_positive = x.lo >= 0 || known(at_least_zero(a), s.block);
    g.dividend_negative = !g.dividend_positive &&
                          (x.hi <= 0 || known(at_least_zero(builder_.neg(a)), s.block));
    g.shift = -1;
    if (y.lo == y.hi && y.lo > 0 && (y.lo & (y.lo - 1)) == 0) {
      g.shift = 0;
      while ((int128{1} << g.shift) != y.lo) ++g.shift;
    }
    const bool same_sign = (g.dividend_positive && g.divisor_positive) ||
                           (g.dividend_negative && g.divisor_negative);
    if (!same_sign && s.op != StepOp::kTruncDiv && s.op != StepOp::kTruncMod) {
      g.exact = known(builder_.eq(builder_.floor_mod(a, b), zero), s.block);
    }
    g.overflows = type_.is_signed && x.contains(range_of(type_).lo) && y.contains(-1);
    signs_[id] = g;
    uses_[s.a] += 2;  // sequences read their operands several times
    uses_[s.b] += 2;
    return absl::OkStatus();
  }

  // ---- Text

  std::string literal(const Int& v) const {
    const std::string digits = abs(v).to_string();
    const std::string suffix =
        std::string(type_.is_signed ? "" : "u") + (type_.bits == 64 ? "ll" : "");
    if (v.sign() >= 0) return digits + suffix;
    if (span_of(v).lo == range_of(type_).lo && type_.bits >= 32) {
      return fmt::format("(-{}{} - 1)", (-v - Int(1)).to_string(), suffix);
    }
    return fmt::format("(-{}{})", digits, suffix);
  }

  std::string atom(StepId s) const {
    const Text& t = texts_[s];
    return t.binding == kTight ? t.text : "(" + t.text + ")";
  }
  std::string at(StepId s, Binding least) const {
    return texts_[s].binding >= least ? texts_[s].text : atom(s);
  }
  // With the cast that brings a promoted value back.
  std::string stored(StepId s) const {
    const bool small = type_.bits < 32 && step(s).sort == Sort::kInt;
    return small ? fmt::format("({}){}", type_name(), atom(s)) : texts_[s].text;
  }

  Text binary(const char* op, StepId a, StepId b) const {
    return {fmt::format("{} {} {}", atom(a), op, atom(b)), kLoose};
  }

  Text quotient(const Step& s, const Signs& g) const {
    const std::string a = atom(s.a);
    const std::string b = atom(s.b);
    const bool floor = s.op == StepOp::kFloorDiv;
    const bool same = (g.dividend_positive && g.divisor_positive) ||
                      (g.dividend_negative && g.divisor_negative);
    const bool opposite = (g.dividend_positive && g.divisor_negative) ||
                          (g.dividend_negative && g.divisor_positive);
    if (g.shift == 0) return texts_[s.a];
    if (s.op == StepOp::kTruncDiv || g.exact || (floor ? same : opposite)) {
      if (g.shift > 0 && g.dividend_positive)
        return {fmt::format("{} >> {}", a, g.shift), kLoose};
      return {fmt::format("{} / {}", at(s.a, kMultiplicative), b), kMultiplicative};
    }
    if (floor && g.divisor_positive) {
      if (g.shift > 0) {
        return {fmt::format("{0} < 0 ? ~(~{0} >> {1}) : {0} >> {1}", a, g.shift), kLoose};
      }
      return {fmt::format("{0} < 0 ? ~(~{0} / {1}) : {0} / {1}", a, b), kLoose};
    }
    if (floor) {
      return {fmt::format("{0} / {1} - ({0} % {1} != 0 && ({0} < 0) != ({1} < 0))", a, b),
              kAdditive};
    }
    if (same) return {fmt::format("{0} / {1} + ({0} % {1} != 0)", a, b), kAdditive};
    return {fmt::format("{0} / {1} + ({0} % {1} != 0 && ({0} < 0) == ({1} < 0))", a, b),
            kAdditive};
  }

  Text remainder(const Step& s, const Signs& g) {
    const std::string a = atom(s.a);
    const std::string b = atom(s.b);
    if (g.exact || g.shift == 0) return {literal(Int(0)), kTight};
    const bool truncated = s.op == StepOp::kTruncMod;
    if (g.shift > 0 && (!truncated || g.dividend_positive)) {
      const int128 mask = (int128{1} << g.shift) - 1;
      return {fmt::format("{} & {}", a, literal(Int::from_i128(mask))), kLoose};
    }
    const bool same = (g.dividend_positive && g.divisor_positive) ||
                      (g.dividend_negative && g.divisor_negative);
    if ((truncated || same) && !g.overflows) {
      return {fmt::format("{} % {}", at(s.a, kMultiplicative), b), kMultiplicative};
    }
    const std::string rest = g.overflows
                                 ? fmt::format("({1} == -1 ? 0 : {0} % {1})", a, b)
                                 : fmt::format("{} % {}", a, b);
    if (truncated || same) return {rest, g.overflows ? kTight : kMultiplicative};
    // The remainder is read three times.
    const std::string r = declare(rest, Sort::kInt);
    if (g.divisor_positive)
      return {fmt::format("{0} < 0 ? {0} + {1} : {0}", r, b), kLoose};
    return {fmt::format("{0} != 0 && ({0} < 0) != ({1} < 0) ? {0} + {1} : {0}", r, b),
            kLoose};
  }

  Text text(StepId id) {
    const Step& s = step(id);
    switch (s.op) {
      case StepOp::kConst:
        return {literal(*s.number)};
      case StepOp::kTruth:
        return {s.a != 0 ? "true" : "false"};
      case StepOp::kSymbol: {
        const auto it = std::ranges::find(names_, s.node,
                                          &std::pair<const Node*, std::string>::first);
        return {it->second};
      }
      case StepOp::kNeg:
        return {"-" + atom(s.a), kMultiplicative};
      case StepOp::kAdd:
      case StepOp::kSub:
        return {fmt::format("{} {} {}", at(s.a, kAdditive),
                            s.op == StepOp::kAdd ? "+" : "-", at(s.b, kMultiplicative)),
                kAdditive};
      case StepOp::kMul:
        return {fmt::format("{} * {}", at(s.a, kMultiplicative), atom(s.b)),
                kMultiplicative};
      case StepOp::kFloorDiv:
      case StepOp::kCeilDiv:
      case StepOp::kTruncDiv:
        return quotient(s, signs_[id]);
      case StepOp::kFloorMod:
      case StepOp::kTruncMod:
        return remainder(s, signs_[id]);
      case StepOp::kMin:
      case StepOp::kMax:
        return {fmt::format("{0} {2} {1} ? {0} : {1}", atom(s.a), atom(s.b),
                            s.op == StepOp::kMin ? "<" : ">"),
                kLoose};
      case StepOp::kAbs:
        if (!type_.is_signed) return texts_[s.a];
        return {fmt::format("{0} < 0 ? -{0} : {0}", atom(s.a)), kLoose};
      case StepOp::kEq:
        return binary("==", s.a, s.b);
      case StepOp::kNe:
        return binary("!=", s.a, s.b);
      case StepOp::kLt:
        return binary("<", s.a, s.b);
      case StepOp::kLe:
        return binary("<=", s.a, s.b);
      case StepOp::kGt:
        return binary(">", s.a, s.b);
      case StepOp::kGe:
        return binary(">=", s.a, s.b);
      case StepOp::kNot:
        return {"!" + atom(s.a), kMultiplicative};
      case StepOp::kAnd:
        return binary("&&", s.a, s.b);
      case StepOp::kOr:
        return binary("||", s.a, s.b);
      case StepOp::kSelect:
        return {fmt::format("{} ? {} : {}", atom(s.a), atom(s.b), atom(s.c)), kLoose};
      default:
        return {};
    }
  }

  // ---- Statements

  std::string indent() const { return std::string(2 + 2 * frames_.size(), ' '); }
  std::string declare(const std::string& value, Sort sort) {
    const std::string name = fmt::format("t{}", temporaries_++);
    const bool truth = sort == Sort::kBool;
    const bool cast = !truth && type_.bits < 32;
    code_ +=
        fmt::format("{}const {} {} = {};\n", indent(), truth ? "bool" : type_name(), name,
                    cast ? fmt::format("({})({})", type_name(), value) : value);
    return name;
  }

  // A kIf whose arms are being written.
  struct Frame {
    std::string before, then;
  };

  void emit(StepId id) {
    const Step& s = step(id);
    if (s.op == StepOp::kIf) {
      frames_.push_back({std::exchange(code_, {}), {}});
      return;
    }
    if (s.op == StepOp::kElse) {
      frames_.back().then = std::exchange(code_, {});
      return;
    }
    if (s.op == StepOp::kSelect && !program_.blocks.empty() && close_select(id)) return;
    Text t = text(id);
    const bool leaf = arity(s.op) == 0 || t.binding == kTight;
    if (!leaf && (uses_[id] > 1 || t.text.size() > kMaxInline))
      t = {declare(t.text, s.sort)};
    texts_[id] = std::move(t);
  }

  // False where no arm has statements: a conditional expression will do.
  bool close_select(StepId id) {
    const Step& s = step(id);
    Frame f = std::move(frames_.back());
    frames_.pop_back();
    if (f.then.empty() && code_.empty()) {
      code_ = std::move(f.before);
      return false;
    }
    const std::string name = fmt::format("t{}", temporaries_++);
    const std::string type = s.sort == Sort::kBool ? "bool" : type_name();
    code_ = fmt::format(
        "{0}{1}{2} {3};\n{1}if ({4}) {{\n{5}{1}  {3} = {6};\n{1}}} else "
        "{{\n{7}{1}  {3} = {8};\n{1}}}\n",
        f.before, indent(), type, name, texts_[s.a].text, f.then, stored(s.b), code_,
        stored(s.c));
    texts_[id] = {name};
    return true;
  }

  const Program& program_;
  Checker& checker_;
  const IntType type_;
  Builder& builder_;
  std::vector<std::pair<const Node*, std::string>> names_;
  std::string parameters_;
  std::vector<Signs> signs_;
  std::vector<uint32_t> uses_;
  std::vector<Text> texts_;
  std::vector<Frame> frames_;
  std::string code_;
  int temporaries_ = 0;
};

// The symbols that the steps read, by name.
std::vector<Expr> symbols_of(const Program& program) {
  std::vector<Expr> symbols;
  absl::flat_hash_set<const Node*> seen;
  for (const Step& s : program.steps) {
    if (s.op == StepOp::kSymbol && seen.insert(s.node).second) {
      symbols.push_back(Builder::expr(s.node));
    }
  }
  std::ranges::sort(symbols, {}, [](Expr e) { return e.name(); });
  return symbols;
}

}  // namespace
}  // namespace width

absl::StatusOr<Lowered> lower(Facts& facts, const Form& form, IntType type,
                              const LowerOptions& options) {
  using width::Checker;
  if (type.bits != 8 && type.bits != 16 && type.bits != 32 && type.bits != 64) {
    return absl::UnimplementedError("lower: no type of C is called " + to_string(type));
  }
  if (!width::is_identifier(options.function) || width::is_reserved(options.function)) {
    return absl::InvalidArgumentError("lower: no name of C: " + options.function);
  }
  if (facts.contradictory()) {
    return absl::FailedPreconditionError("lower: the facts contradict each other");
  }
  width::Numbers numbers;
  const width::Program program =
      width::compile(internal::dag_of(form), options.width.evaluation, numbers);
  Checker checker(facts, program, type, options.width);
  if (const FitsAnswer a = checker.run(); a.truth != Truth::kTrue) {
    return absl::FailedPreconditionError(
        "lower: " +
        (a.intermediate ? to_string(*a.intermediate) : std::string("the form")) +
        " is not known to fit " + to_string(type));
  }
  checker.assume_fitting();
  return width::Emitter(program, checker, type, facts.impl().builder)
      .run(width::symbols_of(program), options.function);
}

}  // namespace congrua
