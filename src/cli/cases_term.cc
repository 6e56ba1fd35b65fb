#include "cli/cases_term.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/saturating.h"

namespace congrua::cli {
namespace {

constexpr uint32_t kMany = UINT32_MAX;

struct OpInfo {
  std::string_view name;
  TermOp op;
  uint32_t arity;  // kMany: one or more
};
constexpr OpInfo kOps[] = {
    {"add", TermOp::kAdd, kMany},
    {"mul", TermOp::kMul, kMany},
    {"min", TermOp::kMin, kMany},
    {"max", TermOp::kMax, kMany},
    {"and", TermOp::kAnd, kMany},
    {"or", TermOp::kOr, kMany},
    {"sub", TermOp::kSub, 2},
    {"neg", TermOp::kNeg, 1},
    {"not", TermOp::kNot, 1},
    {"select", TermOp::kSelect, 3},
    {"floordiv", TermOp::kFloorDiv, 2},
    {"floormod", TermOp::kFloorMod, 2},
    {"truncdiv", TermOp::kTruncDiv, 2},
    {"truncmod", TermOp::kTruncMod, 2},
    {"ceildiv", TermOp::kCeilDiv, 2},
    {"eq", TermOp::kEq, 2},
    {"ne", TermOp::kNe, 2},
    {"lt", TermOp::kLt, 2},
    {"le", TermOp::kLe, 2},
    {"gt", TermOp::kGt, 2},
    {"ge", TermOp::kGe, 2},
};

const OpInfo* find_op(std::string_view name) {
  const auto* it = std::ranges::find(kOps, name, &OpInfo::name);
  return it == std::end(kOps) ? nullptr : it;
}
std::string_view name_of(TermOp op) {
  return std::ranges::find(kOps, op, &OpInfo::op)->name;
}
bool is_leaf(TermOp op) { return op <= TermOp::kVariable; }

}  // namespace

// ---- Reading

class TermReader {
 public:
  explicit TermReader(std::string_view text) : text_(text) {}

  absl::StatusOr<Term> read() {
    bool done = false;
    uint32_t root = 0;
    for (std::string_view word = next(); !word.empty(); word = next()) {
      if (done) return error("text after the expression");
      absl::StatusOr<std::optional<uint32_t>> item = read_word(word);
      if (!item.ok()) return item.status();
      if (!*item) continue;
      if (open_.empty()) {
        root = **item;
        done = true;
      } else {
        stack_.push_back(**item);
      }
    }
    at_ = text_.size();
    if (!open_.empty()) return error("')' is missing");
    if (!done) return error("an expression is missing");
    // Equal subterms are one node, so that the root need not be the last one made.
    return root + 1 == term_.nodes_.size() ? std::move(term_) : term_.part(root);
  }

 private:
  struct List {
    const OpInfo* op;  // null until it is read
    size_t first;      // of its operands on the stack
  };

  absl::Status error(std::string_view what) const {
    return absl::InvalidArgumentError(fmt::format("column {}: {}", at_ + 1, what));
  }

  std::string_view next() {
    constexpr std::string_view kSpace = " \t\r\n";
    at_ = std::min(text_.find_first_not_of(kSpace, end_), text_.size());
    if (at_ == text_.size()) return {};
    const bool parenthesis = text_[at_] == '(' || text_[at_] == ')';
    end_ = parenthesis ? at_ + 1
                       : std::min(text_.find_first_of(" \t\r\n()", at_), text_.size());
    return text_.substr(at_, end_ - at_);
  }

  // The node that the word completes, if any.
  absl::StatusOr<std::optional<uint32_t>> read_word(std::string_view word) {
    if (word == "(") {
      if (!open_.empty() && open_.back().op == nullptr)
        return error("an operator is missing");
      open_.push_back({nullptr, stack_.size()});
      return std::nullopt;
    }
    if (word == ")") return close();
    if (!open_.empty() && open_.back().op == nullptr) {
      const OpInfo* op = find_op(word);
      if (op == nullptr)
        return error(fmt::format("unknown operator {}", word.substr(0, 40)));
      open_.back().op = op;
      return std::nullopt;
    }
    return leaf(word);
  }

