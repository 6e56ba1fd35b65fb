#include "congrua_guard.h"

/* ---- Arithmetic. GuardProgram::to_c prints this section, too; keep it self-contained. */
static inline int64_t cg_signed(uint64_t v) {
  return v <= (uint64_t)INT64_MAX ? (int64_t)v : -(int64_t)(UINT64_MAX - v) - 1;
}
/* These tell whether the result does not fit; then *r is not set. */
static inline int cg_add(int64_t a, int64_t b, int64_t* r) {
  if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) return 1;
  *r = a + b;
  return 0;
}
static inline int cg_mul(int64_t a, int64_t b, int64_t* r) {
  const int64_t half = (int64_t)1 << 31;
  if (a < -half || a > half || b < -half || b > half) {
    if (a > 0 ? (b > 0 ? a > INT64_MAX / b : b < INT64_MIN / a)
              : (b > 0 ? a < INT64_MIN / b : (a != 0 && b < INT64_MAX / a))) {
      return 1;
    }
  }
  *r = a * b;
  return 0;
}
static inline int cg_div(int64_t a, int64_t b, int64_t* r) { /* floor; b != 0 */
  int64_t q;
  if (b == -1) {
    if (a == INT64_MIN) return 1;
    *r = -a;
    return 0;
  }
  q = a / b;
  if (a % b != 0 && (a < 0) != (b < 0)) --q;
  *r = q;
  return 0;
}
static inline int64_t cg_mod(int64_t x, int64_t m) { /* m > 0 */
  const int64_t r = x % m;
  return r < 0 ? r + m : r;
}
/* In the order of doubles; -0 as 0, NaN above infinity. */
static inline uint64_t cg_float_key(uint64_t bits) {
  const uint64_t magnitude = bits & (uint64_t)INT64_MAX;
  if (magnitude > UINT64_C(0x7ff0000000000000)) return (uint64_t)INT64_MAX;
  return bits == magnitude ? magnitude : 0 - magnitude;
}

/* Two's complement of n limbs, the lowest first; callers choose n so that all fits. */
static inline void cg_wset(uint32_t* r, int64_t v, size_t n) {
  size_t i;
  r[0] = (uint32_t)(uint64_t)v;
  if (n > 1) r[1] = (uint32_t)((uint64_t)v >> 32);
  for (i = 2; i < n; ++i) r[i] = v < 0 ? UINT32_MAX : 0;
}
static inline int cg_wnegative(const uint32_t* a, size_t n) {
  return (a[n - 1] >> 31) != 0;
}
static inline int cg_wsign(const uint32_t* a, size_t n) {
  size_t i;
  if (cg_wnegative(a, n)) return -1;
  for (i = 0; i < n; ++i) {
    if (a[i] != 0) return 1;
  }
  return 0;
}
static inline void cg_wadd(uint32_t* r, const uint32_t* a, const uint32_t* b, size_t n) {
  uint64_t carry = 0;
  size_t i;
  for (i = 0; i < n; ++i) {
    carry += (uint64_t)a[i] + b[i];
    r[i] = (uint32_t)carry;
    carry >>= 32;
  }
}
static inline void cg_wneg(uint32_t* r, const uint32_t* a, size_t n) {
  uint64_t carry = 1;
  size_t i;
  for (i = 0; i < n; ++i) {
    carry += (uint32_t)~a[i];
    r[i] = (uint32_t)carry;
    carry >>= 32;
  }
}
/* r is neither a nor b. */
static inline void cg_wmul(uint32_t* r, const uint32_t* a, const uint32_t* b, size_t n) {
  size_t i, k;
  for (i = 0; i < n; ++i) r[i] = 0;
  for (i = 0; i < n; ++i) {
    uint64_t carry = 0;
    if (a[i] == 0) continue;
    for (k = 0; i + k < n; ++k) {
      carry += (uint64_t)a[i] * b[k] + r[i + k];
      r[i + k] = (uint32_t)carry;
      carry >>= 32;
    }
  }
}
static inline int cg_wcmp(const uint32_t* a, const uint32_t* b, size_t n) {
  size_t i = n;
  if (cg_wnegative(a, n) != cg_wnegative(b, n)) return cg_wnegative(a, n) ? -1 : 1;
  while (i-- > 0) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}
