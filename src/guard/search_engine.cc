// Domains, trail, activation, queue. The objective: search_cap.cc. Propagators:
// search_sum.cc, search_product.cc, search_logic.cc; from propositions to domains:
// search_require.cc.
#include "guard/search_engine.h"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

namespace congrua::guard::search {

namespace {

// One fixpoint may take this many runs, and more for larger programs: x < y, y < x with
// no upper bound climbs for ever.
constexpr int64_t kMinRuns = 2'000;
constexpr int64_t kRunsPerCell = 40;

Dom initial_domain(const Cell& x) {
  Dom d;
  switch (x.kind) {
    case Kind::kConst:
      d.lo = d.hi = std::clamp(x.constant, -kInf, kInf);
      break;
    case Kind::kVar:
      if (x.boolean) break;
      if (x.node->op == Op::kSymbol) {
        d.lo = std::clamp(internal::as_symbol(x.node)->lo, -kInf, kInf);
        d.hi = std::clamp(internal::as_symbol(x.node)->hi, -kInf, kInf);
      }
      break;
    default:
      break;
  }
  if (x.boolean) {
    d.lo = 0;
    d.hi = 1;
  }
  return d;
}

// What was queued while the queue was run is the next wave. Long waves are run in the
// order of the cells, in both directions by turns: a chain of n constraints needs two,
// and in the order of the queue n of them where that runs against the chain.
constexpr size_t kLongWave = 64;

bool is_operator(Kind k) { return k != Kind::kConst && k != Kind::kVar; }

}  // namespace

void Engine::sync() {
  const size_t n = program_.size();
  if (doms_.size() == n) return;
  for (size_t c = doms_.size(); c < n; ++c) {
    doms_.push_back(initial_domain(program_.cell(static_cast<CellId>(c))));
  }
  stamps_.resize(n, 0);
  flags_.resize(n, 0);
  users_.resize(n, kNone);
  defined_by_.resize(n, kNone);
  next_.resize(program_.num_slots(), kNone);
}

Engine::Mark Engine::mark() {
  const Mark m{trail_.size(),       active_.size(), vars_.size(),
               definitions_.size(), level_,         failed_};
  level_ = ++next_level_;
  return m;
}

void Engine::undo(const Mark& m) {
  clear_queue();
  while (trail_.size() > m.trail) {
    const Saved& s = trail_.back();
    doms_[s.cell] = s.dom;
    stamps_[s.cell] = s.stamp;
    if (following_ && program_.cell(s.cell).kind == Kind::kVar)
      changes_.push_back(s.cell);
    trail_.pop_back();
  }
  deactivate_to(m.active);
  vars_.resize(m.vars);
  while (definitions_.size() > m.definitions) {
    flags_[definitions_.back()] &= static_cast<uint8_t>(~kDefined);
    definitions_.pop_back();
  }
  level_ = m.stamp;
  failed_ = m.failed;
}

// Adds c to what was visited, if it may pass a change on.
void Engine::visit_tied(CellId c, bool given) {
  const Kind kind = program_.cell(c).kind;
  if ((flags_[c] & kSeen) || kind == Kind::kConst) return;
  if (!given && kind == Kind::kVar && doms_[c].fixed()) return;
  flags_[c] |= kSeen;
  visited_.push_back(c);
}

// Visits all that is tied to what was visited from number `from` on; the open variables.
void Engine::collect_tied(size_t from, std::vector<CellId>& variables) {
  for (size_t i = from; i < visited_.size(); ++i) {
    const CellId c = visited_[i];
    if (program_.cell(c).kind == Kind::kVar && !doms_[c].fixed()) variables.push_back(c);
    for (const CellId a : program_.args(c)) visit_tied(a, false);
    for (SlotId s = users_[c]; s != kNone; s = next_[s]) {
      visit_tied(program_.owner(s), false);
    }
  }
}

void Engine::component(std::vector<CellId>& cells) {
  sync();
  visited_.clear();
  for (const CellId c : cells) visit_tied(c, true);
  cells.clear();
  collect_tied(0, cells);
  for (const CellId c : visited_) flags_[c] &= static_cast<uint8_t>(~kSeen);
  std::ranges::sort(cells);
}

std::vector<std::vector<CellId>> Engine::components() {
  sync();
  visited_.clear();
  std::vector<uint32_t> component_of(program_.size(), kNone);
  uint32_t count = 0;
  std::vector<CellId> tied;
  for (const CellId v : vars_) {
    if (doms_[v].fixed() || component_of[v] != kNone) continue;
    const size_t from = visited_.size();
    visit_tied(v, true);
    tied.clear();
    collect_tied(from, tied);
    for (const CellId c : tied) component_of[c] = count;
    ++count;
  }
  for (const CellId c : visited_) flags_[c] &= static_cast<uint8_t>(~kSeen);
  std::vector<std::vector<CellId>> all(count);
  for (const CellId v : vars_) {
    if (component_of[v] != kNone) all[component_of[v]].push_back(v);
  }
  return all;
}

// Makes c and all below it active, operands first, so that the first pass over the queue
// is one forward evaluation.
void Engine::activate(CellId root) {
  sync();
  if (flags_[root] & kActive) return;
  stack_.assign(1, root);
  while (!stack_.empty()) {
    const CellId c = stack_.back();
    if (flags_[c] & kActive) {
      stack_.pop_back();
      continue;
    }
    const size_t before = stack_.size();
    for (const CellId a : program_.args(c)) {
      if (!(flags_[a] & kActive)) stack_.push_back(a);
    }
    // Operands first; in reverse on the stack, so that they come in their order.
    std::reverse(stack_.begin() + static_cast<std::ptrdiff_t>(before), stack_.end());
    if (stack_.size() > before) continue;
    stack_.pop_back();
    flags_[c] |= kActive;
    active_.push_back(c);
    const Cell& x = program_.cell(c);
    for (SlotId s = x.first; s < x.first + x.n; ++s) {
      SlotId& head = users_[program_.args(c)[s - x.first]];
      next_[s] = head;
      head = s;
    }
    if (x.kind == Kind::kVar) {
      vars_.push_back(c);
      sizes_dirty_ = true;
    }
    if (is_operator(x.kind)) enqueue(c);
    // A question is asked about points at which no divisor is 0.
    if (x.kind == Kind::kDiv && !set_nonzero(program_.args(c)[1])) failed_ = true;
  }
}

void Engine::deactivate_to(size_t active) {
  while (active_.size() > active) {
    const CellId c = active_.back();
    active_.pop_back();
    flags_[c] &= static_cast<uint8_t>(~kActive);
    const Cell& x = program_.cell(c);
    for (SlotId s = x.first + x.n; s > x.first; --s) {
      users_[program_.args(c)[s - 1 - x.first]] = next_[s - 1];
    }
  }
}

bool Engine::is_size(CellId c) const {
  const Cell& x = program_.cell(c);
  return x.kind == Kind::kVar && !x.boolean && x.node->op == Op::kSymbol;
}

// ---- Domains

void Engine::save(CellId c) {
  if (stamps_[c] == level_) return;
  trail_.push_back({doms_[c], stamps_[c], c});
  stamps_[c] = level_;
}

void Engine::enqueue(CellId c) {
  if (flags_[c] & kQueued) return;
  flags_[c] |= kQueued;
  queue_.push_back(c);
}

void Engine::wake(CellId c) {
  changed_ = true;
  for (SlotId s = users_[c]; s != kNone; s = next_[s]) enqueue(program_.owner(s));
  const Kind kind = program_.cell(c).kind;
  if (is_operator(kind)) {
    if (flags_[c] & kActive) enqueue(c);
  } else {
    sizes_dirty_ = true;
    if (following_) changes_.push_back(c);
  }
}

void Engine::clear_queue() {
  for (size_t i = queue_head_; i < queue_.size(); ++i) {
    flags_[queue_[i]] &= static_cast<uint8_t>(~kQueued);
  }
  queue_.clear();
  queue_head_ = 0;
}

bool Engine::raise(CellId c, int64_t v) {
  Dom& d = doms_[c];
  v = std::min(v, kInf);
  if (v <= d.lo) return true;
  const int64_t asked = v;
  if (v < kInf) {
    if (d.mod > 1) v += floor_mod64(static_cast<int64_t>(d.rem) - v, d.mod);
    if (v == 0 && d.nonzero) v += d.mod;
    v = std::min(v, kInf);
  }
  if (v > d.hi) return false;
  rounded_ |= v != asked;
  save(c);
  d.lo = v;
  wake(c);
  return true;
}

bool Engine::lower(CellId c, int64_t v) {
  Dom& d = doms_[c];
  v = std::max(v, -kInf);
  if (v >= d.hi) return true;
  const int64_t asked = v;
  if (v > -kInf) {
    if (d.mod > 1) v -= floor_mod64(v - static_cast<int64_t>(d.rem), d.mod);
    if (v == 0 && d.nonzero) v -= d.mod;
    v = std::max(v, -kInf);
  }
  if (v < d.lo) return false;
  rounded_ |= v != asked;
  save(c);
  d.hi = v;
  wake(c);
  return true;
}

bool Engine::set_nonzero(CellId c) {
  Dom& d = doms_[c];
  if (d.nonzero) return true;
  // Beside 0 the flag says nothing, and nobody needs to know.
  if (d.lo > 0 || d.hi < 0) return true;
  save(c);
  d.nonzero = true;
  if (d.lo == 0) {
    d.lo = d.mod;
    if (d.lo > d.hi) return false;
  }
  if (d.hi == 0) {
    d.hi = -static_cast<int64_t>(d.mod);
    if (d.lo > d.hi) return false;
  }
  wake(c);
  return true;
}

bool Engine::set_congruence(CellId c, Cong x) {
  if (x.mod == 1) return true;
  Dom& d = doms_[c];
  if (d.fixed()) return floor_mod64(d.lo, x.mod) == x.rem;
  if (x.mod > kMaxModulus) return true;
  int64_t mod = x.mod, rem = x.rem;
  if (d.mod > 1) {
    const auto g = static_cast<int64_t>(gcd64(d.mod, static_cast<uint64_t>(mod)));
    if ((static_cast<int64_t>(d.rem) - rem) % g != 0) return false;
    if (g == mod) return true;  // nothing new
    if (g != static_cast<int64_t>(d.mod)) {
      // rem + mod * t ≡ d.rem (mod d.mod)
      if (mod / g > kMaxModulus / d.mod) {
        if (mod <= static_cast<int64_t>(d.mod)) return true;
      } else {
        Cong t{};
        if (!solve_congruence(mod, static_cast<int64_t>(d.rem) - rem, d.mod, &t))
          return false;
        rem += mod * t.rem;
        mod = mod / g * d.mod;
        rem %= mod;
      }
    }
  }
  save(c);
  d.mod = static_cast<uint32_t>(std::min(mod, kMaxModulus));
  d.rem = static_cast<uint32_t>(rem);
  if (d.lo > -kInf && d.lo < kInf) {
    d.lo += floor_mod64(static_cast<int64_t>(d.rem) - d.lo, d.mod);
    if (d.lo == 0 && d.nonzero) d.lo += d.mod;
    d.lo = std::min(d.lo, kInf);
  }
  if (d.hi < kInf && d.hi > -kInf) {
    d.hi -= floor_mod64(d.hi - static_cast<int64_t>(d.rem), d.mod);
    if (d.hi == 0 && d.nonzero) d.hi -= d.mod;
    d.hi = std::max(d.hi, -kInf);
  }
  rounded_ = true;
  if (d.lo > d.hi) return false;
  wake(c);
  return true;
}

// ---- The queue

bool Engine::propagate(Budget& budget) {
  if (failed_) {
    clear_queue();
    return false;
  }
  int64_t runs = kMinRuns + kRunsPerCell * static_cast<int64_t>(active_.size());
  size_t wave_end = queue_.size();
  bool ascending = false;
  while (true) {
    while (queue_head_ < queue_.size()) {
      if (queue_head_ == wave_end) {
        wave_end = queue_.size();
        if (wave_end - queue_head_ > kLongWave)
          sort_wave(std::exchange(ascending, !ascending));
      }
      const CellId c = queue_[queue_head_++];
      changed_ = rounded_ = false;
      const bool fine = run(c);
      flags_[c] &= static_cast<uint8_t>(~kQueued);
      const int64_t cost = 1 + program_.cell(c).n / 4;
      runs -= cost;
      if (!fine) {
        failed_ = true;
        clear_queue();
        return false;
      }
      // A sum reaches its own fixpoint in one run unless an end was rounded.
      if (changed_ && (rounded_ || program_.cell(c).kind != Kind::kSum)) enqueue(c);
      if (!budget.charge(cost) || runs < 0) {
        clear_queue();
        return true;
      }
    }
    queue_.clear();
    queue_head_ = wave_end = 0;
    if (!sizes_dirty_ || cap_ >= kInf) return true;
    sizes_dirty_ = false;
    if (!cap_sizes(budget)) {
      failed_ = true;
      clear_queue();
      return false;
    }
  }
}

// What is left in the queue.
void Engine::sort_wave(bool ascending) {
  const auto wave = std::span(queue_).subspan(queue_head_);
  if (ascending) {
    std::ranges::sort(wave);
  } else {
    std::ranges::sort(wave, std::greater<>());
  }
}

bool Engine::run(CellId c) {
  switch (program_.cell(c).kind) {
    case Kind::kConst:
    case Kind::kVar:
      return true;
    case Kind::kSum:
      return run_sum(c);
    case Kind::kProduct:
      return run_product(c);
    case Kind::kDiv:
      return run_div(c);
    case Kind::kMod:
      return run_mod(c);
    case Kind::kMin:
      return run_extreme(c, -1);
    case Kind::kMax:
      return run_extreme(c, 1);
    case Kind::kSelect:
      return run_select(c);
    case Kind::kAnd:
      return run_and(c);
    default:
      return run_logic(c);
  }
}

}  // namespace congrua::guard::search
