#include "cli/cache.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "cache/cache_file.h"
#include "cli/cache_call.h"
#include "cli/command.h"
#include "cli/input.h"
#include "congrua/cache.h"
#include "congrua/cache_advise.h"
#include "congrua/entry.h"
#include "congrua/eval.h"
#include "congrua/text.h"
#include "trace/replay.h"
#include "trace/trace.h"

namespace congrua::cli {
namespace {

using cache::Field;
using cache::GuardProgram;
using cache::Schema;
using Cache = NamedCache;

struct Line {
  std::string name;
  cache::Guards guards;
};

// At commas that no parenthesis holds.
std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t from = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i < text.size() && (text[i] != ',' || depth != 0)) continue;
    const std::string_view part = trimmed(text.substr(from, i - from));
    if (!part.empty()) parts.push_back(part);
    from = i + 1;
  }
  return parts;
}

// Empty: it was read.
std::string read_lines(const std::string& path, std::string_view text, ExprPool& pool,
                       std::vector<Line>& lines) {
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), whole.size() + 1));
    const std::string_view line = trimmed(whole.substr(0, whole.find('#')));
    if (line.empty()) continue;
    const std::string position = fmt::format("{}:{}", path, number);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return fmt::format("{}: an entry is NAME: guard, guard, ...", position);
    }
    Line entry{std::string(trimmed(line.substr(0, colon))), {}};
    for (const std::string_view part : parts_of(line.substr(colon + 1))) {
      const auto e = parse_infix(pool, part);
      if (!e.ok()) {
        return fmt::format("{}: {}: {}", position, part,
                           std::string(e.status().message()));
      }
      if (!e->is_bool()) return fmt::format("{}: {} is no proposition", position, part);
      entry.guards.conditions.push_back(*e);
      entry.guards.positions.push_back(position);
    }
    lines.push_back(std::move(entry));
  }
  return {};
}

}  // namespace

namespace {

// What an entry is made of: a line, or what a trace left in an environment.
class Builder {
 public:
  explicit Builder(std::FILE* err) : err_(err) {}

  // False: it was complained.
  bool read(const std::string& path) {
    const auto text = read_input(path);
    if (!text.ok()) return complain(err_, std::string(text.status().message())), false;
    if (!trimmed(*text).starts_with('{')) {
      const size_t before = lines_.size();
      const std::string wrong = read_lines(path, *text, pool_, lines_);
      if (!wrong.empty()) return complain(err_, wrong), false;
      for (size_t i = before; i < lines_.size(); ++i) add_names(lines_[i].guards);
      return true;
    }
    auto trace = trace::read_trace(*text);
    auto replayed = trace.ok() ? trace::replay(*trace)
                               : absl::StatusOr<trace::Replayed>(trace.status());
    if (!replayed.ok()) {
      complain(err_,
               fmt::format("{}: {}", path, std::string(replayed.status().message())));
      return false;
    }
    const std::string name = trace->name.empty() ? path : trace->name;
    traces_.push_back({name, *std::move(replayed)});
    return true;
  }

