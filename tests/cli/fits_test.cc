#include "cli/fits.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/run.h"

namespace congrua::cli {
namespace {

Ran run(const FitsOptions& options) { return run(run_fits, options); }

TEST(FitsCommand, Verdicts) {
  EXPECT_EQ(run({.ask = {"600000000*i", {"i >= 0", "i < 4"}}}).out, "true\n");
  EXPECT_EQ(run({.ask = {"1200000000*i", {"i >= 0", "i < 3"}}}).out,
            "unknown\ndoes not fit: 1200000000*i\nis 2400000000 at: i = 2\n");
  EXPECT_EQ(run({.ask = {"1200000000*i", {"i >= 0", "i < 3"}}, .type = "u32"}).out,
            "true\n");
  EXPECT_EQ(run({.ask = {"i + 3000000000", {"i >= 0", "i < 3"}}}).out,
            "false\ndoes not fit: 3000000000\n");
}

TEST(FitsCommand, GuardNarrowAndLower) {
  const std::vector<std::string> loop = {"i >= 0", "i < n", "n >= 1"};
  EXPECT_NE(run({.ask = {"4*i + 3", loop}, .loops = {"i"}, .guard = true})
                .out.find("\nguard: n <= 536870912\n"),
            std::string::npos);
  EXPECT_NE(run({.ask = {"4*i + 3", {"i >= 0"}}, .loops = {"i"}, .guard = true})
                .out.find("\nguard: none: width guard: no bound above"),
            std::string::npos);
  EXPECT_EQ(run({.ask = {"c*4294967296 + i", {"i >= 0", "i < 9", "c >= 0", "c < 99"}},
                 .loops = {"i"},
                 .narrow = true})
                .out,
            "false\ndoes not fit: 4294967296\n"
            "narrow: split: i, on the 64-bit base 4294967296*c\n");
  EXPECT_EQ(run({.ask = {"floor_mod(x, 8)", {"x >= 0", "x < 99"}}, .lower = true}).out,
            "true\nstatic inline int32_t f(int32_t x) {\n  return x & 7;\n}\n");
}

TEST(FitsCommand, Json) {
  const auto j = nlohmann::json::parse(run({.ask = {"(mul 2 n)", {"(ge n 0)"}, true},
                                            .guard = true,
                                            .narrow = true,
                                            .lower = true})
                                           .out);
  EXPECT_EQ(j.at("answer"), "unknown");
  EXPECT_EQ(j.at("intermediate"), "n");
  EXPECT_GT(std::stoll(j.at("value").get<std::string>()), 2147483647);
  EXPECT_TRUE(j.at("model").at("n").is_number_integer());
  EXPECT_EQ(j.at("guard"), nlohmann::json::array({"(le n 1073741823)"}));
  EXPECT_EQ(j.at("guard_exact"), true);
  EXPECT_TRUE(j.at("narrow").is_null());
  EXPECT_TRUE(j.at("code").is_null());
  EXPECT_EQ(j.at("code_error"), "lower: n is not known to fit i32");
}

TEST(FitsCommand, WhatCannotBeReadIsExplained) {
  EXPECT_EQ(run({.ask = {"n +"}}).err,
            "congrua fits: n +: 1:4: an operand is missing before the end of the text\n");
  const Ran type = run({.ask = {"n"}, .type = "int"});
  EXPECT_EQ(type.code, kAskInput);
  EXPECT_EQ(type.err, "congrua fits: --type int: a type is i8 to i64 or u8 to u64\n");
  const Ran loop = run({.ask = {"n"}, .loops = {"i"}});
  EXPECT_EQ(loop.code, kAskInput);
  EXPECT_EQ(loop.err, "congrua fits: --loop i: no symbol of the expression or a fact\n");
}

}  // namespace
}  // namespace congrua::cli
