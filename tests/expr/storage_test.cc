// How nodes are stored: packed terms, counted operands, the intern table.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "congrua/eval.h"
#include "congrua/expr.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "expr/intern_table.h"

namespace congrua::internal {
namespace {

TEST(PackedTerm, KeepsEveryCoefficient) {
  ExprPool pool;
  Builder& builder = Builder::of(pool);
  const Node* x = builder.symbol("x", {});
  const Node* y = builder.symbol("y", {});
  std::vector<Int> coefs;
  for (int bit = 1; bit < 70; ++bit) {
    Int power = 1;
    for (int i = 0; i < bit; ++i) power = power * Int(2);
    for (const int d : {-1, 0, 1}) {
      coefs.push_back(power + Int(d));
      coefs.push_back(Int(d) - power);
    }
  }
  for (const Int& c : coefs) {
    const Node* sum = builder.add(builder.scale(x, c), y);
    const Terms terms = terms_of(builder.add_const(sum, 7));
    if (c.is_zero()) continue;
    ASSERT_EQ(terms.size(), 2u);
    EXPECT_TRUE(terms.coefficient_of(x) == c) << c.to_string();
    EXPECT_TRUE(terms.coefficient_of(y) == Int(1));
    EXPECT_TRUE(terms.coefficient_of(builder.symbol("z", {})).is_zero());
    // The same term built again is the same node, whatever word holds it.
    EXPECT_EQ(builder.sub(builder.add(sum, x), x), sum);
  }
}

TEST(Storage, OperandsBeyondTheShortCount) {
  ExprPool pool;
  Builder& builder = Builder::of(pool);
  for (const size_t count : {253u, 254u, 255u, 256u, 70'000u}) {
    std::vector<const Node*> args;
    for (size_t i = 0; i < count; ++i) {
      args.push_back(builder.symbol("x" + std::to_string(i), {}));
    }
    const Node* call = builder.opaque("f", args, Sort::kInt);
    EXPECT_EQ(arity(call), count);
    ASSERT_EQ(args_of(call).size(), count);
    EXPECT_EQ(args_of(call).back(), args.back());
    EXPECT_EQ(static_cast<const OpaqueNode*>(call)->name, "f");
    EXPECT_EQ(builder.opaque("f", args, Sort::kInt), call);

    const Node* sum = builder.sum(args);
    ASSERT_EQ(terms_of(sum).size(), count);
    EXPECT_EQ(builder.sum(args), sum);
    EXPECT_TRUE(terms_of(sum).coefficient_of(args.back()) == Int(1));

    std::vector<const Node*> parts;
    for (const Node* a : args) parts.push_back(builder.ge0(a));
    const Node* all = builder.conjunction(parts);
    EXPECT_EQ(args_of(all).size(), count);
    EXPECT_EQ(builder.conjunction(parts), all);
  }
}

uint32_t find(const InternTable& table, uint32_t fingerprint, uint32_t number,
              size_t* place) {
  return table.find(
      fingerprint, [&](uint32_t n) { return n == number; }, place);
}

TEST(Sums, KeepEveryConstant) {
  ExprPool pool;
  Builder& builder = Builder::of(pool);
  const Node* x = builder.symbol("x", {});
  const Node* y = builder.symbol("y", {});
  std::vector<const Node*> long_parts;
  for (int i = 0; i < 300; ++i)
    long_parts.push_back(builder.symbol("x" + std::to_string(i), {}));
  const Node* bases[] = {builder.add(x, y),
                         builder.scale(x, 3),
                         builder.add(builder.scale(x, Int(int64_t{1} << 40)), y),
                         builder.sum(std::span(long_parts).first(20)),
                         builder.sum(std::span(long_parts).first(100)),
                         builder.sum(long_parts)};
  std::vector<Int> constants;
  for (int c = -300; c <= 300; ++c) constants.push_back(c);
  Int power = 1;
  for (int bit = 1; bit < 70; ++bit) {
    power = power + power;
    for (const int d : {-1, 0, 1}) {
      constants.push_back(power + Int(d));
      constants.push_back(Int(d) - power);
    }
  }
  for (const Node* base : bases) {
    std::vector<const Node*> sums;
    for (const Int& c : constants) sums.push_back(builder.add_const(base, c));
    for (size_t i = 0; i < constants.size(); ++i) {
      const Int& c = constants[i];
      const LinearView view(sums[i]);
      EXPECT_TRUE(view.constant() == c) << c.to_string();
      EXPECT_EQ(sums[i]->symbols(), base->symbols());
      EXPECT_EQ(view.terms().size(), terms_of(base).size());
      EXPECT_TRUE(std::ranges::equal(view.terms(), terms_of(base),
                                     [](const Term& a, const Term& b) {
                                       return a.mono == b.mono && a.coef == b.coef;
                                     }));
      EXPECT_EQ(builder.add_const(sums[i], -c), base);
      EXPECT_EQ(builder.add_const(base, c), sums[i]);
    }
  }
}

// An imported sum is put together of parts that nobody has read there.
TEST(Sums, CancelAfterImport) {
  for (const int count : {30, 54, 80, 200}) {
    ExprPool from, to;
    Expr sum = from.constant(0);
    for (int i = 0; i < count; ++i) {
      sum = sum + from.symbol("x" + std::to_string(i));
      (void)to_string(sum);  // reads its terms
    }
    const Expr here = *to.import(sum);
    Expr rest = to.constant(0);
    for (int i = count; i-- > 0;) rest = rest - to.symbol("x" + std::to_string(i));
    EXPECT_EQ(here + rest, to.constant(0)) << count;
  }
}

// What cancels in a long sum leaves nothing behind.
TEST(Sums, HaveTheDegreeOfTheirTerms) {
  for (const int count : {20, 26, 40, 70, 300}) {
    ExprPool pool;
    const Expr y = pool.symbol("y");
    Expr plain = pool.constant(0), squares = plain, beside = y * y, product = plain;
    for (int i = 0; i < count; ++i) {
      const Expr x = pool.symbol("x" + std::to_string(i));
      plain = plain + x;
      beside = beside + 2 * x;
      squares = squares + x * x;
      product = product + x * y;
    }
    EXPECT_EQ(exact_degree(Builder::node(beside)), 2);
    EXPECT_EQ(exact_degree(Builder::node(beside - y * y)), 1) << count;
    EXPECT_EQ(exact_degree(Builder::node(squares)), 2);
    EXPECT_EQ(exact_degree(Builder::node(squares + y * y * y)), 3);
    EXPECT_EQ(exact_degree(Builder::node(squares + y * y * y - y * y * y)), 2);
    EXPECT_EQ(exact_degree(Builder::node(squares + plain - squares)), 1);
    for (int i = 0; i < count; ++i) {
      const Expr x = pool.symbol("x" + std::to_string(i));
      squares = squares - x * x;
      product = product - x * y + x;
    }
    EXPECT_EQ(squares, pool.constant(0));
    // Whether a product is multiplied out, and the order of its operands.
    ExprPool other;
    Expr same = other.constant(0), z = other.constant(0);
    Expr here = y * y * y * y * y * y * y, there = pool.constant(0);
    const Expr seventh = here;
    for (int i = 0; i < count; ++i) {
      same = same + other.symbol("x" + std::to_string(i));
      z = z + other.symbol("z" + std::to_string(i));
      here = here + pool.symbol("x" + std::to_string(i));
      there = there + pool.symbol("z" + std::to_string(i));
    }
    here = here - seventh;
    EXPECT_EQ(to_sexpr(min((here * there + 1) * (y + 1), here)),
              to_sexpr(min((same * z + 1) * (other.symbol("y") + 1), same)));
    EXPECT_EQ(product, plain);
    EXPECT_EQ(exact_degree(Builder::node(product)), 1);
  }
}

// What a sum borrows is there for as long as the sum is.
TEST(Sums, BorrowNoTermsThatWereTakenBack) {
  ExprPool pool;
  Builder& builder = Builder::of(pool);
  const Node* x = builder.symbol("x", {});
  const Node* y = builder.symbol("y", {});
  const auto sum = [&](int c) { return builder.add_const(builder.sub(x, y), c); };
  for (int round = 0; round < 3; ++round) {
    const uint64_t mark = builder.checkpoint();
    (void)sum(100 + round);
    EXPECT_TRUE(sum(200 + round)->borrows);
    builder.rollback(mark);
    for (int i = 0; i < 50; ++i) (void)builder.symbol("z" + std::to_string(i), {});
    const Node* after = sum(round + 1);
    EXPECT_EQ(to_string(Builder::expr(after)), "x - y + " + std::to_string(round + 1));
  }
}

// x + 1 beside x + 2 takes a header, and its place in the table.
TEST(Sums, ThatDifferInTheirConstantsAreSmall) {
  ExprPool pool;
  Expr base = pool.constant(0);
  for (int i = 0; i < 20; ++i) base = base + pool.symbol("x" + std::to_string(i));
  const size_t before = pool.bytes();
  constexpr int kSums = 100;
  for (int c = 1; c <= kSums; ++c) (void)(base + c);
  EXPECT_LE(pool.bytes() - before, kSums * (24 + 24) + Arena::kAlignment);
}

TEST(Signatures, AreExactForUpTo64Unknowns) {
  ExprPool pool;
  Builder& builder = Builder::of(pool);
  uint64_t all = 0;
  const auto one_more = [&](const Node* n) {
    EXPECT_EQ(std::popcount(n->symbols()), 1);
    EXPECT_EQ(all & n->symbols(), 0u);
    all |= n->symbols();
  };
  for (int i = 0; i < 40; ++i) one_more(builder.symbol("x" + std::to_string(i), {}));
  {
    const uint64_t mark = builder.checkpoint();
    for (int i = 0; i < 30; ++i) (void)builder.symbol("y" + std::to_string(i), {});
    builder.rollback(mark);
  }
  for (int i = 0; i < 10; ++i)
    one_more(builder.opaque("f" + std::to_string(i), {}, Sort::kInt));
  pool.freeze();
  ExprPool child(ExprPool::ChildOf{pool});
  Builder& above = Builder::of(child);
  for (int i = 0; i < 14; ++i) one_more(above.symbol("z" + std::to_string(i), {}));
  EXPECT_EQ(all, UINT64_MAX);
  EXPECT_EQ(std::popcount(above.symbol("one too many", {})->symbols()), 1);
  const Node* sum = above.add(builder.symbol("x3", {}), above.symbol("z0", {}));
  EXPECT_EQ(sum->symbols(),
            builder.symbol("x3", {})->symbols() | above.symbol("z0", {})->symbols());
  EXPECT_EQ(above.add_const(sum, 5)->symbols(), sum->symbols());
}

// Nested halves have constants 2^k - 1: with hashes that read 64 bits of them all share
// one slot, and building is quadratic.
TEST(Hash, ReadsEveryBitOfLargeIntegers) {
  ExprPool pool;
  Builder& builder = Builder::of(pool);
  const Node* x = builder.symbol("x", {});
  std::unordered_set<uint64_t> hashes;
  size_t nodes = 0;
  Int power = 1;
  for (int bit = 0; bit < 1024; ++bit, power = power * Int(2)) {
    if (bit < 2) continue;
    for (const Int& v : {power, -power, power - Int(1)}) {
      const Node* c = builder.constant(v);
      const Node* scaled = builder.scale(x, v);
      for (const Node* n :
           {c, builder.add(x, c), scaled, builder.add(scaled, builder.constant(1))}) {
        hashes.insert(n->hash);
        ++nodes;
      }
    }
  }
  EXPECT_EQ(hashes.size(), nodes);
}

// Long sums are found by the hashes of their halves, short ones by their terms.
TEST(Hash, SumsOfLargeIntegersAreOneNodeHoweverBuilt) {
  ExprPool pool;
  Builder& builder = Builder::of(pool);
  Int large = 1;
  for (int i = 0; i < 80; ++i) large = large * Int(2);
  for (const size_t count : {2u, 15u, 16u, 40u, 63u, 64u, 90u, 300u}) {
    std::vector<const Node*> terms;
    for (size_t i = 0; i < count; ++i) {
      const Node* s = builder.symbol("s" + std::to_string(i), {});
      const Int k = i % 3 == 0 ? large * Int(static_cast<int64_t>(i) + 1) : Int(3);
      terms.push_back(builder.add_const(builder.scale(s, k), large));
    }
    const Node* whole = builder.sum(terms);
    const Node* up = builder.constant(0);
    for (const Node* t : terms) up = builder.add(up, t);
    const Node* down = builder.constant(0);
    for (size_t i = count; i-- > 0;) down = builder.add(terms[i], down);
    EXPECT_EQ(up, whole) << count;
    EXPECT_EQ(down, whole) << count;
    // And through a sum whose constant is large only on the way.
    EXPECT_EQ(builder.add_const(builder.add_const(up, large), -large), whole) << count;
    EXPECT_EQ(builder.sub(builder.add(up, terms[0]), terms[0]), whole) << count;
  }
}

// Fingerprints drawn from few values make long clusters, at the end of the table, too.
TEST(InternTable, FindsWhatWasInserted) {
  for (const uint32_t distinct : {1u, 7u, 100'000u}) {
    for (const bool at_the_end : {false, true}) {
      InternTable table;
      std::mt19937 random(distinct);
      std::vector<uint32_t> fingerprints = {0};
      for (uint32_t number = 1; number <= 3000; ++number) {
        const uint32_t value = static_cast<uint32_t>(random() % distinct);
        fingerprints.push_back(at_the_end ? UINT32_MAX - value : value * 42'949);
        size_t place = 0;
        ASSERT_EQ(find(table, fingerprints.back(), number, &place), 0u);
        table.insert(place, fingerprints.back(), number);
      }
      EXPECT_EQ(table.count(), 3000u);
      size_t met = 0;
      table.for_each([&](uint32_t) { ++met; });
      EXPECT_EQ(met, 3000u);
      for (uint32_t number = 1; number <= 3000; ++number) {
        size_t place;
        EXPECT_EQ(find(table, fingerprints[number], number, &place), number);
        EXPECT_EQ(find(table, fingerprints[number] ^ 0x00100000, 4000, &place), 0u);
      }
    }
  }
}

TEST(Arena, NumbersNameAddresses) {
  int owner = 0;
  Arena arena(&owner);
  std::unordered_map<uint32_t, void*> seen;
  for (size_t i = 0; i < 20'000; ++i) {
    void* p = arena.allocate(i % 997 == 0 ? 100'000 : 8 + i % 300);
    EXPECT_EQ(Arena::owner_of(p), &owner);
    const uint32_t ref = Arena::ref_of(p);
    EXPECT_NE(ref, 0u);
    EXPECT_EQ(arena.at(ref), p);
    EXPECT_TRUE(seen.emplace(ref, p).second);
  }
}

}  // namespace
}  // namespace congrua::internal
