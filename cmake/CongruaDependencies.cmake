# The packages congrua is built from. Each is taken from the including project where its target
# exists there. Included by the top-level CMakeLists.txt alone.

# One package, found unless TARGET exists; HINT is the Debian package that brings it.
macro(congrua_find target package hint)
  if(NOT TARGET ${target})
    find_package(${package} ${ARGN} QUIET)
  endif()
  if(NOT TARGET ${target})
    message(FATAL_ERROR "congrua needs ${package} (${target}). On Debian: apt-get install ${hint}")
  endif()
endmacro()

# Abseil's targets that the library links, public headers included; also the list of congrua.pc.
set(CONGRUA_ABSL btree flat_hash_map flat_hash_set hash inlined_vector int128 span status
    statusor strings synchronization time)

congrua_find(absl::flat_hash_map absl libabsl-dev)
congrua_find(fmt::fmt fmt libfmt-dev)
congrua_find(nlohmann_json::nlohmann_json nlohmann_json nlohmann-json3-dev)  # src/shape/json*.cc
congrua_find(Boost::headers Boost libboost-dev)  # cpp_int, inside src/base/int.cc
congrua_find(Threads::Threads Threads libc6-dev)

if(CONGRUA_WITH_Z3 AND NOT TARGET z3::libz3)
  list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")
  find_package(Z3 QUIET)
  list(POP_FRONT CMAKE_MODULE_PATH)
  if(NOT TARGET z3::libz3)
    message(FATAL_ERROR
      "congrua found no Z3. On Debian: apt-get install libz3-dev. Elsewhere set Z3_ROOT to its "
      "prefix. To build without Z3 configure with -DCONGRUA_WITH_Z3=OFF.")
  endif()
endif()

if(CONGRUA_BUILD_CLI)
  congrua_find(CLI11::CLI11 CLI11 libcli11-dev)
  congrua_find(LibLZMA::LibLZMA LibLZMA liblzma-dev)
  congrua_find(ZLIB::ZLIB ZLIB zlib1g-dev)
endif()
if(CONGRUA_BUILD_TESTS)
  congrua_find(GTest::gmock GTest "libgtest-dev libgmock-dev")
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
endif()
if(CONGRUA_BUILD_BENCHMARKS)
  congrua_find(benchmark::benchmark benchmark libbenchmark-dev)
endif()
