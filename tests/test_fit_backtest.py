"""Backtests: nothing that came after the split is known before it, and the table is complete whoever wins."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from gearwheel.fit import backtest as room
from gearwheel.fit.backtest import OURS, backtest, default_split
from gearwheel.fit.baselines import METHODS
from gearwheel.fit.observations import typical_error
from gearwheel.gauges.series import Gauges, Row, Series
from gearwheel.spin.program import build
from gearwheel.wheel.parts import Gauge
from gearwheel.wheel.times import elapsed
from planted import YEARS, cache, changed, engine_of, planted_wheel, simulate  # noqa: F401

pytestmark = pytest.mark.usefixtures("cache")

SPLIT = date(2015, 1, 1)  # 10 of the 15 years
BEFORE, AFTER = 40, 20


class Recorded:
    """A backtest with its forecasts kept and its baselines replaced by a stand-in that notes the past it was shown."""

    def __init__(self, gauges: Gauges, patch: pytest.MonkeyPatch):
        self.ours, self.actuals, self.pasts = [], [], []

        def score(draws, actual, past, season):
            self.ours.append(draws)
            self.actuals.append(actual)
            return {"mase": 1.0}

        def one(past, horizon, season, draws, seed):
            self.pasts.append(past)
            return {}, {}

        patch.setattr(room, "score_table", score)
        patch.setattr(room, "baseline_draws", one)
        patch.setattr(room, "baseline_draws_many", lambda pasts, *_: [one(past, *_) for past in pasts])
        engine = engine_of()
        self.table = backtest(build(engine.wheel), engine, gauges, SPLIT, draws=64, seed=1)


def record_of(gauges: Gauges) -> Recorded:
    with pytest.MonkeyPatch.context() as patch:
        return Recorded(gauges, patch)


def otherwise(gauges: Gauges, begin: int) -> Gauges:
    """Another future: every gauge from row `begin` on is wildly different."""
    for i, name in enumerate(gauges.series):
        gauges = changed(gauges, name, lambda v, i=i: np.r_[v[:begin], v[begin:] * (2.0 + i)])
    return gauges


@pytest.fixture(scope="module")
def told():
    return record_of(simulate(planted_wheel(), 1))


def test_another_future_changes_no_forecast(told):
    other = record_of(otherwise(simulate(planted_wheel(), 1), BEFORE))
    assert len(told.ours) == len(other.ours) == 4 + 17
    for a, b in zip(told.ours[:4], other.ours[:4]):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(told.pasts[:4], other.pasts[:4]):
        np.testing.assert_array_equal(a, b)
    for key in ("k_hat", "ess_min", "log_posterior", "free_parameters", "rows"):
        assert told.table["fit"][key] == other.table["fit"][key], key
    assert not np.allclose(told.actuals[0], other.actuals[0])


def test_a_rolling_origin_knows_nothing_after_itself(told):
    """A future that changes eight quarters after the split: the forecasts from the origins up to there stay."""
    other = record_of(otherwise(simulate(planted_wheel(), 1), BEFORE + 8))
    rolled, changed_later = told.ours[4:], other.ours[4:]
    for a, b in zip(rolled[:9], changed_later[:9]):  # origins after 40, 41, … 48 rows
        np.testing.assert_array_equal(a, b)
    assert not np.allclose(rolled[9], changed_later[9])


def with_errors(gauges: Gauges, errors: np.ndarray) -> Gauges:
    """The record with these errors of its rows in every gauge; NaN for the gauge's own."""
    series = {
        name: replace(s, rows=tuple(replace(r, error=None if np.isnan(e) else e) for r, e in zip(s.rows, errors)))
        for name, s in gauges.series.items()
    }
    return Gauges(series)


def test_the_error_of_a_row_is_not_known_before_the_row():
    """A sampling error tells the number of events: only the errors of the rows before an origin may widen its forecast."""
    plain, errors = simulate(planted_wheel(), 1), np.full(BEFORE + AFTER, 0.03)
    one, other = errors.copy(), errors.copy()
    other[BEFORE + 8 :] *= 10
    a, b = record_of(with_errors(plain, one)), record_of(with_errors(plain, other))
    for ours, theirs in zip(a.ours[: 4 + 9], b.ours[: 4 + 9]):  # one origin, then those after 40, 41, … 48 rows
        np.testing.assert_array_equal(ours, theirs)


