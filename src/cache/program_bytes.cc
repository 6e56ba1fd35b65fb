#include "cache/program_bytes.h"

#include <algorithm>

#include "cache/seal.h"

namespace congrua::cache::internal {

namespace {

constexpr uint8_t kNoFirst = 64, kNoLast = 128, kFlag = 64;
constexpr int64_t kMaxCoefficient = int64_t{1} << 62;
constexpr uint64_t kMaxGuards = uint64_t{1} << 31;

enum class Shape : uint8_t {
  kNullary,
  kConstant,
  kBig,
  kField,
  kUnary,
  kUnaryConstant,
  kBinary,
  kTernary
};
Shape shape_of(CodeOp op) {
  switch (op) {
    case CodeOp::kConst:
      return Shape::kConstant;
    case CodeOp::kBigConst:
      return Shape::kBig;
    case CodeOp::kField:
    case CodeOp::kBool:
      return Shape::kField;
    case CodeOp::kAddConst:
    case CodeOp::kMulConst:
      return Shape::kUnaryConstant;
    case CodeOp::kGe:
    case CodeOp::kEq:
      return Shape::kUnary;
    case CodeOp::kSelect:
      return Shape::kTernary;
    case CodeOp::kAdd:
    case CodeOp::kMul:
    case CodeOp::kFloorDiv:
    case CodeOp::kMin:
    case CodeOp::kMax:
    case CodeOp::kAnd:
    case CodeOp::kIff:
      return Shape::kBinary;
  }
  return Shape::kNullary;
}

const Int& two_to_64() {
  static const Int v = Int(int64_t{1} << 32) * Int(int64_t{1} << 32);
  return v;
}

void put_big(Bytes& out, const Int& v) {
  const unsigned size = (v.bit_length() + 7) / 8;
  put_number(out, 2 * size + (v.sign() < 0 ? 1 : 0));
  Int rest = abs(v);
  for (unsigned i = 0; i < size; i += 8) {
    const uint64_t low = rest.low64();
    put_fixed(out, low, static_cast<int>(std::min(8u, size - i)));
    rest = floor_div(rest, two_to_64());
  }
}

Int read_big(ByteReader& in) {
  const uint64_t head = in.number(2 * (kMaxBits / 8) + 1);
  const auto bytes = in.take(head >> 1);
  Int v;
  for (size_t i = bytes.size(); i-- > 0;) {
    v = v * Int(256) + Int(static_cast<int64_t>(bytes[i]));
  }
  return (head & 1) != 0 ? -v : v;
}

void put_step(Bytes& out, const Program& p, const CodeStep& s) {
  out.push_back(static_cast<uint8_t>(s.op));
  switch (shape_of(s.op)) {
    case Shape::kNullary:
      break;
    case Shape::kConstant:
      put_signed(out, s.imm);
      break;
    case Shape::kBig:
      put_big(out, p.bigs[static_cast<size_t>(s.imm)]);
      break;
    case Shape::kField:
      put_number(out, static_cast<uint64_t>(s.imm));
      break;
    case Shape::kUnaryConstant:
      put_number(out, s.a);
      put_signed(out, s.imm);
      break;
    case Shape::kTernary:
      put_number(out, s.a);
      put_number(out, s.b);
      put_number(out, s.c);
      break;
    case Shape::kBinary:
      put_number(out, s.a);
      put_number(out, s.b);
      break;
    case Shape::kUnary:
      put_number(out, s.a);
      break;
  }
}

void put_test(Bytes& out, const Program& p, const Test& t, uint32_t last_guard) {
  const auto last = static_cast<int64_t>(static_cast<uint64_t>(t.a) + t.d);
  const bool range = t.kind == TestKind::kRange || t.kind == TestKind::kFloat;
  unsigned flags = 0;
  if (range) {
    flags = (t.a == INT64_MIN ? kNoFirst : 0u) | (last == INT64_MAX ? kNoLast : 0u);
  } else if ((t.kind == TestKind::kSet && t.b != 0) ||
             (t.kind == TestKind::kProduct && t.a < 0)) {
    flags = kFlag;
  }
  out.push_back(static_cast<uint8_t>(static_cast<unsigned>(t.kind) |
                                     static_cast<unsigned>(t.relation) << 4 | flags));
  put_number(out, t.guard - last_guard);
  switch (t.kind) {
    case TestKind::kFalse:
      break;
    case TestKind::kRange:
    case TestKind::kFloat:
      put_number(out, t.x);
      if ((flags & kNoFirst) == 0) put_signed(out, t.a);
      if ((flags & kNoLast) == 0) put_signed(out, last);
      break;
    case TestKind::kMod:
      put_number(out, t.x);
      put_number(out, t.d);
      put_number(out, static_cast<uint64_t>(t.a));
      break;
    case TestKind::kLinear:
      put_number(out, t.x);
      put_number(out, t.y);
      put_signed(out, t.a);
      put_signed(out, t.b);
      put_signed(out, t.c);
      break;
    case TestKind::kProduct:
      put_number(out, t.x);
      put_number(out, t.y);
      put_signed(out, t.c);
      break;
    case TestKind::kSet:
      put_number(out, t.x);
      put_number(out, t.d);
      for (uint64_t i = 0; i < t.d; ++i) {
        put_fixed(out, p.sets[static_cast<size_t>(t.a) + i], 8);
      }
      break;
    case TestKind::kCode:
      put_number(out, t.d);
      for (uint64_t i = 0; i < t.d; ++i) {
        put_step(out, p, p.code[static_cast<size_t>(t.a) + i]);
      }
      break;
  }
}

// Reads one program; the first error stays.
class Reader {
 public:
  Reader(const Schema& schema, std::span<const uint8_t> payload)
      : num_fields_(schema.size()), in_(payload) {}

