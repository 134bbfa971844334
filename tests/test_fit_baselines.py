from __future__ import annotations

import csv
import functools
import math
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from gearwheel.fit import baselines
from gearwheel.fit.baselines import baseline_draws, baseline_draws_many
from gearwheel.fit.scores import score_table

SHARED = Path(os.environ.get("GEARWHEEL_SHARED") or Path(__file__).resolve().parents[1] / ".." / "shared")
FIGURES = SHARED / "data" / "amazon" / "amazon_public_figures.csv"

SIMPLE = {baselines.LAST_VALUE, baselines.DRIFT, baselines.SEASONAL_NAIVE}


def seasonal_walk(length: int, seed: int = 1) -> np.ndarray:
    """A trend, a season of four and a random walk, on a grid where adding 16 is exact."""
    rng = np.random.default_rng(seed)
    steps = np.arange(length)
    values = (
        5 + 0.05 * steps + np.array([0.2, -0.1, -0.2, 0.1])[steps % 4] + 0.05 * rng.standard_normal(length).cumsum()
    )
    return np.round(values * 2**20) / 2**20


@functools.cache
def drawn(season: int = 4):
    return baseline_draws(seasonal_walk(36), horizon=6, season=season, draws=4000, seed=7)


def test_all_methods_come_with_their_shape():
    draws, omitted = drawn()
    assert tuple(draws) == baselines.METHODS
    assert omitted == {}
    assert {values.shape for values in draws.values()} == {(4000, 6)}
    assert all(np.isfinite(values).all() for values in draws.values())


def test_last_value_is_a_random_walk():
    history, draws = seasonal_walk(36), drawn()[0][baselines.LAST_VALUE]
    assert np.median(draws, axis=0) == pytest.approx(np.full(6, history[-1]))
    step = np.sqrt(np.mean(np.diff(history) ** 2))
    expected = step * np.sqrt(np.arange(1, 7))
    # Relative standard error of an sd from 4000 draws is about 1 %; the rest is a choice of degrees of freedom.
    assert draws.std(axis=0) == pytest.approx(expected, rel=0.06)
    assert np.corrcoef(draws[:, 0], draws[:, 3])[0, 1] == pytest.approx(math.sqrt(1 / 4), abs=0.05)


def test_drift_continues_the_line_from_first_to_last():
    history, draws = seasonal_walk(36), drawn()[0][baselines.DRIFT]
    slope = (history[-1] - history[0]) / 35
    assert np.median(draws, axis=0) == pytest.approx(history[-1] + slope * np.arange(1, 7))


def test_seasonal_naive_repeats_the_last_season():
    history, draws = seasonal_walk(36), drawn()[0][baselines.SEASONAL_NAIVE]
    assert np.median(draws, axis=0) == pytest.approx(history[[-4, -3, -2, -1, -4, -3]])


def test_average_has_the_mean_of_the_members_quantiles():
    draws = drawn()[0]
    levels = np.linspace(0.01, 0.99, 25)
    members = [np.quantile(draws[method], levels, axis=0) for method in baselines.MEMBERS_OF_AVERAGE]
    average = np.quantile(draws[baselines.AVERAGE], levels, axis=0)
    assert average == pytest.approx(np.mean(members, axis=0), abs=1e-9)


def test_the_unit_of_the_series_does_not_matter():
    plain = drawn()[0]
    moved, _ = baseline_draws(seasonal_walk(36) - 16, horizon=6, season=4, draws=4000, seed=7)
    for method in baselines.METHODS:
        assert moved[method] + 16 == pytest.approx(plain[method], abs=1e-9), method


def test_a_batch_gives_what_its_series_give_alone():
    histories = [seasonal_walk(14, seed=2), seasonal_walk(6, seed=3), seasonal_walk(20, seed=4), np.array([1.0])]
    batch = baseline_draws_many(histories, 3, 4, draws=20, seed=5)
    for history, (draws, omitted) in zip(histories, batch, strict=True):
        alone, alone_omitted = baseline_draws(history, 3, 4, draws=20, seed=5)
        assert omitted == alone_omitted
        assert draws.keys() == alone.keys()
        for method, values in draws.items():
            assert values == pytest.approx(alone[method], abs=1e-12), method


def test_the_seed_decides_the_draws_and_not_the_point():
    history = seasonal_walk(7)
    first, same, other = (baseline_draws(history, 2, 1, 10, seed)[0][baselines.DRIFT] for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    assert np.median(first, axis=0) == pytest.approx(np.median(other, axis=0))


@pytest.mark.parametrize("season", [1, 4, 12])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 5, 6, 7, 8, 9, 10])
def test_short_series_lose_methods_with_a_reason(season, length):
    draws, omitted = baseline_draws(seasonal_walk(length), 2, season, 4, seed=1)
    assert sorted([*draws, *omitted]) == sorted(baselines.METHODS)
    assert all(np.isfinite(values).all() for values in draws.values())
    if length < 8:
        assert set(draws) <= SIMPLE
        assert f"has {length}" in omitted[baselines.ETS]
        assert "missing: ets, arima, theta" in omitted[baselines.AVERAGE]
    else:
        assert {baselines.ETS, baselines.ARIMA, baselines.THETA, baselines.AVERAGE} <= set(draws)
    assert (baselines.LAST_VALUE in draws) == (length >= 3)
    assert (baselines.SEASONAL_NAIVE in draws) == (season > 1 and length >= season + 2)


