#include "cache/seal.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace congrua::cache::internal {

namespace {

constexpr uint32_t kEndianMark = 0x01020304;
constexpr size_t kChecksumAt = 32;

uint32_t sum_of(std::span<const uint8_t> all) {
  return checksum(all.subspan(kChecksumAt + 4), checksum(all.first(kChecksumAt)));
}

}  // namespace

Bytes sealed(const Seal& seal, uint64_t schema_hash, std::span<const uint8_t> payload) {
  Bytes out(seal.magic, seal.magic + 8);
  out.reserve(kSealSize + payload.size());
  put_fixed(out, kEndianMark, 4);
  put_fixed(out, seal.format, 2);
  put_fixed(out, seal.reader, 2);
  put_fixed(out, schema_hash, 8);
  put_fixed(out, kSealSize + payload.size(), 8);
  out.resize(kSealSize);
  out.insert(out.end(), payload.begin(), payload.end());
  set_fixed(out, kChecksumAt, sum_of(out), 4);
  return out;
}

absl::StatusOr<Opened> open_sealed(const Seal& seal, std::span<const uint8_t> bytes) {
  const auto malformed = [&](const std::string& why) {
    return absl::InvalidArgumentError(absl::StrCat(seal.noun, ": ", why));
  };
  const auto refused = [&](const std::string& why) {
    return absl::FailedPreconditionError(absl::StrCat(seal.noun, ": ", why));
  };
  const size_t prefix = std::min<size_t>(bytes.size(), 8);
  if (!std::equal(seal.magic, seal.magic + prefix, bytes.begin())) {
    return malformed("these bytes are none");
  }
  if (bytes.size() < kSealSize) {
    return malformed(absl::StrCat(bytes.size(), " bytes are too few for its header"));
  }
  ByteReader header(bytes.subspan(8));
  const uint64_t mark = header.fixed(4);
  const uint64_t written_by = header.fixed(2);
  const uint64_t read_by = header.fixed(2);
  const uint64_t schema_hash = header.fixed(8);
  const uint64_t length = header.fixed(8);
  const uint64_t sum = header.fixed(4);
  if (mark == 0x04030201) return refused("it was written in the other byte order");
  if (mark != kEndianMark) return malformed("its header is corrupt");
  if (read_by > seal.format) {
    return refused(absl::StrCat("it has format ", written_by,
                                " and needs a reader of format ", read_by,
                                "; this library reads ", seal.format));
  }
  if (written_by < seal.reader) {
    return refused(absl::StrCat("it has format ", written_by,
                                "; this library reads those from ", seal.reader, " on"));
  }
  if (length < kSealSize) return malformed("its header is corrupt");
  if (length > bytes.size()) {
    return malformed(
        absl::StrCat("it is truncated: ", bytes.size(), " bytes of ", length));
  }
  bytes = bytes.first(static_cast<size_t>(length));
  if (sum_of(bytes) != sum) return malformed("its checksum is wrong");
  return Opened{schema_hash, bytes.subspan(kSealSize)};
}

}  // namespace congrua::cache::internal
