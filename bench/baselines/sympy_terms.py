"""SMT-LIB terms as SymPy expressions, in PyTorch's vocabulary.

What a term becomes may rest on facts: a quotient is a FloorDiv only where they give the
divisor's sign (else it is an uninterpreted function, which SMT-LIB's free choice for a
divisor of 0 allows), and an ite loses the branch that cannot be taken. The expression
then holds as long as those facts do.
"""

import sympy
from sympy import Add, Integer, Mul, Symbol, false, true
from sympy.core.relational import Eq, Relational

import smt2_eval
import smt2_text
from smt2_eval import Undefined
from sympy_functions import Choice, FloorDiv, Maximum, Minimum, Mod

_RELATIONS = {"=": Eq, "<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge}
_METHODS = {"+": "add", "-": "sub", "*": "mul", "div": "div", "mod": "mod", "/": "over",
            "abs": "abs", "to_real": "to_real", "to_int": "to_int", "is_int": "is_int",
            "not": "not", "and": "and", "or": "or", "xor": "xor", "=>": "implies",
            "distinct": "distinct"}


def is_boolean(expr):
    """True of truth values; a Symbol counts as one if it carries no assumption."""
    if isinstance(expr, Symbol):
        return expr.is_integer is None and expr.is_real is None
    return isinstance(expr, (Relational, sympy.logic.boolalg.Boolean))


class Terms:
    """Builds terms, each definition once; a subclass knows the facts."""

    def __init__(self):
        self.names = smt2_eval.Names()
        self.symbols = {}        # name -> Symbol, once a term needed it
        self.built = {}          # defined constant -> its SymPy form

    def static(self, expr):
        """True or False if the facts decide the Boolean, else None."""
        raise NotImplementedError

    def sign(self, expr):
        """1 or -1 where the facts give the number that sign, else 0."""
        raise NotImplementedError

    def prepare(self, term):
        """Builds the numbers that a guard compares, up to its last defined one."""
        order = smt2_eval.definition_order(term, self.names, self.built)
        while order and order[-1] in self.names.booleans:
            order.pop()
        self._build_definitions(order)

    def build(self, term):
        """The SymPy form of a term; Undefined if it has none."""
        self._build_definitions(
            smt2_eval.definition_order(term, self.names, self.built))
        return self._build(term, {})

    def _build_definitions(self, order):
        for name in order:
            try:
                self.built[name] = self._build(self.names.defined[name], {})
            except Undefined as error:
                self.built[name] = error

    def _symbol(self, name):
        if name not in self.symbols:
            sort = self.names.sorts[name]
            if sort not in ("Int", "Real", "Bool"):
                raise Undefined(f"sort {sort}")
            assumptions = {"Int": {"integer": True}, "Real": {"real": True}, "Bool": {}}
            self.symbols[name] = Symbol(name, **assumptions[sort])
        return self.symbols[name]

    def _atom(self, atom, local):
        if atom in local:
            return local[atom]
        if smt2_text.is_numeral(atom):
            return sympy.Rational(atom)
        if atom in ("true", "false"):
            return true if atom == "true" else false
        if atom in self.built:
            if isinstance(self.built[atom], Undefined):
                raise self.built[atom]
            return self.built[atom]
        if atom in self.names.sorts:
            return self._symbol(atom)
        raise Undefined(f"unknown symbol {atom}")

    def _build(self, term, local):
        if isinstance(term, str):
            return self._atom(term, local)
        head = term[0] if term else ""
        if isinstance(head, list):
            if head[:2] == ["_", "divisible"]:
                return Eq(Mod(self._build(term[1], local), Integer(head[2])), 0)
            raise Undefined("application")
        if head in self.names.functions:
            parameters, body = self.names.functions[head]
            if len(parameters) != len(term) - 1:
                raise Undefined(f"wrong number of arguments: {head}")
            arguments = [self._build(t, local) for t in term[1:]]
            return self._build(body, dict(zip(parameters, arguments)))
        if head == "let":
            inner = {n: self._build(t, local) for n, t in term[1]}
            return self._build(term[2], {**local, **inner})
        if head == "!":
            return self._build(term[1], local)
        if head == "ite":
            return self._ite(term, local)
        arguments = [self._build(t, local) for t in term[1:]]
        if head in _RELATIONS:
            return self._chain(head, arguments)
        operator = getattr(self, "_op_" + _METHODS.get(head, ""), None)
        if operator is None or not arguments:
            raise Undefined(f"unknown function: {head}")
        return operator(*arguments)

    def _ite(self, term, local):
        _, test, yes, no = term
        if (test[0] == "=" and isinstance(test[1], list) and test[1][0] == "to_int"
                and yes == test[1] and test[2] == yes[1] and no == ["+", yes, "1"]):
            return -self._op_to_int(-self._build(test[2], local))  # that is ceil
        condition = self._build(test, local)
        known = self.static(condition)
        if known is not None:
            return self._build(yes if known else no, local)
        yes, no = self._build(yes, local), self._build(no, local)
        if is_boolean(yes) or is_boolean(no):
            return sympy.ITE(condition, yes, no)
        if isinstance(condition, (sympy.Lt, sympy.Le, sympy.Gt, sympy.Ge)):
            low, high = condition.lts, condition.gts
            if (yes, no) == (low, high):
                return Minimum(low, high)
            if (yes, no) == (high, low):
                return Maximum(low, high)
        return Choice(condition, yes, no)

    def _chain(self, head, arguments):
        if any(is_boolean(a) for a in arguments):
            if head != "=" or not all(is_boolean(a) for a in arguments):
                raise Undefined(f"{head} of Bool")
            return sympy.Equivalent(*arguments)
        relation = _RELATIONS[head]
        return sympy.And(*[relation(a, b) for a, b in zip(arguments, arguments[1:])])

    def _op_add(self, *a):
        return Add(*a)

    def _op_sub(self, first, *rest):
        return first - Add(*rest) if rest else -first

    def _op_mul(self, *a):
        return Mul(*a)

    def _op_div(self, a, b):
        sign = self.sign(b)
        if sign == 0:
            return sympy.Function("smt_div", integer=True)(a, b)
        return FloorDiv(a, b) if sign > 0 else -FloorDiv(a, -b)

    def _op_mod(self, a, b):
        sign = self.sign(b)
        if sign == 0:
            return sympy.Function("smt_mod", integer=True)(a, b)
        return Mod(a, b) if sign > 0 else Mod(a, -b)

    def _op_over(self, a, b):
        return a / b if self.sign(b) else sympy.Function("smt_over", real=True)(a, b)

    def _op_abs(self, a):
        return sympy.Abs(a)

    def _op_to_real(self, a):
        return a

    def _op_to_int(self, a):
        if a.is_integer:
            return a
        above, below = sympy.fraction(sympy.together(a))
        sign = self.sign(below)
        if sign and above.is_integer and below.is_integer:
            return FloorDiv(above * sign, below * sign)
        return sympy.Function("smt_to_int", integer=True)(a)

    def _op_is_int(self, a):
        return Eq(a, self._op_to_int(a))

    def _op_not(self, a):
        return sympy.Not(a)

    def _op_and(self, *a):
        return sympy.And(*a)

    def _op_or(self, *a):
        return sympy.Or(*a)

    def _op_xor(self, *a):
        return sympy.Xor(*a)

    def _op_implies(self, *a):
        return sympy.Or(*[sympy.Not(x) for x in a[:-1]], a[-1])

    def _op_distinct(self, *a):
        return sympy.And(*[sympy.Not(self._chain("=", [x, y]))
                           for i, x in enumerate(a) for y in a[:i]])
