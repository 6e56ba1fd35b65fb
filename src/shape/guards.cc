// Minimal guards: what has to be tested before compiled code is reused; and the asserts
// that are left.
//
// Guards that share no symbol, nor are tied by others, say nothing of each other: each
// group of those that are tied is made minimal by itself (minimizer.h), so that many
// inputs cost what they cost one by one.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "base/check.h"
#include "expr/builder.h"
#include "shape/env_impl.h"
#include "shape/minimizer.h"
#include "shape/needs.h"
#include "shape/ties.h"

namespace congrua::shape {

using internal::args_of;
using internal::Builder;
using internal::Node;

namespace {

void split(const Node* n, std::vector<const Node*>& out) {
  if (n->op != Op::kAnd) {
    out.push_back(n);
    return;
  }
  for (const Node* part : args_of(n)) split(part, out);
}

// Is it known to have a value?
bool has_value(View& known, Expr e) {
  return std::ranges::all_of(needs(Builder::node(e)),
                             [&](const Need& n) { return known.meets(n, kGuardSteps); });
}

// Groups in the order of their first parts.
std::vector<Kept> minimal_groups(Env::Impl& m) {
  struct Group {
    std::vector<Part> parts;
    std::vector<size_t> symbols;
  };
  std::vector<Group> groups;
  std::vector<Part> parts;
  Ties ties;
  // Where facts contradict each other all others follow.
  bool apart = !m.view(kAllClasses).contradictory();
  for (RecordId id = 0; id < m.records.size(); ++id) {
    if ((only(m.records[id].fact_class) & kAtEntry) == 0) continue;
    std::vector<const Node*> conjuncts;
    split(Builder::node(m.records[id].fact), conjuncts);
    for (const Node* c : conjuncts) {
      parts.push_back({c, id, parts.size()});
      ties.add(c, 1);
      apart = apart && (ties.group(c).has_value() || internal::is_true(c));
    }
  }
  absl::flat_hash_map<uint32_t, size_t> number_of;
  const auto group = [&](uint32_t number) -> Group& {
    const auto [it, fresh] = number_of.try_emplace(apart ? number : 0, groups.size());
    if (fresh) groups.emplace_back();
    return groups[it->second];
  };
  constexpr uint32_t kNothing = UINT32_MAX;  // is read by parts that are true
  for (const Part& p : parts) {
    group(ties.group(p.condition).value_or(kNothing)).parts.push_back(p);
  }
  for (size_t i = 0; i < m.symbols.size(); ++i) {
    // Of a symbol that no part reads its birth is known, and no more.
    const std::optional<uint32_t> g = ties.group(Builder::node(m.symbols[i].symbol));
    if (g || !apart) group(g.value_or(0)).symbols.push_back(i);
  }
  std::vector<Kept> kept;
  for (Group& g : groups) {
    kept.push_back(minimize(m, std::move(g.parts), std::move(g.symbols)));
  }
  return kept;
}

// The groups' guards, each group's in its order, else as the program has them.
GuardSet joined(std::vector<Kept> groups) {
  GuardSet set;
  std::vector<std::pair<size_t, Expr>> domains;
  std::vector<Kept::Guard> guards;
  std::vector<Kept::Dropped> dropped;
  const auto place = [](const Kept::Guard& g) { return std::pair(!g.proposed, g.place); };
  for (Kept& k : groups) {
    for (size_t i = 1; i < k.guards.size(); ++i) {
      // One that had to wait for another's divisor waits for those before it as well.
      if (place(k.guards[i]) >= place(k.guards[i - 1])) continue;
      k.guards[i].proposed = k.guards[i - 1].proposed;
      k.guards[i].place = k.guards[i - 1].place;
    }
    domains.insert(domains.end(), k.domains.begin(), k.domains.end());
    guards.insert(guards.end(), k.guards.begin(), k.guards.end());
    dropped.insert(dropped.end(), k.dropped.begin(), k.dropped.end());
  }
  std::ranges::stable_sort(domains, {}, &std::pair<size_t, Expr>::first);
  std::ranges::stable_sort(guards, {}, place);
  std::ranges::stable_sort(
      dropped, {}, [](const Kept::Dropped& d) { return std::pair(d.late, d.place); });
  for (const auto& [symbol, d] : domains) set.domains.push_back(d);
  for (const Kept::Guard& g : guards) {
    set.guards.push_back(g.condition);
    set.origins.push_back(g.record);
  }
  for (Kept::Dropped& d : dropped) set.dropped.push_back(d.guard);
  return set;
}

}  // namespace

GuardSet Env::guards() {
  const internal::UseChild use(Builder::of(impl_->pool));
  GuardSet set = joined(minimal_groups(*impl_));
  set.sources = impl_->sources.to_vector();
  return set;
}

std::vector<Expr> Env::why_dropped(const GuardSet& set, size_t which) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  CONGRUA_CHECK(which < set.dropped.size(), "no such dropped guard");
  View view(m.pool, m.opaques, m.terms);
  const Expr condition = set.dropped[which].condition;
  std::vector<Expr> tested = set.domains;
  tested.insert(tested.end(), set.guards.begin(), set.guards.end());
  // What is not tied to the condition does not bear on it, unless nothing satisfies it.
  Ties ties;
  for (const Expr t : tested) ties.add(Builder::node(t), 1);
  const std::optional<uint32_t> group = ties.group(Builder::node(condition));
  if (group && !m.view(kAllClasses).contradictory()) {
    std::erase_if(tested, [&](Expr t) { return ties.group(Builder::node(t)) != group; });
  }
  for (size_t i = 0; i < tested.size(); ++i)
    view.add(tested[i], static_cast<RecordId>(i));
  const Explanation e = view.explain(condition, kGuardSteps, false);
  // All of them imply it, even where that is not seen in the forms that are shown.
  if (e.known.truth != Truth::kTrue) return tested;
  std::vector<Expr> because;
  for (const RecordId i : e.rests_on) because.push_back(tested[i]);
  return because;
}

AssertSet Env::asserts(bool keep_all) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  AssertSet set;
  View known(m.pool, m.opaques, m.terms);
  for (RecordId id = 0; id < m.records.size(); ++id) {
    if ((only(m.records[id].fact_class) & kAtEntry) != 0)
      known.add(m.records[id].fact, id);
  }
  std::vector<uint32_t> open;  // branches around the record, outermost first
  for (RecordId id = 0; id < m.records.size(); ++id) {
    const Record& r = m.records[id];
    if (r.fact_class != FactClass::kPromise && r.fact_class != FactClass::kAssert)
      continue;
    std::vector<uint32_t> path;
    for (uint32_t b = r.branch; b != 0; b = m.branch_parents[b - 1]) path.push_back(b);
    std::ranges::reverse(path);
    size_t common = 0;
    while (common < open.size() && common < path.size() && open[common] == path[common]) {
      ++common;
    }
    while (open.size() > common) {
      known.pop();
      open.pop_back();
    }
    for (; open.size() < path.size(); open.push_back(path[open.size()])) known.push();
    if (r.fact_class == FactClass::kAssert &&
        known.decide(r.fact, kGuardSteps).truth == Truth::kTrue &&
        has_value(known, r.fact)) {
      set.dropped.push_back(id);
      if (keep_all) set.kept.push_back(id);
      continue;
    }
    if (r.fact_class == FactClass::kAssert) set.kept.push_back(id);
    known.add(r.fact, id);
  }
  return set;
}

}  // namespace congrua::shape
