#include "guard/search_tree.h"

#include <algorithm>

namespace congrua::guard::search {

namespace {
// More are kept in a tournament.
constexpr size_t kFewVariables = 64;
// Refuted values in a row before ranges are tried, and the widest of these: 2^kWidest.
constexpr int kMaxStreak = 6;
constexpr int kWidest = 40;
}  // namespace

Tree::Tree(Engine& engine, Budget& budget, Check check)
    : Tree(engine, budget, std::move(check), engine.variables()) {}

Tree::Tree(Engine& engine, Budget& budget, Check check, std::vector<CellId> variables)
    : engine_(engine),
      budget_(budget),
      check_(std::move(check)),
      vars_(std::move(variables)),
      order_(engine),
      weight_(vars_.size(), 0) {}

Tree::Probe Tree::probe(int64_t cap, int64_t failures) {
  const Engine::Mark start = engine_.mark();
  engine_.set_cap(cap, vars_);
  complete_ = true;
  failures_ = 0;
  decisions_.clear();
  Probe result = Probe::kExhausted;
  bool fine = engine_.propagate(budget_);
  open_.clear();
  const bool many = vars_.size() > kFewVariables;
  if (many) order_.start(vars_, weight_);
  for (size_t i = 0; i < vars_.size() && !many; ++i) {
    if (!engine_.dom(vars_[i]).fixed()) open_.push_back(i);
  }
  while (true) {
    if (budget_.spent() || failures_ > failures) {
      result = Probe::kStopped;
      break;
    }
    if (!fine) {
      ++failures_;
      if (!backtrack(0)) break;
      fine = engine_.propagate(budget_);
      continue;
    }
    const size_t v = pick();
    if (v == SIZE_MAX) {
      if (budget_.spent()) continue;
      if (leaf()) {
        result = Probe::kFound;
        break;
      }
      fine = false;  // the exact check refutes the point
      continue;
    }
    fine = decide(v) && engine_.propagate(budget_);
    // A range that is not refuted as a whole is searched from its low end.
    if (fine && decisions_.back().side == Side::kBelow) streak_ = 0;
  }
  complete_ = complete_ && !engine_.was_capped();
  if (many) order_.stop();
  engine_.undo(start);
  engine_.set_cap(kInf, {});
  return result;
}

// The variable to branch on: the one of the last failure while it is open; else the
// smallest domain for its number of refutations, among those that no equality defines if
// there are any; of equal ones the first.
size_t Tree::pick() {
  const auto& vars = vars_;
  if (last_failed_ < vars.size() && !engine_.dom(vars[last_failed_]).fixed()) {
    return last_failed_;
  }
  if (vars.size() > kFewVariables) return order_.best();
  size_t best = SIZE_MAX;
  Rank best_rank{};
  for (const size_t i : open_) {
    const Rank rank = rank_of(engine_, vars[i], weight_[i]);
    if (!rank.open || (best != SIZE_MAX && !rank.before(best_rank))) continue;
    best = i;
    best_rank = rank;
  }
  return best;
}

bool Tree::decide(size_t variable) {
  const Dom& d = engine_.dom(vars_[variable]);
  if (variable < preferred_.size() && d.contains(preferred_[variable]) &&
      preferred_[variable] < kInf && preferred_[variable] > -kInf) {
    return take(variable, Side::kPoint, preferred_[variable]);
  }
  if (variable == last_failed_ && streak_ >= kMaxStreak && d.lo >= 0 && d.lo < kInf) {
    // Values at the low end fail one after the other: perhaps all up to some bound do.
    const int64_t width = int64_t{1} << std::min(streak_ - kMaxStreak + 2, kWidest);
    if (d.hi - width > d.lo && d.lo + width < kInf) {
      return take(variable, Side::kBelow, d.lo + width);
    }
  }
  // Of a domain on both sides of 0 the non-negative part first.
  if (d.lo < 0 && d.hi >= 0) return take(variable, Side::kAbove, 0);
  const int64_t v = d.lo >= 0 ? d.lo : d.hi;
  if (v >= kInf || v <= -kInf) {
    complete_ = false;  // values that no column holds are left out
    return false;
  }
  return take(variable, Side::kPoint, v);
}

bool Tree::take(size_t variable, Side side, int64_t value) {
  budget_.charge(1);
  decisions_.push_back({variable, side, value, engine_.mark()});
  const CellId c = vars_[variable];
  bool fine = true;
  if (side != Side::kBelow) fine = engine_.set_lo(c, value);
  if (side != Side::kAbove) fine = fine && engine_.set_hi(c, value);
  return fine;
}

// Undoes the last decision and takes its opposite; false when none is left.
bool Tree::backtrack(size_t base) {
  while (decisions_.size() > base) {
    const Decision d = decisions_.back();
    decisions_.pop_back();
    engine_.undo(d.mark);
    ++weight_[d.variable];
    if (vars_.size() > kFewVariables) order_.changed(d.variable);
    streak_ = last_failed_ == d.variable ? streak_ + 1 : 0;
    last_failed_ = d.variable;
    const CellId c = vars_[d.variable];
    const Dom& dom = engine_.dom(c);
    bool fine;
    switch (d.side) {
      case Side::kAbove:
        fine = engine_.set_hi(c, d.value - 1);
        break;
      case Side::kBelow:
        fine = engine_.set_lo(c, d.value + 1);
        break;
      default:
        if (d.value == dom.lo) {
          fine = engine_.set_lo(c, d.value + 1);
        } else if (d.value == dom.hi) {
          fine = engine_.set_hi(c, d.value - 1);
        } else {
          // Inside: both sides are left, the one above first.
          fine = take(d.variable, Side::kAbove, d.value + 1);
          if (!fine) continue;
          return true;
        }
    }
    if (fine) return true;
  }
  return false;
}

bool Tree::leaf() {
  const auto& vars = vars_;
  budget_.charge(static_cast<int64_t>(vars.size()) + 1);
  values_.resize(vars.size());
  int128 sum = 0;
  for (size_t i = 0; i < vars.size(); ++i) {
    values_[i] = engine_.dom(vars[i]).lo;
    if (engine_.is_size(vars[i])) sum += values_[i] < 0 ? -values_[i] : values_[i];
  }
  if (!check_(values_)) return false;
  sum_ = clamp128(sum);
  return true;
}

}  // namespace congrua::guard::search
