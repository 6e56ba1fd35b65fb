// What a program asks of each field, merged: one interval of it, and what that does not
// imply. Tests of two fields of which one is pinned become tests of the other.
#ifndef CONGRUA_CACHE_MERGE_H_
#define CONGRUA_CACHE_MERGE_H_

#include <cstddef>
#include <vector>

#include "cache/test.h"

namespace congrua::cache::internal {

struct MergedTests {
  bool never = false;       // no row holds; nothing else is said then
  std::vector<Test> unary;  // of one field, those that fail most often first
  std::vector<Test> pairs;  // of two, within the bounds of lanes (lanes.h)
  std::vector<Test> rest;   // what has no lanes
};

MergedTests merge_tests(const Program& program, size_t num_fields);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_MERGE_H_
