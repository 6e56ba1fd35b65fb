#include "cli/cases.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "guard/z3.h"
#include "tests/cli/run.h"

namespace congrua::cli {
namespace {

namespace fs = std::filesystem;

std::vector<CaseRow> run_suites() {
  std::vector<fs::path> files;
  for (const auto& e : fs::recursive_directory_iterator("tests/data/peer_suites")) {
    if (e.path().extension() == ".jsonl") files.push_back(e.path());
  }
  std::ranges::sort(files);
  std::vector<CaseRow> rows;
  for (const fs::path& path : files) {
    const CaseFile file = read_cases(path.string()).value();
    EXPECT_TRUE(file.errors.empty()) << file.errors[0];
    for (const Case& c : file.cases) {
      absl::StatusOr<CaseRow> row = run_case(c, CaseEngine::kNative);
      EXPECT_TRUE(row.ok()) << c.id << ": " << row.status();
      if (row.ok()) rows.push_back(*std::move(row));
    }
  }
  return rows;
}
const std::vector<CaseRow>& rows() {
  static const auto* all = new std::vector<CaseRow>(run_suites());
  return *all;
}

// What the engine reaches on the committed suites: floors, to be raised with it.
struct Floor {
  std::string_view suite, kind;
  size_t cases, ok;
};
constexpr Floor kFloors[] = {
    {"halide", "modular", 1, 1},        {"halide", "simplify", 163, 163},
    {"jax", "bound", 71, 71},           {"jax", "emptiness", 8, 8},
    {"jax", "prove", 164, 164},         {"jax", "simplify", 147, 147},
    {"own", "confluence", 300, 300},    {"own", "prove", 15, 15},
    {"tinygrad", "bound", 115, 115},    {"tinygrad", "prove", 15, 15},
    {"tinygrad", "simplify", 212, 211}, {"tvm", "bound", 11, 11},
    {"tvm", "modular", 6, 6},           {"tvm", "prove", 17, 17},
    {"tvm", "simplify", 155, 154},      {"xla_mlir", "bound", 5, 5},
    {"xla_mlir", "emptiness", 11, 11},  {"xla_mlir", "modular", 4, 4},
    {"xla_mlir", "prove", 6, 6},        {"xla_mlir", "simplify", 28, 28},
};

TEST(PeerSuites, NoAnswerIsWrong) {
  for (const CaseRow& row : rows()) {
    EXPECT_TRUE(row.sound()) << row.id << ": " << row.why;
    EXPECT_TRUE(row.sound() && row.why.empty()) << row.id << ": " << row.why;
  }
}

TEST(PeerSuites, ReachTheFloors) {
  std::map<std::pair<std::string_view, std::string_view>, std::pair<size_t, size_t>>
      found;
  for (const CaseRow& row : rows()) {
    if (row.kind == CaseKind::kOther) continue;
    auto& [cases, ok] = found[{row.suite, row.kind_name}];
    ++cases;
    ok += row.verdict == CaseVerdict::kOk;
  }
  EXPECT_EQ(found.size(), std::size(kFloors));
  for (const Floor& f : kFloors) {
    const auto [cases, ok] = found[{f.suite, f.kind}];
    EXPECT_EQ(cases, f.cases) << f.suite << " " << f.kind;
    EXPECT_GE(ok, f.ok) << f.suite << " " << f.kind;
  }
}

TEST(PeerSuites, BoundsAreTight) {
  for (const CaseRow& row : rows()) EXPECT_NE(row.tight, false) << row.id;
}

// Operators of simplified forms, and pairs that end in one node.
struct FormFloor {
  std::string_view suite;
  uint64_t operations;  // at most
  size_t same_node;     // at least
};
constexpr FormFloor kFormFloors[] = {
    {"halide", 270, 158},   {"jax", 277, 144}, {"own", 0, 300},
    {"tinygrad", 599, 207}, {"tvm", 300, 151}, {"xla_mlir", 47, 28},
};

TEST(PeerSuites, FormsReachTheFloors) {
  for (const FormFloor& f : kFormFloors) {
    uint64_t operations = 0;
    size_t same = 0;
    for (const CaseRow& row : rows()) {
      if (row.suite != f.suite) continue;
      if (row.kind == CaseKind::kSimplify) operations += *row.cost_out;
      same += row.answer.same_node == true;
    }
    EXPECT_LE(operations, f.operations) << f.suite;
    EXPECT_GE(same, f.same_node) << f.suite;
  }
}

TEST(PeerSuites, FormsCountWhatTheyShow) {
  for (const CaseRow& row : rows()) {
    const uint64_t shown = row.cost_out.value_or(row.answer.operations);
    EXPECT_EQ(row.answer.operations, shown) << row.id;
  }
}

TEST(PeerSuites, KindsThatAreNotBuiltAreUnsupported) {
  const auto shape = std::ranges::find(rows(), "shape", &CaseRow::kind_name);
  ASSERT_NE(shape, rows().end());
  EXPECT_EQ(shape->verdict, CaseVerdict::kUnsupported);
  EXPECT_TRUE(shape->sound());
}

// ---- The command

class Cases : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::path(testing::TempDir()) / ("congrua_cases_" + std::to_string(getpid()));
    fs::create_directories(folder_ / "mine");
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string file(std::string_view text) {
    const fs::path path = folder_ / "mine" / "cases.jsonl";
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  Ran run(const CasesOptions& options) { return cli::run(run_cases, options); }
  Ran run_paths(std::vector<std::string> paths) {
    CasesOptions options;
    options.paths = std::move(paths);
    return run(std::move(options));
  }
  Ran run_text(std::string_view text) { return run_paths({file(text)}); }
  fs::path folder_;
};

constexpr std::string_view kGood =
    R"({"id":"a","kind":"simplify","vars":{"x":{"lo":0,"hi":7}},"assume":[],)"
    R"~("expr":"(add (floordiv x 8) x)","expected":"x"})~";

TEST_F(Cases, OneRowForEachCase) {
  const Ran r = run_text(std::string(kGood) + "\n\n" + std::string(kGood));
  EXPECT_EQ(r.code, kCasesOk) << r.err;
  const auto lines = std::ranges::count(r.out, '\n');
  EXPECT_EQ(lines, 2);
  const auto j = nlohmann::json::parse(r.out.substr(0, r.out.find('\n')));
  EXPECT_EQ(j.at("id"), "a");
  EXPECT_EQ(j.at("suite"), "mine");
  EXPECT_EQ(j.at("kind"), "simplify");
  EXPECT_EQ(j.at("cost_in"), 2);
  EXPECT_EQ(j.at("expected_cost"), 0);
  EXPECT_EQ(j.at("sound"), true);
  EXPECT_TRUE(j.at("answer").is_string());
  EXPECT_TRUE(j.at("us").is_number());
  EXPECT_NE(r.err.find("mine"), std::string::npos);
}

TEST_F(Cases, RowsGoToAFileAndTheSummaryToTheOutput) {
  const std::string rows = (folder_ / "rows.jsonl").string();
  const Ran r =
      run({.paths = {file(kGood)}, .engine = CaseEngine::kNative, .jsonl = rows});
  EXPECT_EQ(r.code, kCasesOk);
  EXPECT_EQ(r.err, "");
  EXPECT_NE(r.out.find("simplify"), std::string::npos);
  EXPECT_TRUE(fs::file_size(rows) > 0);
  EXPECT_EQ(run({.paths = {file(kGood)},
                 .engine = CaseEngine::kNative,
                 .jsonl = "/no/such/folder/x"})
                .code,
            kCasesOutput);
  EXPECT_EQ(
      run({.paths = {file(kGood)}, .engine = CaseEngine::kNative, .jsonl = "/dev/full"})
          .code,
      kCasesOutput);
}

TEST_F(Cases, AnswersOfEachKind) {
  const auto answer = [&](std::string_view kind, std::string_view expr,
                          std::string_view expected) {
    const Ran r =
        run_text(std::string(R"({"id":"k","vars":{"x":{"lo":0,"hi":7}},"kind":")") +
                 std::string(kind) + R"(","expr":")" + std::string(expr) +
                 R"(","expected":)" + std::string(expected) + "}");
    EXPECT_EQ(r.code, kCasesOk) << r.err;
    const auto j = nlohmann::json::parse(r.out);
    EXPECT_EQ(j.at("verdict"), "ok") << r.out;
    if (kind == "confluence") {
      EXPECT_EQ(j.at("same_node"), true);
      EXPECT_EQ(j.at("answer_expected"), j.at("answer"));
    }
    return j.at("answer").dump();
  };
  EXPECT_EQ(answer("simplify", "(add x 1 2)", "\"(add x 3)\""), "\"(add x 3)\"");
  EXPECT_EQ(answer("confluence", "(add x 1)", "\"(sub x -1)\""), "\"(add x 1)\"");
  EXPECT_EQ(answer("prove", "(lt x 8)", "\"true\""), "\"true\"");
  EXPECT_EQ(answer("prove", "(lt x 7)", "\"unprovable\""), "\"unknown\"");
  EXPECT_EQ(answer("bound", "(mul 2 x)", "{\"lo\":0,\"hi\":\"14\"}"),
            "{\"hi\":14,\"lo\":0}");
  EXPECT_EQ(answer("bound", "(mul x -1)", "\"[-inf, 0]\""), "{\"hi\":0,\"lo\":-7}");
  EXPECT_EQ(answer("modular", "(mul 6 x)", "{\"coeff\":6,\"base\":0}"),
            "{\"base\":0,\"coeff\":6}");
  EXPECT_EQ(answer("modular", "(eq (floormod (mul 6 x) 3) 0)", "\"true\""), "\"true\"");
  EXPECT_EQ(answer("emptiness", "(and (gt x 3) (lt x 4))", "\"empty\""), "\"empty\"");
  EXPECT_EQ(answer("emptiness", "(and (gt x 3) (lt x 5))", "\"nonempty\""),
            "\"nonempty\"");
}

TEST_F(Cases, WhatCannotBeReadIsToldAndTheOthersAreRun) {
  struct Bad {
    std::string_view line, what;
  };
  constexpr Bad kBad[] = {
      {"{", "no JSON"},
      {"[1]", "no JSON object"},
      {R"({"kind":"prove"})", "id is missing"},
      {R"({"id":"a"})", "kind is missing"},
      {R"({"id":"a","kind":"prove"})", "vars is no object"},
      {R"({"id":"a","kind":"prove","vars":{}})", "expr is missing"},
      {R"({"id":"a","kind":"prove","vars":{},"expr":"true"})", "expected is missing"},
      {R"({"id":"a","kind":"prove","vars":{},"expr":"true","expected":"maybe"})",
       "expected: maybe is no verdict"},
      {R"~({"id":"a","kind":"prove","vars":{},"expr":"(foo 1)","expected":"true"})~",
       "expr: column 2: unknown operator foo"},
      {R"~({"id":"a","kind":"prove","vars":{},"expr":"(lt x 1)","expected":"true"})~",
       "x is not in vars"},
      {R"({"id":"a","kind":"prove","vars":{"x":3},"expr":"true","expected":"true"})",
       "vars: x is no object"},
      {R"({"id":"a","kind":"prove","vars":{"x":{"lo":0.5}},"expr":"true","expected":"true"})",
       "vars: x is no integer"},
      {R"({"id":"a","kind":"prove","vars":{},"assume":"x","expr":"true","expected":"true"})",
       "assume is no list"},
      {R"({"id":"a","kind":"prove","vars":{},"assume":[1],"expr":"true","expected":"true"})",
       "assume: a fact is no text"},
      {R"({"id":"a","kind":"bound","vars":{},"expr":"1","expected":"1"})",
       "expected is no interval"},
      {R"({"id":"a","kind":"modular","vars":{},"expr":"1","expected":{"coeff":1}})",
       "expected is no congruence"},
      {R"({"id":"a","kind":"simplify","vars":{},"expr":"1","expected":"(add 1"})",
       "expected: column 7: ')' is missing"},
      {R"({"id":"a","kind":"simplify","div":"up","vars":{},"expr":"1","expected":"1"})",
       "div is not floor, trunc or euclid"},
  };
  for (const Bad& bad : kBad) {
    const std::string path = file(std::string(bad.line) + "\n" + std::string(kGood));
    const Ran r = run_paths({path});
    EXPECT_EQ(r.code, kCasesInput) << bad.line;
    EXPECT_EQ(r.err.substr(0, r.err.find('\n')),
              "congrua cases: " + path + ":1: " + std::string(bad.what));
    EXPECT_EQ(std::ranges::count(r.out, '\n'), 1) << bad.line;
  }
  std::string other;  // a file of another kind
  for (int i = 0; i < 40; ++i) other += "a line\n";
  const std::string path = file(other);
  const Ran many = run_paths({path});
  EXPECT_EQ(std::ranges::count(many.err.substr(0, many.err.find("suite ")), '\n'), 11);
  EXPECT_NE(many.err.find(path + ": 30 more lines cannot be read\n"), std::string::npos);
  const Ran no_question =
      run_text(R"({"id":"a","kind":"prove","vars":{},"expr":"1","expected":"true"})");
  EXPECT_EQ(no_question.code, kCasesInput);
  EXPECT_NE(no_question.err.find("a: expr: the question is no proposition"),
            std::string::npos);
}

TEST_F(Cases, NoFileNoCaseAndOtherKinds) {
  const Ran missing = run_paths({"/no/such/file.jsonl", file(kGood)});
  EXPECT_EQ(missing.code, kCasesInput);
  EXPECT_EQ(std::ranges::count(missing.out, '\n'), 1);
  EXPECT_TRUE(missing.err.starts_with(
      "congrua cases: /no/such/file.jsonl: No such file or directory\n"));
  const Ran empty = run_text("");
  EXPECT_EQ(empty.code, kCasesOk);
  EXPECT_EQ(empty.out, "");
  const Ran other = run_text(R"({"id":"a","kind":"tomorrow"})");
  EXPECT_EQ(other.code, kCasesOk);
  const auto j = nlohmann::json::parse(other.out);
  EXPECT_EQ(j.at("verdict"), "unsupported");
  EXPECT_TRUE(j.at("answer").is_null());
}

TEST_F(Cases, AWrongExpectationIsReported) {
  // The case says that it never holds; it does.
  const Ran r = run_text(
      R"~({"id":"a","kind":"prove","vars":{"x":{"lo":1}},"expr":"(gt x 0)","expected":"false"})~");
  EXPECT_EQ(r.code, kCasesUnsound);
  EXPECT_NE(r.err.find("a: unsound: true, but known as false"), std::string::npos);
}

TEST_F(Cases, VerdictsByZ3) {
  const Case c =
      parse_case(
          R"~({"id":"a","kind":"prove","vars":{"x":{"lo":null}},"assume":[],)~"
          R"~("expr":"(ge (mul x 2) (sub x (max 0 (neg x))))","expected":"true"})~",
          "mine")
          .value();
  for (const CaseEngine engine : {CaseEngine::kAuto, CaseEngine::kZ3}) {
    const CaseRow row = run_case(c, engine).value();
    EXPECT_TRUE(row.sound());
    if (!guard::z3_available()) continue;
    EXPECT_EQ(row.answer.text, "true");
    EXPECT_EQ(row.answer.layer == Layer::kZ3, engine == CaseEngine::kZ3);
  }
}

TEST_F(Cases, NumbersBeyondAWord) {
  const Ran r = run_text(
      R"({"id":"a","kind":"prove","vars":{"x":{"lo":"100000000000000000000","hi":null}},)"
      R"~("expr":"(gt x 99999999999999999999)","expected":"true"})~");
  EXPECT_EQ(r.code, kCasesOk) << r.err;
  EXPECT_NE(r.out.find("\"answer\":\"true\""), std::string::npos) << r.out;
}

TEST_F(Cases, EuclideanAndTruncatingDivision) {
  const Ran r = run_text(
      R"({"id":"a","kind":"simplify","div":"euclid","vars":{"x":{"lo":null}},)"
      R"~("expr":"(floordiv -1 (add (mul x 2) 1))","expected":"(select (lt x 0) 1 -1)"})~"
      "\n"
      R"({"id":"b","kind":"simplify","div":"trunc","vars":{"x":{"lo":null}},)"
      R"~("expr":"(add (mul (truncdiv x 3) 3) (truncmod x 3))","expected":"x"})~"
      "\n"
      R"({"id":"c","kind":"simplify","div":"euclid","vars":{"x":{"lo":null},"y":{"lo":null}},)"
      R"~("expr":"(add (mul (floordiv x y) y) (floormod x y))","expected":"x"})~");
  EXPECT_EQ(r.code, kCasesOk) << r.err;
}

}  // namespace
}  // namespace congrua::cli
