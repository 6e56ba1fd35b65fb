"""FloorDiv and Mod as SymPy functions in PyTorch's manner, and interval bounds.

They mean Python's `//` and `%`: floor, and the divisor's sign; the divisor is not 0. The
rewriting at construction follows torch.utils._sympy.functions, with the side conditions
that make each step right for all integers. Minimum and Maximum do not compare their
arguments pairwise, which SymPy's Min and Max do at a high price; PyTorch's do not either.
"""

from fractions import Fraction
from math import gcd, inf

import sympy
from sympy import Add, Function, Integer, Mul, Pow


def _common_factor(a, b):
    """A product that divides every term of `a`, and `b`, factor by factor."""
    terms = [t.as_powers_dict() for t in Add.make_args(a)]
    factor = Integer(1)
    for base, exponent in b.as_powers_dict().items():
        if base.is_number or not exponent.is_Integer or exponent < 0:
            continue
        shared = min([exponent] + [t.get(base, Integer(0)) for t in terms])
        if shared.is_Integer and shared > 0:
            factor *= base ** shared
    content_a = a.primitive()[0]
    content_b = b.primitive()[0]
    if content_a.is_Integer and content_b.is_Integer:
        factor *= gcd(int(content_a), int(content_b)) or 1
    return factor


def _divide(a, factor):
    """a / factor, term by term."""
    return Add(*[t / factor for t in Add.make_args(a)])


def _is_integral(quotient):
    """True if a term divided by the divisor is syntactically an integer."""
    return sympy.fraction(quotient)[1] == 1 and quotient.is_integer is True


