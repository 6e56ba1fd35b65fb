#include "smt2/session.h"

#include <fmt/format.h>

#include <chrono>

namespace congrua::smt2 {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point t) {
  return std::chrono::duration<double, std::milli>(Clock::now() - t).count();
}

}  // namespace

std::string_view answer_name(CheckAnswer answer) {
  switch (answer) {
    case CheckAnswer::kSat:
      return "sat";
    case CheckAnswer::kUnsat:
      return "unsat";
    default:
      return "unknown";
  }
}

Session::Session(Sink out, SessionOptions options)
    : impl_(std::make_unique<Impl>(std::move(out), std::move(options))) {}
Session::~Session() = default;
bool Session::run(std::string_view text) { return impl_->run(text); }
void Session::interrupt() { impl_->checker.interrupt(); }
const SessionStats& Session::stats() const { return impl_->stats; }

Session::Impl::Impl(Sink o, SessionOptions opts)
    : out(std::move(o)), options(std::move(opts)), checker(env, options) {
  start_over();
}

void Session::Impl::start_over() {
  answer.reset();
  expected.reset();
  assertions.clear();
  assertion_marks.clear();
  redirected = nullptr;
  flags = {{"global-declarations", false},
           {"interactive-mode", false},
           {"print-success", false},
           {"produce-assertions", false},
           {"produce-assignments", false},
           {"produce-models", true},
           {"produce-unsat-assumptions", false},
           {"produce-unsat-cores", false}};
  settings = {{"diagnostic-output-channel", "\"stderr\""},
              {"random-seed", "0"},
              {"regular-output-channel", "\"stdout\""},
              {"reproducible-resource-limit", "0"},
              {"timeout", "0"},
              {"verbosity", "0"}};
}

bool Session::Impl::run(std::string_view text) {
  if (exited) return false;
  const Clock::time_point start = Clock::now();
  double elsewhere_ms = 0;
  Reader r(env, text, next_text);
  reader = &r;
  Command c;
  while (!exited && r.next(c)) {
    ++stats.commands;
    if (!c.error.empty()) {
      position = c.position;
      if (stats.unread++ == 0) {
        stats.first_unread =
            fmt::format("line {} column {}: {}", position.line, position.column, c.error);
      }
      error(c.error);
    } else if (c.word == Word::kAssert) {
      assert_term(c);
    } else if (c.word >= Word::kDeclareConst && c.word <= Word::kDefineFun &&
               !c.unsupported) {
      success();
    } else {
      const Clock::time_point t = Clock::now();
      execute(c);
      elsewhere_ms += ms_since(t);
    }
  }
  next_text = r.position(text.data() + text.size());
  reader = nullptr;
  stats.parse_ms += ms_since(start) - elsewhere_ms;
  return !exited;
}

void Session::Impl::line(std::string_view response) {
  const Sink& sink = redirected ? redirected : out;
  std::string s(response);
  s += '\n';
  sink(s);
}

void Session::Impl::success() {
  if (flags.find("print-success")->second) line("success");
}

void Session::Impl::unsupported() {
  ++stats.unsupported;
  line("unsupported");
}

void Session::Impl::error(std::string_view message) {
  ++stats.errors;
  std::string quoted;
  for (const char c : message) {
    if (c == '"') quoted += c;  // "" is one quote
    // Bytes of a broken input must not break the response.
    const bool printable = static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    quoted += printable ? c : '?';
  }
  line(fmt::format("(error \"line {} column {}: {}\")", position.line, position.column,
                   quoted));
}

void Session::Impl::error_at(const Command& c, std::string_view message) {
  position = reader->position(c.at);
  error(message);
}

void Session::Impl::assert_term(const Command& c) {
  answer.reset();
  checker.add(c.term);
  ++stats.asserts;
  const bool keep = flags.find("produce-assertions")->second;
  assertions.push_back({c.name, keep ? std::string(c.texts[0]) : std::string()});
  success();
}

void Session::Impl::execute(const Command& c) {
  if (c.unsupported) return unsupported();
  switch (c.word) {
    case Word::kCheckSat:
    case Word::kCheckSatAssuming:
      return check(c);
    case Word::kPush:
      answer.reset();
      for (uint64_t i = 0; i < c.number; ++i) {
        checker.push();
        assertion_marks.push_back(assertions.size());
      }
      return success();
    case Word::kPop:
      answer.reset();
      for (uint64_t i = 0; i < c.number; ++i) {
        checker.pop();
        assertions.resize(assertion_marks.back());
        assertion_marks.pop_back();
      }
      return success();
    case Word::kReset:
      checker.reset();
      return start_over();
    case Word::kResetAssertions:
      answer.reset();
      checker.reset();
      assertions.clear();
      assertion_marks.clear();
      return success();
    case Word::kExit:
      exited = true;
      return success();
    case Word::kEcho:
      return line(fmt::format("\"{}\"", c.text));
    case Word::kSetOption:
      return set_option(c);
    case Word::kGetOption:
      return get_option(c);
    case Word::kSetInfo:
      return set_info(c);
    case Word::kGetInfo:
      return get_info(c);
    case Word::kGetModel:
      return get_model(c);
    case Word::kGetValue:
      return get_value(c);
    case Word::kGetAssignment:
      return get_assignment(c);
    case Word::kGetAssertions:
      return get_assertions(c);
    case Word::kGetUnsatCore:
      return get_unsat_core(c);
    case Word::kGetUnsatAssumptions:
      return get_unsat_assumptions(c);
    default:  // declarations and definitions are the reader's, set-logic changes nothing
      return success();
  }
}

void Session::Impl::check(const Command& c) {
  const Clock::time_point start = Clock::now();
  assumptions.assign(c.texts.begin(), c.texts.end());
  const bool want_core = flags.find("produce-unsat-cores")->second;
  const uint64_t refuted = checker.models_refuted();
  result = checker.check(c.terms, want_core);
  answer = result.answer;
  stats.models_refuted += checker.models_refuted() - refuted;
  Check record{.answer = result.answer,
               .expected = expected,
               .layer = result.layer,
               .reason = result.reason,
               .ms = ms_since(start) - result.intern_ms,
               .native_ms = result.native_ms,
               .z3_ms = result.z3_ms,
               .model_max = {},
               .model_sum = {},
               .asserts_checked = 0,
               .unread_before = stats.unread};
  stats.parse_ms += result.intern_ms;
  if (result.answer == CheckAnswer::kSat) {
    record.asserts_checked = assertions.size() + c.terms.size();
    measure_model(&record);
  }
  stats.checks.push_back(std::move(record));
  expected.reset();
  line(answer_name(result.answer));
}

}  // namespace congrua::smt2
