#include "smt2/symbols.h"

#include <cstring>
#include <string>
#include <utility>

#include "smt2/lexer.h"

namespace congrua::smt2 {
namespace {

constexpr std::pair<std::string_view, Word> kWords[] = {
    {"true", Word::kTrue},
    {"false", Word::kFalse},
    {"not", Word::kNot},
    {"and", Word::kAnd},
    {"or", Word::kOr},
    {"xor", Word::kXor},
    {"=>", Word::kImplies},
    {"ite", Word::kIte},
    {"=", Word::kEq},
    {"distinct", Word::kDistinct},
    {"<=", Word::kLe},
    {"<", Word::kLt},
    {">=", Word::kGe},
    {">", Word::kGt},
    {"+", Word::kAdd},
    {"-", Word::kSub},
    {"*", Word::kMul},
    {"div", Word::kDiv},
    {"mod", Word::kMod},
    {"abs", Word::kAbs},
    {"/", Word::kRatio},
    {"to_real", Word::kToReal},
    {"to_int", Word::kToInt},
    {"is_int", Word::kIsInt},
    {"^", Word::kPow},
    {"divisible", Word::kDivisible},
    {"let", Word::kLet},
    {"!", Word::kBang},
    {"_", Word::kUnderscore},
    {"as", Word::kAs},
    {"forall", Word::kForall},
    {"exists", Word::kExists},
    {"match", Word::kMatch},
    {"lambda", Word::kLambda},
    {"par", Word::kPar},
    {"assert", Word::kAssert},
    {"check-sat", Word::kCheckSat},
    {"check-sat-assuming", Word::kCheckSatAssuming},
    {"declare-const", Word::kDeclareConst},
    {"declare-datatype", Word::kDeclareDatatype},
    {"declare-datatypes", Word::kDeclareDatatypes},
    {"declare-fun", Word::kDeclareFun},
    {"declare-sort", Word::kDeclareSort},
    {"declare-sort-parameter", Word::kDeclareSortParameter},
    {"define-const", Word::kDefineConst},
    {"define-fun", Word::kDefineFun},
    {"define-fun-rec", Word::kDefineFunRec},
    {"define-funs-rec", Word::kDefineFunsRec},
    {"define-sort", Word::kDefineSort},
    {"echo", Word::kEcho},
    {"exit", Word::kExit},
    {"get-assertions", Word::kGetAssertions},
    {"get-assignment", Word::kGetAssignment},
    {"get-info", Word::kGetInfo},
    {"get-model", Word::kGetModel},
    {"get-option", Word::kGetOption},
    {"get-proof", Word::kGetProof},
    {"get-unsat-assumptions", Word::kGetUnsatAssumptions},
    {"get-unsat-core", Word::kGetUnsatCore},
    {"get-value", Word::kGetValue},
    {"pop", Word::kPop},
    {"push", Word::kPush},
    {"reset", Word::kReset},
    {"reset-assertions", Word::kResetAssertions},
    {"set-info", Word::kSetInfo},
    {"set-logic", Word::kSetLogic},
    {"set-option", Word::kSetOption},
    {"simplify", Word::kSimplify},
};

template <typename T>
uint64_t load(const char* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

__extension__ typedef unsigned __int128 uint128;

uint64_t fold(uint64_t a, uint64_t b) {
  const uint128 p = static_cast<uint128>(a) * b;
  return static_cast<uint64_t>(p) ^ static_cast<uint64_t>(p >> 64);
}

// Eight bytes at a time; the last word overlaps the one before (as in wyhash).
uint32_t hash_name(std::string_view s) {
  const char* p = s.data();
  const size_t n = s.size();
  uint64_t h = n * 0x9e3779b97f4a7c15ull;
  if (n >= 8) {
    size_t i = 0;
    for (; i + 8 < n; i += 8) h = fold(h ^ load<uint64_t>(p + i), 0xd6e8feb86659fd93ull);
    h = fold(h ^ load<uint64_t>(p + n - 8), 0xa0761d6478bd642full);
  } else if (n >= 4) {
    h = fold(h ^ (load<uint32_t>(p) << 32 | load<uint32_t>(p + n - 4)),
             0xa0761d6478bd642full);
  } else if (n > 0) {
    const auto byte = [&](size_t i) {
      return static_cast<uint64_t>(static_cast<uint8_t>(p[i]));
    };
    h = fold(h ^ (byte(0) << 16 | byte(n / 2) << 8 | byte(n - 1)), 0xa0761d6478bd642full);
  }
  return static_cast<uint32_t>(h ^ (h >> 32));
}

}  // namespace

SymbolTable::SymbolTable() : table_(512, Slot{0, 0}), mask_(511) {
  for (const auto& [name, word] : kWords) symbols_[intern(name)].word = word;
}

SymbolId SymbolTable::find(std::string_view name) const {
  const uint32_t hash = hash_name(name);
  for (size_t i = hash & mask_; table_[i].id_plus_1 != 0; i = (i + 1) & mask_) {
    const Slot s = table_[i];
    if (s.hash == hash && symbols_[s.id_plus_1 - 1].name == name) return s.id_plus_1 - 1;
  }
  return kNoSymbol;
}

SymbolId SymbolTable::intern(std::string_view name) {
  const uint32_t hash = hash_name(name);
  size_t i = hash & mask_;
  for (; table_[i].id_plus_1 != 0; i = (i + 1) & mask_) {
    const Slot s = table_[i];
    if (s.hash == hash && symbols_[s.id_plus_1 - 1].name == name) return s.id_plus_1 - 1;
  }
  const auto id = static_cast<SymbolId>(symbols_.size());
  symbols_.push_back({.name = copy(name)});
  table_[i] = {hash, id + 1};
  if (symbols_.size() * 2 > table_.size()) grow();
  return id;
}

void SymbolTable::grow() {
  std::vector<Slot> bigger(table_.size() * 4, Slot{0, 0});
  mask_ = bigger.size() - 1;
  for (const Slot s : table_) {
    if (s.id_plus_1 == 0) continue;
    size_t i = s.hash & mask_;
    while (bigger[i].id_plus_1 != 0) i = (i + 1) & mask_;
    bigger[i] = s;
  }
  table_ = std::move(bigger);
}

std::string_view SymbolTable::copy(std::string_view name) {
  constexpr size_t kBlock = 16384;
  if (name.size() > left_) {
    left_ = name.size() > kBlock ? name.size() : kBlock;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
    next_ = blocks_.back().get();
  }
  if (!name.empty()) std::memcpy(next_, name.data(), name.size());
  const std::string_view out(next_, name.size());
  next_ += name.size();
  left_ -= name.size();
  return out;
}

std::string quoted_name(std::string_view name) {
  const auto simple = [&] {
    if (name.empty() || lex::char_class(name.front()) == lex::kDigit) return false;
    // A bare -1 is read as a number.
    if (name.size() > 1 && name[0] == '-' && lex::char_class(name[1]) == lex::kDigit) {
      return false;
    }
    for (const char c : name) {
      if (lex::char_class(c) < lex::kSymbolChar) return false;
    }
    for (const auto& [word, code] : kWords) {
      // Reserved words; names of theory functions are plain symbols.
      if (code > Word::kLastTheory && word == name) return false;
    }
    return true;
  };
  if (simple()) return std::string(name);
  return "|" + std::string(name) + "|";
}

}  // namespace congrua::smt2
