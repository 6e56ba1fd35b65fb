// Caches in files.
//
// Behind the header (seal.h, "congruaC"), numbers of variable length: the fields, each
// its name, kind and equality; the number of entries, in the order in which they are
// tried, each its priority and, with their lengths, its program (program_bytes.h), its
// value as the host wrote it, and its cost, 0 and a constant or the length of a program
// of one register program, and that.
//
// Files are replaced by renaming, never written in place: a reader has the old or the new
// one, and a crash leaves the old one.
#ifndef CONGRUA_CACHE_CACHE_FILE_H_
#define CONGRUA_CACHE_CACHE_FILE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cache/seal.h"
#include "cache/test.h"
#include "congrua/cache_cost.h"
#include "congrua/guard_program.h"

namespace congrua::cache::internal {

inline constexpr Seal kCacheSeal = {"congruaC", "cache file", 2, 2};

struct FileEntry {
  int64_t priority = 0;
  std::shared_ptr<const Program> program;
  std::string value;
  Cost cost = {};
};
struct CacheFile {
  Schema schema;
  std::vector<FileEntry> entries;
};

Bytes cache_bytes(const Schema& schema, std::span<const FileEntry> entries);
absl::StatusOr<CacheFile> parse_cache(std::span<const uint8_t> bytes);

// Errors name the path; kNotFound, kPermissionDenied and the like are the system's.
absl::Status write_file(const std::string& path, std::span<const uint8_t> bytes);
absl::StatusOr<CacheFile> read_cache_file(const std::string& path);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_CACHE_FILE_H_
