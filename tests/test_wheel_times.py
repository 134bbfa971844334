"""The wheel's own time and the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.times import calendar_day, decimal_year, elapsed, per_year

days = st.dates(date(1980, 1, 1), date(2080, 12, 31))
time_units = st.sampled_from(["year", "quarter", "month", "week", "day", "hour"])


@given(time_units, days, days)
def test_calendar_day_inverts_elapsed(unit, start, day):
    wheel = Wheel("w", unit=unit, start=start)
    assert calendar_day(elapsed(day, wheel), wheel) == day


@given(time_units, days, days, days)
def test_elapsed_adds_up(unit, start, a, b):
    wheel = Wheel("w", unit=unit, start=start)
    later = Wheel("w", unit=unit, start=a)
    assert elapsed(a, wheel) + elapsed(b, later) == pytest.approx(elapsed(b, wheel), abs=1e-9)


@given(time_units, days, st.integers(1, 5000))
def test_later_is_more(unit, start, more):
    wheel = Wheel("w", unit=unit, start=start)
    assert elapsed(start, wheel) == 0
    assert elapsed(start + timedelta(days=more), wheel) > 0


def test_quarters_are_exact():
    wheel = Wheel("w", unit="year", start=date(2024, 1, 1))
    assert [elapsed(date(2024, m, 1), wheel) for m in (4, 7, 10)] == [0.25, 0.5, 0.75]
    assert elapsed(date(2025, 1, 1), wheel) == 1


@pytest.mark.parametrize(
    ("unit", "count"), [("year", 1), ("quarter", 4), ("month", 12), ("week", 52.1775), ("day", 365.2425)]
)
def test_a_year_has_so_many(unit, count):
    wheel = Wheel("w", unit=unit, start=date(2024, 1, 1))
    assert per_year(wheel) == pytest.approx(count)
    assert decimal_year(10 * count, wheel) == pytest.approx(2034, abs=0.01)