  // Left out: entries that no program can be made of; it was said why.
  absl::StatusOr<std::pair<Schema, std::vector<Cache::Entry>>> build(size_t* left_out) {
    for (const std::string& n : names_) fields_.push_back({n});
    const auto name_of = [](const Traced& t, int env) {
      return t.replayed.guards.size() == 1 ? t.name : fmt::format("{}:{}", t.name, env);
    };
    const auto leave_out = [&](const std::string& name, const absl::Status& s) {
      complain(err_, fmt::format("{} is left out: {}", name, std::string(s.message())));
      ++*left_out;
    };
    std::vector<std::pair<const Traced*, int>> versions;
    for (const Traced& t : traces_) {
      for (const auto& [env, set] : t.replayed.guards) {
        const absl::Status merged = entry::merge_fields(
            fields_, entry::fields_of(*t.replayed.environments.at(env), set));
        if (!merged.ok()) {
          leave_out(name_of(t, env), merged);
        } else {
          versions.emplace_back(&t, env);
        }
      }
    }
    const auto schema = Schema::make(fields_);
    if (!schema.ok()) return schema.status();
    std::vector<Cache::Entry> entries;
    for (const Line& line : lines_) {
      const auto program = GuardProgram::compile(*schema, line.guards);
      if (!program.ok()) {
        return absl::InvalidArgumentError(
            fmt::format("{}: {}", line.name, std::string(program.status().message())));
      }
      entries.push_back({*program, line.name});
    }
    for (const auto& [t, env] : versions) {
      const auto program = entry::compile(*schema, *t->replayed.environments.at(env),
                                          t->replayed.guards.at(env));
      if (program.ok()) {
        entries.push_back({*program, name_of(*t, env)});
      } else {
        leave_out(name_of(*t, env), program.status());
      }
    }
    return std::pair(*schema, std::move(entries));
  }

 private:
  struct Traced {
    std::string name;
    trace::Replayed replayed;
  };

  void add_names(const cache::Guards& guards) {
    for (const Expr e : guards.conditions) {
      for (const Expr s : free_symbols(e)) names_.emplace(s.name());
    }
  }

  std::FILE* err_;
  ExprPool pool_;
  std::vector<Line> lines_;
  std::vector<Traced> traces_;
  std::set<std::string> names_;
  std::vector<Field> fields_;
};

}  // namespace

int run_cache_build(const CacheBuildOptions& options, std::FILE* out, std::FILE* err) {
  Builder builder(err);
  for (const std::string& path : options.files) {
    if (!builder.read(path)) return kWrongInput;
  }
  size_t left_out = 0;
  auto built = builder.build(&left_out);
  if (!built.ok()) return complain(err, std::string(built.status().message()));
  Cache cache(built->first);
  const auto ids = cache.insert_batch(std::move(built->second));
  if (!ids.ok()) return complain(err, std::string(ids.status().message()));
  const auto saved = cache.save(options.output, [](const std::string& s) { return s; });
  if (!saved.ok()) return complain(err, std::string(saved.status().message()));
  fmt::print(out, "{} entries over {} fields\n", *saved, cache.schema().size());
  if (left_out != 0) fmt::print(out, "{} left out\n", left_out);
  return 0;
}

int run_cache_ask(const CacheAskOptions& options, std::FILE* out, std::FILE* err) {
  const std::unique_ptr<Cache> cache = load_cache(options.file, err);
  if (cache == nullptr) return kWrongInput;
  Call call(cache->schema());
  for (const std::string& value : options.values) {
    const std::string wrong = call.read(value);
    if (!wrong.empty()) return complain(err, wrong);
  }
  if (const std::string missing = call.missing(); !missing.empty()) {
    return complain(err, missing);
  }
  const cache::Hit<std::string> hit = cache->lookup(call.row());
  if (options.explain) {
    fmt::print(out, "{}", cache->explain(call.row()).to_string());
  } else if (hit) {
    fmt::print(out, "{}\n", *hit);
  } else {
    fmt::print(out, "no entry holds\n");
  }
  return hit ? 0 : kNoEntry;
}

int run_cache_advise(const CacheAdviseOptions& options, std::FILE* out, std::FILE* err) {
  const auto file = cache::internal::read_cache_file(options.file);
  if (!file.ok()) return complain(err, std::string(file.status().message()));
  const auto rows = read_calls(file->schema, options.log);
  if (!rows.ok()) return complain(err, std::string(rows.status().message()));
  std::vector<cache::AdviseEntry> entries;
  for (const auto& e : file->entries) {
    entries.push_back(
        {entries.size() + 1, cache::internal::program_of(file->schema, e), e.value});
  }
  const cache::Advice advice =
      cache::advise(file->schema, entries, *rows, {.versions = options.versions});
  fmt::print(out, "{}", advice.to_string(file->schema));
  return 0;
}