  std::shared_ptr<const Program> program() {
    if (in_.number(Schema::kMaxFields) != num_fields_) return nullptr;
    program_->num_guards = static_cast<uint32_t>(in_.number(kMaxGuards - 1));
    const uint64_t count = in_.number(kMaxTests);
    const uint64_t length = in_.number();
    ByteReader rest = in_;
    rest.take(length);
    const size_t after = rest.left();
    for (uint64_t i = 0; i < count && in_.ok(); ++i) {
      if (!test()) return nullptr;
    }
    if (!in_.ok() || !rest.ok() || in_.left() != after) return nullptr;
    const uint64_t positions = in_.number(program_->num_guards);
    for (uint64_t i = 0; i < positions && in_.ok(); ++i) {
      program_->positions.push_back(std::string(in_.text()));
    }
    if (!in_.ok() || !in_.done()) return nullptr;
    program_->packed.shrink_to_fit();
    return std::move(program_);
  }

 private:
  uint16_t field() { return static_cast<uint16_t>(in_.number(num_fields_ - 1)); }

  bool test() {
    const uint8_t head = in_.byte();
    Test t;
    const unsigned kind = head & 15;
    const unsigned relation = head >> 4 & 3;
    if (kind > static_cast<unsigned>(TestKind::kCode) ||
        relation > static_cast<unsigned>(Relation::kNe)) {
      return false;
    }
    t.kind = static_cast<TestKind>(kind);
    t.relation = static_cast<Relation>(relation);
    const uint64_t guard = program_->last_guard + in_.number(kMaxGuards - 1);
    if (guard >= program_->num_guards) return false;
    t.guard = static_cast<uint32_t>(guard);
    if (t.kind != TestKind::kFalse && t.kind != TestKind::kCode) {
      if (num_fields_ == 0) return false;
      t.x = field();
    }
    switch (t.kind) {
      case TestKind::kFalse:
        break;
      case TestKind::kRange:
      case TestKind::kFloat: {
        t.a = (head & kNoFirst) != 0 ? INT64_MIN : in_.signed_number();
        const int64_t last = (head & kNoLast) != 0 ? INT64_MAX : in_.signed_number();
        t.d = static_cast<uint64_t>(last) - static_cast<uint64_t>(t.a);
        // An interval, or all but one word.
        if (last < t.a && t.d != UINT64_MAX - 1) return false;
        break;
      }
      case TestKind::kMod:
        t.d = in_.number(INT64_MAX);
        t.a = static_cast<int64_t>(in_.number(INT64_MAX));
        if (t.d < 2 || static_cast<uint64_t>(t.a) >= t.d) return false;
        break;
      case TestKind::kLinear:
        t.y = field();
        t.a = in_.signed_number();
        t.b = in_.signed_number();
        t.c = in_.signed_number();
        for (const int64_t v : {t.a, t.b}) {
          if (v <= -kMaxCoefficient || v >= kMaxCoefficient) return false;
        }
        break;
      case TestKind::kProduct:
        t.y = field();
        t.a = (head & kFlag) != 0 ? -1 : 1;
        t.c = in_.signed_number();
        break;
      case TestKind::kSet:
        if (!set(t, (head & kFlag) != 0)) return false;
        break;
      case TestKind::kCode:
        if (!code(t)) return false;
        break;
    }
    if (in_.ok()) program_->append(t);
    return in_.ok();
  }

