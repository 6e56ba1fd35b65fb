// Which files the bench runs on.
#ifndef CONGRUA_CLI_PATHS_H_
#define CONGRUA_CLI_PATHS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace congrua::cli {

// Expands what the user gave, in that order, each file once:
//   a folder       every *.smt2, *.smt2.xz and *.smt2.gz below it, sorted by path;
//   @LIST, *.txt   the paths in that file, one a line ('#' starts a comment line),
//   relative to the
//                  current folder or, where nothing is there, to the list's; "@-" is
//                  stdin;
//   a pattern      with * ? [ ], where no such file exists: what it matches, sorted;
//   anything else  itself, there or not: a missing file becomes a row of its own.
// A pattern without a match and a list that cannot be read stand for themselves, too.
std::vector<std::string> expand_paths(const std::vector<std::string>& given);

// Every k-th file, starting with the first; k = 0 and 1 keep all.
std::vector<std::string> sample(std::vector<std::string> files, size_t k);

// Groups of files for summaries, index by index: the folder's name and the first part of
// the file name (up to '_', '.' or '-'). In a folder with more than 12 such names it is
// the last part of the name without digits, where files are called NAME.KIND00.smt2, and
// else the folder alone.
std::vector<std::string> families(const std::vector<std::string>& files);

// The file name without folders and without a packing suffix (.xz, .gz).
std::string_view plain_name(std::string_view path);
std::string_view folder_of(std::string_view path);  // "." where there is none

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_PATHS_H_
