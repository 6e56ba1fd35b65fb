"""Exact evaluation of SMT-LIB terms over Int, Real and Bool at given values.

Integers are int, other numbers Fraction, truth values bool. What the standard leaves to
the model (a quotient by 0, an uninterpreted function) or what is no rational number is
Undefined: a term is never given a value that another model might deny.
"""

import math
from fractions import Fraction

import smt2_text


class Undefined(Exception):
    """The term has no value that every model agrees upon, or is not understood."""


class Names:
    """What the commands of a script declare and define, in their order."""

    def __init__(self):
        self.sorts = {}      # declared constant -> Int, Real or Bool
        self.defined = {}    # constant -> its term
        self.functions = {}  # function -> (parameters, body)
        self.booleans = set()  # defined constants of sort Bool

    def copy(self):
        """An independent copy, for a scope that is left again."""
        other = Names()
        other.sorts = dict(self.sorts)
        other.defined = dict(self.defined)
        other.functions = dict(self.functions)
        other.booleans = set(self.booleans)
        return other

    def read(self, command):
        """Takes in a declaration or definition; other commands are ignored."""
        head = command[0]
        if head == "declare-const" or head == "declare-fun" and command[2] == []:
            self.sorts[command[1]] = command[-1]
            self.defined.pop(command[1], None)
        elif head == "define-const" or head == "define-fun" and command[2] == []:
            self.defined[command[1]] = command[-1]
            if command[-2] == "Bool":
                self.booleans.add(command[1])
            else:
                self.booleans.discard(command[1])
            self.sorts.pop(command[1], None)
        elif head == "define-fun":
            parameters = [name for name, _ in command[2]]
            self.functions[command[1]] = (parameters, command[-1])
        elif head == "assert":
            self._read_named(command[1])

    def _read_named(self, term):
        """Names given by (! t :named n) are definitions of n."""
        stack = [term]
        while stack:
            term = stack.pop()
            if isinstance(term, list):
                if term and term[0] == "!" and ":named" in term:
                    self.defined[term[term.index(":named") + 1]] = term[1]
                stack.extend(term)


def number(atom):
    """The value of a numeral or decimal."""
    return Fraction(atom) if "." in atom else int(atom)


def euclid_div(a, b):
    """`div` of SMT-LIB: the remainder is never negative."""
    if b == 0:
        raise Undefined("division by 0")
    return a // b if b > 0 else -(a // -b)


def _power(base, exponent):
    if exponent == Fraction(1, 2) and base >= 0:
        base = Fraction(base)
        root = Fraction(math.isqrt(base.numerator), math.isqrt(base.denominator))
        if root * root == base:
            return root
    elif isinstance(exponent, int) and 0 <= exponent <= 64:
        return base ** exponent
    raise Undefined("power without a rational value")


def _over(a, b):
    if b == 0:
        raise Undefined("division by 0")
    return Fraction(a) / b


def _fold(step):
    def left(arguments):
        value = arguments[0]
        for argument in arguments[1:]:
            value = step(value, argument)
        return value
    return left


def _chain(test):
    return lambda a: all(test(x, y) for x, y in zip(a, a[1:]))


def _implies(arguments):
    return any(not a for a in arguments[:-1]) or arguments[-1]


_OPERATORS = {
    "+": sum,
    "-": lambda a: -a[0] if len(a) == 1 else a[0] - sum(a[1:]),
    "*": math.prod,
    "div": _fold(euclid_div),
    "mod": lambda a: a[0] - a[1] * euclid_div(a[0], a[1]),
    "/": _fold(_over),
    "abs": lambda a: abs(a[0]),
    "^": _fold(_power),
    "to_real": lambda a: a[0],
    "to_int": lambda a: math.floor(a[0]),
    "is_int": lambda a: a[0] == math.floor(a[0]),
    "=": _chain(lambda x, y: x == y),
    "<": _chain(lambda x, y: x < y),
    "<=": _chain(lambda x, y: x <= y),
    ">": _chain(lambda x, y: x > y),
    ">=": _chain(lambda x, y: x >= y),
    "distinct": lambda a: len(set(a)) == len(a),
    "not": lambda a: not a[0],
    "xor": lambda a: sum(a) % 2 == 1,
    "=>": _implies,
}


class Evaluator:
    """Values of terms at one point; definitions are evaluated once.

    Recursion is bounded by the depth of a single definition's term: definitions that a
    term needs are evaluated first, in an order found without recursion.
    """

    def __init__(self, names, point):
        self.names = names
        self.values = {n: point[n] for n in names.sorts if n in point}

    def value(self, term):
        """The value of a term; Undefined if there is none."""
        for name in definition_order(term, self.names, self.values):
            try:
                self.values[name] = self._value(self.names.defined[name], {})
            except Undefined as error:
                self.values[name] = error
        return self._value(term, {})

    def holds(self, term):
        """True only if the term has the value true."""
        try:
            return self.value(term) is True
        except Undefined:
            return False

    def _atom(self, atom, local):
        if atom in local:
            return local[atom]
        if smt2_text.is_numeral(atom):
            return number(atom)
        if atom in ("true", "false"):
            return atom == "true"
        value = self.values.get(atom)
        if value is None:
            raise Undefined(f"no value: {atom}")
        if isinstance(value, Undefined):
            raise value
        return value

    def _value(self, term, local):
        if isinstance(term, str):
            return self._atom(term, local)
        head = term[0] if term else ""
        if isinstance(head, list):
            if head[:2] == ["_", "divisible"]:
                return self._value(term[1], local) % int(head[2]) == 0
            raise Undefined("unknown application")
        if head in self.names.functions:
            parameters, body = self.names.functions[head]
            arguments = [self._value(t, local) for t in term[1:]]
            if len(arguments) == len(parameters):
                return self._value(body, dict(zip(parameters, arguments)))
            raise Undefined(f"wrong number of arguments: {head}")
        if head == "ite":
            return self._value(term[2 if self._value(term[1], local) else 3], local)
        if head == "and":
            return all(self._value(t, local) for t in term[1:])
        if head == "or":
            return any(self._value(t, local) for t in term[1:])
        if head == "let":
            inner = {n: self._value(t, local) for n, t in term[1]}
            return self._value(term[2], {**local, **inner})
        if head == "!":
            return self._value(term[1], local)
        if head not in _OPERATORS:
            raise Undefined(f"unknown function: {head}")
        return _OPERATORS[head]([self._value(t, local) for t in term[1:]])


def definition_order(term, names, done):
    """Definitions that `term` needs and `done` lacks, each after those it needs itself.

    Atoms that a let or a parameter hides are taken along too; that costs time only.
    """
    order = []
    seen = set()
    stack = [(term, None)]
    while stack:
        part, finished = stack.pop()
        if finished is not None:
            order.append(finished)
        elif isinstance(part, list):
            stack.extend((p, None) for p in part)
        elif part in names.defined and part not in done and part not in seen:
            seen.add(part)
            stack.append((None, part))
            stack.append((names.defined[part], None))
        elif part in names.functions and part not in seen:
            seen.add(part)
            stack.append((names.functions[part][1], None))
    return order
