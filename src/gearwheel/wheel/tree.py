"""Equations as trees: three kinds of node, and the few walks that everybody needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Name:
    """A variable, parameter, port or constant; `index` picks or keeps elements of an array."""

    name: str
    index: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """An operator or function applied to arguments; operators are named by their sign, unary minus is `neg`."""

    fn: str
    args: tuple[Tree, ...]


Tree = Number | Name | Call

BARE_DT = "dt__"  # dt as a number without a unit, in what forms are expanded to
BUILT_IN_NAMES = frozenset({"time", "dt", BARE_DT})


def walk(tree: Tree) -> Iterator[Tree]:
    """Every node, parents first."""
    yield tree
    if isinstance(tree, Call):
        for arg in tree.args:
            yield from walk(arg)


def names(tree: Tree) -> tuple[str, ...]:
    """The names that a tree refers to, each once, in order of appearance; built-ins left out."""
    seen = {n.name: None for n in walk(tree) if isinstance(n, Name)}
    return tuple(n for n in seen if n not in BUILT_IN_NAMES)


def transform(tree: Tree, change: Callable[[Tree], Tree | None]) -> Tree:
    """Rebuild a tree from the leaves up; `change` returns a replacement or None to keep the node."""
    if isinstance(tree, Call):
        tree = Call(tree.fn, tuple(transform(arg, change) for arg in tree.args))
    changed = change(tree)
    return tree if changed is None else changed


def rename(tree: Tree, new: Mapping[str, str]) -> Tree:
    """The same tree with names replaced."""
    return transform(tree, lambda n: Name(new[n.name], n.index) if isinstance(n, Name) and n.name in new else None)


def substitute(tree: Tree, values: Mapping[str, Tree]) -> Tree:
    """The same tree with names replaced by trees (macro expansion)."""
    return transform(tree, lambda n: values.get(n.name) if isinstance(n, Name) else None)


_LEVEL = {"or": 1, "and": 2, "<": 4, "<=": 4, ">": 4, ">=": 4, "=": 4, "!=": 4, "+": 5, "-": 5, "*": 6, "/": 6}
_NEG, _POWER, _ATOM = 7, 8, 9


def text(tree: Tree) -> str:
    """The tree in the infix notation that `parse` reads; parse(text(t)) == t."""
    return _text(tree)[0]


def _text(tree: Tree) -> tuple[str, int]:
    if isinstance(tree, Number):
        return (
            repr(tree.value) if tree.value != int(tree.value) or abs(tree.value) > 1e15 else str(int(tree.value))
        ), _ATOM
    if isinstance(tree, Name):
        return tree.name + (f"[{', '.join(tree.index)}]" if tree.index else ""), _ATOM
    if tree.fn in _LEVEL:
        level = _LEVEL[tree.fn]
        left, right = (_text(a) for a in tree.args)
        # comparisons do not chain, so both their sides are wrapped at equal level
        floor = level + 1 if level == 4 else level
        return f"{_wrap(left, floor)} {tree.fn} {_wrap(right, level + 1)}", level
    if tree.fn == "^":
        base, exponent = (_text(a) for a in tree.args)
        return f"{_wrap(base, _ATOM)} ^ {_wrap(exponent, _NEG)}", _POWER
    if tree.fn == "neg":
        return f"-{_wrap(_text(tree.args[0]), _NEG)}", _NEG
    if tree.fn == "not":
        return f"not {_wrap(_text(tree.args[0]), 3)}", 3
    return f"{tree.fn}({', '.join(text(a) for a in tree.args)})", _ATOM


def _wrap(part: tuple[str, int], floor: int) -> str:
    return part[0] if part[1] >= floor else f"({part[0]})"


def shortened(tree: Tree, most: int = 60) -> str:
    """The text of a tree for a message."""
    shown = text(tree)
    return shown if len(shown) <= most else shown[: most - 3] + "…"
