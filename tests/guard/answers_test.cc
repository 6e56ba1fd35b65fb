// Answers and simplified terms that are remembered: for how long they hold.
#include "guard/answers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string_view>

#include "congrua/guard.h"
#include "congrua/simplify.h"
#include "congrua/text.h"

namespace congrua {
namespace {

TEST(StatePath, ProofsHoldBehindTheirState) {
  guard::StatePath path;
  const guard::State none = path.current();
  path.add();
  const guard::State one = path.current();
  path.add();
  EXPECT_TRUE(path.holds(none));
  EXPECT_TRUE(path.holds(one));
  EXPECT_FALSE(path.is_current(one));
  path.truncate(1);
  EXPECT_TRUE(path.is_current(one));
  path.truncate(0);
  EXPECT_TRUE(path.is_current(none));
  EXPECT_FALSE(path.holds(one));
  path.add();  // another first fact
  EXPECT_FALSE(path.holds(one));
  EXPECT_FALSE(path.is_current(one));
  EXPECT_TRUE(path.holds(none));
}

class Remembered : public testing::Test {
 protected:
  Expr read(std::string_view text) { return *parse_infix(pool_, text); }
  void add(std::string_view text) { EXPECT_TRUE(facts_.add(read(text)).ok()) << text; }
  Truth ask(std::string_view text, QuestionOptions options = {}) {
    return facts_.decide(read(text), options).truth;
  }
  ExprPool pool_;
  Facts facts_{pool_};
};

TEST_F(Remembered, AnswersFollowTheFacts) {
  const std::string_view question = "s0*s1 <= s2*s3";
  add("s0 >= 1");
  add("s1 >= 1");
  EXPECT_EQ(ask(question), Truth::kOpen);
  EXPECT_EQ(ask(question), Truth::kOpen);
  facts_.push();
  add("s0 <= s2");
  EXPECT_EQ(ask(question), Truth::kOpen);
  add("s1 <= s3");
  EXPECT_EQ(ask(question), Truth::kTrue);
  facts_.push();
  add("s2 <= 100");
  EXPECT_EQ(ask(question), Truth::kTrue);  // what was implied stays implied
  facts_.pop();
  EXPECT_EQ(ask(question), Truth::kTrue);
  facts_.pop();
  EXPECT_EQ(ask(question), Truth::kOpen);
  add("s0*s1 >= s2*s3 + 1");
  EXPECT_EQ(ask(question), Truth::kFalse);
}

TEST_F(Remembered, ContradictionsImplyWhatWasRefuted) {
  add("s0 >= 2");
  EXPECT_EQ(ask("s0 <= 0"), Truth::kFalse);
  facts_.push();
  EXPECT_FALSE(facts_.add(read("s0 <= 1")).ok());
  EXPECT_EQ(ask("s0 <= 0"), Truth::kTrue);
  facts_.pop();
  EXPECT_EQ(ask("s0 <= 0"), Truth::kFalse);
}

TEST_F(Remembered, ReasonsAreGivenWhereTheyAreAskedFor) {
  add("s0 >= 2");
  add("s1 >= 2*s0");
  add("s2 >= s1 + 1");
  const Expr question = read("s2 >= 5");
  EXPECT_TRUE(facts_.decide(question, {.explain = false}).rests_on.empty());
  EXPECT_FALSE(facts_.decide(question).rests_on.empty());
  EXPECT_FALSE(facts_.decide(question).rests_on.empty());
  EXPECT_TRUE(facts_.decide(question, {.explain = false}).rests_on.empty());
  EXPECT_EQ(facts_.decide(question).certificate, nullptr);
  EXPECT_NE(facts_.decide(question, {.certificate = true}).certificate, nullptr);
  EXPECT_NE(facts_.decide(question, {.certificate = true}).certificate, nullptr);
  EXPECT_EQ(facts_.decide(question).certificate, nullptr);
}

TEST_F(Remembered, MoreStepsAskAgain) {
  add("s0 >= 2");
  add("s1 >= 2*s0");
  add("s2 >= s1 + 1");
  EXPECT_EQ(ask("s2 >= s0 + 3", {.steps = 0}), Truth::kUnknown);
  EXPECT_EQ(ask("s2 >= s0 + 3", {.steps = 0}), Truth::kUnknown);
  EXPECT_EQ(ask("s2 >= s0 + 3"), Truth::kTrue);
}

TEST_F(Remembered, ACancelledQuestionIsAskedAgain) {
  add("s0 >= 2");
  add("s1 >= 2*s0");
  std::atomic<bool> cancel = true;
  EXPECT_EQ(ask("s1 >= s0 + 2", {.cancel = &cancel}), Truth::kUnknown);
  EXPECT_EQ(ask("s1 >= s0 + 2"), Truth::kTrue);
}

TEST_F(Remembered, SimplifiedTermsFollowTheFacts) {
  const Expr e = read("floor_mod(s0, 8)");
  EXPECT_EQ(simplify(facts_, e), e);
  facts_.push();
  add("s0 >= 0");
  add("s0 <= 7");
  EXPECT_EQ(to_string(simplify(facts_, e)), "s0");
  EXPECT_EQ(to_string(simplify(facts_, e)), "s0");
  facts_.pop();
  EXPECT_EQ(simplify(facts_, e), e);
  add("floor_mod(s0, 16) == 3");
  EXPECT_EQ(to_string(simplify(facts_, e)), "3");
}

}  // namespace
}  // namespace congrua
