// Questions about facts with their answers, one a line.
#ifndef CONGRUA_TESTS_GUARD_FACT_TABLES_H_
#define CONGRUA_TESTS_GUARD_FACT_TABLES_H_

#include "congrua/guard.h"

namespace congrua::guard_test {

struct Case {
  const char* facts;  // separated by ';'
  const char* guard;
  Truth truth;
};

constexpr Case kCases[] = {
    {"s0 >= 2", "s0 != 1", Truth::kTrue},
    {"s0 >= 2", "s0 >= 3", Truth::kOpen},
    {"s0 >= 2", "s0 <= 1", Truth::kFalse},
    {"s0 >= 1; s0 != 1", "s0 >= 2", Truth::kTrue},
    {"s0 == s1; s1 == 3", "s0 == 3", Truth::kTrue},
    {"s0 - s1 >= 3", "s0 - s1 >= 1", Truth::kTrue},
    {"floor_mod(s0, 8) == 0; s0 >= 1", "s0 >= 8", Truth::kTrue},
    {"floor_mod(s0, 8) == 0", "floor_mod(s0, 4) == 0", Truth::kTrue},
    {"s0 >= 2; s1 >= 2", "s0*s1 >= s0 + s1", Truth::kTrue},
    {"s0 >= 1; s1 >= 1", "s0*s1 != 0", Truth::kTrue},
    {"s0 >= 0; s0 <= s2; s1 <= s3", "s0*s1 <= s2*s3", Truth::kOpen},
    {"s0 >= 0; s0 <= 31; s1 >= 0; s1 <= 31", "s0 + 32*s1 - 32*floor_div(s0, 32) <= 1023",
     Truth::kTrue},
    {"s0 >= 5; s1 >= s0", "s1 >= 4", Truth::kTrue},
    {"s0 >= 2; s1 == 2*s0", "s1 >= 4", Truth::kTrue},
    {"s0 >= 2; s0 == 1 or s0 == s1", "s0 == s1", Truth::kTrue},
    {"s0 >= 10", "floor_div(s0, 5) != 1", Truth::kTrue},
    {"s0 >= 2; s0 <= 2", "s0 == 2", Truth::kTrue},
    // A product is that of its parts' multiples where each part divides, or a factor is
    // 0.
    {"s >= 1; t >= 1; s*t == 16*(s//4)*(t//4)", "floor_mod(s, 4) == 0", Truth::kTrue},
    {"s >= 1; t >= 1; u >= 1; s*t*u == 8*(s//4)*(t//2)*u", "floor_mod(t, 2) == 0",
     Truth::kTrue},
    {"s >= 0; t >= 0; s*t == 16*(s//4)*(t//4)", "floor_mod(s, 4) == 0", Truth::kOpen},
    {"s >= 1; t >= 1; u >= 0; s*t*u == 16*(s//4)*(t//4)*u", "floor_mod(s, 4) == 0",
     Truth::kOpen},
    {"s >= 1; t >= 1; s*t == 20*(s//4)*(t//4)", "floor_mod(s, 4) == 0", Truth::kOpen},
    // What a quotient is, times a factor that may be negative.
    {"w >= 0", "2*w*((h + 1)//2) <= w*h + w", Truth::kTrue},
    {"w >= -1", "2*w*((h + 1)//2) <= w*h + w", Truth::kOpen},
    // Bounds of a tile that pull each other up without end: a bound on the sum stops
    // them.
    {"t >= 0; t < ceil_div(n, 32); i >= 0; i < 32", "32*t + i < n", Truth::kOpen},
    {"t >= 0; t < ceil_div(n, 128); i >= 0; i < 128; n >= 1000", "128*t + i < n + 100",
     Truth::kOpen},
    {"t >= 0; t < ceil_div(n, b); b >= 2; i >= 0; i < b", "b*t + i < n", Truth::kOpen},
    // One factor that is smaller makes the product smaller, or it is 0.
    {"i < m; m*n <= 2147483648; i >= 0; n >= 0", "i*n <= 2147483646", Truth::kOpen},
    {"i + 2 <= m; m*n <= 100; i >= 0; n >= 3", "i*n <= 94", Truth::kTrue},
    {"i + 2 <= m; m*n <= 100; i >= 0; n >= 3", "i*n <= 92", Truth::kOpen},
    {"i < m; m*n*k <= 100; i >= 0; n >= 0; k >= 2", "i*n <= 49", Truth::kTrue},
};

struct LayerCase {
  const char* facts;
  const char* guard;
  Layer layer;
};

// Each layer on questions that need it.
constexpr LayerCase kLayerCases[] = {
    // products.cc: ranges, signs, zeros and bounds by factors
    {"h >= 1; w >= 1", "(h - h//2)*(w - w//2) >= 1", Layer::kInterval},
    {"a >= 1; b >= 1; s >= 1; s*a == s*b", "a == b", Layer::kEqualities},
    {"s >= 1; s*a >= s*b", "a >= b", Layer::kFactTable},
    {"n >= 2; h >= 1; w >= 1; n*h*w <= 1000", "h*w <= 500", Layer::kProduct},
    {"a >= 0; b >= 0; a <= c; b <= d", "a*b <= c*d + 3", Layer::kProduct},
    {"a >= 1; a <= c; a <= d", "2*a*a <= 3*c*d*d", Layer::kProduct},
    {"i < m; m*n <= 2147483648; i >= 0; n >= 0", "i*n <= 2147483647", Layer::kProduct},
    {"h >= 2; w >= 2; (h - h//2)*(w - w//2) <= 1000",
     "ceil_div(h, 4)*ceil_div(w, 4) <= 1000", Layer::kProduct},
    // learn.cc: multiples by a quotient of their own, exact quotients
    {"floor_mod(h, 28) == 0", "7*floor_div(h, 7) == h", Layer::kEqualities},
    {"c >= 1; floor_mod(c, 576) == 0", "floor_div(floor_div(c, 4), 9)*36 == c",
     Layer::kEqualities},
    {"floor_mod(64*x, m) == 0; m >= 1; x >= 1",
     "floor_mod(64*x, floor_div(64*x, m)) == 0", Layer::kEqualities},
    // linear.cc: several facts at once, definitions of quotients
    {"x >= y + 1; y >= z + 1; z >= 0", "x >= 2 + z", Layer::kLinear},
    {"2*x + 3*y <= 12; x - y >= 2; z >= x", "y <= z", Layer::kLinear},
    {"q >= 1; q <= 16; t >= 1", "floor_div(t + q + 15, 16) - floor_div(t + 15, 16) <= 1",
     Layer::kLinear},
    {"", "floor_mod(floor_div(x, 2), 2) >= 0", Layer::kLinear},
    // what a quotient is, times a factor
    {"h >= 2; w >= 2; c >= 2",
     "2*((w + 1)//2) + 2*w*((h + 1)//2) + h*w*(c - 1) <= h*w*c + 2*w + 1",
     Layer::kLinear},
    // refute.cc: cases
    {"y0 >= 1; y1 >= 1; y0 == y1 or y0 == 1 or y1 == 1",
     "max(y0, y1) == y0 or max(y0, y1) == y1", Layer::kSplit},
    {"a >= 0; b >= 0; a + b >= 2",
     "min((a + b + 1)//2, a + b) + min((a + b + 1)//2, a + b - (a + b + 1)//2) == a + b",
     Layer::kSplit},
};

}  // namespace congrua::guard_test

#endif  // CONGRUA_TESTS_GUARD_FACT_TABLES_H_
