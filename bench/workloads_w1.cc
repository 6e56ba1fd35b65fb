// W1, building: a table of nodes into a fresh pool. Terms are canonical once they are
// built, so that nothing is left for canon_s.
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "bench/workloads_formula.h"

namespace congrua::bench {

namespace {

struct Row {
  enum Kind : uint8_t { kSymbol, kConst, kApply } kind;
  SxOp op = SxOp::kAdd;
  std::string name;
  int64_t value = 0;
  std::vector<uint32_t> args;
};

std::vector<Row> read_table(const std::string& text) {
  std::vector<Row> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string head;
    words >> head;
    if (head.empty() || head == "roots") continue;
    Row row{Row::kApply, SxOp::kAdd, {}, 0, {}};
    if (head == "sym") {
      row.kind = Row::kSymbol;
      words >> row.name;
    } else if (head == "const") {
      row.kind = Row::kConst;
      words >> row.value;
    } else {
      row.op = sx_op(head);
      for (uint32_t i = 0; words >> i;) {
        if (i >= rows.size()) {
          std::fprintf(stderr, "line %zu: operand %u comes later\n", rows.size() + 1, i);
          std::exit(2);
        }
        row.args.push_back(i);
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

int run_w1(const std::string& path, int reps) {
  const std::vector<Row> rows = read_table(read_file(path));
  std::vector<Expr> built;
  std::vector<Expr> args;
  for (int rep = 0; rep < reps; ++rep) {
    built.clear();
    built.reserve(rows.size());
    ExprPool pool;
    const double start = now_seconds();
    for (const Row& row : rows) {
      switch (row.kind) {
        case Row::kSymbol:
          built.push_back(pool.symbol(row.name));
          break;
        case Row::kConst:
          built.push_back(pool.constant(row.value));
          break;
        case Row::kApply:
          args.clear();
          for (const uint32_t i : row.args) args.push_back(built[i]);
          built.push_back(apply(pool, row.op, args));
          break;
      }
    }
    const double seconds = now_seconds() - start;
    std::printf("{\"rep\":%d,\"n\":%zu,\"build_s\":%.9f,\"bytes_per_node\":%.1f}\n", rep,
                rows.size(), seconds,
                static_cast<double>(pool.bytes()) / static_cast<double>(rows.size()));
    std::printf("{\"rep\":%d,\"n\":%zu,\"canon_s\":0}\n", rep, rows.size());
  }
  return 0;
}

}  // namespace congrua::bench
