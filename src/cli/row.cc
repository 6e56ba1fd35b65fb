#include "cli/row.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

#include "congrua/guard.h"

namespace congrua::cli {

std::string_view mode_name(RunMode mode) {
  return mode == RunMode::kSat ? "sat" : "entail";
}

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kRedundant:
      return "redundant";
    case Verdict::kNeeded:
      return "needed";
    case Verdict::kUnknown:
      break;
  }
  return "unknown";
}

std::optional<Verdict> verdict_from_name(std::string_view name) {
  for (const Verdict v : {Verdict::kRedundant, Verdict::kNeeded, Verdict::kUnknown}) {
    if (name == verdict_name(v)) return v;
  }
  return std::nullopt;
}

uint64_t time_bucket(uint64_t ns) {
  constexpr int kBits = 5;
  const int width = static_cast<int>(std::bit_width(ns));
  if (width <= kBits + 1) return ns;
  const int shift = width - kBits - 1;
  return ns >> shift << shift;
}

uint64_t percentile(std::vector<uint64_t>& values, double share) {
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  const size_t index =
      rank < 1 ? 0 : std::min(static_cast<size_t>(rank), values.size()) - 1;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

void finish_entail(RunRow& row, std::vector<uint64_t> ns, uint64_t add_ns) {
  EntailFigures& f = row.entail.emplace();
  row.layers.clear();
  for (const auto& [verdict, layer] : row.verdicts) {
    ++f.guards;
    switch (verdict) {
      case Verdict::kRedundant:
        ++f.redundant;
        break;
      case Verdict::kNeeded:
        ++f.needed;
        break;
      case Verdict::kUnknown:
        ++f.unknown;
        continue;
    }
    ++row.layers[layer];
  }
  double total = 0;
  for (const uint64_t t : ns) {
    ++f.histogram[time_bucket(t)];
    total += static_cast<double>(t);
  }
  if (!ns.empty()) {
    f.us_p50 = static_cast<double>(percentile(ns, 0.50)) / 1e3;
    f.us_p99 = static_cast<double>(percentile(ns, 0.99)) / 1e3;
  }
  f.us_total = total / 1e3;
  f.add_us_total = static_cast<double>(add_ns) / 1e3;
  finish_layer(row);
  if (row.status.empty()) row.status = f.unknown == 0 ? "ok" : "unknown";
}

void finish_sat(RunRow& row) {
  finish_layer(row);
  if (!row.status.empty()) return;
  const auto decided = [](const std::string& a) { return a == "sat" || a == "unsat"; };
  if (row.answers.size() == 1) {
    row.status = decided(row.answers[0]) ? row.answers[0] : "unknown";
  } else {
    const bool all = std::all_of(row.answers.begin(), row.answers.end(), decided);
    row.status = all ? "ok" : "unknown";
  }
}

std::string and_more_errors(std::string_view first, size_t more) {
  if (more == 0) return std::string(first);
  return fmt::format("{} (and {} more error{})", first, more, more == 1 ? "" : "s");
}

void finish_layer(RunRow& row) {
  int best = -1;
  for (const auto& [name, count] : row.layers) {
    int rank = static_cast<int>(Layer::kZ3) + 1;
    for (int i = 0; i <= static_cast<int>(Layer::kZ3); ++i) {
      if (layer_name(static_cast<Layer>(i)) == name) rank = i;
    }
    if (rank > best) {
      best = rank;
      row.layer = name;
    }
  }
}

}  // namespace congrua::cli