/* q = floor(a / b), b != 0; q is neither a nor b, t has 2n limbs. */
static inline void cg_wdiv(uint32_t* q, const uint32_t* a, const uint32_t* b, uint32_t* t,
                           size_t n) {
  uint32_t* const rest = t;
  uint32_t* const divisor = t + n;
  const int negative = cg_wnegative(a, n) != cg_wnegative(b, n);
  size_t bit, i;
  for (i = 0; i < n; ++i) {
    q[i] = a[i];
    divisor[i] = b[i];
    rest[i] = 0;
  }
  if (cg_wnegative(a, n)) cg_wneg(q, a, n);
  if (cg_wnegative(b, n)) cg_wneg(divisor, b, n);
  for (bit = 0; bit < 32 * n; ++bit) {
    uint32_t in = q[n - 1] >> 31;
    int64_t borrow = 0;
    for (i = 0; i < n; ++i) { /* shifts the dividend into the rest */
      const uint32_t out = rest[i] >> 31;
      rest[i] = rest[i] << 1 | in;
      in = out;
    }
    for (i = n; i-- > 1;) q[i] = q[i] << 1 | q[i - 1] >> 31;
    q[0] <<= 1;
    if (cg_wcmp(rest, divisor, n) < 0) continue;
    q[0] |= 1;
    for (i = 0; i < n; ++i) {
      borrow += (int64_t)rest[i] - (int64_t)divisor[i];
      rest[i] = (uint32_t)((uint64_t)borrow & UINT32_MAX);
      borrow = borrow < 0 ? -1 : 0;
    }
  }
  if (negative) {
    if (cg_wsign(rest, n) != 0) {
      for (i = 0; i < n && ++q[i] == 0; ++i) {
      }
    }
    cg_wneg(q, q, n);
  }
}
/* The sign of a*x + b*y + c; |a|, |b| < 2^62. */
static inline int cg_linear(int64_t a, int64_t x, int64_t b, int64_t y, int64_t c) {
  const int64_t small = (int64_t)1 << 30;
  const int64_t large = (int64_t)1 << 61;
  uint32_t u[4], v[4], p[4], sum[4];
  if (a >= -small && a <= small && x >= -small && x <= small && b >= -small &&
      b <= small && y >= -small && y <= small && c >= -large && c <= large) {
    const int64_t s = a * x + b * y + c;
    return (s > 0) - (s < 0);
  }
  cg_wset(u, a, 4);
  cg_wset(v, x, 4);
  cg_wmul(sum, u, v, 4);
  cg_wset(u, b, 4);
  cg_wset(v, y, 4);
  cg_wmul(p, u, v, 4);
  cg_wadd(sum, sum, p, 4);
  cg_wset(u, c, 4);
  cg_wadd(sum, sum, u, 4);
  return cg_wsign(sum, 4);
}
/* The sign of a*x*y + c; a is 1 or -1. */
static inline int cg_product(int64_t a, int64_t x, int64_t y, int64_t c) {
  uint32_t u[4], v[4], p[4];
  int64_t s;
  if (cg_mul(x, y, &s) == 0 && s > INT64_MIN && cg_add(a < 0 ? -s : s, c, &s) == 0) {
    return (s > 0) - (s < 0);
  }
  cg_wset(u, x, 4);
  cg_wset(v, y, 4);
  cg_wmul(p, u, v, 4);
  if (a < 0) cg_wneg(p, p, 4);
  cg_wset(u, c, 4);
  cg_wadd(p, p, u, 4);
  return cg_wsign(p, 4);
}
/* ---- End of the arithmetic. */

/* The format is described in src/cache/seal.h and program_bytes.h. */
enum { HEADER = 40, MAX_FIELDS = 4096, MAX_TESTS = 32768, MAX_STEPS = 1024 };
enum { MAX_BITS = 16384, FORMAT = 1 };
enum { K_FALSE, K_RANGE, K_MOD, K_LINEAR, K_PRODUCT, K_FLOAT, K_SET, K_CODE };
enum { REL_GE, REL_EQ, REL_NE };
enum {
  OP_CONST,
  OP_BIG,
  OP_FIELD,
  OP_BOOL,
  OP_ADD,
  OP_ADD_CONST,
  OP_MUL,
  OP_MUL_CONST,
  OP_FLOOR_DIV,
  OP_MIN,
  OP_MAX,
  OP_SELECT,
  OP_GE,
  OP_EQ,
  OP_AND,
  OP_IFF
};

