// The shortest form of a term that was read; see simplest_form in congrua/simplify.h.
#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "congrua/simplify.h"
#include "expr/builder.h"
#include "expr/spellings.h"
#include "expr/walk.h"
#include "guard/facts_impl.h"
#include "rewrite/extract_terms.h"
#include "rewrite/form.h"

namespace congrua {

namespace {

using internal::Builder;
using internal::Node;
using internal::SpellingTable;
using internal::TextOp;
using internal::ViewOp;
using rewrite::Part;
using rewrite::TermId;
using rewrite::Terms;

// So many terms of a text are simplified by themselves; those below stay as they are
// written. Texts that fall so far apart are rare, and each may be as large as the whole.
constexpr size_t kMaxSimplified = 64;

// Whether the canonical term is so large that nothing as short as its text is found in
// it: nested truncated quotients have twice the cases at each level.
bool falls_apart(const Node* n, uint64_t operations) {
  const uint64_t most = operations < 1000 ? 2 * operations + 6 : 2000;
  uint64_t seen = 0;
  (void)internal::nodes_below(
      n, [&](const Node*) { return ++seen <= most; }, [](const Node*) { return false; });
  return seen > most;
}

ViewOp view_op(TextOp op) {
  switch (op) {
    case TextOp::kAbs:
      return ViewOp::kAbs;
    case TextOp::kAnd:
      return ViewOp::kAnd;
    case TextOp::kCeilDiv:
      return ViewOp::kCeilDiv;
    case TextOp::kEq:
      return ViewOp::kEq;
    case TextOp::kFloorDiv:
      return ViewOp::kFloorDiv;
    case TextOp::kFloorMod:
      return ViewOp::kFloorMod;
    case TextOp::kGe:
      return ViewOp::kGe;
    case TextOp::kGt:
      return ViewOp::kGt;
    case TextOp::kLe:
      return ViewOp::kLe;
    case TextOp::kLt:
      return ViewOp::kLt;
    case TextOp::kMax:
      return ViewOp::kMax;
    case TextOp::kMin:
      return ViewOp::kMin;
    case TextOp::kMul:
      return ViewOp::kProduct;
    case TextOp::kNe:
      return ViewOp::kNe;
    case TextOp::kNot:
      return ViewOp::kNot;
    case TextOp::kOr:
      return ViewOp::kOr;
    case TextOp::kSelect:
      return ViewOp::kSelect;
    case TextOp::kTruncDiv:
      return ViewOp::kTruncDiv;
    case TextOp::kTruncMod:
      return ViewOp::kTruncMod;
    default:
      return ViewOp::kSum;  // kAdd, kSub, kNeg
  }
}

class Speller {
 public:
  Speller(Facts& facts, const SpellingTable& table, const ExtractOptions& extraction,
          const SimplifyOptions& simplification)
      : facts_(facts),
        table_(table),
        extraction_(extraction),
        simplification_(simplification) {}

  Form run(const Node* root) {
    Form form = extracted(root);
    // The divisions of the text round down.
    if (extraction_.division != Division::kFloor) return form;
    if (!is_shorter_as_written(root, form)) return form;
    todo_ = {root};
    open(root);
    while (!todo_.empty()) visit(todo_.back());
    const TermId written[] = {done_.at(root)};
    for (const TermId t : {terms_.flatten(written)[0], written[0]}) {
      const TermId roots[] = {t};
      auto [dag, views] = terms_.to_views(roots);
      dag.root = views[0];
      Form f = internal::make_form(std::move(dag));
      if (is_shorter(f, form)) form = std::move(f);
    }
    return form;
  }

 private:
  Form extracted(const Node* n) {
    ++simplified_;
    return extract(facts_, simplify(facts_, Builder::expr(n), simplification_),
                   extraction_);
  }

  // Where neither can be counted on the tree, on the DAG.
  static bool is_shorter(const Form& a, const Form& b) {
    if (a.operations() != b.operations()) return a.operations() < b.operations();
    return a.operations() == UINT64_MAX &&
           internal::dag_of(a).views.size() < internal::dag_of(b).views.size();
  }

  bool is_shorter_as_written(const Node* n, const Form& form) const {
    const SpellingTable::Spelling* s = table_.find(n);
    return s != nullptr &&
           (s->operations < form.operations() || s->operations == UINT64_MAX);
  }

  void open(const Node* n) {
    opened_.insert(n);
    for (const Node* a : table_.args(*table_.find(n))) {
      if (!done_.contains(a)) todo_.push_back(a);
    }
  }

  // The top of todo_: done, or its arguments come first.
  void visit(const Node* n) {
    if (done_.contains(n)) return todo_.pop_back();
    const SpellingTable::Spelling* s = table_.find(n);
    const bool opened = opened_.contains(n);
    if (!opened && (s == nullptr ||
                    (simplified_ < kMaxSimplified && !falls_apart(n, s->operations)))) {
      const Form form = extracted(n);
      if (!is_shorter_as_written(n, form)) {
        const internal::ViewDag& dag = internal::dag_of(form);
        done_.emplace(n, terms_.import(dag, std::span(&dag.root, 1))[0]);
        return todo_.pop_back();
      }
    }
    if (!opened) return open(n);
    done_.emplace(n, written(s->op, table_.args(*s)));
    todo_.pop_back();
  }

  TermId written(TextOp op, std::span<const Node* const> args) {
    rewrite::Written w{view_op(op), nullptr, {}};
    Int factor(1);
    for (const Node* a : args) {
      const TermId t = done_.at(a);
      if (op == TextOp::kMul && terms_[t].op == ViewOp::kInt) {
        factor *= terms_[t].parts[0].coef;
        continue;
      }
      const bool negative =
          op == TextOp::kNeg || (op == TextOp::kSub && !w.parts.empty());
      w.parts.push_back({Int(negative ? -1 : 1), t});
    }
    if (op != TextOp::kMul) return terms_.add(std::move(w));
    if (w.parts.empty()) return terms_.integer(factor);
    const TermId product = terms_.add(std::move(w));
    return terms_.add({ViewOp::kSum, nullptr, {{factor, product}}});
  }

  Facts& facts_;
  const SpellingTable& table_;
  const ExtractOptions& extraction_;
  const SimplifyOptions& simplification_;
  size_t simplified_ = 0;
  Terms terms_;
  absl::flat_hash_map<const Node*, TermId> done_;
  absl::flat_hash_set<const Node*> opened_;
  std::vector<const Node*> todo_;
};

}  // namespace

Form simplest_form(Facts& facts, Expr e, const Spellings& spellings,
                   const ExtractOptions& extraction,
                   const SimplifyOptions& simplification) {
  const internal::UseChild use(facts.impl().builder);
  Speller speller(facts, SpellingTable::of(spellings), extraction, simplification);
  return speller.run(Builder::node(e));
}

}  // namespace congrua
