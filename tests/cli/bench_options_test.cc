#include "cli/bench_options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace congrua::cli {
namespace {

using Texts = std::vector<std::string>;

TEST(BenchOptions, Bytes) {
  EXPECT_EQ(parse_bytes("4G"), uint64_t{4} << 30);
  EXPECT_EQ(parse_bytes("1.5g"), uint64_t{3} << 29);
  EXPECT_EQ(parse_bytes("512M"), uint64_t{512} << 20);
  EXPECT_EQ(parse_bytes("64k"), uint64_t{64} << 10);
  EXPECT_EQ(parse_bytes("0"), 0u);
  EXPECT_EQ(parse_bytes("1000"), 1000u);
  for (const char* text : {"", "G", "4GB", "-1", "1e30", "nan", "inf", "four", "4 G"}) {
    EXPECT_FALSE(parse_bytes(text).has_value()) << text;
  }
}

TEST(BenchOptions, Engines) {
  EXPECT_EQ(*parse_engines({"native,z3", "auto", "z3"}), (Texts{"native", "z3", "auto"}));
  EXPECT_EQ(*parse_engines({"native,cmd:x --a,b {file}", "cmd:y"}),
            (Texts{"native", "cmd:x --a,b {file}", "cmd:y"}));
  for (const char* text : {"", "cvc5", "native,", "cmd:", "cmd"}) {
    EXPECT_FALSE(parse_engines({text}).ok()) << text;
  }
}

TEST(BenchOptions, Policies) {
  EXPECT_TRUE(parse_policies({})->empty());
  EXPECT_EQ(*parse_policies({"duck,none"}),
            (std::vector<Policy>{Policy::kDuck, Policy::kNone}));
  EXPECT_EQ(
      *parse_policies({"duck", "all"}),
      (std::vector<Policy>{Policy::kDuck, Policy::kNone, Policy::k01, Policy::kBoth}));
  EXPECT_FALSE(parse_policies({"ducks"}).ok());
}

TEST(BenchOptions, Modes) {
  EXPECT_EQ(parse_modes("both")->size(), 2u);
  EXPECT_EQ(*parse_modes("entail"), std::vector<RunMode>{RunMode::kEntail});
  EXPECT_FALSE(parse_modes("prove").ok());
}

}  // namespace
}  // namespace congrua::cli
