// Tensors as symbols, and what is known of their layouts.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "congrua/eval.h"
#include "congrua/layout.h"
#include "congrua/shape.h"
#include "congrua/text.h"
#include "tests/base/soak.h"
#include "tests/expr/layout_numbers.h"
#include "tests/shape/guard_oracle.h"

namespace congrua::shape {
namespace {

class TensorTest : public testing::Test {
 protected:
  Tensor tensor(const char* source, std::vector<int64_t> sizes,
                std::vector<int64_t> strides, int64_t offset = 0) {
    absl::StatusOr<Tensor> t = env_.tensor(source, sizes, strides, offset);
    EXPECT_TRUE(t.ok()) << t.status();
    return *std::move(t);
  }
  std::string strides(const Tensor& t) {
    std::string text;
    for (const Expr s : t.layout.strides)
      text += (text.empty() ? "" : " ") + env_.text(s);
    return text;
  }
  Truth known(Expr e) { return env_.is_known(e).truth; }
  std::vector<std::string> guards() {
    std::vector<std::string> out;
    for (const Expr g : env_.guards().guards) out.push_back(env_.text(g));
    return out;
  }

  Env env_;
  ExprPool& pool_ = env_.pool();
};

TEST_F(TensorTest, RowMajor) {
  const Tensor t = tensor("x", {8, 3, 32, 48}, {4608, 1536, 48, 1});
  EXPECT_EQ(strides(t), "x.size(1)*x.size(2)*x.size(3) x.size(2)*x.size(3) x.size(3) 1");
  EXPECT_EQ(env_.text(t.offset), "0");
  const Layout& layout = t.layout;
  EXPECT_EQ(known(is_contiguous(pool_, layout)), Truth::kTrue);
  EXPECT_EQ(known(is_channels_last(pool_, layout)), Truth::kFalse);
  EXPECT_EQ(known(has_channels_last_strides(pool_, layout)), Truth::kFalse);
  EXPECT_EQ(known(is_non_overlapping_and_dense(pool_, layout)), Truth::kTrue);
  EXPECT_EQ(env_.text(env_.simplify(storage_size(pool_, layout, t.offset))),
            "x.size(0)*x.size(1)*x.size(2)*x.size(3)");
  EXPECT_TRUE(guards().empty());
  // What was found is tested at entry.
  std::vector<std::string> sources;
  for (const SourceValue& s : env_.guards().sources)
    sources.push_back(s.source + " == " + env_.text(s.value));
  EXPECT_EQ(sources,
            (std::vector<std::string>{"x.stride(3) == 1", "x.stride(2) == x.size(3)",
                                      "x.stride(1) == x.size(2)*x.size(3)",
                                      "x.stride(0) == x.size(1)*x.size(2)*x.size(3)",
                                      "x.storage_offset() == 0"}));
}

TEST_F(TensorTest, ChannelsLast) {
  const Tensor t = tensor("x", {8, 3, 32, 48}, {4608, 1, 144, 3});
  const Layout& layout = t.layout;
  EXPECT_EQ(strides(t), "x.size(1)*x.size(2)*x.size(3) 1 x.size(1)*x.size(3) x.size(1)");
  EXPECT_EQ(known(is_contiguous(pool_, layout)), Truth::kFalse);
  EXPECT_EQ(known(is_channels_last(pool_, layout)), Truth::kTrue);
  EXPECT_EQ(known(has_channels_last_strides(pool_, layout)), Truth::kTrue);
  EXPECT_EQ(known(is_non_overlapping_and_dense(pool_, layout)), Truth::kTrue);
}

TEST_F(TensorTest, FiveDimensions) {
  const std::vector<int64_t> sizes = {2, 3, 5, 7, 11};
  const Tensor rows = tensor("x", sizes, {1155, 385, 77, 11, 1});
  const Tensor pixels = tensor("y", sizes, {1155, 1, 231, 33, 3});
  EXPECT_EQ(known(is_non_overlapping_and_dense(pool_, rows.layout)), Truth::kTrue);
  EXPECT_EQ(known(is_non_overlapping_and_dense(pool_, pixels.layout)), Truth::kTrue);
  EXPECT_EQ(known(is_channels_last(pool_, pixels.layout)), Truth::kTrue);
  EXPECT_EQ(known(has_channels_last_strides(pool_, rows.layout)), Truth::kFalse);
}

TEST_F(TensorTest, Expanded) {
  const Tensor t = tensor("x", {8, 16}, {0, 1});
  const Layout& layout = t.layout;
  EXPECT_EQ(strides(t), "0 1");
  EXPECT_EQ(known(is_contiguous(pool_, layout)), Truth::kFalse);
  EXPECT_EQ(known(is_non_overlapping_and_dense(pool_, layout)), Truth::kFalse);
}

TEST_F(TensorTest, SlicedRowsAreGuardedOn) {
  const Tensor t = tensor("x", {8, 16}, {32, 1}, 5);
  const Layout& layout = t.layout;
  EXPECT_EQ(strides(t), "x.stride(0) 1");
  EXPECT_EQ(env_.text(t.offset), "x.storage_offset()");
  EXPECT_EQ(known(is_contiguous(pool_, layout)), Truth::kUnknown);
  const auto decision = env_.evaluate(is_contiguous(pool_, layout));
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->value, 0);
  EXPECT_EQ(decision->how, How::kGuard);
  EXPECT_EQ(guards(), std::vector<std::string>{"x.size(1) != x.stride(0)"});
  EXPECT_EQ(known(is_non_overlapping_and_dense(pool_, layout)), Truth::kFalse);
  EXPECT_EQ(env_.text(env_.simplify(storage_size(pool_, layout, t.offset))),
            "x.size(0)*x.stride(0) + x.size(1) - x.stride(0) + x.storage_offset()");
}

TEST_F(TensorTest, SizesThatComeFromData) {
  const std::vector<Expr> sizes = {env_.unbacked(), env_.unbacked(), env_.unbacked()};
  const Layout layout{sizes, contiguous_strides(pool_, sizes)};
  EXPECT_EQ(known(is_contiguous(pool_, layout)), Truth::kTrue);
  const std::vector<Expr> exact = {sizes[1] * sizes[2], sizes[2], pool_.constant(1)};
  EXPECT_EQ(known(is_contiguous(pool_, {sizes, exact})), Truth::kTrue);
  EXPECT_EQ(known(is_non_overlapping_and_dense(pool_, layout)), Truth::kTrue);
}

// A stride that is a symbol of its own, a size that is one as well: the guard is the
// predicate, not its value at the hints.
TEST_F(TensorTest, TheGuardIsThePredicate) {
  const Expr n = *env_.size("n", 4), m = *env_.size("m", 6);
  const Expr t0 = *env_.size("t0", 6, {.policy = Policy::kOwn});
  const Expr t1 =
      *env_.size("t1", 1, {.policy = Policy::kOwn, .specialize_zero_one = false});
  const std::vector<Expr> sizes = {n, m}, strides = {t0, t1};
  const Expr dense = is_non_overlapping_and_dense(pool_, {sizes, strides});
  EXPECT_EQ(env_.evaluate(dense)->value, 1);
  const GuardSet set = env_.guards();
  int accepted = 0;
  for (int64_t a = 2; a < 6; ++a) {
    for (int64_t b = 2; b < 6; ++b) {
      for (int64_t s = 2; s < 8; ++s) {
        for (int64_t t = 0; t < 8; ++t) {
          const std::array<Binding, 4> at = {Binding{n, a}, {m, b}, {t0, s}, {t1, t}};
          bool holds = true;
          for (const Expr e : set.domains) holds = holds && *evaluate(e, at) != 0;
          for (const Expr e : set.guards) holds = holds && *evaluate(e, at) != 0;
          EXPECT_EQ(holds, s == b && t == 1) << a << " " << b << " " << s << " " << t;
          accepted += holds ? 1 : 0;
        }
      }
    }
  }
  EXPECT_EQ(accepted, 16);
}

// A tensor of numbers is traced and a predicate decided by it; every other tensor that
// the guards let in has the same answer.
TEST(TensorFuzz, WhatGuardsLetInHasTheSameLayout) {
  const Seeds seeds = soak_seeds(300, 100'000);
  uint64_t let_in = 0, others = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    std::mt19937_64 random(seed);
    const auto rank = static_cast<size_t>(pick(random, 1, 4));
    const NumberLayout traced = random_layout(random, rank, 0);
    TensorOptions options;
    options.sizes.assign(rank, {.policy = seed % 3 == 0 ? Policy::kDuck : Policy::kOwn,
                                .specialize_zero_one = seed % 2 == 0});
    Env env;
    const auto t = env.tensor("x", traced.sizes, traced.strides, 0, options);
    ASSERT_TRUE(t.ok()) << t.status();
    ExprPool& pool = env.pool();
    const std::array predicates = {is_contiguous(pool, t->layout),
                                   is_channels_last(pool, t->layout),
                                   has_channels_last_strides(pool, t->layout),
                                   is_non_overlapping_and_dense(pool, t->layout)};
    const auto by_numbers = [](const NumberLayout& l, size_t which) {
      return which == 0   ? l.contiguous()
             : which == 1 ? l.channels_last()
             : which == 2 ? l.channels_last_strides()
                          : l.dense();
    };
    std::vector<size_t> asked;
    for (size_t which = 0; which < predicates.size(); ++which) {
      if (pick(random, 0, 1) == 0) continue;
      const auto decided = env.evaluate(predicates[which]);
      ASSERT_TRUE(decided.ok()) << decided.status();
      EXPECT_EQ(decided->value != 0, by_numbers(traced, which)) << traced;
      asked.push_back(which);
    }
    const GuardSet set = env.guards();
    for (int i = 0; i < 200; ++i) {
      NumberLayout other = i == 0 ? traced : random_layout(random, rank, 0);
      if (i % 2 == 1) {  // near the traced one
        other = traced;
        (pick(random, 0, 1) == 0 ? other.sizes : other.strides)[random() % rank] =
            pick(random, 0, 7);
      }
      const auto number = [&](std::string_view source) -> int64_t {
        if (source == "x.storage_offset()") return 0;
        const size_t d = static_cast<size_t>(source[source.size() - 2] - '0');
        return source.starts_with("x.size(") ? other.sizes[d] : other.strides[d];
      };
      GuardOracle oracle;
      bool holds = true;
      for (const Input& input : env.inputs()) {
        const int64_t value = number(input.source);
        oracle.set(input.symbol, value);
        const Range range = input.symbol.range();
        holds = holds && (!range.lo || value >= *range.lo) &&
                (!range.hi || value <= *range.hi);
      }
      for (const SourceValue& s : set.sources)
        holds = holds && oracle.value(s.value) == number(s.source);
      for (const Expr e : set.domains) holds = holds && oracle.holds(e);
      for (const Expr e : set.guards) holds = holds && oracle.holds(e);
      if (i == 0) {
        EXPECT_TRUE(holds) << "seed " << seed << ": " << traced;
      }
      if (!holds) continue;
      ++let_in;
      others += other.sizes != traced.sizes || other.strides != traced.strides ? 1 : 0;
      for (const size_t which : asked) {
        EXPECT_EQ(by_numbers(other, which), by_numbers(traced, which))
            << "seed " << seed << ": traced " << traced << ", let in " << other
            << ", predicate " << which;
      }
    }
    if (HasFailure()) break;
  }
  EXPECT_GT(others, let_in / 20);
  soak_report("Tensor", seeds,
              {{"let in", let_in}, {"of other layouts", others}, {"failures", 0}});
}

TEST_F(TensorTest, WhatIsRefused) {
  const auto refused = [&](std::vector<int64_t> sizes, std::vector<int64_t> strides,
                           int64_t offset, const TensorOptions& options = {}) {
    const auto t = env_.tensor("y", sizes, strides, offset, options);
    return t.ok() ? std::string("taken") : std::string(t.status().message());
  };
  EXPECT_EQ(refused({2, 3}, {1}, 0), "y has 2 sizes, 1 strides and options for 0");
  EXPECT_EQ(refused({2}, {1}, 0, {.sizes = {{}, {}}}),
            "y has 1 sizes, 1 strides and options for 2");
  EXPECT_EQ(refused({-2}, {1}, 0), "y.size(0) is -2");
  EXPECT_EQ(refused({}, {}, -1), "y.storage_offset() is -1");
  (void)tensor("x", {4}, {1});
  const auto again =
      env_.tensor("x", std::array<int64_t, 1>{4}, std::array<int64_t, 1>{1});
  EXPECT_EQ(again.status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(TensorTest, NegativeAndHugeStrides) {
  const Tensor t = tensor("x", {4, 1LL << 62}, {-7, 1LL << 62});
  EXPECT_EQ(strides(t), "x.stride(0) x.stride(1)");
  EXPECT_EQ(known(lt(t.layout.strides[0], pool_.constant(0))), Truth::kUnknown);
  EXPECT_EQ(known(is_non_overlapping_and_dense(pool_, t.layout)), Truth::kUnknown);
}

}  // namespace
}  // namespace congrua::shape
