#!/usr/bin/env bash
# Makes the private virtual environment that the baseline engines run in: Z3 and SymPy
# at the versions which the published tables name. Nothing outside DIR is touched.
#
#   bench/baselines/setup.sh [DIR]      default DIR: build/venv of this repository
#
# Safe to run again: an environment that already holds these versions is left as it is.
# Exit codes: 0 ready, 2 wrong usage, 3 something missing (the message says what).
set -euo pipefail

readonly z3_version=5.4.0.0
readonly sympy_version=1.14.0

if [[ $# -gt 1 || ${1:-} == -* ]]; then
  echo "usage: ${0##*/} [DIR]" >&2
  exit 2
fi
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
dir=${1:-$root/build/venv}

holds_versions() {
  [[ -x $dir/bin/python ]] && "$dir/bin/python" - "$z3_version" "$sympy_version" <<'PY'
import sys
from importlib.metadata import PackageNotFoundError, version
try:
    found = [version("z3-solver"), version("sympy")]
except PackageNotFoundError:
    found = []
sys.exit(found != sys.argv[1:])
PY
}

if holds_versions; then
  echo "baselines: $dir holds z3-solver $z3_version and sympy $sympy_version"
  exit 0
fi
if ! command -v python3 >/dev/null; then
  echo "baselines: no python3; install it: apt-get install python3 python3-venv" >&2
  exit 3
fi
if [[ ! -x $dir/bin/pip ]]; then
  echo "baselines: making a virtual environment in $dir"
  mkdir -p -- "$(dirname -- "$dir")"
  if ! python3 -m venv -- "$dir"; then
    echo "baselines: python3 cannot make virtual environments;" \
      "install: apt-get install python3-venv" >&2
    exit 3
  fi
fi
echo "baselines: installing z3-solver $z3_version and sympy $sympy_version into $dir"
if ! "$dir/bin/pip" install --quiet --disable-pip-version-check \
    "z3-solver==$z3_version" "sympy==$sympy_version"; then
  echo "baselines: pip could not install them (its message is above)" >&2
  exit 3
fi
if ! holds_versions; then
  echo "baselines: $dir does not hold what was just installed" >&2
  exit 3
fi
echo "baselines: ready; engines run as $dir/bin/python bench/baselines/z3_engine.py ..."
