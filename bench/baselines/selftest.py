#!/usr/bin/env python3
"""Tests of the baseline engines' own parts, with enumeration and z3 as oracles.

Run in the environment of setup.sh:  build/venv/bin/python bench/baselines/selftest.py
"""

import itertools
import os
import random
import subprocess
import sys
import tempfile
import json
import unittest
from fractions import Fraction

import sympy

import protocol
import smt2_eval
import smt2_text
import sympy_env
import sympy_functions

_HERE = os.path.dirname(os.path.abspath(__file__))
_BOX = range(-4, 6)


def _value(expr, point):
    """A SymPy expression at a point, computed without SymPy's rewriting."""
    if expr.is_Symbol:
        return point[expr]
    if expr.is_Rational:
        return Fraction(int(expr.p), int(expr.q))
    a = [_value(x, point) for x in expr.args]
    if isinstance(expr, sympy.Add):
        return sum(a)
    if isinstance(expr, sympy.Mul):
        return a[0] * _value(sympy.Mul(*expr.args[1:]), point)
    if isinstance(expr, sympy.Pow):
        return a[0] ** a[1]
    return {"FloorDiv": lambda x, y: x // y, "Mod": lambda x, y: x % y,
            "Minimum": min, "Maximum": max}[expr.func.__name__](*a)


