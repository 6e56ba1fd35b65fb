#include "smt2/theory.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <vector>

namespace congrua::smt2 {
namespace {

struct Signature {
  std::string_view name;
  size_t min_args, max_args;  // 0: any number
};

constexpr Signature kSignatures[] = {
    {"", 0, 0},       {"true", 0, 0}, {"false", 0, 0},     {"not", 1, 1},
    {"and", 1, 0},    {"or", 1, 0},   {"xor", 2, 0},       {"=>", 2, 0},
    {"ite", 3, 3},    {"=", 2, 0},    {"distinct", 2, 0},  {"<=", 2, 0},
    {"<", 2, 0},      {">=", 2, 0},   {">", 2, 0},         {"+", 1, 0},
    {"-", 1, 0},      {"*", 1, 0},    {"div", 2, 0},       {"mod", 2, 2},
    {"abs", 1, 1},    {"/", 2, 0},    {"to_real", 1, 1},   {"to_int", 1, 1},
    {"is_int", 1, 1}, {"^", 2, 2},    {"divisible", 2, 2},
};
static_assert(std::size(kSignatures) == static_cast<size_t>(Word::kLastTheory) + 1);

// Of a quotient of literals that is a literal.
constexpr unsigned kMaxFractionBits = 1u << 16;

class Application {
 public:
  Application(TermTable& terms, Word op, std::span<TermId> args, std::string* error)
      : terms_(terms), op_(op), args_(args), error_(error) {}

  TermId make() {
    const Signature& s = kSignatures[static_cast<size_t>(op_)];
    if (args_.size() < s.min_args || (s.max_args != 0 && args_.size() > s.max_args)) {
      return fail(fmt::format("'{}' takes {}{} argument{}, {} given", s.name,
                              s.max_args == s.min_args ? "" : "at least ", s.min_args,
                              s.min_args == 1 ? "" : "s", args_.size()));
    }
    switch (op_) {
      case Word::kNot:
        return booleans() ? node(TermOp::kNot, Sort::kBool) : kNoTerm;
      case Word::kAnd:
        return connective(TermOp::kAnd);
      case Word::kOr:
        return connective(TermOp::kOr);
      case Word::kXor:
        return connective(TermOp::kXor);
      case Word::kImplies:
        return connective(TermOp::kImplies);
      case Word::kIte:
        return ite();
      case Word::kEq:
        return same_sort(0) ? chain(TermOp::kEq, false) : kNoTerm;
      case Word::kDistinct:
        return same_sort(0) ? node(TermOp::kDistinct, Sort::kBool) : kNoTerm;
      case Word::kLe:
        return numbers() ? chain(TermOp::kLe, false) : kNoTerm;
      case Word::kLt:
        return numbers() ? chain(TermOp::kLt, false) : kNoTerm;
      case Word::kGe:
        return numbers() ? chain(TermOp::kLe, true) : kNoTerm;
      case Word::kGt:
        return numbers() ? chain(TermOp::kLt, true) : kNoTerm;
      case Word::kAdd:
        return arithmetic(TermOp::kAdd);
      case Word::kMul:
        return arithmetic(TermOp::kMul);
      case Word::kSub:
        if (args_.size() == 1) return numbers() ? negate(args_[0]) : kNoTerm;
        return arithmetic(TermOp::kSub);
      case Word::kDiv:
        return integers() ? left_to_right(TermOp::kDiv, Sort::kInt) : kNoTerm;
      case Word::kMod:
        return integers() ? node(TermOp::kMod, Sort::kInt) : kNoTerm;
      case Word::kAbs:
        return absolute();
      case Word::kRatio:
        return reals() ? left_to_right(TermOp::kRatio, Sort::kReal) : kNoTerm;
      case Word::kToReal:
        return reals() ? args_[0] : kNoTerm;
      case Word::kToInt:
        return reals() ? node(TermOp::kToInt, Sort::kInt) : kNoTerm;
      case Word::kIsInt:
        return reals() ? node(TermOp::kIsInt, Sort::kBool) : kNoTerm;
      case Word::kPow:
        return power();
      case Word::kDivisible:
        return divisible();
      default:
        return fail("not a function");
    }
  }

 private:
  TermId fail(std::string message) {
    *error_ = std::move(message);
    return kNoTerm;
  }
  bool wrong_sort(size_t i, std::string_view wanted) {
    fail(fmt::format("argument {} of '{}' has sort {}, not {}", first_ + i + 1,
                     kSignatures[static_cast<size_t>(op_)].name,
                     sort_name(terms_.sort(args_[i])), wanted));
    return false;
  }
  bool booleans() {
    for (size_t i = 0; i < args_.size(); ++i) {
      if (terms_.sort(args_[i]) != Sort::kBool) return wrong_sort(i, "Bool");
    }
    return true;
  }
  bool integers() {
    for (size_t i = 0; i < args_.size(); ++i) {
      if (terms_.sort(args_[i]) != Sort::kInt) return wrong_sort(i, "Int");
    }
    return true;
  }
  // All arguments of one numeric sort.
  bool numbers() {
    bool real = false;
    for (size_t i = 0; i < args_.size(); ++i) {
      const Sort s = terms_.sort(args_[i]);
      if (s == Sort::kBool) return wrong_sort(i, "Int or Real");
      real |= s == Sort::kReal;
    }
    return !real || reals();
  }
  bool reals() {
    for (size_t i = 0; i < args_.size(); ++i) {
      const TermId t = coerce(terms_, args_[i], Sort::kReal);
      if (t == kNoTerm) return wrong_sort(i, "Real");
      args_[i] = t;
    }
    return true;
  }
  // Arguments from `first` on of one sort, whichever.
  bool same_sort(size_t first) {
    const std::span<TermId> all = args_;
    args_ = all.subspan(first);
    first_ = first;
    const bool bools = terms_.sort(args_[0]) == Sort::kBool;
    const bool ok = bools ? booleans() : numbers();
    args_ = all;
    return ok;
  }

