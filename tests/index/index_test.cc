// Index expressions within the ranges of their loops: a table, and what it is to be.
#include "congrua/index.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "congrua/text.h"

namespace congrua {
namespace {

struct Problem {
  explicit Problem(std::string_view text) {
    for (const std::string_view part : split(text)) (void)facts.add(read(part));
  }
  static std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
      const size_t end = std::min(text.find(';'), text.size());
      parts.push_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
  }
  Expr read(std::string_view text) {
    const absl::StatusOr<Expr> e = parse_infix(pool, text);
    EXPECT_TRUE(e.ok()) << text << ": " << e.status();
    return e.ok() ? *e : pool.constant(0);
  }
  // "i < n; j < 4"
  std::vector<LoopVariable> loops(std::string_view text) {
    std::vector<LoopVariable> out;
    for (const std::string_view part : split(text)) {
      const size_t at = part.find('<');
      out.push_back({read(part.substr(0, at)), read(part.substr(at + 1))});
    }
    return out;
  }

  ExprPool pool;
  Facts facts{pool};
};

struct Case {
  std::string_view facts, loops, in, out;
};

// Sizes are called a b c n h w, loop variables i j k r.
constexpr Case kCases[] = {
    // Unflattened and flattened again, and the parts of it.
    {"", "i < n; j < 4", "floor_div(4*i + j, 4)", "i"},
    {"", "i < n; j < 4", "floor_mod(4*i + j, 4)", "j"},
    {"", "r < h*w", "w*floor_div(r, w) + floor_mod(r, w)", "r"},
    {"w >= 1", "i < h; j < w", "floor_div(w*i + j, w)", "i"},
    {"w >= 1", "i < h; j < w", "floor_mod(w*i + j, w)", "j"},
    {"h >= 1; w >= 1", "r < h*w", "floor_mod(floor_div(r, w), h)", "floor_div(r, w)"},
    {"h >= 1; w >= 1", "r < 4*h*w", "floor_mod(floor_div(r, h*w), 4)",
     "floor_div(r, h*w)"},
    {"h >= 2; w >= 2", "r < 4*(h - 1)*(w - 1)",
     "floor_mod(floor_div(floor_div(r, w - 1), h - 1), 4)",
     "floor_div(r, (h - 1)*(w - 1))"},
    {"h >= 1; w >= 1", "r < h*w", "floor_mod(r, w) + w*floor_mod(floor_div(r, w), h)",
     "r"},
    {"", "r < 24",
     "floor_mod(r, 2) + 2*floor_mod(floor_div(r, 2), 3) + 6*floor_div(r, 6)", "r"},
    {"a >= 1", "r < 6*floor_div(a, 6)",
     "2*floor_mod(floor_div(r, 2), 3) + 6*floor_mod(floor_div(r, 6), floor_div(a, 6)) + "
     "floor_mod(r, 2)",
     "r"},
    // A stride that was multiplied out.
    {"n >= 2", "r < n*n - n; j < 100",
     "100*(n - 1)*floor_div(r, n - 1) + 100*floor_mod(r, n - 1) + j", "100*r + j"},
    {"n >= 2; b >= 1", "r < b*(n - 1); j < 100",
     "(100*n - 100)*floor_mod(floor_div(r, n - 1), b) + 100*floor_mod(r, n - 1) + j",
     "100*r + j"},
    {"n >= 3", "i < b; j < n - 2", "(n - 2)*i + j", "(n - 2)*i + j"},
    // Below the divisor by what a fact says of it.
    {"floor_mod(h*w, 2) == 0; h >= 2; w >= 2", "r < floor_div(h*w, 2)",
     "floor_mod(floor_div(2*r, h), w)", "floor_div(2*r, h)"},
    // Space to depth, and a shift that wraps around.
    {"h >= 1; w >= 1", "i < 6; j < 6; k < h",
     "36*floor_mod(floor_div(i + 6*k, 2), 3*h) + floor_mod(i, 2)",
     "36*floor_div(i, 2) + 108*k + floor_mod(i, 2)"},
    {"n >= 1", "i < n",
     "select(floor_mod(i - 3, 7*ceil_div(n, 7)) < 0, "
     "floor_mod(i - 3, 7*ceil_div(n, 7)) + 7*ceil_div(n, 7), "
     "floor_mod(i - 3, 7*ceil_div(n, 7)))",
     "floor_mod(i - 3, 7*ceil_div(n, 7))"},
    // A size that was padded to a multiple.
    {"n >= 1", "r < 49",
     "floor_mod(r, 7*floor_div(n + floor_mod(7 - floor_mod(n, 7), 7), "
     "floor_div(n + floor_mod(7 - floor_mod(n, 7), 7), 7)))",
     "r"},
    {"n >= 1", "i < 1",
     "floor_div(n + floor_mod(7 - floor_mod(n, 7), 7), "
     "floor_div(n + floor_mod(7 - floor_mod(n, 7), 7), 7))",
     "7"},
    // Facts of sizes.
    {"floor_mod(n, 2) == 0; n >= 2", "r < n; j < h",
     "floor_mod(floor_div(r, floor_div(n, 2)), 2)", "floor_div(r, floor_div(n, 2))"},
    {"n == 4*h; h >= 1", "i < h; k < 4", "floor_div(4*i + k, n)", "0"},
    // What cannot be known stays.
    {"", "r < n", "floor_mod(r, 4)", "floor_mod(r, 4)"},
    {"n >= 1", "r < n", "floor_div(r + 1, n)", "floor_div(r + 1, n)"},
    {"n >= 2", "r < n", "floor_mod(r + 1, n)", "floor_mod(r + 1, n)"},
    {"", "i < 5; j < 4", "floor_div(3*i + j, 3)", "i + floor_div(j, 3)"},
    // Padding and windows.
    {"n >= 8", "i < n; k < 3", "select(i + k < 0, 0, i + k)", "i + k"},
    {"n >= 8", "i < n", "min(max(i, 0), n - 1)", "i"},
    {"n >= 8", "i < n - 2; k < 3", "select(i + k < n, i + k, 0)", "i + k"},
    {"", "i < 1", "floor_div(n + i, 3)", "floor_div(n, 3)"},
};

TEST(Index, Table) {
  for (const Case& c : kCases) {
    Problem p(c.facts);
    const std::vector<LoopVariable> loops = p.loops(c.loops);
    const Expr e = p.read(c.in);
    const size_t before = p.facts.size();
    const Expr simple = simplify_index(p.facts, e, loops);
    EXPECT_EQ(to_string(simple), to_string(p.read(c.out))) << c.in;
    EXPECT_EQ(simplify_index(p.facts, simple, loops), simple) << c.in;
    const Form form = index_form(p.facts, e, loops);
    EXPECT_EQ(p.read(form.to_string()), simple) << form.to_string();
    EXPECT_LE(form.operations(), extract(p.facts, e).operations()) << c.in;
    EXPECT_EQ(p.facts.size(), before);
  }
}

TEST(Index, FactsAreUnchanged) {
  Problem p("n >= 2");
  const std::vector<LoopVariable> loops = p.loops("i < n");
  const Expr question = p.read("i < n");
  (void)simplify_index(p.facts, p.read("floor_mod(i, n)"), loops);
  EXPECT_EQ(p.facts.decide(question).truth, Truth::kOpen);
}

// Multiplied out it would be long.
TEST(Index, FormsKeepSizesTogether) {
  struct Row {
    std::string_view facts, loops, in;
    uint64_t operations;
  };
  constexpr Row kRows[] = {
      {"", "i < a; j < ceil_div(h, 2); k < ceil_div(w, 2)",
       "k + j*ceil_div(w, 2) + i*ceil_div(h, 2)*ceil_div(w, 2)", 6},
      {"floor_mod(h, 2) == 1; floor_mod(w, 2) == 1", "i < a; j < b",
       "j*floor_div(w + 1, 2) + i*floor_div(h + 1, 2)*floor_div(w + 1, 2)", 7},
      {"h >= 12; w >= 12", "i < a; j < h - 11; k < w - 11",
       "k + j*(w - 11) + i*(h - 11)*(w - 11)", 7},
      {"n >= 3", "r < n*(n - 1)", "2*floor_mod(r, n - 2) + 1", 4},
      {"h >= 2; w >= 2", "i < a; r < 4*(h - 1)*(w - 1)",
       "4*floor_mod(r, (h - 1)*(w - 1)) + floor_mod(floor_div(r, (h - 1)*(w - 1)), 4)",
       10},
  };
  for (const Row& row : kRows) {
    Problem p(row.facts);
    const std::vector<LoopVariable> loops = p.loops(row.loops);
    const Expr e = p.read(row.in);
    const Form form = index_form(p.facts, e, loops);
    EXPECT_LE(form.operations(), row.operations) << row.in << " = " << form.to_string();
    EXPECT_EQ(simplify_index(p.facts, p.read(form.to_string()), loops),
              simplify_index(p.facts, e, loops))
        << form.to_string();
  }
}

// Of a quotient and a remainder the quotient is enough where it costs little.
TEST(Index, FormsComputeAQuotientOnce) {
  Problem p("");
  const std::vector<LoopVariable> loops = p.loops("i < 3; r < 6*n");
  const Expr e = p.read("36*n*floor_mod(floor_div(r, 2), 3*n) + 2*floor_mod(r, 2) + 4*i");
  const std::string form = index_form(p.facts, e, loops).to_string();
  EXPECT_EQ(form.find("floor_mod"), std::string::npos) << form;
  EXPECT_EQ(simplify_index(p.facts, p.read(form), loops),
            simplify_index(p.facts, e, loops));
}

TEST(Index, Multiples) {
  struct Row {
    std::string_view facts, e, d;
    Truth truth;
  };
  constexpr Row kRows[] = {
      {"", "0", "16", Truth::kTrue},
      {"", "6*n", "3", Truth::kTrue},
      {"", "3*n", "6", Truth::kOpen},
      {"", "3*n + 1", "3", Truth::kFalse},
      {"floor_mod(n, 4) == 0", "3*n", "12", Truth::kTrue},
      {"h >= 1", "h*w", "h", Truth::kTrue},
      {"h >= 1; w >= 1", "h*w + w", "h + 1", Truth::kTrue},
      {"h >= 2", "h*w + 1", "h", Truth::kFalse},
      {"n == 12*a; a >= 1", "n", "4*a", Truth::kTrue},
      {"n >= 2", "3", "3*n", Truth::kFalse},
      {"n >= 1", "n", "h", Truth::kOpen},
  };
  for (const Row& row : kRows) {
    Problem p(row.facts);
    EXPECT_EQ(truth_name(is_multiple_of(p.facts, p.read(row.e), p.read(row.d))),
              truth_name(row.truth))
        << row.e << " by " << row.d;
  }
}

TEST(Index, Strides) {
  struct Row {
    std::string_view e, stride;  // "": not affine
  };
  constexpr Row kRows[] = {
      {"3*i + j", "3"},
      {"j", "0"},
      {"h*w*i + w*i + j", "h*w + w"},
      {"i*j + i", "j + 1"},
      {"i*i", ""},
      {"i + floor_div(i, 4)", ""},
      {"floor_div(4*i + j, 4)", "1"},
      {"select(i < n, 0, 1)", ""},
      {"-i", "-1"},
      {"floor_mod(i, 4) + 4*floor_div(i, 4)", "1"},
  };
  for (const Row& row : kRows) {
    Problem p("");
    const std::optional<Expr> stride = stride_of(p.read(row.e), p.read("i"));
    EXPECT_EQ(stride ? to_string(*stride) : "",
              row.stride.empty() ? "" : to_string(p.read(row.stride)))
        << row.e;
  }
}

struct Nest {
  std::string_view facts, loops, indices, out;
};

constexpr Nest kNests[] = {
    {"", "i < n; j < 4", "4*i + j", "j < 4*n"},
    {"", "i < n; j < 4; k < 1", "4*i + j + k", "j < 4*n"},
    {"n == 1", "i < n; j < 4", "7*i + j", "j < 4"},
    {"", "i < n; j < 4", "4*i + j; 4*i + 5*j", "i < n; j < 4"},
    {"", "i < a; j < b; k < c", "b*c*i + c*j + k; 2*b*c*i + 2*c*j + 2*k", "k < a*b*c"},
    {"", "i < a; j < b; k < c", "b*c*i + c*j + k; k", "j < a*b; k < c"},
    {"", "i < a; j < b; k < c", "b*i + k*a*b + j", "j < a*b*c"},
    {"", "j < b; i < a", "b*i + j", "j < a*b"},
    {"n == 4*h", "i < a; j < n", "4*h*i + j", "j < a*n"},
    {"", "i < a; j < n - 1", "n*i - i + j", "j < a*n - a"},
    {"", "i < a; j < b", "7", "j < a*b"},
    {"", "i < a; j < b", "i*j", "i < a; j < b"},
    {"", "i < a; j < 4", "floor_div(4*i + j, 8)", "j < 4*a"},
    {"", "i < a; j < 4", "4*i + j < n; 4*i + j", "j < 4*a"},
    {"", "i < a; j < 4", "floor_div(4*i + j, 8); j", "i < a; j < 4"},
};

TEST(Index, MergedLoops) {
  for (const Nest& nest : kNests) {
    Problem p(nest.facts);
    const std::vector<LoopVariable> loops = p.loops(nest.loops);
    std::vector<Expr> indices;
    for (const std::string_view part : Problem::split(nest.indices))
      indices.push_back(p.read(part));
    const MergedLoops merged = merge_loops(p.facts, loops, indices);
    std::string got;
    for (const LoopVariable& l : merged.loops) {
      if (!got.empty()) got += "; ";
      got += to_string(l.variable) + " < " + to_string(simplify(p.facts, l.size));
    }
    std::string want;
    for (const LoopVariable& l : p.loops(nest.out)) {
      if (!want.empty()) want += "; ";
      want += to_string(l.variable) + " < " + to_string(simplify(p.facts, l.size));
    }
    EXPECT_EQ(got, want) << nest.loops << ": " << nest.indices;
    ASSERT_EQ(merged.kept.size(), loops.size());
    ASSERT_EQ(merged.values.size(), loops.size());
    ASSERT_EQ(merged.indices.size(), indices.size());
  }
}

}  // namespace
}  // namespace congrua
