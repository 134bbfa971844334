"""A gauge in another unit than what it reads would compare money with orders."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.dimensions import declared, time_unit, unit_or_none
from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Gauge, Wheel
from gearwheel.wheel.rules.helpers import problem
from gearwheel.wheel.units import ONE, Unit, show, times

CODE = "GW219"


def check(wheel: Wheel) -> Iterator[Problem]:
    units, time = declared(wheel), time_unit(wheel)
    for name, gauge in wheel.gauge.items():
        stated, wanted = unit_or_none(gauge.unit), _reading(gauge, units, time)
        # "1" is the default, so it may mean that the unit was left out
        if stated in (None, ONE) or wanted is None or stated == wanted:
            continue
        message = f"gauge '{name}' is in {show(stated)}, and {gauge.measure} of '{gauge.of}' is in {show(wanted)}"
        hint = "Summed over time, a rate loses its 'per time'." if gauge.measure in ("sum", "trailing") else ""
        yield problem(wheel, CODE, "gauge", name, message, hint)


def _reading(gauge: Gauge, units: dict[str, Unit | None], time: Unit) -> Unit | None:
    """The unit in which the gauge's way of reading leaves the variable."""
    unit = units.get(gauge.of)
    if unit is None:
        return None
    if gauge.measure in ("sum", "trailing"):
        return times(unit, time)
    if gauge.measure == "ratio":
        over = units.get(gauge.over)
        return None if over is None else times(unit, over, -1)
    return unit
