#include "cli/jsonl.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

namespace congrua::cli {
namespace {

using Json = nlohmann::ordered_json;

// Times keep the digits that a clock can mean.
double rounded(double v) { return std::isfinite(v) ? std::round(v * 1e3) / 1e3 : 0; }

// A number where 64 bits hold it; JSON readers lose the digits of longer ones, so these
// are text.
Json integer_or_null(const std::string& digits) {
  if (digits.empty()) return nullptr;
  int64_t v = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), v);
  if (error == std::errc() && end == digits.data() + digits.size()) return v;
  return digits;
}

std::string digits_of(const Json& j) {
  if (j.is_string()) return j.get<std::string>();
  if (j.is_number_integer()) return std::to_string(j.get<int64_t>());
  return "";
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

// One check: its status. Several: a list, null where nothing is expected.
Json expected_json(const std::vector<std::string>& expected) {
  Json list = Json::array();
  bool any = false;
  for (const std::string& e : expected) {
    any = any || !e.empty();
    list.push_back(text_or_null(e));
  }
  if (!any) return nullptr;
  return list.size() == 1 ? list[0] : list;
}

Json entail_json(Json j, const EntailFigures& f) {
  j["guards"] = f.guards;
  j["redundant"] = f.redundant;
  j["needed"] = f.needed;
  j["unknown"] = f.unknown;
  j["us_p50"] = rounded(f.us_p50);
  j["us_p99"] = rounded(f.us_p99);
  j["us_total"] = rounded(f.us_total);
  j["add_us_total"] = rounded(f.add_us_total);
  Json histogram = Json::array();
  for (const auto& [ns, count] : f.histogram)
    histogram.push_back(Json::array({ns, count}));
  j["ns_histogram"] = std::move(histogram);
  return j;
}

std::string text_at(const Json& j, const char* key) {
  const auto it = j.find(key);
  return it != j.end() && it->is_string() ? it->get<std::string>() : "";
}

double number_at(const Json& j, const char* key) {
  const auto it = j.find(key);
  return it != j.end() && it->is_number() ? it->get<double>() : 0;
}

uint64_t count_at(const Json& j, const char* key) {
  const auto it = j.find(key);
  return it != j.end() && it->is_number_unsigned() ? it->get<uint64_t>() : 0;
}

std::vector<std::string> texts_at(const Json& j, const char* key) {
  std::vector<std::string> out;
  const auto it = j.find(key);
  if (it == j.end()) return out;
  if (it->is_string()) out.push_back(it->get<std::string>());
  if (it->is_array()) {
    for (const Json& item : *it)
      out.push_back(item.is_string() ? item.get<std::string>() : "");
  }
  return out;
}

EntailFigures entail_from(const Json& j) {
  EntailFigures f;
  f.guards = count_at(j, "guards");
  f.redundant = count_at(j, "redundant");
  f.needed = count_at(j, "needed");
  f.unknown = count_at(j, "unknown");
  f.us_p50 = number_at(j, "us_p50");
  f.us_p99 = number_at(j, "us_p99");
  f.us_total = number_at(j, "us_total");
  f.add_us_total = number_at(j, "add_us_total");
  if (const auto it = j.find("ns_histogram"); it != j.end() && it->is_array()) {
    for (const Json& pair : *it) {
      if (pair.is_array() && pair.size() == 2 && pair[0].is_number_unsigned() &&
          pair[1].is_number_unsigned()) {
        f.histogram[pair[0].get<uint64_t>()] += pair[1].get<uint64_t>();
      }
    }
  }
  return f;
}

absl::Status system_error(std::string_view what, const std::string& path, int error) {
  return absl::UnavailableError(
      fmt::format("{} {}: {}", what, path, std::strerror(error)));
}

}  // namespace

