#!/usr/bin/env python3
"""SymPy as PyTorch uses it, as an engine of the protocol in README.md.

entail  a guard that becomes true by rewriting under the earlier ones is redundant, one
        that becomes false is needed, any other is unknown: no model is looked for.
sat     free symbols at their least values, the others by the equalities solved; `sat`
        if exact evaluation of every assert agrees, `unsat` if rewriting makes an assert
        false under the ones before it, else `unknown`.

The example values that a file may hold are not read.
"""

import os
import signal
import sys
import time

import protocol
import smt2_eval
import smt2_text

_RECURSION = 5000
_WARMING = """(declare-const warm0 Int) (declare-const warm1 Int)
    (assert (>= warm0 2)) (assert (not (= (* warm0 warm1) 0)))
    (assert (= warm1 (* 4 warm0))) (assert (< (div (+ warm0 3) 2) (* warm0 warm1)))"""


class OutOfTime(BaseException):
    """Raised by the alarm; no Exception, since SymPy catches those in places."""


def _within(deadline, work, row):
    """Calls work() and breaks it off at the deadline, which the row then says."""

    def ring(*_):
        raise OutOfTime

    def stop():
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0)

    signal.signal(signal.SIGALRM, ring)
    try:
        try:
            # Repeated: a ring may fall into a finalizer, where exceptions are lost.
            signal.setitimer(signal.ITIMER_REAL, max(0.001, deadline.left()), 0.5)
            work()
        finally:
            stop()
    except OutOfTime:
        stop()  # again: the next ring may have come before the first call took effect
        row["reason"] = "timeout"


def _warm_up(sympy_env):
    """Decides a few guards: in a compiler's process, SymPy is loaded and warm."""
    env = sympy_env.Env()
    for command, _, _ in smt2_text.read_commands(_WARMING):
        env.names.read(command)
        if command[0] == "assert":
            expr = env.build(command[1])
            env.static(expr)
            env.learn(expr)


def _read(path, row):
    import sympy
    import sympy_env
    row["version"] = sympy.__version__
    sys.setrecursionlimit(_RECURSION)
    _warm_up(sympy_env)
    started = time.perf_counter()
    commands = [c for c, _, _ in smt2_text.read_commands(smt2_text.read_text(path))]
    row["parse_ms"] = round((time.perf_counter() - started) * 1e3, 3)
    return sympy_env, commands


def _build(env, term):
    """The SymPy form, None where there is none."""
    try:
        return env.build(term)
    except (smt2_eval.Undefined, RecursionError):
        return None


def _scopes(command, stack):
    """Follows push, pop and resets on a stack of Envs; True if it was one of these."""
    head = command[0]
    if head == "push":
        for _ in range(smt2_text.number_argument(command)):
            stack.append(stack[-1].copy())
    elif head == "pop":
        count = smt2_text.number_argument(command)
        if count >= len(stack):
            raise smt2_text.Malformed("pop without push")
        if count:
            del stack[-count:]
    elif head in ("reset", "reset-assertions"):
        stack[:] = [type(stack[0])()]
    else:
        return False
    return True


class Track:
    """The asserts in scope, taken in when asked for, with or without deciding them.

    A frame holds the asserts of one scope, how many were taken in, and the Env after
    them. An upper frame's Env starts as a copy of the one below, which is complete then:
    a lower scope gains nothing while an upper one is open.
    """

    def __init__(self, make_env, decide):
        self.make_env = make_env
        self.decide = decide
        self.frames = [[[], 0, make_env()]]

    def push(self):
        """Opens a scope."""
        self.frames.append([[], 0, None])

    def pop(self):
        """Closes a scope."""
        self.frames.pop()

    def add(self, step):
        """Takes note of a declaration, definition or assert."""
        self.frames[-1][0].append(step)

    def env(self):
        """The Env of all the asserts in scope."""
        for level, frame in enumerate(self.frames):
            if frame[2] is None:
                frame[2] = self.frames[level - 1][2].copy()
            steps, done, env = frame
            for command in steps[done:]:
                self._take(env, command, level)
                frame[1] += 1
        return self.frames[-1][2]

    def _take(self, env, command, level):
        env.names.read(command)
        if command[0] != "assert" or env.contradiction:
            return
        if level == 0 and env.birth(command[1]):
            return
        expr = _build(env, command[1])
        if expr is None:
            return
        if self.decide and env.static(expr) is False:
            env.contradiction = True
        else:
            env.learn(expr)


