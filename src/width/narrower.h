// Rewrites the views of a form so that their intermediates fit.
//
// Views are copied bottom-up, each as one whose intermediates fit: sums and products are
// flattened into terms and factors and put together anew, in an order in which all
// partial results fit; where there is none, factors that terms share are taken out
// (Horner), and dividends that are too large are divided term by term. Ranges are those
// of canonical nodes under the facts: the value of a set of terms does not depend on
// their order, so each set is asked about once.
//
// Nothing rests on this being right: narrow checks what comes out.
#ifndef CONGRUA_WIDTH_NARROWER_H_
#define CONGRUA_WIDTH_NARROWER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "congrua/width.h"
#include "expr/builder.h"
#include "expr/view.h"
#include "width/program.h"
#include "width/span.h"

namespace congrua::width {

class Narrower {
 public:
  Narrower(Facts& facts, IntType type, const WidthOptions& options);

  // The form rewritten; nullopt: not found, or too large.
  std::optional<ViewDag> run(const ViewDag& dag);
  // What it took, the furthest in the order of Narrowing; at least kReassociated.
  Narrowing used() const { return used_; }

 private:
  static constexpr size_t kMaxViews = 2'000;
  static constexpr size_t kMaxParts = 7;  // of a sum or product: subsets are tried
  static constexpr int kMaxTaken = 4;     // factors taken out inside each other
  static constexpr int kTrials = 300;     // sums that are put together

  // A factor: a view that fits, and its value.
  struct Made {
    ViewId view;
    const Node* node;
  };
  // coef * product of factors
  struct Part {
    Int coef;
    std::vector<Made> factors;
  };
  using Parts = std::vector<Part>;  // of a sum; no factors: a constant

  std::optional<Made> rewrite(const ViewDag& in, ViewId id);
  std::optional<Made> rewrite_quotient(const ViewDag& in, const View& v);
  std::optional<Made> divided(Parts numerator, const Int& divisor);
  // The terms of a view whose operands are rewritten; sums in sums are opened.
  std::optional<Parts> parts_of(const ViewDag& in, ViewId id, bool open);

  std::optional<Made> make_sum(Parts parts, int depth);
  std::optional<Made> in_order(const Parts& parts);
  std::optional<Made> take_out(const Parts& parts, int depth);
  std::optional<Made> make_part(const Part& p);
  std::optional<Made> make_product(std::vector<Made> factors);

  const Node* value(const Part& p);
  const Node* value(const Parts& parts);
  bool in_range(const Node* n);
  Made add(const Made& a, const Made& b, bool negated);
  Made app(ViewOp op, std::span<const Made> args, const Node* node);
  Made number(const Int& v);
  Made binary_product(const Made& a, const Made& b);
  Made push(View v, const Node* node);
  void note(Narrowing n) {
    if (n > used_) used_ = n;
  }

  Facts& facts_;
  internal::Builder& builder_;
  const Span range_;
  const WidthOptions& options_;
  ViewDag out_;
  std::vector<std::optional<Made>> done_;  // by view of the input
  absl::flat_hash_map<const Node*, bool> fits_;
  Narrowing used_ = Narrowing::kReassociated;
  int trials_ = kTrials;
};

}  // namespace congrua::width

#endif  // CONGRUA_WIDTH_NARROWER_H_
