// Answers by question and state of the facts: in real compiles nine questions of ten are
// asked again, and what was implied stays implied when facts are added.
//
// Every addition of a fact makes a new state; pop returns to an old one. The states that
// led to the current one form its path. A proof found at a state on the path still holds;
// everything else holds at its own state alone.
#ifndef CONGRUA_GUARD_ANSWERS_H_
#define CONGRUA_GUARD_ANSWERS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "congrua/guard.h"
#include "expr/node.h"

namespace congrua::guard {

struct State {
  uint64_t number;
  size_t facts;  // how many there were
};

class StatePath {
 public:
  State current() const { return {path_.back(), path_.size() - 1}; }
  void add() { path_.push_back(++last_); }
  void truncate(size_t facts) { path_.resize(facts + 1); }
  uint64_t number(size_t facts) const { return path_[facts]; }  // of that state
  bool is_current(const State& s) const { return s.number == path_.back(); }
  bool holds(const State& s) const {
    return s.facts < path_.size() && path_[s.facts] == s.number;
  }

 private:
  std::vector<uint64_t> path_ = {0};
  uint64_t last_ = 0;
};

class AnswerMemo {
 public:
  struct Entry {
    State state;
    int64_t steps;  // that were granted
    bool searched;  // for points at which it fails
    Truth truth;
    Layer layer;
    std::unique_ptr<const Answer> explained;  // null: it was not asked for
  };

  // Null: ask again.
  const Entry* find(const internal::Node* question, const StatePath& path, int64_t steps,
                    bool search) const {
    const auto it = entries_.find(question);
    if (it == entries_.end()) return nullptr;
    const Entry& e = it->second;
    const bool proved = e.truth == Truth::kTrue || e.truth == Truth::kFalse;
    if (proved ? !path.holds(e.state) : !path.is_current(e.state)) return nullptr;
    // More steps may find what fewer did not, and a search what no search did.
    const bool more = steps > e.steps || (search && !e.searched);
    return e.truth == Truth::kUnknown && more ? nullptr : &e;
  }
  void put(const internal::Node* question, Entry entry) {
    if (entries_.size() >= kMaxEntries) entries_.clear();
    entries_.insert_or_assign(question, std::move(entry));
  }

 private:
  static constexpr size_t kMaxEntries = size_t{1} << 16;
  absl::flat_hash_map<const internal::Node*, Entry> entries_;
};

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_ANSWERS_H_
