// A few points at which to see that something cannot be proved.
//
// Most questions of rules, whether one operand is at least another, have no proof, and
// each layer has to be asked before that is known. Where a sum is negative at a point at
// which all facts hold, none need be. Points are drawn once, from the ranges of the
// symbols; which of them satisfy the facts is noted as facts come and go. No answer rests
// on a point: it only saves looking for what is not there.
#ifndef CONGRUA_REWRITE_POINTS_H_
#define CONGRUA_REWRITE_POINTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "expr/column.h"
#include "guard/facts_impl.h"

namespace congrua::rewrite {

class Points {
 public:
  explicit Points(Facts::Impl& facts) : facts_(facts) {}
  // p < 0 at a point at which all facts have a value and hold.
  bool refute_nonnegative(const internal::Node* p);

 private:
  using Node = internal::Node;
  using Mask = uint32_t;
  static constexpr size_t kCount = 16;
  static constexpr Mask kAll = (Mask{1} << kCount) - 1;
  static constexpr size_t kMaxNodes = 50'000;  // that are evaluated
  struct Values {
    std::array<int64_t, kCount> at;
    Mask known;  // where there is a value, and it was computed without overflow
  };
  const Values* values(const Node* root);  // null: too many nodes
  void compute(const Node* n, Values& out);
  void draw(const Node* symbol, Values& out);
  // Where all facts hold.
  Mask alive();

  Facts::Impl& facts_;
  internal::NodeColumn<Values> values_;
  size_t evaluated_ = 0;
  std::vector<std::pair<uint64_t, Mask>> alive_;  // by number of facts: of that state
};

}  // namespace congrua::rewrite

#endif  // CONGRUA_REWRITE_POINTS_H_
