#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "congrua/shape.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "shape/env_impl.h"

namespace congrua::shape {

using internal::Builder;
using internal::Node;

std::string_view class_name(FactClass c) {
  switch (c) {
    case FactClass::kBirth:
      return "birth";
    case FactClass::kGuard:
      return "guard";
    case FactClass::kPromise:
      return "promise";
    case FactClass::kAssert:
      return "assert";
    case FactClass::kAssume:
      return "assume";
  }
  return "birth";
}

Env::Impl::Impl(ExprPool* given)
    : owned(given == nullptr ? std::make_unique<ExprPool>() : nullptr),
      pool(given == nullptr ? *owned : *given) {}

Env::Env() : impl_(std::make_unique<Impl>(nullptr)) {}
Env::Env(ExprPool& pool) : impl_(std::make_unique<Impl>(&pool)) {}
Env::~Env() = default;
Env::Env(Env&&) noexcept = default;
Env& Env::operator=(Env&&) noexcept = default;

ExprPool& Env::pool() { return impl_->pool; }
void Env::set_location(std::string location) { impl_->location = std::move(location); }
uint32_t Env::position() const { return impl_->position; }
size_t Env::num_records() const { return impl_->records.size(); }
bool Env::is_unbacked(Expr symbol) const {
  const SymbolInfo* info = impl_->info_of(symbol);
  return info != nullptr && info->kind == Kind::kUnbacked;
}
const Record& Env::record(RecordId id) const {
  CONGRUA_CHECK(id < impl_->records.size(), "no such record");
  return impl_->records[id];
}

// ---- Views

Env::Impl::Mark Env::Impl::mark() const {
  return {symbols.size(),       sources.size(),      source_names.size(), duck_log.size(),
          dimension_log.size(), promised_log.size(), records.size()};
}

bool Env::Impl::holds_here(const Record& r, Classes classes) const {
  if ((only(r.fact_class) & classes) == 0) return false;
  if (r.branch == 0 || (only(r.fact_class) & kAtEntry) != 0) return true;
  return std::ranges::any_of(branches,
                             [&](const Branch& b) { return b.number == r.branch; });
}

void Env::Impl::bring(Lens& lens, size_t to_record, size_t to_symbol) {
  for (; lens.symbols < to_symbol; ++lens.symbols) {
    const SymbolInfo& s = symbols[lens.symbols];
    const Node* n = Builder::node(s.symbol);
    if (s.kind == Kind::kFloat && !s.may_be_nan) {
      FloatHull number;
      number.nan = false;
      lens.view->add_hull(n, number);
    }
    if (lens.oblivious && s.at_least_two) {
      lens.view->add(ge(s.symbol, pool.constant(2)), kGiven);
    }
  }
  for (; lens.records < to_record; ++lens.records) {
    const Record& r = records[lens.records];
    if (holds_here(r, lens.classes)) {
      lens.view->add(r.fact, static_cast<RecordId>(lens.records));
    }
  }
}

View& Env::Impl::view(Classes classes, bool oblivious) {
  CONGRUA_CHECK(!frozen, "the environment is frozen: ask a fork");
  for (const auto& lens : lenses) {
    if (lens->classes != classes || lens->oblivious != oblivious) continue;
    bring(*lens, records.size(), symbols.size());
    return *lens->view;
  }
  lenses.push_back(std::make_unique<Lens>());
  Lens& lens = *lenses.back();
  lens.classes = classes;
  lens.oblivious = oblivious;
  lens.view = std::make_unique<View>(pool, opaques, terms);
  for (const Mark& m : scopes) {
    bring(lens, m.records, m.symbols);
    lens.view->push();
  }
  bring(lens, records.size(), symbols.size());
  return *lens.view;
}

void Env::Impl::push_views() {
  scopes.push_back(mark());
  for (const auto& lens : lenses) {
    bring(*lens, records.size(), symbols.size());
    lens->view->push();
  }
}

void Env::Impl::pop_views() {
  const Mark m = scopes.back();
  scopes.pop_back();
  for (const auto& lens : lenses) {
    lens->view->pop();
    lens->records = m.records;
    lens->symbols = m.symbols;
  }
}

// ---- Facts

RecordId Env::Impl::put(Expr fact, FactClass c, uint32_t in_branch) {
  CONGRUA_CHECK(!frozen, "the environment is frozen: use a fork");
  records.push_back({fact, c, position, in_branch, location});
  return static_cast<RecordId>(records.size() - 1);
}

bool Env::Impl::state(Expr fact, FactClass c) {
  ++position;
  const bool entry = (only(c) & kAtEntry) != 0;
  put(fact, c, entry || branches.empty() ? 0 : branches.back().number);
  return !view(kAllClasses).contradictory();
}

// ---- Symbols

std::string Env::Impl::fresh_name(std::string_view prefix, std::string_view wanted,
                                  const SymbolOptions& options) {
  if (!wanted.empty()) return std::string(wanted);
  // Numbers below are those of inputs: ten thousand sizes do not ask for each of them.
  size_t& first = first_numbers[std::string(prefix)];
  for (size_t i = first;; ++i) {
    std::string name = cat(prefix, i);
    const std::optional<Expr> known = pool.find_symbol(name);
    if (!known || may_be_reborn(*known, options)) return name;
    if (i == first && info_of(*known) != nullptr) ++first;
  }
}

// A name that the host chose may not be that of another input, or they would be one.
bool Env::Impl::name_is_taken(std::string_view name, const SymbolOptions& options) const {
  if (name.empty()) return false;
  const std::optional<Expr> known = pool.find_symbol(name);
  return known && (info_of(*known) != nullptr || known->sort() != options.sort ||
                   known->range() != options.range);
}

// A symbol that pop took back may be born again, as what it was in the pool.
bool Env::Impl::may_be_reborn(Expr symbol, const SymbolOptions& options) const {
  return symbol_index.contains(Builder::node(symbol)) && info_of(symbol) == nullptr &&
         symbol.sort() == options.sort && symbol.range() == options.range;
}

void Env::Impl::bind_hint(const SymbolInfo& info) {
  if (!info.has_hint || info.kind == Kind::kFloat) return;
  hints.set(Builder::node(info.symbol), Int(info.hint));
}

SymbolInfo& Env::Impl::born(SymbolInfo info) {
  info.location = location;
  return born_again(std::move(info));
}

SymbolInfo& Env::Impl::born_again(SymbolInfo info) {
  CONGRUA_CHECK(!frozen, "the environment is frozen: use a fork");
  symbol_index.replace(Builder::node(info.symbol), static_cast<uint32_t>(symbols.size()));
  bind_hint(info);
  return symbols.push_back(std::move(info));
}

const SymbolInfo* Env::Impl::info_of(const Node* symbol) const {
  const uint32_t* i = symbol_index.find(symbol);
  return i == nullptr || *i >= symbols.size() ||
                 Builder::node(symbols[*i].symbol) != symbol
             ? nullptr
             : &symbols[*i];
}
const SymbolInfo* Env::Impl::info_of(Expr symbol) const {
  return info_of(Builder::node(symbol));
}

absl::Status Env::Impl::new_source(std::string_view source) {
  CONGRUA_CHECK(!frozen, "the environment is frozen: use a fork");
  if (!source.empty() && !known_sources.insert(std::string(source), true)) {
    return absl::AlreadyExistsError(cat("the source ", source, " is known"));
  }
  source_names.emplace_back(source);
  return absl::OkStatus();
}

namespace {

absl::Status known_symbol(std::string_view name) {
  return absl::AlreadyExistsError(cat("the symbol ", name, " is known"));
}

constexpr SymbolOptions kBool{.sort = Sort::kBool};
constexpr SymbolOptions kReal{.sort = Sort::kReal};
constexpr SymbolOptions kJagged{.range = {.lo = 2, .hi = std::nullopt}};

std::string text_of(const Range& r) {
  return cat(r.lo ? cat(*r.lo) : std::string("-oo"), " to ",
             r.hi ? cat(*r.hi) : std::string("oo"));
}

}  // namespace

// Does the hint agree with what is declared?
absl::Status Env::Impl::check_declared(std::string_view source, int64_t hint,
                                       const SizeOptions& o) {
  const auto refuse = [&](std::string_view why) {
    return absl::InvalidArgumentError(cat(source, " is ", hint, ", ", why));
  };
  if (o.multiple_of < 1) return refuse("declared a multiple of less than 1");
  if ((o.range.lo && hint < *o.range.lo) || (o.range.hi && hint > *o.range.hi)) {
    return refuse(cat("declared to be ", text_of(o.range)));
  }
  if (hint % o.multiple_of != 0) {
    return refuse(cat("declared a multiple of ", o.multiple_of));
  }
  if (o.equal_to) {
    CONGRUA_CHECK(o.equal_to->is_int(), "a size equals an integer");
    if (!only_inputs(*o.equal_to)) {
      return refuse(cat("declared equal to ", with_sources(*o.equal_to),
                        ", which reads a value that comes from data"));
    }
    const std::optional<int64_t> other = int64_at_hints(*o.equal_to);
    if (!other && without_hint(*o.equal_to) == nullptr) {
      return refuse(cat("declared equal to ", with_sources(*o.equal_to),
                        ", which divides by 0 or exceeds int64"));
    }
    if (other && *other != hint) {
      return refuse(
          cat("declared equal to ", with_sources(*o.equal_to), ", which is ", *other));
    }
  }
  if (o.dimension.empty()) return absl::OkStatus();
  const Expr* named = dimensions.find(o.dimension);
  const std::optional<int64_t> other =
      named != nullptr ? int64_at_hints(*named) : std::nullopt;
  if (other && *other != hint) {
    return refuse(cat("but the dimension ", o.dimension, " is ", *other));
  }
  return absl::OkStatus();
}

absl::StatusOr<Expr> Env::size(std::string_view source, int64_t hint,
                               const SizeOptions& o) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  if (absl::Status s = m.check_declared(source, hint, o); !s.ok()) return s;
  // Only what the policy says is part of the symbol; what the user declares is a fact.
  SymbolOptions options{.hint = hint};
  if (o.specialize_zero_one) options.range.lo = 2;
  if (!o.specialize_zero_one && o.nonnegative) options.range.lo = 0;
  if (options.range.lo && hint < *options.range.lo) options.range.lo = std::nullopt;
  if (o.range.lo)
    options.range.lo = std::max(*o.range.lo, options.range.lo.value_or(*o.range.lo));
  options.range.hi = o.range.hi;
  if (!o.name.empty()) {
    const std::optional<Expr> known = m.pool.find_symbol(o.name);
    if (known && !m.may_be_reborn(*known, options)) return known_symbol(o.name);
  }
  if (absl::Status s = m.new_source(source); !s.ok()) return s;
  const Expr* named = o.dimension.empty() ? nullptr : m.dimensions.find(o.dimension);
  const auto name_dimension = [&](Expr value) {
    if (o.dimension.empty()) return;
    m.dimensions.replace(o.dimension, value);
    m.dimension_log.emplace_back(o.dimension, value);
  };
  const auto fact = [&](Expr f) {
    if (!f.is_true()) m.state(f, FactClass::kBirth);
  };
  // What is declared and no part of the symbol.
  const auto declared = [&](Expr value) {
    if (o.multiple_of > 1) fact(eq(floor_mod(value, o.multiple_of), m.pool.constant(0)));
    if (o.equal_to) fact(eq(value, *o.equal_to));
    return value;
  };
  // A symbol that was born without them, or a constant.
  const auto alias = [&](Expr value) {
    m.sources.push_back({std::string(source), value, m.location});
    if (o.range.lo) fact(ge(value, m.pool.constant(*o.range.lo)));
    if (o.range.hi) fact(le(value, m.pool.constant(*o.range.hi)));
    return declared(value);
  };
  const bool constant =
      o.policy == Policy::kStatic || (o.specialize_zero_one && (hint == 0 || hint == 1));
  if (constant) {
    const Expr value = m.pool.constant(hint);
    if (named != nullptr) {
      fact(eq(*named, value));
    } else {
      name_dimension(value);
    }
    return alias(value);
  }
  if (named != nullptr) return alias(*named);
  if (o.policy == Policy::kDuck && o.name.empty()) {
    if (const Expr* known = m.duck.find(hint)) {
      name_dimension(*known);
      return alias(*known);
    }
  }
  SymbolInfo info{.symbol = m.pool.symbol(m.fresh_name("s", o.name, options), options),
                  .kind = Kind::kSize,
                  .source = std::string(source),
                  .location = {}};
  info.has_hint = true;
  info.hint = hint;
  info.may_guard = o.may_guard;
  info.typical = o.typical;
  info.constrained =
      o.range.lo || o.range.hi || o.multiple_of > 1 || o.policy == Policy::kDynamic;
  info.declared = o.range;
  info.multiple_of = o.multiple_of;
  const Expr s = m.born(std::move(info)).symbol;
  if (o.policy == Policy::kDuck && m.duck.insert(hint, s)) {
    m.duck_log.emplace_back(hint, s);
  }
  name_dimension(s);
  return declared(s);
}

