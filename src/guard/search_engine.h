// Propagation over a program: domains of cells, a trail, and one propagator per operator
// cell.
//
// A propagator narrows its operands and its result by what the operator allows (HC4:
// forward interval and congruence arithmetic, and its inverse). It is queued when a
// domain it reads has changed. Only cells below a constraint in scope are active; the
// users of a cell are linked through the operand slots of active cells, last activated
// first, so that leaving a scope unlinks in O(cells of the scope).
//
// Narrowing is sound: it removes no value that a model has. It is exact on points: where
// all operands of a cell are fixed (and nothing was clamped), a fixpoint fixes the cell
// to its value.
#ifndef CONGRUA_GUARD_SEARCH_ENGINE_H_
#define CONGRUA_GUARD_SEARCH_ENGINE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "base/budget.h"
#include "guard/search_domain.h"
#include "guard/search_program.h"

namespace congrua::guard::search {

class Engine {
 public:
  // A point to come back to.
  struct Mark {
    size_t trail, active, vars, definitions;
    uint64_t stamp;
    bool failed;
  };
  Mark mark();
  void undo(const Mark& m);

  // Narrows to what the proposition (or its negation) demands, and makes its cells
  // active.
  void require(const Node* proposition, bool value);
  void require_range(const Node* variable, int64_t lo, int64_t hi);

  // Runs the queue. False: contradiction (failed() until undone). A spent budget empties
  // the queue: domains are then wider than they could be, and still sound.
  bool propagate(Budget& budget);
  bool failed() const { return failed_; }

  const Program& program() const { return program_; }
  const Dom& dom(CellId c) const { return doms_[c]; }
  // Active variables in the order in which the constraints mention them.
  const std::vector<CellId>& variables() const { return vars_; }
  // The open variables that active constraints tie to the cells, directly or through
  // other open variables: what a change of one of them may touch. Cost: linear in the
  // cells between them.
  void component(std::vector<CellId>& cells);
  // All open variables, by components; each in the order of variables().
  std::vector<std::vector<CellId>> components();
  CellId cell_of(const Node* n) { return program_.compile(n); }
  // Whether an equality in scope determines the variable from others.
  bool is_defined(CellId c) const { return (flags_[c] & kDefined) != 0; }
  // Whether the variable counts in the objective: an integer symbol.
  bool is_size(CellId c) const;

  bool set_lo(CellId c, int64_t v) { return v <= doms_[c].lo || raise(c, v); }
  bool set_hi(CellId c, int64_t v) { return v >= doms_[c].hi || lower(c, v); }
  bool set_range(CellId c, Itv r) { return set_lo(c, r.lo) && set_hi(c, r.hi); }
  bool set_point(CellId c, int64_t v) { return set_lo(c, v) && set_hi(c, v); }
  bool set_nonzero(CellId c);
  bool set_congruence(CellId c, Cong x);  // x.mod >= 1

  // While changes are followed: the variables whose domains became others, also by undo,
  // some of them more than once. Whoever reads them clears them.
  void follow_changes(bool on) {
    following_ = on;
    changes_.clear();
  }
  std::vector<CellId>& changes() { return changes_; }

  // An upper bound on the sum of |size| over those of the variables that are sizes; kInf:
  // none. Until the next call, nothing is undone beyond the point at which it was set.
  // was_capped() tells whether it narrowed anything since.
  void set_cap(int64_t cap, std::span<const CellId> variables);
  bool was_capped() const { return capped_; }
  // The least sum of |size| over them, by their domains.
  int64_t least_sum(std::span<const CellId> variables) const;

 private:
  enum Flag : uint8_t { kActive = 1, kQueued = 2, kDefined = 4, kSeen = 8 };
  struct Saved {
    Dom dom;
    uint64_t stamp;
    CellId cell;
  };
  struct Pending {
    const Node* node;
    bool value;
  };

  void sync();  // columns for cells compiled since
  void activate(CellId c);
  void deactivate_to(size_t active);
  bool require_cell(CellId c, int64_t lo, int64_t hi);
  bool require_nonzero(CellId c);
  bool require_one(const Node* n, bool value);
  void define_from(CellId sum);
  bool define_along_path(int* tries);
  bool reaches(CellId target);
  void visit_tied(CellId c, bool given);
  void collect_tied(size_t from, std::vector<CellId>& variables);

  bool raise(CellId c, int64_t v);
  bool lower(CellId c, int64_t v);
  void save(CellId c);
  void wake(CellId c);
  void enqueue(CellId c);
  void clear_queue();
  void sort_wave(bool ascending);
  bool cap_sizes(Budget& budget);

  bool run(CellId c);
  bool run_sum(CellId c);
  bool sum_congruences(CellId c);
  bool run_product(CellId c);
  bool product_divisors(CellId c);
  bool product_congruences(CellId c);
  bool run_div(CellId c);
  bool run_mod(CellId c);
  bool run_extreme(CellId c, int64_t sign);
  bool run_select(CellId c);
  bool run_and(CellId c);
  bool run_logic(CellId c);
  bool remove_end(CellId c, int64_t v);
  bool merge(CellId a, CellId b);

  Itv range(CellId c) const { return {doms_[c].lo, doms_[c].hi}; }

  Program program_;
  std::vector<Dom> doms_;
  std::vector<uint64_t> stamps_;  // level that saved the domain last
  std::vector<uint8_t> flags_;
  std::vector<SlotId> users_;  // by cell: first slot of an active cell that reads it
  std::vector<SlotId> next_;   // by slot
  std::vector<Saved> trail_;
  std::vector<CellId> active_;
  std::vector<CellId> vars_;
  std::vector<CellId> definitions_;  // defined variables
  std::vector<CellId> defined_by_;   // by cell
  uint64_t level_ = 1;
  uint64_t next_level_ = 1;
  bool failed_ = false;

  std::vector<CellId> queue_;
  size_t queue_head_ = 0;
  bool changed_ = false;  // since the running propagator began
  bool rounded_ = false;  // ... beyond the bound that was asked for
  int64_t cap_ = kInf;
  bool capped_ = false;
  std::vector<CellId> open_sizes_;  // sizes that were not fixed when the cap was set
  int128 fixed_sum_ = 0;            // of the others
  bool sizes_dirty_ = false;
  bool following_ = false;
  std::vector<CellId> changes_;

  std::vector<CellId> stack_, visited_;
  std::vector<Pending> pending_;
  std::vector<CellId> definition_path_;  // sums, each a part of the one before it
  std::vector<Itv> powers_, prefix_;
};

}  // namespace congrua::guard::search

#endif  // CONGRUA_GUARD_SEARCH_ENGINE_H_
