// Interning, leaves, sums and products. Divisions, min, max and select: builder_div.cc
// and builder_select.cc; booleans: builder_bool.cc.
#include "expr/builder.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/check.h"
#include "expr/hash.h"

namespace congrua::internal {

namespace {

// A sum of at least this many terms is kept as (predecessor, difference) until its terms
// are read.
constexpr uint32_t kLongSum = 64;
// A product of sums is expanded while the term counts multiply to at most this; above it
// the factors stay atoms. The decision reads the operands' normal forms only.
constexpr size_t kMaxExpansion = 64;
// A monomial times a sum is expanded up to this many terms.
constexpr size_t kMaxDistribution = 1024;
// Exponents above this freeze the power as an atom, so that they never overflow.
constexpr uint32_t kMaxExponent = 1u << 20;
// Constants beyond 62 bits are multiplied up to this many bits: squaring 3 forty times
// would fill the memory. Above it the product is an opaque term. (Constants as factors
// would break what reads factors as variables.)
constexpr size_t kMaxProductBits = 1u << 17;
// Values that a search over 64-bit columns does not try.
constexpr int64_t kFar = int64_t{1} << 61;

// Of a depth, which has 31 bits.
uint32_t saturating_inc(uint64_t v) {
  return static_cast<uint32_t>(v >= INT32_MAX ? INT32_MAX : v + 1) & INT32_MAX;
}

// Copies the arguments to where they belong, and what n inherits from them; returns the
// end.
const Node** store_args(Node* n, const Node** to, std::span<const Node* const> args) {
  uint64_t depth = 0;
  for (const Node* a : args) {
    *to++ = a;
    n->symbols |= a->symbols;
    n->partial = n->partial || a->partial;
    depth = std::max<uint64_t>(depth, a->depth);
  }
  n->depth = saturating_inc(depth) & INT32_MAX;
  return to;
}

uint64_t symbol_bit(uint64_t hash) { return uint64_t{1} << (hash >> 58); }

void sort_and_merge(std::vector<Term>& terms) {
  if (!std::ranges::is_sorted(terms, structural_less, &Term::mono)) {
    std::ranges::sort(terms, structural_less, &Term::mono);
  }
  size_t out = 0;
  for (size_t i = 0; i < terms.size();) {
    size_t j = i + 1;
    while (j < terms.size() && terms[j].mono == terms[i].mono) {
      terms[i].coef += terms[j++].coef;
    }
    if (!terms[i].coef.is_zero()) {
      if (out != i) terms[out] = std::move(terms[i]);
      ++out;
    }
    i = j;
  }
  terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(out), terms.end());
}

// out = a + c * b, all sorted.
void merge_scaled(std::span<const Term> a, std::span<const Term> b, const Int& c,
                  std::vector<Term>& out) {
  out.clear();
  size_t i = 0, j = 0;
  const bool unit = c.is_one();
  while (i < a.size() && j < b.size()) {
    if (a[i].mono == b[j].mono) {
      Int s = unit ? a[i].coef + b[j].coef : a[i].coef + c * b[j].coef;
      if (!s.is_zero()) out.push_back({std::move(s), a[i].mono});
      ++i, ++j;
    } else if (structural_less(a[i].mono, b[j].mono)) {
      out.push_back(a[i++]);
    } else {
      out.push_back({unit ? b[j].coef : c * b[j].coef, b[j].mono});
      ++j;
    }
  }
  for (; i < a.size(); ++i) out.push_back(a[i]);
  for (; j < b.size(); ++j) out.push_back({unit ? b[j].coef : c * b[j].coef, b[j].mono});
}

uint64_t linear_hash(const Int& constant, std::span<const Term> terms) {
  uint64_t l = constant.low64() * kConstantWeight;
  for (const Term& t : terms) l += t.coef.low64() * term_weight(t.mono->hash);
  return l;
}

uint64_t linear_hash_of(const Node* n) {
  if (n->op == Op::kAdd) return static_cast<const SumNode*>(n)->linear_hash;
  if (n->op == Op::kConst) return const_value(n).low64() * kConstantWeight;
  return term_weight(n->hash);
}

}  // namespace