absl::Status Env::unify(std::string_view source, Expr value) {
  CONGRUA_CHECK(Builder::of(impl_->pool).holds(Builder::node(value)),
                "a term of another pool");
  const internal::UseChild use(Builder::of(impl_->pool));
  if (absl::Status s = impl_->check_read_at_entry(source, value); !s.ok()) return s;
  if (absl::Status s = impl_->new_source(source); !s.ok()) return s;
  impl_->sources.push_back({std::string(source), value, impl_->location});
  return absl::OkStatus();
}

absl::Status Env::declare(Expr symbol, std::string_view source,
                          std::optional<int64_t> hint) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  CONGRUA_CHECK(symbol.op() == Op::kSymbol && symbol.sort() != Sort::kReal,
                "an input is an integer or boolean symbol");
  if (m.info_of(symbol) != nullptr) return known_symbol(symbol.name());
  const Range birth = symbol.is_bool() ? Range{.lo = 0, .hi = 1} : symbol.range();
  if (hint && ((birth.lo && *hint < *birth.lo) || (birth.hi && *hint > *birth.hi))) {
    return absl::InvalidArgumentError(
        cat(source, " is ", *hint, ", ", symbol.name(), " ranges over ", text_of(birth)));
  }
  if (absl::Status s = m.new_source(source); !s.ok()) return s;
  SymbolInfo info{.symbol = symbol,
                  .kind = symbol.is_bool() ? Kind::kBool : Kind::kSize,
                  .source = std::string(source),
                  .location = {}};
  info.has_hint = hint.has_value();
  info.hint = hint.value_or(0);
  m.born(std::move(info));
  return absl::OkStatus();
}

