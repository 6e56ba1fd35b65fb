// Forms that are chosen by weight on the DAG: views as terms that are interned by content
// and can be taken apart, and the passes that make them share.
//
// A Term is a view whose parts are terms of the same table; parts stand before what is
// made of them. Passes rewrite what the roots reach, bottom-up, into new terms of the
// same value (docs/semantics.md): sums, products, minima, maxima and connectives are
// regrouped, and a remainder becomes x - c*q where the quotient q is computed anyway.
// None brings in a divisor.
#ifndef CONGRUA_REWRITE_EXTRACT_TERMS_H_
#define CONGRUA_REWRITE_EXTRACT_TERMS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "base/int.h"
#include "expr/view.h"

namespace congrua::rewrite {

using internal::kNoView;
using internal::Node;
using internal::ViewDag;
using internal::ViewId;
using internal::ViewOp;

using TermId = ViewId;

// Of a sum: coef * term, or the constant coef (kNoView). Of a product: term ** coef. Of
// kInt: its value. Else an operand, coef is 1.
struct Part {
  Int coef;
  TermId term;
  friend bool operator==(const Part&, const Part&) = default;
};
using Parts = absl::InlinedVector<Part, 4>;

struct Written {
  ViewOp op;
  const Node* node = nullptr;  // kSymbol, kOpaque
  Parts parts;
};

class Terms {
 public:
  // The term of these parts: like parts of sums and products are joined, parts in another
  // order are the same term, and a sum or product of one part may be that part.
  TermId add(Written w);
  TermId add(ViewOp op, std::span<const TermId> operands, const Node* node = nullptr);
  TermId integer(const Int& value);

  // That term, if there is one.
  std::optional<TermId> find(ViewOp op, std::span<const TermId> operands) const;

  const Written& operator[](TermId t) const { return terms_[t]; }
  size_t size() const { return terms_.size(); }

  // Takes over what the views are made of, and answers with their terms.
  std::vector<TermId> import(const ViewDag& dag, std::span<const ViewId> views);

  // What the term's own operators weigh, see Form::weight.
  uint64_t own_weight(TermId t) const;
  // Of all that the roots reach, each term once; saturates.
  uint64_t weight(std::span<const TermId> roots) const;
  // How often each term is read by what the roots reach; a root is read once more.
  std::vector<uint32_t> uses(std::span<const TermId> roots) const;

  // What the roots reach as views; ids of the roots in them, in their order.
  std::pair<ViewDag, std::vector<ViewId>> to_views(std::span<const TermId> roots) const;

  // ---- Passes: the roots rewritten. They may be heavier.
  // floor_mod(x, c) as x - c*floor_div(x, c) where that quotient is reached as well.
  std::vector<TermId> share_quotients(std::span<const TermId> roots);
  // Sums of sums, products of products and the like as one, where the inner one is read
  // once.
  std::vector<TermId> flatten(std::span<const TermId> roots);
  // Pairs of parts that several terms have become terms of their own, the pair that saves
  // most first (A. Hosangadi, F. Fallah, R. Kastner, "Optimizing polynomial expressions
  // by algebraic factorization and common subexpression elimination", 2006, with pairs in
  // place of all kernels).
  std::vector<TermId> share_pairs(std::span<const TermId> roots);
  // Products of a number and a term that several sums have become terms of their own.
  std::vector<TermId> share_multiples(std::span<const TermId> roots);

 private:
  struct Pattern {  // the pair c1*t1 op c2*t2, its coefficients without common divisor
    ViewOp op;
    Part first, second;
    friend bool operator==(const Pattern&, const Pattern&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Pattern& p) {
      return H::combine(std::move(h), p.op, p.first.coef, p.first.term, p.second.coef,
                        p.second.term);
    }
  };
  // The pattern that two parts make, and what it is multiplied by: scale * pattern.
  static std::pair<Pattern, Int> pattern_of(ViewOp op, const Part& a, const Part& b);
  // Without the pattern's parts, which w has, and with scale * shared in their place.
  static Written replaced(const Written& w, const Pattern& p, const Int& scale,
                          TermId shared);
  uint64_t weight_of(const Written& w) const;
  uint64_t division_weight(ViewOp op, TermId divisor) const;
  static void normalize(Written& w);
  static std::string key_of(const Written& w);
  std::vector<bool> reached(std::span<const TermId> roots) const;
  // The roots anew, with other definitions for some terms: those may use terms that were
  // added later, as long as no term uses itself.
  bool share_pairs_once(std::vector<TermId>& roots);
  using Definitions = absl::flat_hash_map<TermId, Written>;
  std::vector<TermId> rebuild(std::span<const TermId> roots, const Definitions& changed);

  std::vector<Written> terms_;
  absl::flat_hash_map<std::string, TermId> index_;
};

}  // namespace congrua::rewrite

#endif  // CONGRUA_REWRITE_EXTRACT_TERMS_H_
