#include "width/program.h"

#include <algorithm>
#include <span>
#include <utility>

namespace congrua::width {

int arity(StepOp op) {
  switch (op) {
    case StepOp::kConst:
    case StepOp::kTruth:
    case StepOp::kSymbol:
    case StepOp::kOpaque:
    case StepOp::kIf:
    case StepOp::kElse:
      return 0;
    case StepOp::kNeg:
    case StepOp::kAbs:
    case StepOp::kNot:
      return 1;
    case StepOp::kSelect:
      return 3;
    default:
      return 2;
  }
}

namespace {

StepOp step_op(ViewOp op) {
  switch (op) {
    case ViewOp::kFloorDiv:
      return StepOp::kFloorDiv;
    case ViewOp::kFloorMod:
      return StepOp::kFloorMod;
    case ViewOp::kCeilDiv:
      return StepOp::kCeilDiv;
    case ViewOp::kTruncDiv:
      return StepOp::kTruncDiv;
    case ViewOp::kTruncMod:
      return StepOp::kTruncMod;
    case ViewOp::kMin:
      return StepOp::kMin;
    case ViewOp::kMax:
      return StepOp::kMax;
    case ViewOp::kAbs:
      return StepOp::kAbs;
    case ViewOp::kSelect:
      return StepOp::kSelect;
    case ViewOp::kEq:
      return StepOp::kEq;
    case ViewOp::kNe:
      return StepOp::kNe;
    case ViewOp::kLt:
      return StepOp::kLt;
    case ViewOp::kLe:
      return StepOp::kLe;
    case ViewOp::kGt:
      return StepOp::kGt;
    case ViewOp::kGe:
      return StepOp::kGe;
    case ViewOp::kAnd:
      return StepOp::kAnd;
    case ViewOp::kOr:
      return StepOp::kOr;
    default:
      return StepOp::kNot;
  }
}

// A term whose coefficient is multiplied into its factors one by one.
bool absorbs(const ViewDag& dag, const internal::SumItem& s) {
  return s.body != internal::kNoView && abs(s.coef) != Int(1) &&
         dag.views[s.body].op == ViewOp::kProduct;
}

// Calls f for each view that this one reads, in order.
template <typename F>
void for_each_operand(const ViewDag& dag, const View& v, F&& f) {
  switch (v.op) {
    case ViewOp::kInt:
    case ViewOp::kTrue:
    case ViewOp::kFalse:
    case ViewOp::kSymbol:
      return;
    case ViewOp::kSum:
      for (const internal::SumItem& s : dag.sum(v)) {
        if (s.body == internal::kNoView) continue;
        if (!absorbs(dag, s)) {
          f(s.body);
          continue;
        }
        for (const internal::ProductItem& p : dag.product(dag.views[s.body])) f(p.base);
      }
      return;
    case ViewOp::kProduct:
      for (const internal::ProductItem& p : dag.product(v)) f(p.base);
      return;
    default:
      for (const ViewId a : dag.operands(v)) f(a);
  }
}

class Compiler {
 public:
  Compiler(const ViewDag& dag, Numbers& numbers) : dag_(dag), numbers_(numbers) {}

  // Every view that is read, operands first: the set of the steps, in an order in which
  // they can be computed.
  Program all() {
    std::vector<uint8_t> needed(dag_.views.size());
    needed[dag_.root] = 1;
    for (size_t i = dag_.views.size(); i-- > 0;) {
      if (needed[i] == 0) continue;
      for_each_operand(dag_, dag_.views[i], [&](ViewId v) { needed[v] = 1; });
    }
    done_.assign(dag_.views.size(), kNoStep);
    for (size_t i = 0; i < dag_.views.size(); ++i) {
      if (needed[i] != 0) done_[i] = emit(static_cast<ViewId>(i));
    }
    program_.root = done_[dag_.root];
    return std::move(program_);
  }

  // False: too many steps.
  bool taken(Program* out) {
    done_.assign(dag_.views.size(), kNoStep);
    if (!visit(dag_.root, 0)) return false;
    program_.root = done_[dag_.root];
    *out = std::move(program_);
    return true;
  }

 private:
  static constexpr size_t kMaxSteps = 20'000;
  static constexpr int kMaxDepth = 500;
  static constexpr uint32_t kMaxExponent = 1'000;

  StepId push(StepOp op, StepId a = kNoStep, StepId b = kNoStep, StepId c = kNoStep,
              Sort sort = Sort::kInt) {
    Step s{op, sort, a, b, c};
    s.block = block_;
    program_.steps.push_back(s);
    return static_cast<StepId>(program_.steps.size() - 1);
  }
  StepId number(const Int* v) {
    const StepId s = push(StepOp::kConst);
    program_.steps[s].number = v;
    return s;
  }
  StepId magnitude(const Int& v) {
    return number(v.sign() >= 0 ? &v : numbers_.keep(-v));
  }

  StepId times(StepId product, const internal::ProductItem& p) {
    const StepId base = done_[p.base];
    program_.cut |= p.exponent > kMaxExponent;
    for (uint32_t i = 0; i < std::min(p.exponent, kMaxExponent); ++i) {
      product = product == kNoStep ? base : push(StepOp::kMul, product, base);
    }
    return product;
  }