Expr Env::unbacked(const UnbackedOptions& o) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  CONGRUA_CHECK(!m.name_is_taken(o.name, {}), "the name of an unbacked symbol is known");
  // The range is what an operator promises: a fact of its own, not part of the symbol.
  SymbolInfo info{.symbol = m.pool.symbol(m.fresh_name("u", o.name, {})),
                  .kind = Kind::kUnbacked,
                  .source = {},
                  .location = {}};
  info.at_least_two = o.size_like;
  info.typical = o.typical;
  const Expr u = m.born(std::move(info)).symbol;
  if (o.range.lo) m.state(ge(u, m.pool.constant(*o.range.lo)), FactClass::kPromise);
  if (o.range.hi) m.state(le(u, m.pool.constant(*o.range.hi)), FactClass::kPromise);
  return u;
}

absl::StatusOr<Expr> Env::boolean(std::string_view source, bool hint, std::string name) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  if (m.name_is_taken(name, kBool)) return known_symbol(name);
  if (absl::Status s = m.new_source(source); !s.ok()) return s;
  SymbolInfo info{.symbol = m.pool.symbol(m.fresh_name("b", name, kBool), kBool),
                  .kind = Kind::kBool,
                  .source = std::string(source),
                  .location = {}};
  info.has_hint = true;
  info.hint = hint ? 1 : 0;
  return m.born(std::move(info)).symbol;
}

