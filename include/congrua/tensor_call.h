// Calls that are arrays of DLPack tensors, read where they are.
//
//   TensorLayout layout = *TensorLayout::make(schema, {
//       {0, TensorPart::kSize, 0}, {0, TensorPart::kSize, 1}, {0, TensorPart::kDtype},
//       {1, TensorPart::kSize, 0}, {1, TensorPart::kRank}});
//   if (Hit<Kernel> hit = reader.lookup(layout, tensors)) hit->launch(tensors);
//
// `tensors` is a `const DLTensor* const*`. Its type is a parameter: dlpack.h declares
// DLTensor as a typedef of a struct without a name, which no other header can name
// beforehand; any type of the same layout is taken, which is checked at compilation.
//
// A size or stride beyond the rank reads as -1, so that guards of entries for other ranks
// do not hold by chance; a stride of a tensor without strides is that of a compact,
// row-major one, INT64_MAX where it is larger.
//
// Ownership: a layout is a value. Thread safety: const methods from any thread. Cost:
// some 2 ns a tensor; nothing is allocated.
#ifndef CONGRUA_TENSOR_CALL_H_
#define CONGRUA_TENSOR_CALL_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "congrua/guard_program.h"

namespace congrua::cache {

enum class TensorPart : uint8_t {
  kSize,        // of dimension `dim`
  kStride,      // of dimension `dim`, in elements
  kRank,        // a size or a tag
  kDtype,       // a tag: dtype_tag
  kDevice,      // a tag: device_tag
  kByteOffset,  // a size
  kData,        // a tag: the pointer
  kAlignment,   // a size: the greatest power of two, 4096 at most, that divides the
                // address data + byte_offset
  kWord,        // word number `tensor` of those passed beside the tensors; of any kind
};

struct TensorField {
  size_t tensor = 0;
  TensorPart part = TensorPart::kSize;
  size_t dim = 0;
};

inline constexpr uint64_t dtype_tag(uint8_t code, uint8_t bits, uint16_t lanes = 1) {
  return uint64_t{code} | uint64_t{bits} << 8 | uint64_t{lanes} << 16;
}
inline constexpr uint64_t device_tag(int32_t type, int32_t id = 0) {
  return uint64_t{static_cast<uint32_t>(type)} | uint64_t{static_cast<uint32_t>(id)}
                                                     << 32;
}

namespace internal {

// DLTensor of dlpack.h: the same since its first version.
struct TensorLike {
  void* data;
  struct {
    int32_t device_type, device_id;
  } device;
  int32_t ndim;
  struct {
    uint8_t code, bits;
    uint16_t lanes;
  } dtype;
  int64_t* shape;
  int64_t* strides;
  uint64_t byte_offset;
};

template <typename T>
constexpr bool is_tensor_like() {
  return sizeof(T) == sizeof(TensorLike) &&
         offsetof(T, data) == offsetof(TensorLike, data) &&
         offsetof(T, device) == offsetof(TensorLike, device) &&
         offsetof(T, ndim) == offsetof(TensorLike, ndim) &&
         offsetof(T, dtype) == offsetof(TensorLike, dtype) &&
         offsetof(T, shape) == offsetof(TensorLike, shape) &&
         offsetof(T, strides) == offsetof(TensorLike, strides) &&
         offsetof(T, byte_offset) == offsetof(TensorLike, byte_offset);
}

}  // namespace internal

class TensorLayout {
 public:
  static constexpr size_t kMaxTensors = 1024;
  // One TensorField for each field of the schema. Errors: kInvalidArgument where their
  // numbers or kinds differ, or a tensor is beyond kMaxTensors.
  static absl::StatusOr<TensorLayout> make(const Schema& schema,
                                           std::span<const TensorField> fields);
  static absl::StatusOr<TensorLayout> make(const Schema& schema,
                                           std::initializer_list<TensorField> fields) {
    return make(schema, std::span(fields.begin(), fields.size()));
  }

  // Pointers and words that a call has at least.
  size_t num_tensors() const { return num_tensors_; }
  size_t num_words() const { return num_words_; }
  size_t num_fields() const { return num_fields_; }

  // The row of a call; `row` has num_fields() words and one more, which is scratch.
  template <typename T>
  void fill(const T* const* tensors, std::span<const Word> words, Word* row) const {
    static_assert(internal::is_tensor_like<T>(), "not the layout of a DLTensor");
    fill_row(reinterpret_cast<const unsigned char* const*>(tensors), words.data(), row);
  }

 private:
  TensorLayout() = default;
  // What is read of every tensor at once; what is not wanted goes to the scratch word.
  struct Common {
    uint16_t tensor, rank, dtype, device;
    uint16_t first_size, num_sizes;  // dimensions 0, 1, ... of neighbouring fields
    uint16_t count = 1;              // of neighbouring tensors alike, ...
    uint16_t stride = 0;             // ... each so many fields after the one before
  };
  struct Single {
    uint16_t field, tensor, dim;
    TensorPart part;
  };
  void merge_common();
  template <int kSizes>
  static void fill_run(const Common& c, size_t scratch,
                       const unsigned char* const* tensors, Word* row);
  void fill_row(const unsigned char* const* tensors, const Word* words, Word* row) const;

  std::vector<Common> common_;
  std::vector<Single> singles_;
  size_t num_tensors_ = 0, num_words_ = 0, num_fields_ = 0;
};

}  // namespace congrua::cache

#endif  // CONGRUA_TENSOR_CALL_H_
