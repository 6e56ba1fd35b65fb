/* Guard programs without the library: reads and evaluates the bytes that
 * congrua::cache::GuardProgram::serialize() writes (congrua/guard_program.h).
 *
 * C99; congrua_guard.c needs nothing but a compiler: no allocation, no globals, no
 * floating point, any byte order.
 *
 *   congrua_guard guard;
 *   if (congrua_guard_open(bytes, size, &guard) != CONGRUA_GUARD_OK) ...
 *   void* scratch = guard.scratch_size ? malloc(guard.scratch_size) : NULL;
 *   if (congrua_guard_check(&guard, row, scratch)) ...
 *
 * A row is one 8-byte word per field of the schema: an int64 (two's complement), a
 * boolean (0 is false), the bits of a double, or a tag. Answers are those of
 * GuardProgram::check and first_failure for every row: exact, in integers of any size,
 * and a guard whose evaluation divides by zero does not hold.
 *
 * Ownership: a congrua_guard refers to the bytes, which must stay as they are. Thread
 * safety: a guard may be used from any thread, each with a scratch of its own.
 */
#ifndef CONGRUA_GUARD_EMBED_H_
#define CONGRUA_GUARD_EMBED_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  CONGRUA_GUARD_OK = 0,
  CONGRUA_GUARD_TOO_SHORT = 1, /* fewer bytes than it says it has */
  CONGRUA_GUARD_NO_GUARD = 2,  /* other data */
  CONGRUA_GUARD_FOREIGN = 3,   /* its header is of the other byte order */
  CONGRUA_GUARD_NEWER = 4,     /* needs a newer reader */
  CONGRUA_GUARD_CORRUPT = 5    /* the checksum differs, or what it says makes no sense */
};

typedef struct congrua_guard {
  const unsigned char* tests;
  size_t tests_size;
  uint64_t schema_hash; /* Schema::hash() of the schema that rows follow */
  uint32_t num_fields;  /* words of a row */
  uint32_t num_guards;
  uint32_t steps; /* of its longest register program */
  uint32_t limbs; /* of 32 bits, of its widest register */
  size_t scratch_size; /* bytes, aligned to 8, that an evaluation needs; often 0 */
} congrua_guard;

/* Reads every byte once: nothing of a guard that was opened is out of its bounds. */
int congrua_guard_open(const void* bytes, size_t size, congrua_guard* guard);
const char* congrua_guard_error(int code);

/* 1 where all guards hold, else 0. `scratch` may be NULL where scratch_size is 0. */
int congrua_guard_check(const congrua_guard* guard, const uint64_t* row, void* scratch);
/* The number of the first guard that does not hold; -1: all hold. */
int64_t congrua_guard_first_failure(const congrua_guard* guard, const uint64_t* row,
                                    void* scratch);

#ifdef __cplusplus
}
#endif

#endif /* CONGRUA_GUARD_EMBED_H_ */
