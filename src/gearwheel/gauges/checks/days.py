"""Orders of each day: what the checks of the record in time look at."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from gearwheel.gauges.checks.finding import ask, has
from gearwheel.gauges.checks.future import FIRST

COUNTED = f"""coalesce(status, '') <> 'cancelled' AND NOT coalesce(is_test, FALSE)
    AND placed_at BETWEEN TIMESTAMP '{FIRST}' AND now()::TIMESTAMP + INTERVAL 1 DAY"""  # GW453 names other dates


def orders_by_day(events: Any) -> dict[date, int]:
    """Day to number of orders that count (no cancelled ones, no tests), by day, between the ends that the mapping states;
    days without orders are not there."""
    if not has(events, "orders", "placed_at"):
        return {}
    sql = f"SELECT placed_at::DATE, count(*) FROM events.orders WHERE {COUNTED} GROUP BY 1 ORDER BY 1"
    return within(dict(ask(events, sql)), events)


def within(days: dict[date, int], events: Any) -> dict[date, int]:
    """The days between the ends of the record that the mapping states."""
    since, until = (getattr(events.mapping, end, None) for end in ("since", "until"))
    return {day: n for day, n in days.items() if (not since or day >= since) and (not until or day < until)}


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
