#include "guard/z3.h"

#include "guard/z3_script.h"

#if CONGRUA_WITH_Z3

#include <z3++.h>

#include <algorithm>
#include <exception>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "fmt/format.h"
#include "guard/interrupt.h"

namespace congrua::guard {

namespace {

using Clock = Watchdog::Clock;

bool cancelled(const Z3Limits& limits) {
  return limits.cancel != nullptr && limits.cancel->load(std::memory_order_relaxed);
}

void set_limits(z3::context& context, z3::solver& solver, const Z3Limits& limits) {
  z3::params p(context);
  // Else Z3 puts a handler of its own in the place of SIGINT's.
  p.set("ctrl_c", false);
  p.set("rlimit", static_cast<unsigned>(std::min<uint64_t>(limits.rlimit, UINT32_MAX)));
  solver.set(p);
}

// The incremental core of 4.8.12 does not count the steps of its non-linear real solver
// and so runs on beyond any rlimit. On real guards it decides as many without it; the
// one-shot attempt, which does count, still has it.
void set_incremental(z3::context& context, z3::solver& solver) {
  unsigned major = 0, minor = 0, build = 0, revision = 0;
  Z3_get_version(&major, &minor, &build, &revision);
  if (major > 4 || minor > 8) return;
  z3::params p(context);
  p.set("arith.nl.nra", false);
  solver.set(p);
}

// Z3 gave up by itself, not because it was cut short.
bool is_incomplete(std::string_view reason) {
  return reason.find("incomplete") != std::string_view::npos;
}

// f's value, or what Z3 threw as a text.
template <typename F>
bool guarded(F&& f, std::string& error) {
  try {
    f();
    return true;
  } catch (const z3::exception& e) {
    error = e.msg();
  } catch (const std::exception& e) {
    error = e.what();
  } catch (...) {
    error = "an exception of unknown type";
  }
  if (error.empty()) error = "an exception without a text";
  return false;
}

// ---- Text

std::string numeral_text(std::string digits, bool real) {
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  const size_t slash = digits.find('/');
  if (slash != std::string::npos) {
    digits =
        fmt::format("(/ {}.0 {}.0)", digits.substr(0, slash), digits.substr(slash + 1));
  } else if (real) {
    digits += ".0";
  }
  return negative ? fmt::format("(- {})", digits) : digits;
}

std::string value_text(const z3::expr& value) {
  if (value.is_numeral()) {
    return numeral_text(Z3_get_numeral_string(value.ctx(), value), value.is_real());
  }
  return value.to_string();
}

bool is_value(const z3::expr& e) {
  return e.is_numeral() || e.is_true() || e.is_false() || e.is_algebraic();
}

// A context, what it has read of the script, and an incremental solver.
class Engine {
 public:
  Engine(const Z3Script& script, StopSwitch& power) : script_(script), switch_(power) {
    switch_.connect([c = static_cast<Z3_context>(context_)] { Z3_interrupt(c); });
  }
  ~Engine() { switch_.connect(nullptr); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // The script has only its first n commands and `scopes` scopes again.
  void pop(size_t n, size_t scopes) {
    if (read_.size() > n) read_.resize(n, Formula{std::nullopt, z3::expr(context_)});
    if (solver_ && levels_ > scopes) {
      solver_->pop(static_cast<unsigned>(levels_ - scopes));
      levels_ = scopes;
    }
    asserted_ = std::min(asserted_, n);
  }

  // Z3 reads what was added. Throws z3::exception where it objects.
  void read() {
    const size_t first = read_.size();
    const auto fresh = script_.commands().subspan(first);
    if (fresh.empty()) return;
    std::vector<z3::expr> formulas =
        parse(script_.piece(fresh, first, kZ3MaxDepth), fresh);
    size_t next = 0;
    for (const Z3Script::Command& c : fresh) {
      Formula f{std::nullopt, z3::expr(context_)};
      if (is_read(c) && c.kind == Z3Script::Kind::kAssert) {
        f.formula = unfold(formulas[next++], c);
      } else if (is_read(c) && c.kind == Z3Script::Kind::kDefinition) {
        const z3::expr equation = formulas[next++];
        f.constant = equation.arg(0);
        // Z3 may make the sides equal in sort: it must be the value that is changed.
        if (!f.constant->is_const()) {
          throw z3::exception(
              fmt::format("{}: its value has another sort", c.name).c_str());
        }
        f.formula = unfold(equation.arg(1), c);
      }
      read_.push_back(std::move(f));
    }
  }

  // The formulas of commands that are not part of the script.
  std::vector<z3::expr> formulas(std::span<const Z3Script::Command> commands) {
    std::vector<z3::expr> out =
        parse(script_.piece(commands, script_.commands().size(), kZ3MaxDepth), commands);
    for (size_t i = 0; i < out.size(); ++i) out[i] = unfold(out[i], commands[i]);
    return out;
  }

  struct Question {
    const Z3Limits& limits;
    std::span<const z3::expr> assumptions;
    std::span<const std::string> assumption_names;
    std::span<const z3::expr> terms;
    bool want_model;
    bool want_core;
  };

  // After that this engine is not to be used again.
  bool was_cut_short(const Z3Result& r) const {
    return r.status == Status::kUnknown &&
           (switch_.pressed() != Stop::kNone || !is_incomplete(r.reason));
  }

  // With the solver that is kept.
  Z3Result ask_kept(const Question& q) {
    if (!solver_ || (q.want_core && !tracked_)) {
      solver_.emplace(context_);
      set_incremental(context_, *solver_);
      tracked_ = q.want_core;
      levels_ = asserted_ = 0;
    }
    for (; levels_ < script_.scopes(); ++levels_) {
      assert_until(*solver_, script_.scope_begin(levels_), tracked_);
      solver_->push();
    }
    assert_until(*solver_, read_.size(), tracked_);
    z3::expr_vector proxies(context_);
    if (!q.assumptions.empty()) solver_->push();
    for (size_t i = 0; i < q.assumptions.size(); ++i) {
      // Z3 takes literals only.
      proxies.push_back(
          context_.bool_const(fmt::format("{}assumption!{}", kOurs, i).c_str()));
      solver_->add(z3::implies(proxies[static_cast<int>(i)], q.assumptions[i]));
    }
    Z3Result result = ask(*solver_, &proxies, q);
    if (!q.assumptions.empty() && !was_cut_short(result)) solver_->pop();
    return result;
  }

  // With a solver that knows nothing of earlier questions.
  Z3Result ask_fresh(const Question& q) {
    z3::solver solver(context_);
    const size_t kept = std::exchange(asserted_, 0);
    assert_until(solver, read_.size(), q.want_core);
    asserted_ = kept;
    for (size_t i = 0; i < q.assumptions.size(); ++i) {
      const std::string proxy = fmt::format("{}assumption!{}", kOurs, i);
      if (q.want_core) {
        solver.add(q.assumptions[i], proxy.c_str());
      } else {
        solver.add(q.assumptions[i]);
      }
    }
    return ask(solver, nullptr, q);
  }

 private:
  // No symbol of a script can hold this: it cannot be quoted.
  static constexpr std::string_view kOurs = "|\\congrua!";

  struct Formula {
    std::optional<z3::expr> constant;  // of a definition
    z3::expr formula;                  // the assert, or the definition's value; unfolded
  };

  static bool is_read(const Z3Script::Command& c) { return c.depth <= kZ3MaxDepth; }

  // What Z3 reads of the fresh commands.
  std::vector<z3::expr> parse(const Z3Script::Piece& piece,
                              std::span<const Z3Script::Command> fresh) {
    const z3::expr_vector all = context_.parse_string(piece.text.c_str());
    size_t expected = piece.context;
    for (const Z3Script::Command& c : fresh) {
      expected += is_read(c) && c.kind != Z3Script::Kind::kDeclaration;
    }
    if (all.size() != expected) throw z3::exception("Z3 read another number of formulas");
    std::vector<z3::expr> out;
    out.reserve(all.size() - piece.context);
    for (size_t i = piece.context; i < all.size(); ++i) {
      out.push_back(all[static_cast<int>(i)]);
    }
    return out;
  }

  // The formula with the values of the script's definitions in their places.
  z3::expr unfold(z3::expr e, const Z3Script::Command& c) {
    z3::expr_vector from(context_), to(context_);
    for (const uint32_t d : script_.definitions_in(c)) {
      from.push_back(*read_[d].constant);
      to.push_back(read_[d].formula);
    }
    return from.empty() ? e : e.substitute(from, to);
  }

  std::string track_name(size_t command) const {
    return fmt::format("{}{}", kOurs, command);
  }

  void assert_until(z3::solver& solver, size_t end, bool tracked) {
    for (; asserted_ < end; ++asserted_) {
      const Z3Script::Command& c = script_.commands()[asserted_];
      if (c.kind != Z3Script::Kind::kAssert || !is_read(c)) continue;
      if (tracked && !c.name.empty()) {
        solver.add(read_[asserted_].formula, track_name(asserted_).c_str());
      } else {
        solver.add(read_[asserted_].formula);
      }
    }
  }

  Z3Result ask(z3::solver& solver, z3::expr_vector* proxies, const Question& q) {
    set_limits(context_, solver, q.limits);
    Z3Result result;
    const bool assuming = proxies != nullptr && !proxies->empty();
    switch (assuming ? solver.check(*proxies) : solver.check()) {
      case z3::unsat:
        result.status = Status::kUnsat;
        if (q.want_core) fill_core(solver, q, result);
        return result;
      case z3::sat:
        return read_model(solver, q);
      case z3::unknown:
        break;
    }
    result.reason = solver.reason_unknown();
    if (result.reason.empty()) result.reason = "no reason given";
    return result;
  }

  void fill_core(z3::solver& solver, const Question& q, Z3Result& result) {
    absl::flat_hash_map<std::string, bool> in_core;
    for (const z3::expr& e : solver.unsat_core()) in_core[e.decl().name().str()] = true;
    for (size_t i = 0; i < read_.size(); ++i) {
      const Z3Script::Command& c = script_.commands()[i];
      if (in_core.contains(track_name(i))) result.core.push_back(c.name);
    }
    for (size_t i = 0; i < q.assumptions.size(); ++i) {
      if (in_core.contains(fmt::format("{}assumption!{}", kOurs, i))) {
        result.core.push_back(q.assumption_names[i]);
      }
    }
  }

  Z3Result read_model(z3::solver& solver, const Question& q) {
    Z3Result result;
    result.status = Status::kSat;
    if (!q.want_model && q.terms.empty()) return result;
    const z3::model model = solver.get_model();
    if (q.want_model) {
      for (unsigned i = 0; i < model.num_consts(); ++i) {
        const z3::func_decl d = model.get_const_decl(i);
        std::string name = d.name().str();
        if (!script_.is_constant(name)) continue;
        result.model.emplace_back(std::move(name), value_text(model.get_const_interp(d)));
      }
      std::ranges::sort(result.model);
    }
    for (const z3::expr& term : q.terms) {
      const z3::expr value = model.eval(term, true);
      result.values.push_back(is_value(value) ? value_text(value) : "");
    }
    return result;
  }

  const Z3Script& script_;
  StopSwitch& switch_;
  z3::context context_;
  std::vector<Formula> read_;  // by command
  std::optional<z3::solver> solver_;
  bool tracked_ = false;
  size_t levels_ = 0;    // scopes of the script that the solver has, too
  size_t asserted_ = 0;  // commands that the solver was given
};

Z3Result unknown(std::string reason) {
  Z3Result result;
  result.reason = std::move(reason);
  return result;
}

}  // namespace

bool z3_available() { return true; }

std::string z3_version() {
  unsigned major = 0, minor = 0, build = 0, revision = 0;
  Z3_get_version(&major, &minor, &build, &revision);
  return fmt::format("{}.{}.{}", major, minor, build);
}

struct Z3Session::Impl {
  Z3Script script;
  StopSwitch power;
  std::unique_ptr<Engine> engine;  // made when first needed
  bool asked = false;              // since the last reset

