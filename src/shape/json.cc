// Env::to_json. The library's users see text alone: nlohmann-json stays in here and in
// json_read.cc.
#include "shape/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "congrua/text.h"
#include "expr/builder.h"
#include "shape/env_impl.h"

namespace congrua::shape {

using internal::Builder;
using internal::Node;
using Json = nlohmann::ordered_json;

namespace {

template <typename T>
Json or_null(const std::optional<T>& v) {
  return v ? Json(*v) : Json(nullptr);
}

Json range_json(const Range& r) { return Json::array({or_null(r.lo), or_null(r.hi)}); }

class Writer {
 public:
  explicit Writer(const Env::Impl& m) : m_(m) {}

  absl::StatusOr<std::string> write() {
    Json out;
    out["format"] = kJsonFormat;
    out["version"] = kJsonVersion;
    out["symbols"] = Json::array();
    out["free"] = Json::array();
    for (size_t i = 0; i < m_.symbols.size(); ++i) {
      out["symbols"].push_back(symbol(m_.symbols[i]));
    }
    out["opaques"] = opaques();
    out["promised"] = m_.promised_log.to_vector();
    out["sources"] = Json::array();
    for (size_t i = 0; i < m_.sources.size(); ++i) {
      const SourceValue& s = m_.sources[i];
      out["sources"].push_back(
          {{"source", s.source}, {"value", term(s.value)}, {"location", s.location}});
    }
    out["known_sources"] = Json::array();
    for (size_t i = 0; i < m_.source_names.size(); ++i) {
      out["known_sources"].push_back(m_.source_names[i]);
    }
    out["duck"] = Json::array();
    for (size_t i = 0; i < m_.duck_log.size(); ++i) {
      out["duck"].push_back({m_.duck_log[i].first, m_.duck_log[i].second.name()});
    }
    out["dimensions"] = Json::array();
    for (size_t i = 0; i < m_.dimension_log.size(); ++i) {
      out["dimensions"].push_back(
          {m_.dimension_log[i].first, term(m_.dimension_log[i].second)});
    }
    out["records"] = Json::array();
    for (size_t i = 0; i < m_.records.size(); ++i) {
      const Record& r = m_.records[i];
      out["records"].push_back({{"fact", term(r.fact)},
                                {"class", class_name(r.fact_class)},
                                {"position", r.position},
                                {"branch", r.branch},
                                {"location", r.location}});
    }
    out["branch_parents"] = m_.branch_parents;
    out["branches"] = Json::array();
    for (const Env::Impl::Branch& b : m_.branches) {
      const Env::Impl::Mark& mark = m_.scopes[b.scope];
      out["branches"].push_back(
          {{"number", b.number}, {"symbols", mark.symbols}, {"records", mark.records}});
    }
    out["position"] = m_.position;
    out["location"] = m_.location;
    out["free"] = free_symbols();
    if (internal_) {
      return absl::InvalidArgumentError(
          "a fact holds a symbol that the engine made for itself");
    }
    try {
      return out.dump();
    } catch (const Json::type_error&) {
      return absl::InvalidArgumentError(
          "a name, a source or a location of the environment is not UTF-8");
    }
  }

 private:
  Json symbol(const SymbolInfo& s) {
    const SymbolInfo fresh{
        .symbol = s.symbol, .kind = s.kind, .source = {}, .location = {}};
    Json j;
    j["name"] = s.symbol.name();
    j["kind"] = kKindNames[static_cast<size_t>(s.kind)];
    j["range"] = range_json(s.symbol.range());
    j["source"] = s.source;
    j["location"] = s.location;
    if (s.has_hint) {
      if (s.kind == Kind::kFloat) {
        j["hint"] = fmt::format("{}", s.float_hint);
      } else {
        j["hint"] = s.hint;
      }
    }
    if (s.may_guard != fresh.may_guard) j["may_guard"] = s.may_guard;
    if (s.at_least_two != fresh.at_least_two) j["at_least_two"] = s.at_least_two;
    if (s.may_be_nan != fresh.may_be_nan) j["may_be_nan"] = s.may_be_nan;
    if (s.typical) j["typical"] = *s.typical;
    if (s.constrained != fresh.constrained) j["constrained"] = s.constrained;
    if (s.declared != fresh.declared) j["declared"] = range_json(s.declared);
    if (s.multiple_of != fresh.multiple_of) j["multiple_of"] = s.multiple_of;
    return j;
  }

  Json opaques() {
    std::vector<std::string_view> names;
    m_.opaques.for_each(
        [&](const std::string& name, const OpaqueOptions&) { names.push_back(name); });
    std::ranges::sort(names);
    Json out = Json::array();
    for (const std::string_view name : names) {
      const OpaqueOptions& o = *m_.opaques.find(std::string(name));
      out.push_back({{"name", name},
                     {"range", range_json(o.range)},
                     {"multiple_of", o.multiple_of},
                     {"monotone_in", o.monotone_in},
                     {"injective", o.injective},
                     {"cost", o.cost},
                     {"eval", o.eval != nullptr || awaits(name)}});
    }
    return out;
  }

  bool awaits(std::string_view name) const {
    const bool* v = m_.awaits_eval.find(std::string(name));
    return v != nullptr && *v;
  }

  std::string term(Expr e) {
    std::vector<const Node*> stack{Builder::node(e)};
    while (!stack.empty()) {
      const Node* n = stack.back();
      stack.pop_back();
      if (!seen_.insert(n).second) continue;
      if (n->op == Op::kSymbol && m_.info_of(n) == nullptr) free_.push_back(n);
      internal::for_each_child(n, [&](const Node* c) { stack.push_back(c); });
    }
    return to_sexpr(e);
  }

  Json free_symbols() {
    std::ranges::sort(free_, {},
                      [](const Node* n) { return internal::as_symbol(n)->name; });
    Json out = Json::array();
    for (const Node* n : free_) {
      const Expr s = Builder::expr(n);
      internal_ = internal_ || s.name().starts_with(kInternalName);
      out.push_back({{"name", s.name()},
                     {"sort", kSortNames[static_cast<size_t>(s.sort())]},
                     {"range", range_json(s.range())}});
    }
    return out;
  }

  const Env::Impl& m_;
  absl::flat_hash_set<const Node*> seen_;
  std::vector<const Node*> free_;
  bool internal_ = false;
};

}  // namespace

absl::StatusOr<std::string> Env::to_json() const { return Writer(*impl_).write(); }

}  // namespace congrua::shape
