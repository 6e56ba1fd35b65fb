// Texts for people.
#include "congrua/text.h"
#include "expr/builder.h"
#include "shape/env_impl.h"

namespace congrua::shape {

using internal::Builder;

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         c == '_';
}

}  // namespace

// The text of e with sources in the place of symbols: "x.size(0) >= 4".
std::string Env::Impl::with_sources(Expr e) const {
  const std::string text = congrua::to_string(e);
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (!is_word(text[i])) {
      out += text[i++];
      continue;
    }
    size_t end = i;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string word = text.substr(i, end - i);
    const std::optional<Expr> symbol = pool.find_symbol(word);
    const SymbolInfo* info = symbol ? info_of(*symbol) : nullptr;
    append(out, info != nullptr && !info->source.empty() ? info->source : word);
    i = end;
  }
  return out;
}

std::string Env::Impl::describe(const Record& r) const {
  std::string text = with_sources(r.fact);
  if (!r.location.empty())
    append(text, " (", class_name(r.fact_class), ", ", r.location, ")");
  else
    append(text, " (", class_name(r.fact_class), ")");
  return text;
}

std::string Env::Impl::undecided_message(Expr e, const SymbolInfo& culprit) {
  const std::string name(culprit.symbol.name());
  const std::string asked = with_sources(e);
  std::string text = cat("cannot decide ", asked);
  if (!location.empty()) append(text, " at ", location);
  append(text, ": ");
  switch (culprit.kind) {
    case Kind::kUnbacked:
      append(text, name, " comes from data");
      break;
    case Kind::kNested:
      append(text, name, " is the size of a jagged dimension");
      break;
    default:
      append(text, culprit.source.empty() ? name : culprit.source,
             " may not be guarded on");
  }
  if (!culprit.location.empty()) append(text, ", born at ", culprit.location);
  if (e.is_bool()) {
    append(text, "; runtime_assert(", asked, ") or runtime_assert(", with_sources(!e),
           ") settles it");
  } else {
    append(text, "; runtime_assert(", asked, " == value) settles it");
  }
  return text;
}

std::string Env::source_of(Expr symbol) const {
  const SymbolInfo* info = impl_->info_of(symbol);
  return info != nullptr && !info->source.empty() ? info->source
                                                  : std::string(symbol.name());
}

std::string Env::text(Expr e) const { return impl_->with_sources(e); }

}  // namespace congrua::shape
