"""Dated shocks as a macro: a believed parameter, a lookup of the days over time, and a factor in one equation."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

from gearwheel.wheel.parts import Lookup, Parameter, Place, Shock, Wheel
from gearwheel.wheel.times import elapsed

MOST_DAYS = 366  # of one date: what lasts longer is no shock
MOST_DATES = 100
MOST_STEPS = 100_000  # that all its dates cover together


def strength_of(name: str) -> str:
    """The parameter of a shock."""
    return f"shock.{name}"


def shocked(wheel: Wheel) -> Wheel:
    """The wheel with its shocks written into its equations: e becomes e · exp(strength · share of the step covered).

    `shock` stays as it is, for the rules. What a rule will refuse is left out here.
    """
    parts = {kind: dict(getattr(wheel, kind)) for kind in ("flow", "aux", "parameter", "lookup")}
    places = dict(wheel.places)
    for name, shock in wheel.shock.items():
        kind = next((k for k in ("flow", "aux") if shock.on in parts[k]), None)
        strength = strength_of(name)
        if kind is None or strength in parts["parameter"] or not can_be_laid(shock, wheel):
            continue
        part = parts[kind][shock.on]
        factor = f"exp({strength} * lookup({strength}_days, time))"
        parts[kind][shock.on] = replace(part, equation=f"({part.equation}) * {factor}")
        parts["parameter"][strength] = Parameter("1", belief=shock.belief, because=shock.because)
        parts["lookup"][f"{strength}_days"] = days(shock, wheel)
        for made in (("parameter", strength), ("lookup", f"{strength}_days")):
            places[made] = places.get(("shock", name), Place(wheel.file, 0))
    return wheel.changed(**parts, places=places)


def can_be_laid(shock: Shock, wheel: Wheel) -> bool:
    """Has it dates, so few and so short that they can be laid on the wheel's grid?"""
    if not (0 < len(shock.dates) <= MOST_DATES and 1 <= shock.days <= MOST_DAYS and 0 < wheel.dt < math.inf):
        return False
    return steps_covered(shock, wheel) <= MOST_STEPS


def steps_covered(shock: Shock, wheel: Wheel) -> float:
    """How many time steps all its dates cover together."""
    return sum(elapsed(end_of(day, shock), wheel) - elapsed(day, wheel) for day in shock.dates) / wheel.dt


def end_of(day: date, shock: Shock) -> date:
    """The first day after the shock that begins on `day`."""
    return date.fromordinal(min(day.toordinal() + shock.days, date.max.toordinal()))


def days(shock: Shock, wheel: Wheel) -> Lookup:
    """Time → share of the time step from there that the shock covers, with its points on the time grid."""
    shares: dict[int, float] = {}
    for day in shock.dates:
        begin, end = (elapsed(d, wheel) / wheel.dt for d in (day, end_of(day, shock)))
        for step in range(int(begin // 1), int(-(-end // 1))):
            covered = min(end, step + 1) - max(begin, step)
            if covered > 1e-9:  # less is rounding of a day that lies on the grid
                shares[step] = min(1.0, shares.get(step, 0.0) + covered)
    around = {step + side for step in shares for side in (-1, 0, 1)}
    points = {step: shares.get(step, 0.0) for step in sorted(around)}
    kept = [k for k, v in points.items() if not points.get(k - 1) == v == points.get(k + 1)]
    return Lookup(tuple(k * wheel.dt for k in kept), tuple(points[k] for k in kept))
