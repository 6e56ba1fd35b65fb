// Which facts an answer rests on, in terms of the environment's records.
#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "expr/builder.h"
#include "expr/walk.h"
#include "shape/view.h"

namespace congrua::shape {

using internal::Builder;
using internal::Node;

namespace {

void sort_unique(std::vector<RecordId>& ids) {
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::erase_if(ids, [](RecordId id) { return id >= kGiven; });
}

}  // namespace

std::vector<RecordId> View::owners(std::span<const FactId> ids) {
  std::vector<RecordId> out;
  for (const FactId id : ids) {
    const RecordId owner = owner_of_[id];
    if (owner != kDerived) {
      out.push_back(owner);
      continue;
    }
    // What the view stated of an opaque term follows from what is known of its symbols.
    const std::vector<RecordId> more = float_reasons(Builder::node(facts_.fact(id)));
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

// Facts about opaque terms and the symbols below them that are connected to n.
std::vector<RecordId> View::float_reasons(const Node* n) {
  const std::vector<const Node*> asked = internal::symbols_below(n);
  absl::flat_hash_set<const Node*> symbols(asked.begin(), asked.end());
  std::vector<bool> used(float_facts_.size());
  std::vector<RecordId> out;
  for (bool again = true; again;) {
    again = false;
    for (size_t i = 0; i < float_facts_.size(); ++i) {
      if (used[i]) continue;
      const std::vector<const Node*> theirs =
          internal::symbols_below(Builder::node(float_facts_[i].first));
      const bool touches =
          std::ranges::any_of(theirs, [&](const Node* s) { return symbols.contains(s); });
      if (!touches) continue;
      used[i] = again = true;
      symbols.insert(theirs.begin(), theirs.end());
      out.push_back(float_facts_[i].second);
    }
  }
  // Bounds of integer symbols reach real terms through tofloat.
  for (const Node* s : symbols) {
    if (s->sort != Sort::kInt) continue;
    const Bounds b = int_bounds(s);
    const Expr e = Builder::expr(s);
    for (const auto& [bound, lower] : {std::pair(b.lo, true), std::pair(b.hi, false)}) {
      if (!bound) continue;
      const Expr limit = pool_.constant(*bound);
      const Answer a = facts_.decide(lower ? ge(e, limit) : le(e, limit));
      for (const FactId id : a.rests_on) {
        if (owner_of_[id] != kDerived) out.push_back(owner_of_[id]);
      }
    }
  }
  return out;
}

Explanation View::explain(Expr proposition, int64_t steps, bool certificate) {
  Explanation e;
  e.known = decide(proposition, steps);
  const Node* n = Builder::node(proposition);
  const bool opaque = n->partial && !terms_.below(n).empty();
  const Node* p = opaque ? prepare(n) : n;
  if (p != n) e.rests_on = float_reasons(n);
  if (!internal::is_const(p) && reads_all(p)) {
    const QuestionOptions options{
        .steps = steps, .explain = true, .certificate = certificate};
    Answer a = facts_.decide(Builder::expr(p), options);
    if (e.known.truth == Truth::kFalse && a.truth != Truth::kFalse) {
      a = facts_.decide(!Builder::expr(p), options);
    }
    if (e.known.truth == Truth::kUnknown && !opaque) e.known = {a.truth, a.layer};
    const std::vector<RecordId> more = owners(a.rests_on);
    e.rests_on.insert(e.rests_on.end(), more.begin(), more.end());
    if (e.known.truth == Truth::kOpen) e.counterexample = std::move(a.counterexample);
    // The facts of the certificate are those of this view, and prove p.
    if (p == n) e.certificate = std::move(a.certificate);
  }
  sort_unique(e.rests_on);
  return e;
}

std::vector<RecordId> View::conflict() {
  std::vector<RecordId> out;
  if (facts_.contradictory()) out = owners(facts_.conflict());
  if (float_conflict_) {
    for (const auto& [fact, owner] : float_facts_) out.push_back(owner);
  }
  sort_unique(out);
  return out;
}

}  // namespace congrua::shape