std::string row_to_json(const RunRow& row, bool with_verdicts) {
  Json j;
  j["file"] = row.file;
  j["engine"] = row.engine;
  j["mode"] = row.mode;
  if (!row.specialize.empty()) j["specialize"] = row.specialize;
  j["status"] = row.status;
  j["expected"] = expected_json(row.expected);
  j["correct"] = row.correct ? Json(*row.correct) : Json(nullptr);
  j["parse_ms"] = rounded(row.parse_ms);
  j["solve_ms"] = rounded(row.solve_ms);
  j["layer"] = text_or_null(row.layer);
  j["model_max"] = integer_or_null(row.model_max);
  j["model_sum"] = integer_or_null(row.model_sum);
  if (row.entail) {
    j = entail_json(std::move(j), *row.entail);
  } else if (row.mode == "sat") {
    j["answers"] = row.answers;
  }
  j["layers"] = row.layers;
  if (row.policy) {
    j["policy"] = {{"constants", row.policy->constants},
                   {"shared", row.policy->shared},
                   {"at_least_two", row.policy->at_least_two}};
  }
  if (row.truth) {
    j["truth"] = {{"redundant", row.truth->redundant},
                  {"redundant_found", row.truth->redundant_found},
                  {"needed", row.truth->needed},
                  {"needed_found", row.truth->needed_found},
                  {"wrong", row.truth->wrong}};
  }
  j["bytes"] = row.bytes;
  j["timeout"] = row.timeout_s;
  j["wall_ms"] = rounded(row.wall_ms);
  j["peak_mb"] = rounded(row.peak_mb);
  if (!row.version.empty()) j["version"] = row.version;
  j["message"] = text_or_null(row.message);
  if (with_verdicts) {
    Json list = Json::array();
    for (const auto& [verdict, layer] : row.verdicts) {
      list.push_back(Json::array({verdict_name(verdict), layer}));
    }
    j["verdicts"] = std::move(list);
  }
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<RunRow> row_from_json(std::string_view text) {
  const Json j = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!j.is_object()) return absl::InvalidArgumentError("no JSON object");
  RunRow row;
  for (const auto& [key, member] :
       {std::pair("file", &row.file), std::pair("engine", &row.engine),
        std::pair("mode", &row.mode), std::pair("status", &row.status)}) {
    const auto it = j.find(key);
    if (it == j.end() || !it->is_string()) {
      return absl::InvalidArgumentError(fmt::format("no text \"{}\"", key));
    }
    *member = it->get<std::string>();
  }
  row.specialize = text_at(j, "specialize");
  row.expected = texts_at(j, "expected");
  row.answers = texts_at(j, "answers");
  if (const auto it = j.find("correct"); it != j.end() && it->is_boolean()) {
    row.correct = it->get<bool>();
  }
  row.parse_ms = number_at(j, "parse_ms");
  row.solve_ms = number_at(j, "solve_ms");
  row.layer = text_at(j, "layer");
  if (const auto it = j.find("model_max"); it != j.end()) row.model_max = digits_of(*it);
  if (const auto it = j.find("model_sum"); it != j.end()) row.model_sum = digits_of(*it);
  if (const auto it = j.find("layers"); it != j.end() && it->is_object()) {
    for (const auto& [name, count] : it->items()) {
      if (count.is_number_unsigned()) row.layers[name] = count.get<uint64_t>();
    }
  }
  if (j.contains("guards")) row.entail = entail_from(j);
  if (const auto it = j.find("policy"); it != j.end() && it->is_object()) {
    row.policy = PolicyFigures{count_at(*it, "constants"), count_at(*it, "shared"),
                               count_at(*it, "at_least_two")};
  }
  if (const auto it = j.find("truth"); it != j.end() && it->is_object()) {
    row.truth = TruthFigures{count_at(*it, "redundant"), count_at(*it, "redundant_found"),
                             count_at(*it, "needed"), count_at(*it, "needed_found"),
                             count_at(*it, "wrong")};
  }
  row.bytes = count_at(j, "bytes");
  row.timeout_s = number_at(j, "timeout");
  row.wall_ms = number_at(j, "wall_ms");
  row.peak_mb = number_at(j, "peak_mb");
  row.version = text_at(j, "version");
  row.message = text_at(j, "message");
  if (const auto it = j.find("verdicts"); it != j.end() && it->is_array()) {
    for (const Json& pair : *it) {
      if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() ||
          !pair[1].is_string()) {
        return absl::InvalidArgumentError("malformed verdicts");
      }
      row.verdicts.emplace_back(
          verdict_from_name(pair[0].get<std::string>()).value_or(Verdict::kUnknown),
          pair[1].get<std::string>());
    }
  }
  return row;
}

std::string valid_utf8(std::string_view text) {
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace))
      .get<std::string>();
}

