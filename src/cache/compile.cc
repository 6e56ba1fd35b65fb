#include "cache/compile.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "congrua/text.h"
#include "expr/builder.h"

namespace congrua::cache::internal {

using congrua::internal::args_of;
using congrua::internal::as_symbol;
using congrua::internal::const_value;
using congrua::internal::Factor;
using congrua::internal::factors_of;
using congrua::internal::for_each_child;
using congrua::internal::LinearView;
using congrua::internal::Term;

namespace {

constexpr int64_t kMaxCoefficient = int64_t{1} << 62;

// |v| < 2^62.
std::optional<int64_t> coefficient(const Int& v) {
  const std::optional<int64_t> small = v.to_int64();
  if (!small || *small <= -kMaxCoefficient || *small >= kMaxCoefficient) return {};
  return small;
}

int64_t clamp(const Int& v) {
  if (const std::optional<int64_t> small = v.to_int64()) return *small;
  return v.sign() < 0 ? INT64_MIN : INT64_MAX;
}

bool is_positive_constant(const Node* n) {
  return n->op == Op::kConst && const_value(n).sign() > 0;
}

bool beyond(const Int& v) { return !v.to_int64().has_value(); }

}  // namespace

void Compiler::Linear::add_term(const Node* atom, const Int& coefficient) {
  for (auto& [node, c] : terms) {
    if (node != atom) continue;
    c += coefficient;
    if (c.is_zero()) {
      std::swap(node, terms.back().first);
      std::swap(c, terms.back().second);
      terms.pop_back();
    }
    return;
  }
  terms.emplace_back(atom, coefficient);
}

void Compiler::Linear::add(const Node* n, const Int& times) {
  if (n->op == Op::kConst) {
    constant += const_value(n) * times;
    return;
  }
  const LinearView view(n);
  constant += view.constant() * times;
  for (const Term& t : view.terms()) add_term(t.mono, t.coef * times);
}

void Compiler::push(Test test) {
  test.guard = guard_;
  program_.append(test);
}

absl::Status Compiler::condition(const Node* proposition, uint32_t guard) {
  guard_ = guard;
  if (absl::Status s = bind_symbols(proposition); !s.ok()) return s;
  if (congrua::internal::is_true(proposition)) return absl::OkStatus();
  if (proposition->op != Op::kAnd) return part(proposition);
  for (const Node* a : args_of(proposition)) {
    if (absl::Status s = part(a); !s.ok()) return s;
  }
  return absl::OkStatus();
}

uint16_t Compiler::field(const Node* symbol) const {
  return std::ranges::find(fields_, symbol, &std::pair<const Node*, uint16_t>::first)
      ->second;
}

// Also tests the birth ranges of the symbols that are new here.
absl::Status Compiler::bind_symbols(const Node* root) {
  absl::flat_hash_set<const Node*> seen;
  stack_.assign(1, root);
  while (!stack_.empty()) {
    const Node* n = stack_.back();
    stack_.pop_back();
    if (n->op == Op::kConst) continue;
    if (n->op == Op::kOpaque || n->sort == Sort::kReal) {
      return absl::UnimplementedError(
          absl::StrCat("a guard reads the uninterpreted term ",
                       to_string(congrua::internal::Builder::expr(n)),
                       ": test it by a predicate of the host"));
    }
    if (n->op != Op::kSymbol) {
      if (!seen.insert(n).second) continue;
      for_each_child(n, [&](const Node* c) { stack_.push_back(c); });
      continue;
    }
    if (std::ranges::any_of(fields_, [n](const auto& f) { return f.first == n; }))
      continue;
    const auto* s = as_symbol(n);
    const std::optional<size_t> at = schema_.find(s->name);
    if (!at) {
      return absl::InvalidArgumentError(absl::StrCat("the symbol ", std::string(s->name),
                                                     " is no field of the schema"));
    }
    if (absl::Status bound = bind_symbol(n, *at); !bound.ok()) return bound;
  }
  return absl::OkStatus();
}

absl::Status Compiler::bind_symbol(const Node* n, size_t field) {
  const FieldKind wanted = n->sort == Sort::kBool ? FieldKind::kBool : FieldKind::kSize;
  if (schema_.field(field).kind != wanted) {
    return absl::InvalidArgumentError(
        absl::StrCat("the field ", schema_.field(field).name, " is no ",
                     wanted == FieldKind::kBool ? "boolean" : "size"));
  }
  const auto at = static_cast<uint16_t>(field);
  fields_.emplace_back(n, at);
  const auto* s = as_symbol(n);
  if (births_ && n->sort == Sort::kInt && (s->lo != INT64_MIN || s->hi != INT64_MAX)) {
    push(range_test(at, s->lo, s->hi));
  }
  return absl::OkStatus();
}

absl::Status Compiler::bind(const Node* symbol, size_t field, uint32_t guard) {
  guard_ = guard;
  if (field >= schema_.size()) {
    return absl::InvalidArgumentError("a symbol is of a field that the schema lacks");
  }
  if (symbol->op != Op::kSymbol || symbol->sort == Sort::kReal) {
    return absl::InvalidArgumentError(
        absl::StrCat(to_string(congrua::internal::Builder::expr(symbol)),
                     " is no integer or boolean symbol"));
  }
  if (std::ranges::any_of(fields_, [&](const auto& f) { return f.first == symbol; })) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the symbol ", std::string(as_symbol(symbol)->name), " is given two fields"));
  }
  return bind_symbol(symbol, field);
}

