// What the texts of recorded indices hold, counted as the library counts its own answers.
#ifndef CONGRUA_TRACE_OPERATIONS_H_
#define CONGRUA_TRACE_OPERATIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace congrua::trace {

// Operators of an s-expression as Form::operations counts them: n operands are n - 1 of
// add, mul, min, max, and, or; modidx is a quotient, unless by 1, and a remainder.
// nullopt for text that is none.
std::optional<uint64_t> count_operations(std::string_view text);

// Does the text hold a remainder of something that a loop changes?
bool has_remainder_of(std::string_view text,
                      const std::vector<std::pair<std::string, std::string>>& loops);

}  // namespace congrua::trace

#endif  // CONGRUA_TRACE_OPERATIONS_H_
