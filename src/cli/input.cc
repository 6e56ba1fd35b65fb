#include "cli/input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace congrua::cli {
namespace {

constexpr std::string_view kGzip("\x1f\x8b", 2);
constexpr std::string_view kXz(
    "\xfd"
    "7zXZ\0",
    6);

absl::Status error(absl::StatusCode code, std::string_view name, std::string_view what) {
  return {code, fmt::format("{}: {}", name, what)};
}
absl::Status damaged(std::string_view name, std::string_view what) {
  return error(absl::StatusCode::kDataLoss, name, what);
}
absl::Status too_large(std::string_view name) {
  return error(absl::StatusCode::kResourceExhausted, name, "larger than 1 GiB");
}
absl::Status system_error(std::string_view name, int number) {
  const auto code = number == ENOENT || number == ENOTDIR ? absl::StatusCode::kNotFound
                    : number == EACCES ? absl::StatusCode::kPermissionDenied
                                       : absl::StatusCode::kUnavailable;
  return error(code, name, std::strerror(number));
}

absl::StatusOr<std::string> unpack_gzip(std::string_view packed, std::string_view name) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) return damaged(name, "gzip: no memory");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  std::array<char, 1 << 16> buffer;
  absl::Status status;
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    const int rc = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
    if (out.size() > kMaxInputBytes) {
      status = too_large(name);
      break;
    }
    if (rc == Z_STREAM_END) {
      if (stream.avail_in == 0) break;
      // Several members, one behind the other, are one file.
      if (inflateReset(&stream) != Z_OK) break;
    } else if (rc != Z_OK) {
      status = damaged(name, rc == Z_BUF_ERROR ? "gzip: the file ends too early"
                                               : "gzip: the file is damaged");
      break;
    }
  }
  inflateEnd(&stream);
  if (!status.ok()) return status;
  return out;
}

absl::StatusOr<std::string> unpack_xz(std::string_view packed, std::string_view name) {
  lzma_stream stream = LZMA_STREAM_INIT;
  constexpr uint64_t kMaxMemory = uint64_t{1} << 28;
  if (lzma_stream_decoder(&stream, kMaxMemory, LZMA_CONCATENATED) != LZMA_OK) {
    return damaged(name, "xz: no memory");
  }
  stream.next_in = reinterpret_cast<const uint8_t*>(packed.data());
  stream.avail_in = packed.size();
  std::string out;
  std::array<char, 1 << 16> buffer;
  absl::Status status;
  for (;;) {
    stream.next_out = reinterpret_cast<uint8_t*>(buffer.data());
    stream.avail_out = buffer.size();
    const lzma_ret rc = lzma_code(&stream, LZMA_FINISH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
    if (out.size() > kMaxInputBytes) {
      status = too_large(name);
      break;
    }
    if (rc == LZMA_STREAM_END) break;
    if (rc != LZMA_OK) {
      status = damaged(name, rc == LZMA_BUF_ERROR ? "xz: the file ends too early"
                                                  : "xz: the file is damaged");
      break;
    }
  }
  lzma_end(&stream);
  if (!status.ok()) return status;
  return out;
}

}  // namespace

bool is_packed(std::string_view first_bytes) {
  return first_bytes.starts_with(kGzip) || first_bytes.starts_with(kXz);
}

absl::StatusOr<std::string> unpack(std::string_view packed, std::string_view name) {
  return packed.starts_with(kGzip) ? unpack_gzip(packed, name) : unpack_xz(packed, name);
}

absl::StatusOr<std::string> read_input(const std::string& path) {
  const bool standard = path == "-";
  const std::string_view name = standard ? std::string_view("standard input") : path;
  const int fd = standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_error(name, errno);
  std::string out;
  struct stat info {};
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
      static_cast<uint64_t>(info.st_size) <= kMaxInputBytes) {
    out.reserve(static_cast<size_t>(info.st_size) + 1);
  }
  absl::Status status;
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) status = system_error(name, errno);
    if (n <= 0) break;
    out.append(buffer.data(), static_cast<size_t>(n));
    if (out.size() > kMaxInputBytes) {
      status = too_large(name);
      break;
    }
  }
  if (!standard) ::close(fd);
  if (!status.ok()) return status;
  return is_packed(out) ? unpack(out, name) : out;
}

}  // namespace congrua::cli
