// Which entries a call missed by how little, and which can never be found.
//
// Both work on a copy of the list of entries, so that no writer waits.
#ifndef CONGRUA_CACHE_EXPLAIN_IMPL_H_
#define CONGRUA_CACHE_EXPLAIN_IMPL_H_

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cache/test.h"
#include "congrua/cache_explain.h"

namespace congrua::cache::internal {

struct EntryView {
  EntryId id;
  std::shared_ptr<const Program> program;
  bool (*host)(const void* call, void* context);
  void* host_context;
  // As those of EntryBase.
  int64_t priority = 0, bound = 0;
  std::shared_ptr<const Program> cost = nullptr;
};

// Of the entries that hold at the row, with those in order: the one that is found.
class Chosen {
 public:
  void take(const EntryView& e, const Word* row);
  const EntryView* entry() const { return entry_; }

 private:
  const EntryView* entry_ = nullptr;
  std::optional<Int> cost_;
};

// Entries in the order in which they are tried.
Explanation explain(const Schema& schema, std::span<const EntryView> entries,
                    const Word* row, const ExplainOptions& options);
// Of entries[which].
Review review(const Schema& schema, std::span<const EntryView> entries, size_t which,
              const ReviewOptions& options);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_EXPLAIN_IMPL_H_
