"""Calendar ↔ the wheel's own time, counted in its unit from its start."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Protocol

MONTHS = {"year": 12.0, "quarter": 3.0, "month": 1.0}
DAYS = {"week": 7.0, "day": 1.0, "hour": 1 / 24}


class Timed(Protocol):
    unit: str
    start: date


def elapsed(day: date, wheel: Timed) -> float:
    """Time units from the wheel's start to `day`.

    Years, quarters and months count calendar months, so that 1 April is exactly 0.25 year after 1 January;
    weeks, days and hours count days.
    """
    if wheel.unit in MONTHS:
        return (_months(day) - _months(wheel.start)) / MONTHS[wheel.unit]
    return (day - wheel.start).days / DAYS[wheel.unit]


def calendar_day(time: float, wheel: Timed) -> date:
    """The day at `time`; the inverse of `elapsed` to the nearest day."""
    if wheel.unit in MONTHS:
        months = _months(wheel.start) + time * MONTHS[wheel.unit]
        whole, part = divmod(round(months, 9), 1)
        year, month = divmod(int(whole), 12)
        length = calendar.monthrange(year, month + 1)[1]
        day = min(round(part * length), length - 1)
        return date(year, month + 1, 1 + day)
    return wheel.start + timedelta(days=round(time * DAYS[wheel.unit]))


def decimal_year(time: float, wheel: Timed) -> float:
    """`time` as a calendar year with decimals, for axes."""
    if wheel.unit in MONTHS:
        return _months(wheel.start) / 12 + time * MONTHS[wheel.unit] / 12
    days = (wheel.start - date(wheel.start.year, 1, 1)).days + time * DAYS[wheel.unit]
    return wheel.start.year + days / 365.2425


def per_year(wheel: Timed) -> float:
    """How many time units a year has."""
    return 12 / MONTHS[wheel.unit] if wheel.unit in MONTHS else 365.2425 / DAYS[wheel.unit]


def _months(day: date) -> float:
    return day.year * 12 + day.month - 1 + (day.day - 1) / calendar.monthrange(day.year, day.month)[1]
