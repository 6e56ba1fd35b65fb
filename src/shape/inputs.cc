#include <algorithm>

#include "expr/builder.h"
#include "expr/walk.h"
#include "shape/env_impl.h"

namespace congrua::shape {

using internal::Builder;
using internal::Node;

// What a source is tested against has a value at entry.
absl::Status Env::Impl::check_read_at_entry(std::string_view source, Expr value) const {
  const auto refuse = [&](const auto&... why) {
    return absl::InvalidArgumentError(
        cat(source, " cannot be ", with_sources(value), ": ", why...));
  };
  const Node* n = Builder::node(value);
  for (const Node* s : internal::symbols_below(n)) {
    const std::string_view name = internal::as_symbol(s)->name;
    const SymbolInfo* info = info_of(s);
    if (info == nullptr) return refuse(name, " is no input");
    if (info->kind == Kind::kUnbacked) {
      return refuse(name, " comes from data (born at ", info->location,
                    ") and is not known at entry");
    }
  }
  const std::vector<const Node*> unread = internal::unread_divisors(n);
  for (const Node* d : internal::open_divisors(n)) {
    if (internal::is_const(d) && std::ranges::find(unread, d) == unread.end()) {
      return refuse("it divides by 0");
    }
  }
  return absl::OkStatus();
}

std::vector<Input> Env::inputs() const {
  std::vector<Input> out;
  for (const SymbolInfo& s : impl_->symbols) {
    if (s.kind == Kind::kUnbacked || s.kind == Kind::kNested) continue;
    out.push_back({s.source, s.symbol, s.location, s.may_be_nan});
  }
  return out;
}

}  // namespace congrua::shape
