// The guards of recorded programs, printed, compiled and run.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "shape/emit.h"
#include "tests/base/soak.h"
#include "tests/shape/guard_oracle.h"
#include "tests/shape/printed.h"
#include "trace/replay.h"

namespace congrua::trace {
namespace {

using shape::Arguments;
using shape::GuardOracle;
using shape::PrintedBatch;

class Points {
 public:
  Points(shape::Env& env, const shape::GuardSet& set) : env_(env), set_(set) {
    inputs_ = shape::emit::make_plan(env, set)->inputs;
  }

  // One that is near the hints but for a few inputs, and whether the guards accept it.
  std::pair<Arguments, bool> make(std::mt19937_64& random) {
    const auto below = [&](uint64_t n) { return random() % n; };
    const uint64_t far = below(4);  // so many hostile inputs, about
    Arguments a;
    GuardOracle oracle;
    bool right = true;
    size_t source = 0;
    for (const shape::emit::Input& in : inputs_) {
      const bool hostile = below(inputs_.size()) < far;
      if (in.sort == Sort::kReal) {
        const double hint = in.symbol ? env_.float_at_hints(*in.symbol).value_or(1) : 1;
        const double v = !hostile        ? hint
                         : below(3) == 0 ? std::nan("")
                                         : hint * static_cast<double>(below(5));
        a.floats.push_back(v);
        if (in.symbol) {
          oracle.set_float(*in.symbol, v);
          right &= !std::isnan(v) || env_.impl().info_of(*in.symbol)->may_be_nan;
        } else {
          right &= v == oracle.real(set_.sources[source++].value);
        }
        continue;
      }
      const std::optional<int64_t> hint = in.symbol
                                              ? env_.at_hints(*in.symbol)
                                              : oracle.value(set_.sources[source].value);
      int64_t v = hint.value_or(3);
      if (hostile) v = hostile_value(v, below);
      if (!hostile && in.symbol && in.sort == Sort::kInt && below(4) == 0) {
        v *= static_cast<int64_t>(below(3)) + 1;
      }
      if (in.sort == Sort::kBool) {
        v &= 1;
        a.bools.push_back(static_cast<uint8_t>(v));
      } else {
        a.ints.push_back(v);
      }
      if (in.symbol) {
        oracle.set(*in.symbol, v);
        const Range r = in.symbol->range();
        right &= (!r.lo || v >= *r.lo) && (!r.hi || v <= *r.hi);
      } else {
        right &= v == oracle.value(set_.sources[source++].value);
      }
    }
    // Terms mean what they say only at the ranges that symbols were born with.
    right = right &&
            std::ranges::all_of(set_.domains, [&](Expr e) { return oracle.holds(e); });
    right = right &&
            std::ranges::all_of(set_.guards, [&](Expr e) { return oracle.holds(e); });
    return {std::move(a), right};
  }

 private:
  template <typename Below>
  static int64_t hostile_value(int64_t hint, Below below) {
    switch (below(6)) {
      case 0:
        // Near the hint, around the ends too.
        return static_cast<int64_t>(static_cast<uint64_t>(hint) + below(5) - 2);
      case 1:
        return static_cast<int64_t>(below(3)) - 1;
      case 2:
        return INT64_MIN + static_cast<int64_t>(below(2));
      case 3:
        return INT64_MAX - static_cast<int64_t>(below(2));
      default: {
        const uint64_t power = (uint64_t{1} << below(64)) + below(3) - 1;
        return static_cast<int64_t>(below(2) == 0 ? power : ~power + 1);
      }
    }
  }

  shape::Env& env_;
  const shape::GuardSet& set_;
  std::vector<shape::emit::Input> inputs_;
};

TEST(PrintedTracesFuzz, VerdictsAreThoseOfTheGuards) {
  const char* data = std::getenv("CONGRUA_DATA");
  const std::filesystem::path folder =
      std::filesystem::path(data != nullptr ? data : "") / "torch_traces";
  if (data == nullptr || !std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "CONGRUA_DATA names no folder of recorded data";
  }
  if (!shape::have_cpp()) GTEST_SKIP() << "no C++ compiler";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  constexpr uint64_t kQuick = 8;
  const Seeds seeds = soak_seeds(kQuick, files.size());
  const size_t points = seeds.count() > kQuick ? 2'000 : 200;
  PrintedBatch batch;
  std::vector<std::vector<bool>> right;
  std::vector<std::string> names;
  uint64_t inputs = 0, accepted = 0, conditions = 0, unprinted = 0, wide = 0;
  for (uint64_t i = seeds.begin; i < std::min<uint64_t>(seeds.end, files.size()); ++i) {
    std::ifstream in(files[i]);
    std::stringstream text;
    text << in.rdbuf();
    const auto trace = read_trace(text.str());
    ASSERT_TRUE(trace.ok()) << files[i] << " " << trace.status();
    auto replayed = replay(*trace);
    ASSERT_TRUE(replayed.ok()) << files[i] << " " << replayed.status();
    for (const auto& [number, set] : replayed->guards) {
      shape::Env& env = *replayed->environments.at(number);
      const auto cpp = print_cpp(env, set, {.function = batch.name()});
      const auto python = print_python(env, set, {.function = batch.name()});
      if (!cpp.ok() || !python.ok()) {
        EXPECT_EQ(cpp.status().code(), absl::StatusCode::kUnimplemented) << cpp.status();
        std::puts((trace->name + ": " + std::string(cpp.status().message())).c_str());
        ++unprinted;
        continue;
      }
      conditions += cpp->conditions.size();
      wide += cpp->code.find("cg::wide<") != std::string::npos ? 1 : 0;
      Points make(env, set);
      std::mt19937_64 random(i);
      std::vector<Arguments> at;
      right.emplace_back();
      for (size_t p = 0; p < points; ++p) {
        auto [arguments, in_guards] = make.make(random);
        at.push_back(std::move(arguments));
        right.back().push_back(in_guards);
        ++inputs;
        accepted += in_guards ? 1 : 0;
      }
      names.push_back(trace->name);
      batch.add(*cpp, python->code, std::move(at));
    }
  }
  const auto answers = batch.run_cpp();
  ASSERT_TRUE(answers);
  for (size_t f = 0; f < batch.size(); ++f) {
    for (size_t p = 0; p < right[f].size(); ++p) {
      std::string at;
      for (const int64_t v : batch.points(f)[p].ints) at += std::to_string(v) + " ";
      const std::string& code = batch.printed(f).code;
      ASSERT_EQ((*answers)[f][p] < 0, right[f][p])
          << names[f] << " at " << at << ": " << (*answers)[f][p] << "\n"
          << code.substr(code.rfind("#endif"));
    }
  }
  if (shape::have_python()) {
    const auto again = batch.run_python();
    ASSERT_TRUE(again);
    for (size_t f = 0; f < batch.size(); ++f) ASSERT_EQ((*answers)[f], (*again)[f]);
  }
  EXPECT_GT(accepted, 0u);
  soak_report("printed_traces", seeds,
              {{"inputs", inputs},
               {"accepted", accepted},
               {"conditions", conditions},
               {"functions", batch.size()},
               {"wide", wide},
               {"unprinted", unprinted}});
}

}  // namespace
}  // namespace congrua::trace
