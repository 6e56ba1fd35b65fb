// Terms as SMT-LIB text for a solver, with names of the printer's own: x7 is a declared
// constant, f7 a declared function, t42 a shared or long subterm. Names of the script may
// be names of theory functions to another reader, so they are not used.
//
// The text of a term is linear in its DAG and no line nests deeply.
#ifndef CONGRUA_SMT2_PRINT_H_
#define CONGRUA_SMT2_PRINT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "smt2/env.h"

namespace congrua::smt2 {

class Printer {
 public:
  explicit Printer(const Env& env) : env_(env) {}

  // The text of a term; declarations and definitions that it needs and that were not
  // written in this scope or an outer one are appended to `preamble`.
  std::string print(TermId term, std::string* preamble);

  // Names written inside a scope are forgotten at its end, and not used again for
  // anything else.
  void push() { scopes_.push_back(trail_.size()); }
  void pop();

  // The declaration behind a name of a constant; kNoIndex for other names.
  uint32_t declaration(std::string_view name) const;

 private:
  void name(uint64_t key, std::string name);
  std::string declared_name(uint32_t declaration, std::string* preamble);

  const Env& env_;
  absl::flat_hash_map<uint64_t, std::string>
      names_;  // by key: of a term, or of a declaration
  absl::flat_hash_map<std::string, uint32_t> constants_;
  std::vector<uint64_t> trail_;
  std::vector<size_t> scopes_;
  uint32_t generation_ = 0;  // counts pops
};

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_PRINT_H_
