// The checker alone: hand-made certificates, and what must be refused.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "congrua/proof.h"
#include "congrua/text.h"

namespace congrua {
namespace {

struct Case {
  const char* name;
  const char* facts;  // separated by ';'
  const char* goal;
  const char* proof;
};

constexpr Case kValid[] = {
    {"combination", "s >= 2", "s >= 1", R"(
0 fact #0                 # s - 2 >= 0
1 goal                    # -s >= 0
2 combine {1}*[0] + {1}*[1]
3 close [2])"},
    {"rounding", "2*x <= 5*y; 5*y <= 2*x; x >= 3*y - 3", "y == 2*(y//2)", R"(
0 fact #0
1 fact #1
2 equal [0] [1]
3 goal
4 quotient #0 {floor_div(y, 2)}
5 quotient #1 {floor_div(y, 2)}
6 combine {1}*[4] + {0}*[2]
7 values [4] [5]
8 case #0
9 close [8] [3]
10 case #1
11 combine {1}*[2] + {5}*[10]
12 divide {2} [11]
13 close [12])"},
    {"symbolic rounding", "b >= 1; r >= 0; r <= b - 1; b*z + r >= 0", "z >= 0", R"(
0 fact #0
1 fact #2
2 fact #3
3 round {b} {z} [2] [0] [1]
4 goal
5 combine {1}*[3] + {1}*[4]
6 close [5])"},
    {"product", "a >= 2; b >= 2", "a*b >= a + b", R"(
0 fact #0
1 fact #1
2 product [0] [1]
3 goal
4 combine {1}*[2] + {1}*[0] + {1}*[1] + {1}*[3]
5 close [4])"},
    {"divisor", "x//d == 3; x >= 1", "d != 0", R"(
0 goal
1 divisor {d}
2 close [0] [1])"},
    {"maximum", "a <= 4; b <= 4", "max(a, b) <= 4", R"(
0 fact #0
1 fact #1
2 goal
3 attained {max(a, b)}
4 case #0
5 combine {-1}*[4] + {1}*[2] + {1}*[1]
6 close [5]
7 case #1
8 combine {-1}*[7] + {1}*[2] + {1}*[0]
9 close [8])"},
    {"selection", "select(p:bool(), x, y) == 1; p:bool(); x != 1", "false", R"(
0 fact #0
1 fact #1
2 fact #2
3 branch {select(p:bool(), x, y)} [1]
4 combine {-1}*[3] + {1}*[0]
5 close [4] [2])"},
    {"clause", "x == 1 or x == 2", "x >= 1", R"(
0 fact #0
1 goal
2 cases [0]
3 case #1
4 combine {1}*[3] + {1}*[1]
5 close [4]
6 case #0
7 combine {1}*[6] + {1}*[1]
8 close [7])"},
    {"congruence", "a == b", "g:int(a) == g:int(b)", R"(
0 fact #0
1 goal
2 congruence {g:int(a)} {g:int(b)} [0]
3 close [2] [1])"},
    {"substitution", "x == y + 1", "x*z == y*z + z", R"(
0 fact #0
1 combine {z}*[0]
2 goal
3 close [1] [2])"},
};

std::vector<Expr> read_list(ExprPool& pool, std::string_view text) {
  std::vector<Expr> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find(';'), text.size());
    const absl::StatusOr<Expr> e = parse_infix(pool, text.substr(0, end));
    EXPECT_TRUE(e.ok()) << text << e.status();
    if (e.ok()) out.push_back(*e);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

TEST(Checker, AcceptsProofsMadeByHand) {
  for (const Case& c : kValid) {
    ExprPool pool;
    const std::vector<Expr> facts = read_list(pool, c.facts);
    const Expr goal = read_list(pool, c.goal)[0];
    const absl::StatusOr<Certificate> proof =
        parse_certificate(pool, std::string_view(c.proof).substr(1));
    ASSERT_TRUE(proof.ok()) << c.name << ": " << proof.status();
    const absl::Status status = check(*proof, facts, goal);
    EXPECT_TRUE(status.ok()) << c.name << ": " << status << "\n"
                             << to_string(*proof, facts, goal);
    const std::string text = to_string(*proof, facts, goal);
    const absl::StatusOr<Certificate> again = parse_certificate(pool, text);
    ASSERT_TRUE(again.ok()) << text << again.status();
    EXPECT_EQ(*again, *proof) << text;
  }
}

}  // namespace
}  // namespace congrua
