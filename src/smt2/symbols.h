// Names, and the words that the language gives a meaning.
#ifndef CONGRUA_SMT2_SYMBOLS_H_
#define CONGRUA_SMT2_SYMBOLS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "smt2/term.h"

namespace congrua::smt2 {

// Words with a meaning: theory functions, binders, commands. A user's constant may have
// the name of a theory function; what is meant is told by the number of arguments.
enum class Word : uint8_t {
  kNone,
  // Theory functions.
  kTrue,
  kFalse,
  kNot,
  kAnd,
  kOr,
  kXor,
  kImplies,
  kIte,
  kEq,
  kDistinct,
  kLe,
  kLt,
  kGe,
  kGt,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kAbs,
  kRatio,
  kToReal,
  kToInt,
  kIsInt,
  kPow,
  kDivisible,
  kLastTheory = kDivisible,
  // Reserved words of terms.
  kLet,
  kBang,
  kUnderscore,
  kAs,
  kForall,
  kExists,
  kMatch,
  kLambda,
  kPar,
  // Commands.
  kAssert,
  kCheckSat,
  kCheckSatAssuming,
  kDeclareConst,
  kDeclareDatatype,
  kDeclareDatatypes,
  kDeclareFun,
  kDeclareSort,
  kDeclareSortParameter,
  kDefineConst,
  kDefineFun,
  kDefineFunRec,
  kDefineFunsRec,
  kDefineSort,
  kEcho,
  kExit,
  kGetAssertions,
  kGetAssignment,
  kGetInfo,
  kGetModel,
  kGetOption,
  kGetProof,
  kGetUnsatAssumptions,
  kGetUnsatCore,
  kGetValue,
  kPop,
  kPush,
  kReset,
  kResetAssertions,
  kSetInfo,
  kSetLogic,
  kSetOption,
  kSimplify,
};

using SymbolId = uint32_t;
inline constexpr SymbolId kNoSymbol = UINT32_MAX;
inline constexpr uint32_t kNoIndex = UINT32_MAX;

struct Symbol {
  std::string_view name;         // owned by the table, without bars
  TermId local = kNoTerm;        // innermost let or parameter of that name
  TermId value = kNoTerm;        // constant or 0-ary definition in scope
  uint32_t function = kNoIndex;  // functions in scope: head of Env's list by arity
  uint32_t sort = kNoIndex;      // sort in scope: index into Env's sorts
  Word word = Word::kNone;
};

class SymbolTable {
 public:
  SymbolTable();
  SymbolTable(const SymbolTable&) = delete;
  SymbolTable& operator=(const SymbolTable&) = delete;

  SymbolId intern(std::string_view name);
  SymbolId find(std::string_view name) const;  // kNoSymbol if it was never interned
  Symbol& operator[](SymbolId s) { return symbols_[s]; }
  const Symbol& operator[](SymbolId s) const { return symbols_[s]; }
  size_t size() const { return symbols_.size(); }

 private:
  struct Slot {
    uint32_t hash;
    uint32_t id_plus_1;
  };
  void grow();
  std::string_view copy(std::string_view name);

  std::vector<Symbol> symbols_;
  std::vector<Slot> table_;
  size_t mask_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  size_t left_ = 0;
};

// A name as SMT-LIB text, between bars where it needs them.
std::string quoted_name(std::string_view name);

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_SYMBOLS_H_
