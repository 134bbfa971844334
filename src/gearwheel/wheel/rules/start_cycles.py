"""Start values that need each other: no stock could be filled first."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules import cycles
from gearwheel.wheel.rules.helpers import equations, problem
from gearwheel.wheel.tree import names

CODE = "GW222"


def check(wheel: Wheel) -> Iterator[Problem]:
    if list(cycles.check(wheel)):
        return
    variables = wheel.variables()
    needs = {
        name: [n for n in names(tree) if n in variables]
        for _, name, field, tree in equations(wheel)
        if field in ("start", "equation")
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        cycle = list(reversed(error.args[1]))
        stock = next(n for n in cycle if n in wheel.stock)
        message = f"these start values need each other: {' -> '.join(cycle)}"
        hint = f"Start '{stock}' at a number or a parameter."
        yield problem(wheel, CODE, "stock", stock, message, hint)