Builder::Builder(ExprPool* pool) : pool_(pool), arena_(this) {
  table_mask_ = 255;
  table_ = std::make_unique<Slot[]>(table_mask_ + 1);
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

Builder::~Builder() {
  for (const Node* n : with_big_) {
    if (n->op == Op::kConst) {
      const_cast<Int&>(const_value(n)).~Int();
    } else {
      const auto* s = static_cast<const SumNode*>(n);
      const_cast<Int&>(s->constant).~Int();
      if (const Term* t = s->terms.load(std::memory_order_relaxed)) {
        for (uint32_t i = 0; i < s->num_terms.load(std::memory_order_relaxed); ++i) {
          const_cast<Int&>(t[i].coef).~Int();
        }
      }
    }
  }
}

Builder& Builder::of(const Node* n) { return *static_cast<Builder*>(Arena::owner_of(n)); }

size_t Builder::bytes() const {
  return arena_.bytes() + nodes_.capacity() * sizeof(nodes_[0]) +
         (table_mask_ + 1) * sizeof(Slot);
}

template <typename T>
T* Builder::make(size_t payload_bytes) {
  void* p = arena_.allocate(sizeof(T) + payload_bytes);
  std::memset(p, 0, sizeof(T));
  return static_cast<T*>(p);
}

void Builder::finish(Node* n) {
  n->id = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back(n);
}

void Builder::grow_table() {
  const size_t size = (table_mask_ + 1) * 2;
  table_ = std::make_unique<Slot[]>(size);
  table_mask_ = size - 1;
  for (const Node* n : nodes_) {
    size_t i = n->hash & table_mask_;
    while (table_[i].id_plus_1 != 0) i = (i + 1) & table_mask_;
    table_[i] = {static_cast<uint32_t>(n->hash >> 32), n->id + 1};
  }
}

template <typename Same, typename Make>
const Node* Builder::intern(uint64_t hash, Same&& same, Make&& make_node) {
  const auto fingerprint = static_cast<uint32_t>(hash >> 32);
  size_t i = hash & table_mask_;
  for (; table_[i].id_plus_1 != 0; i = (i + 1) & table_mask_) {
    if (table_[i].fingerprint != fingerprint) continue;
    const Node* n = nodes_[table_[i].id_plus_1 - 1];
    if (n->hash == hash && same(n)) return n;
  }
  Node* n = make_node();
  n->hash = hash;
  finish(n);
  if (nodes_.size() * 3 > (table_mask_ + 1) * 2) {
    grow_table();
  } else {
    // `same` may have materialised terms, which interns nothing: slot i is still free.
    table_[i] = {fingerprint, n->id + 1};
  }
  return n;
}

const Node* Builder::constant(const Int& value) {
  if (zero_ != nullptr && value.is_small()) {
    if (value.is_zero()) return zero_;
    if (one_ != nullptr && value.is_one()) return one_;
  }
  return intern(
      hash_combine(0x636f6e7374, value.low64()),
      [&](const Node* n) {
        return n->op == Op::kConst && n->sort == Sort::kInt && const_value(n) == value;
      },
      [&] {
        auto* n = make<ConstNode>(0);
        n->op = Op::kConst;
        n->sort = Sort::kInt;
        new (&n->value) Int(value);
        if (!value.is_small()) with_big_.push_back(n);
        return n;
      });
}

const Node* Builder::find_symbol(std::string_view name) const {
  const uint64_t hash = hash_combine(0x73796d, hash_text(name));
  const auto fingerprint = static_cast<uint32_t>(hash >> 32);
  for (size_t i = hash & table_mask_; table_[i].id_plus_1 != 0;
       i = (i + 1) & table_mask_) {
    if (table_[i].fingerprint != fingerprint) continue;
    const Node* n = nodes_[table_[i].id_plus_1 - 1];
    if (n->hash == hash && n->op == Op::kSymbol && as_symbol(n)->name == name) return n;
  }
  return nullptr;
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
        n->symbols = symbol_bit(hash);
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
        return n->op == Op::kOpaque && n->sort == sort && n->n == args.size() &&
               static_cast<const OpaqueNode*>(n)->name == name &&
               std::ranges::equal(args_of(n), args);
      },
      [&] {
        auto* n = make<OpaqueNode>(args.size_bytes() + name.size());
        n->op = Op::kOpaque;
        n->sort = sort;
        n->degree = 1;
        n->n = static_cast<uint32_t>(args.size());
        const Node** end = store_args(n, reinterpret_cast<const Node**>(n + 1), args);
        char* text = reinterpret_cast<char*>(end);
        std::memcpy(text, name.data(), name.size());
        n->name = {text, name.size()};
        n->partial = n->partial || !args.empty();
        // An opaque term is a variable of its own.
        n->symbols |= symbol_bit(hash);
        return n;
      });
}

