"""Flows out of nonnegative stocks whose limits need each other: none of them could be served first."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem, WheelError
from gearwheel.wheel.limits import evaluation, limits
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules import cycles, stock_flows

CODE = "GW229"


def check(wheel: Wheel) -> Iterator[Problem]:
    if any(cycles.check(wheel)) or any(stock_flows.check(wheel)):
        return
    try:
        evaluation(wheel, limits(wheel))
    except WheelError as error:
        yield from error.problems
