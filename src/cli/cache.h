// congrua cache: guard caches in files, for people.
#ifndef CONGRUA_CLI_CACHE_H_
#define CONGRUA_CLI_CACHE_H_

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace congrua::cli {

// A file is a trace (trace.h), packed or not: every environment of it that produced
// guards is an entry, named as the trace, and by the number of the environment where
// there are more. The fields are its sources; versions of one program share them. An
// entry that no guard program can express is left out with a message.
//
// Or its lines are entries, `NAME: guard, guard, ...`, in infix; '#' begins a comment.
// Names in guards are sizes. What the entry stands for is its name.
struct CacheBuildOptions {
  std::vector<std::string> files;
  std::string output;
};
struct CacheAskOptions {
  std::string file;
  std::vector<std::string> values;  // NAME=VALUE for each field
  bool explain = false;
};
// A line of a log is a call, FIELD=VALUE ...; fields that it does not name are those of
// the call before. '#' begins a comment. Entries of one name have one code.
struct CacheAdviseOptions {
  std::string file, log;
  size_t versions = SIZE_MAX;
};
struct CacheStatsOptions {
  std::string file;
  bool review = false;
};

// Without a log calls are made up from the intervals of the entries.
struct CacheBenchOptions {
  std::string file, log;
  double seconds = 0.2;  // for each figure
};

// Exit codes: 0 done, 1 no entry holds, 2 wrong input.
int run_cache_build(const CacheBuildOptions& options, std::FILE* out, std::FILE* err);
int run_cache_ask(const CacheAskOptions& options, std::FILE* out, std::FILE* err);
int run_cache_advise(const CacheAdviseOptions& options, std::FILE* out, std::FILE* err);
int run_cache_stats(const CacheStatsOptions& options, std::FILE* out, std::FILE* err);
int run_cache_bench(const CacheBenchOptions& options, std::FILE* out, std::FILE* err);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_CACHE_H_
