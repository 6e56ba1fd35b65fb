#include "trace/operations.h"

#include <algorithm>

#include "base/int.h"

namespace congrua::trace {

namespace {

int64_t exponent(std::string_view text) {
  const std::optional<Int> v = Int::parse(text);
  return v ? v->to_int64().value_or(2) : 2;
}

}  // namespace

std::optional<uint64_t> count_operations(std::string_view text) {
  struct List {
    std::string_view op;
    size_t args = 0;
    std::string_view second;
  };
  std::vector<List> open;
  uint64_t count = 0;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    if (text[i] == ')') {
      if (open.empty()) return std::nullopt;
      const List l = open.back();
      open.pop_back();
      const bool many = l.op == "add" || l.op == "mul" || l.op == "min" ||
                        l.op == "max" || l.op == "and" || l.op == "or";
      if (many && l.args > 0) {
        count += l.args - 1;
      } else if (l.op == "pow") {  // the product written out
        count += static_cast<uint64_t>(std::max<int64_t>(exponent(l.second), 1)) - 1;
      } else {
        count += l.op == "modidx" && l.second != "1" ? 2 : 1;
      }
      ++i;
      continue;
    }
    const bool list = text[i] == '(';
    const size_t from = list ? i + 1 : i;
    const size_t end = std::min(text.find_first_of(" ()", from), text.size());
    const std::string_view word = text.substr(from, end - from);
    if (!open.empty()) {
      if (++open.back().args == 2) open.back().second = list ? std::string_view() : word;
    }
    if (list) open.push_back({.op = word, .args = 0, .second = {}});
    i = end;
  }
  if (!open.empty()) return std::nullopt;
  return count;
}

bool has_remainder_of(std::string_view text,
                      const std::vector<std::pair<std::string, std::string>>& loops) {
  for (size_t at = text.find("mod "); at != std::string_view::npos;
       at = text.find("mod ", at + 1)) {
    int depth = 1;
    size_t end = at;
    for (; end < text.size() && depth > 0; ++end) {
      depth += text[end] == '(' ? 1 : text[end] == ')' ? -1 : 0;
    }
    const std::string_view inside = text.substr(at, end - at);
    for (const auto& [name, size] : loops) {
      for (size_t i = inside.find(name); i != std::string_view::npos;
           i = inside.find(name, i + 1)) {
        const size_t after = i + name.size();
        const bool whole =
            (inside[i - 1] == ' ' || inside[i - 1] == '(') &&
            (after >= inside.size() || inside[after] == ' ' || inside[after] == ')');
        if (whole) return true;
      }
    }
  }
  return false;
}

}  // namespace congrua::trace
