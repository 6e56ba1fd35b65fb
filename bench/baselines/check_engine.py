#!/usr/bin/env python3
"""Runs an engine of the protocol over files and checks what it says.

    check_engine.py [options] MODE ENGINE PATH...

    MODE            sat or entail
    ENGINE          the engine's command, as one argument
    PATH            files, or folders whose .smt2, .smt2.xz and .smt2.gz files are taken
    --timeout S     seconds a file (20)
    --jsonl OUT     appends a row for each file
    --against ROWS  verdicts of another engine (JSONL of an earlier run in entail mode)

Checked are: sat answers against the `:status` before each check, and every model by exact
evaluation of the asserts; entail verdicts against REDUNDANT.csv in the file's folder and
against ROWS. `unknown` contradicts nothing. Exit code: 1 if anything was contradicted or
an engine failed, else 0.
"""

import argparse
import csv
import json
import math
import os
import shlex
import subprocess
import sys
from fractions import Fraction

import protocol
import smt2_eval
import smt2_text

_ENDINGS = (".smt2", ".smt2.xz", ".smt2.gz")


def _files(paths):
    for path in paths:
        if os.path.isdir(path):
            yield from sorted(os.path.join(path, name) for name in os.listdir(path)
                              if name.endswith(_ENDINGS))
        else:
            yield path


def _ask(engine, mode, path, timeout):
    command = shlex.split(engine) + [mode, path, str(timeout)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              timeout=timeout + 30)
        row = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        row = {"status": "error", "message": "ran past its time limit"}
    except ValueError:
        row = {"status": "error", "message": f"no row; {done.stderr.strip()[-300:]}"}
    return {"file": os.path.basename(path), **row}


def _expected(commands):
    statuses = []
    status = None
    for command in commands:
        if command[:2] == ["set-info", ":status"]:
            status = command[2]
        elif command and command[0] in ("check-sat", "check-sat-assuming"):
            statuses.append(status)
            status = None
    return statuses


def _check_model(commands, model):
    """True if every assert holds at the model; of scripts with one check only."""
    names = smt2_eval.Names()
    asserts = []
    for command in commands:
        names.read(command)
        if command[0] == "assert":
            asserts.append(command[1])
        elif command[0] == "check-sat":
            break
    point = {}
    for name, value in model.items():
        try:
            point[name] = Fraction(value) if isinstance(value, str) else value
        except ValueError:
            return None  # an irrational number
    evaluator = smt2_eval.Evaluator(names, point)
    try:
        return all(evaluator.value(term) is True for term in asserts)
    except smt2_eval.Undefined:
        return None


def _sat_faults(path, row):
    commands = list(c for c, _, _ in smt2_text.read_commands(smt2_text.read_text(path)))
    expected = _expected(commands)
    answers = row.get("answers", [row["status"]] if expected else [])
    if len(answers) != len(expected):
        yield f"{len(answers)} answers to {len(expected)} checks"
    for index, (answer, status) in enumerate(zip(answers, expected)):
        if {answer, status} == {"sat", "unsat"}:
            yield f"check {index}: {answer}, but :status is {status}"
    if "model" in row:
        row["model_ok"] = _check_model(commands, row["model"])
        if row["model_ok"] is False:
            yield "the model violates an assert"


def _entail_faults(row, truths):
    verdicts = row.get("verdicts", [])
    for name, truth in truths:
        for index, verdict in truth.items():
            if index >= len(verdicts):
                yield f"no verdict on assert {index}"
            elif {verdicts[index], verdict} == {"redundant", "needed"}:
                yield f"assert {index}: {verdicts[index]}, but {verdict} by {name}"


def _load_truth(path):
    """REDUNDANT.csv as {file: {index: verdict}}; empty if there is none."""
    truth = {}
    if os.path.exists(path):
        with open(path, newline="", encoding="utf-8") as stream:
            for line in csv.DictReader(stream):
                verdicts = truth.setdefault(line["file"], {})
                verdicts[int(line["index"])] = line["verdict"]
    return truth


def _load_rows(path):
    truth = {}
    if path:
        with open(path, encoding="utf-8") as stream:
            for line in stream:
                row = json.loads(line)
                truth[row["file"]] = dict(enumerate(row.get("verdicts", [])))
    return truth


def _quantiles(values, digits=4):
    values = sorted(values)
    return (f"p50 {protocol.percentile(values, 50):.{digits}g}, "
            f"p99 {protocol.percentile(values, 99):.{digits}g}")


def _summary(mode, rows):
    line = f"{len(rows)} files"
    if mode == "sat":
        counts = {}
        for row in rows:
            for answer in row.get("answers", [row["status"]]):
                counts[answer] = counts.get(answer, 0) + 1
        line += f", answers {counts}, models checked "
        line += str(sum(r.get("model_ok") is True for r in rows))
        solved = [r for r in rows if r["status"] in ("sat", "unsat", "ok")]
        for clock in ("solve_ms", "solve_cpu_ms"):
            times = [max(r[clock], 1e-3) for r in solved if clock in r]
            if times:
                geomean = math.exp(sum(map(math.log, times)) / len(times))
                line += (f"; {clock} of {len(times)} solved: geomean {geomean:.4g}, "
                         + _quantiles(times))
        return line
    for key in ("guards", "reached", "redundant", "needed", "unknown"):
        line += f", {key} {sum(r.get(key, 0) for r in rows)}"
    times = [t for r in rows for t in r.get("us", ())]
    if times:
        line += (f"; us a guard: {_quantiles(times)}, mean "
                 f"{sum(times) / len(times):.4g}; CPU of all, adding included: "
                 f"{sum(r.get('solve_cpu_ms', 0) for r in rows):.4g} ms")
    return line


def main():
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("mode", choices=("sat", "entail"))
    parser.add_argument("engine")
    parser.add_argument("path", nargs="+")
    parser.add_argument("--timeout", type=float, default=20.0)
    parser.add_argument("--jsonl")
    parser.add_argument("--against")
    options = parser.parse_args()
    os.environ["CONGRUA_ENGINE_TIMES"] = "1"
    other = _load_rows(options.against)
    tables = {}
    rows, faults = [], 0
    for path in _files(options.path):
        row = _ask(options.engine, options.mode, path, options.timeout)
        found = []
        if row.get("status") == "error":
            found = [row["message"]]
        elif options.mode == "sat":
            found = list(_sat_faults(path, row))
        else:
            folder = os.path.dirname(path)
            if folder not in tables:
                tables[folder] = _load_truth(os.path.join(folder, "REDUNDANT.csv"))
            found = list(_entail_faults(row, [
                ("REDUNDANT.csv", tables[folder].get(row["file"], {})),
                (options.against, other.get(row["file"], {}))]))
        for fault in found:
            print(f"{path}: {fault}")
        faults += len(found)
        rows.append(row)
        if options.jsonl:
            with open(options.jsonl, "a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
    print(f"{_summary(options.mode, rows)}; faults {faults}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
