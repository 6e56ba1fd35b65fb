#include "congrua/tensor_call.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace congrua::cache {

namespace {

using internal::TensorLike;

// Read as bytes: the object is a DLTensor, not a TensorLike.
template <typename T>
T load(const unsigned char* at) {
  T v;
  std::memcpy(&v, at, sizeof v);
  return v;
}

constexpr size_t kRankAt = offsetof(TensorLike, ndim);
constexpr size_t kDtypeAt = offsetof(TensorLike, dtype);
constexpr size_t kDeviceAt = offsetof(TensorLike, device);
constexpr uint64_t kMaxAlignment = 4096;

uint64_t dtype_of(const unsigned char* t) {
  if constexpr (std::endian::native == std::endian::little) {
    return load<uint32_t>(t + kDtypeAt);
  }
  return dtype_tag(t[kDtypeAt], t[kDtypeAt + 1], load<uint16_t>(t + kDtypeAt + 2));
}
uint64_t device_of(const unsigned char* t) {
  if constexpr (std::endian::native == std::endian::little) {
    return load<uint64_t>(t + kDeviceAt);
  }
  return device_tag(load<int32_t>(t + kDeviceAt), load<int32_t>(t + kDeviceAt + 4));
}
const int64_t* shape_of(const unsigned char* t) {
  return load<const int64_t*>(t + offsetof(TensorLike, shape));
}

int64_t stride_of(const unsigned char* t, size_t dim) {
  const auto rank = load<int32_t>(t + kRankAt);
  if (static_cast<int64_t>(dim) >= rank) return -1;
  const auto* strides = load<const int64_t*>(t + offsetof(TensorLike, strides));
  if (strides != nullptr) return strides[dim];
  const int64_t* shape = shape_of(t);
  int64_t stride = 1;
  for (auto i = static_cast<size_t>(rank) - 1; i > dim; --i) {
    if (__builtin_mul_overflow(stride, shape[i], &stride)) return INT64_MAX;
  }
  return stride;
}

uint64_t alignment_of(const unsigned char* t) {
  const uint64_t address = load<uint64_t>(t + offsetof(TensorLike, data)) +
                           load<uint64_t>(t + offsetof(TensorLike, byte_offset));
  const uint64_t divisors = address | kMaxAlignment;
  return divisors & (0 - divisors);
}

bool takes(TensorPart part, FieldKind kind) {
  switch (part) {
    case TensorPart::kSize:
    case TensorPart::kStride:
    case TensorPart::kByteOffset:
    case TensorPart::kAlignment:
      return kind == FieldKind::kSize;
    case TensorPart::kRank:
      return kind == FieldKind::kSize || kind == FieldKind::kTag;
    case TensorPart::kDtype:
    case TensorPart::kDevice:
    case TensorPart::kData:
      return kind == FieldKind::kTag;
    case TensorPart::kWord:
      return true;
  }
  return false;
}

}  // namespace

static_assert(sizeof(void*) == 8, "tensors are read with pointers of 64 bits");

absl::StatusOr<TensorLayout> TensorLayout::make(const Schema& schema,
                                                std::span<const TensorField> fields) {
  if (fields.size() != schema.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a layout of ", fields.size(), " fields for a schema of ", schema.size()));
  }
  TensorLayout out;
  out.num_fields_ = fields.size();
  const auto scratch = static_cast<uint16_t>(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    const TensorField& f = fields[i];
    if (!takes(f.part, schema.field(i).kind)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the field ", schema.field(i).name,
                       " is not of the kind of what is read of a tensor"));
    }
    if (f.tensor >= kMaxTensors || f.dim > INT16_MAX) {
      return absl::InvalidArgumentError(absl::StrCat("the field ", schema.field(i).name,
                                                     " is of a tensor or a dimension "
                                                     "beyond the limits"));
    }
    const auto field = static_cast<uint16_t>(i);
    const auto tensor = static_cast<uint16_t>(f.tensor);
    size_t& count = f.part == TensorPart::kWord ? out.num_words_ : out.num_tensors_;
    count = std::max(count, f.tensor + 1);
    const Single single{field, tensor, static_cast<uint16_t>(f.dim), f.part};
    const bool is_common = f.part == TensorPart::kSize || f.part == TensorPart::kRank ||
                           f.part == TensorPart::kDtype || f.part == TensorPart::kDevice;
    if (!is_common) {
      out.singles_.push_back(single);
      continue;
    }
    auto at = std::ranges::find(out.common_, tensor, &Common::tensor);
    if (at == out.common_.end()) {
      out.common_.push_back({tensor, scratch, scratch, scratch, scratch, 0, 1, 0});
      at = out.common_.end() - 1;
    }
    const auto take = [&](uint16_t Common::*part) {
      if ((*at).*part == scratch) {
        (*at).*part = field;
      } else {
        out.singles_.push_back(single);
      }
    };
    switch (f.part) {
      case TensorPart::kRank:
        take(&Common::rank);
        break;
      case TensorPart::kDtype:
        take(&Common::dtype);
        break;
      case TensorPart::kDevice:
        take(&Common::device);
        break;
      default:
        if (f.dim == 0 && at->num_sizes == 0) {
          at->first_size = field;
          at->num_sizes = 1;
        } else if (f.dim == at->num_sizes && field == at->first_size + f.dim) {
          ++at->num_sizes;
        } else {
          out.singles_.push_back(single);
        }
    }
  }
  out.merge_common();
  return out;
}

