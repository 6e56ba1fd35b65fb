// Strided intervals: an interval, a congruence and up to four holes, reduced together.
//
// A Domain is a set of integers { x : lo <= x <= hi, x ≡ rem (mod mod), x not a hole }.
// Values are unbounded integers, ends are int64: kNegInf and kPosInf mean unbounded, and
// an end that does not fit widens outward, which is sound (a lower end above kMaxFinite
// becomes a value at or below it). mod == 0 means the single value rem == lo == hi; mod
// == 1 means no congruence. The empty set has its own flag and is canonical.
//
// Always reduced: finite ends are members, holes lie inside and in the class, and the
// modulus is the largest that the members allow (up to kMaxModulus). So two domains that
// denote the same set are equal, except where an end or a modulus left its limit.
//
// Transfer functions are sound: the result contains every value of the operator at
// members of the operands (divisor 0 left out). tests/domain enumerates each for
// soundness and for tightness. Nothing allocates but to_string; all is constant time
// (pow: logarithmic in n). Source: Granger 1989 (reduced product of intervals and
// congruences).
#ifndef CONGRUA_DOMAIN_DOMAIN_H_
#define CONGRUA_DOMAIN_DOMAIN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace congrua {

inline constexpr int64_t kNegInf = INT64_MIN;
inline constexpr int64_t kPosInf = INT64_MAX;

class Domain {
 public:
  static constexpr int kMaxHoles = 4;
  // Products of two residues fit an int64.
  static constexpr int64_t kMaxModulus = int64_t{1} << 31;
  static constexpr int64_t kMaxFinite = kPosInf - 1;
  static constexpr int64_t kMinFinite = kNegInf + 1;  // == -kPosInf, not -kMaxFinite

  Domain() = default;  // all integers
  static Domain all() { return {}; }
  static Domain none();
  static Domain point(int64_t v) {  // an infinity: what lies beyond all finite ends
    Domain d(v, v);
    d.mod_ = 0;
    d.rem_ = v;
    if (v == kNegInf || v == kPosInf) d = interval_slow(v, v);
    return d;
  }
  static Domain interval(int64_t lo, int64_t hi) {
    return lo < hi ? Domain(lo, hi) : interval_slow(lo, hi);
  }
  // mod >= 0, any rem; mod == 0: rem is the only candidate.
  static Domain make(int64_t lo, int64_t hi, int64_t mod, int64_t rem);

  bool empty() const { return empty_; }
  int64_t lo() const { return lo_; }    // kPosInf when empty, so every bound holds
  int64_t hi() const { return hi_; }    // kNegInf when empty
  int64_t mod() const { return mod_; }  // 0: one point (or empty)
  int64_t rem() const { return rem_; }  // in [0, mod) for mod > 0
  bool is_point() const { return mod_ == 0 && !empty_; }
  // At least two members, no congruence, no holes: what the fast paths take.
  bool is_interval() const { return mod_ == 1 && num_holes_ == 0; }
  bool is_all() const { return is_interval() && lo_ == kNegInf && hi_ == kPosInf; }
  int num_holes() const { return num_holes_; }
  int64_t hole(int i) const { return holes_[static_cast<size_t>(i)]; }  // ascending
  bool contains(int64_t v) const {
    return lo_ <= v && v <= hi_ && (is_interval() || in_class_and_no_hole(v));
  }

  // Each returns the reduced meet; of more than four holes those nearest to 0 stay, and
  // where the modulus would exceed kMaxModulus the largest known divisor stays (the ends
  // are still moved by the full one).
  Domain with_lo(int64_t lo) const {
    if (lo <= lo_) return *this;
    return is_interval() && lo < hi_ ? Domain(lo, hi_) : meet_ends(lo, hi_);
  }
  Domain with_hi(int64_t hi) const {
    if (hi >= hi_) return *this;
    return is_interval() && lo_ < hi ? Domain(lo_, hi) : meet_ends(lo_, hi);
  }
  Domain with_congruence(int64_t mod, int64_t rem) const;  // mod >= 0, as in make
  Domain without(int64_t v) const;                         // adds a hole, or moves an end
  Domain meet(const Domain& o) const;
  // An upper bound of the union: ends and modulus are the best; holes are all of those
  // that make it exact if there are at most four in fewer than 16 steps of the modulus,
  // elsewhere the holes of both and the gap between two disjoint operands.
  Domain join(const Domain& o) const;
  // Exact while moduli stay under kMaxModulus; false where they left it and it is hard to
  // see.
  bool subset_of(const Domain& o) const;

  std::string to_string() const;  // "[2, inf] mod 4 = 2 except 6, 10"
  friend bool operator==(const Domain&, const Domain&) = default;

 private:
  Domain(int64_t lo, int64_t hi) : lo_(lo), hi_(hi) {}  // lo < hi, or the rest follows
  static Domain interval_slow(int64_t lo, int64_t hi);
  bool in_class_and_no_hole(int64_t v) const;
  Domain meet_ends(int64_t lo, int64_t hi) const;
  // Restores the invariants from ends, class (mod_ >= 1) and candidates for holes,
  // ascending and at most 2 * kMaxHoles; the stored holes are replaced.
  void reduce(const int64_t* holes, int num_holes);
  bool round_lo();
  bool round_hi();
  void strengthen(int64_t* holes, int* num_holes);
  void set_holes(const int64_t* holes, int num_holes);

  friend Domain neg(const Domain& a);
  friend Domain add_const(const Domain& a, int64_t c);
  friend Domain scale(const Domain& a, int64_t c);

  int64_t lo_ = kNegInf;
  int64_t hi_ = kPosInf;
  int64_t mod_ = 1;
  int64_t rem_ = 0;
  std::array<int64_t, kMaxHoles>
      holes_{};  // ascending, inside (lo, hi), in the class, then 0
  uint8_t num_holes_ = 0;
  bool empty_ = false;
};

Domain add(const Domain& a, const Domain& b);
Domain sub(const Domain& a, const Domain& b);
Domain neg(const Domain& a);
Domain add_const(const Domain& a, int64_t c);
Domain scale(const Domain& a, int64_t c);
Domain mul(const Domain& a, const Domain& b);
Domain pow(const Domain& a, uint32_t n);  // n >= 1; tighter than repeated mul
Domain floor_div(const Domain& a, const Domain& b);
Domain floor_mod(const Domain& a, const Domain& b);
Domain ceil_div(const Domain& a, const Domain& b);
Domain min(const Domain& a, const Domain& b);
Domain max(const Domain& a, const Domain& b);
Domain abs(const Domain& a);

// Backward: the members of `a` for which some member of `b` gives a result in `r`.
Domain back_add(const Domain& r, const Domain& b);                         // a + b in r
Domain back_mul(const Domain& a, const Domain& r, const Domain& b);        // a * b in r
Domain back_floor_div(const Domain& a, const Domain& r, const Domain& b);  // a // b in r
Domain back_min(const Domain& a, const Domain& r, const Domain& b);  // min(a, b) in r
Domain back_max(const Domain& a, const Domain& r, const Domain& b);  // max(a, b) in r

}  // namespace congrua

#endif  // CONGRUA_DOMAIN_DOMAIN_H_
