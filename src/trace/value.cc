#include "trace/value.h"

#include <fmt/format.h>

#include "base/int.h"
#include "congrua/float64.h"
#include "congrua/text.h"

namespace congrua::trace {

std::optional<int64_t> int_of(std::string_view text) {
  const std::optional<Int> v = Int::parse(text);
  return v ? v->to_int64() : std::nullopt;
}

std::string Value::text() const {
  if (kind == Kind::kBool) return number != 0 ? "true" : "false";
  return kind == Kind::kInt ? fmt::format("{}", number) : fmt::format("{}", real);
}

std::optional<Value> value_of(std::string_view text) {
  if (text == "true" || text == "false")
    return Value{Value::Kind::kBool, text == "true", 0};
  if (const auto v = int_of(text)) return Value{Value::Kind::kInt, *v, 0};
  ExprPool pool;
  const auto e = parse_sexpr(pool, text);
  if (!e.ok()) return std::nullopt;
  const std::optional<double> d = as_float(*e);
  if (!d) return std::nullopt;
  return Value{Value::Kind::kFloat, 0, *d};
}

bool same(const Value& a, const Value& b) {
  if (a.kind == b.kind) return a == b;
  const auto real = [](const Value& v) {
    return v.kind == Value::Kind::kFloat ? v.real : static_cast<double>(v.number);
  };
  return real(a) == real(b);
}

}  // namespace congrua::trace
