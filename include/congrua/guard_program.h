// Guard programs: the guards of one compiled artifact, tested at run time.
//
//   absl::StatusOr<Schema> schema = Schema::make({{"s0"}, {"s1"}});
//   absl::StatusOr<GuardProgram> program =
//       GuardProgram::compile(*schema, {.conditions = {le(s0 * s1, limit)}});
//   const Word row[] = {to_word(int64_t{12}), to_word(int64_t{7})};
//   program->check(row)
//
// A row is one 8-byte word per field of a schema. A program holds where each of its
// guards is true by docs/semantics.md, in unbounded integers: a guard whose evaluation
// divides by zero is not true. Sizes are any int64; nothing traps or wraps. Evaluation
// takes 64 bits, 128 where those overflow, and integers of any size where those do.
//
// A symbol of a condition is the field of its name, if Guards::symbols says nothing else:
// an integer symbol a kSize, a boolean one a kBool. The birth range of a symbol that
// occurs is tested as well, since canonical forms rest on it.
//
// Ownership: programs and schemas are values that share immutable data; a program holds
// no Expr and outlives the pool. Thread safety: const methods from any thread. Errors:
// kInvalidArgument for what does not fit the schema, kUnimplemented for uninterpreted
// terms, kResourceExhausted for a condition of more than 1,000 operators, one whose
// numbers may take more than 16,384 bits, and for more than 32,768 tests. Cost: compile
// takes microseconds; check some nanoseconds for eight guards on few fields, and
// allocates only where 128 bits do not suffice.
#ifndef CONGRUA_GUARD_PROGRAM_H_
#define CONGRUA_GUARD_PROGRAM_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "congrua/expr.h"

namespace congrua::cache {

using Word = uint64_t;
inline Word to_word(int64_t size) { return static_cast<Word>(size); }
inline Word to_word(bool value) { return value ? 1 : 0; }
inline Word to_word(double value) { return std::bit_cast<Word>(value); }

enum class FieldKind : uint8_t {
  kSize,   // an int64
  kBool,   // 0 is false, any other word true
  kFloat,  // an IEEE double
  kTag,    // 64 bits, compared for equality alone: dtype, device, rank, identities
};

// What == and != of a kFloat mean. The other comparisons are IEEE's.
enum class FloatEquality : uint8_t {
  kIeee,  // -0 == 0, NaN differs from everything
  kBits,  // equal representations
};

struct Field {
  std::string name;
  FieldKind kind = FieldKind::kSize;
  FloatEquality equality = FloatEquality::kIeee;
};

namespace internal {
struct Program;
class Lanes;
}  // namespace internal

class Schema {
 public:
  static constexpr size_t kMaxFields = 4096;
  // Names are not empty and differ.
  static absl::StatusOr<Schema> make(std::vector<Field> fields);

  size_t size() const { return fields_->size(); }
  const Field& field(size_t i) const { return (*fields_)[i]; }
  std::optional<size_t> find(std::string_view name) const;
  // Of names, kinds and equalities, the same in every process.
  uint64_t hash() const { return hash_; }

 private:
  std::shared_ptr<const std::vector<Field>> fields_;
  uint64_t hash_ = 0;
};

enum class Compare : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe };

struct FloatTest {
  size_t field;
  Compare compare;
  double value;
};
// The tag is (or with `negated` is not) among the values.
struct TagTest {
  size_t field;
  std::vector<uint64_t> values;
  bool negated = false;
};

// A symbol that is a field, whatever either is called.
struct SymbolField {
  Expr symbol;  // an integer or a boolean
  size_t field;
};
// The field has the value of a term, an integer or a proposition.
struct FieldValue {
  size_t field;
  Expr value;
};

// A conjunction. Guards are numbered in this order: symbols (that they are in their birth
// ranges), values, conditions, floats, tags.
struct Guards {
  std::vector<Expr> conditions = {};  // propositions
  std::vector<FloatTest> floats = {};
  std::vector<TagTest> tags = {};
  // Where guards come from, by number, to be shown to people: "model.py:31". Fewer than
  // guards: the others have none.
  std::vector<std::string> positions = {};
  // Symbols that are fields of other names, or whose birth ranges have to be tested even
  // where no condition reads them. Each symbol once.
  std::vector<SymbolField> symbols = {};
  std::vector<FieldValue> values = {};
};

class GuardProgram {
 public:
  static absl::StatusOr<GuardProgram> compile(const Schema& schema, const Guards& guards);

  // Whether all guards hold. The row has a word for each field of the schema.
  bool check(std::span<const Word> row) const;
  // The number of the first guard that does not hold; nullopt: all hold.
  std::optional<size_t> first_failure(std::span<const Word> row) const;

  // Versioned bytes, the same on every machine, to be kept or to be embedded:
  // src/cache/embed/congrua_guard.c, one C99 file without dependencies, evaluates them.
  // What deserialize refuses it says: kInvalidArgument for bytes that are truncated,
  // corrupt or something else, kFailedPrecondition for those of another schema, of a
  // newer format or of the other byte order. It never reads beyond the bytes, and takes
  // more than `bytes` after the program as not its own.
  std::vector<uint8_t> serialize() const;
  static absl::StatusOr<GuardProgram> deserialize(const Schema& schema,
                                                  std::span<const uint8_t> bytes);
  // A C99 translation unit of its own with `int FUNCTION(const uint64_t* row)`, 1 where
  // all guards hold, or 0. Several may be concatenated. Errors: kInvalidArgument where
  // `function` is no identifier, kResourceExhausted for guards whose numbers would take
  // more than 64 KB of stack.
  absl::StatusOr<std::string> to_c(std::string_view function) const;

  const Schema& schema() const { return schema_; }
  size_t num_guards() const;
  // Of Guards::positions; empty where there is none.
  std::string_view position(size_t guard) const;
  size_t bytes() const;  // of memory

  const std::shared_ptr<const internal::Program>& impl() const { return program_; }

 private:
  GuardProgram(Schema schema, std::shared_ptr<const internal::Program> program);
  Schema schema_;
  std::shared_ptr<const internal::Program> program_;
  std::shared_ptr<const internal::Lanes> lanes_;
};

}  // namespace congrua::cache

#endif  // CONGRUA_GUARD_PROGRAM_H_
