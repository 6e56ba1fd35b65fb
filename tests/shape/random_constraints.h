// Random programs of guards, asserts, assumptions, promises, branches and excursions, and
// mutations of them.
#ifndef CONGRUA_TESTS_SHAPE_RANDOM_CONSTRAINTS_H_
#define CONGRUA_TESTS_SHAPE_RANDOM_CONSTRAINTS_H_

#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <vector>

#include "congrua/eval.h"
#include "congrua/shape.h"
#include "tests/shape/random_programs.h"

namespace congrua::shape {

enum class Do : uint8_t {
  kEvaluate,  // decided by the facts, or by a guard
  kGuard,
  kAssert,
  kAssume,
  kPromise,
  kStaticAssert,
  kAsk,    // of some classes of facts
  kEnter,  // a branch with this condition
  kPush,
  kLeave,  // kEnter or kPush
};

struct Statement {
  Do what;
  Expr condition;  // kPush, kLeave: none is read
  Classes classes = kAllClasses;
};
using Statements = std::vector<Statement>;

inline bool is_block(Do what) { return what >= Do::kEnter; }

struct Birth {
  std::string source;
  int64_t hint;
  SizeOptions options;
};

// Sizes x0, x1 and a value u0 from data, or one size and two values.
struct Source {
  std::vector<Birth> sizes;
  size_t unbacked = 1;

  std::vector<Expr> symbols(Env& env) const {
    std::vector<Expr> out;
    for (const Birth& b : sizes) out.push_back(*env.size(b.source, b.hint, b.options));
    for (size_t i = 0; i < unbacked; ++i) out.push_back(env.unbacked());
    return out;
  }
};

class RandomConstraints {
 public:
  explicit RandomConstraints(uint64_t seed) : terms(env.pool(), seed) {
    source.unbacked = 1 + terms.below(2);
    for (size_t i = 0; i + source.unbacked < 3; ++i) {
      Birth b{"x" + std::to_string(i), 2 + static_cast<int64_t>(terms.below(7)), {}};
      b.options.policy = Policy::kDynamic;
      if (terms.below(4) == 0 && b.hint % 2 == 0) b.options.multiple_of = 2;
      if (terms.below(4) == 0) b.options.range = {.lo = 2, .hi = 8};
      source.sizes.push_back(b);
    }
    terms.ints = source.symbols(env);
    // The run that is traced.
    for (size_t i = 0; i < terms.ints.size(); ++i) {
      const bool sized = i < source.sizes.size();
      run_.emplace_back(terms.ints[i], sized ? source.sizes[i].hint
                                             : static_cast<int64_t>(terms.below(8)));
    }
  }

  Statements program() {
    Statements out;
    size_t open = 0;
    const size_t length = 5 + terms.below(8);
    while (out.size() < length) {
      const uint64_t how = terms.below(16);
      if (how == 0 && open < 3) {
        out.push_back({terms.below(3) == 0 ? Do::kPush : Do::kEnter, condition()});
        ++open;
      } else if (how == 1 && open > 0) {
        out.push_back({Do::kLeave, terms.constant(0)});
        --open;
      } else {
        out.push_back(statement());
      }
    }
    for (; open > 0; --open) out.push_back({Do::kLeave, terms.constant(0)});
    return out;
  }

