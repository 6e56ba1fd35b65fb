// Which signs can a divisor have under the asserts in scope?
//
// A light store of bounds: strided intervals of monomials and of linear forms as they
// were asserted, interval arithmetic over them. What it does not see is left to
// guard::Facts (translate.h). Sound, not complete.
#ifndef CONGRUA_SMT2_SIGNS_H_
#define CONGRUA_SMT2_SIGNS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "domain/domain.h"
#include "expr/builder.h"

namespace congrua::smt2 {

using internal::Node;

class Signs {
 public:
  // Bits of an answer: the signs that are possible.
  static constexpr unsigned kNegative = 1, kZero = 2, kPositive = 4;
  static constexpr unsigned kAny = kNegative | kZero | kPositive;

  explicit Signs(internal::Builder& builder) : builder_(builder) {}

  // From now on, until the enclosing scope is popped, this proposition holds.
  void learn(const Node* proposition);
  void push() { scopes_.push_back(trail_.size()); }
  void pop();

  unsigned possible(const Node* integer);
  // The truth of a proposition, where the bounds tell it.
  std::optional<bool> truth(const Node* proposition);

  // Grows with what is known; comes back to an earlier value never.
  uint64_t version() const { return version_; }

 private:
  struct Undo {
    const Node* node;
    bool alias;
    bool had;
    Domain domain;
    const Node* old_alias;
  };
  // A linear form without its constant and with a positive first coefficient:
  // n = sign * form + constant.
  struct Form {
    const Node* form;
    int sign;
    Int constant;
  };
  Form form_of(const Node* n);
  void learn_atom(const Node* proposition, bool holds);
  void narrow(const Node* form, const Domain& d);
  void alias(const Node* equation);
  Domain domain(const Node* n, int depth);
  Domain known(const Node* n) const;

  internal::Builder& builder_;
  absl::flat_hash_map<const Node*, Domain> bounds_;  // of monomials and forms
  // Another term of the same value, from an asserted equation.
  absl::flat_hash_map<const Node*, const Node*> aliases_;
  std::vector<Undo> trail_;
  std::vector<size_t> scopes_;
  uint64_t version_ = 0;
  int fuel_ = 0;
};

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_SIGNS_H_
