// The form of a canonical node with the fewest operators that is found.
//
// Canonical nodes have one way to write each value: coefficients reduced, common parts
// taken out, one of min and max. A reader wants the shortest way. The extractor writes a
// node bottom-up; of each sum it tries, one after another, rewritings that keep the value
// (a quotient as remainder, terms moved into numerators and operands, signs turned,
// factors taken out) and keeps what is shorter. Each is tried within a fixed budget, so
// that the cost is linear in the DAG.
//
// What is written is priced on the tree, as Form::operations counts.
#ifndef CONGRUA_REWRITE_EXTRACTOR_H_
#define CONGRUA_REWRITE_EXTRACTOR_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "base/int.h"
#include "congrua/simplify.h"
#include "expr/builder.h"
#include "expr/column.h"
#include "expr/view.h"
#include "rewrite/polynomials.h"

namespace congrua::rewrite {

using internal::Builder;
using internal::Node;
using internal::View;
using internal::ViewDag;
using internal::ViewId;
using internal::ViewOp;

inline uint64_t add_costs(uint64_t a, uint64_t b) {  // saturates
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

class Extractor {
 public:
  Extractor(Builder& builder, const ExtractOptions& options)
      : builder_(builder), options_(options), trials_(kTrials), table_(64) {
    dag_.views.reserve(32);
    cost_.reserve(32);
    hashes_.reserve(32);
  }

  ViewDag extract(const Node* root);
  // For several roots, which share views: writes the root and all below it, with trials
  // of its own. view_of(n) is the view of a node that was written.
  void write(const Node* root);
  ViewId view_of(const Node* n) const { return *values_.find(n); }
  const ViewDag& views() const { return dag_; }
  // A number of operators that no way to write p goes below, where the first way has so
  // many. Where operators have two operands, k symbols take k - 1; where nothing is
  // divided either, and no extreme stands in a sum, one operator is written as one at
  // once.
  static uint64_t fewest_operators(uint64_t operations, const Poly& p);
  // Whether the trials did not suffice for all that was to be tried.
  bool gave_up() const { return trials_ <= 0; }

 private:
  static constexpr int64_t kTrials = 6'000;
  static constexpr int kMaxDepth = 2;  // of rewritings inside each other

  // coef * product of views
  struct Item {
    Int coef;
    absl::InlinedVector<ViewId, 4> factors;  // ascending
  };
  // What is to be written: terms of canonical nodes that are still open, and items that
  // are settled.
  struct Sum {
    Poly open;
    absl::InlinedVector<Item, 4> items;
  };
  // A view and the sign with which it counts.
  struct Signed {
    ViewId view;
    bool negative;
  };

  // ---- Views, interned by content; cost_ is that of the tree
  ViewId leaf(ViewOp op, const Node* n);
  ViewId integer(const Int& v);
  ViewId app(ViewOp op, std::span<const ViewId> args, const Node* n = nullptr);
  ViewId product(std::span<const ViewId> factors);
  ViewId sum(std::span<const Item> items, const Int& constant);
  // The view of that hash for which same(view) holds; else the one that make() gives.
  template <typename Same, typename Make>
  ViewId intern(uint64_t hash, Same&& same, Make&& make);
  ViewId push(const View& v, uint64_t cost);
  uint64_t cost(ViewId v) const { return cost_[v]; }
  // The order in which people read: symbols by name, then operators. Negative, 0 or
  // positive; looks a few levels down.
  int compare(ViewId a, ViewId b, int depth = 0) const;
  bool less(const Item& a, const Item& b) const;  // higher degree first

  ViewId value(const Node* n);
  ViewId poly_view(Poly p);
  // A sum as the product that it was multiplied out of, if that is found and shorter.
  ViewId factored(const Node* n, ViewId plain);
  ViewId proposition(const Node* n, bool negated);
  ViewId show(const Node* n);

  // ---- extract_sums.cc
  bool can_settle(const Poly& p) const;  // there is something to rewrite
  Sum settle(Poly p);
  // Which of the ways that make a sum shorter is taken: the first that is found, or the
  // one that saves most.
  enum class Order : uint8_t { kFirst, kBest };
  bool improve(Sum& s, Order order, uint64_t fewest);
  // The shortest sum that was found in place of one with the price `plain`.
  struct Best {
    explicit Best(uint64_t start, uint64_t least = 0)
        : plain(start), price(start), fewest(least) {}
    bool is_fewest() const { return price <= fewest; }  // nothing is shorter
    uint64_t plain;
    uint64_t price;
    uint64_t fewest;
    std::optional<Sum> sum;
  };
  // Keeps `next` if it is shorter than what `best` holds. True where it is shorter than
  // what was there at first.
  bool keep(Sum&& next, Best& best);
  uint64_t price(const Sum& s) { return price(s.open, s.items, nullptr); }
  // With an item, or its negative, that has one more factor, which costs nothing.
  uint64_t price_beside(const Poly& open, std::span<const Item> items, const Item& item) {
    return price(open, items, &item);
  }
  uint64_t price(const Poly& open, std::span<const Item> items, const Item* beside);
  absl::InlinedVector<Item, 8> items_of(const Sum& s);
  ViewId power(ViewId base, uint32_t exponent);
  ViewId finish(absl::InlinedVector<Item, 8> items, Int constant);
  bool factor_out(absl::InlinedVector<Item, 8>& items, Int& constant);
  static uint64_t price_items(std::span<const Item> items, const Int& constant,
                              const std::vector<uint64_t>& cost);

  // ---- extract_estimates.cc: what rewritings are chosen by, before one is written
  // The operators of p written as it stands.
  uint64_t estimate(const Poly& p);
  // The same with whole remainders among the terms seen as such, without the sign of a
  // sum of subtractions and without the constant: what is left of that.
  uint64_t likely_terms(const Poly& p, Int& constant);
  int64_t saved_by_remainder(const Poly& p, const Term& t, Int* constant);
  uint64_t likely(const Poly& p);
  // How much shorter than that p may become when it is written.
  uint64_t slack(const Poly& p) const;
  uint64_t least(const Poly& p) {
    const uint64_t l = likely(p);
    return l - std::min(l, slack(p));
  }

  // ---- extract_atoms.cc
  ViewId atom(const Node* n);
  // Each way rewrites the term i of the sum, and keeps what is the shortest so far.
  void try_extreme(const Sum& s, size_t i, Best& best);
  ViewId extreme(ViewOp op, std::span<const Poly> operands);
  void try_select(const Sum& s, size_t i, Best& best);
  void try_distributed(const Sum& s, size_t i, Best& best);

  // ---- extract_divisions.cc
  // The shortest ways to write the quotient of a by m, with each sign.
  absl::InlinedVector<Signed, 4> quotients(const Poly& a, const Int& m);
  // Those of a modulo m whose numerators may be written with fewer operators than that.
  absl::InlinedVector<Signed, 4> remainders(const Poly& a, const Int& m, uint64_t limit);
  // A quotient seen as floor_div(dividend, divisor).
  struct Divided {
    Poly dividend;
    Int divisor;
  };
  absl::InlinedVector<Divided, 4> divided_ways(const Poly& p, const Node* q);
  // The term i of p with a remainder in place of its quotient: item.coef * factors of
  // item
  // * (numerator % divisor) + beside.
  struct Conversion {
    Poly numerator;
    Int divisor;
    Poly beside;
    Item item;
  };
  absl::InlinedVector<Conversion, 4> conversions(const Poly& p, size_t i);
  void try_remainder(const Sum& s, size_t i, Best& best);
  void try_symbolic_remainder(const Sum& s, size_t i, Best& best);

  // ---- extract_numerators.cc
  // A sum seen as numerator + m * whole.
  struct Completed {
    Poly numerator, whole;
  };
  absl::InlinedVector<Completed, 4> completions(const Poly& p, const Int& m);
  void try_numerator(const Sum& s, size_t i, Best& best);
  uint64_t likely_numerator(const Poly& a, const Int& m);

  // ---- extract_steps.cc
  void try_steps(const Sum& s, size_t i, Best& best);
  void improve_rest(Sum next, Best& best);
  // numerator // divisor + base
  struct Stepped {
    Poly numerator;
    Int divisor, base;
  };
  static std::optional<Stepped> shortest_steps(const Poly& p, const Int& m);

  // ---- extract_truncated.cc
  // A quotient rounded to 0 in a selection: select = scale * trunc + rest.
  struct Truncated {
    const Node* dividend;
    const Node* divisor;
    Int scale;
    const Node* rest;
  };
  using Truncations = absl::InlinedVector<Truncated, 2>;
  const Truncations& truncations(const Node* select);
  std::optional<Truncated> find_truncated(const Node* select);
  void find_nested(const Node* select, Truncations& found);
  void try_truncated(const Sum& s, size_t i, Best& best);
  void try_truncation(const Sum& s, size_t i, const Truncated& q, Best& best);
  // d*trunc(u, d) among the terms is u less the remainder.
  void try_truncated_product(const Sum& s, size_t i, Best& best);
  // The negative of a truncation by a number below 0, by the number above 0.
  std::optional<ViewId> turned(ViewId truncation);

  // ---- extract_props.cc
  ViewId comparison(const Node* p, ViewOp op);
  ViewId connective(const Node* n, bool negated);

  Builder& builder_;
  const ExtractOptions& options_;
  int64_t trials_;
  int depth_ = 0;
  ViewDag dag_;
  std::vector<uint64_t> cost_;
  std::vector<uint64_t> hashes_;  // by view
  std::vector<ViewId> table_;     // open addressing: view + 1
  struct PolyHash {
    size_t operator()(const Poly& p) const;
  };
  struct PolyEqual {
    bool operator()(const Poly& a, const Poly& b) const;
  };
  struct PolyView {
    ViewId view;
    int depth;  // at which it was written
  };
  // Sums that are written while others are tried come again and again; terms by id.
  absl::flat_hash_map<Poly, PolyView, PolyHash, PolyEqual> poly_views_;
  absl::flat_hash_map<const Node*, std::unique_ptr<Truncations>> truncated_;
  internal::NodeColumn<ViewId> values_;
  internal::NodeColumn<ViewId> negations_;
  std::vector<const Node*> stack_;
};

// The extractor's view of n, or the plain one where that has fewer operators.
ViewDag shortest_view(Builder& builder, const ExtractOptions& options, const Node* n);

}  // namespace congrua::rewrite

#endif  // CONGRUA_REWRITE_EXTRACTOR_H_
