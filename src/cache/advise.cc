#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "absl/container/flat_hash_map.h"
#include "cache/cover.h"
#include "cache/explain.h"
#include "cache/program_expr.h"
#include "congrua/cache_advise.h"
#include "congrua/guard.h"
#include "congrua/text.h"

namespace congrua::cache {

namespace {

using internal::Program;
using internal::Relation;
using internal::Test;
using internal::TestKind;
using internal::Translator;

bool all_hold(const Program& p, const Word* row) {
  return p.all_of([&](const Test& t) { return holds(t, p, row); });
}

// A dimension that was static.
bool is_pin(const Schema& schema, const Test& t) {
  return t.is_equality() && schema.field(t.x).kind == FieldKind::kSize;
}

bool reads(const Program& p, const Test& t, uint16_t field) {
  switch (t.kind) {
    case TestKind::kFalse:
      return false;
    case TestKind::kCode:
      return std::ranges::any_of(std::span(p.code).subspan(static_cast<size_t>(t.a), t.d),
                                 [&](const internal::CodeStep& s) {
                                   return (s.op == internal::CodeOp::kField ||
                                           s.op == internal::CodeOp::kBool) &&
                                          s.imm == field;
                                 });
    case TestKind::kLinear:
    case TestKind::kProduct:
      return t.x == field || t.y == field;
    default:
      return t.x == field;
  }
}

class Adviser {
 public:
  Adviser(const Schema& schema, std::span<const AdviseEntry> entries,
          std::span<const std::vector<Word>> rows, const AdviseOptions& options)
      : schema_(schema),
        entries_(entries),
        rows_(rows),
        options_(options),
        questions_(options.questions),
        translator_(schema, pool_) {}

  Advice run() {
    out_.calls = rows_.size();
    choose_versions();
    find_recompilations();
    find_subsumed();
    return std::move(out_);
  }

 private:
  // ---- Versions

  // Rows that are equal are one, with the number of their calls.
  struct Distinct {
    std::vector<size_t> calls;
  };

  void choose_versions() {
    absl::flat_hash_map<std::vector<Word>, size_t> seen;
    std::vector<Distinct> distinct;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const auto [at, is_new] = seen.emplace(rows_[i], distinct.size());
      if (is_new) distinct.emplace_back();
      distinct[at->second].calls.push_back(i);
    }
    // The call that each entry was made for, as far as the log tells.
    std::vector<const Word*> made_for(entries_.size());
    std::vector<std::vector<char>> exact(distinct.size());
    for (size_t d = 0; d < distinct.size(); ++d) {
      const Word* row = rows_[distinct[d].calls[0]].data();
      bool first = true;
      for (const AdviseEntry& e : entries_) {
        exact[d].push_back(all_hold(*e.program, row) ? 1 : 0);
        const Word*& made = made_for[exact[d].size() - 1];
        if (exact[d].back() != 0 && first) {
          if (made == nullptr) ++out_.entries_used;
          if (made == nullptr) made = row;
          first = false;
        }
      }
    }
    std::vector<internal::CoverSet> sets(entries_.size());
    std::vector<uint64_t> weights;
    std::vector<const Distinct*> served;  // by an entry at least
    for (size_t d = 0; d < distinct.size(); ++d) {
      const Word* row = rows_[distinct[d].calls[0]].data();
      bool any = false;
      for (size_t e = 0; e < entries_.size(); ++e) {
        if (exact[d][e] == 0 && !serves_without_pins(e, made_for[e], row)) continue;
        any = true;
        sets[e].push_back(weights.size());
      }
      if (any) {
        weights.push_back(distinct[d].calls.size());
        served.push_back(&distinct[d]);
      } else {
        out_.unserved.insert(out_.unserved.end(), distinct[d].calls.begin(),
                             distinct[d].calls.end());
      }
    }
    std::ranges::sort(out_.unserved);
    const std::vector<size_t> chosen =
        internal::cover(sets, weights, options_.versions, options_.search);
    std::vector<char> taken(weights.size());
    for (const size_t e : chosen) {
      VersionAdvice v;
      v.like = entries_[e].id;
      for (const size_t d : sets[e]) {
        if (taken[d] != 0) continue;
        taken[d] = 1;
        v.calls.insert(v.calls.end(), served[d]->calls.begin(), served[d]->calls.end());
      }
      if (v.calls.empty()) continue;
      std::ranges::sort(v.calls);
      out_.served += v.calls.size();
      describe(v);
      out_.versions.push_back(std::move(v));
    }
    std::ranges::stable_sort(out_.versions, std::greater<>(),
                             [](const VersionAdvice& v) { return v.calls.size(); });
  }

