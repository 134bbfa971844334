"""The time step must be positive and short enough to take at least one, and long enough to end in time."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gearwheel.wheel.errors import Problem, did_you_mean
from gearwheel.wheel.lines import Lines
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.times import DAYS, GRIDS, LAST_YEAR, MONTHS, per_year, step_length

METHODS = ("euler", "heun", "rk4")
CODE = "GW208"
MAX_STEPS = 200_000  # some ten seconds for one draw


def check(wheel: Wheel) -> Iterator[Problem]:
    if wheel.unit not in MONTHS and wheel.unit not in DAYS:
        yield _problem(wheel, "unit", f"'{wheel.unit}' is not a time unit", f"One of {', '.join([*MONTHS, *DAYS])}.")
        return
    if wheel.grid and wheel.dt != step_length(wheel.grid, wheel.unit):
        message = f"dt = '{wheel.grid}' is no time step of a wheel in {wheel.unit}s"
        yield _problem(wheel, "dt", message, f"A number, or one of {', '.join(GRIDS)}.")
        return
    if not math.isfinite(wheel.dt) or wheel.dt <= 0:
        what = "a negative step" if wheel.dt < 0 else "no step at all" if wheel.dt == 0 else "not a number"
        yield _problem(wheel, "dt", f"dt = {wheel.dt:g} is {what}", f"dt counts {wheel.unit}s; 1 or 0.25 are usual.")
    if wheel.method not in METHODS:
        hint = did_you_mean(wheel.method, METHODS) or f"One of {', '.join(METHODS)}."
        yield _problem(wheel, "method", f"'{wheel.method}' is no way to step through time", hint)
    if not math.isfinite(wheel.horizon) or wheel.horizon <= 0:
        yield _problem(wheel, "horizon", f"horizon = {wheel.horizon:g} years", "It counts years and is above 0.")
        return
    if wheel.start.year + wheel.horizon > LAST_YEAR:
        message = f"a horizon of {wheel.horizon:g} years from {wheel.start} on ends after the year {LAST_YEAR}"
        yield _problem(wheel, "start", message, "Start earlier, or shorten the horizon.")
        return
    if not math.isfinite(wheel.dt) or wheel.dt <= 0:
        return
    steps = wheel.horizon * per_year(wheel) / wheel.dt
    if steps < 1:
        message = f"dt = {wheel.dt:g} {wheel.unit} is longer than the horizon of {wheel.horizon:g} years"
        yield _problem(wheel, "dt", message, "Shorten dt.")
    elif steps > MAX_STEPS:
        message = f"dt = {wheel.dt:g} {wheel.unit} makes {steps:,.0f} steps; {MAX_STEPS:,} is the most"
        yield _problem(wheel, "dt", message, "Lengthen dt or shorten the horizon.")


def _problem(wheel: Wheel, key: str, message: str, hint: str) -> Problem:
    return Problem(CODE, message, wheel.file, Lines(wheel.text).of("wheel", key) if wheel.text else 0, hint)