  absl::StatusOr<std::optional<uint32_t>> close() {
    if (open_.empty()) return error("unexpected ')'");
    const List list = open_.back();
    if (list.op == nullptr) return error("an operator is missing");
    open_.pop_back();
    const auto operands = std::span(stack_).subspan(list.first);
    const bool fits =
        list.op->arity == kMany ? !operands.empty() : operands.size() == list.op->arity;
    if (!fits)
      return error(fmt::format("{} with {} operands", list.op->name, operands.size()));
    std::vector<uint32_t> key = {static_cast<uint32_t>(list.op->op)};
    key.insert(key.end(), operands.begin(), operands.end());
    const auto first = static_cast<uint32_t>(term_.operands_.size());
    const auto [it, fresh] = lists_.try_emplace(std::move(key), 0);
    if (fresh) {
      term_.operands_.insert(term_.operands_.end(), operands.begin(), operands.end());
      it->second = add({list.op->op, first, static_cast<uint32_t>(operands.size())});
    }
    stack_.resize(list.first);
    return it->second;
  }

  absl::StatusOr<std::optional<uint32_t>> leaf(std::string_view word) {
    const auto [it, fresh] = leaves_.try_emplace(std::string(word), 0);
    if (!fresh) return it->second;
    std::string_view digits = word;
    if (digits.size() > 1 && digits[0] == '+') digits.remove_prefix(1);
    const bool number = digits.find_first_not_of("0123456789", digits[0] == '-') ==
                            std::string_view::npos &&
                        digits != "-";
    if (number) {
      constexpr size_t kMaxDigits = 2000;
      const std::optional<Int> value =
          word.size() > kMaxDigits ? std::nullopt : Int::parse(digits);
      if (!value) return error("a number that cannot be read");
      it->second = add({TermOp::kInt, static_cast<uint32_t>(term_.numbers_.size())});
      term_.numbers_.push_back(*value);
    } else if (word == "true" || word == "false") {
      it->second = add({word == "true" ? TermOp::kTrue : TermOp::kFalse});
    } else {
      it->second =
          add({TermOp::kVariable, static_cast<uint32_t>(term_.variables_.size())});
      term_.variables_.emplace_back(word);
    }
    return it->second;
  }

  uint32_t add(Term::Node n) {
    term_.nodes_.push_back(n);
    return static_cast<uint32_t>(term_.nodes_.size() - 1);
  }

  const std::string_view text_;
  size_t at_ = 0, end_ = 0;
  std::vector<List> open_;
  std::vector<uint32_t> stack_;
  std::map<std::string, uint32_t, std::less<>> leaves_;
  absl::flat_hash_map<std::vector<uint32_t>, uint32_t> lists_;
  Term term_;
};

absl::StatusOr<Term> Term::parse(std::string_view text) {
  return TermReader(text).read();
}

// ---- Parts

uint64_t Term::operations() const {
  std::vector<uint64_t> below(nodes_.size());
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& n = nodes_[i];
    if (is_leaf(n.op)) continue;
    below[i] = n.op <= TermOp::kOr ? std::max<uint64_t>(n.count, 2) - 1 : 1;
    for (const uint32_t o : operands(n)) below[i] = add_saturating(below[i], below[o]);
  }
  return below.back();
}

Term Term::part(uint32_t node) const {
  std::vector<bool> wanted(node + 1);
  wanted[node] = true;
  for (uint32_t i = node + 1; i-- > 0;) {
    if (!wanted[i] || is_leaf(nodes_[i].op)) continue;
    for (const uint32_t o : operands(nodes_[i])) wanted[o] = true;
  }
  Term out;
  std::vector<uint32_t> moved(node + 1);
  for (uint32_t i = 0; i <= node; ++i) {
    if (!wanted[i]) continue;
    Node n = nodes_[i];
    if (n.op == TermOp::kInt) {
      n.first = static_cast<uint32_t>(out.numbers_.size());
      out.numbers_.push_back(number(nodes_[i]));
    } else if (n.op == TermOp::kVariable) {
      n.first = static_cast<uint32_t>(out.variables_.size());
      out.variables_.push_back(variable(nodes_[i]));
    } else if (!is_leaf(n.op)) {
      n.first = static_cast<uint32_t>(out.operands_.size());
      for (const uint32_t o : operands(nodes_[i])) out.operands_.push_back(moved[o]);
    }
    moved[i] = static_cast<uint32_t>(out.nodes_.size());
    out.nodes_.push_back(n);
  }
  return out;
}

std::vector<Term> Term::conjuncts() const {
  std::vector<Term> out;
  std::vector<uint32_t> stack = {static_cast<uint32_t>(nodes_.size() - 1)};
  while (!stack.empty()) {
    const uint32_t i = stack.back();
    stack.pop_back();
    if (nodes_[i].op == TermOp::kAnd) {
      const auto parts = operands(nodes_[i]);
      stack.insert(stack.end(), parts.rbegin(), parts.rend());
    } else {
      out.push_back(part(i));
    }
  }
  return out;
}

