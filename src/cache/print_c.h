// Guard programs as C source.
#ifndef CONGRUA_CACHE_PRINT_C_H_
#define CONGRUA_CACHE_PRINT_C_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cache/test.h"
#include "congrua/guard_program.h"

namespace congrua::cache::internal {

// What printed functions call: the section of embed/congrua_guard.c of that name.
std::string_view c_arithmetic();

absl::StatusOr<std::string> print_c(const Program& program, const Schema& schema,
                                    std::string_view function);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_PRINT_C_H_
