#include "congrua/tensor_call.h"

#include <gtest/gtest.h>

#include <vector>

#include "congrua/cache.h"
#include "congrua/text.h"

#if __has_include(<dlpack/dlpack.h>)
#include <dlpack/dlpack.h>
#else
// As in dlpack.h.
extern "C" {
typedef enum { kDLCPU = 1, kDLCUDA = 2 } DLDeviceType;
typedef struct {
  DLDeviceType device_type;
  int device_id;
} DLDevice;
typedef enum { kDLInt = 0U, kDLUInt = 1U, kDLFloat = 2U } DLDataTypeCode;
typedef struct {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
} DLDataType;
typedef struct {
  void* data;
  DLDevice device;
  int ndim;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides;
  uint64_t byte_offset;
} DLTensor;
}
#endif

namespace congrua::cache {
namespace {

DLTensor tensor(std::vector<int64_t>& shape, std::vector<int64_t>* strides = nullptr) {
  DLTensor t{};
  t.device = {kDLCUDA, 3};
  t.ndim = static_cast<int32_t>(shape.size());
  t.dtype = {kDLFloat, 16, 1};
  t.shape = shape.data();
  t.strides = strides == nullptr ? nullptr : strides->data();
  return t;
}

TEST(TensorCall, ReadsAllParts) {
  const Schema schema = *Schema::make({{"a0"},
                                       {"a1"},
                                       {"a2"},
                                       {"rank", FieldKind::kTag},
                                       {"dtype", FieldKind::kTag},
                                       {"device", FieldKind::kTag},
                                       {"b1"},
                                       {"sa0"},
                                       {"sa1"},
                                       {"sa2"},
                                       {"sb0"},
                                       {"rank_again"},
                                       {"offset"},
                                       {"data", FieldKind::kTag},
                                       {"alignment"},
                                       {"training", FieldKind::kBool}});
  using enum TensorPart;
  const auto layout = TensorLayout::make(schema, {{0, kSize, 0},
                                                  {0, kSize, 1},
                                                  {0, kSize, 2},
                                                  {0, kRank},
                                                  {0, kDtype},
                                                  {0, kDevice},
                                                  {1, kSize, 1},
                                                  {0, kStride, 0},
                                                  {0, kStride, 1},
                                                  {0, kStride, 2},
                                                  {1, kStride, 0},
                                                  {0, kRank},
                                                  {0, kByteOffset},
                                                  {0, kData},
                                                  {0, kAlignment},
                                                  {1, kWord}});
  ASSERT_TRUE(layout.ok()) << layout.status();
  EXPECT_EQ(layout->num_tensors(), 2u);
  EXPECT_EQ(layout->num_words(), 2u);
  std::vector<int64_t> a = {5, 7};
  std::vector<int64_t> b = {11, 13};
  std::vector<int64_t> b_strides = {-99, 1};
  DLTensor ta = tensor(a);
  const DLTensor tb = tensor(b, &b_strides);
  alignas(64) static char memory[128];
  ta.data = memory;
  ta.byte_offset = 48;
  const DLTensor* const tensors[] = {&ta, &tb};
  const Word words[] = {9, 1};
  Word row[17];
  layout->fill(tensors, words, row);
  const std::vector<Word> expected = {5,
                                      7,
                                      to_word(int64_t{-1}),
                                      2,
                                      dtype_tag(kDLFloat, 16),
                                      device_tag(kDLCUDA, 3),
                                      13,
                                      7,
                                      1,
                                      to_word(int64_t{-1}),
                                      to_word(int64_t{-99}),
                                      2,
                                      48,
                                      reinterpret_cast<uintptr_t>(memory),
                                      16,
                                      1};
  EXPECT_EQ(std::vector<Word>(row, row + 16), expected);

  std::vector<int64_t> huge = {2, INT64_MAX, INT64_MAX};
  ta = tensor(huge);
  layout->fill(tensors, words, row);
  EXPECT_EQ(row[7], to_word(INT64_MAX));
}

TEST(TensorCall, Errors) {
  const Schema schema = *Schema::make({{"n"}, {"dtype", FieldKind::kTag}});
  using enum TensorPart;
  const auto refused = [&](std::initializer_list<TensorField> fields) {
    return TensorLayout::make(schema, fields).status().code() ==
           absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused({{0, kSize}}));
  EXPECT_TRUE(refused({{0, kSize}, {0, kSize}}));
  EXPECT_TRUE(refused({{0, kDtype}, {0, kDtype}}));
  EXPECT_TRUE(refused({{9999, kSize}, {0, kDtype}}));
  EXPECT_FALSE(refused({{0, kSize}, {0, kDtype}}));
}

TEST(TensorCall, LookupsReadTensorsInPlace) {
  const Schema schema = *Schema::make({{"n"}, {"m"}, {"dtype", FieldKind::kTag}});
  using enum TensorPart;
  const TensorLayout layout =
      *TensorLayout::make(schema, {{0, kSize, 0}, {0, kSize, 1}, {0, kDtype}});
  ExprPool pool;
  GuardCache<int> cache(schema);
  const auto insert = [&](const char* guard, uint64_t dtype, int value) {
    return cache
        .insert(*GuardProgram::compile(schema, {.conditions = {*parse_infix(pool, guard)},
                                                .tags = {{2, {dtype}}}}),
                value)
        .ok();
  };
  ASSERT_TRUE(insert("n*m <= 64", dtype_tag(kDLFloat, 16), 1));
  ASSERT_TRUE(insert("n >= m", dtype_tag(kDLFloat, 16), 2));
  ASSERT_TRUE(insert("n >= m", dtype_tag(kDLFloat, 32), 3));
  std::vector<int64_t> shape = {8, 8};
  DLTensor t = tensor(shape);
  const DLTensor* const tensors[] = {&t};
  GuardCache<int>::Reader reader(cache);
  EXPECT_EQ(*cache.lookup(layout, tensors), 1);
  shape[0] = 9;
  EXPECT_EQ(*reader.lookup(layout, tensors), 2);
  t.dtype.bits = 32;
  EXPECT_EQ(*reader.lookup(layout, tensors), 3);
  shape[1] = 10;
  EXPECT_FALSE(reader.lookup(layout, tensors));
}

}  // namespace
}  // namespace congrua::cache
