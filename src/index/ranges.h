// The ranges of loop variables as facts, for the time of a question.
#ifndef CONGRUA_INDEX_RANGES_H_
#define CONGRUA_INDEX_RANGES_H_

#include <span>

#include "congrua/index.h"
#include "guard/facts_impl.h"

namespace congrua::index {

// Between construction and destruction the facts hold 0 <= variable < size of the loops
// whose range may matter to a term: those whose variable it holds in a quotient or
// another operator that is no sum or product, and those that run once. The search for
// points is not told: nothing here asks it.
class LoopRanges {
 public:
  LoopRanges(Facts& facts, std::span<const LoopVariable> loops, const internal::Node* n,
             const SimplifyOptions& options);
  ~LoopRanges() {
    if (any_) facts_.pop_scope();
  }
  LoopRanges(const LoopRanges&) = delete;
  LoopRanges& operator=(const LoopRanges&) = delete;

 private:
  Facts::Impl& facts_;
  bool any_;
};

}  // namespace congrua::index

#endif  // CONGRUA_INDEX_RANGES_H_
