// Enumeration as the oracle of the domain tests.
//
// A Sample is a domain with the members it should have by definition, in two windows
// [-near, near] and [-far, far]. A result's end is taken as infinite where it differs
// between the windows, which must be wide enough for the operator. Samples are built from
// specifications, never from what Domain says of itself.
#ifndef CONGRUA_TESTS_DOMAIN_ORACLE_H_
#define CONGRUA_TESTS_DOMAIN_ORACLE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "domain/domain.h"

namespace congrua {

inline std::ostream& operator<<(std::ostream& out, const Domain& d) {
  return out << d.to_string();
}

namespace domain_test {

// Exact for values far below 2^53.
inline int64_t ref_floor_div(int64_t a, int64_t b) {
  return static_cast<int64_t>(
      std::floor(static_cast<double>(a) / static_cast<double>(b)));
}
inline int64_t ref_floor_mod(int64_t a, int64_t b) { return a - b * ref_floor_div(a, b); }

struct Spec {
  int64_t lo, hi, mod, rem;
  std::vector<int64_t> holes;

  bool has(int64_t x) const {
    return lo <= x && x <= hi && ref_floor_mod(x - rem, mod) == 0 &&
           std::find(holes.begin(), holes.end(), x) == holes.end();
  }
  Domain build() const {
    Domain d = Domain::make(lo, hi, mod, rem);
    for (int64_t h : holes) d = d.without(h);
    return d;
  }
};

struct Sample {
  Domain domain;
  std::vector<int64_t> near, far;
};

struct Family {
  int64_t max_end = 0;    // finite ends in [-max_end, max_end]
  int64_t max_mod = 1;    // moduli 1 .. max_mod
  size_t max_holes = 0;   // holes inside the finite part
  bool infinite = false;  // infinite ends too
  int64_t near = 0;       // windows; 0: max_end
  int64_t far = 0;
};

// Calls f(spec) for every specification of the family.
template <typename F>
void for_each_spec(const Family& family, F f) {
  const int64_t e = family.max_end;
  std::vector<std::vector<int64_t>> hole_sets = {{}};
  for (size_t i = 0; i < hole_sets.size(); ++i) {
    const std::vector<int64_t> set = hole_sets[i];
    if (set.size() == family.max_holes) continue;
    for (int64_t h = set.empty() ? -e : set.back() + 1; h <= e; ++h) {
      hole_sets.push_back(set);
      hole_sets.back().push_back(h);
    }
  }
  std::vector<int64_t> los, his;
  if (family.infinite) los.push_back(kNegInf), his.push_back(kPosInf);
  for (int64_t v = -e; v <= e; ++v) los.push_back(v), his.push_back(v);
  for (int64_t lo : los) {
    for (int64_t hi : his) {
      if (lo > hi) continue;
      for (int64_t mod = 1; mod <= family.max_mod; ++mod) {
        for (int64_t rem = 0; rem < mod; ++rem) {
          for (const std::vector<int64_t>& holes : hole_sets) {
            const bool inside = std::all_of(holes.begin(), holes.end(), [&](int64_t h) {
              return lo <= h && h <= hi && ref_floor_mod(h - rem, mod) == 0;
            });
            if (inside) f(Spec{lo, hi, mod, rem, holes});
          }
        }
      }
    }
  }
}

// One sample per set of the family, the empty set left out.
inline std::vector<Sample> samples(const Family& family) {
  const int64_t near = std::max(family.near, family.max_end);
  const int64_t far = std::max(family.far, near);
  std::vector<Sample> all;
  std::set<std::vector<int64_t>> seen;
  for_each_spec(family, [&](const Spec& spec) {
    Sample s;
    for (int64_t x = -far; x <= far; ++x) {
      if (!spec.has(x)) continue;
      s.far.push_back(x);
      if (-near <= x && x <= near) s.near.push_back(x);
    }
    if (s.far.empty() || !seen.insert(s.far).second) return;
    s.domain = spec.build();
    all.push_back(std::move(s));
  });
  return all;
}

// What a set of results is, from its members in both windows.
class Results {
 public:
  void add_near(int64_t v) {
    add_far(v);
    near_.push_back(v);
  }
  void add_far(int64_t v) {
    far_lo_ = std::min(far_lo_, v);
    far_hi_ = std::max(far_hi_, v);
    far_.push_back(v);
  }
  bool empty() const { return far_.empty(); }
  int64_t lo() const { return far_lo_ == near_lo() ? far_lo_ : kNegInf; }
  int64_t hi() const { return far_hi_ == near_hi() ? far_hi_ : kPosInf; }
  // The best modulus; 0 for one value.
  int64_t mod() const {
    int64_t g = 0;
    for (int64_t v : near_) g = std::gcd(g, v - near_.front());
    return g;
  }
  const std::vector<int64_t>& values() const { return far_; }
  // The best domain, for a finite set that one can hold: at most four members of the
  // class between the ends are missing.
  bool representable() const {
    return !empty() && lo() != kNegInf && hi() != kPosInf &&
           (mod() == 0 || missing().size() <= static_cast<size_t>(Domain::kMaxHoles));
  }
  Domain best() const {
    if (empty()) return Domain::none();
    if (mod() == 0) return Domain::point(lo());
    Domain d = Domain::make(lo(), hi(), mod(), lo());
    for (int64_t v : missing()) d = d.without(v);
    return d;
  }