def test_forecasts_are_as_wide_as_the_latest_rows_before_them():
    gauge = planted_wheel().gauge["sales"]  # its own error is 0.02
    early, late = (Row(0.0, 1.0, 1.0, 0.5),) * 20, tuple(Row(0.0, 1.0, 1.0, e) for e in (0.1,) * 7 + (0.9,) * 5)
    assert typical_error(early + late, gauge) == 0.1
    assert typical_error((*early, *late, Row(0.0, 1.0, 1.0, 7.0, "above")), gauge) == 0.1
    assert typical_error(early + late[:2] + (Row(0.0, 1.0, 1.0),) * 10, gauge) == gauge.error
    assert typical_error((), gauge) == gauge.error
    record = simulate(planted_wheel(), 1)
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        read = room.read_gauge
        patch.setattr(room, "read_gauge", lambda *given: asked.append(given[5]) or read(*given))
        errors = np.r_[np.full(BEFORE, 0.03), np.full(AFTER - 1, 0.2), np.nan]
        record_of(with_errors(record, errors))
    np.testing.assert_array_equal(asked[0], [0.03] * (AFTER - 1) + [0.02])
    np.testing.assert_array_equal(asked[4], [0.03] * 4)
    np.testing.assert_array_equal(asked[4 + 13], [0.2] * 4)  # most of the last dozen rows are wide by then


def test_a_past_that_changes_does_change_the_forecasts(told):
    other = record_of(otherwise(simulate(planted_wheel(), 1), BEFORE - 1))
    assert not np.allclose(told.ours[0], other.ours[0])


def test_every_forecast_is_of_the_rows_after_the_split(told):
    wheel, record = planted_wheel(), simulate(planted_wheel(), 1)
    for name, draws, actual, past in zip(told.table["gauges"], told.ours, told.actuals, told.pasts):
        values = np.log([r.value for r in record.series[name].rows])
        np.testing.assert_array_equal(past, values[:BEFORE])
        np.testing.assert_array_equal(actual, values[BEFORE:])
        assert draws.shape == (64, AFTER) and np.isfinite(draws).all()
        assert told.table["gauges"][name]["before"] == BEFORE
        assert told.table["gauges"][name]["after"] == AFTER
    assert told.table["split"] == SPLIT.isoformat()
    assert told.table["until"] == elapsed(date(2005, 1, 1), wheel) + 2005 + YEARS
    assert told.table["untestable"] == {}


def test_rolling_origins_are_all_that_leave_a_horizon(told):
    rolling = told.table["rolling"]
    assert (rolling["gauge"], rolling["horizon"], rolling["origins"]) == ("sales", 4, AFTER - 4 + 1)
    assert all(a.shape == (4,) for a in told.actuals[4:])
    assert [len(p) for p in told.pasts[4:]] == list(range(BEFORE, BEFORE + 17))


@pytest.mark.slow
def test_the_table_has_every_method_and_ours_is_calibrated():
    engine = engine_of()
    table = backtest(build(engine.wheel), engine, simulate(engine.wheel, 1), SPLIT, draws=256, seed=1)
    for name, part in table["gauges"].items():
        wanted = {OURS, *METHODS}
        assert set(part["methods"]) == wanted and set(part["omitted"]) == {OURS, *METHODS} - wanted
        for scores in part["methods"].values():
            assert set(scores) == {"mase", "crps", "coverage50", "coverage80", "coverage90"}
            assert np.isfinite(list(scores.values())).all()
        ours = part["methods"][OURS]
        assert ours["coverage90"] >= 0.6 and ours["crps"] < part["methods"]["last value"]["crps"], name
    rolling = table["rolling"]["methods"]
    assert set(rolling) == {OURS, *METHODS}
    # sales known four quarters ahead by the wheel that made them, season and all
    assert rolling[OURS]["mase"] < min(rolling[m]["mase"] for m in ("last value", "drift", "seasonal naive"))
    assert 0.7 <= rolling[OURS]["coverage80"] <= 1


# ---- which gauges can be tested


def rows_of(*spans, value: float = 1.0) -> tuple[Row, ...]:
    return tuple(Row(start, end, value) for start, end in spans)


