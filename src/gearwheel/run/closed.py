"""Where the record of orders is silent: closed weeks within a business, and gaps after which it is another one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from gearwheel.gauges.checks.finding import counted
from gearwheel.gauges.checks.last_period import period_of
from gearwheel.gauges.zeros import NO_ACCIDENT

GRAINS = ("day", "week", "month")
MANY = 0.1  # share of empty periods beyond which a coarser grain tells more
SHOWN = 6  # dates of closed periods
AROUND = 4  # open periods on either side that say how many orders were to be expected

Period = tuple[date, date]


class Orders(NamedTuple):
    """How many orders were placed in [start, end)."""

    start: date
    end: date
    value: float


def closed(orders: Sequence) -> set[Period]:
    """The periods [start, end) in which the shop was closed: without an order where the open periods before and after
    have on average NO_ACCIDENT orders or more. Fewer may fail to come by chance: such a period is quiet, and counts as zero."""
    rows = sorted(orders, key=lambda r: r.end)
    open_at = [i for i, r in enumerate(rows) if r.value > 0]
    found = set()
    for i, row in enumerate(rows):
        if row.value <= 0:
            sides = [k for k in open_at if k < i][-AROUND:], [k for k in open_at if k > i][:AROUND]
            usual = [np.mean([rows[k].value for k in side]) for side in sides if side]
            if usual and min(usual) >= NO_ACCIDENT:
                found.add((row.start, row.end))
    return found


def businesses(orders: Sequence, active_days: int) -> list[list]:
    """The rows of orders by time, cut at each gap of `active_days` or more without an order; without the silence itself.

    After so long nobody is an active customer any more, so what follows is another business. A shorter gap is a closed
    time of the same one, and its periods stay, at zero.
    """
    rows = sorted(orders, key=lambda r: r.end)
    found: list[list] = []
    silent: list = []
    for row in rows:
        if row.value <= 0:
            silent.append(row)
            continue
        if found and (row.start - found[-1][-1].end).days < active_days:
            found[-1] += [*silent, row]
        else:
            found.append([row])
        silent = []
    if found and silent and (silent[-1].end - found[-1][-1].end).days < active_days:
        found[-1] += silent
    return found or [[]]


def another_grain(orders: Sequence, active_days: int, grain: str, least: int) -> str:
    """What to try where too few periods hold orders: a coarser grain that has enough, else a finer one, else to wait."""
    kept = businesses(orders, active_days)[-1]
    if not kept:
        return "look at the checks of the data: there is no order to count"
    for coarser in GRAINS[GRAINS.index(grain) + 1 :]:
        if with_orders(businesses(_joined(orders, coarser), active_days)[-1]) >= least:
            return f'try a coarser grain (grain = "{coarser}" in mapping.toml): some {grain}s have no order'
    longer = [part for part in businesses(orders, active_days)[:-1] if with_orders(part) >= least]
    if longer:
        gap = (kept[0].start - longer[-1][-1].end).days
        return (
            f"before the gap of {gap} days that ends on {kept[0].start} there are {len(longer[-1])} periods: raise "
            f"active_days above {gap} where it is the same business, or end the record there with until"
        )
    days = (kept[-1].end - kept[0].start).days
    for finer, length in (("week", 7), ("day", 1)):
        enough = days // length >= least and with_orders(kept) == len(kept)
        if GRAINS.index(finer) < GRAINS.index(grain) and enough:
            return f'try a finer grain (grain = "{finer}" in mapping.toml), or wait'
    return f"wait until {least} periods are full"


def with_orders(rows: Sequence) -> int:
    """How many of the periods have an order."""
    return sum(r.value > 0 for r in rows)


def _joined(orders: Sequence, grain: str) -> list[Orders]:
    """The orders of these periods by week or month, each under the day on which it begins."""
    sums: dict[Period, float] = {}
    for row in orders:
        period = period_of(row.start, grain)
        sums[period] = sums.get(period, 0.0) + row.value
    return [Orders(start, end, value) for (start, end), value in sorted(sums.items())]


def silences(orders: Sequence, active_days: int, grain: str) -> list[str]:
    """In words: what lies before the last gap and is left out, closed periods, and whether months would suit better."""
    parts = businesses(orders, active_days)
    kept, before = parts[-1], [row for part in parts[:-1] for row in part]
    if not kept:
        return []
    said = []
    if before:
        gap = (kept[0].start - before[-1].end).days
        said.append(
            f"left out of the wheel: {counted(len(before), grain)} from {before[0].start} to {before[-1].end}. Then there "
            f"was no order for {gap} days, and after active_days = {active_days} nobody is a customer any more. Where "
            f"it is the same business, raise active_days above {gap}"
        )
    shut = sorted(closed(kept))
    if shut:
        shown = ", ".join(str(start) for start, _ in shut[:SHOWN]) + (" …" if len(shut) > SHOWN else "")
        said.append(
            f"{counted(len(shut), grain)} without an order where orders were usual (from {shown}), taken as closed: "
            f"the wheel's pace counts open {grain}s only, and its fit leaves the closed ones out"
        )
    empty = len(kept) - with_orders(kept)
    if grain != "month" and empty > MANY * len(kept):
        coarser = GRAINS[GRAINS.index(grain) + 1]
        said.append(f'{empty} of {len(kept)} {grain}s have no order: grain = "{coarser}" would tell more')
    return said


def is_shut(row, shut: Collection[Period]) -> bool:
    """Whether the row says nothing but that the shop was closed. What is counted then, such as rent, is a measurement."""
    return row.value == 0 and (row.start, row.end) in shut
