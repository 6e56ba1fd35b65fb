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

bool settled(Truth t) { return t == Truth::kTrue || t == Truth::kFalse; }

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

std::vector<RecordId> View::all_owners() const {
  std::vector<RecordId> out = owner_of_;
  for (const auto& [fact, owner] : float_facts_) out.push_back(owner);
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
  if (contradictory()) {  // all follows from the facts that clash
    e.rests_on = conflict();
    if (facts_.contradictory() && certificate) certify(proposition, steps, e);
    return e;
  }
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
      if (a.truth == Truth::kTrue) a.truth = Truth::kFalse;
    }
    if (e.known.truth == Truth::kUnknown && !opaque) e.known = {a.truth, a.layer};
    // What only the simplified form showed may rest on each of them.
    const bool shown = !settled(e.known.truth) || a.truth == e.known.truth;
    const std::vector<RecordId> more = shown ? owners(a.rests_on) : all_owners();
    e.rests_on.insert(e.rests_on.end(), more.begin(), more.end());
    if (e.known.truth == Truth::kOpen) e.counterexample = std::move(a.counterexample);
    if (p == n && shown) keep_certificate(std::move(a.certificate), e);
  }
  sort_unique(e.rests_on);
  return e;
}

void View::certify(Expr proposition, int64_t steps, Explanation& e) {
  Answer a = facts_.decide(proposition, {.steps = steps, .certificate = true});
  keep_certificate(std::move(a.certificate), e);
}

void View::keep_certificate(std::shared_ptr<const Certificate> certificate,
                            Explanation& e) const {
  if (certificate == nullptr) return;
  e.certificate = std::move(certificate);
  for (FactId id = 0; id < facts_.size(); ++id) {
    e.certificate_facts.push_back(facts_.fact(id));
  }
}

Explanation View::explain_given(Expr proposition, std::span<const Expr> given,
                                int64_t steps, bool certificate) {
  // Much is decided without them.
  if (given.empty() || settled(decide(proposition, steps).truth)) {
    return explain(proposition, steps, certificate);
  }
  push();
  bool possible = true;
  for (const Expr g : given) possible = possible && add(g, kGiven);
  Explanation e = explain(proposition, steps, certificate);
  if (!possible) e.known = {Truth::kTrue, Layer::kSplit};
  pop();
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
