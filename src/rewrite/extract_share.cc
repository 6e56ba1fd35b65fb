// Passes that make terms share what they compute; see extract_terms.h.
#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "rewrite/extract_terms.h"

namespace congrua::rewrite {

namespace {

constexpr size_t kMaxParts = 24;  // pairs of longer terms are not looked at
constexpr size_t kMaxFlat = 64;   // what is made by writing out is no longer than this

bool is_list(ViewOp op) {
  return op == ViewOp::kSum || op == ViewOp::kProduct || op == ViewOp::kMin ||
         op == ViewOp::kMax || op == ViewOp::kAnd || op == ViewOp::kOr;
}

}  // namespace

std::vector<TermId> Terms::rebuild(std::span<const TermId> roots,
                                   const Definitions& changed) {
  std::vector<TermId> fresh(terms_.size(), kNoView);
  std::vector<TermId> stack(roots.begin(), roots.end());
  while (!stack.empty()) {
    const TermId t = stack.back();
    if (fresh[t] != kNoView) {
      stack.pop_back();
      continue;
    }
    const auto it = changed.find(t);
    Written w = it == changed.end() ? terms_[t] : it->second;
    const size_t before = stack.size();
    for (Part& p : w.parts) {
      if (p.term == kNoView) continue;
      if (fresh[p.term] == kNoView) {
        stack.push_back(p.term);
      } else {
        p.term = fresh[p.term];
      }
    }
    if (stack.size() > before) continue;
    stack.pop_back();
    fresh[t] = add(std::move(w));
  }
  std::vector<TermId> out;
  for (const TermId r : roots) out.push_back(fresh[r]);
  return out;
}

std::vector<TermId> Terms::share_quotients(std::span<const TermId> roots) {
  const std::vector<bool> in = reached(roots);
  Definitions changed;
  const auto count = static_cast<TermId>(in.size());
  for (TermId t = 0; t < count; ++t) {
    if (!in[t] || terms_[t].op != ViewOp::kFloorMod) continue;
    const TermId operands[] = {terms_[t].parts[0].term, terms_[t].parts[1].term};
    const auto quotient = find(ViewOp::kFloorDiv, operands);
    if (!quotient || *quotient >= count || !in[*quotient]) continue;
    const Written& by = terms_[operands[1]];
    // Not where the remainder is one operation.
    if (by.op == ViewOp::kInt && own_weight(t) <= 2) continue;
    Written w{ViewOp::kSum, nullptr, {{Int(1), operands[0]}}};
    if (by.op == ViewOp::kInt) {
      w.parts.push_back({-by.parts[0].coef, *quotient});
    } else {
      const TermId factors[] = {operands[1], *quotient};
      w.parts.push_back({Int(-1), add(ViewOp::kProduct, factors)});
    }
    changed.emplace(t, std::move(w));
  }
  return rebuild(roots, changed);
}

std::vector<TermId> Terms::flatten(std::span<const TermId> roots) {
  const std::vector<bool> in = reached(roots);
  const std::vector<uint32_t> uses = this->uses(roots);
  Definitions changed;
  for (TermId t = 0; t < in.size(); ++t) {  // parts first
    if (!in[t] || !is_list(terms_[t].op)) continue;
    Written w{terms_[t].op, nullptr, {}};
    bool any = false;
    for (const Part& p : terms_[t].parts) {
      const bool sign = p.coef.is_one() || (w.op == ViewOp::kSum && p.coef == Int(-1));
      if (p.term == kNoView || terms_[p.term].op != w.op || uses[p.term] != 1 || !sign) {
        w.parts.push_back(p);
        continue;
      }
      any = true;
      const auto it = changed.find(p.term);
      const Written& inner = it == changed.end() ? terms_[p.term] : it->second;
      for (const Part& q : inner.parts)
        w.parts.push_back({w.op == ViewOp::kSum ? p.coef * q.coef : q.coef, q.term});
      if (w.parts.size() > kMaxFlat) break;
    }
    if (any && w.parts.size() <= kMaxFlat) changed.emplace(t, std::move(w));
  }
  return rebuild(roots, changed);
}

std::vector<TermId> Terms::share_multiples(std::span<const TermId> roots) {
  const std::vector<bool> in = reached(roots);
  const auto count = static_cast<TermId>(in.size());
  const auto each = [&](auto&& f) {
    for (TermId t = 0; t < count; ++t) {
      if (!in[t] || terms_[t].op != ViewOp::kSum) continue;
      for (size_t i = 0; i < terms_[t].parts.size(); ++i) {
        const Part p = terms_[t].parts[i];
        const Int size = abs(p.coef);
        if (p.term != kNoView && !size.is_one()) f(t, i, Part{size, p.term});
      }
    }
  };
  absl::flat_hash_map<std::pair<Int, TermId>, uint32_t> counts;
  each([&](TermId, size_t, const Part& p) { ++counts[{p.coef, p.term}]; });
  Definitions changed;
  each([&](TermId t, size_t i, const Part& p) {
    if (counts.at({p.coef, p.term}) < 2) return;
    const TermId multiple = add({ViewOp::kSum, nullptr, {p}});
    if (multiple == t) return;
    const auto it = changed.try_emplace(t, terms_[t]).first;
    it->second.parts[i] = {Int(terms_[t].parts[i].coef.sign()), multiple};
  });
  return rebuild(roots, changed);
}

// ---- Pairs

std::pair<Terms::Pattern, Int> Terms::pattern_of(ViewOp op, const Part& a,
                                                 const Part& b) {
  Pattern p{op, a, b};
  if (p.second.term < p.first.term) std::swap(p.first, p.second);
  Int scale(1);
  if (op == ViewOp::kSum) {
    scale = gcd(a.coef, b.coef);
    if (p.first.coef.sign() < 0) scale = -scale;
    p.first.coef = floor_div(p.first.coef, scale);
    p.second.coef = floor_div(p.second.coef, scale);
  } else {
    p.first.coef = p.second.coef = Int(1);
  }
  return {std::move(p), std::move(scale)};
}

Written Terms::replaced(const Written& w, const Pattern& p, const Int& scale,
                        TermId shared) {
  Written out{w.op, w.node, {}};
  bool placed = false;
  for (const Part& x : w.parts) {
    const bool matches = x.term == p.first.term || x.term == p.second.term;
    if (!matches || (w.op == ViewOp::kProduct && !x.coef.is_one())) {
      out.parts.push_back(x);
      if (matches) out.parts.back().coef -= Int(1);
    }
    if (matches && !placed) out.parts.push_back({scale, shared});
    placed |= matches;
  }
  normalize(out);  // what is shared may have been a part before
  return out;
}

bool Terms::share_pairs_once(std::vector<TermId>& roots) {
  struct Found {
    Pattern pattern;
    std::vector<std::pair<TermId, Int>> users;  // and the scale
    uint64_t saved = 0;
  };
  const std::vector<bool> in = reached(roots);
  const auto count = static_cast<TermId>(in.size());
  std::vector<Found> found;
  absl::flat_hash_map<Pattern, size_t> index;
  for (TermId t = 0; t < count; ++t) {
    const Written& w = terms_[t];
    if (!in[t] || !is_list(w.op) || w.parts.size() > kMaxParts) continue;
    for (size_t i = 0; i < w.parts.size(); ++i) {
      for (size_t j = i + 1; j < w.parts.size(); ++j) {
        auto [p, scale] = pattern_of(w.op, w.parts[i], w.parts[j]);
        const auto [it, fresh] = index.try_emplace(p, found.size());
        if (fresh) found.push_back({std::move(p), {}});
        found[it->second].users.emplace_back(t, std::move(scale));
      }
    }
  }
  Definitions changed;
  const auto now = [&](TermId t) -> const Written& {
    const auto it = changed.find(t);
    return it == changed.end() ? terms_[t] : it->second;
  };
  // What sharing the pair saves, as the terms stand now; 0 for a loss.
  const auto saving = [&](const Found& f) -> uint64_t {
    const Written pair{f.pattern.op, nullptr, {f.pattern.first, f.pattern.second}};
    uint64_t before = 0;
    uint64_t after = weight_of(pair);
    for (const auto& [t, scale] : f.users) {
      const Written& w = now(t);
      before += weight_of(w);
      const bool same = w.parts.size() == 2 && std::ranges::all_of(w.parts, [&](auto& x) {
                          return x == f.pattern.first || x == f.pattern.second;
                        });
      if (same) continue;  // the pair itself
      after += weight_of(replaced(w, f.pattern, scale, kNoView - 1));
    }
    return before > after ? before - after : 0;
  };
  for (Found& f : found) f.saved = saving(f);
  std::ranges::stable_sort(found, std::ranges::greater(), &Found::saved);
  for (Found& f : found) {
    if (f.saved == 0) break;
    // Earlier pairs may have taken parts of these.
    std::erase_if(f.users, [&](const auto& user) {
      const Written& w = now(user.first);
      const auto a = std::ranges::find(w.parts, f.pattern.first.term, &Part::term);
      const auto b = std::ranges::find(w.parts, f.pattern.second.term, &Part::term);
      if (a == w.parts.end() || b == w.parts.end()) return true;
      const auto [p, scale] = pattern_of(w.op, *a, *b);
      return !(p == f.pattern && scale == user.second);
    });
    if (saving(f) == 0) continue;
    // In the order of the first user, which is the one of reading.
    const Written& user = now(f.users[0].first);
    const auto place = [&](const Part& p) {
      return std::ranges::find(user.parts, p.term, &Part::term) - user.parts.begin();
    };
    Written pair{f.pattern.op, nullptr, {f.pattern.first, f.pattern.second}};
    if (place(pair.parts[1]) < place(pair.parts[0]))
      std::swap(pair.parts[0], pair.parts[1]);
    const TermId shared = add(std::move(pair));
    for (const auto& [t, scale] : f.users) {
      if (t != shared)
        changed.insert_or_assign(t, replaced(now(t), f.pattern, scale, shared));
    }
  }
  if (changed.empty()) return false;
  roots = rebuild(roots, changed);
  return true;
}

std::vector<TermId> Terms::share_pairs(std::span<const TermId> roots) {
  constexpr int kMaxRounds = 8;  // each makes sums of two out of what the last one made
  std::vector<TermId> best(roots.begin(), roots.end());
  uint64_t least = weight(best);
  std::vector<TermId> now = best;
  for (int round = 0; round < kMaxRounds && share_pairs_once(now); ++round) {
    const uint64_t w = weight(now);
    if (w >= least) break;
    least = w;
    best = now;
  }
  return best;
}

}  // namespace congrua::rewrite
