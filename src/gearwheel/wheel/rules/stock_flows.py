"""A stock changes only through flows that exist; one listed twice or on both sides is a mistake in the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import problem, suggest

CODE = "GW210"


def check(wheel: Wheel) -> Iterator[Problem]:
    for name, stock in wheel.stock.items():
        for flow, times in Counter(stock.inflows + stock.outflows).items():
            if flow not in wheel.flow:
                other = "is not a flow" if flow in wheel.variables() else "does not exist"
                message = f"stock '{name}' is filled or drained by '{flow}', which {other}"
                yield problem(wheel, CODE, "stock", name, message, suggest(flow, wheel.flow, name))
            elif times > 1:
                message = f"stock '{name}' lists the flow '{flow}' {times} times"
                yield problem(wheel, CODE, "stock", name, message, "List each flow once, as an inflow or an outflow.")