  TermId node(TermOp op, Sort sort) { return terms_.make(op, sort, args_); }
  TermId connective(TermOp op) {
    if (!booleans()) return kNoTerm;
    return args_.size() == 1 ? args_[0] : node(op, Sort::kBool);
  }
  TermId arithmetic(TermOp op) {
    if (!numbers()) return kNoTerm;
    return args_.size() == 1 ? args_[0] : node(op, terms_.sort(args_[0]));
  }
  TermId chain(TermOp op, bool swap) {
    const auto link = [&](size_t i) {
      const std::array<TermId, 2> pair = {args_[swap ? i + 1 : i],
                                          args_[swap ? i : i + 1]};
      return terms_.make(op, Sort::kBool, pair);
    };
    if (args_.size() == 2) return link(0);
    std::vector<TermId> links;
    for (size_t i = 0; i + 1 < args_.size(); ++i) links.push_back(link(i));
    return terms_.make(TermOp::kAnd, Sort::kBool, links);
  }
  unsigned bits(TermId literal) const {
    const Value v = terms_.literal(literal);
    return v.num.bit_length() + v.den.bit_length();
  }
  TermId left_to_right(TermOp op, Sort sort) {
    TermId t = args_[0];
    for (size_t i = 1; i < args_.size(); ++i) {
      const TermId d = args_[i];
      // A fraction of numerals is a constant. Not one that `let` has squared forty times.
      if (op == TermOp::kRatio && terms_.is_literal(t) && terms_.is_literal(d) &&
          !terms_.literal(d).is_zero() && bits(t) + bits(d) <= kMaxFractionBits) {
        t = terms_.rational(terms_.literal(t) / terms_.literal(d));
      } else {
        t = terms_.make(op, sort, std::array{t, d});
      }
    }
    return t;
  }
  TermId negate(TermId t) {
    const Sort sort = terms_.sort(t);
    if (!terms_.is_literal(t)) return terms_.make(TermOp::kNeg, sort, std::array{t});
    Value v = terms_.literal(t);
    v.num = -v.num;
    return sort == Sort::kInt ? terms_.integer(v.num) : terms_.rational(v);
  }
  TermId absolute() {
    const TermId x = args_[0];
    if (terms_.sort(x) != Sort::kReal) {
      return integers() ? node(TermOp::kAbs, Sort::kInt) : kNoTerm;
    }
    const TermId zero = terms_.rational({});
    const TermId positive = terms_.make(TermOp::kLe, Sort::kBool, std::array{zero, x});
    return terms_.make(TermOp::kIte, Sort::kReal, std::array{positive, x, negate(x)});
  }
  TermId ite() {
    if (terms_.sort(args_[0]) != Sort::kBool) {
      wrong_sort(0, "Bool");
      return kNoTerm;
    }
    return same_sort(1) ? node(TermOp::kIte, terms_.sort(args_[1])) : kNoTerm;
  }
  // Outside the standard, as Z3 reads it: an integer power of an integer is an integer.
  TermId power() {
    if (!terms_.is_literal(args_[1]))
      return fail("the exponent of '^' must be a constant");
    const Value e = terms_.literal(args_[1]);
    const bool natural = e.is_integer() && e.num.sign() >= 0;
    if (terms_.sort(args_[0]) == Sort::kInt && natural) {
      args_[1] = terms_.integer(e.num);
      return node(TermOp::kPow, Sort::kInt);
    }
    return reals() ? node(TermOp::kPow, Sort::kReal) : kNoTerm;
  }
  TermId divisible() {
    if (!integers()) return kNoTerm;
    if (terms_.literal(args_[1]).num.sign() <= 0)
      return fail("'divisible' needs an index above 0");
    const TermId mod = terms_.make(TermOp::kMod, Sort::kInt, args_);
    return terms_.make(TermOp::kEq, Sort::kBool, std::array{mod, terms_.integer(0)});
  }

  TermTable& terms_;
  const Word op_;
  std::span<TermId> args_;
  size_t first_ = 0;  // of args_, while a part of the arguments is looked at
  std::string* const error_;
};

}  // namespace

TermId coerce(TermTable& terms, TermId t, Sort sort) {
  if (terms.sort(t) == sort) return t;
  if (sort != Sort::kReal || terms.sort(t) != Sort::kInt) return kNoTerm;
  if (terms.op(t) == TermOp::kInt) return terms.rational(terms.literal(t));
  return terms.make(TermOp::kToReal, Sort::kReal, std::array{t});
}

TermId apply_theory(TermTable& terms, Word op, std::span<TermId> args,
                    std::string* error) {
  return Application(terms, op, args, error).make();
}

}  // namespace congrua::smt2
