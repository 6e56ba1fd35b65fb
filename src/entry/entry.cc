#include "congrua/entry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "congrua/eval.h"
#include "congrua/float64.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "shape/floats.h"

namespace congrua::entry {

namespace {

using cache::Compare;
using cache::Field;
using cache::FieldKind;
using cache::FloatTest;
using internal::Builder;
using internal::Node;

FieldKind kind_of(Expr value) {
  switch (value.sort()) {
    case Sort::kBool:
      return FieldKind::kBool;
    case Sort::kReal:
      return FieldKind::kFloat;
    default:
      return FieldKind::kSize;
  }
}

absl::Status unimplemented(Expr e) {
  return absl::UnimplementedError(
      fmt::format("the guard {} computes with floats or asks an opaque function: test it "
                  "by a predicate of the host",
                  to_string(e)));
}

// A number that a double is exactly.
std::optional<double> number(Expr e) {
  if (const std::optional<int64_t> v = e.as_const(); v && e.is_int()) {
    constexpr int64_t kExact = int64_t{1} << 53;
    if (*v > kExact || *v < -kExact) return std::nullopt;
    return static_cast<double>(*v);
  }
  return as_float(e);
}

// The sets of outcomes (x less, equal, greater, unordered) that a float test can hold
// for.
std::optional<Compare> compare_of(uint8_t set) {
  using namespace shape;
  switch (set) {
    case kLess:
      return Compare::kLt;
    case kLess | kEqual:
      return Compare::kLe;
    case kGreater:
      return Compare::kGt;
    case kGreater | kEqual:
      return Compare::kGe;
    case kEqual:
      return Compare::kEq;
    case kLess | kGreater | kUnordered:
      return Compare::kNe;
    default:
      return std::nullopt;
  }
}

uint8_t mirrored(uint8_t set) {
  using namespace shape;
  return static_cast<uint8_t>((set & (kEqual | kUnordered)) |
                              ((set & kLess) != 0 ? kGreater : 0) |
                              ((set & kGreater) != 0 ? kLess : 0));
}

class Collector {
 public:
  Collector(const shape::Env& env, const shape::GuardSet& set) : env_(env), set_(set) {}

  // Everything but the schema: fields by the names of their sources.
  absl::Status collect() {
    for (const shape::Input& i : env_.inputs()) {
      inputs_.emplace(Builder::node(i.symbol), i);
      if (i.symbol.sort() == Sort::kReal) {
        if (i.may_be_nan) continue;
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        floats_.push_back({i.source, Compare::kGe, -kInfinity});  // no NaN
        float_guards_.push_back({i.location});
      } else {
        symbols_.emplace_back(i.symbol, i.source);
        symbol_guards_.push_back({i.location});
      }
    }
    for (const shape::SourceValue& s : set_.sources) {
      if (s.value.sort() == Sort::kReal) {
        const std::optional<double> v = as_float(s.value);
        if (!v || std::isnan(*v)) note(unimplemented(s.value));
        floats_.push_back({s.source, Compare::kEq, v.value_or(0)});
        float_guards_.push_back({s.location});
      } else {
        values_.emplace_back(s.source, s.value);
        value_guards_.push_back({s.location});
      }
    }
    for (const Expr d : set_.domains) add_condition(d, behind(d));
    for (size_t i = 0; i < set_.guards.size(); ++i) {
      const shape::RecordId r = set_.origins[i];
      add_condition(set_.guards[i], {env_.record(r).location, r});
    }
    return error_;
  }

  std::vector<EntryGuard> guards() const {
    std::vector<EntryGuard> out;
    for (const auto* part :
         {&symbol_guards_, &value_guards_, &condition_guards_, &float_guards_}) {
      out.insert(out.end(), part->begin(), part->end());
    }
    return out;
  }

  absl::StatusOr<cache::GuardProgram> compile(const cache::Schema& schema) const {
    cache::Guards g;
    std::string lacking;
    const auto field = [&](const std::string& source) {
      const std::optional<size_t> at = schema.find(source);
      if (!at && lacking.empty()) lacking = source;
      return at.value_or(0);
    };
    for (const auto& [symbol, source] : symbols_) {
      g.symbols.push_back({symbol, field(source)});
    }
    for (const auto& [source, value] : values_)
      g.values.push_back({field(source), value});
    g.conditions = conditions_;
    for (const NamedFloat& f : floats_) {
      g.floats.push_back({field(f.source), f.compare, f.value});
    }
    if (!lacking.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("the schema has no field {}", lacking));
    }
    for (const FloatTest& t : g.floats) {
      if (schema.field(t.field).equality != cache::FloatEquality::kIeee) {
        return absl::InvalidArgumentError(fmt::format(
            "the field {} is compared by its bits", schema.field(t.field).name));
      }
    }
    for (const EntryGuard& e : guards()) g.positions.push_back(e.position);
    return cache::GuardProgram::compile(schema, g);
  }

