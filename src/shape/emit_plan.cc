// Which conditions a function tests, in which order, and what asked for them.
//
// Canonical terms rest on the ranges that symbols were born with, so these are tested
// before any term is computed; the set leaves them out.
#include <algorithm>
#include <set>
#include <utility>

#include "congrua/eval.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "expr/walk.h"
#include "shape/emit.h"

namespace congrua::shape::emit {

using internal::args_of;
using internal::Builder;

namespace {

constexpr int64_t kSteps = 50'000;
constexpr size_t kMaxPlaces = 4;

struct Bound {
  const Node* symbol;
  Range range;
};

// What a proposition says of a symbol: s >= c, s <= c, s == c.
std::optional<Bound> bound_of(const Node* n) {
  if (n->op != Op::kGe && n->op != Op::kEq) return std::nullopt;
  const Node* sum = args_of(n)[0];
  if (sum->sort != Sort::kInt) return std::nullopt;
  const internal::LinearView view(sum);
  if (view.terms().size() != 1) return std::nullopt;
  const internal::Term t = *view.terms().begin();
  const std::optional<int64_t> c = view.constant().to_int64();
  const bool up = t.coef == Int(1), down = t.coef == Int(-1);
  if (t.mono->op != Op::kSymbol || !c || *c == INT64_MIN || !(up || down)) {
    return std::nullopt;
  }
  Bound b{t.mono, {}};
  const int64_t end = up ? -*c : *c;
  if (up || n->op == Op::kEq) b.range.lo = end;
  if (down || n->op == Op::kEq) b.range.hi = end;
  return b;
}

bool simple(const Node* value) {
  return value->op == Op::kConst || value->op == Op::kSymbol ||
         (value->op == Op::kOpaque && args_of(value).empty());
}

class Planner {
 public:
  Planner(Env& env, const GuardSet& set)
      : env_(env), m_(env.impl()), set_(set), facts_(env.pool()) {}

  absl::StatusOr<Plan> run() {
    if (set_.guards.size() != set_.origins.size()) return foreign();
    for (const RecordId id : set_.origins) {
      if (id >= m_.records.size()) return foreign();
    }
    make_inputs();
    for (size_t i = 0; i < set_.sources.size(); ++i) {
      if (!simple(Builder::node(set_.sources[i].value))) continue;
      if (absl::Status s = add_source(i); !s.ok()) return s;
    }
    if (absl::Status s = add_ranges(); !s.ok()) return s;
    for (size_t i = 0; i < set_.guards.size(); ++i) {
      const Record& r = m_.records[set_.origins[i]];
      if (absl::Status s =
              add(ConditionKind::kGuard, set_.guards[i], r.location, set_.origins[i]);
          !s.ok()) {
        return s;
      }
    }
    for (size_t i = 0; i < set_.sources.size(); ++i) {
      if (simple(Builder::node(set_.sources[i].value))) continue;
      if (absl::Status s = add_source(i); !s.ok()) return s;
    }
    return std::move(plan_);
  }

 private:
  static absl::Status foreign() {
    return absl::InvalidArgumentError(
        "guard_text: the guards are of another environment");
  }

  // Symbols that are read anywhere: sizes of jagged dimensions are inputs only then.
  void make_inputs() {
    absl::flat_hash_set<const Node*> read;
    const auto reads = [&](Expr e) {
      for (const Node* n : internal::symbols_below(Builder::node(e))) {
        read.insert(n);
      }
    };
    for (const Expr e : set_.domains) reads(e);
    for (const Expr e : set_.guards) reads(e);
    for (const SourceValue& s : set_.sources) reads(s.value);
    std::array<size_t, 3> sizes{};
    const auto add = [&](std::string source, std::string location, Sort sort,
                         std::optional<Expr> symbol) {
      const size_t index = sizes[static_cast<size_t>(sort)]++;
      plan_.inputs.push_back(
          {std::move(source), std::move(location), sort, index, symbol});
    };
    for (const SymbolInfo& s : m_.symbols) {
      const Node* n = Builder::node(s.symbol);
      if (s.kind == Kind::kUnbacked || (s.kind == Kind::kNested && !read.contains(n))) {
        continue;
      }
      input_of_[n] = plan_.inputs.size();
      add(s.source.empty() ? std::string(s.symbol.name()) : s.source, s.location,
          s.symbol.sort(), s.symbol);
    }
    first_source_ = plan_.inputs.size();
    for (const SourceValue& s : set_.sources) {
      add(s.source, s.location, s.value.sort(), std::nullopt);
    }
  }

