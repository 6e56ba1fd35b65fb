// W1, building: a table of nodes into a fresh pool. Terms are canonical once they are
// built, so that nothing is left for canon_s.
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "bench/workloads_formula.h"

namespace congrua::bench {

namespace {

// Kept small, so that what is timed is building and not reading the table.
struct Row {
  enum Kind : uint8_t { kSymbol, kConst, kApply } kind;
  SxOp op = SxOp::kAdd;
  uint32_t num_args = 0;
  int64_t value = 0;  // of a constant; index of a symbol's name, or of the first argument
};

struct Table {
  std::vector<Row> rows;
  std::vector<uint32_t> args;
  std::vector<std::string> names;
};

Table read_table(const std::string& text) {
  Table table;
  std::vector<Row>& rows = table.rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string head;
    words >> head;
    if (head.empty() || head == "roots") continue;
    Row row{Row::kApply};
    if (head == "sym") {
      row.kind = Row::kSymbol;
      row.value = static_cast<int64_t>(table.names.size());
      words >> table.names.emplace_back();
    } else if (head == "const") {
      row.kind = Row::kConst;
      words >> row.value;
    } else {
      row.op = sx_op(head);
      row.value = static_cast<int64_t>(table.args.size());
      for (uint32_t i = 0; words >> i;) {
        if (i >= rows.size()) {
          std::fprintf(stderr, "line %zu: operand %u comes later\n", rows.size() + 1, i);
          std::exit(2);
        }
        table.args.push_back(i);
        ++row.num_args;
      }
    }
    rows.push_back(row);
  }
  return table;
}

}  // namespace

int run_w1(const std::string& path, int reps) {
  const Table table = read_table(read_file(path));
  const std::vector<Row>& rows = table.rows;
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
          built.push_back(pool.symbol(table.names[static_cast<size_t>(row.value)]));
          break;
        case Row::kConst:
          built.push_back(pool.constant(row.value));
          break;
        case Row::kApply:
          args.clear();
          for (uint32_t i = 0; i < row.num_args; ++i) {
            args.push_back(built[table.args[static_cast<size_t>(row.value) + i]]);
          }
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
