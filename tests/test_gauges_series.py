"""The wheel's calendar, the split of a backtest and accounting identities."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearwheel.gauges.identities import sums_to
from gearwheel.gauges.series import Gauges, Row, Series, calendar_day, decimal_year, elapsed, until
from gearwheel.wheel.parts import Wheel

days = st.dates(date(1900, 1, 1), date(2199, 12, 31))
units = st.sampled_from(["year", "quarter", "month", "week", "day", "hour"])


def wheel_of(unit: str, start: date) -> Wheel:
    return Wheel(name="w", unit=unit, dt=0.25, start=start)


@given(days, days, units)
def test_a_day_survives_the_way_into_wheel_time_and_back(start, day, unit):
    wheel = wheel_of(unit, start)
    assert calendar_day(elapsed(day, wheel), wheel) == day


@given(days, days, units)
def test_later_days_have_later_times(start, day, unit):
    wheel = wheel_of(unit, start)
    assert elapsed(day + timedelta(days=1), wheel) > elapsed(day, wheel)


@given(days, st.integers(0, 400), st.sampled_from([("year", 12), ("quarter", 3), ("month", 1)]))
def test_the_first_of_a_month_lies_whole_months_from_another(start, months, unit):
    wheel = wheel_of(unit[0], start.replace(day=1))
    ahead = wheel.start.year * 12 + wheel.start.month - 1 + months
    assert elapsed(date(ahead // 12, ahead % 12 + 1, 1), wheel) == months / unit[1]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("year", 0.25), ("quarter", 1.0), ("month", 3.0), ("week", 90 / 7), ("day", 90.0), ("hour", 2160.0)],
)
def test_first_of_april_after_first_of_january(unit, expected):
    assert elapsed(date(2014, 4, 1), wheel_of(unit, date(2014, 1, 1))) == expected


@given(days, days, units)
def test_decimal_year_is_the_year_that_the_calendar_shows(start, day, unit):
    wheel = wheel_of(unit, start)
    shown = decimal_year(elapsed(day, wheel), wheel)
    into = (day - date(day.year, 1, 1)).days / 365.25
    assert shown == pytest.approx(day.year + into, abs=0.01)


def gauges_of(*rows: Row) -> Gauges:
    return Gauges({"g": Series("g", "1", rows)}, "g.csv", "0" * 64)


@given(st.lists(st.integers(1, 40), min_size=1, unique=True), st.integers(0, 42))
def test_until_keeps_exactly_what_had_ended(ends, split):
    rows = tuple(Row((end - 1) / 4, end / 4, 1.0) for end in sorted(ends))
    kept = until(gauges_of(*rows), split / 4)
    left = kept.series["g"].rows if "g" in kept.series else ()
    assert [row.end * 4 for row in left] == [end for end in sorted(ends) if end <= split]


def test_until_leaves_out_a_period_still_running():
    whole = gauges_of(Row(0.0, 1.0, 1.0), Row(1.0, 2.0, 2.0))
    assert [row.value for row in until(whole, 1.5).series["g"].rows] == [1.0]


def test_every_split_has_its_own_hash_and_no_split_keeps_it():
    whole = gauges_of(Row(0.0, 1.0, 1.0), Row(1.0, 2.0, 2.0), Row(2.0, 3.0, 3.0))
    hashes = {until(whole, t).hash for t in (0.5, 1.0, 2.0, 3.0)}
    assert len(hashes) == 4
    assert until(whole, 3.0) is whole
    assert until(whole, 1.0).hash == until(whole, 1.0).hash


quarters = [Row(q / 4, (q + 1) / 4, float(q + 1), line=q + 2) for q in range(8)]
years = [Row(0.0, 1.0, 10.0, line=20), Row(1.0, 2.0, 26.0, line=21)]


def test_quarters_that_make_the_year():
    check = sums_to(years, [quarters], 1e-9)
    assert (check.checked, check.broken) == (2, ())


def test_a_wrong_quarter_breaks_only_its_own_year():
    wrong = [*quarters[:-1], Row(1.75, 2.0, 8.5)]
    (broken,) = sums_to(years, [wrong], 0.4).broken
    assert (broken.total, broken.parts, broken.reason) == (years[1], 26.5, "sum")
    assert sums_to(years, [wrong], 0.6).broken == ()


def test_a_missing_quarter_is_a_gap_even_where_the_sum_is_near():
    (broken,) = sums_to(years, [[row for row in quarters if row.line != 4]], 100.0).broken
    assert (broken.total.line, broken.reason) == (20, "gap")
    assert "line 20" in str(broken)


@pytest.mark.parametrize("extra", [Row(0.25, 0.5, 0.0), Row(-0.25, 0.25, 0.0), Row(0.0, 1.0, 0.0)])
def test_parts_that_overlap_are_named(extra):
    assert [broken.reason for broken in sums_to(years[:1], [[*quarters[:4], extra]], 100.0).broken] == ["overlap"]


def test_a_period_that_straddles_the_new_year_belongs_to_no_year():
    astride = [Row(-0.5, 0.5, 4.0), Row(0.5, 1.0, 6.0)]
    assert [broken.reason for broken in sums_to(years[:1], [astride], 100.0).broken] == ["overlap"]


def test_a_stream_that_begins_later_counts_as_nothing_before():
    old = [Row(0.0, 1.0, 10.0), Row(1.0, 2.0, 20.0)]
    new = [Row(1.0, 2.0, 6.0)]
    assert sums_to(years, [old, new], 1e-9).broken == ()
    assert len(sums_to(years, [old], 1e-9).broken) == 1


def test_a_total_without_parts_is_not_counted_as_checked():
    assert sums_to(years, [quarters[:4]], 1e-9).checked == 1
    assert sums_to(years, [[]], 1e-9).checked == 0


def test_levels_add_up_at_one_date():
    total = [Row(None, 1.0, 5.0)]
    assert sums_to(total, [[Row(None, 1.0, 2.0)], [Row(None, 1.0, 3.0), Row(None, 2.0, 9.0)]], 1e-9).broken == ()
    assert len(sums_to(total, [[Row(None, 1.0, 2.0)]], 2.9).broken) == 1