  // kFailedPrecondition where e reads what is no input.
  absl::Status check_inputs(Expr e, std::string_view location) {
    for (const Node* n : internal::symbols_below(Builder::node(e))) {
      if (input_of_.contains(n)) continue;
      std::string why = cat("guard_text: ", m_.with_sources(e), " reads ",
                            Builder::expr(n).name(), ", which is no input");
      if (!location.empty()) append(why, " (", location, ")");
      return absl::FailedPreconditionError(why);
    }
    return absl::OkStatus();
  }

  absl::Status add_source(size_t i) {
    const SourceValue& s = set_.sources[i];
    if (absl::Status ok = check_inputs(s.value, s.location); !ok.ok()) return ok;
    if (absl::Status ok = add_divisors(s.value, s.location, std::nullopt); !ok.ok()) {
      return ok;
    }
    Planned p;
    p.shown = {ConditionKind::kSource, cat(s.source, " == ", m_.with_sources(s.value)),
               s.location, std::nullopt};
    p.input = first_source_ + i;
    p.value = s.value;
    plan_.conditions.push_back(std::move(p));
    return absl::OkStatus();
  }

  using Places = std::vector<std::string>;
  static void add_place(Places& places, const std::string& at) {
    if (at.empty() || std::ranges::find(places, at) != places.end()) return;
    places.push_back(at);
  }
  static std::string text_of(const Places& places) {
    std::string text;
    for (size_t i = 0; i < std::min(places.size(), kMaxPlaces); ++i) {
      append(text, i == 0 ? "" : ", ", places[i]);
    }
    if (places.size() > kMaxPlaces) text += ", ...";
    return text;
  }
  // Where the program was when the facts were stated that a domain follows from.
  void add_places(Places& places, Expr domain) {
    View& known = m_.view(kAtEntry);
    for (const RecordId id : known.explain(domain, kSteps, false).rests_on) {
      if (id < m_.records.size()) add_place(places, m_.records[id].location);
    }
  }

