// The variable that a tree branches on next, among many.
//
// A tournament: a leaf for each open variable, and in each inner node the better of its
// two. A domain that changes costs a path to the root, where a look at all variables for
// each decision would make a search of n decisions quadratic.
#ifndef CONGRUA_GUARD_SEARCH_ORDER_H_
#define CONGRUA_GUARD_SEARCH_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "guard/search_engine.h"

namespace congrua::guard::search {

// How much a variable is worth branching on: what no equality defines first, then the
// smallest domain for its number of refutations.
struct Rank {
  bool open;
  bool defined;
  uint64_t size;
  uint64_t weight;

  bool before(const Rank& other) const {
    if (open != other.open) return open;
    if (defined != other.defined) return other.defined;
    return static_cast<int128>(size) * other.weight <
           static_cast<int128>(other.size) * weight;
  }
};

Rank rank_of(const Engine& engine, CellId variable, uint32_t refutations);

class Order {
 public:
  explicit Order(Engine& engine) : engine_(engine) {}

  // From here on the order follows the domains of the variables. `refutations` by
  // variable; a change to them is said by `changed`.
  void start(std::span<const CellId> variables, std::span<const uint32_t> refutations);
  void stop();
  void changed(size_t variable) { update(variable); }
  // The first of the best open variables; SIZE_MAX: none is open.
  size_t best();

 private:
  void rebuild();
  void update(size_t variable);
  size_t winner(size_t a, size_t b) const;

  Engine& engine_;
  std::span<const CellId> variables_;
  std::span<const uint32_t> refutations_;
  std::vector<uint32_t> position_;  // by cell
  std::vector<Rank> rank_;          // by variable
  std::vector<uint32_t> node_;      // of the tournament: [1] is the root
  size_t leaves_ = 0;
};

}  // namespace congrua::guard::search

#endif  // CONGRUA_GUARD_SEARCH_ORDER_H_