const Node* Builder::intern_app(Op op, Sort sort, std::span<const Node* const> args) {
  uint64_t hash = hash_combine(0x617070, static_cast<uint64_t>(op));
  for (const Node* a : args) hash = hash_combine(hash, a->hash);
  return intern(
      hash,
      [&](const Node* n) {
        return n->op == op && n->sort == sort && n->n == args.size() &&
               std::ranges::equal(args_of(n), args);
      },
      [&] {
        auto* n = make<AppNode>(args.size_bytes());
        n->op = op;
        n->sort = sort;
        n->degree = 1;
        n->n = static_cast<uint32_t>(args.size());
        store_args(n, reinterpret_cast<const Node**>(n + 1), args);
        n->partial =
            n->partial || (op == Op::kFloorDiv &&
                           (args[1]->op != Op::kConst || const_value(args[1]).is_zero()));
        return n;
      });
}

// ---- Sums

const Node* Builder::intern_sum(const Int& constant_term, std::span<const Term> terms) {
  if (terms.empty()) return constant(constant_term);
  if (terms.size() == 1 && constant_term.is_zero() && terms[0].coef.is_one()) {
    return terms[0].mono;
  }
  const uint64_t linear = linear_hash(constant_term, terms);
  return intern(
      sum_hash(linear),
      [&](const Node* n) {
        if (n->op != Op::kAdd || !(constant_of(n) == constant_term)) return false;
        const auto have = terms_of(n);
        if (have.size() != terms.size()) return false;
        for (size_t i = 0; i < have.size(); ++i) {
          if (have[i].mono != terms[i].mono || !(have[i].coef == terms[i].coef))
            return false;
        }
        return true;
      },
      [&] {
        auto* n = make<SumNode>(terms.size_bytes());
        n->op = Op::kAdd;
        n->sort = Sort::kInt;
        n->linear_hash = linear;
        n->n = static_cast<uint32_t>(terms.size());
        new (&n->constant) Int(constant_term);
        auto* to = reinterpret_cast<Term*>(n + 1);
        bool big = !constant_term.is_small();
        uint64_t depth = 0;
        uint16_t degree = 0;
        for (size_t i = 0; i < terms.size(); ++i) {
          new (to + i) Term(terms[i]);
          big |= !terms[i].coef.is_small();
          n->symbols |= terms[i].mono->symbols;
          n->partial = n->partial || terms[i].mono->partial;
          depth = std::max<uint64_t>(depth, terms[i].mono->depth);
          degree = std::max(degree, terms[i].mono->degree);
        }
        n->depth = saturating_inc(depth) & INT32_MAX;
        n->degree = degree;
        n->num_terms.store(n->n, std::memory_order_relaxed);
        n->terms.store(to, std::memory_order_release);
        if (big) with_big_.push_back(n);
        return n;
      });
}

const Node* Builder::from_poly(Poly& p) {
  sort_and_merge(p.terms);
  return intern_sum(p.constant, p.terms);
}

// A node's number of terms, or a lower bound of it, without materialising.
static uint32_t term_count(const Node* n) {
  return n->op == Op::kConst ? 0 : n->op == Op::kAdd ? n->n : 1;
}

