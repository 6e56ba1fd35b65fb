#include "cli/ask.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/asked.h"
#include "cli/command.h"
#include "congrua/proof.h"
#include "congrua/simplify.h"
#include "congrua/text.h"

namespace congrua::cli {
namespace {

// The steps of an answer's certificate, a line each; empty: there is none.
std::string proof_text(const Answer& answer, Asked& asked) {
  if (answer.certificate == nullptr) return {};
  std::vector<Expr> facts;
  for (size_t i = 0; i < asked.facts().size(); ++i) {
    facts.push_back(asked.facts().fact(static_cast<FactId>(i)));
  }
  const Expr goal = answer.truth == Truth::kTrue ? asked.expr() : !asked.expr();
  return to_string(*answer.certificate, facts, goal);
}

// The form that costs least to compute, its temporaries a line each.
int write_program(Expr e, Asked& asked, bool json, std::FILE* out, std::FILE* err) {
  const Forms forms =
      extract(asked.facts(), std::span(&e, 1), {.cost = Cost::kWeightOnDag});
  const Forms::Listing program = forms.listing();
  const auto text = [&](const Forms::Text& t) {
    return asked.sexpr() ? t.sexpr : t.infix;
  };
  if (json) {
    Json temporaries = Json::array();
    for (const Forms::Temporary& t : program.temporaries) {
      temporaries.push_back(
          {{"name", t.name}, {"value", text(t.value)}, {"conditional", t.conditional}});
    }
    return write(line({{"answer", text(program.results[0])},
                       {"temporaries", std::move(temporaries)},
                       {"weight", forms.weight()}}),
                 "simplify", out, err);
  }
  std::string lines;
  for (const Forms::Temporary& t : program.temporaries)
    lines += t.name + " = " + text(t.value) + "\n";
  return write(lines + text(program.results[0]) + "\n", "simplify", out, err);
}

Json or_null(const std::optional<int64_t>& v) { return v ? Json(*v) : Json(nullptr); }

}  // namespace

BothWays decide_both_ways(Facts& facts, Expr guard, const QuestionOptions& options) {
  Answer answer = facts.decide(guard, options);
  if (answer.truth == Truth::kTrue || answer.truth == Truth::kFalse)
    return {std::move(answer)};
  Answer negated = facts.decide(!guard, options);
  if (negated.truth != Truth::kTrue && negated.truth != Truth::kFalse) {
    const bool both = answer.truth == Truth::kOpen && negated.truth == Truth::kOpen;
    return {std::move(answer), both};
  }
  negated.truth = negated.truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
  negated.counterexample = std::move(answer.counterexample);
  return {std::move(negated)};
}

int run_simplify(const AskOptions& options, std::FILE* out, std::FILE* err) {
  Asked asked;
  if (!asked.read_all(options, "simplify", false, err)) return kAskInput;
  if (options.by_weight) {
    const Expr simple = simplify(asked.facts(), asked.expr());
    return write_program(simple, asked, options.json, out, err);
  }
  const Form form = simplest_form(asked.facts(), asked.expr(), asked.spellings(),
                                  {.truncation = asked.spellings().has_truncation()});
  const std::string text = asked.sexpr() ? form.to_sexpr() : form.to_string();
  if (!options.json) return write(text + "\n", "simplify", out, err);
  return write(line({{"answer", text}, {"operations", form.operations()}}), "simplify",
               out, err);
}

int run_prove(const AskOptions& options, std::FILE* out, std::FILE* err) {
  Asked asked;
  if (!asked.read_all(options, "prove", true, err)) return kAskInput;
  const Answer answer =
      decide_both_ways(asked.facts(), asked.expr(), {.certificate = options.proof})
          .answer;
  const bool decided = answer.truth == Truth::kTrue || answer.truth == Truth::kFalse;
  const std::string_view verdict = decided ? truth_name(answer.truth) : "unknown";
  const std::string proof = proof_text(answer, asked);
  if (options.json) {
    Json facts = Json::array();
    for (const FactId id : answer.rests_on) facts.push_back(options.facts[id]);
    Json model = nullptr;
    for (const auto& [term, value] : answer.counterexample)
      model[asked.text(term)] = value;
    Json j = {{"answer", verdict},
              {"layer", layer_name(answer.layer)},
              {"facts", std::move(facts)},
              {"model", std::move(model)}};
    if (options.proof) j["proof"] = proof.empty() ? Json(nullptr) : Json(proof);
    return write(line(j), "prove", out, err);
  }
  std::string text = fmt::format("{}\n", verdict);
  if (answer.layer != Layer::kNone)
    text += fmt::format("layer: {}\n", layer_name(answer.layer));
  for (const FactId id : answer.rests_on) text += "fact: " + options.facts[id] + "\n";
  for (size_t i = 0; i < answer.counterexample.size(); ++i) {
    const auto& [term, value] = answer.counterexample[i];
    text +=
        fmt::format("{}{} = {}", i == 0 ? "fails at: " : ", ", asked.text(term), value);
  }
  if (!answer.counterexample.empty()) text += '\n';
  if (options.proof && decided) {
    if (proof.empty()) {
      text += "proof: none was found\n";
    } else {
      const bool holds = answer.truth == Truth::kTrue;
      text += fmt::format("proof of the {}:\n{}", holds ? "goal" : "negation", proof);
    }
  }
  return write(text, "prove", out, err);
}

int run_bounds(const AskOptions& options, std::FILE* out, std::FILE* err) {
  Asked asked;
  if (!asked.read_all(options, "bounds", false, err)) return kAskInput;
  const Bounds b = asked.facts().bounds(asked.expr());
  if (options.json) {
    return write(line({{"answer", {{"lo", or_null(b.lo)}, {"hi", or_null(b.hi)}}},
                       {"modulus", b.modulus},
                       {"residue", b.residue}}),
                 "bounds", out, err);
  }
  const auto end = [](const std::optional<int64_t>& v, std::string_view none) {
    return v ? std::to_string(*v) : std::string(none);
  };
  std::string text = fmt::format("[{}, {}]", end(b.lo, "-inf"), end(b.hi, "inf"));
  if (b.modulus > 1) text += fmt::format(", {} mod {}", b.residue, b.modulus);
  return write(text + "\n", "bounds", out, err);
}

void add_ask(CLI::App& app, int& exit_code) {
  static constexpr std::string_view kFooter =
      R"~(Expressions and facts are infix, "floor_div(n + 7, 8)*8 >= n", or s-expressions,
"(ge (mul (floordiv (add n 7) 8) 8) n)"; names stand for integers.

Exit codes: 0 answered (unknown is an answer); 2 wrong use, or an expression cannot be read; 3 the
answer could not be written.)~";
  struct Command {
    const char* name;
    const char* what;
    const char* argument;
    int (*run)(const AskOptions&, std::FILE*, std::FILE*);
  };
  static constexpr Command kCommands[] = {
      {"simplify", "Simplify an expression under facts", "EXPR", run_simplify},
      {"prove", "Does a goal follow from facts?", "GOAL", run_prove},
      {"bounds", "Range and congruence of an expression under facts", "EXPR", run_bounds},
  };
  for (const Command& c : kCommands) {
    CLI::App* sub = app.add_subcommand(c.name, c.what);
    auto options = std::make_shared<AskOptions>();
    // An expression may begin with a minus: what is no option of ours is the expression.
    sub->set_help_flag("--help", "Print this help message and exit");
    sub->allow_extras();
    sub->add_option(c.argument, options->question, "Infix or s-expression")
        ->option_text(" ");
    sub->add_option("--assume", options->facts, "A fact; may be given several times")
        ->allow_extra_args(false)
        ->option_text("FACT");
    sub->add_flag("--json", options->json, "Print one JSON object");
    if (c.run == run_simplify) {
      sub->add_option_function<std::string>(
             "--cost",
             [options](const std::string& cost) { options->by_weight = cost == "dag"; },
             "What is least: tree, operators of the text, or dag, the work to compute "
             "it: with temporaries, a line each")
          ->check(CLI::IsMember({"tree", "dag"}))
          ->option_text("tree|dag");
    }
    if (c.run == run_prove)
      sub->add_flag("--proof", options->proof, "Print the proof, step by step");
    sub->footer(std::string(kFooter));
    sub->callback([options, sub, c, &exit_code] {
      std::vector<std::string> rest = sub->remaining();
      std::erase(rest, "--");
      if (sub->count(c.argument) == 0) {
        if (rest.empty()) throw CLI::RequiredError(c.argument);
        options->question = std::move(rest.front());
        rest.erase(rest.begin());
      }
      if (!rest.empty()) throw CLI::ExtrasError(std::move(rest));
      exit_code = c.run(*options, stdout, stderr);
    });
  }
}

}  // namespace congrua::cli
