"""A shock multiplies one flow or auxiliary on days that the wheel lives through; otherwise it would do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Shock, Wheel
from gearwheel.wheel.rules import time_step
from gearwheel.wheel.rules.helpers import problem, suggest
from gearwheel.wheel.shocks import MOST_DATES, MOST_DAYS, MOST_STEPS, can_be_laid, end_of

CODE = "GW226"


def check(wheel: Wheel) -> Iterator[Problem]:
    for name, shock in wheel.shock.items():
        for message, hint in _faults(wheel, shock):
            yield problem(wheel, CODE, "shock", name, f"shock '{name}' {message}", hint)


def _faults(wheel: Wheel, shock: Shock) -> Iterator[tuple[str, str]]:
    turned = {n.partition("[")[0]: None for n in (*wheel.flow, *wheel.aux)}
    if shock.on in wheel.stock:
        yield f"is on '{shock.on}', which is a stock", "Name a flow that fills or drains it, or an auxiliary."
    elif shock.on not in turned:
        yield f"is on '{shock.on}', which is no flow or auxiliary", suggest(shock.on, turned)
    if wheel.method != "euler":
        hint = 'Take method = "euler": the others look at a step from both its ends and would spread the shock.'
        yield f"cannot keep to its days with method = '{wheel.method}'", hint
    if not 1 <= shock.days <= MOST_DAYS:
        yield f"lasts {shock.days} days", f"1 to {MOST_DAYS}; what lasts longer is a lever with a history."
    elif len(shock.dates) > MOST_DATES:
        yield f"has {len(shock.dates)} dates", f"{MOST_DATES} is the most; what returns every year is a season."
    elif not shock.dates:
        yield "has no dates", "Give the first day of each: dates = [2024-11-29]."
    else:
        yield from _calendar(wheel, shock)


def _calendar(wheel: Wheel, shock: Shock) -> Iterator[tuple[str, str]]:
    early = [day for day in shock.dates if end_of(day, shock) <= wheel.start]
    if early:
        yield f"is on {early[0]}, before the wheel's start on {wheel.start}", "Leave that date out."
    for day, following in pairwise(sorted(shock.dates)):
        if following < end_of(day, shock):
            yield f"of {shock.days} days overlaps itself on {following}", "Give each date once, or fewer days."
            break
    if not can_be_laid(shock, wheel) and not any(time_step.check(wheel)):
        yield f"covers more than {MOST_STEPS:,} time steps", "Lengthen dt, or make it a lever with a history."
