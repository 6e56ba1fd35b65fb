// How high a power of one constant terms hold when they are multiplied out: from about
// the thirtieth on, Z3's arithmetic does not come back, whatever its limits are.
#ifndef CONGRUA_SMT2_POWERS_H_
#define CONGRUA_SMT2_POWERS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "smt2/term.h"

namespace congrua::smt2 {

class Powers {
 public:
  explicit Powers(const TermTable& terms) : terms_(terms) {}

  // Some subterm is not for Z3. Each term is looked at once in the life of this.
  bool too_high(TermId term);
  static constexpr std::string_view kReason = "a power is too high for Z3";

 private:
  struct Entry {
    uint64_t bases = 0;  // of the power, by a few bits each: disjoint sets share nothing
    uint32_t power = 0;  // of one of them; too large where bits coincide
    uint32_t bits = 0;   // of the constants that were multiplied
    bool high = false;   // here or below
  };
  Entry entry(TermId t) const;

  const TermTable& terms_;
  std::vector<Entry> entries_;  // by term
};

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_POWERS_H_
