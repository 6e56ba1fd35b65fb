// The text of an environment: names that its writer (json.cc) and its reader
// (json_read.cc) share.
//
//   {"format": "congrua.shape.env", "version": 1,
//    "symbols": [{"name", "kind", "range", "source", "location", "hint"?, ...}],
//    "free": [{"name", "sort", "range"}],      symbols that are in terms only
//    "opaques": [{"name", "range", "multiple_of", "monotone_in", "injective", "cost",
//                 "eval"}],                    eval: the host has a function for it
//    "promised": [name],                       opaques without arguments: it was stated
//    "sources": [{"source", "value", "location"}], "known_sources": [text],
//    "duck": [[hint, symbol]], "dimensions": [[name, term]],
//    "records": [{"fact", "class", "position", "branch", "location"}],
//    "branch_parents": [number], "branches": [{"number", "symbols", "records"}],
//    "position": number, "location": text}
//
// Terms are s-expressions (text.h). A range is [lo, hi], null where it is open. Floats
// are strings, shortest that read back the same. What has the value of a fresh
// SymbolInfo is left out.
#ifndef CONGRUA_SHAPE_JSON_H_
#define CONGRUA_SHAPE_JSON_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "congrua/expr.h"

namespace congrua::shape {

inline constexpr std::string_view kJsonFormat = "congrua.shape.env";
inline constexpr int64_t kJsonVersion = 1;

// By Kind, by FactClass and by Sort.
inline constexpr std::array<std::string_view, 5> kKindNames = {"size", "unbacked", "bool",
                                                               "float", "nested"};
inline constexpr std::array<std::string_view, 5> kClassNames = {
    "birth", "guard", "promise", "assert", "assume"};
inline constexpr std::array<std::string_view, 3> kSortNames = {"int", "bool", "real"};

// Symbols that the engine makes for itself begin so; no text may name one.
inline constexpr char kInternalName = '\x01';

}  // namespace congrua::shape

#endif  // CONGRUA_SHAPE_JSON_H_
