// A barrier on all threads of the process, paid for by its caller.
//
// Readers announce what they read by a plain store (store.h). The writer that looks for
// announcements makes every thread run a barrier first; where there is no such call, or
// under ThreadSanitizer, which does not know it, readers have to exchange instead.
#ifndef CONGRUA_CACHE_MEMBARRIER_H_
#define CONGRUA_CACHE_MEMBARRIER_H_

namespace congrua::cache::internal {

// Makes what every other thread announced visible to the caller.
void heavy_barrier();
// Whether light announcements suffice: heavy_barrier reaches all threads.
bool light_announcements();

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_MEMBARRIER_H_