const Node* Builder::add_lazy(const Node* longer, const Node* shorter) {
  const uint64_t linear = linear_hash_of(longer) + linear_hash_of(shorter);
  const auto* prev = static_cast<const SumNode*>(longer);
  Int constant_term = prev->constant;
  if (shorter->op == Op::kConst) {
    constant_term += const_value(shorter);
  } else if (shorter->op == Op::kAdd) {
    constant_term += constant_of(shorter);
  }
  return intern(
      sum_hash(linear),
      [&](const Node* n) {
        if (n->op != Op::kAdd) return false;
        const auto* s = static_cast<const SumNode*>(n);
        if (s->prev == longer && s->diff == shorter) return true;
        // A fingerprint is no proof: compare the terms.
        if (!(s->constant == constant_term)) return false;
        std::vector<Term> sum;
        const LinearView view(shorter);
        merge_scaled(terms_of(longer), view.terms(), Int(1), sum);
        const auto have = terms_of(n);
        return std::ranges::equal(sum, have, [](const Term& x, const Term& y) {
          return x.mono == y.mono && x.coef == y.coef;
        });
      },
      [&] {
        auto* n = make<SumNode>(0);
        n->op = Op::kAdd;
        n->sort = Sort::kInt;
        n->linear_hash = linear;
        n->n = longer->n - term_count(shorter);
        n->symbols = longer->symbols | shorter->symbols;
        n->depth =
            std::max<uint32_t>(longer->depth, saturating_inc(shorter->depth)) & INT32_MAX;
        n->partial = longer->partial || shorter->partial;
        n->degree = std::max(longer->degree, shorter->degree);
        new (&n->constant) Int(constant_term);
        n->prev = longer;
        n->diff = shorter;
        if (!constant_term.is_small()) with_big_.push_back(n);
        return n;
      });
}

void Builder::materialise(const SumNode* s) {
  // Reading is allowed from several threads while none builds: one of them does the work.
  const std::lock_guard<std::mutex> lock(materialise_mutex_);
  if (s->terms.load(std::memory_order_relaxed) != nullptr) return;
  std::vector<Term> recent;
  const SumNode* base = s;
  while (base->terms.load(std::memory_order_relaxed) == nullptr) {
    if (base->diff->op == Op::kAdd) {
      // A difference is short, hence materialised: add_lazy takes no lazy sum for it.
      const auto* d = static_cast<const SumNode*>(base->diff);
      const Term* t = d->terms.load(std::memory_order_relaxed);
      recent.insert(recent.end(), t, t + d->num_terms.load(std::memory_order_relaxed));
    } else if (base->diff->op != Op::kConst) {
      recent.push_back({Int(1), base->diff});
    }
    base = static_cast<const SumNode*>(base->prev);
  }
  sort_and_merge(recent);
  std::vector<Term> all;
  merge_scaled({base->terms.load(std::memory_order_relaxed),
                base->num_terms.load(std::memory_order_relaxed)},
               recent, Int(1), all);
  auto* to = static_cast<Term*>(arena_.allocate(all.size() * sizeof(Term)));
  bool big = false;
  for (size_t i = 0; i < all.size(); ++i) {
    big |= !all[i].coef.is_small();
    new (to + i) Term(std::move(all[i]));
  }
  if (big && s->constant.is_small()) with_big_.push_back(s);
  s->num_terms.store(static_cast<uint32_t>(all.size()), std::memory_order_relaxed);
  s->terms.store(to, std::memory_order_release);
}

const Node* Builder::add_scaled(const Node* a, const Node* b, const Int& c) {
  if (b->op == Op::kConst && const_value(b).is_zero()) return a;
  if (a->op == Op::kConst && const_value(a).is_zero() && c.is_one()) return b;
  if (a->op == Op::kConst && b->op == Op::kConst) {
    return constant(const_value(a) + c * const_value(b));
  }
  if (c.is_one()) {
    const uint32_t na = term_count(a);
    const uint32_t nb = term_count(b);
    const auto lazy = [](const Node* longer, uint32_t n_longer, const Node* shorter,
                         uint32_t n_shorter) {
      return n_longer >= kLongSum && n_shorter * 8 <= n_longer &&
             longer->op == Op::kAdd &&
             (shorter->op != Op::kAdd ||
              static_cast<const SumNode*>(shorter)->prev == nullptr);
    };
    if (lazy(a, na, b, nb)) return add_lazy(a, b);
    if (lazy(b, nb, a, na)) return add_lazy(b, a);
  }
  const LinearView va(a);
  const LinearView vb(b);
  std::vector<Term>& out = scratch_;
  merge_scaled(va.terms(), vb.terms(), c, out);
  return intern_sum(va.constant() + c * vb.constant(), out);
}

