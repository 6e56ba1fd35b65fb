// The forms of several nodes that weigh least together, of those that are found.
//
// Each node is written in several ways out of the ways chosen for its operands: as it
// stands, as the extractor writes it (fewest operators on the tree), factored, with
// remainders in place of quotients. Which one is chosen is decided bottom-up by an
// estimate in which a term that is read k times costs each reader a k-th; how often it is
// read is known from the sweep before, and in the first sweep all are read once. Of each
// sweep's result the passes of extract_terms.h share quotients, pairs and multiples. The
// lightest result wins; the plain views and the extractor's are among them, so that
// nothing heavier is ever answered.
//
// Cost: linear in the DAG of each root, times the number of sweeps.
#ifndef CONGRUA_REWRITE_EXTRACT_DAG_H_
#define CONGRUA_REWRITE_EXTRACT_DAG_H_

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "congrua/simplify.h"
#include "expr/builder.h"
#include "expr/column.h"
#include "expr/factorize.h"
#include "rewrite/extract_terms.h"
#include "rewrite/extractor.h"

namespace congrua::rewrite {

class DagExtractor {
 public:
  DagExtractor(internal::Builder& builder, const ExtractOptions& options)
      : builder_(builder), options_(options), tree_(builder, options) {}

  // The terms of the roots, in terms().
  std::vector<TermId> extract(std::span<const Node* const> roots);
  const Terms& terms() const { return terms_; }

 private:
  static constexpr int kSweeps = 3;
  static constexpr int kMaxFactorizations = 256;

  void order_nodes(std::span<const Node* const> roots);
  void import_tree(std::span<const Node* const> roots);
  // The plain views, and the extractor's of each root by itself.
  std::vector<TermId> plain(std::span<const Node* const> roots);
  std::vector<TermId> alone(std::span<const Node* const> roots);
  // The roots as chosen, after the passes, kept where lighter than what was found before.
  void consider(std::vector<TermId> roots);

  void choose(const Node* n);
  void choose_sum(const Node* n);
  void choose_quotient(const Node* n);
  void choose_proposition(const Node* n);
  // Another way to write the node that is chosen for.
  void offer(TermId t);
  double estimate(TermId t);

  TermId chosen(const Node* n) const { return *chosen_.find(n); }
  TermId monomial(const Node* mono);
  TermId power(TermId base, uint32_t exponent);
  Parts parts_of(const Node* n);
  TermId comparison(const Node* p, ViewOp op);

  internal::Builder& builder_;
  const ExtractOptions& options_;
  Extractor tree_;
  Terms terms_;
  std::vector<const Node*> order_;        // operands first
  internal::NodeColumn<TermId> written_;  // as the extractor writes it
  internal::NodeColumn<TermId> chosen_;
  internal::NodeColumn<uint32_t> factored_;  // index in factorizations_, from 1
  std::vector<internal::Factorization> factorizations_;
  std::vector<uint32_t> uses_;     // in the last sweep's result, by term
  std::vector<double> estimates_;  // by term
  std::optional<TermId> best_;     // of the node that is chosen for
  double best_estimate_ = 0;
  std::vector<TermId> lightest_;
  uint64_t weight_ = UINT64_MAX;
};

}  // namespace congrua::rewrite

#endif  // CONGRUA_REWRITE_EXTRACT_DAG_H_
