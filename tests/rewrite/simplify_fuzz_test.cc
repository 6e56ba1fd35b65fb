// Random terms under random facts: simplified and extracted, against enumeration of the
// points of a small box.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "congrua/simplify.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "expr/eval.h"
#include "rewrite/extract_terms.h"
#include "rewrite/form.h"
#include "tests/base/soak.h"
#include "tests/guard/random_facts.h"

namespace congrua {
namespace {

using guard_test::Act;
using guard_test::Box;
using guard_test::Kind;
using guard_test::Step;
using guard_test::System;
using guard_test::Table;
using guard_test::Tree;
using guard_test::Wide;
using internal::Builder;
using internal::Node;

// Of the text of t.
uint64_t operations(const Tree& t) {
  uint64_t count = t.args.empty() ? 0 : t.kind == Kind::kImplies ? 2 : 1;
  for (const Tree& a : t.args) count += operations(a);
  return count;
}

bool has_opaque(const Tree& t) {
  return t.kind == Kind::kOpaque || std::ranges::any_of(t.args, has_opaque);
}

// As Form::operations counts them; what a form has no operator for is written out.
uint64_t operators_of(const Tree& t) {
  uint64_t below = 0;
  for (const Tree& a : t.args) below += operators_of(a);
  if (t.args.empty()) return 0;
  return t.kind == Kind::kAbs ? 2 * below + 2
                              : below + (t.kind == Kind::kImplies ? 2 : 1);
}

// One system: its facts are added, its questions and their parts are simplified.
class Trial {
 public:
  explicit Trial(const System& system) : system_(system), box_(system), facts_(pool_) {
    std::vector<const Tree*> questions;
    holds_.assign(box_.size(), 1);
    for (size_t i = 0; i < system.symbols.size(); ++i) {
      const Range& birth = system.symbols[i].birth;
      for (size_t p = 0; p < box_.size(); ++p) {
        holds_[p] = holds_[p] != 0 && (!birth.lo || box_.at(i, p) >= *birth.lo) &&
                    (!birth.hi || box_.at(i, p) <= *birth.hi);
      }
    }
    for (const Step& step : system.script) {
      if (has_opaque(step.tree)) continue;
      if (step.act == Act::kFact) {
        (void)facts_.add(guard_test::build(pool_, system, step.tree));
        const Table t = box_.table(step.tree);
        for (size_t p = 0; p < box_.size(); ++p) {
          holds_[p] = holds_[p] != 0 && t.counts[p] != 0 && t.holds[p] != 0;
        }
      } else if (step.act == Act::kAsk) {
        questions.push_back(&step.tree);
      }
    }
    if (facts_.contradictory()) return;
    for (const Tree* t : questions) check_all(*t);
    if (wrong_.empty()) check_weights();
  }
  const std::string& wrong() const { return wrong_; }
  int changed() const { return changed_; }
  uint64_t terms() const { return terms_; }
  int lighter() const { return lighter_; }
  int shorter() const { return shorter_; }
  uint64_t longer() const { return longer_; }

 private:
  void check_all(const Tree& t) {
    for (const Tree& a : t.args) check_all(a);
    if (wrong_.empty() && !t.args.empty()) check(t);
  }

  void check(const Tree& t) {
    Table where;
    const std::vector<Wide> values = box_.column(t, where);
    const Expr e = guard_test::build(pool_, system_, t);
    const Expr simple = simplify(facts_, e, {.steps = system_.steps});
    ++terms_;
    changed_ += simple != e;
    compare("simplified to " + to_string(simple), simple, e, values, where);
    const Form form = extract(facts_, simple);
    const auto read = parse_sexpr(pool_, form.to_sexpr());
    if (!read.ok()) {
      wrong_ = form.to_sexpr() + ": " + std::string(read.status().message());
      return;
    }
    compare("shown as " + form.to_string(), *read, e, values, where);
    // However it was multiplied out: what is shown is not longer than the node itself.
    const uint64_t plain =
        internal::make_form(internal::view_of(Builder::node(simple),
                                              internal::Language::kSexpr,
                                              Division::kFloor))
            .operations();
    if (form.operations() > plain) {
      wrong_ = form.to_string() + " is longer than " + to_string(simple);
    }
    longer_ += form.operations() > operators_of(t);
    const Form infix = extract(facts_, simple);
    const auto again = parse_infix(pool_, infix.to_string());
    if (!again.ok() || *again != *read) wrong_ = infix.to_string() + " reads as another";
    check_as_written(t, e, values, where);
    constexpr size_t kMaxRoots = 12;
    if (simples_.size() == kMaxRoots) return;
    simples_.push_back(simple);
    exprs_.push_back(e);
    values_.push_back(values);
    where_.push_back(where);
  }

  // No longer than the text and than what is extracted without it.
  void check_as_written(const Tree& t, Expr e, const std::vector<Wide>& values,
                        const Table& where) {
    Spellings spellings;
    const std::string text = guard_test::text_of(system_, t);
    const auto written = parse_infix(pool_, text, {.spellings = &spellings});
    if (!written.ok() || *written != e) {
      wrong_ = text + " reads as another";
      return;
    }
    const SimplifyOptions options{.steps = system_.steps};
    const Form form = simplest_form(facts_, e, spellings, {}, options);
    const Form plain = extract(facts_, simplify(facts_, e, options));
    shorter_ += form.operations() < plain.operations();
    if (form.operations() > operations(t) || form.operations() > plain.operations()) {
      wrong_ = text + " is written as " + form.to_string() + ", which is longer";
    }
    compare("written as " + form.to_string(), parse_sexpr(pool_, form.to_sexpr()).value(),
            e, values, where);
    compare("written as " + form.to_string(),
            parse_infix(pool_, form.to_string()).value(), e, values, where);
  }