def wheel_with(**gauge: Gauge):
    return planted_wheel().changed(gauge=gauge)


def quarters(begin: float, count: int) -> tuple[Row, ...]:
    return rows_of(*((begin + k / 4, begin + (k + 1) / 4) for k in range(count)))


def test_too_few_rows_on_either_side_is_a_reason():
    wheel = wheel_with(a=Gauge("sales"), b=Gauge("sales"), c=Gauge("sales"))
    gauges = Gauges(
        {n: Series(n, "1", rows) for n, rows in zip("abc", (quarters(0, 17), quarters(0, 16), quarters(0.25, 30)))}
    )
    splits, reasons = room.testable(wheel, gauges, 3.0)
    assert [s.name for s in splits] == ["a"]
    assert (len(splits[0].before), len(splits[0].after)) == (12, 5)
    assert reasons == {
        "b": "12 usable rows before and 4 after; 12 and 5 are needed",
        "c": "11 usable rows before and 19 after; 12 and 5 are needed",
    }


def test_bounds_gaps_and_periods_of_another_length_are_not_usable():
    wheel = wheel_with(a=Gauge("sales", season=4), b=Gauge("sales"), c=Gauge("sales"))
    annual = rows_of((0, 1), (1, 2), (2, 3))  # older years beside later quarters
    gap = (*quarters(0, 3), *quarters(1, 28))
    bounded = tuple(replace(r, bound="above") if i % 2 else r for i, r in enumerate(quarters(0, 40)))
    record = {"a": (*annual, *quarters(3, 20)), "b": gap, "c": bounded}
    splits, reasons = room.testable(wheel, Gauges({n: Series(n, "1", r) for n, r in record.items()}), 6.0)
    found = {s.name: s for s in splits}
    assert [r.start for r in found["a"].before] == [3 + k / 4 for k in range(12)] and found["a"].season == 4
    assert found["b"].before[0].start == 0.0 and found["b"].season == 4  # what follows from a has its season
    assert reasons["c"].startswith("1 usable rows before")  # each second row is a bound: the rest has gaps


def test_a_level_at_the_split_is_known_and_not_forecast():
    wheel = wheel_with(a=Gauge("customers", "end"))
    levels = rows_of(*((None, float(k)) for k in range(1, 21)))
    (split,), _ = room.testable(wheel, Gauges({"a": Series("a", "1", levels)}), 12.0)
    assert (split.before[-1].end, split.after[0].end) == (12.0, 13.0)


def test_a_period_across_the_split_is_on_neither_side():
    wheel = wheel_with(a=Gauge("sales"))
    (split,), _ = room.testable(wheel, Gauges({"a": Series("a", "1", quarters(0, 40))}), 4.125)
    assert (split.before[-1].end, split.after[0].start) == (4.0, 4.25)


def test_what_trails_back_over_the_split_is_on_neither_side():
    wheel = wheel_with(a=Gauge("sales", "trailing", window=1.0))
    levels = rows_of(*((None, k / 4) for k in range(4, 60)))
    (split,), _ = room.testable(wheel, Gauges({"a": Series("a", "1", levels)}), 8.0)
    assert (split.before[-1].end, split.after[0].end) == (8.0, 9.0)


def test_the_default_split_is_a_whole_year_that_can_be_tested():
    wheel = wheel_with(a=Gauge("sales"))
    assert default_split(wheel, Gauges({"a": Series("a", "1", quarters(0, 60))})) == 10.0
    assert default_split(wheel, Gauges({"a": Series("a", "1", quarters(0, 10))})) is None
    assert default_split(wheel, Gauges({})) is None
    monthly = wheel.changed(unit="month", dt=1.0)
    months = rows_of(*((float(k), k + 1.0) for k in range(60)))
    assert default_split(monthly, Gauges({"a": Series("a", "1", months)})) == 36.0  # floor(42 / 12) years


# ---- a record of weeks


def weeks(count: int) -> tuple[Row, ...]:
    week = 7 / 365.2425
    return rows_of(*((k * week, (k + 1) * week) for k in range(count)))


