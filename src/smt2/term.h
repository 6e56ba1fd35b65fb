// Terms as they were written: a hash-consed DAG with the meaning of SMT-LIB.
//
// This is the original against which every model is checked, so it is kept as it was
// read: the only rewriting is that chains (a < b < c), n-ary `div` and `/`, and negated
// or divided numerals are taken apart, and Int arguments of Real operators are wrapped in
// to_real.
//
// A term's arguments have smaller ids than the term: a pass over ascending ids visits
// children first, without a stack.
#ifndef CONGRUA_SMT2_TERM_H_
#define CONGRUA_SMT2_TERM_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/int.h"
#include "smt2/value.h"

namespace congrua::smt2 {

using TermId = uint32_t;
inline constexpr TermId kNoTerm = UINT32_MAX;

enum class TermOp : uint8_t {
  kBool,      // true, false
  kInt,       // an integer
  kRational,  // a Real constant
  kConst,     // a declared constant: payload is the declaration
  kApply,     // a declared function and its arguments: payload is the declaration
  kParam,     // a parameter in the body of a definition: payload is its index
  kNot,
  kAnd,
  kOr,
  kXor,
  kImplies,  // right-associative
  kIte,
  kEq,  // binary
  kDistinct,
  kLe,  // binary
  kLt,  // binary
  kAdd,
  kSub,  // left-associative
  kNeg,
  kMul,
  kDiv,    // binary, integers
  kMod,    // binary
  kAbs,    // of an integer
  kRatio,  // binary, reals
  kToReal,
  kToInt,
  kIsInt,
  kPow,  // the exponent is a constant
};

// Bits of Term::flags; each is inherited from the arguments.
inline constexpr uint16_t kHasParam = 1;        // mentions a kParam
inline constexpr uint16_t kHasSymbolicDiv = 2;  // divides by what is no constant, or by 0
inline constexpr uint16_t kHasReal = 4;         // some subterm is Real

struct Term {
  TermOp op;
  Sort sort;
  uint16_t flags;
  uint32_t n;  // arguments
  uint32_t hash;
  // One or two arguments, or the offset of more, or the payload of a leaf.
  uint32_t a, b;
};

class TermTable {
 public:
  // Terms beyond this are refused: a definition may expand to any size.
  static constexpr size_t kMaxTerms = size_t{1} << 26;

  TermTable();
  TermTable(const TermTable&) = delete;
  TermTable& operator=(const TermTable&) = delete;
  TermTable(TermTable&&) = default;
  TermTable& operator=(TermTable&&) = default;

  size_t size() const { return terms_.size(); }
  bool full() const { return terms_.size() >= kMaxTerms; }
  const Term& operator[](TermId t) const { return terms_[t]; }
  Sort sort(TermId t) const { return terms_[t].sort; }
  TermOp op(TermId t) const { return terms_[t].op; }

  // Valid until the next term is made.
  std::span<const TermId> args(TermId t) const {
    const Term& x = terms_[t];
    if (x.op <= TermOp::kConst || x.op == TermOp::kParam) return {};
    if (x.op == TermOp::kApply || x.n > 2) return {&args_[x.a], x.n};
    return {&x.a, x.n};
  }
  TermId arg(TermId t, size_t i) const { return args(t)[i]; }

  TermId boolean(bool b) const { return b ? kTrue : kFalse; }
  TermId integer(const Int& v);
  TermId rational(const Value& v);  // a Real constant, integral or not
  TermId constant(uint32_t declaration, Sort sort);
  TermId apply(uint32_t declaration, std::span<const TermId> args, Sort sort);
  TermId param(uint32_t index, Sort sort);
  // Sorts and number of arguments are the caller's duty (theory.h checks them). `args`
  // must not point into this table.
  TermId make(TermOp op, Sort sort, std::span<const TermId> args);

  bool is_literal(TermId t) const { return terms_[t].op <= TermOp::kRational; }
  // The value of a literal.
  Value literal(TermId t) const;
  // Declaration of a kConst or kApply, index of a kParam.
  uint32_t payload(TermId t) const {
    return terms_[t].op == TermOp::kApply ? terms_[t].b : terms_[t].a;
  }

  // The terms reachable from the roots, in ascending order.
  std::vector<TermId> reachable(std::span<const TermId> roots) const;

  static constexpr TermId kFalse = 0;
  static constexpr TermId kTrue = 1;

 private:
  template <typename Same, typename Fill>
  TermId intern(uint32_t hash, Same&& same, Fill&& fill);
  void grow();

  std::vector<Term> terms_;
  std::vector<TermId> args_;
  std::vector<Int> integers_;  // those outside int64
  std::vector<Value> rationals_;
  std::vector<uint32_t> table_;  // id + 1; 0 is empty
  size_t mask_ = 0;
};

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_TERM_H_