typedef struct cursor {
  const unsigned char* at;
  const unsigned char* end;
  int failed;
} cursor;

static const unsigned char* take(cursor* c, uint64_t size) {
  const unsigned char* const from = c->at;
  if (size > (uint64_t)(c->end - c->at)) {
    c->failed = 1;
    c->at = c->end;
    return NULL;
  }
  c->at += (size_t)size;
  return from;
}
static uint64_t fixed(const unsigned char* at, int size) {
  uint64_t v = 0;
  int i;
  for (i = 0; i < size; ++i) v |= (uint64_t)at[i] << (8 * i);
  return v;
}
static unsigned byte(cursor* c) {
  const unsigned char* const at = take(c, 1);
  return at != NULL ? *at : 0;
}
static uint64_t number(cursor* c) {
  uint64_t v = 0;
  int shift;
  for (shift = 0; shift < 70; shift += 7) {
    const unsigned b = byte(c);
    if (shift == 63 && b > 1) break;
    v |= (uint64_t)(b & 0x7f) << shift;
    if (b < 0x80) return v;
  }
  c->failed = 1;
  c->at = c->end;
  return 0;
}
static uint64_t number_below(cursor* c, uint64_t end) {
  const uint64_t v = number(c);
  if (v < end) return v;
  c->failed = 1;
  c->at = c->end;
  return 0;
}
static int64_t signed_number(cursor* c) {
  const uint64_t v = number(c);
  return cg_signed(v >> 1 ^ (0 - (v & 1)));
}

typedef struct test {
  unsigned kind, relation;
  int flag; /* a set is negated, a product subtracted */
  uint32_t guard;
  uint32_t x, y;
  int64_t a, b, c;
  uint64_t d;
} test;

/* The head of a test; the words of a set and the steps of a program follow. */
static test next_test(cursor* in, uint32_t* guard, uint32_t num_fields) {
  test t = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const unsigned head = byte(in);
  t.kind = head & 15;
  t.relation = head >> 4 & 3;
  t.flag = (head & 64) != 0;
  *guard += (uint32_t)number_below(in, (uint64_t)1 << 31);
  t.guard = *guard;
  switch (t.kind) {
    case K_RANGE:
    case K_FLOAT: {
      int64_t last;
      t.x = (uint32_t)number_below(in, num_fields);
      t.a = (head & 64) != 0 ? INT64_MIN : signed_number(in);
      last = (head & 128) != 0 ? INT64_MAX : signed_number(in);
      t.d = (uint64_t)last - (uint64_t)t.a;
      break;
    }
    case K_MOD:
      t.x = (uint32_t)number_below(in, num_fields);
      t.d = number(in);
      t.a = cg_signed(number(in));
      break;
    case K_LINEAR:
    case K_PRODUCT:
      t.x = (uint32_t)number_below(in, num_fields);
      t.y = (uint32_t)number_below(in, num_fields);
      t.a = t.kind == K_PRODUCT ? (t.flag ? -1 : 1) : signed_number(in);
      t.b = t.kind == K_PRODUCT ? 0 : signed_number(in);
      t.c = signed_number(in);
      break;
    case K_SET:
      t.x = (uint32_t)number_below(in, num_fields);
      t.d = number(in);
      break;
    case K_CODE:
      t.d = number_below(in, MAX_STEPS + 1);
      break;
    default:
      break;
  }
  return t;
}

typedef struct step {
  unsigned op;
  uint32_t a, b, c; /* registers; of OP_FIELD and OP_BOOL a is the field */
  int64_t imm;
  int negative; /* OP_BIG */
  const unsigned char* magnitude;
  uint32_t size; /* of the magnitude */
} step;

