// Env::from_json. The text may be anything: what is read is checked before it is used,
// and the first thing that is wrong is named by its place, "records[3].class".
#include <charconv>
#include <nlohmann/json.hpp>

#include "congrua/text.h"
#include "expr/builder.h"
#include "shape/env_impl.h"
#include "shape/json.h"

namespace congrua::shape {

using internal::Builder;
using Json = nlohmann::json;

namespace {

class JsonReader {
 public:
  explicit JsonReader(Env::Impl& m) : m_(m) {}

  absl::Status read(std::string_view text) {
    const Json j = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (j.is_discarded()) {
      fail("", "the text is no JSON");
    } else if (!j.is_object() || !j.contains("format") || j["format"] != kJsonFormat) {
      fail("", cat("the text is no environment: its format is not ", kJsonFormat));
    } else {
      const int64_t version = integer(j, "", "version", 1, INT64_MAX);
      if (ok() && version > kJsonVersion) {
        fail("version", cat("written by a newer program: ", version,
                            ", and this one reads ", kJsonVersion));
      }
      if (ok()) environment(j);
    }
    return status_;
  }

 private:
  bool ok() const { return status_.ok(); }
  void fail(std::string_view where, std::string_view what) {
    if (!ok()) return;
    status_ = absl::InvalidArgumentError(
        cat("environment", where.empty() ? "" : ": ", where, ": ", what));
  }

  // ---- Fields, by the place of their object. What is wrong has a value of its type.
  const Json& field(const Json& o, std::string_view at, std::string_view name) {
    static const Json kNone;
    if (o.is_object()) {
      if (const auto it = o.find(name); it != o.end()) return *it;
    }
    fail(place(at, name), "is missing");
    return kNone;
  }
  static std::string place(std::string_view at, std::string_view name) {
    return cat(at, at.empty() ? "" : ".", name);
  }
  const Json& list(const Json& o, std::string_view at, std::string_view name) {
    static const Json kEmpty = Json::array();
    const Json& l = field(o, at, name);
    if (l.is_array()) return l;
    fail(place(at, name), "a list is expected");
    return kEmpty;
  }
  std::string string(const Json& s, const std::string& at) {
    if (s.is_string()) return s.get<std::string>();
    fail(at, "a string is expected");
    return {};
  }
  std::string string(const Json& o, std::string_view at, std::string_view name) {
    return string(field(o, at, name), place(at, name));
  }
  int64_t integer(const Json& n, const std::string& at, int64_t lo = INT64_MIN,
                  int64_t hi = INT64_MAX) {
    const bool fits = n.is_number_unsigned()
                          ? n.get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX)
                          : n.is_number_integer();
    if (!fits) {
      fail(at, "an integer of 64 bits is expected");
      return std::max<int64_t>(lo, 0);
    }
    const auto v = n.get<int64_t>();
    if (v >= lo && v <= hi) return v;
    fail(at, cat(v, " is not in ", lo, " to ", hi));
    return lo;
  }
  int64_t integer(const Json& o, std::string_view at, std::string_view name,
                  int64_t lo = INT64_MIN, int64_t hi = INT64_MAX) {
    return integer(field(o, at, name), place(at, name), lo, hi);
  }
  bool boolean(const Json& o, std::string_view at, std::string_view name) {
    const Json& b = field(o, at, name);
    if (b.is_boolean()) return b.get<bool>();
    fail(place(at, name), "true or false is expected");
    return false;
  }
  std::optional<int64_t> end(const Json& n, const std::string& at) {
    if (n.is_null()) return std::nullopt;
    return integer(n, at);
  }
  Range range(const Json& o, std::string_view at, std::string_view name) {
    const Json& r = list(o, at, name);
    if (!ok()) return {};
    if (r.size() != 2) {
      fail(place(at, name), "a list of two ends is expected");
      return {};
    }
    const Range out{.lo = end(r[0], place(at, name)), .hi = end(r[1], place(at, name))};
    if (out.lo && out.hi && *out.lo > *out.hi) fail(place(at, name), "is empty");
    return out;
  }
  template <size_t N>
  size_t choice(const Json& o, std::string_view at, std::string_view name,
                const std::array<std::string_view, N>& names) {
    const std::string word = string(o, at, name);
    for (size_t i = 0; i < N; ++i) {
      if (names[i] == word) return i;
    }
    fail(place(at, name), cat("\"", word, "\" is unknown"));
    return 0;
  }
  Expr term(const std::string& text, const std::string& at) {
    if (ok()) {
      const absl::StatusOr<Expr> e =
          parse_sexpr(m_.pool, text, {.declare_symbols = false});
      if (e.ok()) return *e;
      fail(at, std::string(e.status().message()));
    }
    return m_.pool.boolean(false);
  }
  Expr term(const Json& o, std::string_view at, std::string_view name) {
    return term(string(o, at, name), place(at, name));
  }
  // Calls f(entry, its place) for the entries of a list while all is well.
  template <typename F>
  void each(const Json& o, std::string_view name, F&& f) {
    const Json& l = list(o, "", name);
    for (size_t i = 0; i < l.size() && ok(); ++i) f(l[i], cat(name, "[", i, "]"));
  }