// Neighbouring tensors whose fields follow each other alike become one run: its loop
// reads no plan.
void TensorLayout::merge_common() {
  const auto scratch = static_cast<uint16_t>(num_fields_);
  std::ranges::sort(common_, {}, &Common::tensor);
  std::vector<Common> runs;
  for (const Common& c : common_) {
    Common* last = runs.empty() ? nullptr : &runs.back();
    if (last != nullptr && c.tensor == last->tensor + last->count &&
        c.num_sizes == last->num_sizes) {
      int stride = last->count == 1 ? -1 : last->stride;
      const auto follows = [&](uint16_t Common::*part) {
        if ((c.*part == scratch) != (last->*part == scratch)) return false;
        if (c.*part == scratch) return true;
        const int step = (c.*part - last->*part) / last->count;
        if (stride < 0 && c.*part > last->*part) stride = step;
        return c.*part == last->*part + stride * last->count;
      };
      if (follows(&Common::rank) && follows(&Common::dtype) && follows(&Common::device) &&
          follows(&Common::first_size) && stride > 0) {
        last->stride = static_cast<uint16_t>(stride);
        ++last->count;
        continue;
      }
    }
    runs.push_back(c);
  }
  common_ = std::move(runs);
}

// kSizes < 0: as many as the run says.
template <int kSizes>
void TensorLayout::fill_run(const Common& c, size_t scratch,
                            const unsigned char* const* tensors, Word* row) {
  constexpr Word kNone = ~Word{0};  // -1
  const int num_sizes = kSizes < 0 ? c.num_sizes : kSizes;
  // What goes to the scratch word stays there.
  const auto step = [&](uint16_t field) -> size_t {
    return field == scratch ? 0 : c.stride;
  };
  Word* rank_to = row + c.rank;
  Word* dtype_to = row + c.dtype;
  Word* device_to = row + c.device;
  Word* size_to = row + c.first_size;
  for (size_t n = 0; n < c.count; ++n) {
    const unsigned char* const t = tensors[c.tensor + n];
    const auto rank = load<int32_t>(t + kRankAt);
    *rank_to = static_cast<Word>(int64_t{rank});
    *dtype_to = dtype_of(t);
    *device_to = device_of(t);
    const int64_t* const shape = shape_of(t);
    if (rank >= num_sizes) [[likely]] {
      for (int i = 0; i < num_sizes; ++i) size_to[i] = static_cast<Word>(shape[i]);
    } else {
      for (int i = 0; i < num_sizes; ++i) {
        size_to[i] = i < rank ? static_cast<Word>(shape[i]) : kNone;
      }
    }
    rank_to += step(c.rank);
    dtype_to += step(c.dtype);
    device_to += step(c.device);
    size_to += step(c.first_size);
  }
}

void TensorLayout::fill_row(const unsigned char* const* tensors, const Word* words,
                            Word* row) const {
  constexpr Word kNone = ~Word{0};  // -1
  for (const Common& c : common_) {
    switch (c.num_sizes) {
      case 1:
        fill_run<1>(c, num_fields_, tensors, row);
        break;
      case 2:
        fill_run<2>(c, num_fields_, tensors, row);
        break;
      case 4:
        fill_run<4>(c, num_fields_, tensors, row);
        break;
      default:
        fill_run<-1>(c, num_fields_, tensors, row);
    }
  }
  for (const Single& s : singles_) {
    Word& to = row[s.field];
    if (s.part == TensorPart::kWord) {
      to = words[s.tensor];
      continue;
    }
    const unsigned char* const t = tensors[s.tensor];
    switch (s.part) {
      case TensorPart::kSize:
        to = s.dim < load<int32_t>(t + kRankAt) ? static_cast<Word>(shape_of(t)[s.dim])
                                                : kNone;
        break;
      case TensorPart::kStride:
        to = static_cast<Word>(stride_of(t, s.dim));
        break;
      case TensorPart::kRank:
        to = static_cast<Word>(int64_t{load<int32_t>(t + kRankAt)});
        break;
      case TensorPart::kDtype:
        to = dtype_of(t);
        break;
      case TensorPart::kDevice:
        to = device_of(t);
        break;
      case TensorPart::kByteOffset:
        to = load<uint64_t>(t + offsetof(TensorLike, byte_offset));
        break;
      case TensorPart::kData:
        to = load<uint64_t>(t + offsetof(TensorLike, data));
        break;
      default:
        to = alignment_of(t);
        break;
    }
  }
}

}  // namespace congrua::cache