  // The bugs that front ends had (torch issues and pull requests): an assert that proved
  // itself when its question was asked again (PR 152125), one that was lost with its
  // symbol (#119689, #141248), one of a branch, one that comes after what it is used for.
  void mutate(Statements& program) {
    std::vector<size_t> plain;
    for (size_t i = 0; i < program.size(); ++i) {
      if (!is_block(program[i].what)) plain.push_back(i);
    }
    if (plain.empty()) return;
    const size_t at = plain[terms.below(plain.size())];
    const auto begin = program.begin();
    const auto i = static_cast<std::ptrdiff_t>(at);
    const Statement chosen = program[at];
    const auto insert = [&](size_t where, std::initializer_list<Statement> what) {
      program.insert(program.begin() + static_cast<std::ptrdiff_t>(where), what);
    };
    switch (terms.below(6)) {
      case 0:  // moved
        program.erase(begin + i);
        insert(terms.below(program.size() + 1), {chosen});
        break;
      case 1:  // repeated
        insert(at + 1 + terms.below(program.size() - at), {chosen});
        break;
      case 2:  // a symbol of it is another term from there on
        insert(terms.below(at + 1), {{Do::kAssert, replacement()}});
        break;
      case 3: {  // on one way through the program
        const Statement leave{Do::kLeave, terms.constant(0)};
        program.erase(begin + i);
        insert(at, {{Do::kEnter, condition()}, chosen, leave});
        break;
      }
      case 4:  // of another class
        program[at].what =
            static_cast<Do>(terms.below(static_cast<uint64_t>(Do::kEnter)));
        break;
      default:  // its condition is used before and after
        insert(at, {{Do::kEvaluate, weaker(chosen.condition)}});
        insert(at + 2, {{Do::kEvaluate, weaker(chosen.condition)}});
        break;
    }
  }

  Source source;
  Env env;  // of the terms
  RandomTerms terms;

 private:
  // Mostly one that holds in this run.
  Expr condition() {
    Expr c = terms.below(10) == 0 ? divided()
             : !seen_.empty() && terms.below(3) == 0
                 ? weaker(seen_[terms.below(seen_.size())])
             : terms.below(2) == 0 ? bound()
                                   : terms.condition(2);
    const auto v = evaluate(c, run_);
    if (v.ok() && *v == 0 && terms.below(12) != 0) c = !c;
    seen_.push_back(c);
    return c;
  }

  // With a divisor that may be 0 where it is not read.
  Expr divided() {
    const Expr d = symbol() - static_cast<int64_t>(terms.below(4)),
               zero = terms.constant(0);
    const Expr quotient = floor_div(symbol() + 4, d);
    const Expr c = terms.constant(static_cast<int64_t>(terms.below(5)));
    if (terms.below(2) == 0) return logical_or(eq(d, zero), ge(quotient, c));
    return ge(select(eq(d, zero), symbol(), quotient), c);
  }

  Expr bound() {
    const Expr s = symbol(), c = terms.constant(static_cast<int64_t>(terms.below(9)));
    switch (terms.below(5)) {
      case 0:
        return eq(s, c);
      case 1:
        return ne(s, c);
      case 2:
        return le(s, c);
      case 3:
        return le(s, symbol());
      default:
        return ge(s, c);
    }
  }

  // What follows from it, or nearly.
  Expr weaker(Expr e) {
    switch (terms.below(4)) {
      case 0:
        return logical_or(e, bound());
      case 1:
        return e.op() == Op::kGe ? ge(e.arg(0) + 1, terms.constant(0)) : e;
      case 2:
        return e.op() == Op::kEq ? ge(e.arg(0) * symbol(), terms.constant(0)) : e;
      default:
        return e;
    }
  }

  Expr replacement() {
    const size_t which = terms.below(terms.ints.size());
    const Expr other = symbol();
    const int64_t here = run_[which].second;
    if (terms.below(3) == 0) return eq(terms.ints[which], terms.constant(here));
    const auto v = evaluate(other, run_);
    const int64_t factor = 1 + static_cast<int64_t>(terms.below(2));
    return eq(factor * terms.ints[which], other + (factor * here - *v));
  }

  Expr symbol() { return terms.ints[terms.below(terms.ints.size())]; }

  Statement statement() {
    constexpr Do kMostly[] = {Do::kEvaluate,     Do::kEvaluate, Do::kAssert, Do::kAssert,
                              Do::kAssert,       Do::kGuard,    Do::kAssume, Do::kPromise,
                              Do::kStaticAssert, Do::kAsk};
    Statement s{kMostly[terms.below(std::size(kMostly))], condition()};
    if (s.what == Do::kAsk)
      s.classes = static_cast<Classes>(1 + terms.below(kAllClasses));
    return s;
  }

  std::vector<Binding> run_;
  std::vector<Expr> seen_;
};

}  // namespace congrua::shape

#endif  // CONGRUA_TESTS_SHAPE_RANDOM_CONSTRAINTS_H_
