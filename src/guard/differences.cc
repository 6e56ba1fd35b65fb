#include "guard/differences.h"

#include <algorithm>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "base/int.h"
#include "expr/builder.h"
#include "expr/node.h"
#include "expr/view.h"

namespace congrua::guard {

namespace {

using internal::args_of;
using internal::Builder;
using internal::LinearView;
using internal::Node;

constexpr int64_t kMaxWeight = int64_t{1} << 40;  // sums of 2^20 of them fit
constexpr size_t kMaxEdges = size_t{1} << 20;
constexpr int64_t kEdgesPerStep = 8;
constexpr uint32_t kZero = 0;  // the vertex of the constant 0
constexpr uint32_t kNoEdge = UINT32_MAX;

struct Edge {  // to <= from + weight
  uint32_t from, to;
  int64_t weight;
  size_t assertion;
};

class Graph {
 public:
  Graph() : vertices_(1) {}

  void add(const Node* assertion, size_t index) {
    std::vector<const Node*> stack{assertion};
    while (!stack.empty()) {
      const Node* n = stack.back();
      stack.pop_back();
      if (n->op == Op::kAnd) {
        for (const Node* a : args_of(n)) stack.push_back(a);
      } else if (n->op == Op::kGe) {
        add_sum(args_of(n)[0], false, index);
      } else if (n->op == Op::kEq && args_of(n)[0]->sort == Sort::kInt) {
        add_sum(args_of(n)[0], true, index);
      }
    }
  }

  // Bellman and Ford, in both directions by turns (Yen 1970): a path whose edges are in
  // order is found in one round.
  std::optional<std::vector<size_t>> negative_cycle(Budget& budget) {
    if (edges_.size() < 2) return std::nullopt;
    std::ranges::stable_sort(edges_, {}, &Edge::from);
    distance_.assign(vertices_, 0);
    parent_.assign(vertices_, kNoEdge);
    const auto m = static_cast<uint32_t>(edges_.size());
    for (size_t round = 0; round <= vertices_; ++round) {
      if (!budget.charge(1 + m / kEdgesPerStep)) return std::nullopt;
      bool changed = false;
      for (uint32_t k = 0; k < m; ++k) {
        changed |= relax(round % 2 == 0 ? k : m - 1 - k);
      }
      if (!changed) return std::nullopt;
      if (round % 2 == 0) continue;
      if (auto cycle = cycle_of_parents()) return cycle;
    }
    return std::nullopt;
  }

 private:
  uint32_t vertex(const Node* term) {
    const auto [it, added] = index_.try_emplace(term, vertices_);
    vertices_ += added;
    return it->second;
  }

  // k*x - k*y + c >= 0, or one of the two terms alone.
  void add_sum(const Node* p, bool both, size_t index) {
    if (edges_.size() >= kMaxEdges) return;
    const LinearView v(p);
    const auto terms = v.terms();
    if (terms.empty() || terms.size() > 2) return;
    if (terms.size() == 2 && terms[0].coef != -terms[1].coef) return;
    const bool positive = terms[0].coef.sign() > 0;
    const Int k = positive ? terms[0].coef : -terms[0].coef;
    const uint32_t a = vertex(terms[0].mono);
    const uint32_t b = terms.size() == 2 ? vertex(terms[1].mono) : kZero;
    const auto add_edge = [&](bool a_from, const Int& c) {
      const std::optional<int64_t> w = floor_div(c, k).to_int64();
      if (!w || *w > kMaxWeight || *w < -kMaxWeight) return;
      edges_.push_back({a_from ? a : b, a_from ? b : a, *w, index});
    };
    add_edge(positive, v.constant());
    if (both) add_edge(!positive, -v.constant());
  }

  bool relax(uint32_t e) {
    const Edge& x = edges_[e];
    if (distance_[x.from] + x.weight >= distance_[x.to]) return false;
    distance_[x.to] = distance_[x.from] + x.weight;
    parent_[x.to] = e;
    return true;
  }

  // A cycle among the edges that made the distances; it is negative.
  std::optional<std::vector<size_t>> cycle_of_parents() const {
    std::vector<uint32_t> walk(vertices_, 0);
    for (uint32_t start = 0; start < vertices_; ++start) {
      uint32_t v = start;
      while (walk[v] == 0) {
        walk[v] = start + 1;
        if (parent_[v] == kNoEdge) break;
        v = edges_[parent_[v]].from;
      }
      if (parent_[v] == kNoEdge || walk[v] != start + 1) continue;
      std::vector<size_t> asserts;
      int64_t sum = 0;
      const uint32_t first = v;
      do {
        const Edge& e = edges_[parent_[v]];
        asserts.push_back(e.assertion);
        sum += e.weight;
        v = e.from;
      } while (v != first);
      if (sum >= 0) continue;
      std::ranges::sort(asserts);
      asserts.erase(std::ranges::unique(asserts).begin(), asserts.end());
      return asserts;
    }
    return std::nullopt;
  }

  absl::flat_hash_map<const Node*, uint32_t> index_;
  uint32_t vertices_;
  std::vector<Edge> edges_;
  std::vector<int64_t> distance_;
  std::vector<uint32_t> parent_;  // the edge that made the distance
};

}  // namespace

std::optional<std::vector<size_t>> contradicting_differences(
    std::span<const Expr> asserts, Budget& budget) {
  Graph graph;
  for (size_t i = 0; i < asserts.size(); ++i) graph.add(Builder::node(asserts[i]), i);
  return graph.negative_cycle(budget);
}

}  // namespace congrua::guard