 private:
  struct NamedFloat {
    std::string source;
    Compare compare;
    double value;
  };

  void note(absl::Status s) {
    if (error_.ok()) error_ = std::move(s);
  }

  // A domain is what several facts left of one symbol: the last of those that read it
  // alone, since earlier ones left more.
  EntryGuard behind(Expr domain) const {
    const std::vector<Expr> symbols = free_symbols(domain);
    EntryGuard out;
    for (size_t r = env_.num_records(); r-- > 0;) {
      const shape::Record& record = env_.record(static_cast<shape::RecordId>(r));
      if ((shape::only(record.fact_class) & shape::kAtEntry) == 0) continue;
      if (free_symbols(record.fact) != symbols) continue;
      return {record.location, static_cast<shape::RecordId>(r)};
    }
    if (!symbols.empty()) {
      const auto at = inputs_.find(Builder::node(symbols[0]));
      if (at != inputs_.end()) out.position = at->second.location;
    }
    return out;
  }

  void add_condition(Expr e, EntryGuard guard) {
    const bool negated = e.op() == Op::kNot;
    const Expr inner = negated ? e.arg(0) : e;
    const auto c = shape::float_comparison(Builder::node(inner));
    if (!c) {
      conditions_.push_back(e);
      condition_guards_.push_back(std::move(guard));
      return;
    }
    uint8_t outcomes =
        negated ? static_cast<uint8_t>(shape::kAnyOutcome & ~c->set) : c->set;
    Expr x = Builder::expr(c->left);
    Expr v = Builder::expr(c->right);
    if (x.op() != Op::kSymbol) {
      std::swap(x, v);
      outcomes = mirrored(outcomes);
    }
    const auto input = inputs_.find(Builder::node(x));
    const std::optional<double> bound = number(v);
    if (input == inputs_.end() || x.sort() != Sort::kReal || !bound ||
        std::isnan(*bound)) {
      return note(unimplemented(e));
    }
    std::optional<Compare> compare = compare_of(outcomes);
    if (!compare && !input->second.may_be_nan) {
      // NaN is refused by a test of its own, or allowed here for the float that passes
      // it.
      compare = compare_of(static_cast<uint8_t>(outcomes ^ shape::kUnordered));
    }
    if (!compare) return note(unimplemented(e));
    floats_.push_back({input->second.source, *compare, *bound});
    float_guards_.push_back(std::move(guard));
  }

  const shape::Env& env_;
  const shape::GuardSet& set_;
  absl::flat_hash_map<const Node*, shape::Input> inputs_;
  std::vector<std::pair<Expr, std::string>> symbols_;  // and their sources
  std::vector<std::pair<std::string, Expr>> values_;
  std::vector<Expr> conditions_;
  std::vector<NamedFloat> floats_;
  std::vector<EntryGuard> symbol_guards_, value_guards_, condition_guards_, float_guards_;
  absl::Status error_;
};

}  // namespace

std::vector<Field> fields_of(const shape::Env& env, const shape::GuardSet& set) {
  std::vector<Field> out;
  absl::flat_hash_set<std::string> seen;
  const auto add = [&](const std::string& source, Expr value) {
    if (seen.insert(source).second) out.push_back({source, kind_of(value)});
  };
  for (const shape::Input& i : env.inputs()) add(i.source, i.symbol);
  for (const shape::SourceValue& s : set.sources) add(s.source, s.value);
  return out;
}

absl::Status merge_fields(std::vector<Field>& fields, std::span<const Field> more) {
  absl::flat_hash_map<std::string, FieldKind> known;
  for (const Field& f : fields) known.emplace(f.name, f.kind);
  std::vector<Field> fresh;
  for (const Field& f : more) {
    const auto [at, is_new] = known.emplace(f.name, f.kind);
    if (is_new) {
      fresh.push_back(f);
    } else if (at->second != f.kind) {
      return absl::InvalidArgumentError(
          fmt::format("the source {} is of two kinds", f.name));
    }
  }
  fields.insert(fields.end(), fresh.begin(), fresh.end());
  return absl::OkStatus();
}

std::vector<EntryGuard> guards_of(const shape::Env& env, const shape::GuardSet& set) {
  Collector c(env, set);
  (void)c.collect();
  return c.guards();
}

absl::StatusOr<cache::GuardProgram> compile(const cache::Schema& schema,
                                            const shape::Env& env,
                                            const shape::GuardSet& set) {
  Collector c(env, set);
  if (absl::Status s = c.collect(); !s.ok()) return s;
  return c.compile(schema);
}

}  // namespace congrua::entry
