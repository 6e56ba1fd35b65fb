# Finds Z3 and defines z3::libz3, the name that Z3's own package gives it. Debian's libz3-dev
# brings headers and a library but no CMake package, so this file is installed beside
# congruaConfig.cmake and serves its users, too.
#
# Order: a target of the including project, Z3's own CMake package, headers and library
# (Z3_ROOT may name a prefix, for example <site-packages>/z3 of the wheel z3-solver).
# Sets Z3_FOUND and, where known, Z3_VERSION.

if(TARGET z3::libz3)
  set(Z3_FOUND TRUE)
  return()
endif()

if(TARGET libz3)  # Z3 itself, built as a subproject
  add_library(z3::libz3 INTERFACE IMPORTED)
  target_link_libraries(z3::libz3 INTERFACE libz3)
  set(Z3_FOUND TRUE)
  return()
endif()

find_package(Z3 ${Z3_FIND_VERSION} CONFIG QUIET)
if(Z3_FOUND AND TARGET z3::libz3)
  return()
endif()

find_path(Z3_INCLUDE_DIR NAMES z3++.h PATH_SUFFIXES z3)
find_library(Z3_LIBRARY NAMES z3 libz3 PATH_SUFFIXES bin)
mark_as_advanced(Z3_INCLUDE_DIR Z3_LIBRARY Z3_DIR)

if(Z3_INCLUDE_DIR AND EXISTS "${Z3_INCLUDE_DIR}/z3_version.h")
  file(STRINGS "${Z3_INCLUDE_DIR}/z3_version.h" congrua_z3_lines
       REGEX "define Z3_(MAJOR_VERSION|MINOR_VERSION|BUILD_NUMBER) ")
  list(TRANSFORM congrua_z3_lines REPLACE ".*[ \t]([0-9]+).*" "\\1")
  list(JOIN congrua_z3_lines "." Z3_VERSION)
  unset(congrua_z3_lines)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Z3 REQUIRED_VARS Z3_LIBRARY Z3_INCLUDE_DIR
                                  VERSION_VAR Z3_VERSION)
if(Z3_FOUND)
  add_library(z3::libz3 UNKNOWN IMPORTED)
  set_target_properties(z3::libz3 PROPERTIES
    IMPORTED_LOCATION "${Z3_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${Z3_INCLUDE_DIR}")
endif()
