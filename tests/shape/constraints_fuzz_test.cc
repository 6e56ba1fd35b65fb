// Random programs of guards, asserts, assumptions, promises, branches and excursions, and
// mutations of them: what guards() and the kept asserts accept, evaluated in program
// order, satisfies every condition of the program. The oracle is exact evaluation at all
// points of a box.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "congrua/eval.h"
#include "congrua/shape.h"
#include "congrua/text.h"
#include "tests/base/soak.h"
#include "tests/shape/random_constraints.h"

namespace congrua::shape {
namespace {

constexpr int64_t kLow = -1, kHigh = 9;

// Values of terms at all points of the box, -1 where there is none.
class Box {
 public:
  explicit Box(const std::vector<Expr>& symbols, size_t sizes) {
    std::vector<Binding> p;
    add(symbols, sizes, 0, p);
  }
  size_t size() const { return points_.size(); }
  const std::vector<int8_t>& values(Expr e) {
    const auto [it, fresh] = values_.try_emplace(e);
    if (fresh) {
      for (const auto& p : points_) {
        const auto v = evaluate(e, p);
        it->second.push_back(v.ok() ? static_cast<int8_t>(*v) : int8_t{-1});
      }
    }
    return it->second;
  }
  bool holds(Expr e, size_t at) { return values(e)[at] == 1; }
  std::string point(size_t at) const {
    std::string text;
    for (const auto& [s, v] : points_[at])
      text += to_string(s) + "=" + std::to_string(v) + " ";
    return text;
  }

 private:
  void add(const std::vector<Expr>& symbols, size_t sizes, size_t i,
           std::vector<Binding>& p) {
    if (i == symbols.size()) {
      points_.push_back(p);
      return;
    }
    const Range birth = symbols[i].range();
    for (int64_t v = i < sizes ? 2 : kLow; v <= kHigh; ++v) {
      if ((birth.lo && v < *birth.lo) || (birth.hi && v > *birth.hi)) continue;
      p.emplace_back(symbols[i], v);
      add(symbols, sizes, i + 1, p);
      p.pop_back();
    }
  }

  std::vector<std::vector<Binding>> points_;
  absl::flat_hash_map<Expr, std::vector<int8_t>> values_;
};

struct Tally {
  uint64_t programs = 0, known = 0, accepted = 0, refused = 0, dropped = 0, kept = 0;
};

// Runs a program, holding what is said against the box.
class Runner {
 public:
  Runner(const Source& source, Tally& tally)
      : symbols_(source.symbols(env_)),
        box_(symbols_, source.sizes.size()),
        tally_(tally) {
    // What unbacked sizes promise.
    for (RecordId id = 0; id < env_.num_records(); ++id) states(id);
  }

  void run(const Statements& program) {
    for (const Statement& s : program) {
      step(s);
      if (::testing::Test::HasFailure()) return;
    }
    check();
    ++tally_.programs;
  }

 private:
  struct Event {
    enum Kind : uint8_t { kRecord, kSaid, kEnter, kLeave } kind;
    Expr condition;   // kSaid: this holds where the facts before it do
    RecordId record;  // kRecord
    bool assumes;     // kSaid: assumptions as well
  };
  struct Block {
    bool branch;
    size_t events;
  };

  void states(RecordId id) {
    events_.push_back({Event::kRecord, env_.record(id).fact, id, false});
  }
  void states_since(size_t records) {
    for (size_t id = records; id < env_.num_records(); ++id) {
      states(static_cast<RecordId>(id));
    }
  }

  // Facts of the classes that hold where the program is.
  std::vector<Expr> premises(Classes classes) const {
    std::vector<Expr> out;
    for (RecordId id = 0; id < env_.num_records(); ++id) {
      const Record& r = env_.record(id);
      if ((only(r.fact_class) & classes) == 0) continue;
      const bool here = r.branch == 0 || (only(r.fact_class) & kAtEntry) != 0 ||
                        std::ranges::find(branches_, r.branch) != branches_.end();
      if (here) out.push_back(r.fact);
    }
    return out;
  }

  // An answer holds at every point of the facts, asked in whatever order.
  void said(Expr e, Truth truth, Classes classes) {
    if (truth != Truth::kTrue && truth != Truth::kFalse) return;
    ++tally_.known;
    const std::vector<Expr> facts = premises(classes);
    const int8_t wrong = truth == Truth::kTrue ? 0 : 1;
    for (size_t at = 0; at < box_.size(); ++at) {
      if (box_.values(e)[at] != wrong) continue;
      const bool possible =
          std::ranges::all_of(facts, [&](Expr f) { return box_.holds(f, at); });
      ASSERT_FALSE(possible) << to_string(e) << " was answered " << truth_name(truth)
                             << " against " << box_.point(at);
    }
    const bool assumes = (classes & only(FactClass::kAssume)) != 0;
    events_.push_back({Event::kSaid, truth == Truth::kTrue ? e : !e, 0, assumes});
  }

