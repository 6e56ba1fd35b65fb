#include "smt2/term.h"

#include <algorithm>
#include <bit>

#include "expr/hash.h"

namespace congrua::smt2 {
namespace {

uint32_t start(TermOp op, Sort sort, size_t n) {
  return static_cast<uint32_t>(op) * 0x9e3779b1u +
         static_cast<uint32_t>(sort) * 0x85ebca6bu + static_cast<uint32_t>(n);
}
uint32_t mix(uint32_t h, uint32_t x) {
  const uint64_t p = (static_cast<uint64_t>(h) ^ 0x9e3779b97f4a7c15ull) *
                     (static_cast<uint64_t>(x) * 2 + 0xc2b2ae3d27d4eb4full);
  return static_cast<uint32_t>(p ^ (p >> 32));
}

}  // namespace

TermTable::TermTable() {
  table_.assign(256, 0);
  mask_ = 255;
  for (const uint32_t b : {0u, 1u}) {
    intern(
        mix(start(TermOp::kBool, Sort::kBool, 0), b),
        [&](const Term& t) { return t.op == TermOp::kBool && t.a == b; },
        [&] { return Term{TermOp::kBool, Sort::kBool, 0, 0, 0, b, 0}; });
  }
}

template <typename Same, typename Fill>
TermId TermTable::intern(uint32_t hash, Same&& same, Fill&& fill) {
  size_t i = hash & mask_;
  for (; table_[i] != 0; i = (i + 1) & mask_) {
    const Term& t = terms_[table_[i] - 1];
    if (t.hash == hash && same(t)) return table_[i] - 1;
  }
  const auto id = static_cast<TermId>(terms_.size());
  Term t = fill();
  t.hash = hash;
  terms_.push_back(t);
  table_[i] = id + 1;
  if (terms_.size() * 2 > table_.size()) grow();
  return id;
}

void TermTable::grow() {
  std::vector<uint32_t> bigger(table_.size() * 4, 0);
  mask_ = bigger.size() - 1;
  for (uint32_t id = 0; id < terms_.size(); ++id) {
    size_t i = terms_[id].hash & mask_;
    while (bigger[i] != 0) i = (i + 1) & mask_;
    bigger[i] = id + 1;
  }
  table_ = std::move(bigger);
}

TermId TermTable::integer(const Int& v) {
  const uint64_t low = v.low64();
  const auto lo = static_cast<uint32_t>(low);
  const auto hi = static_cast<uint32_t>(low >> 32);
  const bool small = v.to_int64().has_value();
  const uint32_t hash = mix(mix(start(TermOp::kInt, Sort::kInt, 0), lo), hi);
  return intern(
      hash,
      [&](const Term& t) {
        if (t.op != TermOp::kInt || (t.n == 0) != small) return false;
        return small ? t.a == lo && t.b == hi : integers_[t.a] == v;
      },
      [&] {
        if (small) return Term{TermOp::kInt, Sort::kInt, 0, 0, 0, lo, hi};
        integers_.push_back(v);
        const auto at = static_cast<uint32_t>(integers_.size() - 1);
        return Term{TermOp::kInt, Sort::kInt, 0, 1, 0, at, 0};
      });
}

TermId TermTable::rational(const Value& v) {
  const uint64_t low = internal::hash_combine(v.num.low64(), v.den.low64());
  return intern(
      mix(start(TermOp::kRational, Sort::kReal, 0), static_cast<uint32_t>(low)),
      [&](const Term& t) { return t.op == TermOp::kRational && rationals_[t.a] == v; },
      [&] {
        rationals_.push_back(v);
        const auto at = static_cast<uint32_t>(rationals_.size() - 1);
        return Term{TermOp::kRational, Sort::kReal, kHasReal, 0, 0, at, 0};
      });
}

TermId TermTable::constant(uint32_t declaration, Sort sort) {
  return intern(
      mix(start(TermOp::kConst, sort, 0), declaration),
      [&](const Term& t) { return t.op == TermOp::kConst && t.a == declaration; },
      [&] {
        const uint16_t flags = sort == Sort::kReal ? kHasReal : 0;
        return Term{TermOp::kConst, sort, flags, 0, 0, declaration, 0};
      });
}

TermId TermTable::param(uint32_t index, Sort sort) {
  return intern(
      mix(start(TermOp::kParam, sort, 0), index),
      [&](const Term& t) {
        return t.op == TermOp::kParam && t.a == index && t.sort == sort;
      },
      [&] {
        const uint16_t real = sort == Sort::kReal ? kHasReal : 0;
        return Term{TermOp::kParam, sort, static_cast<uint16_t>(kHasParam | real), 0, 0,
                    index,          0};
      });
}

TermId TermTable::apply(uint32_t declaration, std::span<const TermId> args, Sort sort) {
  uint32_t hash = mix(start(TermOp::kApply, sort, args.size()), declaration);
  for (const TermId a : args) hash = mix(hash, a);
  return intern(
      hash,
      [&](const Term& t) {
        return t.op == TermOp::kApply && t.b == declaration && t.n == args.size() &&
               std::equal(args.begin(), args.end(), &args_[t.a]);
      },
      [&] {
        uint16_t flags = sort == Sort::kReal ? kHasReal : 0;
        for (const TermId a : args) flags |= terms_[a].flags;
        const auto at = static_cast<uint32_t>(args_.size());
        args_.insert(args_.end(), args.begin(), args.end());
        return Term{
            TermOp::kApply, sort, flags, static_cast<uint32_t>(args.size()), 0, at,
            declaration};
      });
}

TermId TermTable::make(TermOp op, Sort sort, std::span<const TermId> args) {
  const auto n = static_cast<uint32_t>(args.size());
  uint32_t hash = start(op, sort, n);
  for (const TermId a : args) hash = mix(hash, a);
  return intern(
      hash,
      [&](const Term& t) {
        if (t.op != op || t.n != n || t.sort != sort) return false;
        if (n > 2) return std::equal(args.begin(), args.end(), &args_[t.a]);
        return t.a == args[0] && (n == 1 || t.b == args[1]);
      },
      [&] {
        uint16_t flags = sort == Sort::kReal ? kHasReal : 0;
        for (const TermId a : args) flags |= terms_[a].flags;
        const bool divides =
            op == TermOp::kDiv || op == TermOp::kMod || op == TermOp::kRatio;
        if (divides && (!is_literal(args[1]) || literal(args[1]).is_zero())) {
          flags |= kHasSymbolicDiv;
        }
        if (n <= 2) return Term{op, sort, flags, n, 0, args[0], n == 2 ? args[1] : 0};
        const auto at = static_cast<uint32_t>(args_.size());
        args_.insert(args_.end(), args.begin(), args.end());
        return Term{op, sort, flags, n, 0, at, 0};
      });
}

Value TermTable::literal(TermId t) const {
  const Term& x = terms_[t];
  switch (x.op) {
    case TermOp::kRational:
      return rationals_[x.a];
    case TermOp::kInt:
      if (x.n != 0) return {integers_[x.a], 1};
      return {Int(static_cast<int64_t>(static_cast<uint64_t>(x.b) << 32 | x.a)), 1};
    default:
      return Value::of(x.a != 0);
  }
}

std::vector<TermId> TermTable::reachable(std::span<const TermId> roots) const {
  std::vector<TermId> out;
  if (roots.empty()) return out;
  const TermId top = *std::max_element(roots.begin(), roots.end());
  // Arguments have smaller ids: one pass down the marks finds all, and one up lists them
  // in order, without a stack and without sorting.
  std::vector<uint64_t> marks(top / 64 + 1, 0);
  const auto bit = [](TermId t) { return uint64_t{1} << (t % 64); };
  for (const TermId r : roots) marks[r / 64] |= bit(r);
  size_t count = 0;
  for (size_t w = marks.size(); w-- > 0;) {
    for (uint64_t left = marks[w]; left != 0;) {
      const auto t =
          static_cast<TermId>(w * 64 + 63 - static_cast<size_t>(std::countl_zero(left)));
      ++count;
      for (const TermId a : args(t)) marks[a / 64] |= bit(a);
      left = marks[w] & (bit(t) - 1);
    }
  }
  out.reserve(count);
  for (size_t w = 0; w < marks.size(); ++w) {
    for (uint64_t left = marks[w]; left != 0; left &= left - 1) {
      out.push_back(
          static_cast<TermId>(w * 64 + static_cast<size_t>(std::countr_zero(left))));
    }
  }
  return out;
}

}  // namespace congrua::smt2
