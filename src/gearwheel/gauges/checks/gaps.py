"""No stretch of the record is missing: a run of days without orders where many were to be expected."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, pairwise
from math import sqrt
from typing import Any

from gearwheel.gauges.checks.days import orders_by_day
from gearwheel.gauges.checks.finding import Finding, ask_one, counted, has, percent, share_of
from gearwheel.gauges.checks.future import FIRST

CODE = "GW480"
AROUND = 28  # days before and after a gap from which its expected orders are told
EXPECTED = 20  # orders that must be missing before silence is no accident


@dataclass(frozen=True)
class Gap:
    """Days without orders, both ends included, and about how many orders were to be expected."""

    first: date
    last: date
    expected: float

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def check(events: Any) -> Iterator[Finding]:
    days = orders_by_day(events)
    gaps = find_gaps(days)
    if gaps:
        yield _finding(days, gaps)
    if has(events, "visits", "day"):
        yield from _check_visits(events)


def find_gaps(days: dict[date, int]) -> list[Gap]:
    """Runs of days without orders that are longer than chance and closing days explain.

    Expected orders are the geometric mean of the daily rates in the four weeks before and after (a launch day
    alone makes no gap), weighted by how orders fall on the days of the week (a shop closed on Sundays has none).
    """
    known = list(days)
    sums = [0, *accumulate(days.values())]
    weekday = [0.0] * 7
    for day, n in days.items():
        weekday[day.weekday()] += 7 * n / sums[-1]

    def rate(first: date, last: date) -> float:
        return (sums[bisect_right(known, last)] - sums[bisect_left(known, first)]) / AROUND

    gaps = []
    for before, after in pairwise(known):
        length = (after - before).days - 1
        if length:
            rates = rate(before - timedelta(AROUND - 1), before), rate(after, after + timedelta(AROUND - 1))
            whole_weeks, rest = divmod(length, 7)
            usual = 7 * whole_weeks + sum(weekday[(after.weekday() - 1 - k) % 7] for k in range(rest))
            gaps.append(Gap(before + timedelta(1), after - timedelta(1), sqrt(rates[0] * rates[1]) * usual))
    return [gap for gap in gaps if gap.expected >= EXPECTED]


def _finding(days: dict[date, int], gaps: list[Gap]) -> Finding:
    missing = sum(gap.days for gap in gaps)
    share = share_of(missing, (max(days) - min(days)).days + 1)
    longest = max(gaps, key=lambda gap: gap.days)
    return Finding(
        CODE,
        "warning",
        "orders",
        "placed_at",
        missing,
        share,
        f"{longest.first} to {longest.last}",
        f"{counted(missing, 'day')} without orders in {counted(len(gaps), 'gap')} ({percent(share)} of the record); the "
        f"longest from {longest.first} to {longest.last}, where about {longest.expected:,.0f} orders were to be expected",
        f"fetch the missing files; where they are lost, begin after the gap with since = {longest.last + timedelta(days=1)} "
        "in mapping.toml. Where the shop was closed, nothing needs to be done",
    )


def _check_visits(events: Any) -> Iterator[Finding]:
    there, first, last = ask_one(
        events,
        f"""SELECT count(DISTINCT day), min(day), max(day) FROM events.visits
            WHERE day BETWEEN DATE '{FIRST}' AND now()::DATE + 1""",
    )
    missing = (last - first).days + 1 - there if there else 0
    if missing:
        share = share_of(missing, missing + there)
        message = f"{counted(missing, 'day')} between {first} and {last} have no row ({percent(share)})"
        hint = "visits of such periods come out too low; give 0 where there were none"
        yield Finding(CODE, "warning", "visits", "day", missing, share, "", message, hint)
