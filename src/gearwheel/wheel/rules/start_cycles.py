"""Start values that need each other: no stock could be filled first."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem, WheelError
from gearwheel.wheel.limits import limits, starting
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules import cycles, stock_flows

CODE = "GW222"


def check(wheel: Wheel) -> Iterator[Problem]:
    if any(cycles.check(wheel)) or any(stock_flows.check(wheel)):
        return
    try:
        starting(wheel, limits(wheel))
    except WheelError as error:
        yield from error.problems
