"""Trees → closures: one source for NumPy and JAX, since the array module is an argument. No `exec`, no code text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gearwheel.wheel.parts import Lookup
from gearwheel.wheel.tree import Call, Name, Number, Tree

Values = Mapping[str, Any]  # name -> number or array over draws
Closure = Callable[[Values], Any]


def compile_tree(tree: Tree, xp, lookups: Mapping[str, Lookup]) -> Closure:
    """A function from the values of names to the value of the tree, elementwise over draws.

    `xp` is `numpy` or `jax.numpy`. Comparisons give 1.0 or 0.0, as in XMILE.
    """
    if isinstance(tree, Number):
        value = tree.value
        return lambda values: value
    if isinstance(tree, Name):
        name = tree.name
        return lambda values: values[name]
    if tree.fn == "lookup":
        return _lookup(tree, xp, lookups)
    args = [compile_tree(a, xp, lookups) for a in tree.args]
    operation = _operations(xp)[tree.fn]
    if len(args) == 1:
        (only,) = args
        return lambda values: operation(only(values))
    if len(args) == 2:
        left, right = args
        return lambda values: operation(left(values), right(values))
    return lambda values: operation(*(a(values) for a in args))


def _lookup(tree: Call, xp, lookups: Mapping[str, Lookup]) -> Closure:
    table, argument = lookups[tree.args[0].name], compile_tree(tree.args[1], xp, lookups)
    x, y = xp.asarray(table.x), xp.asarray(table.y)
    return lambda values: xp.interp(argument(values), x, y)


def _operations(xp) -> dict[str, Callable]:
    def many(pair):
        def fold(first, *rest):
            for other in rest:
                first = pair(first, other)
            return first

        return fold

    return {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
        "^": lambda a, b: _power(xp, a, b),
        "neg": lambda a: -a,
        "<": lambda a, b: xp.where(a < b, 1.0, 0.0),
        "<=": lambda a, b: xp.where(a <= b, 1.0, 0.0),
        ">": lambda a, b: xp.where(a > b, 1.0, 0.0),
        ">=": lambda a, b: xp.where(a >= b, 1.0, 0.0),
        "=": lambda a, b: xp.where(a == b, 1.0, 0.0),
        "!=": lambda a, b: xp.where(a != b, 1.0, 0.0),
        "and": lambda a, b: xp.where((a != 0) & (b != 0), 1.0, 0.0),
        "or": lambda a, b: xp.where((a != 0) | (b != 0), 1.0, 0.0),
        "not": lambda a: xp.where(a == 0, 1.0, 0.0),
        "if": lambda test, yes, no: xp.where(test != 0, yes, no),
        "min": many(xp.minimum),
        "max": many(xp.maximum),
        "abs": xp.abs,
        "exp": xp.exp,
        "ln": xp.log,
        "sqrt": xp.sqrt,
    }


def _power(xp, base, exponent):
    """base ^ exponent. A literal whole exponent is repeated multiplication, so that negative bases keep their sign
    and JAX differentiates without a logarithm."""
    if isinstance(exponent, float) and exponent == int(exponent) and 0 <= abs(exponent) <= 4:
        whole = 1.0
        for _ in range(int(abs(exponent))):
            whole = whole * base
        return whole if exponent >= 0 else 1.0 / whole
    return xp.power(base, exponent)
