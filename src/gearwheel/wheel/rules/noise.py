"""Process noise is a number or a parameter, on a scale that exists; a variable could not be fitted as noise."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import problem
from gearwheel.wheel.tree import Name, Number, walk

CODE = "GW223"


def check(wheel: Wheel) -> Iterator[Problem]:
    for name, stock in wheel.stock.items():
        if stock.scale not in ("log", "abs"):
            message = f"stock '{name}' has the scale '{stock.scale}'"
            yield problem(
                wheel, CODE, "stock", name, message, '"log" where it is positive, "abs" where it may be negative.'
            )
        tree = parse_name(stock.noise)
        moving = {n.name for n in walk(tree) if isinstance(n, Name)} & wheel.variables().keys()
        for used in sorted(moving):
            message = f"the noise of stock '{name}' depends on '{used}', a variable"
            yield problem(wheel, CODE, "stock", name, message, "Give a number or a parameter; it may depend on time.")
        start = parse_name(stock.start)
        silent = isinstance(tree, Number) and tree.value == 0
        if stock.scale == "log" and not silent and _value(start, wheel) <= 0:
            message = f"stock '{name}' has noise in logs and starts at {stock.start}, which has no logarithm"
            yield problem(wheel, CODE, "stock", name, message, 'Give it scale = "abs", or a start above 0.')


def _value(tree, wheel: Wheel) -> float:
    """The start value where it is a number or a parameter; infinite where it must be computed."""
    if isinstance(tree, Number):
        return tree.value
    parameter = wheel.parameter.get(tree.name) if isinstance(tree, Name) else None
    return parameter.centre if parameter and (parameter.belief or parameter.value is not None) else float("inf")