absl::StatusOr<Expr> Env::float64(std::string_view source, double hint,
                                  const FloatOptions& o) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  if (std::isnan(hint) && !o.may_be_nan) {
    return absl::InvalidArgumentError(
        cat(source, " is NaN, which was not declared (may_be_nan)"));
  }
  if (m.name_is_taken(o.name, kReal)) return known_symbol(o.name);
  if (absl::Status s = m.new_source(source); !s.ok()) return s;
  SymbolInfo info{.symbol = m.pool.symbol(m.fresh_name("f", o.name, kReal), kReal),
                  .kind = Kind::kFloat,
                  .source = std::string(source),
                  .location = {}};
  info.has_hint = true;
  info.float_hint = hint;
  info.may_guard = o.may_guard;
  info.may_be_nan = o.may_be_nan;
  return m.born(std::move(info)).symbol;
}

Expr Env::nested(std::string_view source, std::string name) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  CONGRUA_CHECK(!m.name_is_taken(name, kJagged), "the name of a jagged size is known");
  SymbolInfo info{.symbol = m.pool.symbol(m.fresh_name("j", name, kJagged), kJagged),
                  .kind = Kind::kNested,
                  .source = std::string(source),
                  .location = {}};
  info.may_guard = false;
  return m.born(std::move(info)).symbol;
}

