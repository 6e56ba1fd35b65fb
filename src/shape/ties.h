// Which facts bear on which questions.
//
// Two symbols are tied where a fact reads both, and by what is tied to both. What is tied
// to no symbol of a question says nothing of it: where the other facts have a point at
// all, it can be joined to every point of those. So an answer that was not to be had
// still is not after facts that do not bear on the question.
//
// Functions of which only congruence and declarations are known (opaque terms, among them
// all that is said of floats) tie their arguments, also those of two applications: all of
// them count as one symbol.
#ifndef CONGRUA_SHAPE_TIES_H_
#define CONGRUA_SHAPE_TIES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "expr/node.h"

namespace congrua::shape {

class Ties {
 public:
  // Facts are numbered as they come, from 1 on, and may be several under one number.
  void add(const internal::Node* fact, size_t number);
  // The number of the last fact that bears on the question; 0: there is none.
  size_t last(const internal::Node* question) const;

  // One number for all that is tied to what n reads, until something is tied; nullopt:
  // n reads nothing that a fact did.
  std::optional<uint32_t> group(const internal::Node* n) const;

  void push() { ++scopes_; }
  size_t mark() const { return trail_.size(); }
  // Ends a scope: takes back what came since its mark.
  void pop(size_t mark);

 private:
  using Id = uint32_t;
  Id id_of(const internal::Node* symbol);
  Id root_of(Id id) const;

  // A forest: a tree for the symbols tied to each other. The smaller tree goes below the
  // larger, so that paths are short without being changed by who walks them.
  struct Symbol {
    Id parent;  // itself: a root
    // Of roots.
    uint32_t size = 1;
    size_t last = 0;
  };
  std::vector<Symbol> symbols_;
  absl::flat_hash_map<const internal::Node*, Id> ids_;  // nullptr: opaque terms
  // What was changed in a scope.
  struct Undo {
    Id id;
    Symbol before;
  };
  std::vector<Undo> trail_;
  size_t scopes_ = 0;
  // The fact that came last, and a symbol of it: the next is often the same.
  const internal::Node* newest_ = nullptr;
  Id newest_id_ = 0;
};

}  // namespace congrua::shape

#endif  // CONGRUA_SHAPE_TIES_H_
