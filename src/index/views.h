// Views put together and counted.
#ifndef CONGRUA_INDEX_VIEWS_H_
#define CONGRUA_INDEX_VIEWS_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "congrua/simplify.h"
#include "expr/view.h"

namespace congrua::index {

// Views of several DAGs in one; symbols that were defined before are what they stand for.
class ViewLinker {
 public:
  void define(const internal::Node* symbol, const internal::ViewDag& dag) {
    defined_[symbol] = add(dag);
  }
  // What was put together, with this root. Once.
  internal::ViewDag finish(const internal::ViewDag& dag);

 private:
  internal::ViewId add(const internal::ViewDag& dag);
  void copy_sum(const internal::ViewDag& dag, const internal::View& v,
                const std::vector<internal::ViewId>& to, internal::View& w);
  void copy_product(const internal::ViewDag& dag, const internal::View& v,
                    const std::vector<internal::ViewId>& to, internal::View& w);

  internal::ViewDag out_;
  absl::flat_hash_map<const internal::Node*, internal::ViewId> defined_;
};

// Quotients and remainders that are to be computed where the variables of that signature
// change, each once.
uint64_t divisions_in_loops(const Form& form, uint64_t loops);
bool has_remainder_in_loops(const Form& form, uint64_t loops);

}  // namespace congrua::index

#endif  // CONGRUA_INDEX_VIEWS_H_