absl::Status Compiler::value(size_t field, const Node* value, uint32_t guard) {
  guard_ = guard;
  const bool is_bool = value->sort == Sort::kBool;
  if (field >= schema_.size() || value->sort == Sort::kReal ||
      schema_.field(field).kind != (is_bool ? FieldKind::kBool : FieldKind::kSize)) {
    return absl::InvalidArgumentError(
        absl::StrCat("guard ", guard, " gives a field a value of another kind"));
  }
  if (absl::Status s = bind_symbols(value); !s.ok()) return s;
  const auto x = static_cast<uint16_t>(field);
  if (value->op == Op::kConst && !is_bool) {
    const std::optional<int64_t> v = const_value(value).to_int64();
    push(v ? range_test(x, *v, *v) : Test{});
    return absl::OkStatus();
  }
  if (value->op == Op::kSymbol && !is_bool) {
    const uint16_t y = this->field(value);
    if (x != y) push({TestKind::kLinear, Relation::kEq, x, y, 0, 1, -1, 0, 0});
    return absl::OkStatus();
  }
  if (congrua::internal::is_true(value) || congrua::internal::is_false(value)) {
    push(congrua::internal::is_true(value) ? hole_test(x, 0) : range_test(x, 0, 0));
    return absl::OkStatus();
  }
  begin_code();
  if (absl::Status s = emit_all(value); !s.ok()) return s;
  const uint16_t v = registers_.back().second;
  const uint16_t w = step({.op = is_bool ? CodeOp::kBool : CodeOp::kField, .imm = x});
  if (is_bool) {
    step({.op = CodeOp::kIff, .a = v, .b = w});
  } else {
    const uint16_t minus = step({.op = CodeOp::kMulConst, .a = w, .imm = -1});
    const uint16_t difference = step({.op = CodeOp::kAdd, .a = v, .b = minus});
    step({.op = CodeOp::kEq, .a = difference});
  }
  return finish_code();
}

absl::Status Compiler::part(const Node* n) {
  if (congrua::internal::is_false(n)) {
    push({});
    return absl::OkStatus();
  }
  return simple(n) ? absl::OkStatus() : code(n);
}

bool Compiler::simple(const Node* n) {
  switch (n->op) {
    case Op::kSymbol:
      return boolean_field(n, true);
    case Op::kGe:
      return relation(args_of(n)[0], Relation::kGe);
    case Op::kEq:
      return congruence(args_of(n)[0]) || relation(args_of(n)[0], Relation::kEq);
    case Op::kNot: {
      const Node* a = args_of(n)[0];
      if (a->op == Op::kSymbol) return boolean_field(a, false);
      return a->op == Op::kEq && relation(args_of(a)[0], Relation::kNe);
    }
    default:
      return false;
  }
}

