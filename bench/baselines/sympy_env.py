"""A shape environment in PyTorch's manner, on SymPy: build, decide, learn.

What it knows: replacements (an equality solved for a symbol), a range for each symbol,
and axioms (facts and their plain implications, found again by exact structure). A guard
is decided by substitution, expansion, look-up among the axioms and interval arithmetic
on symbols shifted to their lower bounds; no fact is ever combined with another one.
See ShapeEnv._maybe_evaluate_static and _maybe_guard_rel of torch 2.15.
"""

from math import inf

import sympy
from sympy import Integer, Symbol, expand, false, true
from sympy.core.relational import Eq, Ne, Relational

import smt2_text
from sympy_functions import EVERYTHING, FloorDiv, Mod, bounds
from sympy_terms import Terms

# A guard over more symbols than this teaches nothing, as in _maybe_guard_rel.
_MAX_LEARNED_SYMBOLS = 5

_FLIPPED = {"<=": ">=", ">=": "<=", "<": ">", ">": "<"}


class Env(Terms):
    """Facts, and the script's terms under them."""

    def __init__(self):
        super().__init__()
        self.ranges = {}         # Symbol -> (low, high)
        self.excluded = {}       # Symbol -> values it does not have
        self.replacements = {}   # Symbol -> expression free of replaced symbols
        self.axioms = {}         # (kind, expression) or bool Symbol -> truth
        self.axioms_of = {}      # Symbol -> keys of the axioms that mention it
        self.contradiction = False

    def copy(self):
        """An independent copy, for a scope that is left again."""
        other = Env()
        other.names = self.names.copy()
        for field in ("symbols", "built", "ranges", "replacements", "axioms"):
            setattr(other, field, dict(getattr(self, field)))
        other.excluded = {s: set(v) for s, v in self.excluded.items()}
        other.axioms_of = {s: set(v) for s, v in self.axioms_of.items()}
        other.contradiction = self.contradiction
        return other

    def birth(self, term):
        """Takes `symbol >= constant` as the range that a symbol is born with.

        Only if no term was built from the symbol yet: it may then carry SymPy's
        assumptions, which must not reach back to earlier guards. Returns whether it did.
        """
        while isinstance(term, str) and term in self.names.defined:
            term = self.names.defined[term]
        if not isinstance(term, list) or len(term) != 3 or term[0] not in _FLIPPED:
            return False
        head, name, constant = term
        if isinstance(name, str) and smt2_text.is_numeral(name):
            head, name, constant = _FLIPPED[head], constant, name
        if (not isinstance(name, str) or self.names.sorts.get(name) != "Int"
                or name in self.symbols or head not in (">=", ">")
                or not isinstance(constant, str)
                or not smt2_text.is_numeral(constant) or "." in constant):
            return False
        low = int(constant) + (head == ">")
        if low < 0:
            return False
        symbol = Symbol(name, integer=True, nonnegative=True, positive=low > 0 or None)
        self.symbols[name] = symbol
        self.ranges[symbol] = (low, inf)
        return True

    # Questions.

    def sign(self, expr):
        """1 or -1 where the facts give the number that sign, else 0."""
        low, high = self.interval(self.find(expr))
        return 1 if low > 0 else -1 if high < 0 else 0

    def find(self, expr):
        """`expr` with replaced symbols substituted, expanded."""
        return expand(expr.xreplace(self.replacements))

    def interval(self, expr):
        """Bounds of an expression, the better of two: as it stands and shifted."""
        low, high = bounds(expr, self.ranges)
        if low == high:
            return low, high
        shift, ranges = {}, {}
        for symbol in expr.free_symbols:
            least, most = self.ranges.get(symbol, EVERYTHING)
            if least != -inf and least <= most:
                moved = Symbol(symbol.name + "'", integer=True, positive=True)
                shift[symbol] = moved + least - 1
                ranges[moved] = (1, most - least + 1)
            else:
                ranges[symbol] = (least, most)
        if shift:
            better = bounds(expand(expr.xreplace(shift)), ranges)
            low, high = max(low, better[0]), min(high, better[1])
        return low, high

    def static(self, expr):
        """True or False if the facts decide the Boolean by rewriting, else None."""
        if expr in (true, false):
            return bool(expr)
        if isinstance(expr, Symbol):
            return self.axioms.get(expr)
        if isinstance(expr, Relational):
            return self._static_relation(expr)
        parts = [self.static(a) for a in expr.args]
        if isinstance(expr, sympy.And):
            return False if False in parts else None if None in parts else True
        if isinstance(expr, sympy.Or):
            return True if True in parts else None if None in parts else False
        if isinstance(expr, sympy.ITE) and parts[0] is not None:
            return parts[1] if parts[0] else parts[2]
        if None in parts:
            return None
        value = expr.func(*[true if p else false for p in parts])
        return bool(value) if value in (true, false) else None

    def _static_relation(self, relation):
        kind, p = self._canonical(relation)
        if p.is_number:
            return _compare(kind, p)
        if (kind, p) in self.axioms:
            return self.axioms[kind, p]
        low, high = self.interval(p)
        if kind == "le" or kind == "lt":
            if high < 0 or high == 0 and kind == "le":
                return True
            return False if low > 0 or low == 0 and kind == "lt" else None
        equal = False if low > 0 or high < 0 else True if low == high == 0 else None
        return equal if equal is None or kind == "eq" else not equal

    def _canonical(self, relation):
        """(kind, p): `relation` as p = 0, p != 0, p <= 0 or, of reals, p < 0."""
        left, right = relation.lhs, relation.rhs
        if isinstance(relation, (sympy.Gt, sympy.Ge)):
            left, right = right, left
        p = self.find(left - right)
        integral = p.is_integer is True
        if isinstance(relation, (Eq, Ne)):
            kind = "eq" if isinstance(relation, Eq) else "ne"
            return _reduce(kind, p, integral)
        if isinstance(relation, (sympy.Lt, sympy.Gt)):
            return _reduce("le", p + 1, True) if integral else _reduce("lt", p, False)
        return _reduce("le", p, integral)

    # Facts.

    def learn(self, expr):
        """Takes in a fact."""
        if isinstance(expr, sympy.And):
            for part in expr.args:
                self.learn(part)
        elif expr == false:
            self.contradiction = True
        elif isinstance(expr, Symbol):
            self.axioms[expr] = True
        elif isinstance(expr, sympy.Not) and isinstance(expr.args[0], Symbol):
            self.axioms[expr.args[0]] = False
        elif isinstance(expr, Relational):
            self._learn_relation(*self._canonical(expr))

    def _learn_relation(self, kind, p):
        if p.is_number:
            self.contradiction |= not _compare(kind, p)
            return
        integral = p.is_integer is True
        self._add_axioms(kind, p, integral)
        if integral and len(p.free_symbols) <= _MAX_LEARNED_SYMBOLS:
            self._refine(kind, p)
            if kind == "eq":
                self._replace(p)

    def _note(self, kind, p, truth):
        key = _reduce(kind, p, p.is_integer is True)
        if key not in self.axioms:
            self.axioms[key] = truth
            for symbol in key[1].free_symbols:
                self.axioms_of.setdefault(symbol, set()).add(key)

    def _add_axioms(self, kind, p, integral):
        note = self._note
        note(kind, p, True)
        if kind == "eq":
            note("ne", p, False)
            note("le", p, True)
            note("le", -p, True)
            if integral:
                note("le", p + 1, False)
                note("le", 1 - p, False)
        elif kind == "ne":
            note("eq", p, False)
        elif kind == "le" and integral:
            note("le", 1 - p, False)
            note("le", p - 1, True)
            note("ne", p - 1, True)
            note("eq", p - 1, False)

    def _refine(self, kind, p):
        """Ranges of the symbols in which `p` is linear, from the range of the rest."""
        for symbol in sorted(p.free_symbols, key=str):
            c = p.coeff(symbol)
            rest = expand(p - c * symbol)
            if not c.is_Integer or c == 0 or rest.has(symbol):
                continue
            if kind == "ne":
                if rest.is_Integer and rest % c == 0:
                    self._exclude(symbol, int(-rest / c))
                continue
            low, high = self.interval(rest)
            c = int(c)
            if kind == "le" and c > 0 and low != -inf:
                self._narrow(symbol, -inf, _floor_over(-low, c))
            elif kind == "le" and c < 0 and low != -inf:
                self._narrow(symbol, _ceil_over(low, -c), inf)
            elif kind == "eq":
                if c < 0:
                    c, low, high = -c, -high, -low
                self._narrow(symbol, -inf if high == inf else _ceil_over(-high, c),
                             inf if low == -inf else _floor_over(-low, c))
        self._refine_quotient(kind, p)

    def _refine_quotient(self, kind, p):
        """c*FloorDiv(x, n) + k <= 0, for a number n > 0, as a bound of x."""
        if kind == "ne" or len(p.atoms(FloorDiv)) != 1:
            return
        quotient = next(iter(p.atoms(FloorDiv)))
        c = p.coeff(quotient)
        rest = expand(p - c * quotient)
        x, n = quotient.args
        if not (c.is_Integer and rest.is_Integer and n.is_Integer and n > 0 and c != 0):
            return
        if kind == "eq":
            self._refine_quotient("le", -p)
        if c > 0:   # x // n <= m, so x <= n*(m + 1) - 1
            self._refine("le", expand(x - n * (-rest // c + 1) + 1))
        else:       # x // n >= m, so x >= n*m
            self._refine("le", expand(n * -(rest // c) - x))

    def _narrow(self, symbol, low, high):
        old = self.ranges.get(symbol, EVERYTHING)
        low, high = max(low, old[0]), min(high, old[1])
        excluded = self.excluded.get(symbol, ())
        while low in excluded:
            low += 1
        while high in excluded:
            high -= 1
        self.ranges[symbol] = (low, high)
        self.contradiction |= low > high

    def _exclude(self, symbol, value):
        self.excluded.setdefault(symbol, set()).add(value)
        self._narrow(symbol, -inf, inf)

    def _replace(self, p):
        """Solves p = 0 for a symbol, if its range then follows from the others'.

        Refused, as in PyTorch, where div or mod occur, where the solution might be no
        integer, and where the range of the symbol would be lost.
        """
        if p.has(FloorDiv, Mod) or p.atoms(sympy.Function):
            return
        for symbol in sorted(p.free_symbols, key=self._age, reverse=True):
            c = p.coeff(symbol)
            rest = expand(p - c * symbol)
            if c not in (1, -1) or rest.has(symbol):
                continue
            solution = -rest * c
            low, high = self.ranges.get(symbol, EVERYTHING)
            if solution.is_Symbol:
                self._narrow(solution, low, high)
                for value in self.excluded.get(symbol, ()):
                    self._exclude(solution, value)
            found = self.interval(solution)
            if found[0] >= low and found[1] <= high:
                step = {symbol: solution}
                for other, expr in self.replacements.items():
                    if expr.has(symbol):
                        self.replacements[other] = expand(expr.xreplace(step))
                self.replacements[symbol] = solution
                for kind, old in self.axioms_of.pop(symbol, ()):
                    truth = self.axioms.get((kind, old))
                    if truth is not None:
                        self._note(kind, self.find(old), truth)
                return

    def _age(self, symbol):
        return list(self.names.sorts).index(symbol.name)

    def lower_corner(self):
        """Values {name: value}: free symbols at their least value, 0 if unbounded."""
        free = {}

        def least(symbol):
            if symbol not in free:
                low, high = self.ranges.get(symbol, EVERYTHING)
                value = low if low != -inf else min(high, 0)
                while value in self.excluded.get(symbol, ()):
                    value += 1
                free[symbol] = value
            return free[symbol]

        point = {}
        for name, sort in self.names.sorts.items():
            symbol = self.symbols.get(name)
            if sort == "Bool":
                point[name] = self.axioms.get(symbol, False)
            elif symbol in self.replacements:
                expr = self.replacements[symbol]
                value = expr.xreplace({s: Integer(least(s)) for s in expr.free_symbols})
                if value.is_Integer:
                    point[name] = int(value)
            else:
                point[name] = 0 if symbol is None else least(symbol)
        return point


def _floor_over(a, c):
    return int(a // c)


def _ceil_over(a, c):
    return -int(-a // c)


def _compare(kind, value):
    tests = {"eq": value == 0, "ne": value != 0, "le": value <= 0, "lt": value < 0}
    return bool(tests[kind])


def _reduce(kind, p, integral):
    """Divides by the content; for integers the constant is rounded. Fixes the sign."""
    if p.is_number:
        return kind, p
    constant, rest = p.as_coeff_Add()
    content, rest = rest.primitive()
    constant = constant / content
    if integral and rest.is_integer and not constant.is_Integer:
        if kind in ("eq", "ne"):
            return kind, Integer(1)  # an integer plus a proper fraction is not 0
        if kind == "le":
            constant = sympy.ceiling(constant)
    p = rest + constant
    if kind in ("eq", "ne") and rest.could_extract_minus_sign():
        p = -p
    return kind, expand(p)