// ---- Sorts

namespace {

enum class Wanted : uint8_t { kNumber, kBoolean, kSame };

// What an operator takes: for kSame all operands (of select: the branches) are of one
// sort.
Wanted wanted(TermOp op, size_t operand) {
  switch (op) {
    case TermOp::kAnd:
    case TermOp::kOr:
    case TermOp::kNot:
      return Wanted::kBoolean;
    case TermOp::kSelect:
      return operand == 0 ? Wanted::kBoolean : Wanted::kSame;
    case TermOp::kMin:
    case TermOp::kMax:
    case TermOp::kEq:
    case TermOp::kNe:
      return Wanted::kSame;
    default:
      return Wanted::kNumber;
  }
}

}  // namespace

std::optional<std::string> Term::sorted_text(
    std::span<const std::string> booleans) const {
  bool mixed = false;
  std::vector<bool> is_bool(nodes_.size());
  // Whether the operands of a node that must be of one sort are numbers.
  std::vector<bool> numbers_wanted(nodes_.size());
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& n = nodes_[i];
    if (is_leaf(n.op)) {
      is_bool[i] = n.op == TermOp::kTrue || n.op == TermOp::kFalse ||
                   (n.op == TermOp::kVariable &&
                    std::ranges::find(booleans, variable(n)) != booleans.end());
      continue;
    }
    const auto all = operands(n);
    bool any_number = false;
    for (size_t k = 0; k < all.size(); ++k) {
      any_number |= wanted(n.op, k) == Wanted::kSame && !is_bool[all[k]];
    }
    numbers_wanted[i] = any_number;
    for (size_t k = 0; k < all.size(); ++k) {
      const Wanted w = wanted(n.op, k);
      mixed |= is_bool[all[k]] !=
               (w == Wanted::kBoolean || (w == Wanted::kSame && !any_number));
    }
    const bool keeps_sort =
        n.op == TermOp::kMin || n.op == TermOp::kMax || n.op == TermOp::kSelect;
    is_bool[i] = keeps_sort ? !any_number
                            : n.op >= TermOp::kEq || wanted(n.op, 0) == Wanted::kBoolean;
  }
  if (!mixed) return std::nullopt;

  struct Item {
    uint32_t node;
    std::string_view text;  // else the node
  };
  std::string out;
  std::vector<Item> stack = {{static_cast<uint32_t>(nodes_.size() - 1), {}}};
  std::vector<Item> items;
  while (!stack.empty()) {
    const Item item = stack.back();
    stack.pop_back();
    if (!item.text.empty()) {
      out += item.text;
      continue;
    }
    const Node& n = nodes_[item.node];
    if (n.op == TermOp::kInt) {
      out += number(n).to_string();
    } else if (n.op == TermOp::kVariable) {
      out += variable(n);
    } else if (is_leaf(n.op)) {
      out += n.op == TermOp::kTrue ? "true" : "false";
    } else {
      items = {{0, "("}, {0, name_of(n.op)}};
      const auto all = operands(n);
      for (size_t k = 0; k < all.size(); ++k) {
        const Wanted w = wanted(n.op, k);
        const bool want_bool =
            w == Wanted::kBoolean || (w == Wanted::kSame && !numbers_wanted[item.node]);
        items.push_back({0, " "});
        if (is_bool[all[k]] == want_bool) {
          items.push_back({all[k], {}});
        } else {
          items.push_back({0, want_bool ? "(ne " : "(select "});
          items.push_back({all[k], {}});
          items.push_back({0, want_bool ? " 0)" : " 1 0)"});
        }
      }
      items.push_back({0, ")"});
      stack.insert(stack.end(), items.rbegin(), items.rend());
    }
  }
  return out;
}

// ---- Values

absl::StatusOr<TermFunction> TermFunction::make(Term term,
                                                std::span<const std::string> order,
                                                bool euclid) {
  TermFunction f;
  for (const std::string& name : term.variables()) {
    const auto it = std::ranges::find(order, name);
    if (it == order.end()) {
      return absl::InvalidArgumentError(
          fmt::format("{} is no variable of the case", name));
    }
    f.places_.push_back(static_cast<uint32_t>(it - order.begin()));
  }
  f.euclid_ = euclid;
  f.values_.resize(term.nodes().size());
  f.term_ = std::move(term);
  return f;
}