class Functions(unittest.TestCase):
    """FloorDiv, Mod and bounds against Python's own // and % on a box."""

    def setUp(self):
        self.x = sympy.Symbol("x", integer=True)
        self.y = sympy.Symbol("y", integer=True)
        self.p = sympy.Symbol("p", integer=True, positive=True)
        self.random = random.Random(5)

    def _term(self, depth):
        pick = self.random.choice
        if depth == 0:
            return pick([self.x, self.y, self.p, sympy.Integer(pick(range(-6, 7)))])
        a, b = self._term(depth - 1), self._term(depth - 1)
        return pick([lambda: a + b, lambda: a * b, lambda: a - b])()

    def _points(self):
        for x, y, p in itertools.product(_BOX, _BOX, range(1, 5)):
            yield {self.x: x, self.y: y, self.p: p}

    def test_construction_keeps_the_value(self):
        """Rewriting at construction changes no value where the divisor is not 0."""
        for _ in range(150):
            a, b = self._term(self.random.randrange(3)), self._term(1)
            c = self._term(0)
            for function, plain in ((sympy_functions.FloorDiv, lambda x, y: x // y),
                                    (sympy_functions.Mod, lambda x, y: x % y)):
                inner = sympy_functions.FloorDiv(a, c) if c != 0 else a
                for left in (a, a * b + c * b, inner + b):
                    if b == 0:
                        continue
                    built = function(left, b)
                    for point in self.random.sample(list(self._points()), 40):
                        try:
                            wanted = plain(_value(left, point), _value(b, point))
                            self.assertEqual(_value(built, point), wanted,
                                             (function, left, b, point))
                        except ZeroDivisionError:
                            pass

    def test_bounds_hold_every_value(self):
        """bounds() of a term holds its value at each point of the ranges."""
        for _ in range(150):
            low = {s: self.random.randrange(-3, 3) for s in (self.x, self.y)}
            low[self.p] = self.random.randrange(1, 3)
            ranges = {s: (n, self.random.choice([n, n + 2, float("inf")]))
                      for s, n in low.items()}
            term = self._term(2)
            divisor = self._term(self.random.randrange(2))
            for expr in (term, sympy_functions.Minimum(term, divisor),
                         sympy_functions.Maximum(term, divisor), term ** 2,
                         sympy_functions.FloorDiv(term, divisor),
                         sympy_functions.Mod(term, divisor)):
                least, most = sympy_functions.bounds(expr, ranges)
                for point in self._points():
                    if all(r[0] <= point[s] <= r[1] for s, r in ranges.items()):
                        try:
                            value = _value(expr, point)
                        except ZeroDivisionError:
                            continue
                        self.assertTrue(least <= value <= most, (expr, ranges, point))


class Environment(unittest.TestCase):
    """Verdicts of random scripts against enumeration of a box."""

    def _term(self, pick, depth):
        if depth == 0:
            return pick(["x", "y", "z", str(pick(range(-2, 5)))])
        a, b = self._term(pick, depth - 1), self._term(pick, depth - 1)
        return pick([["+", a, b], ["*", a, b], ["-", a, b], ["min2", a, b],
                     ["div", a, pick([b, "2", "3", "-2"])],
                     ["mod", a, pick([b, "2", "-3"])],
                     ["to_int", ["/", a, pick([b, "2"])]],
                     ["ite", ["<", a, b], a, "1"]])

    def _guard(self, pick):
        """Mostly guards of the shapes that the rules are about, some of any shape."""
        relation = pick(["=", "<", "<=", ">", ">=", "!="])
        x, y, k = pick("xyz"), pick("xyz"), str(pick(range(-3, 6)))
        c = str(pick([-2, -1, 1, 1, 2, 3]))
        a, b = pick([
            (x, k), (x, k), (["*", c, x], k), (x, ["+", y, k]),
            (["+", ["*", c, x], y], k), (["+", ["*", c, x], ["*", "2", y]], k),
            (["*", x, y], k), (["*", x, ["+", y, "1"]], x),
            (["div", ["+", x, k], c], str(pick(range(-1, 4)))),
            (["div", ["div", x, "2"], pick(["y", "2"])], y),
            (["-", "1", ["div", x, "2"]], k), (["div", x, y], pick(["z", "1"])),
            (["div", ["*", x, y], ["*", y, c]], k),
            (["mod", x, pick(["2", "3", y])], str(pick(range(3)))),
            (["min2", x, y], k), (["to_int", ["/", x, "2"]], k),
            (["ceil", ["/", x, pick(["2", y])]], pick([k, y])),
            (self._term(pick, 2), self._term(pick, pick([0, 1]))),
        ])
        guard = ["not", ["=", a, b]] if relation == "!=" else [relation, a, b]
        return pick([guard] * 6 + [["or", guard, ["=", "x", "y"]],
                                   ["and", guard, [">=", "z", "0"]]])

    def test_verdicts_are_never_wrong(self):
        """No point of the box denies a verdict; and enough verdicts are reached."""
        source = random.Random(int(os.environ.get("CONGRUA_SEED", "7")))
        prelude = ("(declare-const x Int)(declare-const y Int)(declare-const z Int)"
                   "(define-fun min2 ((a Int) (b Int)) Int (ite (< a b) a b))"
                   "(define-fun ceil ((a Real)) Int "
                   "(ite (= (to_int a) a) (to_int a) (+ (to_int a) 1)))")
        decided = 0
        for _ in range(int(os.environ.get("CONGRUA_ROUNDS", "60"))):
            env = sympy_env.Env()
            for command, _, _ in smt2_text.read_commands(prelude):
                env.names.read(command)
            points = [smt2_eval.Evaluator(env.names, dict(zip("xyz", p)))
                      for p in itertools.product(range(-3, 6), repeat=3)]
            facts = []
            births = [[">=", "x", "1"], ["<=", "2", "y"], [">", "z", "-1"]]
            while len(facts) < 7:
                fact = births.pop() if births and source.random() < 0.5 else (
                    self._guard(source.choice))
                holding = [p for p in points if self._value(p, fact) is True]
                if not holding:
                    continue
                if not env.birth(fact):
                    expr = env.build(fact)
                    decided += self._check(env, expr, points, facts, fact)
                    env.learn(expr)
                facts.append(fact)
                points = holding
                self.assertFalse(env.contradiction, facts)
                for _ in range(8):
                    question = self._guard(source.choice)
                    decided += self._check(env.copy(), None, points, facts, question)
        self.assertGreater(decided, 600)

    @staticmethod
    def _value(point, guard):
        try:
            return point.value(guard)
        except smt2_eval.Undefined:
            return None  # the value of x div 0 is the model's

    def _check(self, env, expr, points, facts, guard):
        """Asks, and looks for a point that denies the answer; 1 if there was one."""
        verdict = env.static(env.build(guard) if expr is None else expr)
        if verdict is None:
            return 0
        for point in points:
            value = self._value(point, guard)
            self.assertIn(value, (verdict, None), (facts, guard, point.values))
        return 1


class Text(unittest.TestCase):
    """The reader and the evaluator."""

    def test_quirks_of_real_files(self):
        """Overloaded names, -1 as a literal, quoted symbols, comments, strings."""
        text = ('(declare-const a Int) ; (assert false)\n(declare-fun |b c| () Int)'
                '(define-fun mod () Int (mod a 3))(echo "say ""(""")'
                '(define-fun ceil ((x Real)) Int (ite (= (to_int x) x) (to_int x) '
                '(+ (to_int x) 1)))(define-fun ceil () Int (ceil (/ a 2)))'
                '(assert (= (+ mod |a| -1) (* 2 |b c|) ceil))')
        names = smt2_eval.Names()
        commands = [c for c, _, _ in smt2_text.read_commands(text)]
        for command in commands:
            names.read(command)
        evaluator = smt2_eval.Evaluator(names, {"a": 5, "|b c|": 3})
        term = commands[-1][1]
        self.assertEqual([evaluator.value(t) for t in term[1:]], [6, 6, 3])
        self.assertIs(evaluator.value(term), False)

    def test_errors_name_the_place(self):
        """What is no s-expression is refused with line and column."""
        for text, message in (("(a\n(b)", "line 1 column 1: ( is never closed"),
                              ("(a)\n )", "line 2 column 2: unexpected )"),
                              ("(a) b", "line 1 column 5: b outside ()"),
                              ('(echo "x)', "line 1 column 7: unexpected character")):
            with self.assertRaisesRegex(smt2_text.Malformed,
                                        message.replace("(", r"\(").replace(")", r"\)")):
                list(smt2_text.read_commands(text))

    def test_euclidean_division(self):
        """Remainders are in [0, |b|); division by 0 has no value."""
        for a, b in itertools.product(range(-9, 10), repeat=2):
            if b:
                self.assertIn(a - b * smt2_eval.euclid_div(a, b), range(abs(b)))
        with self.assertRaises(smt2_eval.Undefined):
            smt2_eval.euclid_div(1, 0)

    def test_percentile_is_nearest_rank(self):
        """The value below which a share of the list lies, itself included."""
        self.assertEqual(protocol.percentile(list(range(1, 101)), 99), 99)
        self.assertEqual(protocol.percentile([1, 2, 3], 50), 2)
        self.assertIsNone(protocol.percentile([], 50))


class Engines(unittest.TestCase):
    """Both engines as processes."""

    _SCRIPT = ("(declare-const x Int)(declare-const y Int)(assert (>= x 2))"
               "(assert (= y (* 2 x)))(push 1)(assert (< y 4))(check-sat)(pop 1)"
               "(assert (>= y 4))(check-sat)")

    def _run(self, engine, mode, text, seconds="20"):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.smt2")
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
            done = subprocess.run([sys.executable, os.path.join(_HERE, engine), mode,
                                   path, seconds], capture_output=True, text=True,
                                  check=False)
        return done.returncode, json.loads(done.stdout)

    def test_scopes(self):
        """Answers and verdicts follow push and pop."""
        for engine in ("z3_engine.py", "sympy_engine.py"):
            code, row = self._run(engine, "sat", self._SCRIPT)
            self.assertEqual((code, row["status"]), (0, "ok"), row)
            self.assertEqual(row["answers"], ["unsat", "sat"])
        _, row = self._run("z3_engine.py", "entail", self._SCRIPT)
        self.assertEqual(row["verdicts"], ["needed", "needed", "needed", "redundant"])
        _, row = self._run("sympy_engine.py", "entail", self._SCRIPT)
        self.assertEqual(row["verdicts"], ["unknown", "unknown", "needed", "redundant"])

    def test_models_and_assumptions(self):
        """One check brings a model; check-sat-assuming counts as a check."""
        text = "(declare-const x Int)(assert (> x 7))(check-sat)(get-value (x))"
        for engine in ("z3_engine.py", "sympy_engine.py"):
            self.assertGreater(self._run(engine, "sat", text)[1]["model"]["x"], 7)
            row = self._run(engine, "sat", text.replace(
                "(check-sat)", "(declare-const p Bool)(assert (=> p (< x 5)))"
                "(check-sat-assuming (p))(check-sat-assuming ((not p)))"))[1]
            self.assertIn(row["answers"][0], ("unsat", "unknown"))
            self.assertEqual(row["answers"][1], "sat")

    def test_bad_input_and_no_time(self):
        """A broken file is an error row; without time all is unknown."""
        for engine in ("z3_engine.py", "sympy_engine.py"):
            code, row = self._run(engine, "sat", "(assert (")
            self.assertEqual((code, row["status"]), (1, "error"))
            code, row = self._run(engine, "entail", self._SCRIPT, "0")
            self.assertEqual((code, row["unknown"], row["guards"]), (0, 4, 4))
            self.assertEqual(row["reason"], "timeout")

    def test_out_of_time_between_checks(self):
        """Z3 throws where a push is interrupted: answers so far, no error."""
        path = os.path.join(_HERE, "..", "..", "smt2", "generated", "window_012_s1_C.smt2")
        with open(path, encoding="utf-8") as file:
            code, row = self._run("z3_engine.py", "sat", file.read(), "1")
        self.assertEqual((code, row["status"], row["reason"]), (0, "unknown", "timeout"))


if __name__ == "__main__":
    unittest.main()
