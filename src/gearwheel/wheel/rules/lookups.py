"""A lookup joins points from left to right; out of order or of unequal length they draw no line."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import problem

CODE = "GW220"


def check(wheel: Wheel) -> Iterator[Problem]:
    for name, table in wheel.lookup.items():
        if len(table.x) != len(table.y):
            message = f"lookup '{name}' has {len(table.x)} x and {len(table.y)} y"
            yield problem(wheel, CODE, "lookup", name, message, "Give each x its y.")
        elif len(table.x) < 2:
            message = f"lookup '{name}' has {len(table.x)} points"
            yield problem(wheel, CODE, "lookup", name, message, "A line needs two; a constant is a parameter.")
        elif not all(math.isfinite(v) for v in table.x + table.y):
            yield problem(wheel, CODE, "lookup", name, f"lookup '{name}' has a point that is not finite")
        elif any(a >= b for a, b in zip(table.x, table.x[1:])):
            message = f"the x of lookup '{name}' do not rise"
            yield problem(wheel, CODE, "lookup", name, message, "Sort the points by x and give each x once.")
