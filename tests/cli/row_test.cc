#include "cli/row.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace congrua::cli {
namespace {

TEST(Row, PercentileIsTheNearestRank) {
  // Oracle: the smallest value that at least share * n values do not exceed.
  std::mt19937 random(7);
  for (int n = 1; n <= 40; ++n) {
    std::vector<uint64_t> values;
    for (int i = 0; i < n; ++i) values.push_back(random() % 20);
    std::vector<uint64_t> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    for (const double share : {0.0, 0.01, 0.5, 0.9, 0.99, 1.0}) {
      uint64_t want = sorted.back();
      for (const uint64_t v : sorted) {
        const auto count =
            std::upper_bound(sorted.begin(), sorted.end(), v) - sorted.begin();
        if (static_cast<double>(count) >= share * n) {
          want = v;
          break;
        }
      }
      EXPECT_EQ(percentile(values, share), want) << "n=" << n << " share=" << share;
    }
  }
}

TEST(Row, BucketsAreOrderedAndNarrow) {
  uint64_t before = 0;
  for (uint64_t ns = 1; ns < (uint64_t{1} << 40); ns += 1 + ns / 97) {
    const uint64_t b = time_bucket(ns);
    EXPECT_LE(b, ns);
    EXPECT_GE(static_cast<double>(b), static_cast<double>(ns) * (1 - 1.0 / 32)) << ns;
    EXPECT_GE(b, before);
    EXPECT_EQ(time_bucket(b), b);
    before = b;
  }
  EXPECT_EQ(time_bucket(0), 0u);
  EXPECT_LE(time_bucket(UINT64_MAX), UINT64_MAX);
}

TEST(Row, FinishEntailCountsAndTimes) {
  RunRow row;
  row.mode = "entail";
  row.verdicts = {{Verdict::kRedundant, "interval"},
                  {Verdict::kNeeded, "model"},
                  {Verdict::kRedundant, "interval"},
                  {Verdict::kUnknown, "none"}};
  finish_entail(row, {1000, 3000, 2000, 50'000}, 7000);
  ASSERT_TRUE(row.entail.has_value());
  EXPECT_EQ(row.entail->guards, 4u);
  EXPECT_EQ(row.entail->redundant, 2u);
  EXPECT_EQ(row.entail->needed, 1u);
  EXPECT_EQ(row.entail->unknown, 1u);
  EXPECT_DOUBLE_EQ(row.entail->us_p50, 2);
  EXPECT_DOUBLE_EQ(row.entail->us_p99, 50);
  EXPECT_DOUBLE_EQ(row.entail->us_total, 56);
  EXPECT_DOUBLE_EQ(row.entail->add_us_total, 7);
  EXPECT_EQ(row.status, "unknown");
  EXPECT_EQ(row.layers.at("interval"), 2u);
  EXPECT_EQ(row.layers.count("none"), 0u);
  EXPECT_EQ(row.layer, "model");  // later in the order of layers
}

TEST(Row, FinishEntailOfNothing) {
  RunRow row;
  finish_entail(row, {}, 0);
  EXPECT_EQ(row.status, "ok");
  EXPECT_EQ(row.entail->guards, 0u);
  EXPECT_DOUBLE_EQ(row.entail->us_p99, 0);
}

TEST(Row, FinishSatStatus) {
  const struct {
    std::vector<std::string> answers;
    const char* status;
  } cases[] = {
      {{"sat"}, "sat"},
      {{"unsat"}, "unsat"},
      {{"unknown"}, "unknown"},
      {{"sat", "unsat"}, "ok"},
      {{"sat", "unknown"}, "unknown"},
      {{}, "ok"},
      {{"error", "sat"}, "unknown"},
  };
  for (const auto& c : cases) {
    RunRow row;
    row.answers = c.answers;
    finish_sat(row);
    EXPECT_EQ(row.status, c.status);
  }
  RunRow failed;
  failed.status = "timeout";
  failed.answers = {"sat"};
  finish_sat(failed);
  EXPECT_EQ(failed.status, "timeout");
}

TEST(Row, CostliestLayerComesFromTheOrderOfLayers) {
  RunRow row;
  row.layers = {{"interval", 3}, {"z3", 1}, {"linear", 2}};
  finish_layer(row);
  EXPECT_EQ(row.layer, "z3");
  row.layers["sympy"] = 1;
  finish_layer(row);
  EXPECT_EQ(row.layer, "sympy");
}

}  // namespace
}  // namespace congrua::cli
