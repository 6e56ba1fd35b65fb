// Forms that share: temporaries are found, named and written.
#include <algorithm>
#include <array>
#include <cctype>

#include "expr/builder.h"
#include "rewrite/extract_terms.h"
#include "rewrite/form.h"

namespace congrua {

using internal::Language;
using internal::View;
using internal::ViewDag;
using internal::ViewId;
using internal::ViewOp;
using rewrite::Part;
using rewrite::TermId;
using rewrite::Terms;
using rewrite::Written;

namespace {

bool is_leaf(const Written& w) { return w.parts.empty() || w.op == ViewOp::kInt; }

// The value may be none where all operands have one.
bool may_fail(const Terms& terms, const Written& w) {
  switch (w.op) {
    case ViewOp::kFloorDiv:
    case ViewOp::kFloorMod:
    case ViewOp::kCeilDiv:
    case ViewOp::kTruncDiv:
    case ViewOp::kTruncMod: {
      const Written& by = terms[w.parts[1].term];
      return by.op != ViewOp::kInt || by.parts[0].coef.is_zero();
    }
    default:
      return false;
  }
}

// "t", or as many underscores behind it as it takes to be no symbol's name before a
// digit.
std::string prefix_for(const Terms& terms) {
  std::string prefix = "t";
  for (TermId t = 0; t < terms.size(); ++t) {
    if (terms[t].op != ViewOp::kSymbol) continue;
    const std::string_view name = internal::as_symbol(terms[t].node)->name;
    if (!name.starts_with('t')) continue;
    const size_t end = std::min(name.find_first_not_of('_', 1), name.size());
    if (end < name.size() && std::isdigit(static_cast<unsigned char>(name[end])) != 0)
      prefix.resize(std::max(prefix.size(), end + 1), '_');
  }
  return prefix;
}

class Lister {
 public:
  Lister(const ViewDag& dag, std::span<const ViewId> views)
      : roots_(terms_.import(dag, views)), uses_(terms_.uses(roots_)) {
    always_read();
  }

  Forms::Listing run() {
    const std::string prefix = prefix_for(terms_);
    Forms::Listing out;
    const auto count = static_cast<TermId>(terms_.size());
    names_.assign(count, nullptr);
    std::vector<bool> fails(count);
    for (TermId t = 0; t < count; ++t) {
      const Written& w = terms_[t];
      fails[t] = may_fail(terms_, w);
      for (const Part& p : w.parts)
        fails[t] = fails[t] || (p.term != rewrite::kNoView && fails[p.term]);
      if (is_leaf(w) || (uses_[t] < 2 && !squares_[t])) continue;
      std::string name = prefix + std::to_string(out.temporaries.size());
      out.temporaries.push_back({name, text(t), fails[t] && !always_[t]});
      names_[t] = internal::Builder::node(scratch_.symbol(name));
    }
    for (const TermId r : roots_) out.results.push_back(text(r));
    return out;
  }

 private:
  // What every computation of the results reads; and what is a factor several times.
  void always_read() {
    always_.assign(terms_.size(), false);
    squares_.assign(terms_.size(), false);
    for (const TermId r : roots_) always_[r] = true;
    for (size_t i = terms_.size(); i-- > 0;) {  // users stand after what they use
      const Written& w = terms_[static_cast<TermId>(i)];
      const bool lazy =
          w.op == ViewOp::kSelect || w.op == ViewOp::kAnd || w.op == ViewOp::kOr;
      for (size_t k = 0; k < w.parts.size(); ++k) {
        const Part& p = w.parts[k];
        if (p.term == rewrite::kNoView) continue;
        const bool read = !lazy || (w.op == ViewOp::kSelect && k == 0);
        if (always_[i] && read) always_[p.term] = true;
        if (w.op == ViewOp::kProduct && !p.coef.is_one()) squares_[p.term] = true;
      }
    }
  }

  // With the names of the temporaries so far, the term itself written out if it has none.
  Forms::Text text(TermId root) {
    Terms out;
    absl::flat_hash_map<TermId, TermId> done;
    const auto find = [&](TermId t) {
      const auto it = done.find(t);
      return it == done.end() ? rewrite::kNoView : it->second;
    };
    std::vector<TermId> stack = {root};
    while (!stack.empty()) {
      const TermId t = stack.back();
      Written w = terms_[t];
      if (names_[t] != nullptr) w = {ViewOp::kSymbol, names_[t], {}};
      const size_t before = stack.size();
      for (Part& p : w.parts) {
        if (p.term == rewrite::kNoView) continue;
        const TermId known = find(p.term);
        if (known == rewrite::kNoView) stack.push_back(p.term);
        p.term = known;
      }
      if (stack.size() > before) continue;
      stack.pop_back();
      if (find(t) == rewrite::kNoView) done.emplace(t, out.add(std::move(w)));
    }
    const ViewDag dag = out.to_views(std::array{find(root)}).first;
    return {internal::print_view(dag, Language::kInfix, SIZE_MAX),
            internal::print_view(dag, Language::kSexpr, SIZE_MAX)};
  }

  Terms terms_;
  std::vector<TermId> roots_;
  std::vector<uint32_t> uses_;
  std::vector<bool> always_, squares_;
  ExprPool scratch_;  // of the symbols that the temporaries are
  std::vector<const internal::Node*> names_;
};

}  // namespace

Forms internal::make_forms(ViewDag dag, std::vector<ViewId> roots, uint64_t weight) {
  return {std::make_shared<const ViewDag>(std::move(dag)), std::move(roots), weight};
}

Form Forms::form(size_t i) const {
  Terms terms;
  return internal::make_form(
      terms.to_views(terms.import(*dag_, std::span(&roots_[i], 1))).first);
}

Forms::Listing Forms::listing() const { return Lister(*dag_, roots_).run(); }

std::string Forms::to_string() const {
  const Listing all = listing();
  std::string out;
  for (const Temporary& t : all.temporaries) out += t.name + " = " + t.value.infix + "; ";
  for (size_t i = 0; i < all.results.size(); ++i)
    out += (i == 0 ? "" : "; ") + all.results[i].infix;
  return out;
}

}  // namespace congrua
