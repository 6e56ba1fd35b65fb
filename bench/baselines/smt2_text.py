"""Reading SMT-LIB text: files plain or packed, commands, s-expressions.

An s-expression is a str (an atom as written) or a list. `|x|` is read as `x`; bars stay
where the name could be taken for something else without them.
"""

import gzip
import lzma
import re

_TOKEN = re.compile(r"""\s+|;[^\n]*          # blanks and comments
                    |(?P<open>\()|(?P<close>\))
                    |(?P<string>"(?:[^"]|"")*")
                    |\|(?P<quoted>[^|\\]*)\|
                    |(?P<atom>[^\s()|";]+)""", re.VERBOSE)
_SIMPLE = re.compile(r"[A-Za-z~!@$%^&*_+=<>.?/-][0-9A-Za-z~!@$%^&*_+=<>.?/-]*\Z")
_NUMERAL = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")


class Malformed(Exception):
    """The text is no sequence of s-expressions; the message names line and column."""


def read_text(path):
    """The text of a .smt2 file, unpacked if its name ends in .xz or .gz."""
    opener = {"xz": lzma.open, "gz": gzip.open}.get(path.rsplit(".", 1)[-1], open)
    with opener(path, "rt", encoding="utf-8", errors="surrogateescape") as stream:
        return stream.read()


def is_numeral(atom):
    """True of 12, 0.5 and of the -1 that real files use."""
    return _NUMERAL.match(atom) is not None


def _position(text, offset):
    line = text.count("\n", 0, offset) + 1
    return f"line {line} column {offset - text.rfind(chr(10), 0, offset)}"


def read_commands(text):
    """Yields (s-expression, start, end) of every command, without recursion."""
    stack = []
    start = position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise Malformed(f"{_position(text, position)}: unexpected character")
        kind = match.lastgroup
        if kind == "open":
            if not stack:
                start = position
            stack.append([])
        elif kind == "close":
            if not stack:
                raise Malformed(f"{_position(text, position)}: unexpected )")
            done = stack.pop()
            if stack:
                stack[-1].append(done)
            else:
                yield done, start, match.end()
        elif kind is not None:
            atom = match.group(kind)
            if kind == "quoted" and not _SIMPLE.match(atom):
                atom = match.group()
            if not stack:
                raise Malformed(f"{_position(text, position)}: {atom[:40]} outside ()")
            stack[-1].append(atom)
        position = match.end()
    if stack:
        raise Malformed(f"{_position(text, start)}: ( is never closed")


def number_argument(command):
    """The N of `(push N)` and `(pop N)`; 1 where it is left out."""
    return int(command[1]) if len(command) > 1 else 1