bool Compiler::boolean_field(const Node* n, bool value) {
  push(value ? hole_test(field(n), 0) : range_test(field(n), 0, 0));
  return true;
}

// p REL 0. For integers floor(p/c) + r >= 0 exactly where p + c*r >= 0, and
// r - floor(p/c) >= 0 where floor(p/c) < r + 1, that is c*r + c - 1 - p >= 0.
bool Compiler::relation(const Node* p, Relation rel) {
  Linear sum;
  sum.add(p, Int(1));
  for (bool changed = rel == Relation::kGe; changed;) {
    changed = false;
    for (size_t i = 0; i < sum.terms.size(); ++i) {
      const Node* q = sum.terms[i].first;
      if (q->op != Op::kFloorDiv || !is_positive_constant(args_of(q)[1])) continue;
      const bool plus = sum.terms[i].second.is_one();
      if (!plus && !(sum.terms[i].second == Int(-1))) continue;
      const Int c = const_value(args_of(q)[1]);
      sum.terms.erase(sum.terms.begin() + static_cast<std::ptrdiff_t>(i));
      for (auto& [node, coef] : sum.terms) coef *= c;
      sum.constant *= c;
      if (!plus) sum.constant += c - Int(1);
      sum.add(args_of(q)[0], Int(plus ? 1 : -1));
      changed = true;
      break;
    }
  }
  if (sum.terms.empty()) {
    const bool holds = rel == Relation::kGe   ? sum.constant.sign() >= 0
                       : rel == Relation::kEq ? sum.constant.is_zero()
                                              : !sum.constant.is_zero();
    if (!holds) push({});
    return true;
  }
  return sum.terms.size() == 1 ? unary(sum, rel) : binary(sum, rel);
}

bool Compiler::unary(const Linear& p, Relation rel) {
  const auto& [atom, a] = p.terms[0];
  if (atom->op == Op::kMul) {
    const auto factors = factors_of(atom);
    uint16_t xy[2];
    size_t n = 0;
    for (const Factor& f : factors) {
      for (uint32_t i = 0; i < f.exponent; ++i) {
        if (n == 2 || f.base->op != Op::kSymbol) return false;
        xy[n++] = field(f.base);
      }
    }
    const std::optional<int64_t> c = coefficient(p.constant);
    if (!c || !(abs(a) == Int(1))) return false;
    push({TestKind::kProduct, rel, xy[0], xy[1], 0, a.is_one() ? 1 : -1, 0, *c, 0});
    return true;
  }
  if (atom->op != Op::kSymbol) return false;
  const uint16_t x = field(atom);
  if (rel == Relation::kGe) {
    // a*x >= -c.
    if (a.sign() > 0) {
      const Int lo = ceil_div(-p.constant, a);
      push(beyond(lo) && lo.sign() > 0 ? Test{} : range_test(x, clamp(lo), INT64_MAX));
    } else {
      const Int hi = floor_div(p.constant, -a);
      push(beyond(hi) && hi.sign() < 0 ? Test{} : range_test(x, INT64_MIN, clamp(hi)));
    }
    return true;
  }
  const Int v = floor_div(-p.constant, a);
  const bool possible = v * a == -p.constant && !beyond(v);
  if (rel == Relation::kEq) {
    push(possible ? range_test(x, *v.to_int64(), *v.to_int64()) : Test{});
  } else if (possible) {
    push(hole_test(x, *v.to_int64()));
  }
  return true;
}

bool Compiler::binary(const Linear& p, Relation rel) {
  if (p.terms.size() != 2) return false;
  const Node* x = p.terms[0].first;
  const Node* y = p.terms[1].first;
  if (x->op != Op::kSymbol || y->op != Op::kSymbol) return false;
  const std::optional<int64_t> a = coefficient(p.terms[0].second);
  const std::optional<int64_t> b = coefficient(p.terms[1].second);
  const std::optional<int64_t> c = p.constant.to_int64();
  if (!a || !b || !c) return false;
  push({TestKind::kLinear, rel, field(x), field(y), 0, *a, *b, *c, 0});
  return true;
}

