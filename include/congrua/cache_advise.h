// How a function should be specialized, by the calls that were seen.
//
//   std::vector<AdviseEntry> entries = {{1, program1, "kernel a"}, {2, program2, "kernel
//   b"}}; Advice a = advise(schema, entries, rows, {.versions = 8});
//   std::puts(a.to_string(schema).c_str());
//
//     2 versions serve 40 of 40 calls; 5 entries did
//     version 1, as entry 3, 37 calls
//       x.size(0): static 8
//       x.size(1): dynamic in [16, 256], a multiple of 16
//       y.size(0): equal to x.size(1)
//     call 4 forced entry 2: entry 1: model.py:31: x.size(1) == 16 fails: x.size(1) = 32
//       valid with x.size(1) <= 256
//     entry 4 is subsumed by entry 3
//
// What is advised. A guard that pins one size to a constant is taken for a dimension that
// was static; the others are decisions of the program. An entry without its pins is taken
// to serve a call where its decisions are right, and where all that other entries decide
// by the fields that it pins is as at the call that it was made for. The fewest of those
// that serve the log are looked for, and each is described as narrowly as its calls
// allow. Compiled anew it may take decisions that all pins hid: advice is of what was
// seen, and nothing is served by it.
//
// What is proved. A weaker guard is given where another entry has the same code and
// entailment shows that, with it, one of the two would hold wherever the entry does:
// the code stays valid. Subsumption is entailment too. Nothing is said where the limits
// are reached, nor of guards that may divide by zero.
//
// Cost: rows times entries for the log; entailment for some pairs. Not for hot paths.
#ifndef CONGRUA_CACHE_ADVISE_H_
#define CONGRUA_CACHE_ADVISE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "congrua/cache_explain.h"
#include "congrua/guard_program.h"

namespace congrua::cache {

// An entry of the cache, of the schema that advise is given.
struct AdviseEntry {
  EntryId id = 0;  // in the order in which they were compiled
  std::shared_ptr<const internal::Program> program;  // GuardProgram::impl()
  std::string code = {};  // the same for entries of the same code; empty: of its own
};

struct AdviseOptions {
  size_t versions = SIZE_MAX;  // at most so many; those that serve most calls
  int64_t steps = 50'000;      // for each question to the engine
  size_t questions = 10'000;   // to the engine, in all
  size_t search = 200'000;     // sets of entries that are looked at
};

// What a version should know of one field.
struct FieldAdvice {
  size_t field = 0;
  bool is_static = false;  // it has one value in all calls: `lowest`
  // Sizes that are dynamic: the hull of the calls, value = residue modulo modulus, and a
  // field before it that always has the same value.
  Word lowest = 0, greatest = 0;
  int64_t modulus = 1, residue = 0;
  std::optional<size_t> equal_to = std::nullopt;
};

struct VersionAdvice {
  EntryId like = 0;                 // the entry whose decisions it makes
  std::vector<size_t> calls;        // of the log, ascending
  std::vector<FieldAdvice> fields;  // all of the schema
};

// A call for which all entries before one failed.
struct Recompilation {
  size_t call = 0;
  EntryId entry = 0;   // that was made for it: the first it finds
  NearEntry nearest;   // among those before: the one with the fewest guards that fail
  std::string weaker;  // in place of the guard that failed; empty: none was proved
};

struct Advice {
  std::vector<VersionAdvice> versions;  // most calls first
  size_t calls = 0, served = 0;         // of the log; by versions
  size_t entries_used = 0;              // that a call of the log found
  std::vector<size_t> unserved;         // calls for which no entry is right
  std::vector<Recompilation> recompilations;
  std::vector<std::pair<EntryId, EntryId>> subsumed;  // by the second
  std::string to_string(const Schema& schema) const;
};

// Rows are calls in order, schema.size() words each.
Advice advise(const Schema& schema, std::span<const AdviseEntry> entries,
              std::span<const std::vector<Word>> rows, const AdviseOptions& options = {});

}  // namespace congrua::cache

#endif  // CONGRUA_CACHE_ADVISE_H_