@pytest.mark.parametrize(("count", "kept"), [(30, 8), (60, 12), (104, 21), (259, 52)])
def test_of_a_short_record_the_last_fifth_is_kept_back(count, kept):
    wheel = wheel_with(a=Gauge("sales")).changed(dt=7 / 365.2425, grid="week")
    split = default_split(wheel, Gauges({"a": Series("a", "1", weeks(count))}))
    assert split / wheel.dt == pytest.approx(count - kept)
    assert default_split(wheel, Gauges({"a": Series("a", "1", weeks(18))})) is None, "10 rows before are too few"


def test_hold_back_counts_periods_of_the_finest_grain():
    wheel = wheel_with(a=Gauge("sales"), b=Gauge("sales")).changed(dt=7 / 365.2425, grid="week", hold_back=10)
    coarse = rows_of((0.0, 28 * wheel.dt), (28 * wheel.dt, 56 * wheel.dt))
    record = Gauges({"a": Series("a", "1", weeks(60)), "b": Series("b", "1", coarse)})
    assert default_split(wheel, record) / wheel.dt == pytest.approx(50)
    assert default_split(wheel.changed(hold_back=60), record) is None
    years = Gauges({"a": Series("a", "1", quarters(0, 60))})
    assert default_split(wheel.changed(dt=0.25, grid="", hold_back=6), years) == 13.5


def split_of(rows, at: int, **gauge):
    wheel = wheel_with(a=Gauge("sales", **gauge)).changed(dt=7 / 365.2425, grid="week")
    (split,), _ = room.testable(wheel, Gauges({"a": Series("a", "1", tuple(rows))}), at * wheel.dt)
    return split


def test_a_closed_week_is_bridged_and_a_long_gap_ends_the_run():
    rows = weeks(80)
    assert len(split_of([r for i, r in enumerate(rows) if i != 20], 60).before) == 59
    assert len(split_of([r for i, r in enumerate(rows) if not 20 <= i < 40], 60).before) == 20


def test_baselines_count_time_and_not_rows():
    """The forecast for a row is that of its own period, whatever is missing before it and after the split."""
    values = np.exp(0.1 * np.arange(70))
    rows = [replace(r, value=float(v)) for r, v in zip(weeks(70), values)]
    split = split_of([r for i, r in enumerate(rows) if i not in (30, 31, 62)], 60)
    past = room._history(split.before, "log")
    assert past == pytest.approx(0.1 * np.arange(60))
    steps = room._ahead(split.after, split.before[-1].end, room._period(split.before))
    assert steps.tolist() == [1, 2, 4, 5, 6, 7, 8, 9, 10]
    drift = room._at(room.baseline_draws(past, 10, 1, 100, 1)[0], steps)["drift"]
    assert np.median(drift, axis=0) == pytest.approx(np.log([r.value for r in split.after]), abs=1e-6)


def test_the_season_is_for_the_baselines_to_judge_and_the_scale_wants_two_cycles():
    for count, scale in ((70, 1), (100, 1), (125, 52)):
        split = split_of(weeks(count), count - 10, season=52, harmonics=2)
        assert (split.season, split.scale) == (52, scale)


def test_a_season_that_one_cycle_tells_is_in_the_seasonal_naive():
    """A yearly wave without noise is known ahead after one year of weeks: only the seasonal naive can say so."""
    rows = [replace(r, value=math.exp(math.sin(2 * math.pi * i / 52))) for i, r in enumerate(weeks(80))]
    split = split_of(rows, 68, season=52, harmonics=2)
    draws, omitted = room.baseline_draws(room._history(split.before, "log"), 12, split.season, 100, 1)
    actual = np.log([r.value for r in split.after])
    away = {m: float(np.abs(np.median(d, axis=0) - actual).mean()) for m, d in draws.items()}
    assert not omitted and away.pop("seasonal naive") < 1e-6 < 0.1 < min(away.values())


def test_what_follows_from_a_seasonal_gauge_is_tested_beside_its_season():
    wheel = wheel_with(a=Gauge("sales", season=52, harmonics=2), b=Gauge("customers", "end"))
    wheel = wheel.changed(dt=7 / 365.2425, grid="week")
    levels = rows_of(*((None, (k + 1) * wheel.dt) for k in range(80)))
    record = Gauges({"a": Series("a", "1", weeks(80)), "b": Series("b", "1", levels)})
    splits, _ = room.testable(wheel, record, 68 * wheel.dt)
    assert {s.name: s.season for s in splits} == {"a": 52, "b": 52}
