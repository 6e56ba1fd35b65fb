// Runs a libFuzzer target without libFuzzer: each seed input as it is, then random
// mutations of them. Accepts libFuzzer's flags as far as run.sh uses them:
//
//   PROGRAM [-runs=N] [-seed=N] [-max_len=N] [-artifact_prefix=P] FILE|FOLDER...
//
// An input depends on the seed, its number and the seed inputs alone. When the target
// dies, the input is written to <artifact_prefix>crash; `PROGRAM -runs=0 FILE` runs it
// again.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// AddressSanitizer reports and exits without a signal; where it is linked it calls this
// first.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());
// UndefinedBehaviorSanitizer is told to die of a signal, too.
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1"; }

namespace {

std::string input;          // what the target runs now
std::string artifact_path;  // where it goes if the target dies

// Called from signal handlers: only async-signal-safe calls.
void save_input() {
  const int file = open(artifact_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  size_t written = 0;
  while (written < input.size()) {
    const ssize_t n = write(file, input.data() + written, input.size() - written);
    if (n <= 0) break;
    written += static_cast<size_t>(n);
  }
  close(file);
}

void on_signal(int signal) {
  save_input();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void watch_for_death() {
  std::vector<int> signals = {SIGABRT};
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(save_input);
  } else {
    signals.insert(signals.end(), {SIGSEGV, SIGBUS, SIGFPE, SIGILL});
  }
  // A stack of its own, since running out of stack is one of the deaths to be reported.
  static std::vector<std::byte> stack(1 << 16);
  stack_t alternative = {};
  alternative.ss_sp = stack.data();
  alternative.ss_size = stack.size();
  sigaltstack(&alternative, nullptr);
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : signals) sigaction(signal, &action, nullptr);
}

void run_target() {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

using Random = std::mt19937_64;

// A number in [0, bound); plain remainder, since the distributions of <random> differ
// between libraries and a seed must mean the same input everywhere.
size_t below(Random& random, size_t bound) { return bound == 0 ? 0 : random() % bound; }

std::string_view piece_of(Random& random, std::string_view text, size_t longest) {
  const size_t begin = below(random, text.size());
  return text.substr(begin, 1 + below(random, longest));
}

void mutate_once(Random& random, const std::vector<std::string>& seeds,
                 std::string& text) {
  const size_t at = below(random, text.size() + 1);
  switch (below(random, 7)) {
    case 0:  // change one bit
      if (at < text.size()) {
        text[at] = static_cast<char>(text[at] ^ (1 << below(random, 8)));
      }
      break;
    case 1:  // put in any byte
      text.insert(at, 1, static_cast<char>(below(random, 256)));
      break;
    case 2:  // take out a short piece
      text.erase(at, 1 + below(random, 16));
      break;
    case 3:  // cut off the end
      text.resize(at);
      break;
    case 4: {  // repeat a piece of it
      const std::string piece(piece_of(random, text, 32));
      text.insert(at, piece);
      break;
    }
    case 5:  // put in a piece of a seed input
      text.insert(at, piece_of(random, seeds[below(random, seeds.size())], 32));
      break;
    default:  // go on as another seed input does
      text.resize(at);
      text += piece_of(random, seeds[below(random, seeds.size())], 1024);
      break;
  }
}

bool read_seeds(const std::filesystem::path& path, std::vector<std::string>& seeds) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(path, error)) {
    for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
      if (entry.is_regular_file(error)) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());  // a folder's own order is arbitrary
  } else {
    files.push_back(path);
  }
  for (const auto& name : files) {
    std::ifstream file(name, std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "cannot read %s\n", name.c_str());
      return false;
    }
    seeds.emplace_back(std::istreambuf_iterator<char>(file),
                       std::istreambuf_iterator<char>());
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t runs = 100000;
  uint64_t seed = 1;
  uint64_t max_len = 4096;
  std::string artifact_prefix = "./";
  std::vector<std::string> seeds;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const auto number = [&](std::string_view flag, uint64_t& value) {
      if (!arg.starts_with(flag)) return false;
      const char* end = arg.data() + arg.size();
      const auto [last, error] = std::from_chars(arg.data() + flag.size(), end, value);
      return error == std::errc() && last == end;
    };
    if (number("-runs=", runs) || number("-seed=", seed) ||
        number("-max_len=", max_len)) {
      continue;
    }
    if (arg.starts_with("-artifact_prefix=")) {
      artifact_prefix = arg.substr(arg.find('=') + 1);
    } else if (arg.starts_with("-")) {
      std::fprintf(stderr, "unknown flag %s\n", argv[i]);
      return 2;
    } else if (!read_seeds(argv[i], seeds)) {
      return 2;
    }
  }
  artifact_path = artifact_prefix + "crash";
  watch_for_death();
  if (seeds.empty()) seeds.emplace_back();
  for (const std::string& s : seeds) {
    input = s;
    run_target();
  }
  for (uint64_t i = 0; i < runs; ++i) {
    Random random(seed * 0x9E3779B97F4A7C15u + i);
    input = seeds[below(random, seeds.size())];
    for (size_t n = 1 + below(random, 5); n > 0; --n) mutate_once(random, seeds, input);
    if (input.size() > max_len) input.resize(max_len);
    run_target();
  }
  std::printf("%zu seed inputs and %llu mutations of them\n", seeds.size(),
              static_cast<unsigned long long>(runs));
  return 0;
}
