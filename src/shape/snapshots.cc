// push and pop, and branches: both are scopes of the views, properly nested.
#include "base/check.h"
#include "expr/builder.h"
#include "shape/env_impl.h"

namespace congrua::shape {

using internal::Builder;

namespace {

template <typename List>
void shorten(List& list, size_t size) {
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(size), list.end());
}

}  // namespace

// Other facts may come to as many records at the same position.
void Env::Impl::forget_points() {
  for (Point& p : points) p.made = false;
}

void Env::push() {
  Impl& m = *impl_;
  m.snapshots.push_back({m.mark(), m.scopes.size(), m.branches.size(),
                         m.branch_parents.size(), m.position, m.location});
  m.push_views();
}

void Env::pop() {
  Impl& m = *impl_;
  CONGRUA_CHECK(!m.snapshots.empty(), "pop without push");
  const Impl::Snapshot s = std::move(m.snapshots.back());
  m.snapshots.pop_back();
  // Branches that were entered since are left.
  while (m.scopes.size() > s.scopes) m.pop_views();
  shorten(m.branches, s.branches);
  m.branch_parents.resize(s.branch_parents);
  if (m.symbols.size() > s.mark.symbols) {
    shorten(m.symbols, s.mark.symbols);
    // A symbol may be born again without a hint; opaque terms were bound by hints.
    m.hints.clear();
    for (const SymbolInfo& info : m.symbols) m.bind_hint(info);
  }
  shorten(m.sources, s.mark.sources);
  for (size_t i = s.mark.source_names; i < m.source_names.size(); ++i) {
    m.known_sources.erase(m.source_names[i]);
  }
  m.source_names.resize(s.mark.source_names);
  for (size_t i = s.mark.duck; i < m.duck_log.size(); ++i) {
    m.duck.erase(m.duck_log[i].first);
  }
  shorten(m.duck_log, s.mark.duck);
  for (size_t i = s.mark.dimensions; i < m.dimension_log.size(); ++i) {
    m.dimensions.erase(m.dimension_log[i].first);
  }
  shorten(m.dimension_log, s.mark.dimensions);
  for (size_t i = s.mark.promised; i < m.promised_log.size(); ++i) {
    m.promised.erase(m.promised_log[i]);
  }
  m.promised_log.resize(s.mark.promised);
  shorten(m.records, s.mark.records);
  m.position = s.position;
  m.location = s.location;
  m.forget_points();
}

void Env::enter_branch(Expr condition) {
  CONGRUA_CHECK(condition.is_bool(), "a branch has a proposition");
  Impl& m = *impl_;
  m.push_views();
  m.branch_parents.push_back(m.branches.empty() ? 0 : m.branches.back().number);
  m.branches.push_back(
      {static_cast<uint32_t>(m.branch_parents.size()), m.scopes.size() - 1});
  ++m.position;
  m.put(condition, FactClass::kPromise, m.branches.back().number);
}

void Env::leave_branch() {
  Impl& m = *impl_;
  CONGRUA_CHECK(!m.branches.empty(), "leave_branch without enter_branch");
  CONGRUA_CHECK(m.branches.back().scope + 1 == m.scopes.size(),
                "leave_branch of a branch that was entered before push");
  // What was stated inside and holds everywhere is taken in again.
  m.pop_views();
  m.branches.pop_back();
  m.forget_points();
}

}  // namespace congrua::shape