  // Its own decisions are right at the row, and what other entries decide by a field that
  // it pins is the same there as at the call that it was made for: had the field been
  // dynamic, it would have decided that, too.
  bool serves_without_pins(size_t entry, const Word* made_for, const Word* row) const {
    if (made_for == nullptr) return false;
    const Program& p = *entries_[entry].program;
    std::vector<uint16_t> freed;
    const bool own = p.all_of([&](const Test& t) {
      if (holds(t, p, row)) return true;
      if (!is_pin(schema_, t)) return false;
      freed.push_back(t.x);
      return true;
    });
    if (!own) return false;
    return std::ranges::all_of(entries_, [&](const AdviseEntry& other) {
      const Program& q = *other.program;
      return q.all_of([&](const Test& t) {
        const bool concerns =
            !is_pin(schema_, t) && std::ranges::any_of(freed, [&](uint16_t field) {
              return reads(q, t, field);
            });
        return !concerns || holds(t, q, row) == holds(t, q, made_for);
      });
    });
  }

  void describe(VersionAdvice& v) const {
    const std::vector<Word>& first = rows_[v.calls[0]];
    for (size_t f = 0; f < schema_.size(); ++f) {
      FieldAdvice a{.field = f, .lowest = first[f], .greatest = first[f]};
      a.is_static =
          std::ranges::all_of(v.calls, [&](size_t c) { return rows_[c][f] == first[f]; });
      if (!a.is_static && schema_.field(f).kind == FieldKind::kSize) {
        describe_size(v, a);
        for (size_t g = 0; g < f && !a.equal_to; ++g) {
          if (schema_.field(g).kind != FieldKind::kSize) continue;
          const bool equal = std::ranges::all_of(
              v.calls, [&](size_t c) { return rows_[c][f] == rows_[c][g]; });
          if (equal) a.equal_to = g;
        }
      }
      v.fields.push_back(a);
    }
  }

  void describe_size(const VersionAdvice& v, FieldAdvice& a) const {
    const auto value = [&](size_t c) { return static_cast<int64_t>(rows_[c][a.field]); };
    const auto [lo, hi] =
        std::ranges::minmax(v.calls, {}, [&](size_t c) { return value(c); });
    a.lowest = rows_[lo][a.field];
    a.greatest = rows_[hi][a.field];
    uint64_t m = 0;  // differences from the lowest, unsigned: exact
    for (const size_t c : v.calls) m = std::gcd(m, rows_[c][a.field] - a.lowest);
    if (m < 2 || m > static_cast<uint64_t>(INT64_MAX)) return;
    a.modulus = static_cast<int64_t>(m);
    const int64_t r = value(lo) % a.modulus;
    a.residue = r < 0 ? r + a.modulus : r;
  }

  // ---- Recompilations

  void find_recompilations() {
    std::vector<char> made(entries_.size());
    if (!entries_.empty()) made[0] = 1;  // the first is compiled for want of any
    for (size_t c = 0; c < rows_.size(); ++c) {
      const Word* row = rows_[c].data();
      size_t e = 0;
      while (e < entries_.size() && !all_hold(*entries_[e].program, row)) ++e;
      if (e == entries_.size() || made[e] != 0) continue;
      made[e] = 1;
      std::vector<internal::EntryView> before;
      for (size_t i = 0; i < e; ++i) {
        before.push_back({entries_[i].id, entries_[i].program, nullptr, nullptr});
      }
      const Explanation why = internal::explain(schema_, before, row, {.nearest = 1});
      if (why.nearest.empty()) continue;
      Recompilation r{c, entries_[e].id, why.nearest[0], {}};
      const auto near =
          std::ranges::find(entries_, r.nearest.id, &AdviseEntry::id) - entries_.begin();
      r.weaker = weaker_guard(static_cast<size_t>(near), e, r.nearest, row);
      out_.recompilations.push_back(std::move(r));
    }
  }

  // nullopt: it may divide by zero, or cannot be said.
  std::optional<std::vector<Expr>> propositions(const Program& p, uint32_t without) {
    std::vector<Expr> out;
    const bool all = p.all_of([&](const Test& t) {
      if (t.guard == without) return true;
      if (internal::is_partial(t, p)) return false;
      const std::optional<Expr> e = translator_.test(p, t);
      if (e) out.push_back(*e);
      return e.has_value();
    });
    if (!all) return std::nullopt;
    return out;
  }

