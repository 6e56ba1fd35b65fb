// Applications of theory functions: number and sorts of arguments are checked, Int
// arguments of Real operators are wrapped in to_real, chains and n-ary divisions taken
// apart.
#ifndef CONGRUA_SMT2_THEORY_H_
#define CONGRUA_SMT2_THEORY_H_

#include <span>
#include <string>

#include "smt2/symbols.h"
#include "smt2/term.h"

namespace congrua::smt2 {

// The application of `op` (true to divisible) to args, which may be overwritten. kNoTerm
// and a message where it is not well sorted. kDivisible takes its index as a second
// argument.
TermId apply_theory(TermTable& terms, Word op, std::span<TermId> args,
                    std::string* error);

// t as a term of that sort: an Int becomes a Real; kNoTerm where that is not possible.
TermId coerce(TermTable& terms, TermId t, Sort sort);

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_THEORY_H_
