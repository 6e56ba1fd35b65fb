// How a text wrote the terms that it holds; see Spellings in congrua/text.h.
#ifndef CONGRUA_EXPR_SPELLINGS_H_
#define CONGRUA_EXPR_SPELLINGS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "expr/node.h"
#include "expr/text_ops.h"

namespace congrua {
class Spellings;
}

namespace congrua::internal {

// A term's way of being written costs more operators than that of any of its arguments:
// following the arguments ends.
class SpellingTable {
 public:
  struct Spelling {
    TextOp op;
    uint64_t operations;  // on the tree, with those of the arguments; saturates
    uint32_t first, count;
  };

  // n is what op(args) reads as. Keeps the shortest way, the first of several; operators
  // that forms do not have (expr/view.h) are passed over.
  void record(const Node* n, TextOp op, std::span<const Node* const> args);
  // Null for leaves and for what no text wrote with such an operator.
  const Spelling* find(const Node* n) const {
    const auto it = table_.find(n);
    return it == table_.end() || it->second.count == 0 ? nullptr : &it->second;
  }
  std::span<const Node* const> args(const Spelling& s) const {
    return std::span(args_).subspan(s.first, s.count);
  }
  bool has_truncation() const { return has_truncation_; }

  static SpellingTable& of(Spellings& s);
  static const SpellingTable& of(const Spellings& s);

 private:
  absl::flat_hash_map<const Node*, Spelling> table_;
  std::vector<const Node*> args_;
  bool has_truncation_ = false;
};

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_SPELLINGS_H_
