"""A parameter or lookup that no equation uses has no effect, whatever one believes about it."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules import unknown_names
from gearwheel.wheel.rules.helpers import equations, warning
from gearwheel.wheel.tree import names

CODE = "GW302"


def check(wheel: Wheel) -> Iterator[Problem]:
    if next(unknown_names.check(wheel), None):
        return  # a slip of the pen makes its parameter look unused; one message is enough
    used = {n for _, _, _, tree in equations(wheel) for n in names(tree)}
    for kind in ("parameter", "lookup"):
        for name in getattr(wheel, kind):
            if name not in used:
                hint = "Use it in an equation, or remove it."
                yield warning(wheel, CODE, kind, name, f"no equation uses the {kind} '{name}'", hint)
