// The SMT-LIB reader on any bytes: commands are read, asserts translated to canonical
// terms and evaluated at the point where everything is 0, which no engine takes part in.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "congrua/expr.h"
#include "smt2/model.h"
#include "smt2/print.h"
#include "smt2/script.h"
#include "smt2/translate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace congrua;
  const smt2::Script script =
      smt2::read_script({reinterpret_cast<const char*>(data), size});
  ExprPool pool;
  smt2::Translation translation(*script.env, pool);
  std::vector<smt2::TermId> asserts;
  size_t scopes = 0;
  using Kind = smt2::ScriptCommand::Kind;
  for (const smt2::ScriptCommand& c : script.commands) {
    constexpr size_t kMaxScopes = 100;  // more cost time and show nothing new
    switch (c.kind) {
      case Kind::kAssert:
        std::ignore = translation.assume(c.term);
        std::ignore = translation.take_side_facts();
        asserts.push_back(c.term);
        break;
      case Kind::kPush:
        for (uint64_t i = 0; i < c.count && scopes < kMaxScopes; ++i, ++scopes) {
          translation.push();
        }
        break;
      case Kind::kPop:
        for (uint64_t i = 0; i < c.count && scopes > 0; ++i, --scopes) translation.pop();
        break;
      default:
        break;
    }
  }
  smt2::Interpretation(smt2::Model{}).evaluate(script.env->terms, asserts);
  smt2::Printer printer(*script.env);
  std::string text;
  for (const smt2::TermId t : asserts) printer.print(t, &text);
  return 0;
}
