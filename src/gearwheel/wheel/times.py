"""Calendar ↔ the wheel's own time, counted in its unit from its start."""

from __future__ import annotations

import calendar
import math
from datetime import date, timedelta
from typing import Protocol

YEAR = 365.2425  # days
MONTHS = {"year": 12.0, "quarter": 3.0, "month": 1.0}
DAYS = {"week": 7.0, "day": 1.0, "hour": 1 / 24}
LAST_YEAR = 9990  # a little before the calendar of the computer ends
GRIDS = ("day", "week", "month")  # what a time step may be called instead of a number


class Timed(Protocol):
    unit: str
    start: date
    grid: str


def step_length(grid: str, unit: str) -> float:
    """The time step of this name in time units; NaN for a name or unit that gives none.

    A day or a week is so many days of a mean year of 365.2425 days, also where the unit is a year; a month is a
    calendar month and no number of days.
    """
    if grid in DAYS and grid in GRIDS:
        return DAYS[grid] / _days(unit) if unit in MONTHS or unit in DAYS else math.nan
    return 1 / MONTHS[unit] if grid == "month" and unit in MONTHS else math.nan


def counts_months(wheel: Timed) -> bool:
    """Does the wheel's clock count calendar months? Else it counts days."""
    return wheel.unit in MONTHS and wheel.grid not in DAYS


def elapsed(day: date, wheel: Timed) -> float:
    """Time units from the wheel's start to `day`.

    Years, quarters and months count calendar months, so that 1 April is exactly 0.25 year after 1 January, unless
    the time step is a day or a week; then, and in weeks, days and hours, days are counted.
    """
    if counts_months(wheel):
        return (_months(day) - _months(wheel.start)) / MONTHS[wheel.unit]
    return (day - wheel.start).days / _days(wheel.unit)


def calendar_day(time: float, wheel: Timed) -> date:
    """The day at `time`; the inverse of `elapsed` to the nearest day."""
    if counts_months(wheel):
        months = _months(wheel.start) + time * MONTHS[wheel.unit]
        whole, part = divmod(round(months, 9), 1)
        year, month = divmod(int(whole), 12)
        length = calendar.monthrange(year, month + 1)[1]
        day = min(round(part * length), length - 1)
        return date(year, month + 1, 1 + day)
    return wheel.start + timedelta(days=round(time * _days(wheel.unit)))


def decimal_year(time: float, wheel: Timed) -> float:
    """`time` as a calendar year with decimals, for axes."""
    if counts_months(wheel):
        return _months(wheel.start) / 12 + time * MONTHS[wheel.unit] / 12
    days = (wheel.start - date(wheel.start.year, 1, 1)).days + time * _days(wheel.unit)
    return wheel.start.year + days / YEAR


def per_year(wheel: Timed) -> float:
    """How many time units a year has."""
    return 12 / MONTHS[wheel.unit] if wheel.unit in MONTHS else YEAR / DAYS[wheel.unit]


def _days(unit: str) -> float:
    """Days in one time unit, of months and longer the mean."""
    return DAYS[unit] if unit in DAYS else MONTHS[unit] / 12 * YEAR


def _months(day: date) -> float:
    return day.year * 12 + day.month - 1 + (day.day - 1) / calendar.monthrange(day.year, day.month)[1]