Expr Env::opaque(std::string_view name, std::span<const Expr> args,
                 const OpaqueOptions& options) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  CONGRUA_CHECK(!m.frozen, "the environment is frozen: use a fork");
  const Range& range = options.range;
  CONGRUA_CHECK(!range.lo || !range.hi || *range.lo <= *range.hi,
                "an opaque integer has a value");
  CONGRUA_CHECK(options.multiple_of >= 1 && options.monotone_in >= -1,
                "a multiple of at least 1, monotone in an argument or in none");
  const std::string key(name);
  if (!m.opaques.insert(key, options) && options.eval != nullptr) {
    const bool* awaits = m.awaits_eval.find(key);
    if (awaits != nullptr && *awaits) {
      m.awaits_eval.replace(key, false);
      OpaqueOptions supplied = *m.opaques.find(key);
      supplied.eval = options.eval;
      m.opaques.replace(key, supplied);
    }
  }
  const Expr e = m.pool.opaque(name, args);
  if (!args.empty() || !m.promised.insert(key, true)) return e;
  m.promised_log.push_back(key);
  // One value for the whole program: what is declared of it is a fact like others.
  const OpaqueOptions declared = *m.opaques.find(key);
  const auto promise = [&](Expr fact) { m.state(fact, FactClass::kPromise); };
  if (declared.range.lo) promise(ge(e, m.pool.constant(*declared.range.lo)));
  if (declared.range.hi) promise(le(e, m.pool.constant(*declared.range.hi)));
  if (declared.multiple_of > 1) {
    promise(eq(floor_mod(e, declared.multiple_of), m.pool.constant(0)));
  }
  return e;
}

Env::SuppressGuards::SuppressGuards(Env& env) : env_(env) { ++env_.impl_->suppressed; }
Env::SuppressGuards::~SuppressGuards() { --env_.impl_->suppressed; }

}  // namespace congrua::shape
