#include "shape/env_impl.h"

namespace congrua::shape {

std::vector<Input> Env::inputs() const {
  std::vector<Input> out;
  for (const SymbolInfo& s : impl_->symbols) {
    if (s.kind == Kind::kUnbacked || s.kind == Kind::kNested) continue;
    out.push_back({s.source, s.symbol, s.location, s.may_be_nan});
  }
  return out;
}

}  // namespace congrua::shape