  StepId sum(const View& v) {
    StepId total = kNoStep;
    for (const internal::SumItem& s : dag_.sum(v)) {
      const bool first = total == kNoStep;
      const bool unit = abs(s.coef) == Int(1);
      StepId term = kNoStep;
      if (s.body == internal::kNoView) {
        term = first ? number(&s.coef) : magnitude(s.coef);
      } else if (unit) {
        term = done_[s.body];
        if (first && s.coef.sign() < 0) term = push(StepOp::kNeg, term);
      } else {
        term = first ? number(&s.coef) : magnitude(s.coef);
        if (absorbs(dag_, s)) {
          for (const internal::ProductItem& p : dag_.product(dag_.views[s.body])) {
            term = times(term, p);
          }
        } else {
          term = push(StepOp::kMul, term, done_[s.body]);
        }
      }
      total = first ? term
                    : push(s.coef.sign() < 0 ? StepOp::kSub : StepOp::kAdd, total, term);
    }
    return total;
  }

  // The steps of a view whose operands are done.
  StepId emit(ViewId id) {
    const View& v = dag_.views[id];
    switch (v.op) {
      case ViewOp::kInt:
        return number(&dag_.ints[v.first]);
      case ViewOp::kTrue:
      case ViewOp::kFalse:
        return push(StepOp::kTruth, v.op == ViewOp::kTrue, kNoStep, kNoStep, Sort::kBool);
      case ViewOp::kSymbol:
      case ViewOp::kOpaque: {
        const bool symbol = v.op == ViewOp::kSymbol;
        const StepId s = push(symbol ? StepOp::kSymbol : StepOp::kOpaque, kNoStep,
                              kNoStep, kNoStep, v.node->sort);
        program_.steps[s].node = v.node;
        return s;
      }
      case ViewOp::kSum:
        return sum(v);
      case ViewOp::kProduct: {
        StepId product = kNoStep;
        for (const internal::ProductItem& p : dag_.product(v))
          product = times(product, p);
        return product;
      }
      case ViewOp::kMin:
      case ViewOp::kMax:
      case ViewOp::kAnd:
      case ViewOp::kOr: {
        const bool logic = v.op == ViewOp::kAnd || v.op == ViewOp::kOr;
        StepId total = kNoStep;
        for (const ViewId a : dag_.operands(v)) {
          total = total == kNoStep ? done_[a]
                                   : push(step_op(v.op), total, done_[a], kNoStep,
                                          logic ? Sort::kBool : Sort::kInt);
        }
        return total;
      }
      default: {
        const std::span<const ViewId> args = dag_.operands(v);
        const StepOp op = step_op(v.op);
        const auto arg = [&](size_t i) {
          return i < args.size() ? done_[args[i]] : kNoStep;
        };
        Sort sort = Sort::kInt;
        if (op >= StepOp::kEq && op <= StepOp::kOr) sort = Sort::kBool;
        if (op == StepOp::kSelect) sort = program_.steps[arg(1)].sort;
        return push(op, arg(0), arg(1), arg(2), sort);
      }
    }
  }

  // Steps of a view that is needed in the current block. What a block computes is
  // forgotten at its end: the other one may not have run.
  bool visit(ViewId id, int depth) {
    if (done_[id] != kNoStep) return true;
    if (depth > kMaxDepth || program_.steps.size() > kMaxSteps) return false;
    const View& v = dag_.views[id];
    if (v.op != ViewOp::kSelect) {
      bool ok = true;
      for_each_operand(dag_, v, [&](ViewId a) { ok = ok && visit(a, depth + 1); });
      if (!ok) return false;
      finish(id, emit(id));
      return true;
    }
    const std::span<const ViewId> args = dag_.operands(v);
    if (!visit(args[0], depth + 1)) return false;
    const StepId condition = done_[args[0]];
    StepId arms[2];
    for (const size_t i : {size_t{0}, size_t{1}}) {
      const auto block = static_cast<uint32_t>(program_.blocks.size() + 1);
      program_.blocks.push_back({block_, condition, i == 0});
      push(i == 0 ? StepOp::kIf : StepOp::kElse, condition, block);
      const uint32_t outer = std::exchange(block_, block);
      const size_t mark = finished_.size();
      if (!visit(args[i + 1], depth + 1)) return false;
      arms[i] = done_[args[i + 1]];
      for (; finished_.size() > mark; finished_.pop_back()) {
        done_[finished_.back()] = kNoStep;
      }
      block_ = outer;
    }
    finish(id, push(StepOp::kSelect, condition, arms[0], arms[1],
                    program_.steps[arms[0]].sort));
    return true;
  }
  void finish(ViewId id, StepId step) {
    done_[id] = step;
    finished_.push_back(id);
  }

  const ViewDag& dag_;
  Numbers& numbers_;
  Program program_;
  std::vector<StepId> done_;      // by view
  std::vector<ViewId> finished_;  // what blocks that are open have made
  uint32_t block_ = 0;
};

}  // namespace

Program compile(const ViewDag& dag, Evaluation evaluation, Numbers& numbers) {
  bool any_select = false;
  if (evaluation == Evaluation::kTaken) {
    for (const View& v : dag.views) any_select |= v.op == ViewOp::kSelect;
  }
  if (!any_select) return Compiler(dag, numbers).all();
  Program program;
  if (Compiler(dag, numbers).taken(&program)) return program;
  program = Compiler(dag, numbers).all();
  program.approximate = true;
  return program;
}

}  // namespace congrua::width
