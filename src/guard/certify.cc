#include "guard/certify.h"

#include <algorithm>
#include <set>

#include "congrua/eval.h"
#include "guard/certifier.h"

namespace congrua::guard {

using internal::Builder;
using internal::Node;

RowId Certifier::emit(Step s) {
  size_t work = 8;
  for (const RowId r : s.rows) {
    const Row* x = checker_.row(r);
    if (x == nullptr) continue;
    work += x->p.terms().size() * 4;
    if (!x->p.is_zero()) work += x->p.terms().back().coef.bit_length() / 16;
  }
  spend(work);
  if (!checker_.apply(s).ok()) return kNoRow;
  const bool splits = s.kind == StepKind::kSplit || s.kind == StepKind::kCases ||
                      s.kind == StepKind::kValues || s.kind == StepKind::kAttained;
  steps_.push_back(std::move(s));
  counts_.push_back(splits ? static_cast<uint32_t>(checker_.cases().size()) : 0);
  return static_cast<RowId>(steps_.size() - 1);
}

void Certifier::rewind(const Mark& m) {
  checker_.rewind(m.checker);
  steps_.resize(m.steps, Step{.kind = StepKind::kGoal});
  counts_.resize(m.steps);
}

RowId Certifier::combine(const Summands& summands,
                         const std::optional<Int>& constant_term) {
  Step s{.kind = StepKind::kCombine};
  for (const auto& [factor, r] : summands) {
    const std::optional<Expr> e = expr_of(factor);
    if (!e) return kNoRow;
    s.rows.push_back(r);
    s.terms.push_back(*e);
  }
  if (constant_term) s.terms.push_back(constant(*constant_term));
  return emit(std::move(s));
}

RowId Certifier::divide(RowId r) {
  const Int g = row(r).p.content();
  if (g.is_zero() || g.is_one()) return r;
  const RowId divided =
      emit({.kind = StepKind::kDivide, .rows = {r}, .terms = {constant(g)}});
  return divided == kNoRow ? r : divided;
}

// The term whose polynomial this is; nullopt where the canonical form cannot write it so.
std::optional<Expr> Certifier::expr_of(const Poly& p) {
  if (p.is_constant()) return constant(p.constant());
  std::vector<const Node*> sum;
  for (const Poly::Term& t : p.terms()) {
    const Node* n = builder_.constant(t.coef);
    for (const proof::Atom a : t.mono) {
      n = builder_.mul(n, Builder::node(checker_.atom(a)));
    }
    sum.push_back(n);
  }
  const Expr e = Builder::expr(builder_.sum(sum));
  if (checker_.poly(e) != p) return std::nullopt;
  return e;
}

namespace {

// A proof as a tree: the steps of one case, then its closing or a split with its cases.
struct Block {
  std::vector<uint32_t> steps;  // the last closes, or splits
  std::vector<Block> cases;
};

class Trimmer {
 public:
  Trimmer(const std::vector<Step>& steps, const std::vector<uint32_t>& counts)
      : steps_(steps), counts_(counts), kept_(steps.size()), number_(steps.size()) {}

  Certificate trim() {
    Block all = read();
    need(all);
    write(all);
    return std::move(out_);
  }

 private:
  using Rows = std::set<uint32_t>;

  Block read() {
    Block b;
    for (;;) {
      const uint32_t step = at_++;
      b.steps.push_back(step);
      if (steps_[step].kind == StepKind::kClose) return b;
      if (counts_[step] == 0) continue;
      for (uint32_t i = 0; i < counts_[step]; ++i) b.cases.push_back(read());
      return b;
    }
  }

  // What the block uses of the rows before it. A split of which one case does without its
  // assumption gives way to that case.
  Rows need(Block& b) {
    Rows rows;
    const auto use = [&](uint32_t step) {
      rows.insert(steps_[step].rows.begin(), steps_[step].rows.end());
    };
    for (size_t i = 0; i < b.cases.size(); ++i) {
      Block& c = b.cases[i];
      Rows of_case = need(c);
      if (of_case.erase(c.steps[0]) == 0) {
        b.steps.pop_back();
        b.steps.insert(b.steps.end(), c.steps.begin() + 1, c.steps.end());
        std::vector<Block> cases = std::move(c.cases);
        b.cases = std::move(cases);
        rows = std::move(of_case);
        break;
      }
      if (rows.size() < of_case.size()) rows.swap(of_case);
      rows.insert(of_case.begin(), of_case.end());
    }
    for (size_t i = b.steps.size(); i-- > 0;) {
      const uint32_t step = b.steps[i];
      const bool last = i + 1 == b.steps.size();
      if (steps_[step].kind == StepKind::kCase) {
        kept_[step] = true;
        continue;  // whether it is used, the caller asks
      }
      if (!last && !rows.contains(step)) continue;
      rows.erase(step);
      kept_[step] = true;
      use(step);
    }
    return rows;
  }

