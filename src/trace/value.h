// Answers as the recorder writes them.
#ifndef CONGRUA_TRACE_VALUE_H_
#define CONGRUA_TRACE_VALUE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace congrua::trace {

// true, false, digits, or a float.
struct Value {
  enum class Kind : uint8_t { kBool, kInt, kFloat };
  Kind kind = Kind::kBool;
  int64_t number = 0;
  double real = 0;
  friend bool operator==(const Value&, const Value&) = default;
  std::string text() const;
};

std::optional<Value> value_of(std::string_view text);
// nullopt for what is no number or does not fit.
std::optional<int64_t> int_of(std::string_view text);
// An integer equals the float of its value.
bool same(const Value& a, const Value& b);

}  // namespace congrua::trace

#endif  // CONGRUA_TRACE_VALUE_H_