def _check(asserts, names, learned, decided):
    """One check-sat: (answer, point). The cheap track first; both are only read."""
    env = learned.env()
    if env.contradiction:
        return "unsat", None
    point = env.lower_corner()
    evaluator = smt2_eval.Evaluator(names, point)
    if all(evaluator.holds(term) for term in asserts):
        return "sat", point
    return ("unsat" if decided.env().contradiction else "unknown"), None


def sat(path, deadline, row):
    """Runs the script; solve_ms holds building the terms and deciding."""
    sympy_env, commands = _read(path, row)
    checks = sum(1 for c in commands if c and c[0] in ("check-sat", "check-sat-assuming"))
    answers = []
    watch = protocol.Stopwatch()
    watch.start()
    _within(deadline,
            lambda: _run_script(sympy_env.Env, commands, checks, answers, row), row)
    protocol.finish_answers(row, answers + ["unknown"] * (checks - len(answers)))
    row["solve_ms"], row["solve_cpu_ms"] = watch.read()


def _run_script(make_env, commands, checks, answers, row):
    def fresh():
        return [Track(make_env, False), Track(make_env, True)], [[]], [smt2_eval.Names()]

    tracks, asserts, names = fresh()
    for command in commands:
        head = command[0] if command and isinstance(command[0], str) else ""
        if head in ("check-sat", "check-sat-assuming"):
            assumed = command[1] if head == "check-sat-assuming" else []
            for track in tracks:
                track.push()
                for literal in assumed:
                    track.add(["assert", literal])
            terms = [t for frame in asserts for t in frame] + assumed
            answer, point = _check(terms, names[-1], *tracks)
            for track in tracks:
                track.pop()
            answers.append(answer)
            if answer == "sat" and checks == 1:
                row["model"] = point
        elif head == "push":
            for _ in range(smt2_text.number_argument(command)):
                asserts.append([])
                names.append(names[-1].copy())
                for track in tracks:
                    track.push()
        elif head == "pop":
            for _ in range(smt2_text.number_argument(command)):
                asserts.pop()
                names.pop()
                for track in tracks:
                    track.pop()
        elif head in ("reset", "reset-assertions"):
            tracks, asserts, names = fresh()
        elif head == "exit":
            return
        elif head == "assert" or head.startswith(("declare-", "define-")):
            names[-1].read(command)
            if head == "assert":
                asserts[-1].append(command[1])
            for track in tracks:
                track.add(command)


def entail(path, deadline, row):
    """Asks each assert under those in scope, then adds it; checks are skipped.

    Building the numbers that the guards compare is parse_ms. Building the comparison
    counts as deciding: SymPy's relations evaluate themselves when they are made.
    """
    sympy_env, commands = _read(path, row)
    guards = sum(1 for c in commands if c and c[0] == "assert")
    result = protocol.Entailment(row, guards)
    cpu = protocol.Stopwatch()
    cpu.start()
    _within(deadline, lambda: _ask_all(sympy_env.Env(), commands, result), row)
    row["solve_cpu_ms"] = cpu.read()[1]
    result.finish()


def _ask_all(env, commands, result):
    stack = [env]
    for command in commands:
        if not command or _scopes(command, stack):
            continue
        if command[0] == "exit":
            break
        stack[-1].names.read(command)
        if command[0] == "assert":
            _ask(stack, command[1], result)


def _ask(stack, term, result):
    env = stack[-1]
    clock = time.perf_counter_ns
    begun = clock()
    if len(stack) == 1 and env.birth(term):
        # Nothing was known of the symbol, so nothing decides the guard.
        result.record("unknown", clock() - begun)
        return
    try:
        env.prepare(term)
    except RecursionError:
        pass  # it comes again below, where it makes the guard unknown
    built = clock()
    result.row["parse_ms"] = round(result.row["parse_ms"] + (built - begun) / 1e6, 3)
    expr = _build(env, term)
    verdict = None if expr is None else env.static(expr)
    decided = clock()
    if expr is not None:
        env.learn(expr)
        result.add_ns += clock() - decided
    names = {True: "redundant", False: "needed", None: "unknown"}
    result.record(names[verdict], decided - built)


if __name__ == "__main__":
    code = protocol.run("sympy", sat, entail)
    sys.stdout.flush()
    os._exit(code)
