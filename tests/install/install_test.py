"""Builds the consumer of this folder against congrua in one of three ways and runs it.

find_package  an installed copy, through congruaConfig.cmake
pkg_config    an installed copy, through congrua.pc, without CMake
subproject    the source tree, by add_subdirectory in a host with its own fmt target
"""

import argparse
import os
import shlex
import shutil
import subprocess
from pathlib import Path

EXPECTED = "s0 + 2\n"  # what consumer.cc prints


def run(*command, **options):
    command = [str(part) for part in command]
    print("+", shlex.join(command), flush=True)
    return subprocess.run(command, check=True, text=True, **options)


def run_consumer(program):
    printed = run(program, stdout=subprocess.PIPE).stdout
    if printed != EXPECTED:
        raise SystemExit(f"the consumer printed {printed!r}, expected {EXPECTED!r}")


def configure_and_build(args, source, *definitions):
    build = args.work / "build"
    run(args.cmake, "-S", source, "-B", build, "-G", "Ninja",
        f"-DCMAKE_CXX_COMPILER={args.compiler}",
        f"-DCMAKE_CXX_FLAGS={args.flags}",
        f"-DCMAKE_CXX_COMPILER_LAUNCHER={args.launcher}", *definitions)
    run(args.cmake, "--build", build)
    run_consumer(build / "consumer")


def install(args):
    prefix = args.work / "prefix"
    run(args.cmake, "--install", args.build, "--prefix", prefix, stdout=subprocess.DEVNULL)
    return prefix


def find_package(args):
    configure_and_build(args, args.source / "tests/install/package",
                        f"-DCMAKE_PREFIX_PATH={install(args)}")


def pkg_config(args):
    prefix = install(args)
    [pc] = prefix.rglob("congrua.pc")
    environment = {**os.environ, "PKG_CONFIG_PATH": str(pc.parent)}
    flags = run("pkg-config", "--cflags", "--libs", "congrua", env=environment,
                stdout=subprocess.PIPE).stdout
    program = args.work / "consumer"
    run(args.compiler, "-std=c++20", *shlex.split(args.flags),
        args.source / "tests/install/consumer.cc", "-o", program, *shlex.split(flags),
        f"-Wl,-rpath,{pc.parent.parent}")
    run_consumer(program)


def subproject(args):
    # -O0: that all sources compile without the precompiled headers is what counts here.
    configure_and_build(args, args.source / "tests/install/subproject",
                        f"-DCONGRUA_SOURCE_DIR={args.source}",
                        f"-DCONGRUA_WITH_Z3={args.with_z3}", "-DCMAKE_BUILD_TYPE=",
                        "-DCMAKE_CXX_FLAGS=" + args.flags + " -O0")


def main():
    ways = {f.__name__: f for f in (find_package, pkg_config, subproject)}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=ways)
    for name in ("source", "build", "work"):
        parser.add_argument("--" + name, type=Path, required=True)
    for name in ("cmake", "compiler", "flags", "launcher", "with-z3"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    # A fresh start, except that what the subproject compiled is kept: it is the whole library.
    if args.way != "subproject":
        shutil.rmtree(args.work, ignore_errors=True)
    args.work.mkdir(parents=True, exist_ok=True)
    ways[args.way](args)


if __name__ == "__main__":
    main()
