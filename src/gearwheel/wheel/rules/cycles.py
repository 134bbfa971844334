"""Values that need each other at the same instant: a loop without a stock has no order in which to compute it."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem, WheelError
from gearwheel.wheel.graph import evaluation_order
from gearwheel.wheel.parts import Wheel

CODE = "GW202"


def check(wheel: Wheel) -> Iterator[Problem]:
    try:
        evaluation_order(wheel)
    except WheelError as error:
        yield from error.problems
