#!/usr/bin/env python3
"""Runs the random tests at full length, part by part, and adds up what they report.

usage: soak.py [--bin FOLDER] [--log FOLDER] [--parts N] [--from PERCENT] [--to PERCENT] [-j JOBS]
               [--only MODULE,...]

A full run is split into N parts (100: one percent each). A part's log stays in the log folder; parts
that passed are not run again, so that a run can be broken off and taken up. Each fuzzer prints
`soak NAME: seeds A..B, COUNT N, ...`; the last lines are the sums, and whether the goals are reached.
Other random tests than these run once, in full, at the end of a run up to 100 percent. The exit code
is 1 where a test failed.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import subprocess
import sys
import time
from pathlib import Path

# Program: the tests in it that take seeds.
FUZZERS = {
    "expr": "ExprFuzz.*",
    "guard": "FactsFuzz.*:BoundsFuzz.*",
    "rewrite": "SimplifyFuzz.*:SimplifyZ3Fuzz.*:RadicesFuzz.*:TruncationFuzz.*",
    "shape": "EmitFuzz.WhatIs*:GuardsFuzz.*:ConstraintsFuzz.*",
    "smt2": "SessionFuzz.*",
    "cli": "EntailFuzz.*",
    "cache": "GuardCache.*Fuzz:GuardProgram.*Fuzz:ProgramBytes.*Fuzz:Review.*Fuzz:"
             "CacheFile.*Fuzz",
}
RANDOM = "*Fuzz*:*Soak*"
# Kind: what counts for it, and how many it takes.
GOALS = (
    ("random terms against evaluation", 10**7, lambda name, what: what == "terms"
     and name != "SimplifyZ3Fuzz"),
    ("entailment questions against evaluation", 10**6, lambda _, what: what == "questions"),
    ("answers against Z3", 10**4, lambda _, what: what == "by Z3"),
    ("simplifications against Z3", 10**4, lambda name, what: what == "by Z3"
     and name == "SimplifyZ3Fuzz"),
    ("look-ups against exact evaluation", 10**8, lambda _, what: what == "look-ups"),
)


def run(binary, log, test_filter, share):
    """One program; whether its tests passed, and the seconds it took."""
    start = time.monotonic()
    if not (log.exists() and "[  PASSED  ]" in log.read_text()
            and "[  FAILED  ]" not in log.read_text()):
        with open(log, "w") as out:
            subprocess.run([binary, f"--gtest_filter={test_filter}"], stdout=out,
                           stderr=subprocess.STDOUT, check=False,
                           env={**os.environ, "CONGRUA_SOAK": share})
    text = log.read_text()
    return "[  PASSED  ]" in text and "[  FAILED  ]" not in text, time.monotonic() - start


def sums(logs):
    """Counts by fuzzer and kind."""
    total = collections.defaultdict(collections.Counter)
    for log in logs:
        for name, counts in re.findall(r"^soak ([^:]+): seeds [0-9.]+, (.*)$", log.read_text(), re.M):
            for part in counts.split(", "):
                what, number = part.rsplit(" ", 1)
                total[name][what] += int(number)
    return total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=Path, default=Path("build/dev/bin"))
    parser.add_argument("--log", type=Path, default=Path("build/soak"))
    parser.add_argument("--parts", type=int, default=100)
    parser.add_argument("--from", type=float, default=0, dest="start")
    parser.add_argument("--to", type=float, default=100, dest="end")
    parser.add_argument("-j", type=int, default=os.cpu_count(), dest="jobs")
    parser.add_argument("--only", default=",".join(FUZZERS), help="modules whose fuzzers are run")
    options = parser.parse_args()
    options.log.mkdir(parents=True, exist_ok=True)

    width = 100 / options.parts
    tasks = []
    for i in range(options.parts):
        if options.start <= i * width + 1e-9 and (i + 1) * width <= options.end + 1e-9:
            share = f"{i * width:g}-{(i + 1) * width:g}"
            for module in options.only.split(","):
                test_filter = FUZZERS[module]
                tasks.append((module, share, test_filter, f"{module}.{share}.log"))
    if options.end >= 100:
        for module in (*FUZZERS, "domain", "proof", "width"):
            rest = f"{RANDOM}-{FUZZERS.get(module, '')}"
            tasks.append((module, "100", rest, f"{module}.rest.log"))

    failed = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        def start(task):
            module, share, test_filter, log = task
            return task, run(options.bin / f"congrua_{module}_test", options.log / log, test_filter,
                             share)
        for done, future in enumerate(
                concurrent.futures.as_completed([pool.submit(start, t) for t in tasks]), 1):
            (module, share, _, log), (passed, seconds) = future.result()
            print(f"{done}/{len(tasks)} {module} {share} %: {'passed' if passed else 'FAILED'}"
                  f" in {seconds:.0f} s", flush=True)
            if not passed:
                failed.append(options.log / log)

    total = sums(options.log.glob("*.log"))
    for name in sorted(total):
        print(f"{name}: " + ", ".join(f"{n:,} {what}" for what, n in total[name].items()))
    for text, goal, counts in GOALS:
        reached = sum(n for name, kinds in total.items() for what, n in kinds.items()
                      if counts(name, what))
        print(f"{text}: {reached:,} of {goal:,}{'' if reached >= goal else ', not yet reached'}")
    disagreements = sum(kinds["failures"] for kinds in total.values())
    print(f"disagreements: {disagreements}")
    for log in failed:
        print(f"failed: {log}")
    return 1 if failed or disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
