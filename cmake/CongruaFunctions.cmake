# Helper functions of congrua's build. Included by the top-level CMakeLists.txt alone.

# What every source file of ours is compiled with. Not installed, not seen by consumers.
add_library(congrua_build INTERFACE)
target_compile_features(congrua_build INTERFACE cxx_std_20)
target_compile_definitions(congrua_build INTERFACE CONGRUA_VERSION="${PROJECT_VERSION}")
target_include_directories(congrua_build INTERFACE
  "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
list(TRANSFORM CONGRUA_ABSL PREPEND "absl::" OUTPUT_VARIABLE CONGRUA_ABSL_TARGETS)
target_link_libraries(congrua_build INTERFACE ${CONGRUA_ABSL_TARGETS} fmt::fmt Threads::Threads)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(congrua_build INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # g++ 12 sees overlaps and overflows in its own std::string at -O2 (GCC PR 105329, 105651).
    target_compile_options(congrua_build INTERFACE
      -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Objects are position independent so that a host's shared library can take them; nobody
  # replaces our functions at load time, so they may still be inlined.
  target_compile_options(congrua_build INTERFACE -fno-semantic-interposition)
endif()
if(CONGRUA_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "CONGRUA_FUZZ needs clang: libFuzzer is its runtime")
  endif()
  target_compile_options(congrua_build INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(congrua_build INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Compiles through ccache where it is found and nobody chose another launcher. A precompiled
# header is a large, time-stamped input: ccache takes it only with these settings.
function(congrua_use_ccache)
  find_program(CONGRUA_CCACHE ccache)
  mark_as_advanced(CONGRUA_CCACHE)
  if(CONGRUA_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND}" -E env
        "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
        "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
        "${CONGRUA_CCACHE}" PARENT_SCOPE)
  endif()
endfunction()

# An object library of ours: TARGET, its sources.
function(congrua_objects target)
  add_library(${target} OBJECT ${ARGN})
  target_link_libraries(${target} PRIVATE congrua_build)
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF
    POSITION_INDEPENDENT_CODE ON)
endfunction()

# Precompiles headers for TARGET, once for all targets of one KIND (they compile alike).
function(congrua_precompile target kind)
  if(NOT CONGRUA_PCH)
    return()
  endif()
  get_property(owner GLOBAL PROPERTY CONGRUA_PCH_${kind})
  if(owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
    return()
  endif()
  set_property(GLOBAL PROPERTY CONGRUA_PCH_${kind} ${target})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # lets ccache see through it
  endif()
  target_precompile_headers(${target} PRIVATE ${ARGN})
endfunction()

# congrua_module(NAME [DEPENDS modules...] [HEADERS public headers...] [Z3_SOURCE file] [PROGRAM])
#
# All of src/NAME/*.cc becomes the object library congrua_NAME. Z3_SOURCE is compiled twice, with
# CONGRUA_WITH_Z3 1 and 0, as congrua_NAME_z3 and congrua_NAME_noz3. The objects of a PROGRAM
# module belong to the program and not to the library; its main.cc is left to congrua_program.
function(congrua_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "PROGRAM" "Z3_SOURCE" "DEPENDS;HEADERS")
  set(reach ${arg_DEPENDS})
  foreach(dependency IN LISTS arg_DEPENDS)
    get_property(below GLOBAL PROPERTY CONGRUA_REACH_${dependency})
    list(APPEND reach ${below})
  endforeach()
  list(REMOVE_DUPLICATES reach)
  set_property(GLOBAL PROPERTY CONGRUA_REACH_${name} ${reach})
  set_property(GLOBAL APPEND PROPERTY CONGRUA_MODULES ${name})
  string(REPLACE ";" "," depends "${arg_DEPENDS}")
  string(REPLACE ";" "," headers "${arg_HEADERS}")
  set_property(GLOBAL APPEND PROPERTY CONGRUA_MODULE_TABLE "${name}:${depends}:${headers}")

  set(folder "${PROJECT_SOURCE_DIR}/src/${name}")
  file(GLOB sources CONFIGURE_DEPENDS "${folder}/*.cc")

  if(arg_Z3_SOURCE AND "${folder}/${arg_Z3_SOURCE}" IN_LIST sources)
    list(REMOVE_ITEM sources "${folder}/${arg_Z3_SOURCE}")
    congrua_objects(congrua_${name}_noz3 "${folder}/${arg_Z3_SOURCE}")
    target_compile_definitions(congrua_${name}_noz3 PRIVATE CONGRUA_WITH_Z3=0)
    set_property(GLOBAL APPEND PROPERTY CONGRUA_OBJECTS_NOZ3 congrua_${name}_noz3)
    set_target_properties(congrua_${name}_noz3 PROPERTIES EXCLUDE_FROM_ALL ON)
    if(CONGRUA_WITH_Z3)
      congrua_objects(congrua_${name}_z3 "${folder}/${arg_Z3_SOURCE}")
      target_compile_definitions(congrua_${name}_z3 PRIVATE CONGRUA_WITH_Z3=1)
      target_link_libraries(congrua_${name}_z3 PRIVATE z3::libz3)
      set_property(GLOBAL APPEND PROPERTY CONGRUA_OBJECTS_Z3 congrua_${name}_z3)
    endif()
  endif()

  if(arg_PROGRAM)
    if(NOT CONGRUA_BUILD_CLI)
      return()
    endif()
    list(REMOVE_ITEM sources "${folder}/main.cc")
    set(kind PROGRAM)
  else()
    set(kind COMMON)
  endif()
  if(NOT sources)
    return()
  endif()
  congrua_objects(congrua_${name} ${sources})
  set_property(GLOBAL APPEND PROPERTY CONGRUA_OBJECTS_${kind} congrua_${name})
  if(name STREQUAL "base")
    target_link_libraries(congrua_base PRIVATE Boost::headers)
  endif()
  if(name STREQUAL "shape")
    # Headers alone, seen by its JSON files alone: not part of what consumers link.
    target_link_libraries(congrua_shape PRIVATE nlohmann_json::nlohmann_json)
  endif()
  if(arg_PROGRAM)
    target_link_libraries(congrua_${name} PRIVATE
      CLI11::CLI11 nlohmann_json::nlohmann_json LibLZMA::LibLZMA ZLIB::ZLIB)
  elseif(NOT name STREQUAL "base")
    congrua_precompile(congrua_${name} LIBRARY
      <absl/container/flat_hash_map.h> <absl/container/flat_hash_set.h>
      <absl/container/inlined_vector.h> <absl/status/statusor.h> <absl/strings/str_cat.h>
      <fmt/format.h>
      <algorithm> <functional> <memory> <optional> <span> <string> <string_view> <vector>)
  endif()
endfunction()

# The library TARGET of all modules' objects, with Z3 or without. A further argument is its type.
function(congrua_library target with_z3)
  if(with_z3)
    set(suffix Z3)
  else()
    set(suffix NOZ3)
  endif()
  add_library(${target} ${ARGN})
  get_property(common GLOBAL PROPERTY CONGRUA_OBJECTS_COMMON)
  get_property(backend GLOBAL PROPERTY CONGRUA_OBJECTS_${suffix})
  foreach(objects IN LISTS common backend)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
  endforeach()
  set_target_properties(${target} PROPERTIES
    LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(${target}
    PUBLIC ${CONGRUA_ABSL_TARGETS}
    PRIVATE fmt::fmt Threads::Threads)
  if(with_z3)
    target_link_libraries(${target} PRIVATE z3::libz3)
  endif()
  if(CONGRUA_FUZZ)
    target_link_options(${target} PUBLIC -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# The static library TARGET of these modules alone, for what must do without the others.
function(congrua_part target)
  add_library(${target} STATIC EXCLUDE_FROM_ALL)
  foreach(module IN LISTS ARGN)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:congrua_${module}>)
  endforeach()
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}/include")
  target_link_libraries(${target}
    PUBLIC ${CONGRUA_ABSL_TARGETS}
    PRIVATE fmt::fmt Threads::Threads)
endfunction()

# The command-line program over LIBRARY; OUTPUT is its file name.
function(congrua_program target library output)
  file(GLOB main CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/cli/main.cc")
  if(NOT main)
    return()
  endif()
  add_executable(${target} ${main})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${output} CXX_EXTENSIONS OFF)
  target_link_libraries(${target} PRIVATE congrua_build)
  congrua_link_program_objects(${target})
  target_link_libraries(${target} PRIVATE ${library})
endfunction()

# Links TARGET with the objects of the program modules and with what they use.
function(congrua_link_program_objects target)
  get_property(objects GLOBAL PROPERTY CONGRUA_OBJECTS_PROGRAM)
  target_link_libraries(${target} PRIVATE ${objects}
    CLI11::CLI11 nlohmann_json::nlohmann_json LibLZMA::LibLZMA ZLIB::ZLIB)
endfunction()

# Install rules: library, headers, CMake package, congrua.pc, program.
function(congrua_install)
  include(CMakePackageConfigHelpers)
  set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/congrua")
  install(TARGETS congrua EXPORT congruaTargets)
  if(TARGET congrua_program)
    install(TARGETS congrua_program)
  endif()
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/congrua"
          DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
  # To be compiled into artefacts that do without the library.
  install(FILES "${PROJECT_SOURCE_DIR}/src/cache/embed/congrua_guard.c"
                "${PROJECT_SOURCE_DIR}/src/cache/embed/congrua_guard.h"
          DESTINATION "${CMAKE_INSTALL_DATADIR}/congrua")
  install(EXPORT congruaTargets NAMESPACE congrua:: DESTINATION "${package_dir}")
  get_target_property(CONGRUA_LIBRARY_TYPE congrua TYPE)
  configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/congruaConfig.cmake.in"
    "${PROJECT_BINARY_DIR}/congruaConfig.cmake" INSTALL_DESTINATION "${package_dir}")
  write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/congruaConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES
    "${PROJECT_BINARY_DIR}/congruaConfig.cmake"
    "${PROJECT_BINARY_DIR}/congruaConfigVersion.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/FindZ3.cmake"
    DESTINATION "${package_dir}")

  # A static library leaves fmt, threads and Z3 to the consumer's link.
  list(TRANSFORM CONGRUA_ABSL PREPEND "absl_" OUTPUT_VARIABLE requires)
  set(CONGRUA_PC_LIBS "")
  if(CONGRUA_LIBRARY_TYPE STREQUAL "STATIC_LIBRARY")
    list(APPEND requires fmt)
    set(CONGRUA_PC_LIBS " -pthread")
    if(CONGRUA_WITH_Z3)
      string(PREPEND CONGRUA_PC_LIBS " -lz3")
      cmake_path(GET Z3_LIBRARY PARENT_PATH z3_dir)  # empty where Z3 came as a target
      if(z3_dir AND NOT z3_dir IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
        string(PREPEND CONGRUA_PC_LIBS " -L${z3_dir}")
      endif()
    endif()
  endif()
  list(JOIN requires ", " CONGRUA_PC_REQUIRES)
  file(RELATIVE_PATH CONGRUA_PC_PREFIX
       "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/congrua.pc.in"
                 "${PROJECT_BINARY_DIR}/congrua.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/congrua.pc"
          DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()