static step next_step(cursor* in, uint32_t i, uint32_t num_fields) {
  step s = {0, 0, 0, 0, 0, 0, NULL, 0};
  s.op = byte(in);
  switch (s.op) {
    case OP_CONST:
      s.imm = signed_number(in);
      break;
    case OP_BIG: {
      const uint64_t n = number_below(in, 2 * (MAX_BITS / 8) + 2);
      s.negative = (int)(n & 1);
      s.size = (uint32_t)(n >> 1);
      s.magnitude = take(in, s.size);
      break;
    }
    case OP_FIELD:
    case OP_BOOL:
      s.a = (uint32_t)number_below(in, num_fields);
      break;
    case OP_ADD_CONST:
    case OP_MUL_CONST:
      s.a = (uint32_t)number_below(in, i);
      s.imm = signed_number(in);
      break;
    case OP_SELECT:
      s.a = (uint32_t)number_below(in, i);
      s.b = (uint32_t)number_below(in, i);
      s.c = (uint32_t)number_below(in, i);
      break;
    case OP_GE:
    case OP_EQ:
      s.a = (uint32_t)number_below(in, i);
      break;
    case OP_ADD:
    case OP_MUL:
    case OP_FLOOR_DIV:
    case OP_MIN:
    case OP_MAX:
    case OP_AND:
    case OP_IFF:
      s.a = (uint32_t)number_below(in, i);
      s.b = (uint32_t)number_below(in, i);
      break;
    default:
      in->failed = 1;
      break;
  }
  return s;
}

/* ---- Opening */

