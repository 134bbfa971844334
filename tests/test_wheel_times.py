"""The wheel's own time and the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.errors import WheelError
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.read import parse_wheel
from gearwheel.wheel.rules import time_step
from gearwheel.wheel.times import calendar_day, decimal_year, elapsed, per_year
from gearwheel.wheel.write import dump

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


# ---- a time step that is a day or a week, in a wheel that counts years

calendars = st.sampled_from([("year", "week"), ("year", "day"), ("month", "week"), ("quarter", "day"), ("week", "day")])


@given(calendars, days, days)
def test_calendar_day_inverts_elapsed_on_a_grid_of_days(calendar, start, day):
    wheel = Wheel("w", unit=calendar[0], dt=calendar[1], start=start)
    assert calendar_day(elapsed(day, wheel), wheel) == day


@given(days, st.integers(0, 520))
def test_every_monday_of_ten_years_lies_on_the_grid(any_day, week):
    monday = any_day - timedelta(days=any_day.weekday())
    wheel = Wheel("w", unit="year", dt="week", start=monday)
    steps = elapsed(monday + timedelta(weeks=week), wheel) / wheel.dt
    assert steps == pytest.approx(week, abs=1e-9)
    assert calendar_day(week * wheel.dt, wheel) == monday + timedelta(weeks=week)


def test_a_week_is_seven_days_of_a_mean_year():
    wheel = Wheel("w", unit="year", dt="week", start=date(2018, 1, 1))
    assert (wheel.grid, wheel.dt) == ("week", 7 / 365.2425)
    assert per_year(wheel) == 1
    assert elapsed(date(2019, 1, 1), wheel) == pytest.approx(365 / 365.2425)
    assert decimal_year(elapsed(date(2020, 1, 1), wheel), wheel) == pytest.approx(2020, abs=0.005)


def test_a_month_remains_a_calendar_month():
    named, counted = Wheel("w", unit="year", dt="month"), Wheel("w", unit="year", dt=1 / 12)
    assert named.dt == counted.dt
    assert elapsed(date(2024, 4, 1), named) == elapsed(date(2024, 4, 1), counted) == 0.25


def test_the_word_is_read_written_and_kept_by_an_edit():
    text = 'wheel = { name = "w", unit = "year", dt = "week", start = 2016-09-05 }  # Mondays\n'
    wheel = parse_wheel(text)
    assert dump(wheel) == text
    assert parse_wheel(dump(wheel.changed(text=""))) == wheel
    assert dump(wheel.changed(horizon=1.0)).endswith("# Mondays\n")
    assert parse_wheel(dump(wheel.changed(horizon=1.0))).grid == "week"


@pytest.mark.parametrize(("unit", "dt"), [("year", "weak"), ("year", "hour"), ("week", "month"), ("hour", "quarter")])
def test_a_time_step_that_no_calendar_has_is_refused(unit, dt):
    with pytest.raises(WheelError, match="no time step"):
        parse_wheel(f'wheel = {{ name = "w", unit = "{unit}", dt = "{dt}" }}')
    assert [p.code for p in time_step.check(Wheel("w", unit=unit, dt=dt))] == ["GW208"]


def test_a_step_that_is_not_what_it_is_called_is_refused():
    wheel = Wheel("w", unit="year", dt="week", horizon=1)
    assert list(time_step.check(wheel)) == []
    assert [p.code for p in time_step.check(wheel.changed(unit="month"))] == ["GW208"]


@given(st.integers(1, 300))
def test_a_gear_opens_in_the_week_that_it_says(week):
    opens = date(2018, 1, 1) + timedelta(weeks=week)
    gear = parse_wheel(
        'wheel = { name = "g" }\n[stock.x]\nunit = "1"\nstart = "1"\ninflows = ["f"]\n'
        '[flow.f]\nunit = "1/year"\nequation = "x"'
    )
    text = f'wheel = {{ name = "w", unit = "year", dt = "week", start = 2018-01-01 }}\n[gear.g]\nuse = "g"\nopens = {opens}'
    wheel = assemble(parse_wheel(text), lambda *_: gear)
    begins = float(wheel.flow["g.f"].equation.split(">=")[1].split(",")[0])
    assert (week - 1) * wheel.dt < begins <= week * wheel.dt
