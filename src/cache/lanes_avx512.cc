#include "cache/lanes_avx512.h"

#include "cache/lanes.h"

namespace congrua::cache::internal {

#if defined(__x86_64__)

bool has_avx512() {
  __builtin_cpu_init();  // callers may be initializers of statics
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("bmi2");
}

CONGRUA_AVX512 bool points_hold(const LaneBlock& block, const Word* row) {
  const auto are = [&](const auto* values) CONGRUA_AVX512 {
    return words_are(values, block.places(), block.num_points, row);
  };
  return block.point_width == 2   ? are(static_cast<const int16_t*>(block.values()))
         : block.point_width == 4 ? are(static_cast<const int32_t*>(block.values()))
                                  : are(static_cast<const int64_t*>(block.values()));
}

CONGRUA_AVX512 bool check_lanes_avx512(const LaneBlock& block, const Word* row) {
  return check_block(block, WideRow{row});
}

#else

bool has_avx512() { return false; }
bool check_lanes_avx512(const LaneBlock& block, const Word* row) {
  return check_lanes_portable(block, row);
}

#endif

}  // namespace congrua::cache::internal
