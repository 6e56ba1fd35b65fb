// Look-up where nothing but hash tables is asked, with AVX-512.
#include "cache/tuple_avx512.h"

namespace congrua::cache::internal {

#if defined(__x86_64__)

CONGRUA_AVX512 uint64_t hash_avx512(const FieldHash& hash, const Word* row) {
  return hash_fields(hash, row);
}

CONGRUA_AVX512 const EntryBase* find_in_tuples_avx512(const Index& index, const Word* row,
                                                      const void* call) {
  Hosts hosts(call);
  uint32_t rank = UINT32_MAX;
  return find_in_tuples(index, row, hosts, &rank);
}

#else

uint64_t hash_avx512(const FieldHash& hash, const Word* row) { return hash(row); }

const EntryBase* find_in_tuples_avx512(const Index& index, const Word* row,
                                       const void* call) {
  return find_portable(index, row, call);
}

#endif

}  // namespace congrua::cache::internal