int run_cache_stats(const CacheStatsOptions& options, std::FILE* out, std::FILE* err) {
  const std::unique_ptr<Cache> cache = load_cache(options.file, err);
  if (cache == nullptr) return kWrongInput;
  const cache::CacheStatistics s = cache->statistics();
  fmt::print(out, "entries: {}\nfields: {}\ncontradictory: {}\nbytes: {}\n", s.entries,
             cache->schema().size(), s.unreachable, s.index_bytes + s.entry_bytes);
  if (!options.review) return 0;
  for (const cache::EntryHits& e : cache->hits()) {
    const auto review = cache->review(e.id);
    if (!review.ok() || !review->unreachable()) continue;
    fmt::print(out, "entry {} is never found: entries {} hold wherever it holds\n", e.id,
               fmt::join(review->covered_by, ", "));
  }
  return 0;
}

void add_cache(CLI::App& app, int& exit_code) {
  CLI::App* cache = app.add_subcommand("cache", "guard caches in files");
  cache->require_subcommand(1);

  auto build_options = std::make_shared<CacheBuildOptions>();
  CLI::App* build = cache->add_subcommand(
      "build", "compile entries and recorded traces to a cache file");
  build
      ->add_option("FILES", build_options->files,
                   "traces (.jsonl), or files of lines `NAME: guard, guard, ...`")
      ->required();
  build->add_option("-o,--output", build_options->output, "the cache file")->required();
  build->callback([build_options, &exit_code] {
    exit_code = run_cache_build(*build_options, stdout, stderr);
  });

  for (const bool explain : {false, true}) {
    auto ask_options = std::make_shared<CacheAskOptions>();
    ask_options->explain = explain;
    CLI::App* ask = cache->add_subcommand(
        explain ? "explain" : "lookup",
        explain ? "why a call finds what it finds" : "the entry that serves a call");
    ask->add_option("FILE", ask_options->file, "a cache file")->required();
    ask->add_option("VALUES", ask_options->values, "FIELD=VALUE for each field");
    ask->callback([ask_options, &exit_code] {
      exit_code = run_cache_ask(*ask_options, stdout, stderr);
    });
  }

  auto advise_options = std::make_shared<CacheAdviseOptions>();
  CLI::App* advise =
      cache->add_subcommand("advise", "how to specialize, by a log of calls");
  advise->add_option("FILE", advise_options->file, "a cache file")->required();
  advise
      ->add_option("LOG", advise_options->log,
                   "a line for each call, FIELD=VALUE ...; others as in the line before")
      ->required();
  advise->add_option("-k,--versions", advise_options->versions,
                     "versions there may be at most");
  advise->callback([advise_options, &exit_code] {
    exit_code = run_cache_advise(*advise_options, stdout, stderr);
  });

  auto stats_options = std::make_shared<CacheStatsOptions>();
  CLI::App* stats = cache->add_subcommand("stats", "the size of a cache");
  stats->add_option("FILE", stats_options->file, "a cache file")->required();
  stats->add_flag("--review", stats_options->review, "list entries that are never found");
  stats->callback([stats_options, &exit_code] {
    exit_code = run_cache_stats(*stats_options, stdout, stderr);
  });

  auto bench_options = std::make_shared<CacheBenchOptions>();
  CLI::App* bench =
      cache->add_subcommand("bench", "what a cache costs on this machine: times, bytes");
  bench->add_option("FILE", bench_options->file, "a cache file")->required();
  bench->add_option("LOG", bench_options->log,
                    "calls, as advise reads them; without it, what entries suggest");
  bench->add_option("--seconds", bench_options->seconds, "spent on each figure")
      ->capture_default_str();
  bench->callback([bench_options, &exit_code] {
    exit_code = run_cache_bench(*bench_options, stdout, stderr);
  });
}

}  // namespace congrua::cli
