// Rewriting by known equalities (DESIGN.md, layer 2): atoms are replaced by what they
// equal, and the term is built anew in canonical form. Substitutions are kept triangular
// and compressed, as in Karr 1976, so that one pass suffices.
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "guard/facts_impl.h"

namespace congrua {

namespace {
constexpr int kMaxPairs = 8;   // exact quotients joined in one monomial
constexpr int kMaxAgain = 64;  // results of one rewriting that are rewritten again
}  // namespace

// A signature test first.
bool guard::occurs(const internal::Node* atom, const internal::Node* n) {
  if ((n->symbols() & atom->symbols()) != atom->symbols()) return false;
  absl::InlinedVector<const internal::Node*, 32> stack{n};
  absl::InlinedVector<const internal::Node*, 32> seen;
  while (!stack.empty()) {
    const internal::Node* x = stack.back();
    stack.pop_back();
    if (x == atom) return true;
    if ((x->symbols() & atom->symbols()) != atom->symbols()) continue;
    if (std::ranges::find(seen, x) != seen.end()) continue;
    if (seen.size() > 256)
      return true;  // too large to tell: the caller then does without
    seen.push_back(x);
    internal::for_each_child(x, [&](const internal::Node* c) { stack.push_back(c); });
  }
  return false;
}

// A monomial in which m * (a//m) occurs, where m is known to divide a, with a in its
// place; null: there is none.
const internal::Node* Facts::Impl::join_exact(const Node* monomial) {
  for (const internal::Factor& f : internal::factors_of(monomial)) {
    if (f.base->op != Op::kFloorDiv) continue;
    const Node* m = internal::args_of(f.base)[1];
    if (m->op == Op::kConst || m->op == Op::kAdd) continue;
    const Node* product = builder.mul(m, f.base);
    if (product == monomial || !substitution_.has(product->id) ||
        substitution_[product->id] == nullptr) {
      continue;
    }
    // monomial / product, where that is one.
    const Node* rest = builder.constant(Int(1));
    const internal::FactorView parts(product);
    size_t found = 0;
    bool enough = true;
    for (const internal::Factor& g : internal::factors_of(monomial)) {
      uint32_t left = g.exponent;
      for (const internal::Factor& p : parts.factors()) {
        if (p.base != g.base) continue;
        ++found;
        enough &= p.exponent <= left;
        left -= std::min(left, p.exponent);
      }
      for (; left > 0; --left) rest = builder.mul(rest, g.base);
    }
    if (!enough || found != parts.factors().size()) continue;
    return builder.mul(rest, substitution_[product->id]);
  }
  return nullptr;
}

const internal::Node* Facts::Impl::rewrite(const Node* n) {
  const auto find = [&](const Node* x) -> const Node* {
    if (x->symbols() == 0) return x;
    if (rewritten_.has(x->id)) {
      const auto& m = rewritten_[x->id];
      if (m.value != nullptr && substitution_versions.valid(m.made, m.symbols)) {
        return m.value;
      }
    }
    // Nothing was ever substituted that may occur in x.
    return substitution_versions.valid(0, x->symbols()) ? x : nullptr;
  };
  // What the memo of x rests on: its symbols and those of all that it was on the way.
  const auto basis = [&](const Node* x) {
    if (rewritten_.has(x->id) && rewritten_[x->id].value != nullptr) {
      return x->symbols() | rewritten_[x->id].symbols;
    }
    return x->symbols();
  };
  if (const Node* done = find(n)) return done;
  absl::InlinedVector<const Node*, 32> stack{n};
  absl::InlinedVector<const Node*, 16> children;
  int again_left = kMaxAgain;
  while (!stack.empty()) {
    const Node* x = stack.back();
    if (find(x) != nullptr) {
      stack.pop_back();
      continue;
    }
    const Node* result = nullptr;
    uint64_t symbols = x->symbols();
    if (substitution_.has(x->id) && substitution_[x->id] != nullptr) {
      result = substitution_[x->id];
      symbols |= result->symbols();
    } else {
      children.clear();
      bool ready = true;
      bool changed = false;
      for_each_child(x, [&](const Node* c) {
        const Node* r = find(c);
        if (r == nullptr) {
          stack.push_back(c);
          ready = false;
        } else {
          changed |= r != c;
          symbols |= basis(c);
          children.push_back(r);
        }
      });
      if (!ready) continue;
      result = changed ? builder.rebuild(x, children) : x;
      // What was rebuilt may be an atom that was substituted itself.
      if (changed) {
        for (int i = 0; i < 8; ++i) {
          const Node* again =
              substitution_.has(result->id) ? substitution_[result->id] : nullptr;
          symbols |= result->symbols();
          if (again == nullptr) break;
          result = again;
        }
        symbols |= result->symbols();
        // An atom may have become a sum with atoms that are replaced in their turn.
        if (x->op != Op::kAdd && x->op != Op::kMul && result->op != x->op &&
            again_left > 0) {
          if (const Node* further = find(result)) {
            symbols |= basis(result);
            result = further;
          } else {
            --again_left;
            stack.push_back(result);
            continue;
          }
        }
      }
    }
    for (int i = 0; i < kMaxPairs && result->op == Op::kMul; ++i) {
      const Node* joined = join_exact(result);
      if (joined == nullptr) break;
      symbols |= joined->symbols();
      result = joined;
    }
    rewritten_.reserve(x->id);
    rewritten_[x->id] = {substitution_versions.now(), result, symbols};
    stack.pop_back();
  }
  return find(n);
}

void Facts::Impl::substitute(const Node* atom, const Node* by) {
  substitution_.reserve(atom->id);
  trail.push_back({atom, Undo::kSubstitution, {}, substitution_[atom->id], 0});
  substitution_[atom->id] = by;
  const uint64_t symbols = atom->symbols();
  substitution_versions.touch(symbols);
  // Compress: earlier right sides that hold the atom.
  const size_t count = trail.size();  // what is pushed here needs no second look
  absl::flat_hash_set<const Node*>
      seen;  // each is compressed once, however often it was solved
  for (size_t i = 0; i < count; ++i) {
    if (trail[i].kind != Undo::kSubstitution || trail[i].node == atom) continue;
    const Node* other = trail[i].node;
    const Node* old = substitution_[other->id];
    if (old == nullptr || (old->symbols() & symbols) == 0) continue;
    if (!seen.insert(other).second) continue;
    const Node* fresh = rewrite(old);
    if (fresh == old) continue;
    // The right side came back to the term itself: it is solved no more.
    if (guard::occurs(other, fresh)) fresh = nullptr;
    trail.push_back({other, Undo::kSubstitution, {}, old, 0});
    substitution_[other->id] = fresh;
    substitution_versions.touch(other->symbols());
  }
}

}  // namespace congrua
