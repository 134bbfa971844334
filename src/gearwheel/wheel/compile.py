"""Trees → closures: one source for NumPy and JAX, since the array module is an argument. No `exec`, no code text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gearwheel.wheel.parts import Lookup
from gearwheel.wheel.tree import BARE_DT, Call, Name, Number, Tree, rename

Values = Mapping[str, Any]  # name -> number or array over draws
Closure = Callable[[Values], Any]

STEP_BEGAN = "when the step began"  # beside `time` in the values of an instant within a step; no equation can name it
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "=", "!="})


def compile_tree(tree: Tree, xp, lookups: Mapping[str, Lookup]) -> Closure:
    """A function from the values of names to the value of the tree, elementwise over draws.

    `xp` is `numpy` or `jax.numpy`. Comparisons give 1.0 or 0.0, as in XMILE. In a comparison `time` is when the step
    began: what happens at a time happens with a step, also for a method that looks into the step.
    """
    if isinstance(tree, Number):
        value = tree.value
        return lambda values: value
    if isinstance(tree, Name):
        name = "dt" if tree.name == BARE_DT else tree.name
        if name == STEP_BEGAN:
            return lambda values: values[name] if name in values else values["time"]
        return lambda values: values[name]
    if tree.fn == "lookup":
        return _lookup(tree, xp, lookups)
    if tree.fn in _COMPARISONS:
        tree = rename(tree, {"time": STEP_BEGAN})
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
        "/": xp.divide,  # two plain numbers would raise where their quotient is infinite
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
    if isinstance(exponent, float) and abs(exponent) <= 4 and exponent == int(exponent):
        whole = 1.0
        for _ in range(int(abs(exponent))):
            whole = whole * base
        return whole if exponent >= 0 else xp.divide(1.0, whole)
    return xp.power(base, exponent)
