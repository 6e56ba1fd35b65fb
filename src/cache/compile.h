// Propositions taken apart into canonical tests.
#ifndef CONGRUA_CACHE_COMPILE_H_
#define CONGRUA_CACHE_COMPILE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "cache/test.h"
#include "congrua/guard_program.h"
#include "expr/node.h"

namespace congrua::cache::internal {

using congrua::internal::Node;

class Compiler {
 public:
  Compiler(const Schema& schema, Program& program) : schema_(schema), program_(program) {}

  // The field that a symbol is; appends the test of its birth range.
  absl::Status bind(const Node* symbol, size_t field, uint32_t guard);
  // Each appends the tests of one guard.
  // A program of its own: the register program of an integer term. Its fields are read
  // without the tests of birth ranges.
  absl::Status cost(const Node* term);
  absl::Status value(size_t field, const Node* value, uint32_t guard);
  absl::Status condition(const Node* proposition, uint32_t guard);
  absl::Status float_test(const FloatTest& test, uint32_t guard);
  absl::Status tag_test(const TagTest& test, uint32_t guard);

 private:
  // constant + sum of coefficient * atom, after quotients by constants are cleared away.
  struct Linear {
    absl::InlinedVector<std::pair<const Node*, Int>, 4> terms;
    Int constant;
    void add(const Node* n, const Int& times);
    void add_term(const Node* atom, const Int& coefficient);
  };

  void push(Test test);
  bool births_ = true;  // birth ranges are tested
  absl::Status part(const Node* n);
  // The part as a canonical test; false: it is none.
  bool simple(const Node* n);
  bool boolean_field(const Node* n, bool value);
  bool relation(const Node* p, Relation relation);
  bool congruence(const Node* p);
  bool unary(const Linear& p, Relation relation);
  bool binary(const Linear& p, Relation relation);
  absl::Status code(const Node* n);
  // A register program: begin, any steps, finish with the last as its value.
  void begin_code();
  absl::Status emit_all(const Node* root);
  absl::Status finish_code();
  uint16_t step(CodeStep s);
  uint16_t constant(const Int& value);
  absl::Status emit(const Node* n);

  absl::Status bind_symbols(const Node* n);
  absl::Status bind_symbol(const Node* symbol, size_t field);
  // Of a bound symbol.
  uint16_t field(const Node* symbol) const;

  const Schema& schema_;
  Program& program_;
  uint32_t guard_ = 0;
  uint32_t first_step_ = 0;
  std::vector<std::pair<const Node*, uint16_t>> fields_;     // symbols bound so far
  std::vector<std::pair<const Node*, uint16_t>> registers_;  // of this part
  std::vector<const Node*> stack_;
};

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_COMPILE_H_
