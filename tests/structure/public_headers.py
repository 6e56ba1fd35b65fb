"""Compiles each public header alone, as a user without exceptions and RTTI would.

usage: public_headers.py COMPILER INCLUDE_DIR...

The first folder holds congrua/*.h and is checked with all warnings as errors; the others are
searched after the compiler's own. Prints the seconds each header took.
"""

import subprocess
import sys
import time
from pathlib import Path


def main():
    compiler, ours, *others = sys.argv[1:]
    headers = sorted(Path(ours, "congrua").glob("*.h"))
    if not headers:
        raise SystemExit(f"no headers in {ours}/congrua")
    command = [compiler, "-std=c++20", "-fsyntax-only", "-fno-exceptions", "-fno-rtti", "-Wall",
               "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", f"-I{ours}"]
    for folder in others:
        command += ["-idirafter", folder]
    failed = 0
    for header in headers:
        start = time.monotonic()
        done = subprocess.run([*command, "-x", "c++", "-"], text=True, check=False,
                              input=f'#include "congrua/{header.name}"\n')
        print(f"{header.name}: {time.monotonic() - start:.2f} s"
              + (", does not compile alone" if done.returncode else ""), flush=True)
        failed += done.returncode != 0
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
