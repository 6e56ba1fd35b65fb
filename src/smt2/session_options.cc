#include <fmt/format.h>

#include <algorithm>

#include "smt2/session.h"

namespace congrua::smt2 {
namespace {

// "" stands for one quote inside a string.
std::string unescaped(std::string_view inside) {
  std::string s;
  for (size_t i = 0; i < inside.size(); ++i) {
    s += inside[i];
    if (inside[i] == '"') ++i;
  }
  return s;
}

std::optional<uint64_t> numeral(const Token& t) {
  if (t.kind != Tok::kNumeral) return std::nullopt;
  const auto n = Int::parse(t.text);
  const auto v = n ? n->to_int64() : std::nullopt;
  return v ? std::optional(static_cast<uint64_t>(*v)) : std::nullopt;
}

}  // namespace

void Session::Impl::set_option(const Command& c) {
  const std::string_view name = c.text.substr(1);
  if (const auto flag = flags.find(name); flag != flags.end()) {
    if (c.value.kind != Tok::kSymbol ||
        (c.value.text != "true" && c.value.text != "false")) {
      return error_at(c, fmt::format("option {} takes true or false", c.text));
    }
    flag->second = c.value.text == "true";
    // The name of 2.0 for :produce-assertions.
    if (name == "interactive-mode")
      flags.find("produce-assertions")->second = flag->second;
    return success();
  }
  const auto setting = settings.find(name);
  if (setting == settings.end()) return unsupported();
  if (name.ends_with("-channel")) {
    if (c.value.kind != Tok::kString) {
      return error_at(c, fmt::format("option {} takes a string", c.text));
    }
    const std::string channel = unescaped(c.value.text);
    if (name.starts_with("regular")) {
      Sink to;
      if (channel != "stdout") {
        auto opened = options.open_channel ? options.open_channel(channel) : std::nullopt;
        if (!opened) return unsupported();
        to = std::move(*opened);
      }
      redirected = std::move(to);
    }
  } else {
    const auto n = numeral(c.value);
    if (!n) return error_at(c, fmt::format("option {} takes a numeral", c.text));
    if (name == "timeout") {
      options.z3_timeout_ms = static_cast<uint32_t>(std::min<uint64_t>(*n, UINT32_MAX));
    } else if (name == "reproducible-resource-limit" && *n != 0) {
      options.z3_rlimit = *n;
      options.native_steps = static_cast<int64_t>(std::min<uint64_t>(*n, INT64_MAX));
    }
  }
  setting->second = std::string(c.value_text);
  success();
}

void Session::Impl::get_option(const Command& c) {
  const std::string_view name = c.text.substr(1);
  if (const auto flag = flags.find(name); flag != flags.end()) {
    line(flag->second ? "true" : "false");
  } else if (const auto setting = settings.find(name); setting != settings.end()) {
    line(setting->second);
  } else {
    unsupported();
  }
}

void Session::Impl::set_info(const Command& c) {
  if (c.text == ":status") {
    if (c.value.text == "sat") {
      expected = CheckAnswer::kSat;
    } else if (c.value.text == "unsat") {
      expected = CheckAnswer::kUnsat;
    } else {
      expected.reset();
    }
  }
  success();
}

void Session::Impl::get_info(const Command& c) {
  if (c.text == ":name") {
    line("(:name \"congrua\")");
  } else if (c.text == ":version") {
    line("(:version \"" CONGRUA_VERSION "\")");
  } else if (c.text == ":authors") {
    line("(:authors \"the congrua authors\")");
  } else if (c.text == ":error-behavior") {
    line("(:error-behavior continued-execution)");
  } else if (c.text == ":assertion-stack-levels") {
    line(fmt::format("(:assertion-stack-levels {})", env.levels()));
  } else if (c.text == ":reason-unknown") {
    if (answer != CheckAnswer::kUnknown)
      return error_at(c, "the last check was not unknown");
    const bool word = result.reason == "incomplete" || result.reason == "memout";
    line(word ? fmt::format("(:reason-unknown {})", result.reason)
              : fmt::format("(:reason-unknown \"{}\")", result.reason));
  } else if (c.text == ":all-statistics") {
    double native = 0;
    double z3 = 0;
    for (const Check& k : stats.checks) {
      native += k.native_ms;
      z3 += k.z3_ms;
    }
    line(fmt::format(
        "(:commands {} :asserts {} :checks {} :parse-ms {:.3f} :native-ms {:.3f} "
        ":z3-ms {:.3f})",
        stats.commands, stats.asserts, stats.checks.size(), stats.parse_ms, native, z3));
  } else {
    unsupported();
  }
}

}  // namespace congrua::smt2
