#!/bin/sh
# usage: run.sh PROGRAM CORPUS FULL_RUNS
# Runs CONGRUA_SOAK percent (1 when unset) of FULL_RUNS with a fixed seed. libFuzzer writes what it
# finds to its first folder, so that one is made beside the program and CORPUS is only read.
set -eu
program=$1 corpus=$2 full_runs=$3
found=$program.corpus
mkdir -p "$found"
if [ ! -d "$corpus" ]; then
  echo "no seed inputs: $corpus does not exist" >&2
  exit 1
fi
exec "$program" -runs=$((full_runs * ${CONGRUA_SOAK:-1} / 100)) -seed=1 -max_len=4096 \
  -artifact_prefix="$program." "$found" "$corpus"
