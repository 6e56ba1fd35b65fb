// Names for shared views, where the text would be long without them.
#ifndef CONGRUA_EXPR_VIEW_NAMES_H_
#define CONGRUA_EXPR_VIEW_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "expr/view.h"

namespace congrua::internal {

class ViewNames {
 public:
  // Names every view that is used twice and is no leaf, if the tree has more operators
  // than max_tree.
  ViewNames(const ViewDag& dag, Language language, size_t max_tree);

  bool any() const { return count_ != 0; }
  bool has(ViewId v) const { return numbers_[v] != kNone; }
  std::string of(ViewId v) const { return prefix_ + std::to_string(numbers_[v]); }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  void choose_prefix(const ViewDag& dag);

  std::vector<uint32_t> numbers_;  // by view
  uint32_t count_ = 0;
  std::string prefix_ = "t";
};

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_VIEW_NAMES_H_
