// Pools on top of pools: freezing, which child is built in, import, and taking back.
#include <algorithm>

#include "expr/builder.h"

namespace congrua {

namespace {
thread_local internal::Builder* in_use = nullptr;
}  // namespace

ExprPool::Use::Use(ExprPool& pool) : before_(in_use) { in_use = pool.builder_.get(); }
ExprPool::Use::~Use() { in_use = before_; }

namespace internal {

void Builder::freeze() {
  CONGRUA_CHECK(marks_.empty(), "a pool with a checkpoint is not frozen");
  mode_ = kFrozen;
}

bool Builder::stands_on(const Builder& b) const {
  for (const Builder* at = this; at != nullptr; at = at->parent_) {
    if (at == &b) return true;
  }
  return false;
}

Builder& Builder::child_in_use(Builder& frozen) {
  return in_use != nullptr && in_use->stands_on(frozen) ? *in_use : frozen;
}

Builder* Builder::common(Builder& a, Builder& b) {
  Builder* deeper = a.stands_on(b) ? &a : b.stands_on(a) ? &b : nullptr;
  if (deeper != nullptr) return deeper->frozen() ? &child_in_use(*deeper) : deeper;
  // Of two frozen branches of one tree, no pool has both.
  return nullptr;
}

size_t Builder::bytes() const {
  size_t late = 0;
  if (frozen() || !marks_.empty()) {
    auto& mutex = const_cast<std::mutex&>(materialise_mutex_);
    const std::lock_guard<std::mutex> lock(mutex);
    if (late_ != nullptr) late = late_->arena.bytes();
  } else if (late_ != nullptr) {
    late = late_->arena.bytes();
  }
  return arena_.bytes() + late + table_.bytes();
}

// ---- Import

namespace {

// What a node is made of: a sum that was built step by step, of its steps.
template <typename F>
void for_each_part(const Node* n, F&& f) {
  if (n->op == Op::kAdd && n->is_long) {
    const auto* s = static_cast<const LongSum*>(n);
    if (s->prev != nullptr) {
      f(s->prev);
      f(s->diff);
      return;
    }
  }
  for_each_child(n, f);
}

}  // namespace

// The same node over copies of its parts. It is canonical: the canonical form and the
// order of operands read the structure alone, and symbols are the same.
const Node* Builder::copy(const Node* n,
                          absl::flat_hash_map<const Node*, const Node*>& copies) {
  const auto of = [&](const Node* part) { return copies.find(part)->second; };
  switch (n->op) {
    case Op::kConst:
      return n->sort == Sort::kBool ? boolean(const_value(n).is_one())
                                    : constant(const_value(n));
    case Op::kSymbol: {
      const SymbolNode* s = as_symbol(n);
      const Node* here = find_symbol(s->name);
      if (here != nullptr) {
        const SymbolNode* h = as_symbol(here);
        const bool same = h->sort == s->sort && h->lo == s->lo && h->hi == s->hi;
        return same ? here : nullptr;
      }
      SymbolOptions options{.sort = s->sort};
      if (s->lo != INT64_MIN) options.range.lo = s->lo;
      if (s->hi != INT64_MAX) options.range.hi = s->hi;
      if (s->has_hint) options.hint = s->hint;
      return symbol(s->name, options);
    }
    case Op::kAdd: {
      if (n->is_long) {
        const auto* s = static_cast<const LongSum*>(n);
        if (s->prev != nullptr) return add_lazy(of(s->prev), of(s->diff));
      }
      TermList terms;
      for (const Term& t : terms_of(n)) terms.push_back({t.coef, of(t.mono)});
      return intern_sum(constant_of(n), terms);
    }
    case Op::kMul: {
      std::vector<Factor> factors;
      for (const Factor& f : factors_of(n)) factors.push_back({of(f.base), f.exponent});
      return monomial(factors);
    }
    default: {
      std::vector<const Node*> args;
      for (const Node* a : args_of(n)) args.push_back(of(a));
      if (n->op != Op::kOpaque) return intern_app(n->op, n->sort, args);
      return opaque(static_cast<const OpaqueNode*>(n)->name, args, n->sort);
    }
  }
}

const Node* Builder::import(const Node* root) {
  if (stands_on(of(root))) return root;
  absl::flat_hash_map<const Node*, const Node*> copies;
  std::vector<const Node*> stack{root};
  while (!stack.empty()) {
    const Node* n = stack.back();
    if (copies.contains(n)) {
      stack.pop_back();
      continue;
    }
    if (stands_on(of(n))) {
      copies.emplace(n, n);
      stack.pop_back();
      continue;
    }
    const size_t before = stack.size();
    for_each_part(n, [&](const Node* part) {
      if (!copies.contains(part)) stack.push_back(part);
    });
    if (stack.size() != before) continue;
    const Node* here = copy(n, copies);
    if (here == nullptr) return nullptr;
    copies.emplace(n, here);
    stack.pop_back();
  }
  return copies.find(root)->second;
}

// ---- Taking back

uint64_t Builder::checkpoint() {
  CONGRUA_CHECK(!frozen(), "a frozen pool makes no terms that could be taken back");
  mode_ |= kLogged;
  marks_.push_back({static_cast<uint32_t>(table_.count()), num_unknowns_, arena_.mark(),
                    table_.extent(), big_.size(), log_.size(), ++last_mark_});
  return last_mark_;
}

size_t Builder::find_mark(uint64_t number) const {
  const auto it = std::ranges::find(marks_, number, &Mark::number);
  CONGRUA_CHECK(it != marks_.end(), "the checkpoint has ended");
  return static_cast<size_t>(it - marks_.begin());
}

void Builder::rollback(uint64_t number) {
  CONGRUA_CHECK(!frozen(), "a pool with children takes nothing back");
  const size_t which = find_mark(number);
  const Mark m = marks_[which];
  for (size_t i = m.log; i < log_.size(); ++i)
    table_.erase(log_[i].first, log_[i].second);
  table_.shrink(m.table);
  for (size_t i = m.big; i < big_.size(); ++i) big_[i]->~Int();
  big_.resize(m.big);
  arena_.rollback(m.arena);
  recent_.fill(0);
  num_unknowns_ = m.unknowns;
  ++rollbacks_;
  keep(number);
  log_.resize(std::min(log_.size(), m.log));
}

void Builder::keep(uint64_t number) {
  marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(find_mark(number)),
               marks_.end());
  if (!marks_.empty()) return;
  mode_ &= static_cast<uint8_t>(~kLogged);
  std::vector<std::pair<uint32_t, uint32_t>>().swap(log_);
}

}  // namespace internal
}  // namespace congrua
