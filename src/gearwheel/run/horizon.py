"""How far ahead levers and plans look unless told: far enough for the loops that they set going to answer."""

from __future__ import annotations

import math

import numpy as np

from gearwheel.run.measuring import from_events
from gearwheel.wheel.times import per_year

LEAST_YEARS = 2.0  # in less a business sees the cash of a lever and not what it does to customers
ROUNDS = 2  # of the slowest loop
LEAST_GAIN = 0.05  # of a loop: less of what goes round comes back than a lever's effect is told by


def longest_delay(posterior) -> dict | None:
    """The named loop that takes longest to come round now, {"loop", "years"} (the median over draws), among those that
    bring back LEAST_GAIN or more; None without one whose delay has a number."""
    from gearwheel.loops.gain import gains
    from gearwheel.loops.named import named
    from gearwheel.run.questions import anchors_of
    from gearwheel.wheel.graph import graph

    wheel = posterior.wheel
    whole = graph(wheel)
    loops = named(wheel, whole)
    if not loops:
        return None
    found = gains(anchors_of(posterior).at(-1), whole, list(loops.values()))
    known = {}
    for name, delay, gain in zip(loops, found.delay[:, :, -1] / per_year(wheel), np.abs(found.gain[:, :, -1])):
        sound = np.isfinite(delay) & np.isfinite(gain)
        if sound.mean() > 0.5 and np.median(gain[sound]) >= LEAST_GAIN:
            known[name] = float(np.median(delay[sound]))
    slowest = max(known, key=known.get, default=None)
    return {"loop": slowest, "years": known[slowest]} if slowest else None


def usual_years(posterior, delay: dict | None) -> float:
    """The wheel's horizon. That of a business measured from its own events was not chosen by anybody: it is at least
    LEAST_YEARS and ROUNDS times the delay of its slowest loop, in whole quarters."""
    wheel = posterior.wheel
    if not from_events(wheel):
        return wheel.horizon
    return max(wheel.horizon, LEAST_YEARS, math.ceil(4 * ROUNDS * (delay["years"] if delay else 0.0) - 1e-6) / 4)
