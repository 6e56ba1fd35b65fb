#include "congrua/guard_program.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "cache/compile.h"
#include "cache/lanes.h"
#include "cache/print_c.h"
#include "cache/program_bytes.h"
#include "cache/test.h"
#include "expr/builder.h"

namespace congrua::cache {

absl::StatusOr<Schema> Schema::make(std::vector<Field> fields) {
  if (fields.size() > kMaxFields) {
    return absl::InvalidArgumentError(
        absl::StrCat("a schema has at most ", kMaxFields, " fields"));
  }
  // FNV-1a: the same in every process.
  uint64_t hash = 0xcbf29ce484222325;
  const auto mix = [&hash](uint8_t byte) { hash = (hash ^ byte) * 0x100000001b3; };
  absl::flat_hash_map<std::string, size_t> seen;
  for (size_t i = 0; i < fields.size(); ++i) {
    const Field& f = fields[i];
    if (f.name.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("field ", i, " has no name"));
    }
    if (!seen.emplace(f.name, i).second) {
      return absl::InvalidArgumentError(absl::StrCat("two fields are named ", f.name));
    }
    for (const char c : f.name) mix(static_cast<uint8_t>(c));
    mix(0);
    mix(static_cast<uint8_t>(f.kind));
    mix(static_cast<uint8_t>(f.equality));
  }
  Schema s;
  s.fields_ = std::make_shared<const std::vector<Field>>(std::move(fields));
  s.hash_ = hash;
  return s;
}

std::optional<size_t> Schema::find(std::string_view name) const {
  for (size_t i = 0; i < fields_->size(); ++i) {
    if ((*fields_)[i].name == name) return i;
  }
  return std::nullopt;
}

absl::StatusOr<GuardProgram> GuardProgram::compile(const Schema& schema,
                                                   const Guards& guards) {
  auto program = std::make_shared<internal::Program>();
  internal::Compiler compiler(schema, *program);
  uint32_t number = 0;
  for (const SymbolField& f : guards.symbols) {
    absl::Status s =
        compiler.bind(congrua::internal::Builder::node(f.symbol), f.field, number++);
    if (!s.ok()) return s;
  }
  for (const FieldValue& v : guards.values) {
    absl::Status s =
        compiler.value(v.field, congrua::internal::Builder::node(v.value), number++);
    if (!s.ok()) return s;
  }
  for (const Expr e : guards.conditions) {
    if (!e.is_bool()) {
      return absl::InvalidArgumentError(
          absl::StrCat("guard ", number, " is no proposition"));
    }
    absl::Status s = compiler.condition(congrua::internal::Builder::node(e), number++);
    if (!s.ok()) return s;
  }
  for (const FloatTest& t : guards.floats) {
    if (absl::Status s = compiler.float_test(t, number++); !s.ok()) return s;
  }
  for (const TagTest& t : guards.tags) {
    if (absl::Status s = compiler.tag_test(t, number++); !s.ok()) return s;
  }
  if (guards.positions.size() > number) {
    return absl::InvalidArgumentError("there are more positions than guards");
  }
  if (program->num_tests > internal::kMaxTests) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", internal::kMaxTests, " tests"));
  }
  program->num_guards = number;
  program->positions = guards.positions;
  program->packed.shrink_to_fit();
  return GuardProgram(schema, std::move(program));
}

GuardProgram::GuardProgram(Schema schema,
                           std::shared_ptr<const internal::Program> program)
    : schema_(std::move(schema)),
      program_(std::move(program)),
      lanes_(std::make_shared<const internal::Lanes>(*program_, schema_.size())) {}

bool GuardProgram::check(std::span<const Word> row) const {
  return lanes_->check(row.data());
}

std::optional<size_t> GuardProgram::first_failure(std::span<const Word> row) const {
  std::optional<size_t> failure;
  program_->all_of([&](const internal::Test& t) {
    if (internal::holds(t, *program_, row.data())) return true;
    failure = t.guard;
    return false;
  });
  return failure;
}

std::vector<uint8_t> GuardProgram::serialize() const {
  return internal::program_bytes(*program_, schema_);
}

absl::StatusOr<GuardProgram> GuardProgram::deserialize(const Schema& schema,
                                                       std::span<const uint8_t> bytes) {
  auto program = internal::read_program(schema, bytes);
  if (!program.ok()) return program.status();
  return GuardProgram(schema, *std::move(program));
}

absl::StatusOr<std::string> GuardProgram::to_c(std::string_view function) const {
  return internal::print_c(*program_, schema_, function);
}

std::string_view GuardProgram::position(size_t guard) const {
  if (guard >= program_->positions.size()) return {};
  return program_->positions[guard];
}

size_t GuardProgram::num_guards() const { return program_->num_guards; }
size_t GuardProgram::bytes() const { return program_->bytes() + lanes_->bytes(); }

}  // namespace congrua::cache