  absl::Status add_ranges() {
    absl::flat_hash_map<const Node*, Range> ranges;
    absl::flat_hash_map<const Node*, Places> asked;
    std::vector<Expr> others;
    for (const Expr d : set_.domains) {
      if (absl::Status s = check_inputs(d, ""); !s.ok()) return s;
      const std::optional<Bound> b = bound_of(Builder::node(d));
      if (!b) {
        others.push_back(d);
        continue;
      }
      Range& r = ranges[b->symbol];
      if (b->range.lo) r.lo = std::max(r.lo.value_or(INT64_MIN), *b->range.lo);
      if (b->range.hi) r.hi = std::min(r.hi.value_or(INT64_MAX), *b->range.hi);
      add_places(asked[b->symbol], d);
    }
    for (size_t i = 0; i < first_source_; ++i) {
      const Input& in = plan_.inputs[i];
      const SymbolInfo& info = *m_.info_of(*in.symbol);
      const Node* n = Builder::node(*in.symbol);
      Planned p;
      p.input = i;
      if (in.sort == Sort::kReal) {
        if (info.may_be_nan) continue;
        p.shown = {ConditionKind::kNumber, cat(in.source, " is not NaN"), info.location,
                   std::nullopt};
        plan_.conditions.push_back(std::move(p));
        continue;
      }
      if (in.sort != Sort::kInt) continue;
      const Range birth = in.symbol->range();
      Range r = ranges.contains(n) ? ranges[n] : Range{};
      bool of_birth = !ranges.contains(n);
      if (birth.lo && (!r.lo || *birth.lo > *r.lo)) r.lo = birth.lo, of_birth = true;
      if (birth.hi && (!r.hi || *birth.hi < *r.hi)) r.hi = birth.hi, of_birth = true;
      if (!r.lo && !r.hi) continue;
      std::string text;
      if (r.lo && r.lo == r.hi) {
        text = cat(in.source, " == ", *r.lo);
      } else if (r.lo && r.hi) {
        text = cat(*r.lo, " <= ", in.source, " <= ", *r.hi);
      } else {
        text = r.lo ? cat(in.source, " >= ", *r.lo) : cat(in.source, " <= ", *r.hi);
      }
      Places at;
      if (of_birth) add_place(at, info.location);
      if (ranges.contains(n)) {
        for (const std::string& place : asked[n]) add_place(at, place);
      }
      p.shown = {ConditionKind::kRange, std::move(text), text_of(at), std::nullopt};
      p.range = r;
      plan_.conditions.push_back(std::move(p));
    }
    for (const Expr d : set_.domains) (void)facts_.add(d);
    for (const Expr d : others) {
      Places at;
      add_places(at, d);
      if (absl::Status s = add(ConditionKind::kRange, d, text_of(at), std::nullopt);
          !s.ok()) {
        return s;
      }
    }
    return absl::OkStatus();
  }

  // Divisors in e that are not known to be other than 0 get conditions of their own.
  absl::Status add_divisors(Expr e, const std::string& location,
                            std::optional<RecordId> record) {
    for (const Node* d : internal::open_divisors(Builder::node(e))) {
      if (is_nonzero(facts_, d)) continue;
      const Expr nonzero = ne(Builder::expr(d), env_.pool().constant(0));
      if (absl::Status s = push(ConditionKind::kDivisor, nonzero, location, record);
          !s.ok()) {
        return s;
      }
    }
    return absl::OkStatus();
  }

  absl::Status add(ConditionKind kind, Expr e, const std::string& location,
                   std::optional<RecordId> record) {
    if (absl::Status s = check_inputs(e, location); !s.ok()) return s;
    if (absl::Status s = add_divisors(e, location, record); !s.ok()) return s;
    return push(kind, e, location, record);
  }

  absl::Status push(ConditionKind kind, Expr e, const std::string& location,
                    std::optional<RecordId> record) {
    Planned p;
    p.shown = {kind, m_.with_sources(e), location, record};
    p.condition = e;
    plan_.conditions.push_back(std::move(p));
    (void)facts_.add(e);
    return absl::OkStatus();
  }

  Env& env_;
  Env::Impl& m_;
  const GuardSet& set_;
  Facts facts_;
  Plan plan_;
  absl::flat_hash_map<const Node*, size_t> input_of_;
  size_t first_source_ = 0;  // input
};

}  // namespace

bool is_nonzero(Facts& facts, const Node* divisor) {
  const auto known = [&](const Node* d) {
    const Expr e = Builder::expr(d);
    const Expr nonzero = ne(e, e.pool().constant(0));
    if (nonzero.is_true()) return true;
    // A point at which it is 0 answers as well: the search comes last.
    for (const bool search : {false, true}) {
      const Truth truth =
          facts.decide(nonzero, {.steps = kSteps, .explain = false, .search = search})
              .truth;
      if (truth != Truth::kUnknown) return truth == Truth::kTrue;
    }
    return false;
  };
  for (const Node* d : internal::open_divisors(divisor)) {
    if (!known(d)) return false;
  }
  return known(divisor);
}

absl::StatusOr<Plan> make_plan(Env& env, const GuardSet& set) {
  return Planner(env, set).run();
}

}  // namespace congrua::shape::emit