  void step(const Statement& s) {
    const size_t records = env_.num_records();
    const Expr e = is_block(s.what) && s.what != Do::kEnter
                       ? s.condition
                       : *env_.pool().import(s.condition);
    switch (s.what) {
      case Do::kEvaluate: {
        const auto d = env_.evaluate(e, 2);
        if (!d.ok()) break;
        if (d->how == How::kStatic) {
          said(e, d->value != 0 ? Truth::kTrue : Truth::kFalse, kAllClasses);
        }
        break;
      }
      case Do::kGuard:
        (void)env_.guard(e);
        break;
      case Do::kAssert:
        (void)env_.runtime_assert(e);
        break;
      case Do::kAssume:
        (void)env_.assume(e);
        break;
      case Do::kPromise:
        (void)env_.promise(e);
        break;
      case Do::kStaticAssert:
        if (env_.static_assert_(e).ok()) said(e, Truth::kTrue, kEnforced);
        break;
      case Do::kAsk: {
        // The facts that it is said to rest on are enough.
        const Explanation x = env_.explain(e, {.classes = s.classes});
        said(e, x.known.truth, s.classes);
        for (const RecordId id : x.rests_on) {
          EXPECT_NE(only(env_.record(id).fact_class) & s.classes, 0) << to_string(e);
        }
        break;
      }
      case Do::kEnter:
        blocks_.push_back({true, events_.size()});
        env_.enter_branch(e);
        branches_.push_back(env_.record(static_cast<RecordId>(records)).branch);
        events_.push_back({Event::kEnter, e, 0, false});
        return;  // the condition is no fact of its own
      case Do::kPush:
        blocks_.push_back({false, events_.size()});
        env_.push();
        return;
      case Do::kLeave:
        leave();
        return;
    }
    states_since(records);
  }

  void leave() {
    const Block b = blocks_.back();
    blocks_.pop_back();
    if (b.branch) {
      env_.leave_branch();
      branches_.pop_back();
      events_.push_back({Event::kLeave, env_.pool().boolean(true), 0, false});
      return;
    }
    check();  // results may be asked for at any time
    env_.pop();
    events_.erase(events_.begin() + static_cast<std::ptrdiff_t>(b.events), events_.end());
  }

  void check() {
    const GuardSet set = env_.guards();
    const AssertSet asserts = env_.asserts(), again = env_.asserts(),
                    all = env_.asserts(true);
    ASSERT_EQ(asserts.kept, again.kept);
    ASSERT_EQ(all.kept.size(), asserts.kept.size() + asserts.dropped.size());
    tally_.kept += asserts.kept.size();
    tally_.dropped += asserts.dropped.size();
    std::vector<bool> kept(env_.num_records());
    for (const RecordId id : asserts.kept) kept[id] = true;
    for (size_t at = 0; at < box_.size(); ++at) {
      const auto holds = [&](Expr e) { return box_.holds(e, at); };
      bool right = true;
      for (RecordId id = 0; id < env_.num_records() && right; ++id) {
        const Record& r = env_.record(id);
        right = (only(r.fact_class) & kAtEntry) == 0 || holds(r.fact);
      }
      const bool in = std::ranges::all_of(set.domains, holds) &&
                      std::ranges::all_of(set.guards, holds);
      ASSERT_EQ(in, right) << "guards at " << box_.point(at) << state(set);
      (in ? tally_.accepted : tally_.refused) += 1;
      if (in) walk(kept, at, set);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }

  // The program at a point that was let in.
  void walk(const std::vector<bool>& kept, size_t at, const GuardSet& set) {
    size_t skipped = 0;  // blocks
    bool trusted = true;
    for (const Event& e : events_) {
      if (skipped > 0) {
        if (e.kind == Event::kEnter) ++skipped;
        if (e.kind == Event::kLeave) --skipped;
        continue;
      }
      const int8_t v = box_.values(e.condition)[at];
      if (e.kind == Event::kEnter && v != 1) skipped = 1;
      if (e.kind == Event::kSaid && (trusted || !e.assumes)) {
        ASSERT_NE(v, 0) << to_string(e.condition) << " was answered true, at "
                        << box_.point(at) << state(set);
      }
      if (e.kind != Event::kRecord || v == 1) continue;
      const FactClass c = env_.record(e.record).fact_class;
      if (c == FactClass::kAssume) trusted = false;
      if (c == FactClass::kPromise) return;  // no run of the program
      if (c == FactClass::kAssert) {
        ASSERT_TRUE(kept[e.record])
            << "the assert " << to_string(e.condition) << " was dropped and fails at "
            << box_.point(at) << state(set);
        return;
      }
    }
  }

  std::string state(const GuardSet& set) const {
    std::string text = "\n";
    for (RecordId id = 0; id < env_.num_records(); ++id) {
      const Record& r = env_.record(id);
      text += std::to_string(id) + " " + std::string(class_name(r.fact_class)) + " in " +
              std::to_string(r.branch) + ": " + to_string(r.fact) + "\n";
    }
    for (const Expr d : set.domains) text += "domain " + to_string(d) + "\n";
    for (const Expr g : set.guards) text += "guard " + to_string(g) + "\n";
    return text;
  }

  Env env_;
  std::vector<Expr> symbols_;
  Box box_;
  Tally& tally_;
  std::vector<Event> events_;
  std::vector<Block> blocks_;
  std::vector<uint32_t> branches_;  // that the program is in
};

TEST(ConstraintsFuzz, WhatIsAcceptedSatisfiesTheProgram) {
  const Seeds seeds = soak_seeds(60, 20'000);
  constexpr int kMutants = 5;
  Tally tally;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    RandomConstraints make(seed);
    Statements program = make.program();
    for (int i = 0; i <= kMutants; ++i) {
      if (i > 0) make.mutate(program);
      Runner(make.source, tally).run(program);
      if (HasFailure()) {
        FAIL() << "seed " << seed << ", mutant " << i;
      }
    }
  }
  EXPECT_GT(tally.known, tally.programs);
  EXPECT_GT(tally.accepted, 0u);
  EXPECT_GT(tally.refused, 0u);
  EXPECT_GT(tally.dropped, 0u);
  EXPECT_GT(tally.kept, tally.dropped);
  soak_report("constraints", seeds,
              {{"programs", tally.programs},
               {"known", tally.known},
               {"accepted", tally.accepted},
               {"refused", tally.refused},
               {"dropped", tally.dropped},
               {"kept", tally.kept}});
}

}  // namespace
}  // namespace congrua::shape
