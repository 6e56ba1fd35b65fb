// The domain of a constant and a sum of multiples, taken in term by term.
//
// What add and scale give one after the other, without a Domain for each step. Ends and
// classes of the parts add up by themselves: a finite end of each is a member, and so is
// their sum of the common class. Holes and numbers that may overflow go the long way.
#ifndef CONGRUA_DOMAIN_LINEAR_RANGE_H_
#define CONGRUA_DOMAIN_LINEAR_RANGE_H_

#include <cstdint>
#include <numeric>

#include "domain/domain.h"
#include "domain/wide.h"

namespace congrua {

class LinearRange {
 public:
  explicit LinearRange(const Domain& start) {
    if (start.is_point() && is_short(start.lo())) {
      lo_ = hi_ = start.lo();
    } else {
      long_ = true;
      sum_ = start;
    }
  }
  // All integers, whatever is added that is not empty.
  bool is_all() const {
    return long_ ? sum_.is_all() : mod_ == 1 && lo_ == kNegInf && hi_ == kPosInf;
  }
  void add(const Domain& d, int64_t c) {  // the values of c*x for x in d
    if (!long_ && add_short(d, c)) return;
    add_long(scale(d, c));
  }
  void add_long(const Domain& d) {
    sum_ = congrua::add(get(), d);
    long_ = true;
  }
  Domain get() const {
    if (long_) return sum_;
    if (mod_ == 0) return Domain::point(lo_);
    return Domain::make(lo_, hi_, mod_, rem_);
  }

 private:
  // Products of two such numbers, and sums of a few hundred products, fit.
  static constexpr int64_t kShortEnd = int64_t{1} << 40;
  static constexpr int64_t kShortCoef = int64_t{1} << 14;
  static constexpr int64_t kShortSum = int64_t{1} << 61;
  static bool is_short(int64_t v) { return v > -kShortEnd && v < kShortEnd; }

  bool add_short(const Domain& d, int64_t c) {
    if (c <= -kShortCoef || c >= kShortCoef || c == 0 || d.empty() ||
        d.num_holes() != 0) {
      return false;
    }
    const bool low = d.lo() != kNegInf;
    const bool high = d.hi() != kPosInf;
    if ((low && !is_short(d.lo())) || (high && !is_short(d.hi()))) return false;
    const int64_t part_mod = d.mod() * (c > 0 ? c : -c);
    if (part_mod > Domain::kMaxModulus) return false;
    const int64_t mod = mod_ == 1 ? 1 : std::gcd(mod_, part_mod);
    const bool has_lo = lo_ != kNegInf && (c > 0 ? low : high);
    const bool has_hi = hi_ != kPosInf && (c > 0 ? high : low);
    const int64_t lo = has_lo ? lo_ + c * (c > 0 ? d.lo() : d.hi()) : kNegInf;
    const int64_t hi = has_hi ? hi_ + c * (c > 0 ? d.hi() : d.lo()) : kPosInf;
    if ((has_lo && (lo <= -kShortSum || lo >= kShortSum)) ||
        (has_hi && (hi <= -kShortSum || hi >= kShortSum))) {
      return false;
    }
    if (mod > 1) {
      const int64_t before = mod_ == 0 ? lo_ : rem_;
      rem_ = internal::mod_floor(
          internal::mod_floor(before, mod) + internal::mod_floor(d.rem() * c, mod), mod);
    }
    mod_ = mod;
    lo_ = lo;
    hi_ = hi;
    return true;
  }

  // mod_ == 0: the point lo_; else the residue is rem_, of an interval 0.
  int64_t lo_ = 0, hi_ = 0, mod_ = 0, rem_ = 0;
  bool long_ = false;
  Domain sum_;
};

}  // namespace congrua

#endif  // CONGRUA_DOMAIN_LINEAR_RANGE_H_
