#include "cache/cache_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
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

constexpr bool kLittle = std::endian::native == std::endian::little;

// Tests beside lanes that read their fields and nothing of their program.
bool stands_alone(const Test& t) {
  return t.kind == TestKind::kMod || t.kind == TestKind::kLinear ||
         t.kind == TestKind::kProduct || t.kind == TestKind::kFloat;
}

size_t padding(size_t at) { return (8 - at % 8) % 8; }

void put_block(Bytes& out, const FileEntry& e) {
  const size_t size = e.lanes->block_bytes();
  put_number(out, size);
  out.resize(out.size() + padding(out.size()));
  const size_t from = out.size();
  const auto* bytes = reinterpret_cast<const uint8_t*>(e.lanes->block());
  out.insert(out.end(), bytes, bytes + size);
  LaneBlock head;
  std::memcpy(&head, bytes, sizeof head);
  head.flags &= ~LaneBlock::kHost;
  head.lanes = nullptr;
  head.owner = nullptr;
  std::memcpy(out.data() + from, &head, sizeof head);
  put_number(out, e.lanes->rest().size());
  for (const Test& t : e.lanes->rest()) {
    out.push_back(static_cast<uint8_t>(static_cast<unsigned>(t.kind) |
                                       static_cast<unsigned>(t.relation) << 4));
    put_number(out, t.x);
    put_number(out, t.y);
    for (const int64_t v : {t.a, t.b, t.c}) put_signed(out, v);
    put_number(out, t.d);
  }
}

void put_lanes(Bytes& out, const FileEntry& e) {
  if (e.lanes == nullptr) return put_number(out, 0);
  const bool alone = kLittle && std::ranges::all_of(e.lanes->rest(), stands_alone);
  put_number(out, alone ? 2 : 1);
  if (alone) put_block(out, e);
  const IndexKey& k = e.key;
  out.push_back(k.summed ? 1 : 0);
  for (const IndexKey::Sum& s : k.sums) {
    out.insert(out.end(), {s.first, s.second, s.sum});
  }
  for (size_t i = 0; i < kColumns; ++i) {
    out.insert(out.end(), {k.code[i], k.lo[i], k.span[i]});
  }
  for (const auto& pair : k.equal) out.insert(out.end(), {pair[0], pair[1]});
  out.insert(out.end(), {k.less[0], k.less[1]});
}

bool read_rest(ByteReader& in, size_t num_fields, FileEntry& e) {
  const uint64_t count = in.number(in.left() / 7);
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    const uint8_t head = in.byte();
    Test t;
    t.kind = static_cast<TestKind>(head & 15);
    t.relation = static_cast<Relation>(head >> 4);
    t.x = static_cast<uint16_t>(in.number(num_fields - 1));
    t.y = static_cast<uint16_t>(in.number(num_fields - 1));
    t.a = in.signed_number();
    t.b = in.signed_number();
    t.c = in.signed_number();
    t.d = in.number();
    constexpr int64_t kMost = int64_t{1} << 62;
    const auto below = [](int64_t v) { return v > -kMost && v < kMost; };
    if (num_fields == 0 || !stands_alone(t) || head >> 4 > 2) return false;
    if (t.kind == TestKind::kMod &&
        (t.d < 2 || t.d > INT64_MAX || t.a < 0 || static_cast<uint64_t>(t.a) >= t.d)) {
      return false;
    }
    if (t.kind == TestKind::kLinear && (!below(t.a) || !below(t.b))) return false;
    if (t.kind == TestKind::kProduct && t.a != 1 && t.a != -1) return false;
    e.rest.push_back(t);
  }
  return in.ok() && e.rest.empty() == ((e.block->flags & LaneBlock::kRest) == 0);
}

