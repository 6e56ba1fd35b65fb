// Caches in files.
//
// Behind the header (seal.h, "congruaC"), numbers of variable length: the fields, each
// its name, kind and equality; the number of entries, in the order in which they are
// tried, each its priority and, with their lengths, its program (program_bytes.h), its
// value as the host wrote it, and its cost, 0 and a constant or the length of a program
// of one register program, and that. Then what makes a warm start fast: 0, or 1 and the
// key (index.h), or 2, the lanes (lanes.h) as they are in memory and the key. Lanes are
// their length, zeros up to a multiple of 8 bytes from the header, a block, and the tests
// beside it; where those read sets or code they are made anew. The fields of the slots
// that keys are of stand before the entries. Programs of entries with lanes are copied
// and read where they are asked for; lanes and keys are checked so that no look-up leaves
// its bounds, whoever wrote them.
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
#include "cache/index.h"
#include "cache/seal.h"
#include "cache/test.h"
#include "congrua/cache_cost.h"
#include "congrua/guard_program.h"

namespace congrua::cache::internal {

inline constexpr Seal kCacheSeal = {"congruaC", "cache file", 3, 3};

struct FileEntry {
  int64_t priority = 0;
  std::shared_ptr<const Program> program;
  std::string value;
  Cost cost = {};
  // Of a file with lanes: the program where it is nullptr, in the image, as the block is.
  std::span<const uint8_t> payload = {};
  LaneBlock* block = nullptr;
  std::vector<Test> rest = {};
  IndexKey key = {};
  bool keyed = false;
  const Lanes* lanes = nullptr;  // to be written, with the key
};
struct CacheFile {
  Schema schema;
  std::vector<FileEntry> entries;
  std::vector<uint16_t> slots;  // as an index has them
  std::shared_ptr<uint64_t[]> image;
};

Bytes cache_bytes(const Schema& schema, std::span<const FileEntry> entries,
                  std::span<const uint16_t> slots = {});
// The program of an entry. One that makes no sense (its checksum was right) never holds.
std::shared_ptr<const Program> program_of(const Schema& schema, const FileEntry& entry);
absl::StatusOr<CacheFile> parse_cache(std::span<const uint8_t> bytes);

// Errors name the path; kNotFound, kPermissionDenied and the like are the system's.
absl::Status write_file(const std::string& path, std::span<const uint8_t> bytes);
absl::StatusOr<CacheFile> read_cache_file(const std::string& path);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_CACHE_FILE_H_
