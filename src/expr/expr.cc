// The public face of the builder.
#include "congrua/expr.h"

#include <vector>

#include "base/check.h"
#include "expr/builder.h"

namespace congrua {

using internal::Builder;
using internal::Node;

namespace {

// A term of a frozen pool alone is built in the child that the thread uses. Where there
// is none, what is new there is refused by intern; this says it better.
Builder& checked(Builder& b) {
  CONGRUA_CHECK(!b.frozen(),
                "the pool is frozen: build in a child of it (ExprPool::Use)");
  return b;
}
Builder& builder(Expr e) { return checked(Builder::building(Builder::node(e))); }
const Node* node(Expr e) { return Builder::node(e); }

std::vector<const Node*> nodes(std::span<const Expr> list) {
  std::vector<const Node*> out;
  out.reserve(list.size());
  for (Expr e : list) out.push_back(node(e));
  return out;
}

// The operands' common pool. Mixing sorts or pools is an error of the program.
Builder& check_pair(Expr a, Expr b) {
  CONGRUA_CHECK(a.sort() == b.sort(), "operands of one operation have one sort");
  Builder& of_a = Builder::of(node(a));
  Builder& of_b = Builder::of(node(b));
  if (&of_a == &of_b && !of_a.frozen()) [[likely]]
    return of_a;
  Builder* common = Builder::common(of_a, of_b);
  CONGRUA_CHECK(common != nullptr,
                "operands of one operation come from one pool, or from its parents");
  return checked(*common);
}
Builder& check_ints(Expr a, Expr b) {
  CONGRUA_CHECK(a.is_int(), "arithmetic on integers");
  return check_pair(a, b);
}
Builder& check_int(Expr a) {
  CONGRUA_CHECK(a.is_int(), "arithmetic on integers");
  return builder(a);
}
Expr constant_like(Expr like, int64_t v) {
  Builder& b = builder(like);
  return Builder::expr(b.constant(Int(v)));
}

}  // namespace

Op Expr::op() const { return node_->op; }
Sort Expr::sort() const { return node_->sort; }
bool Expr::is_true() const { return internal::is_true(node_); }
bool Expr::is_false() const { return internal::is_false(node_); }
uint64_t Expr::hash() const { return node_->hash; }
ExprPool& Expr::pool() const { return Builder::building(node_).pool(); }

std::optional<int64_t> Expr::as_const() const {
  if (node_->op != Op::kConst || node_->sort != Sort::kInt) return std::nullopt;
  return internal::const_value(node_).to_int64();
}

std::string_view Expr::name() const {
  if (node_->op == Op::kSymbol) return internal::as_symbol(node_)->name;
  if (node_->op == Op::kOpaque)
    return static_cast<const internal::OpaqueNode*>(node_)->name;
  return {};
}

Range Expr::range() const {
  Range r;
  if (node_->op == Op::kSymbol) {
    const auto* s = internal::as_symbol(node_);
    if (s->lo != INT64_MIN) r.lo = s->lo;
    if (s->hi != INT64_MAX) r.hi = s->hi;
  }
  return r;
}

std::optional<int64_t> Expr::hint() const {
  if (node_->op != Op::kSymbol || !internal::as_symbol(node_)->has_hint)
    return std::nullopt;
  return internal::as_symbol(node_)->hint;
}

size_t Expr::num_args() const {
  switch (node_->op) {
    case Op::kAdd:
      return internal::terms_of(node_).size();
    case Op::kMul: {
      size_t n = 0;
      for (const internal::Factor& f : internal::factors_of(node_)) n += f.exponent;
      return n;
    }
    default:
      return internal::args_of(node_).size();
  }
}

Expr Expr::arg(size_t i) const {
  CONGRUA_CHECK(i < num_args(), "argument index");
  switch (node_->op) {
    case Op::kAdd:
      return Expr(internal::terms_of(node_)[i].mono);
    case Op::kMul:
      for (const internal::Factor& f : internal::factors_of(node_)) {
        if (i < f.exponent) return Expr(f.base);
        i -= f.exponent;
      }
      [[fallthrough]];
    default:
      return Expr(internal::args_of(node_)[i]);
  }
}

std::optional<int64_t> Expr::coefficient(size_t i) const {
  CONGRUA_CHECK(node_->op == Op::kAdd && i < num_args(), "coefficient of a sum");
  return internal::terms_of(node_)[i].coef.to_int64();
}

std::optional<int64_t> Expr::constant_term() const {
  CONGRUA_CHECK(node_->op == Op::kAdd, "constant term of a sum");
  return internal::constant_of(node_).to_int64();
}

ExprPool::ExprPool() : builder_(std::make_unique<Builder>(this)) {}
ExprPool::ExprPool(ChildOf of)
    : builder_(std::make_unique<Builder>(this, *of.parent.builder_)) {}
ExprPool::~ExprPool() = default;

std::vector<const Node*> ExprPool::operands(std::span<const Expr> list,
                                            bool bools) const {
  checked(*builder_);
  for (const Expr e : list) {
    CONGRUA_CHECK(bools ? e.is_bool() : e.is_int(),
                  "arithmetic takes integers, and connectives take propositions");
    CONGRUA_CHECK(builder_->stands_on(Builder::of(node(e))),
                  "operands come from this pool or its parents");
  }
  return nodes(list);
}

Expr ExprPool::symbol(std::string_view name, const SymbolOptions& options) {
  return Expr(builder_->symbol(name, options));
}
std::optional<Expr> ExprPool::find_symbol(std::string_view name) const {
  const Node* n = builder_->find_symbol(name);
  if (n == nullptr) return std::nullopt;
  return Expr(n);
}
Expr ExprPool::constant(int64_t value) { return Expr(builder_->constant(Int(value))); }
std::optional<Expr> ExprPool::integer(std::string_view digits) {
  const std::optional<Int> v = Int::parse(digits);
  if (!v) return std::nullopt;
  return Expr(builder_->constant(*v));
}
Expr ExprPool::boolean(bool value) { return Expr(builder_->boolean(value)); }
Expr ExprPool::opaque(std::string_view name, std::span<const Expr> args, Sort sort) {
  for (const Expr e : args) {
    CONGRUA_CHECK(builder_->stands_on(Builder::of(node(e))),
                  "arguments come from this pool or its parents");
  }
  return Expr(builder_->opaque(name, nodes(args), sort));
}
Expr ExprPool::sum(std::span<const Expr> terms) {
  return Expr(builder_->sum(operands(terms, false)));
}
Expr ExprPool::product(std::span<const Expr> factors) {
  const Node* result = builder_->constant(Int(1));
  for (const Node* n : operands(factors, false)) result = builder_->mul(result, n);
  return Expr(result);
}
Expr ExprPool::conjunction(std::span<const Expr> parts) {
  return Expr(builder_->conjunction(operands(parts, true)));
}
Expr ExprPool::disjunction(std::span<const Expr> parts) {
  return Expr(builder_->disjunction(operands(parts, true)));
}
Expr ExprPool::minimum(std::span<const Expr> args) {
  CONGRUA_CHECK(!args.empty(), "minimum of at least one term");
  return Expr(builder_->minmax(Op::kMin, operands(args, false)));
}
Expr ExprPool::maximum(std::span<const Expr> args) {
  CONGRUA_CHECK(!args.empty(), "maximum of at least one term");
  return Expr(builder_->minmax(Op::kMax, operands(args, false)));
}

void ExprPool::freeze() { builder_->freeze(); }
bool ExprPool::frozen() const { return builder_->frozen(); }
std::optional<Expr> ExprPool::import(Expr e) {
  const Node* n = checked(*builder_).import(node(e));
  if (n == nullptr) return std::nullopt;
  return Expr(n);
}
ExprPool::Checkpoint ExprPool::checkpoint() { return Checkpoint(builder_->checkpoint()); }
void ExprPool::rollback(Checkpoint to) { builder_->rollback(to.number_); }
void ExprPool::keep(Checkpoint from) { builder_->keep(from.number_); }

size_t ExprPool::num_nodes() const { return builder_->num_nodes(); }
size_t ExprPool::bytes() const { return builder_->bytes(); }

Expr operator+(Expr a, Expr b) {
  return Builder::expr(check_ints(a, b).add(node(a), node(b)));
}
Expr operator-(Expr a, Expr b) {
  return Builder::expr(check_ints(a, b).sub(node(a), node(b)));
}
Expr operator*(Expr a, Expr b) {
  return Builder::expr(check_ints(a, b).mul(node(a), node(b)));
}
Expr operator-(Expr a) { return Builder::expr(check_int(a).neg(node(a))); }
Expr operator+(Expr a, int64_t b) { return a + constant_like(a, b); }
Expr operator+(int64_t a, Expr b) { return constant_like(b, a) + b; }
Expr operator-(Expr a, int64_t b) { return a - constant_like(a, b); }
Expr operator-(int64_t a, Expr b) { return constant_like(b, a) - b; }
Expr operator*(Expr a, int64_t b) { return a * constant_like(a, b); }
Expr operator*(int64_t a, Expr b) { return constant_like(b, a) * b; }

Expr floor_div(Expr a, Expr b) {
  return Builder::expr(check_ints(a, b).floor_div(node(a), node(b)));
}
Expr floor_div(Expr a, int64_t b) { return floor_div(a, constant_like(a, b)); }
Expr floor_mod(Expr a, Expr b) {
  return Builder::expr(check_ints(a, b).floor_mod(node(a), node(b)));
}
Expr floor_mod(Expr a, int64_t b) { return floor_mod(a, constant_like(a, b)); }
Expr ceil_div(Expr a, Expr b) {
  return Builder::expr(check_ints(a, b).ceil_div(node(a), node(b)));
}
Expr ceil_div(Expr a, int64_t b) { return ceil_div(a, constant_like(a, b)); }
Expr min(Expr a, Expr b) {
  const Node* args[] = {node(a), node(b)};
  return Builder::expr(check_ints(a, b).minmax(Op::kMin, args));
}
Expr max(Expr a, Expr b) {
  const Node* args[] = {node(a), node(b)};
  return Builder::expr(check_ints(a, b).minmax(Op::kMax, args));
}
Expr abs(Expr a) { return max(a, -a); }
Expr select(Expr condition, Expr then, Expr otherwise) {
  CONGRUA_CHECK(condition.is_bool(), "condition of select");
  CONGRUA_CHECK(then.sort() == otherwise.sort(), "the branches of select have one sort");
  Builder* b = &Builder::of(node(condition));
  for (const Expr e : {then, otherwise}) {
    b = Builder::common(*b, Builder::of(node(e)));
    CONGRUA_CHECK(b != nullptr,
                  "operands of one operation come from one pool, or from its parents");
  }
  return Builder::expr(checked(*b).select(node(condition), node(then), node(otherwise)));
}

Expr eq(Expr a, Expr b) { return Builder::expr(check_pair(a, b).eq(node(a), node(b))); }
Expr ne(Expr a, Expr b) { return !eq(a, b); }
Expr ge(Expr a, Expr b) { return Builder::expr(check_ints(a, b).ge(node(a), node(b))); }
Expr le(Expr a, Expr b) { return ge(b, a); }
Expr gt(Expr a, Expr b) { return ge(a, b + 1); }
Expr lt(Expr a, Expr b) { return ge(b, a + 1); }
Expr operator!(Expr a) {
  CONGRUA_CHECK(a.is_bool(), "negation of a proposition");
  return Builder::expr(builder(a).logical_not(node(a)));
}
Expr logical_and(Expr a, Expr b) {
  const Expr parts[] = {a, b};
  return check_pair(a, b).pool().conjunction(parts);
}
Expr logical_or(Expr a, Expr b) {
  const Expr parts[] = {a, b};
  return check_pair(a, b).pool().disjunction(parts);
}
Expr logical_xor(Expr a, Expr b) { return ne(a, b); }
Expr implies(Expr a, Expr b) { return logical_or(!a, b); }

}  // namespace congrua
