// push and pop, and branches: both are scopes of the views, properly nested.
#include "base/check.h"
#include "expr/builder.h"
#include "shape/env_impl.h"

namespace congrua::shape {

using internal::Builder;

// Other facts may come to as many records at the same position.
void Env::Impl::forget_points() {
  for (Point& p : points) p.made = false;
}

void Env::push() {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  m.snapshots.push_back({m.mark(), m.scopes.size(), m.branches.size(),
                         m.branch_parents.size(), m.position, m.location});
  m.push_views();
}

void Env::pop() {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  CONGRUA_CHECK(!m.snapshots.empty(), "pop without push");
  const Impl::Snapshot s = std::move(m.snapshots.back());
  m.snapshots.pop_back();
  // Branches that were entered since are left.
  while (m.scopes.size() > s.scopes) m.pop_views();
  m.branches.erase(m.branches.begin() + static_cast<std::ptrdiff_t>(s.branches),
                   m.branches.end());
  m.branch_parents.resize(s.branch_parents);
  if (m.symbols.size() > s.mark.symbols) {
    m.symbols.shorten(s.mark.symbols);
    m.first_numbers.clear();
    // A symbol may be born again without a hint; opaque terms were bound by hints.
    m.hints.clear();
    for (size_t i = m.symbols.base(); i < m.symbols.size(); ++i)
      m.bind_hint(m.symbols[i]);
  }
  m.sources.shorten(s.mark.sources);
  for (size_t i = s.mark.source_names; i < m.source_names.size(); ++i) {
    m.known_sources.erase(m.source_names[i]);
  }
  m.source_names.shorten(s.mark.source_names);
  for (size_t i = s.mark.duck; i < m.duck_log.size(); ++i) {
    m.duck.erase(m.duck_log[i].first);
  }
  m.duck_log.shorten(s.mark.duck);
  for (size_t i = s.mark.dimensions; i < m.dimension_log.size(); ++i) {
    m.dimensions.erase(m.dimension_log[i].first);
  }
  m.dimension_log.shorten(s.mark.dimensions);
  for (size_t i = s.mark.promised; i < m.promised_log.size(); ++i) {
    m.promised.erase(m.promised_log[i]);
  }
  m.promised_log.shorten(s.mark.promised);
  m.records.shorten(s.mark.records);
  m.position = s.position;
  m.location = s.location;
  m.forget_points();
}

void Env::enter_branch(Expr condition) {
  CONGRUA_CHECK(condition.is_bool(), "a branch has a proposition");
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  m.push_views();
  m.branch_parents.push_back(m.branches.empty() ? 0 : m.branches.back().number);
  m.branches.push_back(
      {static_cast<uint32_t>(m.branch_parents.size()), m.scopes.size() - 1});
  ++m.position;
  m.put(condition, FactClass::kPromise, m.branches.back().number);
}

void Env::leave_branch() {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  CONGRUA_CHECK(!m.branches.empty(), "leave_branch without enter_branch");
  CONGRUA_CHECK(m.branches.back().scope + 1 == m.scopes.size(),
                "leave_branch of a branch that was entered before push");
  // What was stated inside and holds everywhere is taken in again.
  m.pop_views();
  m.branches.pop_back();
  m.forget_points();
}

}  // namespace congrua::shape
