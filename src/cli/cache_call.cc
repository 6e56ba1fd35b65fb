#include "cli/cache_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "absl/status/status.h"
#include "cache/cache_file.h"
#include "cli/input.h"

namespace congrua::cli {

using cache::FieldKind;

std::string_view trimmed(std::string_view s) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t from = s.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return {};
  return s.substr(from, s.find_last_not_of(kBlank) - from + 1);
}

int complain(std::FILE* err, std::string_view what) {
  fmt::print(err, "congrua cache: {}\n", what);
  return kWrongInput;
}

std::unique_ptr<NamedCache> load_cache(const std::string& path, std::FILE* err) {
  const auto file = cache::internal::read_cache_file(path);
  if (!file.ok()) {
    complain(err, std::string(file.status().message()));
    return nullptr;
  }
  auto out = std::make_unique<NamedCache>(file->schema);
  const auto ids = out->load(path, [](std::string name) { return name; });
  if (ids.ok()) return out;
  complain(err, std::string(ids.status().message()));
  return nullptr;
}

namespace {

template <typename T>
bool number(std::string_view text, T& v) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  return error == std::errc() && end == text.data() + text.size();
}

bool read_word(FieldKind kind, std::string_view text, cache::Word& word) {
  switch (kind) {
    case FieldKind::kSize: {
      int64_t v = 0;
      if (!number(text, v)) return false;
      word = cache::to_word(v);
      return true;
    }
    case FieldKind::kBool:
      word = text == "true" || text == "1" ? 1 : 0;
      return word == 1 || text == "false" || text == "0";
    case FieldKind::kFloat: {
      double v = 0;
      if (!number(text, v)) return false;
      word = cache::to_word(v);
      return true;
    }
    case FieldKind::kTag:
      break;
  }
  return number(text, word);
}

}  // namespace

std::string Call::read(std::string_view value) {
  const size_t equals = value.rfind('=');  // names may have one
  const auto field = schema_.find(value.substr(0, equals));
  if (equals == std::string_view::npos || !field) {
    return fmt::format("{}: a value is FIELD=VALUE", value);
  }
  if (!read_word(schema_.field(*field).kind, value.substr(equals + 1), row_[*field])) {
    return fmt::format("{}: no value of this field", value);
  }
  given_[*field] = 1;
  return {};
}

std::string Call::missing() const {
  const auto at = std::ranges::find(given_, 0);
  if (at == given_.end()) return {};
  return fmt::format("the field {} has no value",
                     schema_.field(static_cast<size_t>(at - given_.begin())).name);
}

absl::StatusOr<std::vector<std::vector<cache::Word>>> read_calls(
    const cache::Schema& schema, const std::string& path) {
  const auto text = read_input(path);
  if (!text.ok()) return text.status();
  std::vector<std::vector<cache::Word>> rows;
  Call call(schema);
  std::string_view left = *text;
  for (size_t number = 1; !left.empty(); ++number) {
    const std::string_view whole = left.substr(0, left.find('\n'));
    left.remove_prefix(std::min(left.size(), whole.size() + 1));
    std::string_view line = trimmed(whole.substr(0, whole.find('#')));
    if (line.empty()) continue;
    std::string wrong;
    while (!line.empty() && wrong.empty()) {
      const std::string_view value = line.substr(0, line.find_first_of(" \t"));
      line = trimmed(line.substr(value.size()));
      wrong = call.read(value);
    }
    if (wrong.empty()) wrong = call.missing();
    if (!wrong.empty()) {
      return absl::InvalidArgumentError(fmt::format("{}:{}: {}", path, number, wrong));
    }
    rows.push_back(call.row());
  }
  return rows;
}

}  // namespace congrua::cli