const Int* TermFunction::at(std::span<const int64_t> point) {
  divided_by_zero_ = false;
  const auto nodes = term_.nodes();
  for (size_t i = 0; i < nodes.size(); ++i) compute(nodes[i], values_[i], point);
  return values_.back().defined ? &values_.back().number : nullptr;
}

void TermFunction::divide(TermOp op, const Int& a, const Int& b, Value& out) {
  const bool total = euclid_ && (op == TermOp::kFloorDiv || op == TermOp::kFloorMod);
  if (b.is_zero() && !total) {
    divided_by_zero_ = true;
    out.defined = false;
    return;
  }
  const auto truncated = [&] {
    const Int q = floor_div(abs(a), abs(b));
    return a.sign() * b.sign() < 0 ? -q : q;
  };
  switch (op) {
    case TermOp::kFloorDiv:
      if (total && b.is_zero()) {
        out.number = Int();
      } else {
        out.number = total && b.sign() < 0 ? -floor_div(a, abs(b)) : floor_div(a, b);
      }
      return;
    case TermOp::kFloorMod:
      if (total && b.is_zero()) {
        out.number = Int();
      } else {
        out.number = floor_mod(a, total ? abs(b) : b);
      }
      return;
    case TermOp::kCeilDiv:
      out.number = -floor_div(-a, b);
      return;
    case TermOp::kTruncDiv:
      out.number = truncated();
      return;
    default:
      out.number = a - b * truncated();
  }
}

void TermFunction::compute(const Term::Node& n, Value& out,
                           std::span<const int64_t> point) {
  out.defined = true;
  if (is_leaf(n.op)) {
    out.number = n.op == TermOp::kInt        ? term_.number(n)
                 : n.op == TermOp::kVariable ? Int(point[places_[n.first]])
                                             : Int(n.op == TermOp::kTrue ? 1 : 0);
    return;
  }
  const auto all = term_.operands(n);
  const auto value = [&](size_t k) -> const Value& { return values_[all[k]]; };
  if (n.op == TermOp::kSelect) {
    out.defined = value(0).defined;
    if (!out.defined) return;
    const Value& taken = value(value(0).number.is_zero() ? 2 : 1);
    out = taken;
    return;
  }
  if (n.op == TermOp::kAnd || n.op == TermOp::kOr) {
    const bool stop = n.op == TermOp::kOr;
    bool stopped = false;
    bool complete = true;
    for (size_t k = 0; k < all.size(); ++k) {
      complete &= value(k).defined;
      stopped |= value(k).defined && value(k).number.is_zero() != stop;
    }
    out.defined = stopped || complete;
    out.number = Int(stopped == stop ? 1 : 0);
    return;
  }
  for (size_t k = 0; k < all.size(); ++k) {
    if (!value(k).defined) {
      out.defined = false;
      return;
    }
  }
  const Int& a = value(0).number;
  const auto b = [&]() -> const Int& { return value(1).number; };
  switch (n.op) {
    case TermOp::kAdd:
    case TermOp::kMul:
    case TermOp::kMin:
    case TermOp::kMax: {
      Int r = a;
      for (size_t k = 1; k < all.size(); ++k) {
        const Int& x = value(k).number;
        if (n.op == TermOp::kAdd) {
          r += x;
        } else if (n.op == TermOp::kMul) {
          r *= x;
        } else if (n.op == TermOp::kMin ? x < r : x > r) {
          r = x;
        }
      }
      out.number = std::move(r);
      return;
    }
    case TermOp::kSub:
      out.number = a - b();
      return;
    case TermOp::kNeg:
      out.number = -a;
      return;
    case TermOp::kNot:
      out.number = Int(a.is_zero() ? 1 : 0);
      return;
    case TermOp::kEq:
      out.number = Int(a == b() ? 1 : 0);
      return;
    case TermOp::kNe:
      out.number = Int(a == b() ? 0 : 1);
      return;
    case TermOp::kLt:
      out.number = Int(a < b() ? 1 : 0);
      return;
    case TermOp::kLe:
      out.number = Int(a <= b() ? 1 : 0);
      return;
    case TermOp::kGt:
      out.number = Int(a > b() ? 1 : 0);
      return;
    case TermOp::kGe:
      out.number = Int(a >= b() ? 1 : 0);
      return;
    default:
      divide(n.op, a, b(), out);
  }
}

}  // namespace congrua::cli
