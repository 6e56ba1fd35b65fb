#include "cache/cache_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cache/cost.h"
#include "cache/program_bytes.h"

namespace congrua::cache::internal {

namespace {

absl::Status broken(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("cache file: ", std::string(what)));
}

absl::StatusOr<Schema> read_schema(ByteReader& in) {
  std::vector<Field> fields(in.number(Schema::kMaxFields));
  for (Field& f : fields) {
    f.name = std::string(in.text());
    f.kind = static_cast<FieldKind>(in.number(static_cast<uint64_t>(FieldKind::kTag)));
    f.equality = static_cast<FloatEquality>(
        in.number(static_cast<uint64_t>(FloatEquality::kBits)));
    if (!in.ok()) return broken("its schema makes no sense");
  }
  if (!in.ok()) return broken("its schema makes no sense");
  return Schema::make(std::move(fields));
}

// A descriptor that is closed in any case.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }
  int close() { return ::close(std::exchange(descriptor_, -1)); }

 private:
  int descriptor_;
};

absl::Status failed(std::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(std::string(what), " ", path));
}

bool write_all(int file, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

Bytes cache_bytes(const Schema& schema, std::span<const FileEntry> entries) {
  Bytes out;
  put_number(out, schema.size());
  for (size_t i = 0; i < schema.size(); ++i) {
    const Field& f = schema.field(i);
    put_text(out, f.name);
    put_number(out, static_cast<uint64_t>(f.kind));
    put_number(out, static_cast<uint64_t>(f.equality));
  }
  put_number(out, entries.size());
  for (const FileEntry& e : entries) {
    put_signed(out, e.priority);
    const Bytes program = program_payload(*e.program, schema);
    put_number(out, program.size());
    out.insert(out.end(), program.begin(), program.end());
    put_text(out, e.value);
    if (e.cost.impl() == nullptr) {
      put_number(out, 0);
      put_signed(out, e.cost.constant());
    } else {
      const Bytes cost = program_payload(*e.cost.impl(), schema);
      put_number(out, cost.size());
      out.insert(out.end(), cost.begin(), cost.end());
    }
  }
  return sealed(kCacheSeal, schema.hash(), out);
}

absl::StatusOr<CacheFile> parse_cache(std::span<const uint8_t> bytes) {
  const auto opened = open_sealed(kCacheSeal, bytes);
  if (!opened.ok()) return opened.status();
  ByteReader in(opened->payload);
  const auto schema = read_schema(in);
  if (!schema.ok()) return schema.status();
  if (schema->hash() != opened->schema_hash) return broken("its schema is another one");
  CacheFile out{*schema, {}};
  const uint64_t count = in.number(in.left() / 5);  // of five bytes at least
  out.entries.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    FileEntry e;
    e.priority = in.signed_number();
    const auto program = in.take(in.number());
    e.value = std::string(in.text());
    const uint64_t length = in.number();
    bool sound = true;
    if (length == 0) {
      e.cost = in.signed_number();
    } else {
      auto cost = read_payload(*schema, in.take(length));
      sound = cost != nullptr && is_cost(*cost);
      e.cost = Cost::from_impl(std::move(cost), 0, schema->hash());
    }
    if (in.ok()) e.program = read_payload(*schema, program);
    if (e.program == nullptr || !sound) {
      return broken(absl::StrCat("entry ", i, " makes no sense"));
    }
    out.entries.push_back(std::move(e));
  }
  if (!in.ok() || !in.done()) return broken("its end makes no sense");
  return out;
}

absl::Status write_file(const std::string& path, std::span<const uint8_t> bytes) {
  std::string temporary = path + ".XXXXXX";
  File file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return failed("creating a file beside", path);
  const auto give_up = [&](std::string_view what) {
    absl::Status status = failed(what, path);
    ::unlink(temporary.c_str());
    return status;
  };
  // mkostemp makes files that only their owner reads.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(file.get(), 0666 & ~mask) != 0 || !write_all(file.get(), bytes) ||
      ::fsync(file.get()) != 0) {
    return give_up("writing");
  }
  if (file.close() != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) {
    return give_up("renaming to");
  }
  // The name lasts once its folder is written; a file system that cannot is none of ours.
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  const File parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.get() >= 0) std::ignore = ::fsync(parent.get());
  return absl::OkStatus();
}

absl::StatusOr<CacheFile> read_cache_file(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info = {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) return failed("opening", path);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is no regular file"));
  }
  const auto size = static_cast<size_t>(info.st_size);
  absl::StatusOr<CacheFile> out = parse_cache({});
  if (size != 0) {
    void* const at =
        ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file.get(), 0);
    if (at == MAP_FAILED) return failed("mapping", path);
    out = parse_cache({static_cast<const uint8_t*>(at), size});
    ::munmap(at, size);
  }
  if (out.ok()) return out;
  return absl::Status(out.status().code(),
                      absl::StrCat(path, ": ", std::string(out.status().message())));
}

}  // namespace congrua::cache::internal
