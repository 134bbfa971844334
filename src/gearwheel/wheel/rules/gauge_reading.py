"""A gauge reads one variable in one of the known ways, with an error; otherwise no datum could be compared with it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Gauge, Wheel
from gearwheel.wheel.rules import time_step
from gearwheel.wheel.rules.helpers import problem, suggest
from gearwheel.wheel.times import per_year

CODE = "GW218"
MEASURES = ("end", "mean", "sum", "trailing", "ratio")
SCALES = ("log", "logit", "abs")
MOST_LEVELS = 24


def check(wheel: Wheel) -> Iterator[Problem]:
    for name, gauge in wheel.gauge.items():
        for message, hint in _faults(wheel, name, gauge):
            yield problem(wheel, CODE, "gauge", name, f"gauge '{name}' {message}", hint)


def _faults(wheel: Wheel, name: str, gauge: Gauge) -> Iterator[tuple[str, str]]:
    variables = wheel.variables()
    read = [gauge.of, gauge.over] if gauge.measure == "ratio" else [gauge.of]
    for variable in read:
        if variable not in variables:
            yield f"reads '{variable}', which is no variable", suggest(variable, variables, name)
    if gauge.measure not in MEASURES:
        yield f"is read as '{gauge.measure}'", f"One of {', '.join(MEASURES)}."
    if gauge.measure == "trailing" and not (gauge.window and gauge.window > 0 and math.isfinite(gauge.window)):
        yield "trails over no time", 'Such as as = "trailing(12 month)".'
    if gauge.scale not in SCALES:
        yield f"has the scale '{gauge.scale}'", f"One of {', '.join(SCALES)}."
    if not (math.isfinite(gauge.error) and gauge.error > 0):
        yield f"has an error of {gauge.error:g}", "Every measurement has one; it is above 0."
    if gauge.ceiling is not None and not 0 < gauge.ceiling < math.inf:
        yield f"cannot exceed {gauge.ceiling:g}", "A ceiling is a number above 0 in the gauge's unit."
    elif gauge.ceiling is not None and gauge.scale == "logit" and gauge.ceiling > 1:
        yield f"cannot exceed {gauge.ceiling:g}", "A share on the logit scale lies below 1; leave the ceiling out."
    if gauge.season < 0 or gauge.season == 1:
        yield f"has {gauge.season} seasons in a year", "4 for quarters, 12 for months, 52 for weeks, 0 for none."
    elif gauge.season:
        yield from _season(wheel, gauge)


def _season(wheel: Wheel, gauge: Gauge) -> Iterator[tuple[str, str]]:
    if gauge.harmonics < 0 or 2 * gauge.harmonics > gauge.season:
        yield f"has {gauge.harmonics} harmonics", f"Up to half of its {gauge.season} seasons; 2 are usual."
    elif not gauge.harmonics and gauge.season > MOST_LEVELS:
        yield f"has {gauge.season} seasons with a level each", "Add harmonics = 2: two waves a year."
    if gauge.season_sd is not None and not 0 < gauge.season_sd < math.inf:
        yield f"believes its season to {gauge.season_sd:g}", "The sd of its states on the gauge's scale; 0.1 is usual."
    if not any(time_step.check(wheel)) and per_year(wheel) / gauge.season < 0.5 * wheel.dt:
        yield f"has {gauge.season} seasons in a year, each shorter than one time step", "Shorten dt."
