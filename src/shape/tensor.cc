// Strided tensors as symbols.
#include <algorithm>
#include <optional>

#include "expr/builder.h"
#include "shape/env_impl.h"

namespace congrua::shape {

namespace {

// Which strides are products of a size and a stride that are known so far.
class Strides {
 public:
  Strides(std::span<const int64_t> sizes, std::span<const int64_t> strides)
      : sizes_(sizes), strides_(strides), known_(sizes.size()) {}

  bool known(size_t d) const { return known_[d]; }
  void set(size_t d) { known_[d] = true; }

  // The dimension just inside of d, if any is known.
  std::optional<size_t> inside_of(size_t d) const {
    for (size_t e = 0; e < known_.size(); ++e) {
      int64_t product;
      if (known_[e] && strides_[e] > 0 &&
          !__builtin_mul_overflow(sizes_[e], strides_[e], &product) &&
          product == strides_[d]) {
        return e;
      }
    }
    return std::nullopt;
  }

 private:
  std::span<const int64_t> sizes_, strides_;
  std::vector<bool> known_;
};

}  // namespace

absl::StatusOr<Tensor> Env::tensor(std::string_view source,
                                   std::span<const int64_t> sizes,
                                   std::span<const int64_t> strides, int64_t offset,
                                   const TensorOptions& o) {
  const size_t rank = sizes.size();
  if (strides.size() != rank || (!o.sizes.empty() && o.sizes.size() != rank)) {
    return absl::InvalidArgumentError(cat(source, " has ", rank, " sizes, ",
                                          strides.size(), " strides and options for ",
                                          o.sizes.size()));
  }
  Impl& m = *impl_;
  const internal::UseChild use(internal::Builder::of(m.pool));
  Tensor t{.layout = {}, .offset = m.pool.constant(0)};
  auto& [all_sizes, all_strides] = t.layout;
  all_strides.assign(rank, t.offset);
  for (size_t d = 0; d < rank; ++d) {
    if (sizes[d] < 0) {
      return absl::InvalidArgumentError(cat(source, ".size(", d, ") is ", sizes[d]));
    }
    const absl::StatusOr<Expr> size =
        this->size(cat(source, ".size(", d, ")"), sizes[d],
                   o.sizes.empty() ? SizeOptions{} : o.sizes[d]);
    if (!size.ok()) return size.status();
    all_sizes.push_back(*size);
  }

  if (offset < 0) {
    return absl::InvalidArgumentError(cat(source, ".storage_offset() is ", offset));
  }

  Strides found(sizes, strides);
  std::vector<size_t> order(rank);
  for (size_t d = 0; d < rank; ++d) order[d] = d;
  // Inner dimensions before what is made of them; of equal strides the last dimension is
  // inside, as in row-major tensors with sizes of 1.
  std::ranges::stable_sort(order, {},
                           [&](size_t d) { return std::pair(strides[d], rank - d); });
  const auto is = [&](size_t d, Expr value) {
    all_strides[d] = value;
    found.set(d);
    return unify(cat(source, ".stride(", d, ")"), value);
  };
  for (const size_t d : order) {
    if (strides[d] != 0 && strides[d] != 1) continue;
    if (absl::Status s = is(d, m.pool.constant(strides[d])); !s.ok()) return s;
  }
  for (const size_t d : order) {
    if (found.known(d)) continue;
    if (const std::optional<size_t> e = found.inside_of(d)) {
      if (absl::Status s = is(d, all_sizes[*e] * all_strides[*e]); !s.ok()) return s;
      continue;
    }
    const absl::StatusOr<Expr> stride =
        size(cat(source, ".stride(", d, ")"), strides[d],
             {.policy = Policy::kOwn, .nonnegative = strides[d] >= 0});
    if (!stride.ok()) return stride.status();
    all_strides[d] = *stride;
    found.set(d);
  }

  const absl::StatusOr<Expr> at =
      size(cat(source, ".storage_offset()"), offset, {.policy = Policy::kOwn});
  if (!at.ok()) return at.status();
  t.offset = *at;
  return t;
}

}  // namespace congrua::shape
