"""A lever sets one parameter within limits that contain what it is and was; no plan could be trusted otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Lever, Wheel
from gearwheel.wheel.rules.helpers import problem, suggest

CODE = "GW217"


def check(wheel: Wheel) -> Iterator[Problem]:
    setters: dict[str, str] = {}
    for name, lever in wheel.lever.items():
        if lever.of not in wheel.parameter:
            message = f"lever '{name}' sets '{lever.of}', which is no parameter"
            yield problem(wheel, CODE, "lever", name, message, suggest(lever.of, wheel.parameter, name))
        twin = setters.setdefault(lever.of, name)
        if twin != name:
            message = f"levers '{twin}' and '{name}' both set '{lever.of}'"
            yield problem(wheel, CODE, "lever", name, message, "Keep one lever for each parameter.")
        if lever.ramp is not None and not (math.isfinite(lever.ramp) and lever.ramp > 0):
            message = f"lever '{name}' has a ramp of {lever.ramp:g}"
            yield problem(wheel, CODE, "lever", name, message, "The largest change per time unit; above 0.")
        yield from _limits(wheel, name, lever)
        yield from _history(wheel, name, lever)


def _limits(wheel: Wheel, name: str, lever: Lever) -> Iterator[Problem]:
    low, high = lever.limits
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        message = f"lever '{name}' has the limits {low:g} to {high:g}"
        yield problem(wheel, CODE, "lever", name, message, "Two finite numbers, the lower one first.")
        return
    parameter = wheel.parameter.get(lever.of)
    if parameter and (parameter.belief or parameter.value is not None) and not low <= parameter.centre <= high:
        message = f"lever '{name}' may be {low:g} to {high:g}, and '{lever.of}' is {parameter.centre:g}"
        yield problem(wheel, CODE, "lever", name, message, "Widen the limits or mend the parameter.")


def _history(wheel: Wheel, name: str, lever: Lever) -> Iterator[Problem]:
    low, high = lever.limits
    days = [day for day, _ in lever.history]
    for earlier, later in zip(days, days[1:]):
        if earlier >= later:
            message = f"the history of lever '{name}' is not in order of time: {earlier} before {later}"
            yield problem(wheel, CODE, "lever", name, message, "One step a date, earliest first.")
            break
    for day, value in lever.history:
        if not low <= value <= high and low < high:
            message = f"lever '{name}' was {value:g} on {day}, outside its limits {low:g} to {high:g}"
            yield problem(wheel, CODE, "lever", name, message, "What has been done is possible: widen the limits.")
