// Invariants. CONGRUA_CHECK is always on and cheap; CONGRUA_DCHECK only in debug builds.
// A failure is an error of the program, not of the user's input: it prints where and ends
// the process.
#ifndef CONGRUA_BASE_CHECK_H_
#define CONGRUA_BASE_CHECK_H_

namespace congrua::internal {
[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const char* message);
}  // namespace congrua::internal

#define CONGRUA_CHECK(condition, message)                                         \
  do {                                                                            \
    if (!(condition)) [[unlikely]] {                                              \
      ::congrua::internal::check_failed(__FILE__, __LINE__, #condition, message); \
    }                                                                             \
  } while (false)

#ifdef NDEBUG
#define CONGRUA_DCHECK(condition, message) \
  do {                                     \
  } while (false)
#else
#define CONGRUA_DCHECK(condition, message) CONGRUA_CHECK(condition, message)
#endif

#endif  // CONGRUA_BASE_CHECK_H_
