"""A flow must be in its stock's unit per time unit, or the stock would fill at the wrong rate."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.dimensions import declared, time_unit
from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import problem
from gearwheel.wheel.units import show, times

CODE = "GW206"


def check(wheel: Wheel) -> Iterator[Problem]:
    units, time = declared(wheel), time_unit(wheel)
    for name, stock in wheel.stock.items():
        if units[name] is None:
            continue
        wanted = times(units[name], time, -1)
        for flow in (*stock.inflows, *stock.outflows):
            found = units.get(flow)
            if found is not None and found != wanted and flow in wheel.flow:
                message = f"flow '{flow}' is in {show(found)}, and stock '{name}' needs {show(wanted)}"
                hint = f"The stock is in {show(units[name])} and the wheel's time unit is the {show(time)}."
                yield problem(wheel, CODE, "flow", flow, message, hint)
