// How much of a fuzzer is run, and what it says of its run.
//
// Unset, CONGRUA_SOAK leaves the few seeds that every change runs. It is the percentage
// of a full run, from seed 0 on, or a part of one: "100", "0.5", "30-40". CONGRUA_SEED is
// the first seed instead. `./dev soak` runs the parts one by one and adds up the lines
// that soak_report prints.
#ifndef CONGRUA_TESTS_BASE_SOAK_H_
#define CONGRUA_TESTS_BASE_SOAK_H_

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <utility>

namespace congrua {

struct Seeds {
  uint64_t begin, end;
  uint64_t count() const { return end - begin; }
};

// Of `full` seeds those that are asked for; `quick` of them where nothing is.
inline Seeds soak_seeds(uint64_t quick, uint64_t full) {
  Seeds out{0, quick};
  if (const char* part = std::getenv("CONGRUA_SOAK"); part != nullptr && *part != '\0') {
    char* rest;
    double from = 0;
    double to = std::strtod(part, &rest);
    if (*rest == '-') {
      from = to;
      to = std::strtod(rest + 1, nullptr);
    }
    const auto seed = [&](double percent) {
      return static_cast<uint64_t>(static_cast<double>(full) * percent / 100);
    };
    out.begin = seed(from);
    out.end = std::max(seed(to), out.begin + 1);
  }
  if (const char* first = std::getenv("CONGRUA_SEED"); first != nullptr) {
    const uint64_t seed = std::strtoull(first, nullptr, 10);
    out = {seed, seed + out.count()};
  }
  return out;
}

// soak NAME: seeds 0..999, terms 5123, failures 0
inline void soak_report(const char* name, Seeds seeds,
                        std::initializer_list<std::pair<const char*, uint64_t>> counts) {
  std::string line = "soak " + std::string(name) + ": seeds " +
                     std::to_string(seeds.begin) + ".." + std::to_string(seeds.end - 1);
  for (const auto& [what, n] : counts) {
    line += ", " + std::string(what) + " " + std::to_string(n);
  }
  std::puts(line.c_str());
}

}  // namespace congrua

#endif  // CONGRUA_TESTS_BASE_SOAK_H_
