"""Weeks that stand out, such as Black Friday: proposed as dated shocks, for the owner to name or to take away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from gearwheel.wheel.parts import Belief, Shock

NEIGHBOURS = 3  # periods on either side that say what was usual
STANDS_OUT = 5.0  # robust sd of what is usual …
LEAST = 0.3  # … and at least so much in logs
MOST = 4  # of one series
ON = {"customers_joined": "experience.joining", "orders_repeat": "experience.order_rate"}
BECAUSE = "measured: this period stands out from those around it. Name it if you know why; take it away if it is usual"


def shocks(rows: Mapping[str, Sequence], begin: date, until: date) -> dict[str, Shock]:
    """A shock for each period between `begin` and `until` whose joining customers or repeat orders stand out.

    Periods after `until` are left alone: they are held back to test the wheel, and it must not know them.
    """
    found = {}
    for gauge, variable in ON.items():
        known = (r for r in rows.get(gauge, ()) if r.start >= begin and r.end <= until)
        inside = sorted((r for r in known if r.value > 0), key=lambda r: r.end)  # a closed period is told elsewhere
        for row in spikes(inside):
            name = f"{variable.rpartition('.')[2]}_{row.start:%Y_%m_%d}"
            days = (row.end - row.start).days
            found[name] = Shock(variable, (row.start,), days=days, belief=Belief(-1.0, 0.0, 1.0), because=BECAUSE)
    return found


def spikes(rows: Sequence) -> list:
    """The rows, in order, whose logarithm is far above or below the medians of both its sides; the farthest MOST.

    How far is usual is told by the median of second differences (6 sd² of independent noise), which spikes do not move.
    """
    values = np.log([r.value for r in rows]) if rows else np.empty(0)
    away = np.zeros(len(values))
    for i in range(NEIGHBOURS, len(values) - NEIGHBOURS):
        sides = values[i - NEIGHBOURS : i], values[i + 1 : i + 1 + NEIGHBOURS]
        before, after = (values[i] - np.median(side) for side in sides)
        if before * after > 0:  # a step is near one of its sides
            away[i] = before if abs(before) < abs(after) else after
    usual = 1.4826 * np.median(np.abs(np.diff(values, 2))) / 6**0.5 if len(values) > 2 else 0.0
    far = np.flatnonzero(np.abs(away) > max(STANDS_OUT * usual, LEAST))
    chosen = sorted(far, key=lambda i: -abs(away[i]))[:MOST]
    return [rows[i] for i in sorted(chosen)]