bool read_key(ByteReader& in, size_t num_slots, IndexKey& k) {
  const std::span<const uint8_t> b = in.take(1 + 6 + 3 * kColumns + 2 * kPairs + 2);
  if (!in.ok() || b[0] > 1) return false;
  k.summed = b[0] != 0;
  size_t at = 1;
  bool sound = true;
  const auto position = [&](size_t from, size_t to) {
    const uint8_t v = b[at++];
    // A code that no slot has would be made of what lies behind the row.
    sound &= v >= from && v < to && code_position(v % kSlots) < num_slots;
    return v;
  };
  for (IndexKey::Sum& s : k.sums) {
    s.first = position(0, kSlots);
    s.second = position(0, kSlots);
    s.sum = b[at++];
  }
  for (size_t i = 0; i < kColumns; ++i) {
    k.code[i] = position(0, 2 * kSlots);
    k.lo[i] = b[at++];
    k.span[i] = b[at++];
  }
  for (auto& pair : k.equal) {
    for (uint8_t& v : pair) v = position(0, kSlots);
  }
  for (uint8_t& v : k.less) v = position(0, 2 * kSlots);
  // Two monotone codes, or none: a kernel does not read which kind they are.
  const bool monotone = k.less[0] >= kSlots && k.less[1] >= kSlots;
  return sound && (k.less[0] == k.less[1] || monotone);
}

// Without slots the index is built anew. Of few fields the look-up reads field i for slot
// i.
bool sound_slots(std::span<const uint16_t> slots, size_t num_fields) {
  if (slots.empty()) return true;
  if (slots.size() != std::min(num_fields, kSlots)) return false;
  for (size_t i = 0; i < slots.size() && num_fields <= kSlots; ++i) {
    if (slots[i] != i) return false;
  }
  return true;
}

// False: what is there makes no sense. `image` is a copy of the payload.
bool read_lanes(ByteReader& in, size_t size, unsigned char* image, const Schema& schema,
                size_t num_slots, FileEntry& e) {
  const uint64_t parts = in.number(2);
  if (!in.ok()) return false;
  e.keyed = parts != 0;
  if (parts == 0) return true;
  if (parts == 1) return read_key(in, num_slots, e.key);
  const uint64_t length = in.number();
  if (!in.ok()) return false;
  in.take(padding(size - in.left()));
  const size_t at = size - in.left();
  const auto bytes = in.take(length);
  if (!kLittle || !in.ok() || !sound_block({image + at, bytes.size()}, schema.size())) {
    return false;
  }
  e.block = reinterpret_cast<LaneBlock*>(image + at);
  return read_rest(in, schema.size(), e) && read_key(in, num_slots, e.key);
}

}  // namespace

std::shared_ptr<const Program> program_of(const Schema& schema, const FileEntry& entry) {
  if (entry.program != nullptr) return entry.program;
  if (auto program = read_payload(schema, entry.payload)) return program;
  auto never = std::make_shared<Program>();
  never->num_guards = 1;
  never->append({});
  return never;
}

Bytes cache_bytes(const Schema& schema, std::span<const FileEntry> entries,
                  std::span<const uint16_t> slots) {
  Bytes out;
  put_number(out, schema.size());
  for (size_t i = 0; i < schema.size(); ++i) {
    const Field& f = schema.field(i);
    put_text(out, f.name);
    put_number(out, static_cast<uint64_t>(f.kind));
    put_number(out, static_cast<uint64_t>(f.equality));
  }
  put_number(out, slots.size());
  for (const uint16_t s : slots) put_number(out, s);
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
    put_lanes(out, e);
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
  CacheFile out{*schema, {}, {}, {}};
  for (uint64_t left = in.number(kSlots); left != 0 && in.ok(); --left) {
    out.slots.push_back(static_cast<uint16_t>(in.number(schema->size() - 1)));
  }
  if (!sound_slots(out.slots, schema->size())) return broken("its slots are no index's");
  // Keys of an index that is built anew are not read.
  const size_t num_slots = out.slots.empty() ? kSlots : out.slots.size();
  const uint64_t count = in.number(in.left() / 6);  // of six bytes at least
  // Lanes are used where they are, in a copy that is not read again from the file.
  const size_t size = opened->payload.size();
  out.image.reset(new uint64_t[size / 8 + 1]);
  auto* const image = reinterpret_cast<unsigned char*>(out.image.get());
  std::memcpy(image, opened->payload.data(), size);
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
    // What could not be taken has no place in the image.
    if (!in.ok()) return broken(absl::StrCat("entry ", i, " makes no sense"));
    const size_t before =
        size - static_cast<size_t>(opened->payload.data() + size - program.data());
    e.payload = {image + before, program.size()};
    sound = sound && in.ok() && read_lanes(in, size, image, *schema, num_slots, e);
    if (sound && e.block == nullptr) e.program = read_payload(*schema, program);
    if (!sound || (e.block == nullptr && e.program == nullptr)) {
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
