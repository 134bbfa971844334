"""Where the record of orders begins and ends: as the mapping states it, or before the last days that are not complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from math import inf, log, sqrt
from statistics import median
from typing import Any

from gearwheel.gauges.catalogue import EVERYTHING, Reach

LOOKED_AT = 21  # last days in which rows may be missing
WEEKS_BEFORE = 8  # the same weekday of so many weeks before is what a day is compared with
HALF = log(2)  # a day must fall at least by half …
STRANGE = 4  # … and by so many standard deviations of earlier days
MISSING = 20  # orders
NORMAL = 1.4826  # MAD to standard deviation, for the normal distribution
DAYS = """SELECT cast(placed_at as date) AS day, count(*) AS orders FROM events.orders
WHERE coalesce(status, '') <> 'cancelled' AND NOT coalesce(is_test, false) AND placed_at IS NOT NULL
GROUP BY cast(placed_at as date)"""


def reach_of(mapping: Any, orders_by_day: Callable[[], Mapping[date, int]]) -> Reach:
    """What of the record is measured: from the mapping's `since` to its `until`, or, where that is not stated, to the
    first of the last days that look incomplete (`low_days`)."""
    since, until = getattr(mapping, "since", None), getattr(mapping, "until", None)
    since = since or EVERYTHING.since
    if until is None:
        low = low_days({day: n for day, n in orders_by_day().items() if day >= since})
        until = low[-1][0] if low else EVERYTHING.until
    return Reach(since, until)


def low_days(placed: Mapping[date, int]) -> list[tuple[date, float]]:
    """The last days of the record, the last first, with what was usual on them, where rows may still arrive: two days or
    more in a row that lie far below the same weekdays before. Orders by day in; empty where the end looks complete."""
    if not placed:
        return []
    last = max(placed)
    earlier = [_fall(placed, last - timedelta(days=k)) for k in range(LOOKED_AT, 26 * 7)]
    usual = spread([fall for fall, typical in earlier if typical >= 1])
    low = []
    for k in range(LOOKED_AT):
        fall, typical = _fall(placed, last - timedelta(days=k))
        if typical < 1:  # a day on which the shop is closed
            continue
        if fall < max(HALF, STRANGE * usual, STRANGE / sqrt(typical)):
            break
        low.append((last - timedelta(days=k), typical))
    else:
        return []  # rows do not arrive so late: it is a fall, or stray rows after the end
    missing = sum(typical - placed.get(day, 0) for day, typical in low)
    return low if len(low) >= 2 and missing >= MISSING else []  # a single last day is merely unfinished


def _fall(placed: Mapping[date, int], day: date) -> tuple[float, float]:
    """How far the day lies below the same weekday before, as a log ratio; and what is usual there, in orders."""
    typical = median(placed.get(day - timedelta(weeks=k), 0) for k in range(1, WEEKS_BEFORE + 1))
    return log((typical + 0.5) / (placed.get(day, 0) + 0.5)), typical


def spread(values: Sequence[float]) -> float:
    """A robust standard deviation: 1.4826 times the median absolute deviation from the median."""
    if not values:
        return inf
    middle = median(values)
    return NORMAL * median(abs(value - middle) for value in values)
