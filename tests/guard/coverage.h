// How many answers have a certificate; each is checked. CONGRUA_MISSES=1 prints those
// that have none.
#ifndef CONGRUA_TESTS_GUARD_COVERAGE_H_
#define CONGRUA_TESTS_GUARD_COVERAGE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "congrua/guard.h"
#include "congrua/proof.h"
#include "congrua/text.h"

namespace congrua::guard_test {

// How many answers had a certificate, by layer.
class Coverage {
 public:
  // Asks, checks, and counts.
  void ask(Facts& facts, Expr guard, const QuestionOptions& asked,
           const std::string& what) {
    QuestionOptions options = asked;
    options.certificate = true;
    const Answer a = facts.decide(guard, options);
    if (a.truth != Truth::kTrue && a.truth != Truth::kFalse) {
      EXPECT_EQ(a.certificate, nullptr);
      return;
    }
    auto& [found, all] = by_layer_[layer_name_of(a)];
    ++all;
    if (a.certificate == nullptr) {
      misses_.push_back(
          absl::StrCat(layer_name_of(a), ": ", what, " |- ", to_string(guard)));
      for (const FactId f : a.rests_on) {
        absl::StrAppend(&misses_.back(), "; ", to_string(facts.fact(f)));
      }
      return;
    }
    ++found;
    steps_ += a.certificate->steps.size();
    std::vector<Expr> all_facts;
    for (FactId i = 0; i < facts.size(); ++i) all_facts.push_back(facts.fact(i));
    const Expr goal = a.truth == Truth::kTrue ? guard : !guard;
    const absl::Status status = check(*a.certificate, all_facts, goal);
    EXPECT_TRUE(status.ok()) << what << ": " << status.ToString();
    if (a.certificate->steps.size() > 100) return;
    const std::string text = to_string(*a.certificate, all_facts, goal);
    const absl::StatusOr<Certificate> again = parse_certificate(guard.pool(), text);
    EXPECT_TRUE(again.ok() && *again == *a.certificate) << text;
  }

  // At least this share, in percent, has a certificate.
  void expect(double percent) const {
    size_t found = 0;
    size_t all = 0;
    std::string report;
    for (const auto& [layer, counts] : by_layer_) {
      found += counts.first;
      all += counts.second;
      absl::StrAppend(&report, " ", layer, " ", counts.first, "/", counts.second);
    }
    const char* show = std::getenv("CONGRUA_MISSES");
    for (size_t i = 0; show != nullptr && i < misses_.size(); ++i) {
      std::printf("none by %s\n", misses_[i].c_str());
    }
    std::printf(
        "certificates: %zu of %zu, %.1f steps each;%s\n", found, all,
        static_cast<double>(steps_) / static_cast<double>(std::max<size_t>(found, 1)),
        report.c_str());
    EXPECT_GE(100.0 * static_cast<double>(found), percent * static_cast<double>(all))
        << report;
  }

 private:
  static std::string layer_name_of(const Answer& a) {
    return std::string(layer_name(a.layer));
  }

  std::map<std::string, std::pair<size_t, size_t>> by_layer_;
  std::vector<std::string> misses_;
  size_t steps_ = 0;
};

}  // namespace congrua::guard_test

#endif  // CONGRUA_TESTS_GUARD_COVERAGE_H_
