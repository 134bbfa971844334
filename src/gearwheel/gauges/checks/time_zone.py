"""People sleep at night: an hour-of-day profile whose quiet hours lie at noon was read in the wrong time zone.

The busy hour is the circular mean of the hours of all orders (Fisher 1993, Statistical Analysis of Circular Data,
chapter 2); the quiet hour lies opposite. Shifts of a few hours look like another shop's habits and are not found.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.checks.finding import Finding, ask, has, percent, share_of

CODE = "GW452"
ENOUGH = 500  # orders before a profile says anything
A_RHYTHM = 0.15  # mean resultant length below which day and night hardly differ
BUSY = (10, 20)  # local hours between which shops have the middle of their day
USUAL = 15  # the middle hour of a shop's day, to name the shift


def check(events: Any) -> Iterator[Finding]:
    if not has(events, "orders", "placed_at"):
        return
    zone = events.mapping.time_zone or "UTC"
    rows = ask(
        events,
        """SELECT hour(timezone(?, timezone('UTC', placed_at))), count(*),
                  count(*) FILTER (minute(placed_at) = 0 AND second(placed_at) = 0)
           FROM events.orders WHERE placed_at IS NOT NULL GROUP BY 1""",
        zone,
    )
    hours = {hour: n for hour, n, _ in rows}
    total, on_the_hour = sum(hours.values()), sum(round_ for *_, round_ in rows)
    if total < ENOUGH:
        return
    if len(hours) <= 2 and on_the_hour == total:
        yield _no_time_of_day(zone, total)
        return
    busy, rhythm = _circular_mean(hours)
    if rhythm >= A_RHYTHM and not BUSY[0] <= busy <= BUSY[1]:
        yield _shifted(zone, busy, hours, total)


def _circular_mean(hours: dict[int, int]) -> tuple[float, float]:
    """Mean hour in [0, 24) and mean resultant length in [0, 1]."""
    angle = {hour: 2 * math.pi * (hour + 0.5) / 24 for hour in hours}
    total = sum(hours.values())
    east = sum(n * math.cos(angle[hour]) for hour, n in hours.items()) / total
    north = sum(n * math.sin(angle[hour]) for hour, n in hours.items()) / total
    return (24 * math.atan2(north, east) / (2 * math.pi)) % 24, math.hypot(east, north)


def _shifted(zone: str, busy: float, hours: dict[int, int], total: int) -> Finding:
    quiet = (busy + 12) % 24
    shift = round((busy - USUAL + 12) % 24 - 12)
    at_night = sum(n for hour, n in hours.items() if hour < 6)
    return Finding(
        CODE,
        "warning",
        "orders",
        "placed_at",
        at_night,
        share_of(at_night, total),
        f"quietest about {quiet:.0f} h",
        f"in {zone} the busy hours lie about {busy:.0f} h and {percent(share_of(at_night, total))} of orders come "
        f"between 0 and 6 h: the clock seems to be off by about {abs(shift)} hours",
        "check time_zone in mapping.toml, and whether the source stores UTC or local time",
    )


def _no_time_of_day(zone: str, total: int) -> Finding:
    return Finding(
        CODE,
        "note",
        "orders",
        "placed_at",
        total,
        1.0,
        "all at the full hour",
        "orders carry a date but no time of day, so the time zone cannot be checked",
        f"make sure that a date in {zone} is not moved to the day before when it is read as UTC",
    )
