#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "congrua/guard.h"
#include "congrua/text.h"
#include "guard/facts_impl.h"

namespace congrua {

using internal::Builder;

std::string_view layer_name(Layer layer) {
  switch (layer) {
    case Layer::kNone:
      return "none";
    case Layer::kNormalForm:
      return "normal_form";
    case Layer::kEqualities:
      return "equalities";
    case Layer::kFactTable:
      return "fact_table";
    case Layer::kInterval:
      return "interval";
    case Layer::kModel:
      return "model";
    case Layer::kShift:
      return "shift";
    case Layer::kLinear:
      return "linear";
    case Layer::kProduct:
      return "product";
    case Layer::kSplit:
      return "split";
    case Layer::kSearch:
      return "search";
    case Layer::kZ3:
      return "z3";
  }
  return "none";
}

std::string_view truth_name(Truth truth) {
  switch (truth) {
    case Truth::kFalse:
      return "false";
    case Truth::kTrue:
      return "true";
    case Truth::kOpen:
      return "open";
    case Truth::kUnknown:
      return "unknown";
  }
  return "unknown";
}

Facts::Facts(ExprPool& pool) : impl_(std::make_unique<Impl>(pool)) {}
Facts::~Facts() = default;

absl::Status Facts::add(Expr fact) {
  CONGRUA_CHECK(fact.is_bool(), "a fact is a proposition");
  impl_->check_pool();
  const internal::UseChild use(impl_->builder);
  const bool before = impl_->contradictory;
  impl_->add(Builder::node(fact));
  if (before || !impl_->contradictory) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(to_string(fact), " contradicts the facts before it"));
}

void Facts::push() {
  impl_->push_scope();
  impl_->search.push();
}

void Facts::pop() {
  impl_->pop_scope();
  impl_->search.pop();
}

// Without the search, which cases of a proof do not touch.
void Facts::Impl::push_scope() {
  implied = nullptr;
  scopes.push_back({facts.size(), ge_facts.size(), clauses.size(), ne_facts.size(),
                    trail.size(), contradictory});
}

void Facts::Impl::pop_scope() {
  CONGRUA_CHECK(!scopes.empty(), "pop without push");
  implied = nullptr;
  const Scope s = scopes.back();
  scopes.pop_back();
  while (trail.size() > s.trail) {
    const Undo& u = trail.back();
    switch (u.kind) {
      case Undo::kKnown:
        known_[u.node->id] = u.domain;
        range_versions.touch(u.node->symbols());
        break;
      case Undo::kSubstitution:
        substitution_[u.node->id] = u.by;
        substitution_versions.touch(u.node->symbols());
        break;
      case Undo::kTruth:
        truth_[u.node->id] = u.truth;
        range_versions.touch(u.node->symbols());
        break;
    }
    trail.pop_back();
  }
  facts.resize(s.facts);
  states.truncate(s.facts);
  forget_ge(s.ge_facts);
  clauses.resize(s.clauses);
  ne_facts.resize(s.ne_facts);
  contradictory = s.contradictory;
}

Answer Facts::decide(Expr guard, const QuestionOptions& options) {
  CONGRUA_CHECK(guard.is_bool(), "a guard is a proposition");
  impl_->check_pool();
  const internal::UseChild use(impl_->builder);
  const internal::Node* g = Builder::node(guard);
  Answer answer;
  const bool explain = options.explain || options.certificate;
  // Facts that contradict each other imply everything, also what they refuted before.
  const auto* entry =
      impl_->contradictory
          ? nullptr
          : impl_->answers.find(g, impl_->states, options.steps, options.search);
  // The point of an open answer was not kept, and is that of another question by now.
  if (entry != nullptr && explain && entry->truth == Truth::kOpen &&
      impl_->answers.explanation(*entry) == nullptr) {
    entry = nullptr;
  }
  if (entry != nullptr) {
    answer.truth = entry->truth;
    answer.layer = entry->layer;
    impl_->implied = answer.truth == Truth::kTrue ? g : nullptr;
    if (!explain) return answer;
    if (const Answer* known = impl_->answers.explanation(*entry)) {
      answer.rests_on = known->rests_on;
      answer.counterexample = known->counterexample;
      if (!options.certificate) return answer;
      answer.certificate = known->certificate;
      if (answer.certificate != nullptr) return answer;
    }
  } else {
    Budget budget(options.steps, options.cancel);
    answer.truth = impl_->decide(g, budget, options.search, &answer.layer);
    if (answer.truth == Truth::kUnknown) answer.layer = Layer::kNone;
    impl_->implied = answer.truth == Truth::kTrue ? g : nullptr;
    // A look at the tables costs less than remembering the answer.
    const bool cheap =
        answer.layer <= Layer::kFactTable && answer.truth != Truth::kUnknown;
    if (cheap && !explain) return answer;
  }
  if (explain && answer.rests_on.empty() && answer.counterexample.empty())
    impl_->explain(g, &answer);
  if (options.certificate) impl_->certify(g, options.cancel, &answer);
  if (Budget(0, options.cancel).cancelled()) return answer;
  const guard::State state = impl_->states.current();
  if (explain) {
    impl_->answers.put(g, state, options.steps, options.search, answer);
  } else {
    impl_->answers.put(g, state, options.steps, options.search, answer.truth,
                       answer.layer);
  }
  return answer;
}

bool Facts::contradictory() const { return impl_->contradictory; }

std::vector<FactId> Facts::conflict() const {
  if (!impl_->contradictory) return {};
  return impl_->minimal_reason(impl_->builder.boolean(false));
}

size_t Facts::size() const { return impl_->facts.size(); }
Expr Facts::fact(FactId id) const { return Builder::expr(impl_->facts[id]); }

}  // namespace congrua
