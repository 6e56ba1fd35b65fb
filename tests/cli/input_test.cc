#include "cli/input.h"

#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace congrua::cli {
namespace {

namespace fs = std::filesystem;

class Input : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::path(testing::TempDir()) /
        ("congrua_input_" +
         std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& bytes) {
    const fs::path p = folder_ / name;
    std::ofstream(p, std::ios::binary) << bytes;
    return p.string();
  }

  fs::path folder_;
};

std::string gzip(const std::string& text) {
  z_stream s{};
  EXPECT_EQ(deflateInit2(&s, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&s, text.size()), '\0');
  s.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  s.avail_in = static_cast<uInt>(text.size());
  s.next_out = reinterpret_cast<Bytef*>(out.data());
  s.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&s, Z_FINISH), Z_STREAM_END);
  out.resize(s.total_out);
  deflateEnd(&s);
  return out;
}

std::string xz(const std::string& text) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  size_t size = 0;
  EXPECT_EQ(
      lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                              reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                              reinterpret_cast<uint8_t*>(out.data()), &size, out.size()),
      LZMA_OK);
  out.resize(size);
  return out;
}

std::string long_text() {
  std::string s;
  for (int i = 0; i < 50'000; ++i) s += "(assert (> x " + std::to_string(i) + "))\n";
  return s;
}

TEST_F(Input, PlainAndPackedWhateverTheName) {
  const std::string text = long_text();
  EXPECT_EQ(*read_input(write("a.smt2", text)), text);
  EXPECT_EQ(*read_input(write("b.smt2.gz", gzip(text))), text);
  EXPECT_EQ(*read_input(write("c.smt2.xz", xz(text))), text);
  EXPECT_EQ(*read_input(write("d.smt2", xz(text))), text);
  EXPECT_EQ(*read_input(write("e.smt2", gzip(text))), text);
  EXPECT_EQ(*read_input(write("empty.smt2", "")), "");
  EXPECT_EQ(*read_input(write("f.gz", gzip(""))), "");
  // Several archives behind one another are one file.
  EXPECT_EQ(*read_input(write("g.gz", gzip("a") + gzip("b"))), "ab");
  EXPECT_EQ(*read_input(write("h.xz", xz("a") + xz("b"))), "ab");
}

TEST_F(Input, Errors) {
  const auto code = [](const std::string& path) {
    return read_input(path).status().code();
  };
  const auto missing = read_input((folder_ / "none.smt2").string());
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(std::string(missing.status().message()).find("none.smt2: No such file"),
            std::string::npos);
  EXPECT_EQ(code(folder_.string()), absl::StatusCode::kUnavailable);  // a folder
  const std::string text = long_text();
  for (const std::string& packed : {gzip(text), xz(text)}) {
    EXPECT_EQ(code(write("cut", packed.substr(0, packed.size() / 2))),
              absl::StatusCode::kDataLoss);
    std::string damaged = packed;
    damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 0x55);
    EXPECT_EQ(code(write("damaged", damaged)), absl::StatusCode::kDataLoss);
    EXPECT_EQ(code(write("head", packed.substr(0, 7))), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace congrua::cli
