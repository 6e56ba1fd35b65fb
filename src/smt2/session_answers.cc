#include <fmt/format.h>

#include <algorithm>

#include "smt2/lexer.h"
#include "smt2/session.h"

namespace congrua::smt2 {
namespace {

// A term as it was written, with single blanks and without comments.
std::string normalized(std::string_view text) {
  std::string out;
  Lexer lexer(text);
  for (Token t = lexer.next(); t.kind != Tok::kEnd; t = lexer.next()) {
    const bool tight = t.kind == Tok::kClose || out.empty() || out.back() == '(';
    if (!tight) out += ' ';
    switch (t.kind) {
      case Tok::kQuoted:
        out += quoted_name(t.text);
        break;
      case Tok::kString:
        out += fmt::format("\"{}\"", t.text);
        break;
      default:
        out += t.text;
    }
  }
  return out;
}

}  // namespace

bool Session::Impl::need_model(const Command& c) {
  if (!flags.find("produce-models")->second) {
    error_at(c, "models are off: set the option :produce-models to true");
    return false;
  }
  if (answer == CheckAnswer::kSat) return true;
  error_at(
      c,
      "there is no model: the last command that changes the state was not a check that "
      "answered sat");
  return false;
}

void Session::Impl::get_model(const Command& c) {
  if (!need_model(c)) return;
  std::string text = "(\n";
  const auto define = [&](std::string_view name, const std::vector<Sort>& params,
                          Sort sort, const std::string& body) {
    std::string list;
    for (size_t i = 0; i < params.size(); ++i) {
      list += fmt::format("{}(x!{} {})", i == 0 ? "" : " ", i, sort_name(params[i]));
    }
    text += fmt::format("  (define-fun {} ({}) {} {})\n", quoted_name(name), list,
                        sort_name(sort), body);
  };
  // The chosen values of a function as nested ite; elsewhere it is 0 or false.
  const auto table = [&](uint32_t function, const std::vector<Sort>& params, Sort sort) {
    std::string body = to_smtlib({}, sort);
    for (const auto& [key, value] : result.model->functions()) {
      if (key.first != function || value.is_zero()) continue;
      std::string condition;
      for (size_t i = 0; i < params.size(); ++i) {
        condition += fmt::format("{}(= x!{} {})", i == 0 ? "" : " ", i,
                                 to_smtlib(key.second[i], params[i]));
      }
      if (params.size() > 1) condition = "(and " + condition + ")";
      body = fmt::format("(ite {} {} {})", condition, to_smtlib(value, sort), body);
    }
    return body;
  };
  for (const uint32_t d : env.declared()) {
    const Declaration& decl = env.declaration(d);
    const std::string body = decl.params.empty()
                                 ? to_smtlib(result.model->constant(d), decl.sort)
                                 : table(d, decl.params, decl.sort);
    define(env.name(d), decl.params, decl.sort, body);
  }
  struct Chosen {
    uint32_t function;
    std::string_view name;
    Sort sort;
  };
  for (const Chosen& f :
       {Chosen{kDivByZero, "div0", Sort::kInt}, Chosen{kModByZero, "mod0", Sort::kInt},
        Chosen{kRatioByZero, "/0", Sort::kReal}}) {
    const bool needed =
        std::ranges::any_of(result.model->functions(), [&](const auto& entry) {
          return entry.first.first == f.function && !entry.second.is_zero();
        });
    if (needed) define(f.name, {f.sort}, f.sort, table(f.function, {f.sort}, f.sort));
  }
  line(text + ")");
}

void Session::Impl::get_value(const Command& c) {
  if (!need_model(c)) return;
  const auto values = result.model->evaluate(env.terms, c.terms);
  std::string text = "(";
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) {
      return error_at(c,
                      fmt::format("'{}' has no rational value", normalized(c.texts[i])));
    }
    text += fmt::format("{}({} {})", i == 0 ? "" : " ", normalized(c.texts[i]),
                        to_smtlib(*values[i], env.terms.sort(c.terms[i])));
  }
  line(text + ")");
}

void Session::Impl::get_assignment(const Command& c) {
  if (!flags.find("produce-assignments")->second) {
    return error_at(c,
                    "assignments are off: set the option :produce-assignments to true");
  }
  if (!need_model(c)) return;
  std::vector<SymbolId> names;
  std::vector<TermId> terms;
  for (const auto& [name, term] : env.named()) {
    if (env.terms.sort(term) != Sort::kBool) continue;
    names.push_back(name);
    terms.push_back(term);
  }
  const auto values = result.model->evaluate(env.terms, terms);
  std::string text = "(";
  for (size_t i = 0; i < names.size(); ++i) {
    if (!values[i]) continue;  // the standard lets a solver leave names out
    text += fmt::format("{}({} {})", text.size() == 1 ? "" : " ",
                        quoted_name(env.symbols[names[i]].name),
                        to_smtlib(*values[i], Sort::kBool));
  }
  line(text + ")");
}

void Session::Impl::get_assertions(const Command& c) {
  if (!flags.find("produce-assertions")->second) {
    return error_at(
        c, "assertions are not kept: set the option :produce-assertions to true");
  }
  std::string text = "(";
  for (const Assertion& a : assertions) {
    if (text.size() > 1) text += '\n';
    text += normalized(a.text);
  }
  line(text + ")");
}

void Session::Impl::get_unsat_core(const Command& c) {
  if (!flags.find("produce-unsat-cores")->second) {
    return error_at(c, "cores are off: set the option :produce-unsat-cores to true");
  }
  if (answer != CheckAnswer::kUnsat) return error_at(c, "the last check was not unsat");
  std::string text = "(";
  for (const size_t i : result.core) {
    if (assertions[i].name == kNoSymbol) continue;
    if (text.size() > 1) text += ' ';
    text += quoted_name(env.symbols[assertions[i].name].name);
  }
  line(text + ")");
}

void Session::Impl::get_unsat_assumptions(const Command& c) {
  if (!flags.find("produce-unsat-assumptions")->second) {
    return error_at(c, "set the option :produce-unsat-assumptions to true");
  }
  if (answer != CheckAnswer::kUnsat) return error_at(c, "the last check was not unsat");
  std::string text = "(";
  for (const size_t i : result.core_assumptions) {
    if (text.size() > 1) text += ' ';
    text += normalized(assumptions[i]);
  }
  line(text + ")");
}

void Session::Impl::measure_model(Check* check) const {
  Int largest = 0;
  Int sum = 0;
  for (const uint32_t d : env.declared()) {
    if (env.declaration(d).sort != Sort::kInt || !env.declaration(d).params.empty())
      continue;
    const Int v = result.model->constant(d).num;
    sum += v;
    if (abs(v) > largest) largest = abs(v);
  }
  check->model_max = largest.to_string();
  check->model_sum = sum.to_string();
}

}  // namespace congrua::smt2
