// Sums as they are shown; see view.h. One object rewrites one sum.
#ifndef CONGRUA_EXPR_SUM_SHAPE_H_
#define CONGRUA_EXPR_SUM_SHAPE_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "expr/view_builder.h"

namespace congrua::internal {

// Factors of a monomial, by id: an index key that shows in no text.
using Mono = std::vector<std::pair<const Node*, uint32_t>>;
Mono mono_of(const Node* n);
Mono times(const Mono& a, const Mono& b);
std::optional<Mono> divide(const Mono& a, const Mono& b);  // nullopt: b does not divide a

// a / b; nullopt: b does not divide a, or is 0.
std::optional<Int> exact_quotient(const Int& a, const Int& b);

// Of a kFloorDiv.
inline const Node* dividend_of(const Node* quotient) { return args_of(quotient)[0]; }
inline const Node* divisor_of(const Node* quotient) { return args_of(quotient)[1]; }
// The divisor, if it is a constant and positive; else null.
const Int* constant_divisor(const Node* quotient);

class SumShape {
 public:
  SumShape(ViewBuilder& views, const Poly& p, Freedom freedom);
  ShownSum finish();

 private:
  struct Work {
    Int coef;  // 0: the term is gone
    Mono mono;
    std::vector<ShownFactor> shown;  // factors that are views already
  };

  void change(const Mono& m, const Int& c);  // adds c * m
  Int coefficient(const Mono& m) const;
  bool charge(size_t steps);

  // sum_remainders.cc
  void find_remainders();
  std::optional<int64_t> gain(const Poly& p, const Mono& m, const Int& k) const;
  void take(const Poly& p, const Mono& m, const Int& k);
  void put_remainder(const Int& k, const Mono& m, const Node* quotient, ViewId view);
  bool try_remainder(const Int& coef, const Mono& rest, const Node* quotient);
  bool try_nested(const Int& coef, const Mono& rest, const Node* outer);
  bool nested_remainder(const Int& coef, const Mono& rest, const Node* outer,
                        const Node* inner, const Int& d, const Int& k);

  // sum_shifts.cc
  void shift_quotients();
  void show_by_constant(size_t i, const Node* quotient, Poly p, const Int& c);
  void show_ceiling(size_t i, const Node* quotient, Poly p);
  ViewId quotient_view(ViewOp op, const Node* quotient, const Poly& p);
  void shift_choices();
  void shift_choice(size_t i, const Node* choice);
  void replace(size_t i, Int coef, const Node* key, ViewId view);

  ViewBuilder& views_;
  const Freedom freedom_;
  Int constant_;
  std::vector<Work> works_;
  absl::flat_hash_map<Mono, size_t>
      index_;  // works that are monomials of the term itself
  size_t budget_ = 0;
  // Pairs of terms that may still be looked at: all of a sum of up to kPairs terms, and
  // linearly many of a longer one.
  static constexpr size_t kPairs = 256;
  size_t pairs_left_ = 0;
};

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_SUM_SHAPE_H_