  // f with an engine that has read the script; the engine goes when Z3 throws.
  template <typename F>
  bool with_engine(F&& f, std::string& error) {
    const bool good = guarded(
        [&] {
          if (engine == nullptr) engine = std::make_unique<Engine>(script, power);
          engine->read();
          f(*engine);
        },
        error);
    if (!good) engine.reset();
    return good;
  }

  Z3Result ask(const Z3Limits& limits, const std::vector<std::string>& assumptions,
               bool want_model, bool want_core, const std::vector<std::string>& terms);
};

Z3Session::Z3Session() : impl_(std::make_unique<Impl>()) {}
Z3Session::~Z3Session() = default;

bool Z3Session::add_text(std::string_view smtlib, std::string* error) {
  return impl_->script.add(smtlib, error);
}

bool Z3Session::parse(std::string* error) {
  std::string message;
  const bool good = impl_->with_engine([](Engine&) {}, message);
  if (!good && error != nullptr) *error = message;
  return good;
}

void Z3Session::push() { impl_->script.push(); }

void Z3Session::pop(unsigned n) {
  Z3Script& script = impl_->script;
  for (; n > 0 && script.scopes() > 0; --n) script.pop();
  std::string ignored;
  if (impl_->engine == nullptr) return;
  if (!guarded([&] { impl_->engine->pop(script.commands().size(), script.scopes()); },
               ignored)) {
    impl_->engine.reset();
  }
}

void Z3Session::reset() {
  impl_->engine.reset();
  impl_->script.reset();
  impl_->asked = false;
}

void Z3Session::interrupt() { impl_->power.press(Stop::kUser); }

Z3Result Z3Session::check(const Z3Limits& limits,
                          const std::vector<std::string>& assumptions, bool want_model,
                          bool want_core, const std::vector<std::string>& terms) {
  impl_->power.begin_question();
  Z3Result result;
  if (std::string error; !guarded(
          [&] { result = impl_->ask(limits, assumptions, want_model, want_core, terms); },
          error)) {
    result = unknown(error);
  }
  if (impl_->power.pressed() != Stop::kNone) impl_->engine.reset();
  impl_->power.end_question();
  return result;
}

Z3Result Z3Session::Impl::ask(const Z3Limits& limits,
                              const std::vector<std::string>& assumptions,
                              bool want_model, bool want_core,
                              const std::vector<std::string>& terms) {
  std::vector<Z3Script::Command> extra;
  for (const std::string& a : assumptions) {
    auto c = script.assertion(a);
    if (!c) return unknown(fmt::format("an assumption is no term: {}", a));
    extra.push_back(*std::move(c));
  }
  for (const std::string& t : terms) {
    auto c = script.value_of(t);
    if (!c) return unknown(fmt::format("no term: {}", t));
    extra.push_back(*std::move(c));
  }
  const auto too_deep = [](const Z3Script::Command& c) { return c.depth > kZ3MaxDepth; };
  if (std::ranges::any_of(extra, too_deep))
    return unknown("a term is nested too deeply for Z3");

  // What it could not finish leaves no engine behind.
  const auto attempt = [&](bool fresh, const std::optional<Clock::time_point>& end) {
    power.begin_attempt();
    std::optional<Watchdog> watchdog;
    if (end) watchdog.emplace(*end, limits.cancel, power);
    Z3Result result;
    std::string error;
    const auto work = [&](Engine& e) {
      std::vector<z3::expr> formulas = e.formulas(extra);
      const std::span<z3::expr> all(formulas);
      for (z3::expr& t : all.subspan(assumptions.size())) t = t.arg(0);
      const Engine::Question q{limits,      all.first(assumptions.size()),
                               assumptions, all.subspan(assumptions.size()),
                               want_model,  want_core};
      result = fresh ? e.ask_fresh(q) : e.ask_kept(q);
    };
    if (!with_engine(work, error)) {
      result = unknown(error);
    } else if (engine->was_cut_short(result)) {
      engine.reset();
    }
    if (result.status == Status::kUnknown && power.pressed() != Stop::kNone) {
      result.reason = power.pressed() == Stop::kTime ? "timeout" : "interrupted";
    }
    return result;
  };

  const auto start = Clock::now();
  const auto end_of = [&](bool last) {
    std::optional<Clock::time_point> end;
    if (limits.watchdog_ms != 0) {
      const auto time = std::chrono::milliseconds(limits.watchdog_ms);
      end = start + (last ? time : time / 2);
    }
    if (limits.timeout_ms != 0) {
      const auto other = Clock::now() + std::chrono::milliseconds(limits.timeout_ms);
      end = end ? std::min(*end, other) : other;
    }
    return end;
  };
  if (cancelled(limits)) return unknown("cancelled");
  // Most scripts ask once: the one-shot attempt alone.
  const bool one_shot =
      !asked && script.scopes() == 0 && assumptions.empty() && !want_core;
  asked = true;
  Z3Result result = attempt(one_shot, end_of(one_shot));
  if (result.status == Status::kUnknown && !one_shot && power.pressed() != Stop::kUser &&
      !cancelled(limits)) {
    const std::string first = std::move(result.reason);
    result = attempt(true, end_of(true));
    if (result.status == Status::kUnknown && result.reason != first) {
      result.reason = fmt::format("{}; one-shot: {}", first, result.reason);
    }
  }
  // A model of the rest says nothing of an assert that Z3 was not given.
  if (result.status == Status::kSat &&
      std::ranges::any_of(script.commands(), [&](const Z3Script::Command& c) {
        return c.kind == Z3Script::Kind::kAssert && too_deep(c);
      })) {
    return unknown("an assert is nested too deeply for Z3");
  }
  return result;
}

}  // namespace congrua::guard

#else  // without Z3

namespace congrua::guard {

namespace {
constexpr std::string_view kNoZ3 = "this build has no Z3";
}  // namespace

bool z3_available() { return false; }
std::string z3_version() { return {}; }

struct Z3Session::Impl {};

Z3Session::Z3Session() = default;
Z3Session::~Z3Session() = default;

bool Z3Session::add_text(std::string_view, std::string* error) { return parse(error); }
bool Z3Session::parse(std::string* error) {
  if (error != nullptr) *error = kNoZ3;
  return false;
}
void Z3Session::push() {}
void Z3Session::pop(unsigned) {}
void Z3Session::reset() {}
void Z3Session::interrupt() {}

Z3Result Z3Session::check(const Z3Limits&, const std::vector<std::string>&, bool, bool,
                          const std::vector<std::string>&) {
  Z3Result result;
  result.reason = kNoZ3;
  return result;
}

}  // namespace congrua::guard

#endif
