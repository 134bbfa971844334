"""Our own parser of equations: text → tree, never `eval`, bounded in length and depth."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from gearwheel.wheel.tree import Call, Name, Number, Tree

MAX_LENGTH = 4000
MAX_DEPTH = 60
MAX_HEIGHT = 200  # of the tree: a long sum is a tall tree, and every walk is recursive

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<sign><=|>=|!=|==|<>|\*\*|[-+*/^()\[\],<>=]))"
)
_BINARY = {  # sign -> (tree name, binding level, right associative)
    "or": ("or", 1, False),
    "and": ("and", 2, False),
    "<": ("<", 4, False),
    "<=": ("<=", 4, False),
    ">": (">", 4, False),
    ">=": (">=", 4, False),
    "=": ("=", 4, False),
    "==": ("=", 4, False),
    "!=": ("!=", 4, False),
    "<>": ("!=", 4, False),
    "+": ("+", 5, False),
    "-": ("-", 5, False),
    "*": ("*", 6, False),
    "/": ("/", 6, False),
    "^": ("^", 8, True),
    "**": ("^", 8, True),
}
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "=", "!="})
_WORDS = frozenset({"and", "or", "not"})


class ParseError(ValueError):
    """`position` counts characters from the start of the equation."""

    def __init__(self, message: str, position: int):
        super().__init__(message)
        self.position = position


@lru_cache(maxsize=4096)
def parse(text: str) -> Tree:
    """Parse one equation.

    Grammar: numbers, names (`gear.name`, `name[element]`), + - * / ^, comparisons, and, or, not, calls.
    `^` binds tighter than unary minus and to the right, as in mathematics. Raises ParseError.
    """
    if len(text) > MAX_LENGTH:
        raise ParseError(f"the equation is {len(text)} characters long; {MAX_LENGTH} is the most", MAX_LENGTH)
    tree = _Parser(text).whole()
    if _height(tree) > MAX_HEIGHT:
        raise ParseError(f"the equation chains more than {MAX_HEIGHT} operations", MAX_LENGTH)
    return tree


def _height(tree: Tree) -> int:
    """Levels of the tree, counted without recursion."""
    height, level = 0, [tree]
    while level:
        height += 1
        level = [arg for node in level if isinstance(node, Call) for arg in node.args]
    return height


class _Parser:
    def __init__(self, text: str):
        self.tokens = list(_tokens(text))
        self.at = 0
        self.depth = 0

    def whole(self) -> Tree:
        if self.peek()[0] == "end":
            raise ParseError("the equation is empty", 0)
        tree = self.expression(0)
        kind, value, position = self.peek()
        if kind != "end":
            raise ParseError(f"'{value}' was not expected here", position)
        return tree

    def peek(self) -> tuple[str, str, int]:
        return self.tokens[self.at]

    def take(self) -> tuple[str, str, int]:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def expect(self, sign: str) -> None:
        _, value, position = self.take()
        if value != sign:
            raise ParseError(f"expected '{sign}'" + (f" before '{value}'" if value else " before the end"), position)

    def expression(self, floor: int) -> Tree:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ParseError(f"the equation is nested more than {MAX_DEPTH} deep", self.peek()[2])
        left, compared = self.prefix(), False
        while True:
            _, value, position = self.peek()
            operator = _BINARY.get(value)
            if operator is None or operator[1] < floor:
                break
            fn, level, right_first = operator
            self.take()
            right = self.expression(level if right_first else level + 1)
            if fn in _COMPARISONS and compared:
                raise ParseError("comparisons do not chain; join two with 'and'", position)
            left, compared = Call(fn, (left, right)), fn in _COMPARISONS
        self.depth -= 1
        return left

    def prefix(self) -> Tree:
        kind, value, position = self.take()
        if kind == "number":
            if not math.isfinite(float(value)):
                raise ParseError(f"'{value[:20]}' is too large a number", position)
            return Number(float(value))
        if value == "-":
            return Call("neg", (self.expression(7),))
        if value == "+":
            return self.expression(7)
        if value == "not":
            return Call("not", (self.expression(3),))
        if value == "(":
            inner = self.expression(0)
            self.expect(")")
            return inner
        if kind == "name" and value not in _WORDS:
            following = self.peek()[1]
            if following == "(":
                return Call(value.lower(), self.arguments(")"))
            if following == "[":
                return Name(value, self.index())
            return Name(value)
        raise ParseError(f"'{value}' was not expected here" if value else "the equation ends too soon", position)

    def arguments(self, close: str) -> tuple[Tree, ...]:
        self.take()
        found: list[Tree] = []
        if self.peek()[1] == close:
            self.take()
            return ()
        while True:
            found.append(self.expression(0))
            if self.peek()[1] == ",":
                self.take()
                continue
            self.expect(close)
            return tuple(found)

    def index(self) -> tuple[str, ...]:
        position = self.peek()[2]
        picked = self.arguments("]")
        if not picked or not all(isinstance(p, Name) and not p.index for p in picked):
            raise ParseError("between [ and ] stand names of elements", position)
        return tuple(p.name for p in picked)


def _tokens(text: str):
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if not match:
            position = at + len(text[at:]) - len(text[at:].lstrip())
            raise ParseError(f"the character '{text[position]}' has no meaning in an equation", position)
        kind = match.lastgroup
        yield kind, match.group(kind), match.start(kind)
        at = match.end()
    yield "end", "", end