const Node* Builder::add(const Node* a, const Node* b) {
  return add_scaled(a, b, Int(1));
}
const Node* Builder::sub(const Node* a, const Node* b) {
  if (a == b) return zero_;
  if (term_count(a) >= kLongSum && term_count(b) * 8 <= term_count(a)) {
    return add_scaled(a, neg(b), Int(1));  // so that the long sum is not copied
  }
  return add_scaled(a, b, Int(-1));
}

const Node* Builder::add_const(const Node* a, const Int& c) {
  return c.is_zero() ? a : add_scaled(a, constant(c), Int(1));
}

const Node* Builder::scale(const Node* a, const Int& c) {
  if (c.is_one()) return a;
  if (c.is_zero()) return zero_;
  const LinearView v(a);
  std::vector<Term>& out = scratch_;
  out.clear();
  for (const Term& t : v.terms()) out.push_back({c * t.coef, t.mono});
  return intern_sum(c * v.constant(), out);
}

const Node* Builder::sum(std::span<const Node* const> terms) {
  if (terms.empty()) return zero_;
  if (terms.size() == 1) return terms[0];
  if (terms.size() == 2) return add(terms[0], terms[1]);
  Poly p;
  for (const Node* t : terms) {
    const LinearView v(t);
    p.constant += v.constant();
    p.terms.insert(p.terms.end(), v.terms().begin(), v.terms().end());
  }
  return from_poly(p);
}

// ---- Products

const Node* Builder::monomial(std::vector<Factor>& factors) {
  if (!std::ranges::is_sorted(factors, structural_less, &Factor::base)) {
    std::ranges::sort(factors, structural_less, &Factor::base);
  }
  size_t out = 0;
  for (size_t i = 0; i < factors.size();) {
    size_t j = i + 1;
    uint64_t e = factors[i].exponent;
    while (j < factors.size() && factors[j].base == factors[i].base)
      e += factors[j++].exponent;
    factors[out++] = {factors[i].base, static_cast<uint32_t>(e)};
    i = j;
  }
  factors.resize(out);
  if (factors.empty()) return one_;
  if (factors.size() == 1 && factors[0].exponent == 1) return factors[0].base;
  uint64_t hash = 0;
  uint32_t degree = 0;
  for (const Factor& f : factors) {
    hash += mix64(f.base->hash ^ 0x6d756c) * f.exponent;
    degree = std::min(degree + f.exponent, uint32_t{UINT16_MAX});
  }
  return intern(
      mix64(hash ^ 0x70726f64756374),
      [&](const Node* n) {
        return n->op == Op::kMul && n->n == factors.size() &&
               std::ranges::equal(factors_of(n), factors,
                                  [](const Factor& x, const Factor& y) {
                                    return x.base == y.base && x.exponent == y.exponent;
                                  });
      },
      [&] {
        auto* n = make<MulNode>(factors.size() * sizeof(Factor));
        n->op = Op::kMul;
        n->sort = Sort::kInt;
        n->n = static_cast<uint32_t>(factors.size());
        n->degree = static_cast<uint16_t>(degree);
        auto* to = reinterpret_cast<Factor*>(n + 1);
        uint64_t depth = 0;
        for (const Factor& f : factors) {
          *to++ = f;
          n->symbols |= f.base->symbols;
          n->partial = n->partial || f.base->partial;
          depth = std::max<uint64_t>(depth, f.base->depth);
        }
        n->depth = saturating_inc(depth) & INT32_MAX;
        return n;
      });
}