 private:
  int64_t near_lo() const { return *std::min_element(near_.begin(), near_.end()); }
  int64_t near_hi() const { return *std::max_element(near_.begin(), near_.end()); }
  std::vector<int64_t> missing() const {
    const std::set<int64_t> have(far_.begin(), far_.end());
    std::vector<int64_t> out;
    for (int64_t v = lo(); v <= hi(); v += mod()) {
      if (have.count(v) == 0) out.push_back(v);
    }
    return out;
  }

  int64_t far_lo_ = kPosInf, far_hi_ = kNegInf;
  std::vector<int64_t> near_, far_;
};

enum class Want {
  kSound,        // contains all results
  kEnds,         // and has the best ends
  kEndsAndClass  // and the best modulus
};

inline std::string check(const Domain& d, const Results& r, Want want) {
  if (r.empty()) {
    return want == Want::kSound || d.empty() ? "" : "not empty: " + d.to_string();
  }
  for (int64_t v : r.values()) {
    if (!d.contains(v)) return d.to_string() + " lacks " + std::to_string(v);
  }
  if (want == Want::kSound) return "";
  if (d.lo() != r.lo() || d.hi() != r.hi()) {
    return d.to_string() + " is loose: best ends " + std::to_string(r.lo()) + ", " +
           std::to_string(r.hi());
  }
  if (want == Want::kEndsAndClass && d.mod() != r.mod()) {
    return d.to_string() + " is loose: best modulus " + std::to_string(r.mod());
  }
  return "";
}

template <typename F>
Results results(const Sample& a, F f) {
  Results r;
  for (int64_t x : a.near) r.add_near(f(x));
  for (int64_t x : a.far) r.add_far(f(x));
  return r;
}

// f over all pairs for which defined(x, y).
template <typename F, typename D>
Results results(const Sample& a, const Sample& b, F f, D defined) {
  Results r;
  for (int64_t x : a.near) {
    for (int64_t y : b.near) {
      if (defined(x, y)) r.add_near(f(x, y));
    }
  }
  if (a.far.size() == a.near.size() && b.far.size() == b.near.size()) return r;
  for (int64_t x : a.far) {
    for (int64_t y : b.far) {
      if (defined(x, y)) r.add_far(f(x, y));
    }
  }
  return r;
}

}  // namespace domain_test
}  // namespace congrua

#endif  // CONGRUA_TESTS_DOMAIN_ORACLE_H_
