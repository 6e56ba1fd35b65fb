// Which entries can never be found.
//
// A row at which the entry holds either finds it, or an entry ahead of it that holds
// there, too. That entry's guards are negated, and the next row is looked for outside of
// it; when there is none, the entries that were met with cover the one in question.
#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "base/budget.h"
#include "cache/explain.h"
#include "cache/program_expr.h"
#include "congrua/guard.h"
#include "guard/solve.h"

namespace congrua::cache::internal {

namespace {

bool all_hold(const Program& p, const Word* row) {
  return p.all_of([&](const Test& t) { return holds(t, p, row); });
}

class Reviewer {
 public:
  Reviewer(const Schema& schema, std::span<const EntryView> entries,
           const ReviewOptions& options)
      : schema_(schema),
        entries_(entries),
        options_(options),
        translator_(schema, pool_) {}

  Review review(size_t which) {
    Review out;
    find_cover(which, out);
    if (out.covered_by.empty()) find_hidden(which, out);
    return out;
  }

 private:
  // Propositions that follow from the entry's tests: those that are not partial.
  std::vector<Expr> facts_of(const Program& p) {
    std::vector<Expr> facts;
    p.all_of([&](const Test& t) {
      if (is_partial(t, p)) return true;
      if (const std::optional<Expr> e = translator_.test(p, t)) facts.push_back(*e);
      return true;
    });
    return facts;
  }

  // Propositions that say no less than the entry: where they are true, it holds.
  // nullopt: there are none.
  std::optional<std::vector<Expr>> sufficient(const EntryView& entry) {
    // What it costs may depend on the row: another one may be found in its place.
    if (entry.host != nullptr || entry.cost != nullptr) return std::nullopt;
    std::vector<Expr> parts;
    const bool all = entry.program->all_of([&](const Test& t) {
      if (is_partial(t, *entry.program)) return false;
      const std::optional<Expr> e = translator_.test(*entry.program, t);
      if (e) parts.push_back(*e);
      return e.has_value();
    });
    if (!all) return std::nullopt;
    return parts;
  }

  void find_cover(size_t which, Review& out) {
    const EntryView& entry = entries_[which];
    std::vector<Expr> asserts = facts_of(*entry.program);
    std::vector<EntryId> covers;
    while (covers.size() <= options_.entries) {
      Budget budget(options_.steps);
      const guard::SolveResult r = guard::solve(pool_, asserts, budget, false);
      if (r.status == guard::Status::kUnsat) {
        out.covered_by = covers.empty() ? std::vector<EntryId>{entry.id} : covers;
        return;
      }
      if (r.status != guard::Status::kSat) return;
      std::vector<Word> row(schema_.size());
      for (const auto& [symbol, value] : r.model) {
        const std::optional<int64_t> v = value.to_int64();
        if (!v || !translator_.set(row, symbol, *v)) return;
      }
      // Partial tests were left out.
      if (!all_hold(*entry.program, row.data())) return;
      bool blocked = false;
      for (size_t i = 0; i < which; ++i) {
        if (entries_[i].host != nullptr || entries_[i].cost != nullptr ||
            !all_hold(*entries_[i].program, row.data())) {
          continue;
        }
        blocked = true;
        const auto parts = sufficient(entries_[i]);
        if (!parts) return;  // it would be met with again and again
        asserts.push_back(!pool_.conjunction(*parts));
        covers.push_back(entries_[i].id);
        break;
      }
      if (!blocked) {
        // Costs that are terms may choose another one.
        Chosen chosen;
        for (const EntryView& e : entries_) {
          if (e.host == nullptr && all_hold(*e.program, row.data())) {
            chosen.take(e, row.data());
          }
        }
        if (entry.host == nullptr && chosen.entry() != &entry) return;
        out.witness = std::move(row);
        return;
      }
    }
  }

  // The interval of each field that an entry tests, holes left out.
  using Box = absl::flat_hash_map<uint32_t, std::pair<int64_t, int64_t>>;
  static Box box_of(const Program& p) {
    Box box;
    p.all_of([&](const Test& t) {
      if (t.kind != TestKind::kRange && t.kind != TestKind::kFloat) return true;
      const auto last = static_cast<int64_t>(static_cast<uint64_t>(t.a) + t.d);
      if (last < t.a) return true;
      const uint32_t key = t.x + (t.kind == TestKind::kFloat ? 1u << 16 : 0u);
      const auto [at, is_new] = box.try_emplace(key, t.a, last);
      if (!is_new) {
        at->second.first = std::max(at->second.first, t.a);
        at->second.second = std::min(at->second.second, last);
      }
      return true;
    });
    return box;
  }

  // Entries behind it whose intervals lie in its own are compared in depth.
  void find_hidden(size_t which, Review& out) {
    const auto parts = sufficient(entries_[which]);
    if (!parts) return;
    const Box box = box_of(*entries_[which].program);
    size_t compared = 0;
    for (size_t i = which + 1; i < entries_.size(); ++i) {
      if (compared == options_.entries) return;
      const Box theirs = box_of(*entries_[i].program);
      const bool inside = std::ranges::all_of(box, [&](const auto& field) {
        const auto at = theirs.find(field.first);
        return at != theirs.end() && at->second.first >= field.second.first &&
               at->second.second <= field.second.second;
      });
      if (!inside) continue;
      ++compared;
      Facts facts(pool_);
      for (const Expr e : facts_of(*entries_[i].program)) {
        if (!facts.add(e).ok()) break;  // contradictory: all follows
      }
      const bool follows = std::ranges::all_of(*parts, [&](Expr e) {
        return facts.decide(e, {.steps = options_.steps, .explain = false}).truth ==
               Truth::kTrue;
      });
      if (follows) out.hides.push_back(entries_[i].id);
    }
  }

  const Schema& schema_;
  const std::span<const EntryView> entries_;
  const ReviewOptions& options_;
  ExprPool pool_;
  Translator translator_;
};

}  // namespace

Review review(const Schema& schema, std::span<const EntryView> entries, size_t which,
              const ReviewOptions& options) {
  return Reviewer(schema, entries, options).review(which);
}

}  // namespace congrua::cache::internal