  // Whether the facts, of which some may contradict others, entail all goals.
  bool entails(std::span<const Expr> facts, std::span<const Expr> goals) {
    Facts known(pool_);
    for (const Expr f : facts) {
      if (!known.add(f).ok()) return true;
    }
    for (const Expr g : goals) {
      if (questions_ == 0) return false;
      --questions_;
      if (known.decide(g, {.steps = options_.steps, .explain = false}).truth !=
          Truth::kTrue) {
        return false;
      }
    }
    return true;
  }

  // Sizes for which a guard in place of one that failed might do: the hull of both, with
  // what they have in common.
  std::vector<Expr> candidates(const Program& p, const Program& q, uint32_t guard) {
    struct Hull {
      int64_t lo = INT64_MIN, hi = INT64_MAX;
    };
    const auto hull = [](const Program& of, uint16_t field) {
      Hull h;
      of.all_of([&](const Test& t) {
        if (t.kind != TestKind::kRange || t.x != field) return true;
        const auto last = static_cast<int64_t>(static_cast<uint64_t>(t.a) + t.d);
        if (last < t.a) return true;
        h.lo = std::max(h.lo, t.a);
        h.hi = std::min(h.hi, last);
        return true;
      });
      return h;
    };
    std::vector<Expr> out;
    p.all_of([&](const Test& t) {
      const bool one_size = (t.kind == TestKind::kRange || t.kind == TestKind::kMod) &&
                            schema_.field(t.x).kind == FieldKind::kSize;
      if (t.guard != guard || !one_size || !out.empty()) return true;
      const Expr x = pool_.symbol(schema_.field(t.x).name);
      const Hull a = hull(p, t.x);
      const Hull b = hull(q, t.x);
      std::vector<Expr> parts;
      const int64_t lo = std::min(a.lo, b.lo);
      const int64_t hi = std::max(a.hi, b.hi);
      if (lo != INT64_MIN) parts.push_back(ge(x, pool_.constant(lo)));
      if (hi != INT64_MAX) parts.push_back(le(x, pool_.constant(hi)));
      out.push_back(pool_.conjunction(parts));
      if (a.lo == a.hi && b.lo == b.hi && a.lo != b.lo) {
        const std::vector<Expr> two = {eq(x, pool_.constant(a.lo)),
                                       eq(x, pool_.constant(b.lo))};
        out.push_back(pool_.disjunction(two));
      }
      return true;
    });
    // The other entry's own say in its place.
    const auto mine = propositions_of_guard(p, guard);
    const auto theirs = propositions(q, UINT32_MAX);
    if (mine && theirs) {
      const std::vector<Expr> either = {pool_.conjunction(*mine),
                                        pool_.conjunction(*theirs)};
      out.push_back(pool_.disjunction(either));
    }
    return out;
  }

  std::optional<std::vector<Expr>> propositions_of_guard(const Program& p,
                                                         uint32_t guard) {
    std::vector<Expr> out;
    const bool all = p.all_of([&](const Test& t) {
      if (t.guard != guard) return true;
      if (internal::is_partial(t, p)) return false;
      const std::optional<Expr> e = translator_.test(p, t);
      if (e) out.push_back(*e);
      return e.has_value();
    });
    if (!all || out.empty()) return std::nullopt;
    return out;
  }

  // With the guard replaced by h the entry holds at the row, and wherever it then holds,
  // it held before or the other entry does: both have one code.
  std::string weaker_guard(size_t near, size_t made, const NearEntry& failed,
                           const Word* row) {
    const AdviseEntry& a = entries_[near];
    const AdviseEntry& b = entries_[made];
    if (a.code.empty() || a.code != b.code || failed.failing != 1) return {};
    const auto guard = static_cast<uint32_t>(failed.guard);
    const auto others = propositions(*a.program, guard);
    const auto mine = propositions_of_guard(*a.program, guard);
    const auto theirs = propositions(*b.program, UINT32_MAX);
    if (!others || !mine || !theirs) return {};
    for (const Expr h : candidates(*a.program, *b.program, guard)) {
      std::vector<Expr> facts = *others;
      facts.push_back(h);
      facts.push_back(!pool_.conjunction(*mine));
      if (!entails(facts, *theirs)) continue;
      if (!holds_at(h, row)) continue;
      return to_string(h);
    }
    return {};
  }

