// From a shape environment to an entry of a guard cache.
//
//   shape::GuardSet set = env.guards();
//   absl::StatusOr<cache::Schema> schema = cache::Schema::make(entry::fields_of(env,
//   set)); absl::StatusOr<cache::GuardProgram> program = entry::compile(*schema, env,
//   set);
//
// The fields are sources, by their names: sizes and other integers are kSize, floats
// kFloat (compared as IEEE doubles), booleans kBool. Versions of one function are traced
// by environments of their own, whose symbols have other names and whose sources are the
// same; merge_fields makes one schema of theirs.
//
// The program holds for exactly the calls that the set was made for: every symbol that is
// read at entry is in its birth range (and no NaN, unless that was declared), every
// second source has the value that was found, domains and guards are true. Its guards are
// numbered in this order, floats last, and each has the source position of the fact that
// it comes from.
//
// Ownership: what is returned refers to no environment. Thread safety: that of the
// environment. Cost: tens of microseconds for some tens of guards. Errors:
// kInvalidArgument where the schema lacks a source or has it as another kind,
// kUnimplemented for a guard that computes with floats or asks an opaque function (test
// it by a predicate of the host, and build the entry from the others), and what
// cache::GuardProgram::compile says.
#ifndef CONGRUA_ENTRY_H_
#define CONGRUA_ENTRY_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "congrua/guard_program.h"
#include "congrua/shape.h"

namespace congrua::entry {

// What an entry reads: first sources by birth, then those of the set, each once.
std::vector<cache::Field> fields_of(const shape::Env& env, const shape::GuardSet& set);

// Appends those of `more` whose names are new. kInvalidArgument where a name has another
// kind, with nothing appended.
absl::Status merge_fields(std::vector<cache::Field>& fields,
                          std::span<const cache::Field> more);

// The guards of a set, in the order of the program that compile makes.
struct EntryGuard {
  std::string position;  // where its fact was stated; may be empty
  // The fact behind it: none for births and sources.
  std::optional<shape::RecordId> record = std::nullopt;
};
std::vector<EntryGuard> guards_of(const shape::Env& env, const shape::GuardSet& set);

absl::StatusOr<cache::GuardProgram> compile(const cache::Schema& schema,
                                            const shape::Env& env,
                                            const shape::GuardSet& set);

}  // namespace congrua::entry

#endif  // CONGRUA_ENTRY_H_