  bool set(Test& t, bool negated) {
    std::vector<uint64_t>& sets = program_->sets.vector();
    t.a = static_cast<int64_t>(sets.size());
    t.b = negated ? 1 : 0;
    t.d = in_.number(in_.left() / 8);
    for (uint64_t i = 0; i < t.d; ++i) {
      const uint64_t word = in_.fixed(8);
      if (i != 0 && word <= sets.back()) return false;
      sets.push_back(word);
    }
    return true;
  }

  bool code(Test& t) {
    t.a = static_cast<int64_t>(program_->code.size());
    t.d = in_.number(kMaxSteps);
    if (t.d == 0) return false;
    std::vector<uint16_t> bits;
    for (uint64_t i = 0; i < t.d; ++i) {
      const uint8_t op = in_.byte();
      if (op > static_cast<uint8_t>(CodeOp::kIff)) return false;
      CodeStep s{static_cast<CodeOp>(op)};
      const Shape shape = shape_of(s.op);
      const auto reg = [&] {
        if (i == 0) in_.fail();
        return static_cast<uint16_t>(in_.number(i - (i == 0 ? 0 : 1)));
      };
      if (shape == Shape::kField) {
        if (num_fields_ == 0) return false;
        s.imm = field();
      } else if (shape == Shape::kBig) {
        s.imm = static_cast<int64_t>(program_->bigs.size());
        program_->bigs.push_back(read_big(in_));
      } else if (shape != Shape::kConstant) {
        s.a = reg();
        if (shape == Shape::kBinary || shape == Shape::kTernary) s.b = reg();
        if (shape == Shape::kTernary) s.c = reg();
      }
      if (shape == Shape::kConstant || shape == Shape::kUnaryConstant) {
        s.imm = in_.signed_number();
      }
      if (!in_.ok()) return false;
      const unsigned n = step_bits(s, program_->bigs, bits);
      if (n > kMaxBits) return false;
      bits.push_back(static_cast<uint16_t>(n));
      program_->code.push_back(s);
    }
    return true;
  }

  const size_t num_fields_;
  ByteReader in_;
  std::shared_ptr<Program> program_ = std::make_shared<Program>();
};

}  // namespace

Bytes program_payload(const Program& program, const Schema& schema) {
  Bytes tests;
  uint32_t last_guard = 0;
  program.all_of([&](const Test& t) {
    put_test(tests, program, t, last_guard);
    last_guard = t.guard;
    return true;
  });
  Bytes out;
  put_number(out, schema.size());
  put_number(out, program.num_guards);
  put_number(out, program.num_tests);
  put_number(out, tests.size());
  out.insert(out.end(), tests.begin(), tests.end());
  put_number(out, program.positions.size());
  for (const std::string& p : program.positions) put_text(out, p);
  return out;
}

std::shared_ptr<const Program> read_payload(const Schema& schema,
                                            std::span<const uint8_t> payload) {
  return Reader(schema, payload).program();
}

Bytes program_bytes(const Program& program, const Schema& schema) {
  return sealed(kProgramSeal, schema.hash(), program_payload(program, schema));
}

absl::StatusOr<std::shared_ptr<const Program>> read_program(
    const Schema& schema, std::span<const uint8_t> bytes) {
  const auto opened = open_sealed(kProgramSeal, bytes);
  if (!opened.ok()) return opened.status();
  if (opened->schema_hash != schema.hash()) {
    return absl::FailedPreconditionError("guard program: it is of another schema");
  }
  std::shared_ptr<const Program> program = read_payload(schema, opened->payload);
  if (program == nullptr) {
    return absl::InvalidArgumentError("guard program: its contents make no sense");
  }
  return program;
}

}  // namespace congrua::cache::internal
