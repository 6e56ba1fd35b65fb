#include "shape/ties.h"

#include <algorithm>
#include <utility>

#include "expr/walk.h"

namespace congrua::shape {

using internal::Node;

namespace {

// Symbols, and opaque terms with what they read.
std::vector<const Node*> read_by(const Node* n) {
  return internal::nodes_below(
      n, [](const Node* x) { return x->symbols() != 0 || x->partial; },
      [](const Node* x) { return x->op == Op::kSymbol || x->op == Op::kOpaque; });
}

const Node* key_of(const Node* read) {
  return read->op == Op::kOpaque || read->sort == Sort::kReal ? nullptr : read;
}

}  // namespace

Ties::Id Ties::id_of(const Node* symbol) {
  const auto [it, fresh] = ids_.try_emplace(symbol, static_cast<Id>(symbols_.size()));
  if (fresh) symbols_.push_back({it->second});
  return it->second;
}

Ties::Id Ties::root_of(Id id) const {
  while (symbols_[id].parent != id) id = symbols_[id].parent;
  return id;
}

void Ties::add(const Node* fact, size_t number) {
  const auto change = [&](Id id) -> Symbol& {
    if (scopes_ > 0) trail_.push_back({id, symbols_[id]});
    return symbols_[id];
  };
  if (fact == newest_) {
    change(root_of(newest_id_)).last = number;
    return;
  }
  const std::vector<const Node*> read = read_by(fact);
  if (read.empty()) return;  // false: then all is asked anew
  Id root = root_of(id_of(key_of(read[0])));
  for (const Node* n : read) {
    Id other = root_of(id_of(key_of(n)));
    if (other == root) continue;
    if (symbols_[root].size < symbols_[other].size) std::swap(root, other);
    change(other).parent = root;
    change(root).size += symbols_[other].size;
  }
  change(root).last = number;
  newest_ = fact;
  newest_id_ = root;
}

size_t Ties::last(const Node* question) const {
  size_t last = 0;
  for (const Node* n : read_by(question)) {
    const auto it = ids_.find(key_of(n));
    if (it != ids_.end()) last = std::max(last, symbols_[root_of(it->second)].last);
  }
  return last;
}

std::optional<uint32_t> Ties::group(const Node* n) const {
  for (const Node* read : read_by(n)) {
    const auto it = ids_.find(key_of(read));
    if (it != ids_.end()) return root_of(it->second);
  }
  return std::nullopt;
}

void Ties::pop(size_t mark) {
  --scopes_;
  while (trail_.size() > mark) {
    symbols_[trail_.back().id] = trail_.back().before;
    trail_.pop_back();
  }
  newest_ = nullptr;  // it may have been taken back
}

}  // namespace congrua::shape
