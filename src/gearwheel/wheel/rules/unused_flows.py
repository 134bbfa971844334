"""A flow that fills or drains no stock changes nothing; perhaps a stock forgot it, or it is an auxiliary."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import warning

CODE = "GW301"


def check(wheel: Wheel) -> Iterator[Problem]:
    used = {f for s in wheel.stock.values() for f in (*s.inflows, *s.outflows)}
    for name in wheel.flow:
        if name not in used:
            hint = "List it in inflows or outflows of a stock, or make it an aux."
            yield warning(wheel, CODE, "flow", name, f"no stock has the flow '{name}'", hint)