const Node* Builder::mul_monomials(const Node* a, const Node* b) {
  std::vector<Factor>& f = factor_scratch_;
  f.clear();
  for (const Node* m : {a, b}) {
    const FactorView v(m);
    // A huge power is an atom of its own: its exponent would not fit.
    const bool huge =
        m->op == Op::kMul && std::ranges::any_of(v.factors(), [](const Factor& x) {
          return x.exponent > kMaxExponent;
        });
    if (huge) {
      f.push_back({m, 1});
    } else {
      f.insert(f.end(), v.factors().begin(), v.factors().end());
    }
  }
  return monomial(f);
}

// S as content * primitive part, the first coefficient of which is positive.
const Node* Builder::freeze(const Node* s, Int& content) {
  if (s->op != Op::kAdd) {
    content = Int(1);
    return s;
  }
  const auto terms = terms_of(s);
  Int g = abs(constant_of(s));
  for (const Term& t : terms) g = gcd(g, t.coef);
  if (terms[0].coef.sign() < 0) g = -g;
  content = g;
  return divide_exact(s, g);
}

const Node* Builder::divide_exact(const Node* n, const Int& g) {
  if (g.is_one()) return n;
  const LinearView v(n);
  std::vector<Term> out;
  out.reserve(v.terms().size());
  for (const Term& t : v.terms()) out.push_back({congrua::floor_div(t.coef, g), t.mono});
  return intern_sum(congrua::floor_div(v.constant(), g), out);
}

namespace {
// The bits of the largest constant of a sum or constant; 0 where all are inline.
size_t big_bits(const Node* n) {
  size_t bits = 0;
  const auto look_at = [&](const Int& v) {
    if (!v.is_small()) bits = std::max<size_t>(bits, v.bit_length());
  };
  if (n->op == Op::kConst) look_at(const_value(n));
  if (n->op != Op::kAdd) return bits;
  look_at(constant_of(n));
  for (const Term& t : terms_of(n)) look_at(t.coef);
  return bits;
}

bool too_large_to_multiply(const Node* a, const Node* b) {
  const size_t bits = big_bits(a);
  if (bits == 0) return false;
  const size_t others = big_bits(b);
  return others != 0 && bits + others > kMaxProductBits;
}
}  // namespace

const Node* Builder::mul_frozen(const Node* a, const Node* b) {
  Int ca, cb;
  const Node* fa = freeze(a, ca);
  const Node* fb = freeze(b, cb);
  return scale(mul_monomials(fa, fb), ca * cb);
}

const Node* Builder::mul(const Node* a, const Node* b) {
  if (too_large_to_multiply(a, b)) {
    const Node* const args[] = {structural_less(a, b) ? a : b,
                                structural_less(a, b) ? b : a};
    return opaque(kHugeProduct, args, Sort::kInt);
  }
  if (a->op == Op::kConst) return scale(b, const_value(a));
  if (b->op == Op::kConst) return scale(a, const_value(b));
  const bool mono_a = a->op != Op::kAdd;
  const bool mono_b = b->op != Op::kAdd;
  if (mono_a && mono_b) return mul_monomials(a, b);
  const auto count = [](const Node* n) -> size_t {  // the constant counts as a term
    return n->op == Op::kAdd ? terms_of(n).size() + !constant_of(n).is_zero() : 1;
  };
  // A lower bound first: a long lazy sum is not read just to be refused.
  if (size_t{term_count(a)} * term_count(b) > kMaxDistribution) return mul_frozen(a, b);
  const size_t na = count(a);
  const size_t nb = count(b);
  if (na == 1 || nb == 1 ? na * nb > kMaxDistribution : na * nb > kMaxExpansion) {
    return mul_frozen(a, b);
  }
  const LinearView va(a);
  const LinearView vb(b);
  Poly p;
  p.constant = va.constant() * vb.constant();
  p.terms.reserve(na * nb);
  for (const Term& x : va.terms()) {
    for (const Term& y : vb.terms()) {
      p.terms.push_back({x.coef * y.coef, mul_monomials(x.mono, y.mono)});
    }
    if (!vb.constant().is_zero()) p.terms.push_back({x.coef * vb.constant(), x.mono});
  }
  if (!va.constant().is_zero()) {
    for (const Term& y : vb.terms()) p.terms.push_back({va.constant() * y.coef, y.mono});
  }
  return from_poly(p);
}

}  // namespace congrua::internal
