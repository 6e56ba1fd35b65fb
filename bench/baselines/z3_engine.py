#!/usr/bin/env python3
"""Z3 in process, as an engine of the protocol in README.md.

Parsing is done by Z3's own parser; the times are those of the decisions alone.

sat     runs the script as it stands, with one solver for all its checks; a script with
        one check is thus solved in one shot, with Z3's full preprocessing.
entail  one incremental solver: push, not g, check, pop, then g is added. A question is
        cut after CONGRUA_Z3_QUERY_MS milliseconds (300).
"""

import contextlib
import os
import re
import sys
import threading
import time

import protocol
import smt2_text

# Z3 may run on past its own limits, in `check` as in the `pop` after it; then the row is
# printed as it stands and the process ends.
_GRACE_SECONDS = 2.0

_SCOPED = re.compile(r"\(\s*(?:push|pop|reset|reset-assertions|check-sat-assuming"
                     r"|exit|set-option\s+:(?:produce-unsat|global))")
_CHECK = re.compile(r"^\(check-sat\)", re.MULTILINE)
_DECLARED = re.compile(r"\(\s*declare-(?:const\s+(\|[^|]*\||[^\s()|]+)"
                       r"|fun\s+(\|[^|]*\||[^\s()|]+)\s*\(\s*\))\s*(Int|Real|Bool)\b")
_NOT_FOR_THE_PARSER = {"set-info", "set-logic", "echo", "get-assertions",
                       "get-assignment", "get-info", "get-model", "get-option",
                       "get-proof", "get-unsat-assumptions", "get-unsat-core",
                       "get-value"}


def _flat_steps(z3, text):
    """Steps of a script without scopes: what stands before each check goes whole."""
    parser = z3.ParserContext()
    steps = []
    start = 0
    for match in _CHECK.finditer(text):
        steps += [("assert", g) for g in parser.from_string(text[start:match.start()])]
        steps.append(("check", []))
        start = match.end()
    steps += [("assert", g) for g in parser.from_string(text[start:])]
    return steps


def _scoped_steps(z3, text):
    """Steps of any script: Z3 parses the commands between two changes of scope."""
    parser = z3.ParserContext()
    steps = []
    pending = []
    global_declarations = False

    def flush():
        if pending:
            chunk = "\n".join(pending)
            pending.clear()
            steps.extend(("assert", g) for g in parser.from_string(chunk))

    for command, start, end in smt2_text.read_commands(text):
        name = command[0] if command and isinstance(command[0], str) else ""
        if name in ("push", "pop"):
            flush()
            if not global_declarations:
                parser.from_string(text[start:end])
            steps.append((name, smt2_text.number_argument(command)))
        elif name == "check-sat":
            flush()
            steps.append(("check", []))
        elif name == "check-sat-assuming":
            flush()
            inner = text[text.index("(", start + 1) + 1:text.rindex(")", start, end - 1)]
            literals = [inner[a:b] for a, b in _top_level(inner)]
            chunk = "\n".join(f"(assert {literal})" for literal in literals)
            steps.append(("check", list(parser.from_string(chunk)) if literals else []))
        elif name in ("reset", "reset-assertions"):
            flush()
            if name == "reset" or not global_declarations:
                parser = z3.ParserContext()
            global_declarations &= name != "reset"
            steps.append(("reset", None))
        elif name == "exit":
            break
        elif name == "set-option":
            # None goes to the parser: it refuses :global-declarations, and with unsat
            # cores on it would return named asserts as implications.
            if command[1:2] == [":global-declarations"]:
                global_declarations = command[2:] == ["true"]
        elif name not in _NOT_FOR_THE_PARSER:
            pending.append(text[start:end])
    flush()
    return steps


def _top_level(text):
    """Spans of the s-expressions that `text`, the inside of a list, consists of."""
    wrapped = re.compile(r"\|[^|]*\||\(|\)|[^\s()|]+")
    depth = begin = 0
    for match in wrapped.finditer(text):
        if match.group() == "(":
            begin = match.start() if depth == 0 else begin
            depth += 1
        elif match.group() == ")":
            depth -= 1
            if depth == 0:
                yield begin, match.end()
        elif depth == 0:
            yield match.start(), match.end()


def parse(z3, text):
    """The script as steps: (assert, g), (check, literals), (push, n), (pop, n), (reset,).

    The flat way costs nothing beside Z3's parser: no scopes, each check on a line of its
    own. A quoted symbol that looks like a check can mislead it; then a piece does not
    parse, and the scanner decides.
    """
    checks = len(_CHECK.findall(text))
    if text.count("check-sat") == checks and not _SCOPED.search(text):
        try:
            return _flat_steps(z3, text)
        except z3.Z3Exception:
            pass
    return _scoped_steps(z3, text)


def _warm_up(z3):
    """Starts Z3: a first check loads and sets up what later ones find done."""
    z3.main_ctx()
    apart = z3.Context()  # leaves no trace in the context that is measured
    solver = z3.Solver(ctx=apart)
    solver.add(z3.Int("x", apart) > 0)
    solver.check()


