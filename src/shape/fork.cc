// Forks of a frozen environment, and what two of them have in common.
#include <algorithm>

#include "base/check.h"
#include "expr/builder.h"
#include "shape/env_impl.h"

namespace congrua::shape {

using internal::Builder;
using internal::Node;

Env::Impl::Impl(ForkOf of)
    : parent(&of.parent),
      owned(std::make_unique<ExprPool>(ExprPool::ChildOf{of.parent.pool})),
      pool(*owned),
      opaques(&of.parent.opaques),
      awaits_eval(&of.parent.awaits_eval),
      promised(&of.parent.promised),
      promised_log(&of.parent.promised_log),
      symbols(&of.parent.symbols),
      symbol_index(&of.parent.symbol_index),
      sources(&of.parent.sources),
      source_names(&of.parent.source_names),
      known_sources(&of.parent.known_sources),
      duck_log(&of.parent.duck_log),
      duck(&of.parent.duck),
      dimensions(&of.parent.dimensions),
      dimension_log(&of.parent.dimension_log),
      records(&of.parent.records),
      location(of.parent.location),
      position(of.parent.position),
      branches(of.parent.branches),
      branch_parents(of.parent.branch_parents),
      scopes(of.parent.scopes),
      hints(&of.parent.hints) {
  of.parent.forks.fetch_add(1, std::memory_order_relaxed);
}

Env::Impl::~Impl() {
  CONGRUA_CHECK(forks.load(std::memory_order_acquire) == 0,
                "an environment outlives its forks");
  if (parent != nullptr) parent->forks.fetch_sub(1, std::memory_order_release);
}

Env::Env(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

void Env::freeze() {
  Impl& m = *impl_;
  m.pool.freeze();
  m.frozen = true;
}

bool Env::frozen() const { return impl_->frozen; }

Env Env::fork() const {
  CONGRUA_CHECK(impl_->frozen, "forks stand on an environment that is frozen");
  return Env(std::make_unique<Impl>(Impl::ForkOf{*impl_}));
}

namespace {

class Merge {
 public:
  Merge(Env& a, Env& b, Env& out) : a_(a), b_(b), out_(out), parent_(*a.impl().parent) {}

  absl::Status run() {
    for (Env* from : {&a_, &b_}) {
      const bool same =
          std::ranges::equal(from->impl().branches, parent_.branches, {},
                             &Env::Impl::Branch::number, &Env::Impl::Branch::number);
      if (same) continue;
      return absl::FailedPreconditionError(
          "merge: a fork is in other branches than its parent");
    }
    for (Env* from : {&a_, &b_}) {
      if (absl::Status s = sources(from->impl()); !s.ok()) return s;
    }
    Env::Impl& m = out_.impl();
    m.position = std::max(a_.position(), b_.position());
    for (Env* from : {&a_, &b_}) {
      if (absl::Status s = entry_guards(*from); !s.ok()) return s;
    }
    common(a_, b_);
    common(b_, a_);
    return absl::OkStatus();
  }

 private:
  // Does every symbol of it belong to the parent?
  bool is_parents(const Node* root) {
    std::vector<const Node*> stack{root};
    absl::flat_hash_set<const Node*> seen;
    while (!stack.empty()) {
      const Node* n = stack.back();
      stack.pop_back();
      // What the parent's pool holds has the parent's symbols alone.
      if (Builder::of(parent_.pool).stands_on(Builder::of(n))) continue;
      if (!seen.insert(n).second) continue;
      if (n->op == Op::kSymbol) return false;
      internal::for_each_child(n, [&](const Node* c) { stack.push_back(c); });
    }
    return true;
  }
  bool is_parents(Expr e) { return is_parents(Builder::node(e)); }

  absl::Status sources(const Env::Impl& from) {
    for (size_t i = from.symbols.base(); i < from.symbols.size(); ++i) {
      const SymbolInfo& s = from.symbols[i];
      if (s.kind == Kind::kUnbacked) continue;
      return absl::FailedPreconditionError(
          cat("merge: the source ", s.source.empty() ? s.symbol.name() : s.source,
              " became a symbol in a fork; sizes are made before forking"));
    }
    Env::Impl& m = out_.impl();
    for (size_t i = from.sources.base(); i < from.sources.size(); ++i) {
      const SourceValue& s = from.sources[i];
      if (!is_parents(s.value)) {
        return absl::FailedPreconditionError(
            cat("merge: the source ", s.source, " has a value that a fork alone knows"));
      }
      const Expr value = *m.pool.import(s.value);
      if (m.known_sources.insert(s.source, true)) {
        m.source_names.push_back(s.source);
        m.sources.push_back({s.source, value, s.location});
        continue;
      }
      bool same = false;
      for (const SourceValue& known : m.sources) {
        same = same || (known.source == s.source && known.value == value);
      }
      if (!same) {
        return absl::FailedPreconditionError(
            cat("merge: the source ", s.source, " has another value in each fork"));
      }
    }
    return absl::OkStatus();
  }

  bool state(Expr fact, FactClass c, const Record& origin) {
    Env::Impl& m = out_.impl();
    const internal::UseChild use(Builder::of(m.pool));
    m.location = origin.location;
    return m.state(fact, c);
  }

  bool stated(Expr fact, Classes classes) {
    return out_.is_known(fact, {.classes = classes}).truth == Truth::kTrue;
  }

  absl::Status entry_guards(Env& from) {
    const Env::Impl& f = from.impl();
    for (size_t i = f.records.base(); i < f.records.size(); ++i) {
      const Record& r = f.records[i];
      if ((only(r.fact_class) & kAtEntry) == 0) continue;
      // Guards read inputs, and those are the parent's: sources() made sure.
      if (!is_parents(r.fact)) {
        return absl::FailedPreconditionError(
            cat("merge: the guard ", f.describe(r), " reads a symbol of a fork"));
      }
      const Expr fact = *out_.pool().import(r.fact);
      if (!stated(fact, kAtEntry) && !state(fact, r.fact_class, r)) {
        return absl::FailedPreconditionError(cat("merge: the guard ", f.describe(r),
                                                 " contradicts those of the other fork"));
      }
    }
    return absl::OkStatus();
  }

  // Facts that were stated in one way through the program and hold after the other too.
  void common(Env& from, Env& other) {
    const Env::Impl& f = from.impl();
    for (size_t i = f.records.base(); i < f.records.size(); ++i) {
      const Record& r = f.records[i];
      if ((only(r.fact_class) & kAtEntry) != 0 || !is_parents(r.fact)) continue;
      if (!f.holds_here(r, kAllClasses)) continue;
      const std::optional<Expr> there = other.pool().import(r.fact);
      if (!there) continue;
      // As little as will do: without assumptions first.
      Question q{.classes = kAtEntry};
      Explanation e = other.explain(*there, q);
      for (const Classes more : {kEnforced, kAllClasses}) {
        if (e.known.truth == Truth::kTrue) break;
        q.classes = more;
        e = other.explain(*there, q);
      }
      if (e.known.truth != Truth::kTrue) continue;
      const bool assumed =
          r.fact_class == FactClass::kAssume || (q.classes == kAllClasses);
      const FactClass c = assumed ? FactClass::kAssume : FactClass::kPromise;
      const Expr fact = *out_.pool().import(r.fact);
      if (!stated(fact, assumed ? kAllClasses : kEnforced)) (void)state(fact, c, r);
    }
  }

  Env& a_;
  Env& b_;
  Env& out_;
  const Env::Impl& parent_;
};

}  // namespace

absl::StatusOr<Env> Env::merge(Env& a, Env& b) {
  const Impl* parent = a.impl().parent;
  CONGRUA_CHECK(parent != nullptr && parent == b.impl().parent,
                "merge takes two forks of one environment");
  Env out(std::make_unique<Impl>(Impl::ForkOf{*parent}));
  const std::string location = a.impl().location;
  if (absl::Status s = Merge(a, b, out).run(); !s.ok()) return s;
  out.impl().location = location;
  return out;
}

}  // namespace congrua::shape