  void write(const Block& b) {
    for (const uint32_t step : b.steps) {
      if (!kept_[step]) continue;
      number_[step] = static_cast<uint32_t>(out_.steps.size());
      Step s = steps_[step];
      for (uint32_t& r : s.rows) r = number_[r];
      out_.steps.push_back(std::move(s));
    }
    for (const Block& c : b.cases) write(c);
  }

  const std::vector<Step>& steps_;
  const std::vector<uint32_t>& counts_;
  std::vector<bool> kept_;
  std::vector<uint32_t> number_;
  uint32_t at_ = 0;
  Certificate out_;
};

}  // namespace

namespace {
std::vector<Expr> divisors_of(std::vector<Expr> stack) {
  std::vector<Expr> out;
  absl::flat_hash_set<Expr> seen;
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (!seen.insert(e).second) continue;
    if (e.op() == Op::kFloorDiv && !e.arg(1).is_const() &&
        std::ranges::find(out, e.arg(1)) == out.end()) {
      out.push_back(e.arg(1));
    }
    for (size_t i = 0; i < e.num_args(); ++i) stack.push_back(e.arg(i));
  }
  return out;
}
}  // namespace

std::optional<Certificate> Certifier::run(std::span<const FactId> use) {
  std::vector<Expr> of_question = {goal_};
  for (const FactId f : use) of_question.push_back(facts_[f]);
  for (const Expr e : of_question) {
    for (const Expr x : free_symbols(e)) {
      if (std::ranges::find(symbols_, x) == symbols_.end()) symbols_.push_back(x);
    }
  }
  State start;
  start.pending.push_back(emit({.kind = StepKind::kGoal}));
  for (const FactId f : use) {
    start.pending.push_back(emit({.kind = StepKind::kFact, .index = f}));
  }
  for (const Expr d : divisors_of(of_question)) {
    start.pending.push_back(emit({.kind = StepKind::kDivisor, .terms = {d}}));
  }
  // A divisor that is 0 leaves no points to ask about.
  const Expr zero = constant(Int());
  if (const RowId r = emit({.kind = StepKind::kDivisor, .terms = {zero}}); r != kNoRow) {
    start.pending = {r};
  }
  // A little of everything first.
  constexpr Effort kEfforts[] = {{.depth = 3,
                                  .products = 0,
                                  .enumerate = false,
                                  .remainders = false,
                                  .bound = false,
                                  .degree = 0},
                                 {.depth = 6,
                                  .products = 1,
                                  .enumerate = false,
                                  .remainders = true,
                                  .bound = false,
                                  .degree = 0},
                                 {.depth = 40,
                                  .products = 0,
                                  .enumerate = true,
                                  .remainders = false,
                                  .bound = false,
                                  .degree = 0},
                                 {.depth = 12,
                                  .products = 8,
                                  .enumerate = false,
                                  .remainders = false,
                                  .bound = false,
                                  .degree = 0},
                                 {.depth = 40,
                                  .products = 8,
                                  .enumerate = true,
                                  .remainders = true,
                                  .bound = true,
                                  .degree = 0},
                                 {.depth = 12,
                                  .products = 4,
                                  .enumerate = false,
                                  .remainders = false,
                                  .bound = false,
                                  .degree = 2}};
  const Mark beginning = mark();
  const int64_t all = budget_.left();
  for (size_t i = 0; i < std::size(kEfforts); ++i) {
    Budget part(std::min(budget_.left(), all * static_cast<int64_t>(i + 1) / 10),
                budget_.cancel_flag());
    const int64_t granted = part.left();
    keep_symbols_ = kEfforts[i].enumerate;
    std::swap(part, budget_);
    const bool closed = refute(start, kEfforts[i]);
    std::swap(part, budget_);
    budget_.charge(part.spent_of(granted));
    // The checker may have refused a step for its size.
    if (closed && checker_.finished()) return Trimmer(steps_, counts_).trim();
    if (budget_.spent()) return std::nullopt;
    rewind(beginning);
  }
  return std::nullopt;
}

std::optional<Certificate> certify(ExprPool& pool, std::span<const Expr> facts,
                                   std::span<const FactId> use, Expr goal,
                                   Budget& budget) {
  std::optional<Certificate> c = Certifier(pool, facts, goal, budget).run(use);
  if (c && !check(*c, facts, goal).ok()) return std::nullopt;
  return c;
}

}  // namespace congrua::guard
