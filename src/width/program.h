// A form as the list of its intermediate values, in the order in which they are computed.
//
// congrua/width.h states that order. fits asks about the steps of a program and lower
// writes them out: what was asked is what runs.
//
// Under Evaluation::kAll every view is one step, however often it is used. Under kTaken
// the arms of a select are blocks of their own: kIf, the steps of the arm, kElse, the
// steps of the other one, kSelect. A value is computed where it is first needed in each
// block that does not lie within one that has it; so shared arms may be copied, within a
// limit. Beyond it (or where selects nest too deeply) the program is that of kAll, and
// `approximate`: it has more steps than are taken.
#ifndef CONGRUA_WIDTH_PROGRAM_H_
#define CONGRUA_WIDTH_PROGRAM_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "base/int.h"
#include "congrua/width.h"
#include "expr/view.h"

namespace congrua::width {

using internal::Node;
using internal::View;
using internal::ViewDag;
using internal::ViewId;
using internal::ViewOp;

enum class StepOp : uint8_t {
  kConst,
  kTruth,  // a: 1 or 0
  kSymbol,
  kOpaque,  // of steps that went before; their ids are not kept
  kNeg,
  kAdd,
  kSub,
  kMul,
  kFloorDiv,
  kFloorMod,
  kCeilDiv,
  kTruncDiv,
  kTruncMod,
  kMin,
  kMax,
  kAbs,
  kEq,  // of two integers or two booleans
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kNot,
  kAnd,
  kOr,
  kSelect,  // a ? b : c
  kIf,      // opens block b, run where step a holds; kElse, kSelect close it
  kElse,    // opens block b
};
inline bool has_value(StepOp op) { return op != StepOp::kIf && op != StepOp::kElse; }
// Three operands of kSelect, one of kNeg, kAbs, kNot, two of the other operators.
int arity(StepOp op);

using StepId = uint32_t;
inline constexpr StepId kNoStep = UINT32_MAX;

struct Step {
  StepOp op;
  Sort sort = Sort::kInt;
  StepId a = kNoStep, b = kNoStep, c = kNoStep;
  uint32_t block = 0;
  const Node* node = nullptr;   // kSymbol, kOpaque
  const Int* number = nullptr;  // kConst
};

// Block 0 is the whole; the others are run where `condition` is `truth`, within `parent`.
struct Block {
  uint32_t parent;
  StepId condition;
  bool truth;
};

struct Program {
  absl::InlinedVector<Step, 32> steps;
  std::vector<Block> blocks;  // but for block 0: blocks[i - 1]
  StepId root = kNoStep;
  bool approximate = false;
  bool cut = false;  // a power is too high to be written out: steps are missing
};

// The numbers of the steps belong to the dag or to `numbers`, which must outlive the
// program.
class Numbers {
 public:
  const Int* keep(Int v) {
    all_.push_back(std::make_unique<Int>(std::move(v)));
    return all_.back().get();
  }

 private:
  std::vector<std::unique_ptr<Int>> all_;
};

Program compile(const ViewDag& dag, Evaluation evaluation, Numbers& numbers);

}  // namespace congrua::width

#endif  // CONGRUA_WIDTH_PROGRAM_H_
