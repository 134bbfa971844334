"""Every gauge is forecast: sums over periods like their last one, levels as often as they were measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearwheel.gauges.series import Row
from gearwheel.run.pipeline import _coming, _no_forecast


@given(gap=st.floats(0.01, 3.0), rows=st.integers(1, 40), ahead=st.floats(0.05, 6.0), late=st.floats(0.0, 2.0))
def test_a_level_has_a_forecast_whatever_the_horizon_and_the_last_lies_within_it(gap, rows, ahead, late):
    levels = [Row(None, gap * (k + 1), 1.0) for k in range(rows)]
    now = levels[-1].end + late
    dates = [end for _, end in _coming(levels, 0.0, now, now + ahead, 1.0)]
    assert dates and now < dates[0] and dates[-1] <= now + ahead + 1e-6
    assert all(b - a == pytest.approx(dates[0] - now) for a, b in zip(dates, dates[1:]))
    assert dates[0] - now == pytest.approx(min(gap if rows > 1 else 1.0, 1.0, ahead))


def test_active_customers_by_week_are_forecast_by_week():
    """A shop of a year and a half, looked at 26 weeks ahead: a level by week once had no date at all within them."""
    week = 7 / 365.2425
    levels = [Row(None, week * (k + 1), 500.0) for k in range(78)]
    assert len(_coming(levels, 0.0, 78 * week, 104 * week, 1.0)) == 26


def test_a_period_longer_than_the_horizon_has_none_and_says_why():
    sums = [Row(k, k + 1.0, 5.0) for k in range(4)]
    windows = _coming(sums, 0.0, 4.0, 4.5, 1.0)
    assert windows == [] and "the horizon of 0.5 years ends" in _no_forecast(windows, 0.5)
    assert "the horizon of 1 year ends" in _no_forecast([], 1.0)
    assert _no_forecast(_coming(sums, 0.0, 4.0, 6.0, 1.0), 2.0) == ""
