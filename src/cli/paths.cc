#include "cli/paths.h"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <system_error>

#include "absl/container/flat_hash_set.h"

namespace congrua::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxPrefixes = 12;

bool is_instance(std::string_view name) { return plain_name(name).ends_with(".smt2"); }

std::vector<std::string> in_folder(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code error;
  fs::recursive_directory_iterator it(
      folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code ignored;  // a dangling link is no instance
    if (is_instance(it->path().native()) && !it->is_directory(ignored)) {
      out.push_back(it->path().native());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> matching(const std::string& pattern) {
  std::vector<std::string> out;
  glob_t found = {};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {  // sorted
    for (size_t i = 0; i < found.gl_pathc; ++i) out.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  return out;
}

// False when the list cannot be read.
bool read_list(const std::string& path, std::vector<std::string>* out) {
  std::ifstream file;
  if (path != "-") {
    file.open(path);
    if (!file) return false;
  }
  std::istream& in = path == "-" ? std::cin : file;
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    std::error_code ignored;
    const fs::path beside = fs::path(folder_of(path)) / line;
    const bool here = fs::exists(line, ignored);
    out->push_back(!here && fs::exists(beside, ignored) ? beside.native() : line);
  }
  return !in.bad();
}

std::string_view stem(std::string_view path) {
  std::string_view name = plain_name(path);
  if (name.ends_with(".smt2")) name.remove_suffix(5);
  return name;
}

std::string_view prefix(std::string_view path) {
  const std::string_view name = stem(path);
  return name.substr(0, name.find_first_of("_.-"));
}

// "g" of bert.e1.g07.smt2; empty for names without such a part.
std::string kind(std::string_view path) {
  const std::string_view name = stem(path);
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return "";
  std::string out;
  for (const char c : name.substr(dot + 1)) {
    if (c < '0' || c > '9') out += c;
  }
  return out;
}

}  // namespace

std::string_view plain_name(std::string_view path) {
  if (const size_t slash = path.rfind('/'); slash != std::string_view::npos) {
    path.remove_prefix(slash + 1);
  }
  if (path.ends_with(".xz") || path.ends_with(".gz")) path.remove_suffix(3);
  return path;
}

std::string_view folder_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

std::vector<std::string> expand_paths(const std::vector<std::string>& given) {
  std::vector<std::string> out;
  absl::flat_hash_set<std::string> seen;
  const auto add = [&](std::vector<std::string> files) {
    for (std::string& f : files) {
      if (seen.insert(f).second) out.push_back(std::move(f));
    }
  };
  const auto add_plain = [&](const std::string& path) {
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) {
      add(in_folder(path));
    } else if (!fs::exists(path, ignored) &&
               path.find_first_of("*?[") != std::string::npos) {
      const std::vector<std::string> found = matching(path);
      for (const std::string& f : found) {
        add(fs::is_directory(f, ignored) ? in_folder(f) : std::vector<std::string>{f});
      }
      if (found.empty()) add({path});
    } else {
      add({path});
    }
  };
  for (const std::string& path : given) {
    const bool marked = path.size() > 1 && path[0] == '@';
    if (!marked && !path.ends_with(".txt")) {
      add_plain(path);
      continue;
    }
    std::vector<std::string> listed;
    if (read_list(marked ? path.substr(1) : path, &listed)) {
      for (const std::string& f : listed) add_plain(f);
    } else {
      add({path});
    }
  }
  return out;
}

std::vector<std::string> sample(std::vector<std::string> files, size_t k) {
  if (k <= 1) return files;
  std::vector<std::string> out;
  for (size_t i = 0; i < files.size(); i += k) out.push_back(std::move(files[i]));
  return out;
}

std::vector<std::string> families(const std::vector<std::string>& files) {
  struct Folder {
    std::set<std::string_view> prefixes, files;
    size_t with_kind = 0;
  };
  std::map<std::string_view, Folder> folders;
  for (const std::string& f : files) {
    Folder& folder = folders[folder_of(f)];
    if (!folder.files.insert(f).second) continue;
    folder.prefixes.insert(prefix(f));
    folder.with_kind += kind(f).empty() ? 0 : 1;
  }
  std::vector<std::string> out;
  for (const std::string& f : files) {
    const Folder& folder = folders[folder_of(f)];
    std::string_view shown = folder_of(f);
    if (const size_t slash = shown.rfind('/'); slash != std::string_view::npos) {
      shown.remove_prefix(slash + 1);
    }
    std::string name(shown == "." || shown.empty() ? "" : shown);
    std::string part;
    if (folder.prefixes.size() <= kMaxPrefixes) {
      part = prefix(f);
    } else if (2 * folder.with_kind > folder.files.size()) {
      part = "*." + kind(f);
    }
    if (!part.empty()) name += name.empty() ? part : "/" + part;
    out.push_back(name.empty() ? "." : name);
  }
  return out;
}

}  // namespace congrua::cli