  bool holds_at(Expr h, const Word* row) {
    const auto program = GuardProgram::compile(schema_, {.conditions = {h}});
    return program.ok() && program->check({row, schema_.size()});
  }

  // ---- Subsumption

  void find_subsumed() {
    std::vector<char> gone(entries_.size());
    for (size_t general = 0; general < entries_.size(); ++general) {
      if (gone[general] != 0) continue;
      const auto goals = propositions(*entries_[general].program, UINT32_MAX);
      if (!goals) continue;
      for (size_t e = 0; e < entries_.size(); ++e) {
        if (e == general || gone[e] != 0 || questions_ == 0) continue;
        const auto facts = total_propositions(*entries_[e].program);
        if (!entails(facts, *goals)) continue;
        gone[e] = 1;
        out_.subsumed.emplace_back(entries_[e].id, entries_[general].id);
      }
    }
    std::ranges::sort(out_.subsumed);
  }

  // What follows from the tests: those that are not partial.
  std::vector<Expr> total_propositions(const Program& p) {
    std::vector<Expr> out;
    p.all_of([&](const Test& t) {
      if (internal::is_partial(t, p)) return true;
      if (const std::optional<Expr> e = translator_.test(p, t)) out.push_back(*e);
      return true;
    });
    return out;
  }

  const Schema& schema_;
  const std::span<const AdviseEntry> entries_;
  const std::span<const std::vector<Word>> rows_;
  const AdviseOptions& options_;
  size_t questions_;
  ExprPool pool_;
  Translator translator_;
  Advice out_;
};

}  // namespace

Advice advise(const Schema& schema, std::span<const AdviseEntry> entries,
              std::span<const std::vector<Word>> rows, const AdviseOptions& options) {
  return Adviser(schema, entries, rows, options).run();
}

std::string Advice::to_string(const Schema& schema) const {
  std::string out =
      fmt::format("{} version{} serve{} {} of {} calls; {} entr{} did\n", versions.size(),
                  versions.size() == 1 ? "" : "s", versions.size() == 1 ? "s" : "",
                  served, calls, entries_used, entries_used == 1 ? "y" : "ies");
  const auto value = [&](const FieldAdvice& a, Word w) {
    switch (schema.field(a.field).kind) {
      case FieldKind::kBool:
        return std::string(w != 0 ? "true" : "false");
      case FieldKind::kFloat:
        return fmt::format("{}", std::bit_cast<double>(w));
      case FieldKind::kTag:
        return std::to_string(w);
      case FieldKind::kSize:
        break;
    }
    return std::to_string(static_cast<int64_t>(w));
  };
  for (size_t i = 0; i < versions.size(); ++i) {
    const VersionAdvice& v = versions[i];
    out += fmt::format("version {}, as entry {}, {} call{}\n", i + 1, v.like,
                       v.calls.size(), v.calls.size() == 1 ? "" : "s");
    for (const FieldAdvice& a : v.fields) {
      out += fmt::format("  {}: ", schema.field(a.field).name);
      if (a.is_static) {
        out += "static " + value(a, a.lowest);
      } else if (a.equal_to) {
        out += "equal to " + schema.field(*a.equal_to).name;
      } else if (schema.field(a.field).kind != FieldKind::kSize) {
        out += "dynamic";
      } else {
        out +=
            fmt::format("dynamic in [{}, {}]", value(a, a.lowest), value(a, a.greatest));
        if (a.modulus > 1 && a.residue == 0) {
          out += fmt::format(", a multiple of {}", a.modulus);
        } else if (a.modulus > 1) {
          out += fmt::format(", {} modulo {}", a.residue, a.modulus);
        }
      }
      out += "\n";
    }
  }
  for (const size_t c : unserved) out += fmt::format("call {} has no entry\n", c + 1);
  for (const Recompilation& r : recompilations) {
    const NearEntry& n = r.nearest;
    out +=
        fmt::format("call {} forced entry {}: entry {}: {}{}{} fails{}{}\n", r.call + 1,
                    r.entry, n.id, n.position, n.position.empty() ? "" : ": ", n.text,
                    n.values.empty() ? "" : ": ", n.values);
    if (!r.weaker.empty()) out += fmt::format("  valid with {}\n", r.weaker);
  }
  for (const auto& [entry, by] : subsumed) {
    out += fmt::format("entry {} is subsumed by entry {}\n", entry, by);
  }
  return out;
}

}  // namespace congrua::cache
