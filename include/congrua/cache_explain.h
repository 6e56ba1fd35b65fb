// What people want to know of a guard cache: why did this call miss, and which entries
// can never be found? The questions are methods of GuardCache (cache.h).
//
//   std::puts(cache.explain(row, {.tag = name_of_tag}).to_string().c_str());
//
//     no entry holds
//     entry 7 (2 of 5 guards fail): model.py:31: s0*s1 <= 4096 fails: s0 = 100, s1 = 50
//     entry 3 (3 of 5 guards fail): dtype == f16 fails: dtype = f32
//
// Thread safety: as a look-up; what the host passes is called without a lock. Cost: both
// read all entries, some 50 ns each, copy a pointer to each and allocate: not for hot
// paths.
#ifndef CONGRUA_CACHE_EXPLAIN_H_
#define CONGRUA_CACHE_EXPLAIN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "congrua/guard_program.h"

namespace congrua::cache {

using EntryId = uint64_t;  // in the order of insertion, from 1; never used again

struct ExplainOptions {
  size_t nearest = 3;  // entries that are explained
  // How a tag is written; without it as a number.
  std::function<std::string(size_t field, uint64_t tag)> tag = nullptr;
  const void* call = nullptr;  // for host predicates
};

// An entry that does not hold.
struct NearEntry {
  EntryId id = 0;
  size_t failing = 0, guards = 0;  // guards that do not hold, of all
  // The first that does not; equal to `guards`: the host's predicate, which is asked
  // where all guards hold.
  size_t guard = 0;
  std::string position;  // Guards::positions; empty where there is none
  std::string text;      // the part of it that fails: "s0*s1 <= 4096"
  std::string values;    // of the fields that it reads: "s0 = 100, s1 = 50"
};

struct Explanation {
  std::optional<EntryId> found;    // the entry that a look-up gives
  std::vector<NearEntry> nearest;  // fewest failing guards first, then as they are tried
  std::string to_string() const;   // a line each
};

struct ReviewOptions {
  size_t entries = 16;      // other entries that are compared in depth, each way
  int64_t steps = 200'000;  // for each question to the engine (QuestionOptions::steps)
};

// What entailment says of one entry among the others. Nothing is said where nothing was
// proved within the limits.
struct Review {
  // Where it holds, an entry of these holds and is tried before it: it is never found.
  // Itself where its guards contradict each other.
  std::vector<EntryId> covered_by;
  // Entries behind it that are never found because of it.
  std::vector<EntryId> hides;
  // A row that finds it, if one was met with; host predicates are taken for false.
  std::vector<Word> witness;

  bool unreachable() const { return !covered_by.empty(); }
};

}  // namespace congrua::cache

#endif  // CONGRUA_CACHE_EXPLAIN_H_
