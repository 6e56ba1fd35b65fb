#include "cache/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "cache/cost.h"
#include "cache/program_expr.h"
#include "congrua/text.h"

namespace congrua::cache::internal {

namespace {

double float_of_key(int64_t key) {
  if (key >= 0) return std::bit_cast<double>(key);
  return -std::bit_cast<double>(0 - static_cast<uint64_t>(key));
}

class Writer {
 public:
  Writer(const Schema& schema, const ExplainOptions& options)
      : schema_(schema), options_(options) {}

  std::string value(uint16_t field, Word w) const {
    switch (schema_.field(field).kind) {
      case FieldKind::kSize:
        return std::to_string(static_cast<int64_t>(w));
      case FieldKind::kBool:
        return w != 0 ? "true" : "false";
      case FieldKind::kFloat:
        return fmt::format("{}", std::bit_cast<double>(w));
      case FieldKind::kTag:
        break;
    }
    return options_.tag != nullptr ? options_.tag(field, w) : std::to_string(w);
  }

  std::string values(const Program& p, const Test& t, const Word* row) const {
    std::vector<uint16_t> fields;
    const auto add = [&fields](uint16_t f) {
      if (std::ranges::find(fields, f) == fields.end()) fields.push_back(f);
    };
    if (t.kind == TestKind::kCode) {
      for (uint64_t i = 0; i < t.d; ++i) {
        const CodeStep& s = p.code[static_cast<size_t>(t.a) + i];
        if (s.op == CodeOp::kField || s.op == CodeOp::kBool) {
          add(static_cast<uint16_t>(s.imm));
        }
      }
    } else if (t.kind != TestKind::kFalse) {
      add(t.x);
      if (t.kind == TestKind::kLinear || t.kind == TestKind::kProduct) add(t.y);
    }
    std::ranges::sort(fields);
    std::string out;
    for (const uint16_t f : fields) {
      out += (out.empty() ? "" : ", ") + schema_.field(f).name + " = " + value(f, row[f]);
    }
    return out;
  }

  std::string text(const Program& p, const Test& t) const {
    switch (t.kind) {
      case TestKind::kFalse:
        return "false";
      case TestKind::kRange:
        return interval(t, [&](int64_t v) { return value(t.x, static_cast<Word>(v)); });
      case TestKind::kFloat:
        return float_text(t);
      case TestKind::kSet: {
        std::string out = name(t.x) + (t.b == 0 ? " in {" : " not in {");
        for (uint64_t i = 0; i < t.d; ++i) {
          out += (i == 0 ? "" : ", ") + value(t.x, p.sets[static_cast<size_t>(t.a) + i]);
        }
        return out + "}";
      }
      default:
        break;
    }
    ExprPool pool;
    const std::optional<Expr> e = Translator(schema_, pool).test(p, t);
    return e ? to_string(*e) : name(t.x);
  }

 private:
  const std::string& name(uint16_t field) const { return schema_.field(field).name; }

  template <typename F>
  std::string interval(const Test& t, F&& write) const {
    const auto last = static_cast<int64_t>(static_cast<uint64_t>(t.a) + t.d);
    if (schema_.field(t.x).kind == FieldKind::kBool) {
      return (t.d == 0 && t.a == 0 ? "not " : "") + name(t.x);
    }
    if (t.d == UINT64_MAX - 1) {
      return name(t.x) + " != " + write(static_cast<int64_t>(static_cast<Word>(t.a) - 1));
    }
    if (t.d == 0) return name(t.x) + " == " + write(last);
    std::string out;
    if (t.a != INT64_MIN) out = write(t.a) + " <= ";
    out += name(t.x);
    if (last != INT64_MAX) out += " <= " + write(last);
    if (last == INT64_MAX && t.a != INT64_MIN) return name(t.x) + " >= " + write(t.a);
    return out;
  }

