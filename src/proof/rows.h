// Small makers of rows and refusals, for the files of the checker.
#ifndef CONGRUA_PROOF_ROWS_H_
#define CONGRUA_PROOF_ROWS_H_

#include <string_view>
#include <utility>

#include "proof/checker.h"

namespace congrua::proof {

inline absl::Status refuse(std::string_view why) {
  return absl::InvalidArgumentError(absl::string_view(why.data(), why.size()));
}

inline Row ge(Poly p) { return {Row::Kind::kGe, std::move(p), std::nullopt}; }
inline Row eq(Poly p) { return {Row::Kind::kEq, std::move(p), std::nullopt}; }
inline Row ne(Poly p) { return {Row::Kind::kNe, std::move(p), std::nullopt}; }

inline bool opposite(const Poly& a, const Poly& b) { return (a + b).is_zero(); }

}  // namespace congrua::proof

#endif  // CONGRUA_PROOF_ROWS_H_