  // ---- Parts

  void environment(const Json& j) {
    each(j, "symbols", [&](const Json& e, const std::string& at) { symbol(e, at); });
    each(j, "free", [&](const Json& e, const std::string& at) { free_symbol(e, at); });
    each(j, "opaques", [&](const Json& e, const std::string& at) { opaque(e, at); });
    each(j, "promised", [&](const Json& e, const std::string& at) {
      const std::string name = string(e, at);
      if (!m_.opaques.contains(name)) fail(at, cat(name, " is not declared"));
      if (!m_.promised.insert(name, true)) fail(at, "is there twice");
      m_.promised_log.push_back(name);
    });
    each(j, "sources", [&](const Json& e, const std::string& at) {
      m_.sources.push_back(
          {string(e, at, "source"), term(e, at, "value"), string(e, at, "location")});
    });
    each(j, "known_sources", [&](const Json& e, const std::string& at) {
      std::string source = string(e, at);
      if (!source.empty() && !m_.known_sources.insert(source, true)) {
        fail(at, cat("the source ", source, " is there twice"));
      }
      m_.source_names.push_back(std::move(source));
    });
    each(j, "duck", [&](const Json& e, const std::string& at) { duck(e, at); });
    each(j, "dimensions",
         [&](const Json& e, const std::string& at) { dimension(e, at); });
    m_.position = static_cast<uint32_t>(integer(j, "", "position", 0, UINT32_MAX));
    m_.location = string(j, "", "location");
    each(j, "branch_parents", [&](const Json& e, const std::string& at) {
      const auto count = static_cast<int64_t>(m_.branch_parents.size());
      m_.branch_parents.push_back(static_cast<uint32_t>(integer(e, at, 0, count)));
    });
    each(j, "records", [&](const Json& e, const std::string& at) { record(e, at); });
    each(j, "branches", [&](const Json& e, const std::string& at) { branch(e, at); });
  }

  // The symbol of the pool; fails where the pool has another one of that name.
  Expr declare(const std::string& name, const SymbolOptions& options,
               const std::string& at) {
    if (name.starts_with(kInternalName)) {
      fail(at, "the name is one of the engine's own");
    } else if (!names_.insert(name).second) {
      fail(at, cat("the symbol ", name, " is there twice"));
    } else if (const auto known = m_.pool.find_symbol(name);
               known &&
               (known->sort() != options.sort || known->range() != options.range)) {
      fail(at, cat("the pool has another symbol ", name));
    }
    return ok() ? m_.pool.symbol(name, options) : m_.pool.boolean(false);
  }

  static Sort sort_of(Kind kind) {
    return kind == Kind::kBool    ? Sort::kBool
           : kind == Kind::kFloat ? Sort::kReal
                                  : Sort::kInt;
  }

  void symbol(const Json& e, const std::string& at) {
    const auto kind = static_cast<Kind>(choice(e, at, "kind", kKindNames));
    SymbolOptions options{.sort = sort_of(kind), .range = range(e, at, "range")};
    const std::string name = string(e, at, "name");
    std::optional<int64_t> hint;
    double number = 0;
    if (e.contains("hint")) {
      if (kind == Kind::kFloat) {
        number = float_number(string(e, at, "hint"), at);
      } else {
        hint = integer(e, at, "hint", kind == Kind::kBool ? 0 : INT64_MIN,
                       kind == Kind::kBool ? 1 : INT64_MAX);
      }
      const Range& r = options.range;
      if (hint && ((r.lo && *hint < *r.lo) || (r.hi && *hint > *r.hi))) {
        fail(at, "the hint is out of the range");
      }
    } else if (kind != Kind::kUnbacked && kind != Kind::kNested) {
      fail(place(at, "hint"), "is missing");
    }
    if (e.contains("hint") && (kind == Kind::kUnbacked || kind == Kind::kNested)) {
      fail(place(at, "hint"), "such a symbol has none");
    }
    if (options.sort != Sort::kInt && options.range != Range{}) {
      fail(place(at, "range"), "an integer alone has one");
    }
    if (kind == Kind::kSize) options.hint = hint;
    SymbolInfo info{.symbol = declare(name, options, at),
                    .kind = kind,
                    .source = string(e, at, "source"),
                    .location = string(e, at, "location")};
    if (!ok()) return;
    info.has_hint = e.contains("hint");
    info.hint = hint.value_or(0);
    info.float_hint = number;
    if (e.contains("may_guard")) info.may_guard = boolean(e, at, "may_guard");
    if (e.contains("at_least_two")) info.at_least_two = boolean(e, at, "at_least_two");
    if (e.contains("may_be_nan")) info.may_be_nan = boolean(e, at, "may_be_nan");
    if (e.contains("typical")) info.typical = integer(e, at, "typical");
    if (e.contains("constrained")) info.constrained = boolean(e, at, "constrained");
    if (e.contains("declared")) info.declared = range(e, at, "declared");
    if (e.contains("multiple_of"))
      info.multiple_of = integer(e, at, "multiple_of", 1, INT64_MAX);
    if (kind == Kind::kFloat && number != number && !info.may_be_nan) {
      fail(place(at, "hint"), "NaN, which was not declared");
    }
    if (ok()) m_.born_again(std::move(info));
  }