  // Of keys, whose neighbours are doubles that are neighbours.
  std::string float_text(const Test& t) const {
    constexpr int64_t kInfinityKey = 0x7ff0000000000000;
    const auto last = static_cast<int64_t>(static_cast<uint64_t>(t.a) + t.d);
    const auto write = [](int64_t key) { return fmt::format("{}", float_of_key(key)); };
    if (last < t.a) return name(t.x) + " != " + write(last + 1);
    if (t.d == 0) return name(t.x) + " == " + write(last);
    if (t.a <= -kInfinityKey) return name(t.x) + " <= " + write(last);
    if (last >= kInfinityKey) return name(t.x) + " >= " + write(t.a);
    return write(t.a) + " <= " + name(t.x) + " <= " + write(last);
  }

  const Schema& schema_;
  const ExplainOptions& options_;
};

}  // namespace

void Chosen::take(const EntryView& e, const Word* row) {
  const std::optional<Int> cost =
      e.cost == nullptr ? std::optional<Int>(Int(e.bound)) : cost_at(*e.cost, row);
  if (entry_ != nullptr) {
    if (cost.has_value() != cost_.has_value()) {
      if (!cost) return;
    } else if (cost && !(*cost == *cost_)) {
      if (*cost_ < *cost) return;
    } else if (e.priority != entry_->priority ? e.priority < entry_->priority
                                              : e.id > entry_->id) {
      return;
    }
  }
  entry_ = &e;
  cost_ = cost;
}

Explanation explain(const Schema& schema, std::span<const EntryView> entries,
                    const Word* row, const ExplainOptions& options) {
  struct Near {
    const EntryView* entry;
    size_t failing;
  };
  Explanation out;
  Chosen chosen;
  std::vector<Near> nearest;  // the best so far, in order
  for (const EntryView& e : entries) {
    size_t failing = 0;
    uint32_t last = UINT32_MAX;
    const size_t limit = nearest.size() < options.nearest || nearest.empty()
                             ? SIZE_MAX
                             : nearest.back().failing;
    e.program->all_of([&](const Test& t) {
      if (t.guard == last || holds(t, *e.program, row)) return true;
      last = t.guard;
      return ++failing < limit;
    });
    if (failing == 0 && e.host != nullptr && !e.host(options.call, e.host_context)) {
      failing = 1;
    }
    if (failing == 0) {
      chosen.take(e, row);
      continue;
    }
    if (failing >= limit || options.nearest == 0) continue;
    const auto at = std::ranges::upper_bound(nearest, failing, {}, &Near::failing);
    nearest.insert(at, {&e, failing});
    if (nearest.size() > options.nearest) nearest.pop_back();
  }
  if (chosen.entry() != nullptr) out.found = chosen.entry()->id;
  const Writer writer(schema, options);
  for (const Near& n : nearest) {
    const Program& p = *n.entry->program;
    NearEntry near;
    near.id = n.entry->id;
    near.failing = n.failing;
    near.guards = p.num_guards;
    near.guard = p.num_guards;
    near.text = "the host's predicate";
    p.all_of([&](const Test& t) {
      if (holds(t, p, row)) return true;
      near.guard = t.guard;
      if (t.guard < p.positions.size()) near.position = p.positions[t.guard];
      near.text = writer.text(p, t);
      near.values = writer.values(p, t, row);
      return false;
    });
    out.nearest.push_back(std::move(near));
  }
  return out;
}

}  // namespace congrua::cache::internal

namespace congrua::cache {

std::string Explanation::to_string() const {
  std::string out = found ? fmt::format("entry {} holds\n", *found) : "no entry holds\n";
  for (const NearEntry& n : nearest) {
    out += fmt::format("entry {} ({} of {} guards fail): {}{}{} fails{}{}\n", n.id,
                       n.failing, n.guards, n.position, n.position.empty() ? "" : ": ",
                       n.text, n.values.empty() ? "" : ": ", n.values);
  }
  return out;
}

}  // namespace congrua::cache
