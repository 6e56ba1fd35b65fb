// Minimal guards of one group: conjuncts of entry guards that are tied to each other.
#ifndef CONGRUA_SHAPE_MINIMIZER_H_
#define CONGRUA_SHAPE_MINIMIZER_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "congrua/shape.h"
#include "expr/node.h"
#include "shape/env_impl.h"

namespace congrua::shape {

inline constexpr int64_t kGuardSteps = 50'000;  // of one entailment

// A conjunct of a record.
struct Part {
  const internal::Node* condition;
  RecordId record;
  size_t place;
};

// What is kept of one group, with the places in the whole.
struct Kept {
  struct Guard {
    bool proposed;
    size_t place;
    Expr condition;
    RecordId record;
  };
  struct Dropped {
    bool late;  // by drop_backward
    size_t place;
    DroppedGuard guard;
  };
  std::vector<std::pair<size_t, Expr>> domains;
  std::vector<Guard> guards;  // in order
  std::vector<Dropped> dropped;
};

// The path condition is the conjunction of the parts, and of what they need to have
// values (needs.h). What they say of single symbols goes into domains, and a conjunct
// that follows from the domains and the other conjuncts is dropped, until none does.
// Every step is an entailment, so that what is left is equivalent to the path condition.
//
// Each conjunct is held against all others; where there are many, what a question may
// cost shrinks, so that all cost about the same, and of their domains only some are held
// against the rest.
//
// Parts in program order, and the numbers of the symbols they read, ascending.
Kept minimize(Env::Impl& m, std::vector<Part> parts, std::vector<size_t> symbols);

}  // namespace congrua::shape

#endif  // CONGRUA_SHAPE_MINIMIZER_H_