def test_without_a_season_there_is_no_seasonal_naive():
    draws, omitted = baseline_draws(seasonal_walk(12), 2, 1, 4, seed=1)
    assert omitted == {baselines.SEASONAL_NAIVE: "the series has no season"}
    assert baselines.AVERAGE in draws


def test_one_model_that_fails_takes_only_itself_and_the_average_away(monkeypatch):
    from statsforecast import models

    forecast = models.AutoETS.forecast

    @functools.wraps(forecast)  # statsforecast reads the signature to learn whether a model gives intervals
    def fail_at_twelve_points(self, y, **options):
        if len(y) == 12:
            raise RuntimeError("no")
        return forecast(self, y=y, **options)

    monkeypatch.setattr(models.AutoETS, "forecast", fail_at_twelve_points)
    (draws, omitted), (_, untouched) = baseline_draws_many([seasonal_walk(12), seasonal_walk(14)], 2, 4, 4, seed=1)
    assert set(omitted) == {baselines.ETS, baselines.AVERAGE}
    assert "could not fit" in omitted[baselines.ETS]
    assert omitted[baselines.AVERAGE].endswith("missing: ets")
    assert baselines.ARIMA in draws
    assert untouched == {}


def test_a_series_that_never_changes_is_forecast_as_it_is():
    draws, _ = baseline_draws(np.full(16, 3.0), 2, 4, 6, seed=1)
    assert draws
    for method, values in draws.items():
        assert values == pytest.approx(np.full((6, 2), 3.0), abs=1e-6), method


def test_gaps_are_refused_with_their_place():
    history = seasonal_walk(12)
    history[5] = math.nan
    with pytest.raises(ValueError, match="history 1 has 1 gaps, the first at position 5"):
        baseline_draws_many([seasonal_walk(12), history], 2, 4, 4, seed=1)


@pytest.mark.parametrize(("horizon", "season", "draws"), [(0, 1, 10), (1, 0, 10), (1, 1, 1)])
def test_senseless_sizes_are_refused(horizon, season, draws):
    with pytest.raises(ValueError, match="need horizon"):
        baseline_draws(seasonal_walk(12), horizon, season, draws, seed=1)


def test_a_table_is_no_history():
    with pytest.raises(ValueError, match="shape"):
        baseline_draws(np.zeros((3, 2)), 1, 1, 10, seed=1)


def test_statsforecast_stays_quiet_and_is_loaded_only_when_used():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        baseline_draws(seasonal_walk(10), 2, 4, 4, seed=1)
    code = "import sys, gearwheel.fit.baselines; sys.exit('statsforecast' in sys.modules or 'pandas' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        ).returncode
        == 0
    )


@pytest.mark.skipif(not FIGURES.exists(), reason=f"the Amazon figures are not at {FIGURES}; set GEARWHEEL_SHARED")
def test_amazon_quarterly_net_sales():
    """The measured table of baselines: log net sales, four quarters ahead, ten origins two quarters apart.

    As there, MASE is scaled by the seasonal changes of the whole series, so it is comparable between origins.
    """
    with FIGURES.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] == "net_sales" and row["quarter"]]
    sales = np.log([float(row["value"]) for row in sorted(rows, key=lambda row: (row["year"], row["quarter"]))])
    assert len(sales) >= 104
    sales = sales[:104]  # to the end of 2025, where the table was measured
    origins = range(82, 101, 2)
    forecasts = baseline_draws_many([sales[:origin] for origin in origins], 4, 4, draws=2000, seed=1)
    tables = {
        method: [
            score_table(draws[method], sales[origin : origin + 4], sales, 4)
            for origin, (draws, _) in zip(origins, forecasts)
        ]
        for method in baselines.METHODS
    }

    def mean(method: str, score: str) -> float:
        return float(np.mean([table[score] for table in tables[method]]))

    assert mean(baselines.LAST_VALUE, "mase") == pytest.approx(0.541, abs=0.001)
    assert mean(baselines.SEASONAL_NAIVE, "mase") == pytest.approx(0.612, abs=0.001)
    assert mean(baselines.DRIFT, "mase") == pytest.approx(0.690, abs=0.001)
    assert mean(baselines.ETS, "mase") == pytest.approx(0.285, abs=0.05)
    assert mean(baselines.ETS, "crps") == pytest.approx(0.042, abs=0.008)
    assert mean(baselines.ETS, "coverage90") == pytest.approx(0.88, abs=0.1)
    assert mean(baselines.ARIMA, "mase") == pytest.approx(0.340, abs=0.05)
    # Theta here is additive on the logs, which does better than the table's multiplicative one (0.638).
    assert mean(baselines.THETA, "mase") < 0.6
    assert mean(baselines.AVERAGE, "mase") < max(mean(member, "mase") for member in baselines.MEMBERS_OF_AVERAGE)