static uint32_t max_of(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* How many bits the magnitude of a register has at most; as step_bits of test.cc. */
static uint64_t step_bits(const step* s, const uint16_t* bits) {
  switch (s->op) {
    case OP_CONST:
    case OP_FIELD:
      return 64;
    case OP_BIG:
      return (uint64_t)s->size * 8;
    case OP_ADD:
      return (uint64_t)max_of(bits[s->a], bits[s->b]) + 1;
    case OP_ADD_CONST:
      return (uint64_t)max_of(bits[s->a], 64) + 1;
    case OP_MUL:
      return (uint64_t)bits[s->a] + bits[s->b];
    case OP_MUL_CONST:
      return (uint64_t)bits[s->a] + 64;
    case OP_FLOOR_DIV:
      return bits[s->a];
    case OP_MIN:
    case OP_MAX:
      return max_of(bits[s->a], bits[s->b]);
    case OP_SELECT:
      return max_of(bits[s->b], bits[s->c]);
    default:
      return 1;
  }
}

static int verify_code(cursor* in, congrua_guard* g, uint64_t count) {
  uint16_t bits[MAX_STEPS];
  uint32_t i;
  if (count == 0) return 0;
  g->steps = max_of(g->steps, (uint32_t)count);
  for (i = 0; i < count; ++i) {
    const step s = next_step(in, i, g->num_fields);
    uint64_t n;
    if (in->failed) return 0;
    n = step_bits(&s, bits);
    if (n > MAX_BITS) return 0;
    bits[i] = (uint16_t)n;
    g->limbs = max_of(g->limbs, (uint32_t)((n + 1) / 32 + 1)); /* twice it, and a sign */
  }
  return 1;
}

static int verify_test(cursor* in, congrua_guard* g, uint32_t* guard) {
  const int64_t limit = (int64_t)1 << 62;
  const test t = next_test(in, guard, g->num_fields);
  if (in->failed || t.guard >= g->num_guards || t.relation > REL_NE) return 0;
  switch (t.kind) {
    case K_FALSE:
      return 1;
    case K_RANGE:
    case K_FLOAT: { /* an interval, or all but one word */
      const int64_t last = cg_signed((uint64_t)t.a + t.d);
      return last >= t.a || t.d == UINT64_MAX - 1;
    }
    case K_MOD:
      return t.d >= 2 && t.d <= (uint64_t)INT64_MAX && t.a >= 0 && (uint64_t)t.a < t.d;
    case K_LINEAR:
      return t.a > -limit && t.a < limit && t.b > -limit && t.b < limit;
    case K_PRODUCT:
      return 1;
    case K_SET: {
      uint64_t i;
      const unsigned char* words;
      if (t.d > (uint64_t)(in->end - in->at) / 8) return 0;
      words = take(in, 8 * t.d);
      for (i = 1; i < t.d; ++i) {
        if (fixed(words + 8 * (i - 1), 8) >= fixed(words + 8 * i, 8)) return 0;
      }
      return 1;
    }
    case K_CODE:
      return verify_code(in, g, t.d);
    default:
      return 0;
  }
}

static uint32_t crc32c(uint32_t c, const unsigned char* at, size_t size) {
  size_t i;
  int bit;
  for (i = 0; i < size; ++i) {
    c ^= at[i];
    for (bit = 0; bit < 8; ++bit) {
      c = (c & 1) != 0 ? c >> 1 ^ UINT32_C(0x82f63b78) : c >> 1;
    }
  }
  return c;
}

int congrua_guard_open(const void* bytes, size_t size, congrua_guard* g) {
  static const unsigned char magic[8] = {'c', 'o', 'n', 'g', 'r', 'u', 'a', 'G'};
  const unsigned char* const at = (const unsigned char*)bytes;
  const congrua_guard empty = {NULL, 0, 0, 0, 0, 0, 0, 0};
  cursor in;
  uint64_t total, count, i;
  uint32_t guard = 0;
  *g = empty;
  for (i = 0; i < 8 && i < size; ++i) {
    if (at[i] != magic[i]) return CONGRUA_GUARD_NO_GUARD;
  }
  if (size < HEADER) return CONGRUA_GUARD_TOO_SHORT;
  if (fixed(at + 8, 4) == 0x04030201) return CONGRUA_GUARD_FOREIGN;
  if (fixed(at + 8, 4) != 0x01020304) return CONGRUA_GUARD_CORRUPT;
  if (fixed(at + 14, 2) > FORMAT) return CONGRUA_GUARD_NEWER;
  total = fixed(at + 24, 8);
  if (total > size) return CONGRUA_GUARD_TOO_SHORT;
  if (total < HEADER) return CONGRUA_GUARD_CORRUPT;
  if ((crc32c(crc32c(UINT32_MAX, at, 32), at + 36, (size_t)total - 36) ^ UINT32_MAX) !=
      fixed(at + 32, 4)) {
    return CONGRUA_GUARD_CORRUPT;
  }
  g->schema_hash = fixed(at + 16, 8);
  in.at = at + HEADER;
  in.end = at + (size_t)total;
  in.failed = 0;
  g->num_fields = (uint32_t)number_below(&in, MAX_FIELDS + 1);
  g->num_guards = (uint32_t)number_below(&in, (uint64_t)1 << 31);
  count = number_below(&in, MAX_TESTS + 1);
  total = number(&in);
  if (in.failed || total > (uint64_t)(in.end - in.at)) return CONGRUA_GUARD_CORRUPT;
  in.end = in.at + (size_t)total; /* what follows is not for us */
  g->tests = in.at;
  g->tests_size = (size_t)total;
  for (i = 0; i < count; ++i) {
    if (!verify_test(&in, g, &guard) || in.failed) return CONGRUA_GUARD_CORRUPT;
  }
  if (in.at != in.end) return CONGRUA_GUARD_CORRUPT;
  if (g->steps != 0) {
    g->scratch_size = (size_t)g->steps * 9 + ((size_t)g->steps + 2) * g->limbs * 4;
  }
  return CONGRUA_GUARD_OK;
}

const char* congrua_guard_error(int code) {
  switch (code) {
    case CONGRUA_GUARD_OK:
      return "no error";
    case CONGRUA_GUARD_TOO_SHORT:
      return "the guard program is truncated";
    case CONGRUA_GUARD_NO_GUARD:
      return "these bytes are no guard program";
    case CONGRUA_GUARD_FOREIGN:
      return "the guard program was written in the other byte order";
    case CONGRUA_GUARD_NEWER:
      return "the guard program needs a newer reader";
    default:
      return "the guard program is corrupt";
  }
}

/* ---- Evaluation */

enum { FALSE, TRUE, OVERFLOW };

/* Where the value of a step is known whatever its arms are worth: flags alone. */
static unsigned char flag_of(const step* s, const unsigned char* undefined) {
  switch (s->op) {
    case OP_CONST:
    case OP_BIG:
    case OP_FIELD:
    case OP_BOOL:
      return 0;
    case OP_ADD_CONST:
    case OP_MUL_CONST:
    case OP_GE:
    case OP_EQ:
    case OP_SELECT:
      return undefined[s->a];
    default:
      return (unsigned char)(undefined[s->a] | undefined[s->b]);
  }
}

static int run_narrow(cursor in, uint32_t count, const congrua_guard* g,
                      const uint64_t* row, int64_t* v, unsigned char* undefined) {
  uint32_t i;
  for (i = 0; i < count; ++i) {
    const step s = next_step(&in, i, g->num_fields);
    int overflow = 0;
    v[i] = 0;
    undefined[i] = flag_of(&s, undefined);
    if (undefined[i] != 0 && s.op != OP_AND) continue;
    switch (s.op) {
      case OP_CONST:
        v[i] = s.imm;
        break;
      case OP_BIG:
        overflow = 1;
        break;
      case OP_FIELD:
        v[i] = cg_signed(row[s.a]);
        break;
      case OP_BOOL:
        v[i] = row[s.a] != 0;
        break;
      case OP_ADD:
        overflow = cg_add(v[s.a], v[s.b], &v[i]);
        break;
      case OP_ADD_CONST:
        overflow = cg_add(v[s.a], s.imm, &v[i]);
        break;
      case OP_MUL:
        overflow = cg_mul(v[s.a], v[s.b], &v[i]);
        break;
      case OP_MUL_CONST:
        overflow = cg_mul(v[s.a], s.imm, &v[i]);
        break;
      case OP_FLOOR_DIV:
        if (v[s.b] == 0) {
          undefined[i] = 1;
        } else {
          overflow = cg_div(v[s.a], v[s.b], &v[i]);
        }
        break;
      case OP_MIN:
        v[i] = v[s.b] < v[s.a] ? v[s.b] : v[s.a];
        break;
      case OP_MAX:
        v[i] = v[s.a] < v[s.b] ? v[s.b] : v[s.a];
        break;
      case OP_SELECT: {
        const uint32_t taken = v[s.a] == 0 ? s.c : s.b;
        undefined[i] = undefined[taken];
        v[i] = v[taken];
        break;
      }
      case OP_GE:
        v[i] = v[s.a] >= 0;
        break;
      case OP_EQ:
        v[i] = v[s.a] == 0;
        break;
      case OP_AND: {
        const int known = (undefined[s.a] == 0 && v[s.a] == 0) ||
                          (undefined[s.b] == 0 && v[s.b] == 0);
        if (known) undefined[i] = 0;
        v[i] = !known;
        break;
      }
      default: /* OP_IFF */
        v[i] = v[s.a] == v[s.b];
        break;
    }
    if (overflow) return OVERFLOW;
  }
  return undefined[count - 1] == 0 && v[count - 1] != 0 ? TRUE : FALSE;
}

static int run_wide(cursor in, uint32_t count, const congrua_guard* g,
                    const uint64_t* row, uint32_t* v, unsigned char* undefined) {
  const size_t n = g->limbs;
  uint32_t* const spare = v + count * n; /* of 2n limbs */
  uint32_t i;
  size_t k;
  for (i = 0; i < count; ++i) {
    const step s = next_step(&in, i, g->num_fields);
    uint32_t* const r = v + i * n;
    const uint32_t* const a = v + s.a * n; /* not read where s.a is a field */
    const uint32_t* const b = v + s.b * n;
    cg_wset(r, 0, n);
    undefined[i] = flag_of(&s, undefined);
    if (undefined[i] != 0 && s.op != OP_AND) continue;
    switch (s.op) {
      case OP_CONST:
        cg_wset(r, s.imm, n);
        break;
      case OP_BIG:
        for (k = 0; k < s.size; ++k) {
          r[k / 4] |= (uint32_t)s.magnitude[k] << (8 * (k % 4));
        }
        if (s.negative) cg_wneg(r, r, n);
        break;
      case OP_FIELD:
        cg_wset(r, cg_signed(row[s.a]), n);
        break;
      case OP_BOOL:
        cg_wset(r, row[s.a] != 0, n);
        break;
      case OP_ADD:
        cg_wadd(r, a, b, n);
        break;
      case OP_ADD_CONST:
        cg_wset(spare, s.imm, n);
        cg_wadd(r, a, spare, n);
        break;
      case OP_MUL:
        cg_wmul(r, a, b, n);
        break;
      case OP_MUL_CONST:
        cg_wset(spare, s.imm, n);
        cg_wmul(r, a, spare, n);
        break;
      case OP_FLOOR_DIV:
        if (cg_wsign(b, n) == 0) {
          undefined[i] = 1;
        } else {
          cg_wdiv(r, a, b, spare, n);
        }
        break;
      case OP_MIN:
      case OP_MAX: {
        const int take_b = (cg_wcmp(a, b, n) < 0) == (s.op == OP_MAX);
        for (k = 0; k < n; ++k) r[k] = take_b ? b[k] : a[k];
        break;
      }
      case OP_SELECT: {
        const uint32_t taken = cg_wsign(a, n) == 0 ? s.c : s.b;
        undefined[i] = undefined[taken];
        for (k = 0; k < n; ++k) r[k] = v[taken * n + k];
        break;
      }
      case OP_GE:
        r[0] = cg_wnegative(a, n) ? 0 : 1;
        break;
      case OP_EQ:
        r[0] = cg_wsign(a, n) == 0;
        break;
      case OP_AND: {
        const int known = (undefined[s.a] == 0 && cg_wsign(a, n) == 0) ||
                          (undefined[s.b] == 0 && cg_wsign(b, n) == 0);
        if (known) undefined[i] = 0;
        r[0] = known ? 0 : 1;
        break;
      }
      default: /* OP_IFF */
        r[0] = cg_wcmp(a, b, n) == 0;
        break;
    }
  }
  return undefined[count - 1] == 0 && cg_wsign(v + (count - 1) * n, n) != 0;
}

static int run(cursor* in, uint32_t count, const congrua_guard* g, const uint64_t* row,
               void* scratch) {
  int64_t* const values = (int64_t*)scratch;
  uint32_t* const limbs = (uint32_t*)(values + g->steps);
  unsigned char* const undefined =
      (unsigned char*)(limbs + ((size_t)g->steps + 2) * g->limbs);
  const cursor from = *in;
  int verdict = run_narrow(from, count, g, row, values, undefined);
  uint32_t i;
  if (verdict == OVERFLOW) verdict = run_wide(from, count, g, row, limbs, undefined);
  for (i = 0; i < count; ++i) next_step(in, i, g->num_fields);
  return verdict;
}

static int related(int sign, unsigned relation) {
  return relation == REL_GE ? sign >= 0 : relation == REL_EQ ? sign == 0 : sign != 0;
}

static int in_set(const unsigned char* words, uint64_t count, uint64_t word) {
  uint64_t from = 0;
  while (count > 0) {
    const uint64_t half = count / 2;
    const uint64_t v = fixed(words + 8 * (size_t)(from + half), 8);
    if (v == word) return 1;
    if (v < word) {
      from += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return 0;
}

int64_t congrua_guard_first_failure(const congrua_guard* g, const uint64_t* row,
                                    void* scratch) {
  cursor in;
  uint32_t guard = 0;
  in.at = g->tests;
  in.end = g->tests + g->tests_size;
  in.failed = 0;
  while (in.at != in.end) {
    const test t = next_test(&in, &guard, g->num_fields);
    int holds = 0;
    switch (t.kind) {
      case K_RANGE:
        holds = row[t.x] - (uint64_t)t.a <= t.d;
        break;
      case K_FLOAT:
        holds = cg_float_key(row[t.x]) - (uint64_t)t.a <= t.d;
        break;
      case K_MOD:
        holds = cg_mod(cg_signed(row[t.x]), (int64_t)t.d) == t.a;
        break;
      case K_LINEAR:
        holds = related(cg_linear(t.a, cg_signed(row[t.x]), t.b, cg_signed(row[t.y]), t.c),
                        t.relation);
        break;
      case K_PRODUCT:
        holds = related(cg_product(t.a, cg_signed(row[t.x]), cg_signed(row[t.y]), t.c),
                        t.relation);
        break;
      case K_SET: {
        const unsigned char* const words = take(&in, 8 * t.d);
        holds = in_set(words, t.d, row[t.x]) != t.flag;
        break;
      }
      case K_CODE:
        holds = run(&in, (uint32_t)t.d, g, row, scratch);
        break;
      default:
        break;
    }
    if (!holds) return t.guard;
  }
  return -1;
}

int congrua_guard_check(const congrua_guard* g, const uint64_t* row, void* scratch) {
  return congrua_guard_first_failure(g, row, scratch) < 0;
}
