// Sums in canonical form: sorted terms, like ones merged; a running sum is kept as a
// difference to its predecessor.
#include <algorithm>
#include <cassert>

#include "expr/builder.h"
#include "expr/hash.h"

namespace congrua::internal {

namespace {

// A sum of at least this many terms is kept as (predecessor, difference) until its terms
// are read.
constexpr uint32_t kLongSum = 24;

// Most lists are sorted but for the last term or two.
void sort_terms(TermList& terms) {
  constexpr size_t kMaxInsertions = 24;
  if (terms.size() > kMaxInsertions) {
    if (!std::ranges::is_sorted(terms, structural_less, &Term::mono))
      std::ranges::sort(terms, structural_less, &Term::mono);
    return;
  }
  for (size_t i = 1; i < terms.size(); ++i) {
    if (!structural_less(terms[i].mono, terms[i - 1].mono)) continue;
    Term t = std::move(terms[i]);
    size_t j = i;
    do {
      terms[j] = std::move(terms[j - 1]);
    } while (--j > 0 && structural_less(t.mono, terms[j - 1].mono));
    terms[j] = std::move(t);
  }
}

void sort_and_merge(TermList& terms) {
  sort_terms(terms);
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
template <typename A, typename B>
void merge_scaled(const A& a, const B& b, const Int& c, TermList& out) {
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

bool same_terms(const Terms& a, std::span<const Term> b) {
  return std::ranges::equal(a, b, [](const Term& x, const Term& y) {
    return x.mono == y.mono && x.coef == y.coef;
  });
}

bool is_short_constant(const Int& c) {
  return c.is_small() && c.small() > kWideConstant && c.small() <= INT8_MAX;
}

// What the linear hash does not see of large integers: x + 2^70 and x + 2^80 are equal
// modulo 2^64, and nested halves have one such constant each. The coefficients are read
// where a sum is short: a sum of two hashes (add_lazy) has far more terms, so that both
// ways to intern a sum agree.
constexpr size_t kFewTerms = 16;
static_assert(kFewTerms < kLongSum - kLongSum / 8);

uint64_t large_part(const Int& value, uint64_t weight) {
  return value.is_small() ? 0 : value.hash64() * weight;
}

template <typename List>
uint64_t large_parts(const List& terms) {
  uint64_t h = 0;
  if (terms.size() >= kFewTerms) return h;
  for (const Term& t : terms) h += large_part(t.coef, term_weight(t.mono->hash));
  return h;
}

uint64_t constant_hash(const Int& c) {
  return c.low64() * kConstantWeight + large_part(c, kConstantWeight);
}

uint64_t terms_hash(std::span<const Term> terms) {
  uint64_t l = large_parts(terms);
  for (const Term& t : terms) l += t.coef.low64() * term_weight(t.mono->hash);
  return l;
}

// Without large parts.
uint64_t linear_hash_of(const Node* n) {
  if (n->op == Op::kAdd) {
    // Not materialised: a long sum is read for its constant alone.
    const Terms terms = n->is_long ? Terms() : terms_of(n);
    return linear_of_sum_hash(n->hash) - large_part(constant_of(n), kConstantWeight) -
           large_parts(terms);
  }
  if (n->op == Op::kConst) return const_value(n).low64() * kConstantWeight;
  return term_weight(n->hash);
}

}  // namespace

const Node* Builder::intern_sum(const Int& constant_term, std::span<const Term> terms) {
  if (terms.empty()) return constant(constant_term);
  if (terms.size() == 1 && constant_term.is_zero() && terms[0].coef.is_one()) {
    return terms[0].mono;
  }
  const uint64_t of_terms = terms_hash(terms);
  return intern(
      sum_hash(of_terms + constant_hash(constant_term)),
      [&](const Node* n) {
        return n->op == Op::kAdd && constant_of(n) == constant_term &&
               same_terms(terms_of(n), terms);
      },
      [&] {
        return terms.size() > kMaxShortSum ? make_long_sum(constant_term, terms)
                                           : make_sum(constant_term, terms, of_terms);
      });
}

SumNode* Builder::make_sum(const Int& constant_term, std::span<const Term> terms,
                           uint64_t of_terms) {
  const bool wide = !is_short_constant(constant_term);
  uint32_t& recent = recent_[of_terms >> (64 - kRecentBits)];
  const SumNode* lender = lender_of(recent, terms);
  const size_t own = lender != nullptr ? 0 : terms.size();
  auto* n = make<SumNode>((wide ? sizeof(Int) : 0) + own * sizeof(PackedTerm));
  n->op = Op::kAdd;
  n->sort = Sort::kInt;
  n->short_size = static_cast<uint8_t>(terms.size());
  auto* payload = reinterpret_cast<char*>(n + 1);
  if (wide) {
    n->short_constant = kWideConstant;
    store_constant(new (payload) Int, constant_term);
    payload += sizeof(Int);
  } else {
    n->short_constant = static_cast<int8_t>(constant_term.small());
  }
  if (lender != nullptr) {
    n->borrows = true;
    n->lender = lender;
    n->partial = lender->partial;
    n->degree = lender->degree;
  } else {
    pack_terms(terms, reinterpret_cast<PackedTerm*>(payload), n);
    recent = Arena::ref_of(n);
  }
  return n;
}

SumNode* Builder::make_long_sum(const Int& constant_term, std::span<const Term> terms) {
  auto* n = make<LongSum>(terms.size() * sizeof(PackedTerm));
  start_long(n, constant_term);
  auto* to = reinterpret_cast<PackedTerm*>(n + 1);
  pack_terms(terms, to, n);
  n->num_terms.store(static_cast<uint32_t>(terms.size()), std::memory_order_relaxed);
  n->terms.store(to, std::memory_order_release);
  return n;
}

const SumNode* Builder::lender_of(uint32_t recent, std::span<const Term> terms) const {
  if (recent == 0) return nullptr;
  const auto* s = static_cast<const SumNode*>(node_at(recent));
  return s->short_size == terms.size() && same_terms(terms_of(s), terms) ? s : nullptr;
}

void Builder::pack_terms(std::span<const Term> terms, PackedTerm* to, Node* n) {
  for (const Term& t : terms) {
    pack(t, to++);
    n->own_symbols |= t.mono->symbols();
    n->partial = n->partial || t.mono->partial;
    n->degree = std::max<uint8_t>(n->degree, t.mono->degree) & kMaxDegree;
  }
}

void Builder::start_long(LongSum* n, const Int& constant_term) {
  n->op = Op::kAdd;
  n->sort = Sort::kInt;
  n->is_long = true;
  n->short_constant = kWideConstant;
  assert(&n->wide == &n->wide_constant());
  store_constant(&n->wide, constant_term);
}

const Node* Builder::from_poly(Poly& p) {
  sort_and_merge(p.terms);
  return intern_sum(p.constant, p.terms);
}

// A node's number of terms, or a lower bound of it, without materialising.
uint32_t Builder::term_count(const Node* n) {
  if (n->op != Op::kAdd) return n->op == Op::kConst ? 0 : 1;
  if (!n->is_long) return n->short_size;
  return static_cast<const LongSum*>(n)->num_terms.load(std::memory_order_relaxed);
}

const Node* Builder::add_lazy(const Node* longer, const Node* shorter) {
  const uint64_t linear = linear_hash_of(longer) + linear_hash_of(shorter);
  const auto* prev = static_cast<const SumNode*>(longer);
  Int constant_term = prev->constant();
  if (shorter->op == Op::kConst) {
    constant_term += const_value(shorter);
  } else if (shorter->op == Op::kAdd) {
    constant_term += constant_of(shorter);
  }
  return intern(
      sum_hash(linear + large_part(constant_term, kConstantWeight)),
      [&](const Node* n) {
        if (n->op != Op::kAdd) return false;
        if (n->is_long) {
          const auto* s = static_cast<const LongSum*>(n);
          if (s->prev == longer && s->diff == shorter) return true;
        }
        // A fingerprint is no proof: compare the terms.
        if (!(constant_of(n) == constant_term)) return false;
        TermList sum;
        const LinearView view(shorter);
        merge_scaled(terms_of(longer), view.terms(), Int(1), sum);
        return same_terms(terms_of(n), sum);
      },
      [&] {
        auto* n = make<LongSum>(0);
        start_long(n, constant_term);
        n->own_symbols = longer->symbols() | shorter->symbols();
        n->partial = longer->partial || shorter->partial;
        n->degree = std::max<uint8_t>(longer->degree, shorter->degree) & kMaxDegree;
        // What is read of an imported sum may tell less than was known where it was
        // built.
        const uint32_t count = term_count(longer);
        n->num_terms.store(count - std::min(count, term_count(shorter)),
                           std::memory_order_relaxed);
        n->prev = longer;
        n->diff = shorter;
        return n;
      });
}

void Builder::materialise(const LongSum* s) {
  // Reading is allowed from several threads while none builds: one of them does the work.
  const std::lock_guard<std::mutex> lock(materialise_mutex_);
  if (s->terms.load(std::memory_order_relaxed) != nullptr) return;
  TermList recent;
  const Node* base = s;
  const auto is_lazy = [](const Node* n) {
    return n->is_long && static_cast<const LongSum*>(n)->terms.load(
                             std::memory_order_relaxed) == nullptr;
  };
  while (is_lazy(base)) {
    const auto* lazy = static_cast<const LongSum*>(base);
    // A difference is short, hence materialised: add_lazy takes no lazy sum for it.
    if (const LinearView d(lazy->diff); lazy->diff->op != Op::kConst)
      d.terms().append_to(recent);
    base = lazy->prev;
  }
  sort_and_merge(recent);
  TermList all;
  merge_scaled(terms_of(base), recent, Int(1), all);
  Arena* arena = &arena_;
  std::vector<Int*>* big = &big_;
  // A sum from before the last checkpoint stays when what was made since is taken back.
  if (frozen() || (!marks_.empty() && s->id < first_id_ + marks_.back().count)) {
    if (late_ == nullptr) late_ = std::make_unique<Store>(this);
    arena = &late_->arena;
    big = &late_->big;
  }
  auto* to = static_cast<PackedTerm*>(arena->allocate(all.size() * sizeof(PackedTerm)));
  for (size_t i = 0; i < all.size(); ++i) pack(all[i], to + i, *arena, *big);
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
             (shorter->op != Op::kAdd || !shorter->is_long ||
              static_cast<const LongSum*>(shorter)->prev == nullptr);
    };
    if (lazy(a, na, b, nb)) return add_lazy(a, b);
    if (lazy(b, nb, a, na)) return add_lazy(b, a);
  }
  const LinearView va(a);
  const LinearView vb(b);
  TermList& out = scratch_;
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
  TermList& out = scratch_;
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
    v.terms().append_to(p.terms);
  }
  return from_poly(p);
}

}  // namespace congrua::internal
