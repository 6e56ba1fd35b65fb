// Answers by question and state of the facts: in real compiles nine questions of ten are
// asked again, and what was implied stays implied when facts are added.
//
// Every addition of a fact makes a new state; pop returns to an old one. The states that
// led to the current one form its path. A proof found at a state on the path still holds;
// everything else holds at its own state alone.
#ifndef CONGRUA_GUARD_ANSWERS_H_
#define CONGRUA_GUARD_ANSWERS_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "congrua/guard.h"
#include "expr/node.h"

namespace congrua::guard {

struct State {
  uint64_t number;
  uint32_t facts;  // how many there were
};

class StatePath {
 public:
  State current() const {
    return {path_.back(), static_cast<uint32_t>(path_.size() - 1)};
  }
  void add() { path_.push_back(++last_); }
  void truncate(size_t facts) {
    path_.resize(facts + 1);
    left_ = last_;
  }
  uint64_t number(size_t facts) const { return path_[facts]; }  // of that state
  bool is_current(const State& s) const { return s.number == path_.back(); }
  bool holds(const State& s) const {
    if (s.number > left_) return true;
    return s.facts < path_.size() && path_[s.facts] == s.number;
  }

 private:
  std::vector<uint64_t> path_ = {0};
  uint64_t last_ = 0;
  uint64_t left_ = 0;  // no later state was left again
};

class AnswerMemo {
 public:
  struct Entry {
    const internal::Node* question = nullptr;  // null: a free slot
    State state = {};
    uint32_t steps = 0;     // that were granted
    bool searched = false;  // for points at which it fails
    bool explained = false;
    Truth truth = Truth::kUnknown;
    Layer layer = Layer::kNone;
  };

  // Null: ask again.
  const Entry* find(const internal::Node* question, const StatePath& path, int64_t steps,
                    bool search) const {
    const Entry* e = slot_of(question);
    if (e == nullptr) return nullptr;
    const bool proved = e->truth == Truth::kTrue || e->truth == Truth::kFalse;
    if (proved ? !path.holds(e->state) : !path.is_current(e->state)) return nullptr;
    return e->truth == Truth::kUnknown && more(*e, steps, search) ? nullptr : e;
  }
  // One that was unknown in an earlier state of the path, and may be so still. Null:
  // there is none, or more is granted now.
  const Entry* unknown_before(const internal::Node* question, const StatePath& path,
                              int64_t steps, bool search) const {
    const Entry* e = slot_of(question);
    if (e == nullptr || e->truth != Truth::kUnknown || more(*e, steps, search) ||
        !path.holds(e->state)) {
      return nullptr;
    }
    return e;
  }
  // The explanation that came with an entry; null: none was asked for.
  const Answer* explanation(const Entry& e) const {
    return e.explained ? &explanations_.find(e.question)->second : nullptr;
  }
  void put(const internal::Node* question, const State& state, int64_t steps, bool search,
           Truth truth, Layer layer) {
    put_entry({question, state, granted(steps), search, false, truth, layer});
  }
  void put(const internal::Node* question, const State& state, int64_t steps, bool search,
           const Answer& explained) {
    put_entry({question, state, granted(steps), search, true, explained.truth,
               explained.layer});
    explanations_.insert_or_assign(question, explained);
  }

 private:
  // Questions are asked again after thousands of others, when nothing of the table is in
  // the cache: an answer is one half of a line of it, and is found there. With a load of
  // at most one half the first slot is nearly always the right one.
  static_assert(sizeof(Entry) == 32);
  static constexpr size_t kMaxEntries = size_t{1} << 16, kFirstSlots = 16;

  static uint32_t granted(int64_t steps) {  // so many are as good as all
    return static_cast<uint32_t>(std::clamp<int64_t>(steps, 0, UINT32_MAX));
  }
  // More steps may find what fewer did not, and a search what no search did.
  static bool more(const Entry& e, int64_t steps, bool search) {
    return granted(steps) > e.steps || (search && !e.searched);
  }

  size_t first_slot(const internal::Node* question) const {
    // The high bits of the product; the lowest of an address are 0.
    return (reinterpret_cast<uintptr_t>(question) * 0x9e3779b97f4a7c15u) >> shift_;
  }
  const Entry* slot_of(const internal::Node* question) const {
    for (size_t i = first_slot(question);; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i].question == question) return &slots_[i];
      if (slots_[i].question == nullptr) return nullptr;
    }
  }
  void put_entry(const Entry& entry) {
    if (entries_ >= kMaxEntries) *this = {};
    if (entries_ >= slots_.size() / 2) {
      std::vector<Entry> old(2 * slots_.size());
      old.swap(slots_);
      --shift_;
      entries_ = 0;
      for (const Entry& e : old) {
        if (e.question != nullptr) put_entry(e);
      }
    }
    size_t i = first_slot(entry.question);
    while (slots_[i].question != nullptr && slots_[i].question != entry.question) {
      i = (i + 1) & (slots_.size() - 1);
    }
    entries_ += slots_[i].question == nullptr ? 1 : 0;
    slots_[i] = entry;
  }

  std::vector<Entry> slots_ = std::vector<Entry>(kFirstSlots);
  int shift_ = 64 - std::countr_zero(kFirstSlots);
  size_t entries_ = 0;
  absl::flat_hash_map<const internal::Node*, Answer> explanations_;
};

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_ANSWERS_H_
