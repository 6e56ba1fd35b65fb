#include "smt2/env.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "base/check.h"

namespace congrua::smt2 {
namespace {
constexpr uint32_t kClosed = uint32_t{1} << 31;
// In place of a declaration: an application of a defined function, within a body.
constexpr uint32_t kCall = uint32_t{1} << 31;
constexpr uint64_t kExpansion = uint64_t{1} << 22;
constexpr uint64_t kExpansionPerByte = 256;
constexpr uint32_t kNumSorts = 3;  // Bool, Int, Real come first
static_assert(TermTable::kMaxTerms <= kClosed);
}  // namespace

Env::Env() : expansion_left_(kExpansion) {
  for (const auto& [name, sort] :
       {std::pair{"Bool", Sort::kBool}, {"Int", Sort::kInt}, {"Real", Sort::kReal}}) {
    symbols[symbols.intern(name)].sort = static_cast<uint32_t>(sorts_.size());
    sorts_.push_back({.sort = sort});
  }
}

bool Env::declare_constant(SymbolId name, Sort sort) {
  if (symbols[name].value != kNoTerm) return false;
  const auto d = static_cast<uint32_t>(declarations_.size());
  define_constant(name, terms.constant(d, sort));
  declarations_.push_back({name, sort, {}});
  record(Change::kDeclared, name, 0);
  declared_.push_back(d);
  return true;
}

bool Env::declare_function(SymbolId name, std::vector<Sort> params, Sort result) {
  if (params.empty()) return declare_constant(name, result);
  const auto d = static_cast<uint32_t>(declarations_.size());
  Function f{
      .params = params, .result = result, .declaration = d, .open = {}, .links = {}};
  if (!add_function(name, std::move(f))) return false;
  declarations_.push_back({name, result, std::move(params)});
  record(Change::kDeclared, name, 0);
  declared_.push_back(d);
  return true;
}

bool Env::define_constant(SymbolId name, TermId body) {
  Symbol& s = symbols[name];
  if (s.value != kNoTerm) return false;
  record(Change::kValue, name, s.value);
  s.value = body;
  return true;
}

bool Env::name_term(SymbolId name, TermId term) {
  if (!define_constant(name, term)) return false;
  record(Change::kNamed, name, 0);
  named_.push_back({name, term});
  return true;
}

void Env::allow_expansion(size_t text_bytes) {
  expansion_left_ += kExpansionPerByte * text_bytes;
}

bool Env::define_function(SymbolId name, std::vector<Sort> params, Sort result,
                          TermId body) {
  if (params.empty()) return define_constant(name, body);
  Function f{.params = std::move(params),
             .result = result,
             .body = body,
             .open = {},
             .links = {}};
  if ((terms[body].flags & kHasParam) != 0) {
    for (const TermId t : terms.reachable(std::span(&body, 1))) {
      if ((terms[t].flags & kHasParam) != 0) f.open.push_back(t);
    }
    for (const TermId t : f.open) {
      for (const TermId a : terms.args(t)) {
        if ((terms[a].flags & kHasParam) == 0) {
          f.links.push_back(a | kClosed);
        } else {
          const auto at = std::lower_bound(f.open.begin(), f.open.end(), a);
          f.links.push_back(static_cast<uint32_t>(at - f.open.begin()));
        }
      }
    }
  }
  return add_function(name, std::move(f));
}

bool Env::add_function(SymbolId name, Function f) {
  if (find_function(name, f.params.size()) != nullptr) return false;
  Symbol& s = symbols[name];
  f.next = s.function;
  record(Change::kFunction, name, s.function);
  s.function = static_cast<uint32_t>(functions_.size());
  functions_.push_back(std::move(f));
  return true;
}

bool Env::define_sort(SymbolId name, const SortDefinition& definition) {
  Symbol& s = symbols[name];
  if (s.sort != kNoIndex) return false;
  record(Change::kSort, name, s.sort);
  s.sort = static_cast<uint32_t>(sorts_.size());
  sorts_.push_back(definition);
  return true;
}

const SortDefinition* Env::find_sort(SymbolId name) const {
  if (name == kNoSymbol || symbols[name].sort == kNoIndex) return nullptr;
  return &sorts_[symbols[name].sort];
}

const Function* Env::find_function(SymbolId name, size_t arity) const {
  for (uint32_t i = symbols[name].function; i != kNoIndex; i = functions_[i].next) {
    if (functions_[i].params.size() == arity) return &functions_[i];
  }
  return nullptr;
}

TermId Env::expand(const Function& f, std::span<const TermId> args) {
  if (f.declaration != kNoIndex) return terms.apply(f.declaration, args, f.result);
  if (f.open.empty()) return f.body;
  const bool inside = std::ranges::any_of(
      args, [this](TermId a) { return (terms[a].flags & kHasParam) != 0; });
  if (inside) {
    const auto index = static_cast<uint32_t>(&f - functions_.data());
    return terms.full() ? kNoTerm : terms.apply(kCall | index, args, f.result);
  }
  return copy_body(f, args);
}

// The body with the arguments in place of the parameters, and so with the applications in
// it. One application with the same arguments is copied once.
TermId Env::copy_body(const Function& f, std::span<const TermId> args) {
  using Key = std::pair<const Function*, std::vector<TermId>>;
  struct Copy {
    Key key;
    size_t next = 0;  // in f.open
    size_t link = 0;
    std::vector<TermId> values;
  };
  // Half of what is left, so that after one that is too large there is room for others.
  const uint64_t reserve = expansion_left_ / 2;
  absl::flat_hash_map<Key, TermId> done;
  std::vector<Copy> stack;
  stack.push_back({.key = {&f, {args.begin(), args.end()}}, .values = {}});
  std::vector<TermId> operands;
  for (;;) {
    Copy& c = stack.back();
    const Function& g = *c.key.first;
    if (c.next == g.open.size()) {
      const TermId result = c.values.back();
      if (stack.size() == 1) return result;
      done.emplace(std::move(c.key), result);
      stack.pop_back();
      continue;
    }
    if (terms.full() || expansion_left_ <= reserve) return kNoTerm;
    --expansion_left_;
    const Term x = terms[g.open[c.next]];
    TermId value;
    if (x.op == TermOp::kParam) {
      value = c.key.second[x.a];
    } else {
      operands.clear();
      for (uint32_t i = 0; i < x.n; ++i) {
        const uint32_t l = g.links[c.link + i];
        operands.push_back((l & kClosed) != 0 ? l & ~kClosed : c.values[l]);
      }
      if (x.op != TermOp::kApply) {
        value = terms.make(x.op, x.sort, operands);
      } else if ((x.b & kCall) == 0) {
        value = terms.apply(x.b, operands, x.sort);
      } else {
        Key callee{&functions_[x.b & ~kCall], operands};
        const auto it = done.find(callee);
        if (it == done.end()) {
          stack.push_back({.key = std::move(callee), .values = {}});
          continue;  // and then this application once more
        }
        value = it->second;
      }
      c.link += x.n;
    }
    c.values.push_back(value);
    ++c.next;
  }
}

void Env::push() { scopes_.push_back(trail_.size()); }

void Env::pop() {
  CONGRUA_CHECK(!scopes_.empty(), "pop without push");
  const size_t mark = scopes_.back();
  scopes_.pop_back();
  undo_to(mark);
  committed_ = trail_.size();
}

void Env::reset_assertions() {
  scopes_.clear();
  if (!global_declarations) undo_to(0);
  committed_ = trail_.size();
}

void Env::reset() {
  for (SymbolId s = 0; s < symbols.size(); ++s) {
    Symbol& symbol = symbols[s];
    symbol.value = kNoTerm;
    symbol.function = kNoIndex;
    if (symbol.sort >= kNumSorts) symbol.sort = kNoIndex;
  }
  declared_.clear();
  named_.clear();
  trail_.clear();
  scopes_.clear();
  committed_ = 0;
  global_declarations = false;
}

void Env::commit() {
  // Global declarations outlive every scope: nothing will take them back.
  if (global_declarations) trail_.resize(committed_);
  committed_ = trail_.size();
}

void Env::roll_back() { undo_to(committed_); }

void Env::undo_to(size_t mark) {
  while (trail_.size() > mark) {
    const Undo u = trail_.back();
    trail_.pop_back();
    switch (u.change) {
      case Change::kValue:
        symbols[u.symbol].value = u.old;
        break;
      case Change::kFunction:
        symbols[u.symbol].function = u.old;
        break;
      case Change::kSort:
        symbols[u.symbol].sort = u.old;
        break;
      case Change::kDeclared:
        declared_.pop_back();
        break;
      case Change::kNamed:
        named_.pop_back();
        break;
    }
  }
}

}  // namespace congrua::smt2
