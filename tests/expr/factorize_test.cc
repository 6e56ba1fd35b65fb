#include "expr/factorize.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "congrua/expr.h"
#include "congrua/text.h"
#include "expr/builder.h"

namespace congrua::internal {
namespace {

const Node* read(ExprPool& pool, const std::string& text) {
  return Builder::node(parse_infix(pool, text).value());
}

const Node* value_of(Builder& b, const Factorization& f) {
  const Node* p = b.constant(f.content);
  for (const Node* x : f.factors) p = b.mul(p, x);
  return b.add_const(p, f.rest);
}

std::string text_of(const Factorization& f) {
  std::string s;
  for (const Node* x : f.factors) s += "(" + to_string(Builder::expr(x)) + ")";
  return s;
}

TEST(Factorize, CeilingsThatWereMultipliedOut) {
  ExprPool pool;
  Builder& b = Builder::of(pool);
  const Node* p = b.mul(read(pool, "h - h // 2"), read(pool, "w - w // 2"));
  ASSERT_EQ(p->op, Op::kAdd);
  const Factorization f = factorize(b, p);
  EXPECT_EQ(f.factors.size(), 2u) << text_of(f);
  EXPECT_EQ(value_of(b, f), p);
}

TEST(Factorize, RestAndContent) {
  ExprPool pool;
  Builder& b = Builder::of(pool);
  const Node* p = b.add_const(
      b.scale(b.mul(read(pool, "2*h - 2*(h//2) + 1"), read(pool, "2*w - 2*(w//2) + 1")),
              Int(-3)),
      Int(100));
  const Factorization f = factorize(b, p);
  EXPECT_EQ(f.factors.size(), 2u) << text_of(f);
  EXPECT_EQ(value_of(b, f), p);
}

TEST(Factorize, CommonFactors) {
  ExprPool pool;
  Builder& b = Builder::of(pool);
  const Node* p = read(pool, "n*c*h*w - n*c*h*d + 2*n*c*d*w - 2*n*c*d*d");
  const Factorization f = factorize(b, p);
  EXPECT_EQ(f.factors.size(), 4u) << text_of(f);
  EXPECT_EQ(value_of(b, f), p);
}

// No atom of a square is in it with exponent 1 alone.
TEST(Factorize, Squares) {
  struct Case {
    const char* text;
    size_t factors;
  };
  constexpr Case cases[] = {
      {"floor_mod(x, 7)**2", 2},
      {"5 - 3*floor_mod(x, 7)**2", 2},
      {"(2*x*x - 3*y*y)**2", 2},
      {"-4*(x*x - floor_mod(x, 3) + y*y - 2)**2 + 9", 2},
      {"z*(x*x + y*y - x*y)**2", 3},
      {"(x - 2*y)**4", 4},
      {"(x*x - y*y + 3*x*y)**2 + x", 0},
      {"2*(x*x + y*y)**2 + (x*x + y*y)", 0},
      {"x**4 + y**2 + 2*y*x*x + y", 0},
  };
  for (const Case& c : cases) {
    ExprPool pool;
    Builder& b = Builder::of(pool);
    const Node* p = read(pool, c.text);
    const Factorization f = factorize(b, p);
    EXPECT_EQ(f.factors.size(), c.factors) << c.text << " " << text_of(f);
    if (f.factors.empty()) continue;
    EXPECT_EQ(value_of(b, f), p) << c.text;
  }
}

TEST(Factorize, WhatIsNoProduct) {
  ExprPool pool;
  Builder& b = Builder::of(pool);
  for (const char* text :
       {"x", "3", "x*y", "x + y", "x*y + z", "x*x + y*y", "x*y + y*z + z*x"}) {
    EXPECT_TRUE(factorize(b, read(pool, text)).factors.empty()) << text;
  }
}

TEST(FactorizeFuzz, EveryAnswerIsAnIdentityAndProductsOfLinearFormsAreFound) {
  int found = 0;
  constexpr int kSeeds = 3000;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    std::mt19937_64 rng(seed);
    const auto upto = [&](int n) {
      return static_cast<int>(rng() % static_cast<uint64_t>(n));
    };
    ExprPool pool;
    Builder& b = Builder::of(pool);
    const Node* product = b.constant(Int(1 + upto(3)));
    const int factors = 2 + upto(2);
    for (int i = 0; i < factors; ++i) {
      // Distinct first symbols: each factor is linear in one of its own.
      const Node* f = read(pool, std::string(1, static_cast<char>('a' + i)));
      for (const char* s : {"p", "q", "a // 2", "r"}) {
        if (upto(2) == 0) f = b.add(f, b.scale(read(pool, s), Int(upto(7) - 3)));
      }
      product = b.mul(product, b.add_const(f, Int(upto(5) - 2)));
    }
    const Factorization f =
        factorize(b, b.add_const(product, Int(upto(3) == 0 ? upto(9) : 0)));
    if (f.factors.empty()) continue;
    ++found;
    const Node* again = value_of(b, f);
    const Node* difference = b.sub(again, product);
    EXPECT_EQ(difference->op, Op::kConst) << "seed " << seed << ": " << text_of(f);
  }
  EXPECT_GT(found, kSeeds * 9 / 10);
}

TEST(FactorizeFuzz, SquaresAreFound) {
  constexpr int kSeeds = 1000;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    std::mt19937_64 rng(seed);
    const auto upto = [&](int n) {
      return static_cast<int>(rng() % static_cast<uint64_t>(n));
    };
    ExprPool pool;
    Builder& b = Builder::of(pool);
    const Node* root = read(pool, "a*a");
    for (const char* s : {"p*q", "q*q", "a // 2", "r*p*a"}) {
      if (upto(2) == 0) root = b.add(root, b.scale(read(pool, s), Int(upto(7) - 3)));
    }
    if (root->op != Op::kAdd) continue;
    const Int content(upto(2) == 0 ? 1 + upto(3) : -1 - upto(3));
    const Node* square = b.scale(b.mul(root, root), content);
    const Node* p = b.add_const(square, Int(upto(9) - 4));
    const Factorization f = factorize(b, p);
    EXPECT_GE(f.factors.size(), 2u) << "seed " << seed;
    EXPECT_EQ(value_of(b, f), p) << "seed " << seed << ": " << text_of(f);
  }
}

}  // namespace
}  // namespace congrua::internal