def _read(path, row):
    import z3
    row["version"] = z3.get_version_string()
    _warm_up(z3)
    started = time.perf_counter()
    text = smt2_text.read_text(path)
    steps = parse(z3, text)
    row["parse_ms"] = round((time.perf_counter() - started) * 1e3, 3)
    return z3, text, steps


def _watch(z3, deadline, row, at_end):
    """Interrupts Z3 at the deadline; if that does not help, prints the row and leaves."""

    def interrupt():
        z3.main_ctx().interrupt()

    def leave():
        row["reason"] = "Z3 ran past its limit"
        at_end()
        row.emit()
        os._exit(0)

    for delay, action in ((0.0, interrupt), (_GRACE_SECONDS, leave)):
        timer = threading.Timer(deadline.left() + delay, action)
        timer.daemon = True
        timer.start()


@contextlib.contextmanager
def _ends_at(z3, deadline, row):
    """Takes what Z3 throws when it is interrupted for the end of time, not for an error."""
    try:
        yield
    except z3.Z3Exception:
        if not deadline.passed():
            raise
        row["reason"] = "timeout"


def _model(z3, solver, text):
    """The model as {name: value}; rationals as text, what the model leaves open as 0.

    None if a value is irrational. Z3 lists the script's definitions in its models, as
    terms that may be huge when printed: only declared constants are looked at.
    """
    values = {}
    for name, function_name, sort in _DECLARED.findall(text):
        name = (name or function_name).strip("|")
        values[name] = False if sort == "Bool" else 0
    model = solver.model()
    for declaration in model.decls():
        name = declaration.name()
        if declaration.arity() != 0 or name not in values:
            continue
        value = model[declaration]
        if z3.is_int_value(value):
            values[name] = value.as_long()
        elif z3.is_true(value) or z3.is_false(value):
            values[name] = z3.is_true(value)
        elif z3.is_rational_value(value):
            values[name] = value.as_string()
        else:
            return None
    return values


def sat(path, deadline, row):
    """Runs the script; solve_ms is the time within check()."""
    z3, text, steps = _read(path, row)
    checks = sum(1 for kind, _ in steps if kind == "check")
    answers = []
    watch = protocol.Stopwatch()

    def report():
        protocol.finish_answers(row, answers + ["unknown"] * (checks - len(answers)))
        row["solve_ms"], row["solve_cpu_ms"] = watch.read()

    _watch(z3, deadline, row, report)
    solver = z3.Solver()
    with _ends_at(z3, deadline, row):
        for kind, value in steps:
            if kind == "assert":
                solver.add(value)
            elif kind == "push":
                for _ in range(value):
                    solver.push()
            elif kind == "pop":
                solver.pop(value)
            elif kind == "reset":
                solver.reset()
            else:
                solver.set("timeout", max(1, int(deadline.left() * 1e3)))
                watch.start()
                answer = z3.unknown if deadline.passed() else solver.check(*value)
                watch.stop()
                answers.append(str(answer))
                if answer == z3.sat and checks == 1:
                    model = _model(z3, solver, text)
                    if model is not None:
                        row["model"] = model
                elif answer == z3.unknown:
                    row["reason"] = ("timeout" if deadline.passed()
                                     else solver.reason_unknown())
    report()


def entail(path, deadline, row):
    """Asks each assert under those in scope, then adds it; checks are skipped."""
    z3, _, steps = _read(path, row)
    guards = sum(1 for kind, _ in steps if kind == "assert")
    result = protocol.Entailment(row, guards)
    query_ms = int(os.environ.get("CONGRUA_Z3_QUERY_MS", "300"))
    row["query_ms"] = query_ms
    _watch(z3, deadline, row, result.finish)
    solver = z3.Solver()
    names = {"unsat": "redundant", "sat": "needed", "unknown": "unknown"}
    limit = None
    cpu = protocol.Stopwatch()
    cpu.start()
    with _ends_at(z3, deadline, row):
        for kind, value in steps:
            if deadline.passed():
                row["reason"] = "timeout"
                break
            if kind == "push":
                for _ in range(value):
                    solver.push()
            elif kind == "pop":
                solver.pop(value)
            elif kind == "reset":
                solver.reset()
            elif kind == "assert":
                negated = z3.Not(value)
                wanted = max(1, min(query_ms, int(deadline.left() * 1e3)))
                if wanted != limit:
                    limit = wanted
                    solver.set("timeout", limit)
                begun = time.perf_counter_ns()
                solver.push()
                solver.add(negated)
                answer = solver.check()
                solver.pop()
                decided = time.perf_counter_ns()
                solver.add(value)
                result.add_ns += time.perf_counter_ns() - decided
                result.record(names[str(answer)], decided - begun)
    row["solve_cpu_ms"] = cpu.read()[1]
    result.finish()


if __name__ == "__main__":
    code = protocol.run("z3", sat, entail)
    sys.stdout.flush()
    os._exit(code)  # tearing down Z3's objects takes seconds on the largest files