  // The forms of least weight of several terms at once.
  void check_weights() {
    const Forms forms = extract(facts_, simples_, {.cost = Cost::kWeightOnDag});
    rewrite::Terms plain, shortest;
    std::vector<rewrite::TermId> plain_roots, shortest_roots;
    const auto import = [](rewrite::Terms& terms, const internal::ViewDag& dag) {
      return terms.import(dag, std::span(&dag.root, 1))[0];
    };
    for (const Expr e : simples_) {
      plain_roots.push_back(
          import(plain, internal::view_of(Builder::node(e), internal::Language::kSexpr,
                                          Division::kFloor)));
      shortest_roots.push_back(import(shortest, internal::dag_of(extract(facts_, e))));
    }
    if (forms.weight() > plain.weight(plain_roots) ||
        forms.weight() > shortest.weight(shortest_roots)) {
      wrong_ = forms.to_string() + " is heavier than what is no better";
    }
    lighter_ += forms.weight() < shortest.weight(shortest_roots);
    const Forms::Listing listing = forms.listing();
    std::string infix, sexpr = "(let (";
    for (const Forms::Temporary& t : listing.temporaries) {
      infix += t.name + " = " + t.value.infix + "; ";
      sexpr += "(" + t.name + " " + t.value.sexpr + ")";
    }
    for (size_t i = 0; i < simples_.size() && wrong_.empty(); ++i) {
      const auto a = parse_infix(pool_, infix + listing.results[i].infix);
      const auto b =
          listing.temporaries.empty()
              ? parse_sexpr(pool_, listing.results[i].sexpr)
              : parse_sexpr(pool_, sexpr + ") " + listing.results[i].sexpr + ")");
      if (!a.ok() || !b.ok() || *a != *b) {
        wrong_ = infix + listing.results[i].infix + " reads as another";
        return;
      }
      compare("computed as " + forms.to_string(), *a, exprs_[i], values_[i], where_[i]);
      compare("computed as " + forms.form(i).to_string(),
              parse_infix(pool_, forms.form(i).to_string()).value(), exprs_[i],
              values_[i], where_[i]);
    }
  }

  void compare(const std::string& what, Expr got, Expr e, const std::vector<Wide>& values,
               const Table& where) {
    internal::Evaluator evaluator;
    for (size_t p = 0; p < box_.size() && wrong_.empty(); ++p) {
      if (holds_[p] == 0 || where.counts[p] == 0) continue;
      internal::Assignment point;
      std::string text;
      for (size_t i = 0; i < system_.symbols.size(); ++i) {
        const Expr s = guard_test::symbol_of(pool_, system_, static_cast<int64_t>(i));
        point.set(Builder::node(s), Int(box_.at(i, p)));
        text += " " + std::string(s.name()) + "=" + std::to_string(box_.at(i, p));
      }
      const std::optional<Int> v = evaluator.evaluate(Builder::node(got), point);
      const auto wanted = static_cast<int64_t>(values[p]);
      if (Wide{wanted} != values[p]) continue;
      if (!v || !(*v == Int(wanted))) {
        wrong_ = to_string(e) + " " + what + ": " + (v ? v->to_string() : "no value") +
                 " for " + std::to_string(wanted) + " at" + text;
      }
    }
  }

  const System& system_;
  Box box_;
  ExprPool pool_;
  Facts facts_;
  std::vector<uint8_t> holds_;
  std::string wrong_;
  int changed_ = 0;
  // Terms whose forms share.
  std::vector<Expr> simples_, exprs_;
  std::vector<std::vector<Wide>> values_;
  std::vector<Table> where_;
  int lighter_ = 0;
  int shorter_ = 0;  // as written
  uint64_t terms_ = 0;
  uint64_t longer_ = 0;  // forms with more operators than what they were made of
};

TEST(SimplifyFuzz, RandomTermsAgreeWithEnumeration) {
  const Seeds seeds = soak_seeds(1'000, 400'000);
  uint64_t changed = 0, terms = 0, lighter = 0, shorter = 0, longer = 0, failures = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end && failures < 20; ++seed) {
    const System system = guard_test::RandomSystem(seed).make();
    const Trial run(system);
    changed += static_cast<uint64_t>(run.changed());
    lighter += static_cast<uint64_t>(run.lighter());
    shorter += static_cast<uint64_t>(run.shorter());
    terms += run.terms();
    longer += run.longer();
    if (run.wrong().empty()) continue;
    ++failures;
    const System small = guard_test::reduce(
        system, [](const System& s) { return !Trial(s).wrong().empty(); });
    ADD_FAILURE() << "seed " << seed << ": " << run.wrong()
                  << "\nreduced: " << Trial(small).wrong() << "\n"
                  << guard_test::text_of(small);
  }
  soak_report("SimplifyFuzz", seeds,
              {{"terms", terms},
               {"changed", changed},
               {"lighter", lighter},
               {"shorter as written", shorter},
               {"longer than the input", longer},
               {"failures", failures}});
  EXPECT_GE(changed, seeds.count() / 2);
  EXPECT_GT(lighter, 0u);
  EXPECT_GT(shorter, 0u);
  // The canonical form multiplies out and merges: extract alone does not find 2 % back.
  EXPECT_LE(longer, terms / 40);
}

}  // namespace
}  // namespace congrua
