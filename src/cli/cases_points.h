// Points at which the answer to a case is checked.
#ifndef CONGRUA_CLI_CASES_POINTS_H_
#define CONGRUA_CLI_CASES_POINTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/cases_input.h"

namespace congrua::cli {

using CasePoint = std::vector<int64_t>;  // a value for each variable of the case

struct CasePoints {
  std::vector<CasePoint> points;
  bool all = false;  // every point of the case is there
};

// Points within the ranges of the variables at which the facts, and `also` where it is
// given, hold and have no divisor 0. All of them where there are few assignments; else
// corners, a grid around 0, values at the constants of the case, and random ones, moved
// towards facts that they break. The same in every run: the seed is the id.
absl::StatusOr<CasePoints> case_points(const Case& c, const Term* also = nullptr);

// The names of the variables in the order of a point.
std::vector<std::string> variable_order(const Case& c);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_CASES_POINTS_H_
