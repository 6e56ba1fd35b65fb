// Leaves, applications and opaque terms. Sums, products, divisions, min, max and select,
// booleans: builder_sum.cc, builder_mul.cc, builder_div.cc, builder_select.cc,
// builder_bool.cc.
#include "expr/builder.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/check.h"
#include "expr/hash.h"

namespace congrua::internal {

namespace {

// Values that a search over 64-bit columns does not try.
constexpr int64_t kFar = int64_t{1} << 61;

// Copies the arguments to where they belong, and what n inherits from them; returns the
// end.
const Node** store_args(Node* n, const Node** to, std::span<const Node* const> args) {
  for (const Node* a : args) {
    *to++ = a;
    n->own_symbols |= a->symbols();
    n->partial = n->partial || a->partial;
  }
  return to;
}

}  // namespace

Builder::Builder(ExprPool* pool) : pool_(pool), arena_(this) {
  const auto make_bool = [&](bool v) {
    return intern(
        mix64(v ? 0x7475 : 0x6661), [](const Node*) { return false; },
        [&] {
          auto* n = make<ConstNode>(0);
          n->op = Op::kConst;
          n->sort = Sort::kBool;
          new (&n->value) Int(v ? 1 : 0);
          return n;
        });
  };
  true_ = make_bool(true);
  false_ = make_bool(false);
  zero_ = constant(Int(0));
  one_ = constant(Int(1));
  minus_one_ = constant(Int(-1));
}

Builder::Builder(ExprPool* pool, Builder& frozen)
    : pool_(pool),
      parent_(&frozen),
      first_id_(static_cast<uint32_t>(frozen.num_nodes())),
      num_unknowns_(frozen.num_unknowns_),
      arena_(this),
      true_(frozen.true_),
      false_(frozen.false_),
      zero_(frozen.zero_),
      one_(frozen.one_),
      minus_one_(frozen.minus_one_) {
  CONGRUA_CHECK(frozen.frozen(), "a child stands on a pool that is frozen");
  frozen.children_.fetch_add(1, std::memory_order_relaxed);
}

Builder::~Builder() {
  CONGRUA_CHECK(children_.load(std::memory_order_acquire) == 0,
                "a pool outlives its children");
  if (parent_ != nullptr) parent_->children_.fetch_sub(1, std::memory_order_release);
  for (Int* i : big_) i->~Int();
}

Builder& Builder::of(const Node* n) { return *static_cast<Builder*>(Arena::owner_of(n)); }

std::vector<const Node*> Builder::all_nodes() const {
  std::vector<const Node*> nodes;
  nodes.reserve(num_nodes());
  table_.for_each([&](uint32_t number) { nodes.push_back(node_at(number)); });
  std::ranges::sort(nodes, {}, &Node::id);
  return nodes;
}

void Builder::store_constant(Int* to, const Int& value, std::vector<Int*>& big) {
  new (to) Int(value);
  if (!value.is_small()) big.push_back(to);
}

void Builder::pack_boxed(const Term& t, PackedTerm* to, Arena& arena,
                         std::vector<Int*>& big) {
  auto* box = static_cast<Term*>(arena.allocate(sizeof(Term)));
  store_constant(&box->coef, t.coef, big);
  box->mono = t.mono;
  new (to) PackedTerm(box);
}

const Node* Builder::constant(const Int& value) {
  if (zero_ != nullptr && value.is_small()) {
    if (value.is_zero()) return zero_;
    if (one_ != nullptr && value.is_one()) return one_;
  }
  return intern(
      hash_combine(0x636f6e7374, value.hash64()),
      [&](const Node* n) {
        return n->op == Op::kConst && n->sort == Sort::kInt && const_value(n) == value;
      },
      [&] {
        auto* n = make<ConstNode>(0);
        n->op = Op::kConst;
        n->sort = Sort::kInt;
        store_constant(&n->value, value);
        return n;
      });
}

const Node* Builder::find_symbol(std::string_view name) const {
  const uint64_t hash = hash_combine(0x73796d, hash_text(name));
  return find_below(hash, [&](const Node* n) {
    return n->op == Op::kSymbol && as_symbol(n)->name == name;
  });
}

const Node* Builder::symbol(std::string_view name, const SymbolOptions& options) {
  const int64_t lo = options.range.lo.value_or(INT64_MIN);
  const int64_t hi = options.range.hi.value_or(INT64_MAX);
  const uint64_t hash = hash_combine(0x73796d, hash_text(name));
  const Node* result = intern(
      hash,
      [&](const Node* n) { return n->op == Op::kSymbol && as_symbol(n)->name == name; },
      [&] {
        auto* n = make<SymbolNode>(name.size());
        n->op = Op::kSymbol;
        n->sort = options.sort;
        n->degree = 1;
        n->own_symbols = next_symbol_bit();
        char* text = reinterpret_cast<char*>(n + 1);
        std::memcpy(text, name.data(), name.size());
        n->name = {text, name.size()};
        n->lo = lo;
        n->hi = hi;
        n->hint = options.hint.value_or(0);
        n->has_hint = options.hint.has_value();
        n->partial = lo > kFar || hi < -kFar;
        return n;
      });
  CONGRUA_CHECK(result->sort == options.sort, "symbol asked again with another sort");
  CONGRUA_CHECK((as_symbol(result)->lo == lo && as_symbol(result)->hi == hi) ||
                    options.range == Range{},
                "symbol asked again with another birth range");
  return result;
}

const Node* Builder::opaque(std::string_view name, std::span<const Node* const> args,
                            Sort sort) {
  uint64_t hash = hash_combine(0x6f7061 + static_cast<uint64_t>(sort), hash_text(name));
  for (const Node* a : args) hash = hash_combine(hash, a->hash);
  return intern(
      hash,
      [&](const Node* n) {
        return n->op == Op::kOpaque && n->sort == sort && arity(n) == args.size() &&
               static_cast<const OpaqueNode*>(n)->name == name &&
               std::ranges::equal(args_of(n), args);
      },
      [&] {
        const Node** to;
        auto* n = make_with<OpaqueNode>(args.size(), &to, name.size());
        n->op = Op::kOpaque;
        n->sort = sort;
        n->degree = 1;
        const Node** end = store_args(n, to, args);
        char* text = reinterpret_cast<char*>(end);
        std::memcpy(text, name.data(), name.size());
        n->name = {text, name.size()};
        n->partial = n->partial || !args.empty();
        // An opaque term is a variable of its own.
        n->own_symbols |= next_symbol_bit();
        return n;
      });
}

const Node* Builder::intern_app(Op op, Sort sort, std::span<const Node* const> args) {
  uint64_t hash = hash_combine(0x617070, static_cast<uint64_t>(op));
  for (const Node* a : args) hash = hash_combine(hash, a->hash);
  return intern(
      hash,
      [&](const Node* n) {
        return n->op == op && n->sort == sort && arity(n) == args.size() &&
               std::ranges::equal(args_of(n), args);
      },
      [&] {
        const Node** to;
        auto* n = make_with<AppNode>(args.size(), &to);
        n->op = op;
        n->sort = sort;
        n->degree = 1;
        store_args(n, to, args);
        n->partial =
            n->partial || (op == Op::kFloorDiv &&
                           (args[1]->op != Op::kConst || const_value(args[1]).is_zero()));
        return n;
      });
}

}  // namespace congrua::internal