  double float_number(const std::string& text, const std::string& at) {
    double v = 0;
    const auto [p, error] = std::from_chars(text.data(), text.data() + text.size(), v);
    if (error != std::errc() || p != text.data() + text.size()) {
      fail(place(at, "hint"), "a number in quotes is expected");
    }
    return v;
  }

  void free_symbol(const Json& e, const std::string& at) {
    const auto sort = static_cast<Sort>(choice(e, at, "sort", kSortNames));
    const SymbolOptions options{.sort = sort, .range = range(e, at, "range")};
    const std::string name = string(e, at, "name");
    if (ok()) (void)declare(name, options, at);
  }

  void opaque(const Json& e, const std::string& at) {
    OpaqueOptions o{.range = range(e, at, "range")};
    o.multiple_of = integer(e, at, "multiple_of", 1, INT64_MAX);
    o.monotone_in = static_cast<int>(integer(e, at, "monotone_in", -1, INT32_MAX));
    o.injective = boolean(e, at, "injective");
    o.cost = static_cast<int>(integer(e, at, "cost", INT32_MIN, INT32_MAX));
    const std::string name = string(e, at, "name");
    if (boolean(e, at, "eval")) m_.awaits_eval.insert(name, true);
    if (ok() && !m_.opaques.insert(name, o)) {
      fail(at, cat("the function ", name, " is there twice"));
    }
  }

  bool pair(const Json& e, const std::string& at) {
    if (e.is_array() && e.size() == 2) return true;
    fail(at, "a list of two is expected");
    return false;
  }

  void duck(const Json& e, const std::string& at) {
    if (!pair(e, at)) return;
    const int64_t hint = integer(e[0], at);
    const std::string name = string(e[1], at);
    const std::optional<Expr> symbol = m_.pool.find_symbol(name);
    const SymbolInfo* info = symbol ? m_.info_of(*symbol) : nullptr;
    if (info == nullptr || info->kind != Kind::kSize || info->hint != hint) {
      return fail(at, cat(name, " is no size of that hint"));
    }
    if (!m_.duck.insert(hint, *symbol)) {
      return fail(at, "the hint is there twice");
    }
    m_.duck_log.emplace_back(hint, *symbol);
  }

  void dimension(const Json& e, const std::string& at) {
    if (!pair(e, at)) return;
    const std::string name = string(e[0], at);
    const Expr value = term(string(e[1], at), at);
    if (ok() && !value.is_int()) return fail(at, "an integer is expected");
    if (!m_.dimensions.insert(name, value)) {
      return fail(at, cat("the dimension ", name, " is there twice"));
    }
    m_.dimension_log.emplace_back(name, value);
  }

  void record(const Json& e, const std::string& at) {
    const auto fact_class = static_cast<FactClass>(choice(e, at, "class", kClassNames));
    const auto position =
        static_cast<uint32_t>(integer(e, at, "position", 0, m_.position));
    const auto number = static_cast<uint32_t>(
        integer(e, at, "branch", 0, static_cast<int64_t>(m_.branch_parents.size())));
    const Expr fact = term(e, at, "fact");
    if (ok() && !fact.is_bool()) fail(place(at, "fact"), "a proposition is expected");
    std::string location = string(e, at, "location");
    if (ok()) {
      m_.records.push_back({fact, fact_class, position, number, std::move(location)});
    }
  }

  void branch(const Json& e, const std::string& at) {
    const Env::Impl::Mark last = m_.scopes.empty() ? Env::Impl::Mark{} : m_.scopes.back();
    const auto number = static_cast<uint32_t>(
        integer(e, at, "number", 1, static_cast<int64_t>(m_.branch_parents.size())));
    Env::Impl::Mark mark = m_.mark();
    mark.symbols =
        static_cast<size_t>(integer(e, at, "symbols", static_cast<int64_t>(last.symbols),
                                    static_cast<int64_t>(mark.symbols)));
    mark.records =
        static_cast<size_t>(integer(e, at, "records", static_cast<int64_t>(last.records),
                                    static_cast<int64_t>(mark.records)));
    if (!ok()) return;
    if (m_.branch_parents[number - 1] !=
        (m_.branches.empty() ? 0 : m_.branches.back().number)) {
      return fail(at, "the branch around it is not its parent");
    }
    m_.branches.push_back({number, m_.scopes.size()});
    m_.scopes.push_back(mark);
  }

  Env::Impl& m_;
  absl::flat_hash_set<std::string> names_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<Env> Env::from_json(std::string_view text) {
  Env env;
  if (absl::Status s = JsonReader(*env.impl_).read(text); !s.ok()) return s;
  return env;
}

absl::StatusOr<Env> Env::from_json(std::string_view text, ExprPool& pool) {
  Env env(pool);
  if (absl::Status s = JsonReader(*env.impl_).read(text); !s.ok()) return s;
  return env;
}

}  // namespace congrua::shape