std::string row_key(const RunRow& row) {
  return fmt::format("{}\n{}\n{}\n{}", row.file, row.engine, row.mode, row.specialize);
}

absl::StatusOr<LogContents> read_log(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return system_error("cannot read", path, errno);
  const std::string text((std::istreambuf_iterator<char>(in)),
                         std::istreambuf_iterator<char>());
  if (in.bad()) return system_error("cannot read", path, errno);
  LogContents log;
  std::map<std::string, size_t> position;
  size_t line_number = 0;
  for (size_t at = 0; at < text.size();) {
    ++line_number;
    const size_t newline = text.find('\n', at);
    const bool whole = newline != std::string::npos;
    const size_t end = whole ? newline : text.size();
    const std::string_view line = std::string_view(text).substr(at, end - at);
    absl::StatusOr<RunRow> row = row_from_json(line);
    if (row.ok()) {
      const auto [it, fresh] = position.try_emplace(row_key(*row), log.rows.size());
      if (fresh) {
        log.rows.push_back(*std::move(row));
      } else {
        log.rows[it->second] = *std::move(row);
      }
      log.whole_bytes = whole ? end + 1 : end;
      log.ends_with_newline = whole;
    } else if (!whole && line.front() == '{') {
      log.torn = std::string(line);
    } else {
      return absl::InvalidArgumentError(fmt::format("{}:{}: not a row of the bench ({})",
                                                    path, line_number,
                                                    std::string(row.status().message())));
    }
    at = whole ? end + 1 : end;
  }
  return log;
}

absl::Status write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::UnavailableError(std::strerror(errno));
    text.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status write_file(const std::string& path, std::string_view text) {
  // A device (/dev/stdout, /dev/full) or a pipe is written as it is: a rename would
  // replace it.
  struct stat info;
  const bool direct = ::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
  const std::string target = direct ? path : path + ".tmp";
  const int fd = ::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return system_error("cannot write", path, errno);
  absl::Status status = write_all(fd, text);
  if (::close(fd) != 0 && status.ok())
    status = absl::UnavailableError(std::strerror(errno));
  if (status.ok() && !direct && ::rename(target.c_str(), path.c_str()) != 0) {
    status = absl::UnavailableError(std::strerror(errno));
  }
  if (status.ok()) return status;
  if (!direct) ::unlink(target.c_str());
  return absl::UnavailableError(
      fmt::format("cannot write {}: {}", path, std::string(status.message())));
}

RowLog::~RowLog() {
  if (fd_ >= 0) ::close(fd_);
}

absl::Status RowLog::open(const std::string& path, LogContents* earlier) {
  *earlier = LogContents();
  path_ = path;
  struct stat info;
  const bool regular = ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
  if (regular) {
    absl::StatusOr<LogContents> log = read_log(path);
    if (!log.ok()) return log.status();
    *earlier = *std::move(log);
  }
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd_ < 0) return system_error("cannot write", path, errno);
  if (!earlier->torn.empty() &&
      ::ftruncate(fd_, static_cast<off_t>(earlier->whole_bytes)) != 0) {
    return system_error("cannot cut the unfinished last line of", path, errno);
  }
  if (!earlier->ends_with_newline) {
    absl::Status status = write_all(fd_, "\n");
    if (!status.ok()) return system_error("cannot write", path, errno);
  }
  return absl::OkStatus();
}

absl::Status RowLog::append(const RunRow& row) {
  struct stat before;
  const bool regular = ::fstat(fd_, &before) == 0 && S_ISREG(before.st_mode);
  absl::Status status = write_all(fd_, row_to_json(row) + "\n");
  if (status.ok() && regular && ::fdatasync(fd_) != 0 && errno != EINVAL &&
      errno != EROFS) {
    status = absl::UnavailableError(std::strerror(errno));
  }
  if (status.ok()) return status;
  // A cut that fails too leaves a torn line, which the next run tolerates.
  if (regular) static_cast<void>(!::ftruncate(fd_, before.st_size));
  return absl::UnavailableError(
      fmt::format("cannot write {}: {}", path_, std::string(status.message())));
}

absl::Status RowLog::close() {
  if (fd_ < 0) return absl::OkStatus();
  const int result = ::close(std::exchange(fd_, -1));
  return result == 0 ? absl::OkStatus() : system_error("cannot write", path_, errno);
}

}  // namespace congrua::cli
