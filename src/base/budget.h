// Budgets in deterministic units, and cancellation.
//
// Every question takes a Budget by reference and charges it for steps (row entries
// touched, products formed, nodes evaluated, search nodes ...). Running out is the same
// in every run on every machine; a cancel flag set by another thread is looked at
// together with the charge.
#ifndef CONGRUA_BASE_BUDGET_H_
#define CONGRUA_BASE_BUDGET_H_

#include <atomic>
#include <cstdint>

namespace congrua {

class Budget {
 public:
  static constexpr int64_t kUnlimited = INT64_MAX;

  explicit Budget(int64_t steps = kUnlimited, const std::atomic<bool>* cancel = nullptr)
      : left_(steps), cancel_(cancel) {}

  // Takes `steps` away; false once the budget is spent or the question was cancelled.
  bool charge(int64_t steps) {
    left_ -= steps;
    return left_ >= 0 && !cancelled();
  }
  bool spent() const { return left_ < 0 || cancelled(); }
  bool cancelled() const {
    return cancel_ != nullptr && cancel_->load(std::memory_order_relaxed);
  }
  int64_t left() const { return left_; }
  // Of the steps that it began with; none where an overdrawn budget granted a debt.
  int64_t spent_of(int64_t granted) const {
    if (granted <= 0) return 0;
    return granted - (left_ < 0 ? 0 : left_ < granted ? left_ : granted);
  }
  const std::atomic<bool>* cancel_flag() const { return cancel_; }

 private:
  int64_t left_;
  const std::atomic<bool>* cancel_;
};

}  // namespace congrua

#endif  // CONGRUA_BASE_BUDGET_H_
