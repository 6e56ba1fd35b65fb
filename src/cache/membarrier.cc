#include "cache/membarrier.h"

#include <atomic>

#include "base/check.h"

#if defined(__linux__)
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace congrua::cache::internal {

namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif
#else
constexpr bool kThreadSanitizer = false;
#endif

bool register_membarrier() {
#if defined(__linux__)
  return !kThreadSanitizer &&
         syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#else
  return false;
#endif
}

}  // namespace

bool light_announcements() {
  static const bool light = register_membarrier();
  return light;
}

void heavy_barrier() {
#if defined(__linux__)
  if (light_announcements()) {
    const long failed = syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    CONGRUA_CHECK(failed == 0, "membarrier was registered");
  }
#endif
  // ThreadSanitizer does not know fences; there the exchanges of the readers suffice.
  if constexpr (!kThreadSanitizer) std::atomic_thread_fence(std::memory_order_seq_cst);
}

}  // namespace congrua::cache::internal