// a*x - a*m*floor((x + k)/m) + c == 0 for a = 1 or -1: (x + k) mod m == k - a*c.
bool Compiler::congruence(const Node* p) {
  const LinearView sum(p);
  if (sum.terms().size() != 2) return false;
  for (size_t i = 0; i < 2; ++i) {
    const Term quotient = sum.terms()[i];
    const Term atom = sum.terms()[1 - i];
    if (quotient.mono->op != Op::kFloorDiv || atom.mono->op != Op::kSymbol) continue;
    const Node* divisor = args_of(quotient.mono)[1];
    if (!is_positive_constant(divisor) || !(abs(atom.coef) == Int(1))) continue;
    const Int& m = const_value(divisor);
    const LinearView numerator(args_of(quotient.mono)[0]);
    if (beyond(m) || !(quotient.coef == -(atom.coef * m)) ||
        numerator.terms().size() != 1 || numerator.terms().mono(0) != atom.mono ||
        !numerator.terms()[0].coef.is_one()) {
      continue;
    }
    const Int r = numerator.constant() - atom.coef * sum.constant();
    if (r.sign() < 0 || r >= m) {
      push({});
      return true;
    }
    const Int residue = floor_mod(r - numerator.constant(), m);
    push({TestKind::kMod, Relation::kEq, field(atom.mono), 0, 0, *residue.to_int64(), 0,
          0, static_cast<uint64_t>(*m.to_int64())});
    return true;
  }
  return false;
}

// ---- What is no Expr

absl::Status Compiler::float_test(const FloatTest& test, uint32_t guard) {
  guard_ = guard;
  if (test.field >= schema_.size() ||
      schema_.field(test.field).kind != FieldKind::kFloat) {
    return absl::InvalidArgumentError(
        absl::StrCat("guard ", guard, " compares a field that is no float"));
  }
  const auto x = static_cast<uint16_t>(test.field);
  const bool equality = test.compare == Compare::kEq || test.compare == Compare::kNe;
  if (equality && schema_.field(test.field).equality == FloatEquality::kBits) {
    const auto bits = std::bit_cast<int64_t>(test.value);
    push(test.compare == Compare::kEq ? range_test(x, bits, bits) : hole_test(x, bits));
    return absl::OkStatus();
  }
  if (std::isnan(test.value)) {
    if (test.compare != Compare::kNe) push({});
    return absl::OkStatus();
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const int64_t key = float_key(test.value);
  const int64_t least = float_key(-kInfinity);
  const int64_t greatest = float_key(kInfinity);  // below kNanKey
  Test t;
  switch (test.compare) {
    case Compare::kEq:
      t = range_test(x, key, key);
      break;
    case Compare::kNe:
      t = hole_test(x, key);  // NaN differs from everything
      break;
    case Compare::kLt:
      t = range_test(x, least, key - 1);
      break;
    case Compare::kLe:
      t = range_test(x, least, key);
      break;
    case Compare::kGt:
      t = range_test(x, key + 1, greatest);
      break;
    case Compare::kGe:
      t = range_test(x, key, greatest);
      break;
  }
  if (t.kind == TestKind::kRange) t.kind = TestKind::kFloat;
  push(t);
  return absl::OkStatus();
}

absl::Status Compiler::tag_test(const TagTest& test, uint32_t guard) {
  guard_ = guard;
  if (test.field >= schema_.size() || schema_.field(test.field).kind != FieldKind::kTag) {
    return absl::InvalidArgumentError(
        absl::StrCat("guard ", guard, " asks for a tag of a field that is none"));
  }
  const auto x = static_cast<uint16_t>(test.field);
  std::vector<uint64_t> values = test.values;
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.empty()) {
    if (!test.negated) push({});
  } else if (values.size() == 1) {
    const auto v = static_cast<int64_t>(values[0]);
    push(test.negated ? hole_test(x, v) : range_test(x, v, v));
  } else {
    push({TestKind::kSet, Relation::kGe, x, 0, 0,
          static_cast<int64_t>(program_.sets.size()), test.negated ? 1 : 0, 0,
          values.size()});
    std::vector<uint64_t>& sets = program_.sets.vector();
    sets.insert(sets.end(), values.begin(), values.end());
  }
  return absl::OkStatus();
}

}  // namespace congrua::cache::internal
