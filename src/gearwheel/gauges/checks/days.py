"""Orders of each day: what the checks of the record in time look at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any

from gearwheel.gauges.checks.finding import ask, has
from gearwheel.gauges.checks.future import FIRST

COUNTED = f"""coalesce(status, '') <> 'cancelled' AND NOT coalesce(is_test, FALSE)
    AND placed_at BETWEEN TIMESTAMP '{FIRST}' AND now()::TIMESTAMP + INTERVAL 1 DAY"""  # GW453 names other dates
NORMAL = 1.4826  # MAD to standard deviation, for the normal distribution


def orders_by_day(events: Any) -> dict[date, int]:
    """Day to number of orders that count (no cancelled ones, no tests), by day; days without orders are not there."""
    if not has(events, "orders", "placed_at"):
        return {}
    sql = f"SELECT placed_at::DATE, count(*) FROM events.orders WHERE {COUNTED} GROUP BY 1 ORDER BY 1"
    return dict(ask(events, sql))


def week_of(day: date) -> date:
    """The Monday on which its week begins."""
    return day - timedelta(days=day.weekday())


def whole_weeks(days: dict[date, int]) -> dict[date, int]:
    """Monday to number of orders, without a first and a last week of which the record holds only a part."""
    if not days:
        return {}
    first, last = min(days), max(days)
    weeks: dict[date, int] = {}
    for day, n in days.items():
        monday = week_of(day)
        if monday >= first and monday + timedelta(days=6) <= last:
            weeks[monday] = weeks.get(monday, 0) + n
    return weeks


def spread(values: Sequence[float]) -> float:
    """A robust standard deviation: 1.4826 times the median absolute deviation from the median."""
    if not values:
        return math.inf
    middle = median(values)
    return NORMAL * median(abs(value - middle) for value in values)