class FloorDiv(Function):
    """floor(a / b) of integers, b not 0."""

    nargs = (2,)
    is_integer = True

    @classmethod
    def eval(cls, a, b):
        if b == 0:
            return None  # facts contradict each other; no rule applies
        if a == 0:
            return a
        if b == 1:
            return a
        if b == -1:
            return -a
        if a == b:
            return Integer(1)
        if a.is_Integer and b.is_Integer:
            return Integer(int(a) // int(b))
        if isinstance(a, FloorDiv) and b.is_positive:
            # floor(x / c) of a real x depends on floor(x) alone, for an integer c > 0.
            return FloorDiv(a.args[0], a.args[1] * b)
        whole, rest = [], []
        for term in Add.make_args(a):
            quotient = term / b
            if _is_integral(quotient):
                whole.append(quotient)
            else:
                rest.append(term)
        if whole:
            return Add(*whole) + FloorDiv(Add(*rest), b)
        factor = _common_factor(a, b)
        if factor != 1:
            return FloorDiv(_divide(a, factor), _divide(b, factor))
        return None

    def _eval_is_nonnegative(self):
        a, b = self.args
        return True if a.is_nonnegative and b.is_positive else None


class Mod(Function):
    """a - b * floor(a / b) of integers, b not 0."""

    nargs = (2,)
    is_integer = True

    @classmethod
    def eval(cls, a, b):
        if b == 0:
            return None
        if a == 0 or b in (1, -1) or a in (b, -b):
            return Integer(0)
        if a.is_Integer and b.is_Integer:
            return Integer(int(a) % int(b))
        kept = [t for t in Add.make_args(a) if not _is_integral(t / b)]
        if len(kept) < len(Add.make_args(a)):
            return Mod(Add(*kept), b)
        if a.is_nonnegative and (b - a).is_positive:
            return a
        return None

    def _eval_is_nonnegative(self):
        return True if self.args[1].is_positive else None


class _Extremum(Function):
    @classmethod
    def eval(cls, a, b):
        if a == b:
            return a
        if a.is_number and b.is_number:
            return cls.pick(a, b)
        if sympy.default_sort_key(a) > sympy.default_sort_key(b):
            return cls(b, a)
        return None

    def _eval_is_integer(self):
        return all(a.is_integer for a in self.args) or None


class Minimum(_Extremum):
    """The smaller of two numbers."""

    nargs = (2,)
    pick = staticmethod(min)

    def _eval_is_nonnegative(self):
        return all(a.is_nonnegative for a in self.args) or None


class Maximum(_Extremum):
    """The larger of two numbers."""

    nargs = (2,)
    pick = staticmethod(max)

    def _eval_is_nonnegative(self):
        return any(a.is_nonnegative for a in self.args) or None


class Choice(Function):
    """ite(condition, a, b) of numbers, where the condition is open."""

    nargs = (3,)

    def _eval_is_integer(self):
        return all(a.is_integer for a in self.args[1:]) or None


EVERYTHING = (-inf, inf)


def times(x, y):
    """x * y of bounds, where 0 times infinity is 0."""
    if x == 0 or y == 0:
        return 0
    if x in (inf, -inf) or y in (inf, -inf):
        return inf if (x > 0) == (y > 0) else -inf
    return x * y


def plus(x, y):
    """x + y of bounds that are not opposite infinities."""
    if x in (inf, -inf):
        return x
    return y if y in (inf, -inf) else x + y


def _floor(x, y):
    """x // y of bounds, for y >= 1."""
    if x in (inf, -inf):
        return x
    if y == inf:
        return 0 if x >= 0 else -1
    return x // y


def _product(x, y):
    corners = [times(a, b) for a in x for b in y]
    return min(corners), max(corners)


def _power(base, exponent):
    if not exponent.is_Integer or exponent > 64:
        return EVERYTHING
    low, high = base
    exponent = int(exponent)
    if exponent < 0:
        if low < 1:
            return EVERYTHING
        low, high = _power(base, Integer(-exponent))
        return (0 if high == inf else Fraction(1) / high), Fraction(1) / low
    corners = [c if c in (inf, -inf) else c ** exponent for c in (low, high)]
    if exponent % 2:
        return tuple(corners)
    corners = [inf if c == -inf else c for c in corners]
    return (0 if low <= 0 <= high else min(corners)), max(corners)


def _floor_div(a, b):
    if b[0] < 1:
        return EVERYTHING
    corners = [_floor(x, y) for x in a for y in b]
    return min(corners), max(corners)


def _mod(a, b):
    if b[0] < 1:
        return EVERYTHING
    if a[0] >= 0 and a[1] < b[0]:
        return a
    return 0, min(plus(b[1], -1), a[1]) if a[0] >= 0 else plus(b[1], -1)


def bounds(expr, ranges):
    """An interval that holds the value of `expr`, given ranges of its symbols.

    Bounds are numbers or infinities; a symbol without a range may be anything.
    """
    if expr.is_number:
        if expr.is_Integer:
            return int(expr), int(expr)
        if not expr.is_Rational:
            return EVERYTHING
        value = Fraction(int(expr.p), int(expr.q))
        return value, value
    if expr.is_Symbol:
        return ranges.get(expr, EVERYTHING)
    parts = [bounds(a, ranges) for a in expr.args if isinstance(a, sympy.Expr)]
    if isinstance(expr, Add):
        low = high = 0
        for part in parts:
            low, high = plus(low, part[0]), plus(high, part[1])
        return low, high
    if isinstance(expr, Mul):
        result = (1, 1)
        for part in parts:
            result = _product(result, part)
        return result
    if isinstance(expr, Pow):
        return _power(parts[0], expr.exp)
    if isinstance(expr, FloorDiv):
        return _floor_div(*parts)
    if isinstance(expr, Mod):
        return _mod(*parts)
    if isinstance(expr, Minimum):
        return min(p[0] for p in parts), min(p[1] for p in parts)
    if isinstance(expr, Maximum):
        return max(p[0] for p in parts), max(p[1] for p in parts)
    if isinstance(expr, Choice):
        parts = parts[-2:]  # without the condition
        return min(p[0] for p in parts), max(p[1] for p in parts)
    if isinstance(expr, sympy.Abs):
        low, high = parts[0]
        least = 0 if low <= 0 <= high else min(abs(low), abs(high))
        return least, max(abs(low), abs(high))
    return EVERYTHING
