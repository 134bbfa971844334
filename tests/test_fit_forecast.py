"""Forecasts: closed forms of linear wheels, paired shocks, frozen levers, seasons, and what each gauge reads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gearwheel.fit.evaluate import Evaluator
from gearwheel.fit.filter import Filter
from gearwheel.fit.forecast import ahead, frozen_levers, read_gauge, season_blocks
from gearwheel.fit.observations import Reading, lay_out
from gearwheel.fit.seasons import NOISE_SD
from gearwheel.fit.trace import Traced, predictive_checks, trace
from gearwheel.gauges.series import Gauges, Row, Series
from gearwheel.run.pipeline import _coming
from gearwheel.spin.program import build
from gearwheel.wheel.parts import Flow, Gauge, Lever, Parameter, Stock, Wheel
from planted import SEASON, TRUTH, YEARS, cache, engine_of, planted_wheel, simulate  # noqa: F401

pytestmark = pytest.mark.usefixtures("cache")

DT, GROWTH, X_NOISE, RATE, LEAK, A_NOISE = 0.25, 0.12, 0.08, 3.0, 0.5, 0.6
DRAWS = 40_000
NO_SEASON = slice(0, 0)


def linear() -> Wheel:
    """x grows in logs, a fills and leaks: both linear in the scale of their noise."""
    return Wheel(
        name="linear",
        unit="year",
        dt=DT,
        stock={
            "x": Stock("1", "3", ("growing",), noise=repr(X_NOISE)),
            "a": Stock("l", "8", ("filling",), ("leaking",), "abs", repr(A_NOISE)),
        },
        flow={
            "growing": Flow("1/year", f"{GROWTH} * x"),
            "filling": Flow("l/year", "rate"),
            "leaking": Flow("l/year", f"{LEAK} * a"),
        },
        parameter={"rate": Parameter("l/year", RATE)},
        lever={"rate": Lever("rate", (0.0, 9.0))},
        gauge={},
    )


START = np.array([np.log(2.0), 5.0])  # mean of log x and a at the start of the forecast, and their sd
SPREAD = np.array([0.1, 0.8])


def run_ahead(steps: int = 12, draws: int = DRAWS, seed: int = 1, **settings):
    state = START + SPREAD * np.random.default_rng(7).standard_normal((draws, 2))
    state[:, 0] = np.exp(state[:, 0])
    return ahead(
        build(linear()), settings.pop("parameters", {}), state, 2.0, steps, seed, settings.pop("paths", {}), **settings
    )


def read(gauge: Gauge, windows, run, error: float = 0.0, seed: int = 3) -> np.ndarray:
    errors = np.full(len(windows), error)
    return read_gauge(Reading("g", gauge), run, windows, np.zeros((len(run.states), 0)), NO_SEASON, errors, seed)


def moments_of_a(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (steps+1,) and covariance (steps+1, steps+1) of a over time, by its linear recursion."""
    keep = 1 - LEAK * DT
    mean = START[1] * keep ** np.arange(steps + 1) + RATE * DT * np.cumsum(np.r_[0, keep ** np.arange(steps)])
    response = np.zeros((steps + 1, steps + 1))  # of a at k to the shock after step j - 1 (column 0: the start)
    for j in range(steps + 1):
        response[j:, j] = keep ** np.arange(steps + 1 - j)
    variances = np.r_[SPREAD[1] ** 2, np.full(steps, A_NOISE**2 * DT)]
    return mean, response * variances @ response.T


def assert_normal(draws: np.ndarray, mean, variance):
    """Sample mean and variance within five standard errors of the closed form."""
    mean, variance = np.asarray(mean), np.asarray(variance)
    assert np.all(np.abs(draws.mean(axis=0) - mean) < 5 * np.sqrt(variance / len(draws)))
    assert np.all(np.abs(draws.var(axis=0) - variance) < 5 * variance * np.sqrt(2 / len(draws)))


# ---- closed forms


def test_a_level_in_logs_is_a_random_walk_with_drift():
    windows = [(None, 2.0 + DT * k) for k in (1, 4, 12)]
    drawn = read(Gauge("x", "end", "log"), windows, run_ahead(), error=0.05)
    k = np.array([1, 4, 12])
    assert_normal(drawn, START[0] + k * np.log(1 + GROWTH * DT), SPREAD[0] ** 2 + k * X_NOISE**2 * DT + 0.05**2)


def test_levels_sums_and_means_of_a_linear_stock():
    run, (mean, covariance) = run_ahead(), moments_of_a(12)
    level = read(Gauge("a", "end", "abs"), [(None, 2.5), (None, 5.0)], run, error=0.2)
    assert_normal(level, mean[[2, 12]], np.diag(covariance)[[2, 12]] + 0.2**2)
    windows = [(2.0, 3.0), (3.0, 3.5)]
    weights = np.zeros((2, 13))
    weights[0, 0:4], weights[1, 4:6] = DT, DT
    total = read(Gauge("a", "sum", "abs"), windows, run)
    assert_normal(total, weights @ mean, np.diag(weights @ covariance @ weights.T))
    average = read(Gauge("a", "mean", "abs"), windows, run)
    np.testing.assert_allclose(average, total / np.array([1.0, 0.5]))
    trailing = read(Gauge("a", "trailing", "abs", window=1.0), [(None, 3.0), (None, 3.5)], run)
    np.testing.assert_allclose(trailing[:, 0], total[:, 0])
    np.testing.assert_allclose(trailing[:, 1], DT * run["a"][:, 2:6].sum(axis=1))


def test_a_ratio_is_a_ratio_of_sums():
    run = run_ahead(draws=500)
    drawn = read(Gauge("a", "ratio", "log", over="x"), [(2.25, 3.0)], run)
    np.testing.assert_allclose(drawn[:, 0], np.log(run["a"][:, 1:4].sum(axis=1) / run["x"][:, 1:4].sum(axis=1)))


def test_a_share_is_read_on_its_own_scale():
    run = run_ahead(draws=200)
    share = read(Gauge("x", "ratio", "logit", over="a"), [(2.0, 2.5)], run)[:, 0]
    raw = run["x"][:, :2].sum(axis=1) / run["a"][:, :2].sum(axis=1)
    inside = (raw > 0) & (raw < 1)
    assert inside.mean() > 0.9
    np.testing.assert_allclose(1 / (1 + np.exp(-share[inside])), raw[inside])


# ---- pairing and levers


def test_an_unchanged_scenario_differs_by_exactly_nothing():
    plain, again = run_ahead(draws=50), run_ahead(draws=50, paths={"rate": [(2.0, RATE)]})
    np.testing.assert_array_equal(plain["a"], again["a"])
    gauge = Gauge("a", "sum", "abs")
    np.testing.assert_array_equal(read(gauge, [(2.0, 3.0)], plain, 0.3), read(gauge, [(2.0, 3.0)], again, 0.3))
    assert not np.array_equal(plain["a"], run_ahead(draws=50, seed=2)["a"])


def test_a_changed_lever_shows_without_the_noise():
    """Additive noise cancels in the difference of paired runs: what is left is the closed form alone."""
    more = run_ahead(draws=50, paths={"rate": [(2.5, RATE + 1)]})["a"] - run_ahead(draws=50)["a"]
    keep = 1 - LEAK * DT
    expected = np.r_[np.zeros(3), DT * np.cumsum(keep ** np.arange(10))]
    np.testing.assert_allclose(more, np.broadcast_to(expected, more.shape), atol=1e-12)


def test_noise_can_be_left_out():
    run = run_ahead(draws=3, noise=False)
    np.testing.assert_allclose(run["x"][:, -1], run["x"][:, 0] * (1 + GROWTH * DT) ** 12)


def test_levers_are_frozen_at_the_split():
    path = [(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)]
    assert frozen_levers({"rate": path, "other": [(9.0, 1.0)]}, 3.0) == {"rate": path[:2], "other": []}
    known = frozen_levers({"rate": [(2.0, RATE), (2.5, 9.0)]}, 2.0)
    np.testing.assert_array_equal(run_ahead(draws=9, paths=known)["a"], run_ahead(draws=9)["a"])


# ---- seasons


def test_a_season_goes_on_as_it_was():
    """The next level is minus the sum of the others; without its own noise the year repeats itself."""
    run = run_ahead(steps=8, draws=20_000)
    block = np.broadcast_to([0.13, 0.0, -0.03], (20_000, 3))  # Q4, Q3, Q2, the latest first
    reading = Reading("g", Gauge("x", "end", "log", season=4), season=0)
    windows = [(None, 2.0 + DT * k) for k in range(1, 9)]
    bare = replace(reading, season=-1)
    args = (windows, np.zeros((20_000, 0)), NO_SEASON, np.zeros(8), 3)
    level = read_gauge(reading, run, windows, block, slice(0, 3), np.zeros(8), 3) - read_gauge(bare, run, *args)
    expected = np.tile([-0.10, -0.03, 0.0, 0.13], 2)
    assert np.abs(level.mean(axis=0) - expected).max() < 5 * 3 * NOISE_SD / np.sqrt(20_000)
    assert level[:, 0].std() == pytest.approx(NOISE_SD, rel=0.05)
    assert np.all(level.std(axis=0) >= 0.95 * NOISE_SD)
    year = level[:, 1:5].sum(axis=1)  # four seasons cancel but for one season's noise
    assert year.std() == pytest.approx(NOISE_SD, rel=0.05)


def test_the_filter_learns_the_planted_season_and_the_forecast_carries_it_on():
    engine = engine_of()
    record = simulate(engine.wheel, 3)
    observations = lay_out(engine.wheel, record, YEARS)
    u = np.repeat([[engine.beliefs.whitened(n, TRUTH[n]) for n in engine.beliefs.names]], 64, axis=0)
    found = trace(engine.evaluator, u, observations, [observations.steps - 3, observations.steps], seed=1)
    reading = next(r for r in observations.readings if r.name == "sales")
    block = found.seasons[:, :, season_blocks(engine.evaluator, reading)]
    assert block.shape == (64, 2, 3)
    np.testing.assert_allclose(block[:, 1].mean(axis=0), SEASON[[3, 2, 1]], atol=0.03)
    np.testing.assert_allclose(block[:, 0].mean(axis=0), SEASON[[0, 3, 2]], atol=0.03)


# ---- the state drawn from the filter


@pytest.fixture(scope="module")
def kalman():
    """A filter of the linear wheel with two gauges, and its observations."""
    wheel = linear().changed(gauge={"x": Gauge("x", "end", "log", 0.05), "a": Gauge("a", "sum", "abs", 0.3)})
    rng = np.random.default_rng(2)
    rows = [Row(None if n == "x" else k - 1.0, float(k), 0.0) for n in "x" for k in range(1, 9)]
    series = {
        "x": Series("x", "1", tuple(replace(r, value=float(np.exp(1.2 + 0.1 * rng.standard_normal()))) for r in rows)),
        "a": Series("a", "l", tuple(Row(k - 1.0, float(k), 6.5 + 0.5 * rng.standard_normal()) for k in range(1, 9))),
    }
    from gearwheel.fit.beliefs import beliefs_of
    from gearwheel.spin.compiled import jax_program

    observations = lay_out(wheel, Gauges(series), 8.0)
    evaluator = Evaluator(Filter(jax_program(wheel), beliefs_of(wheel), observations, {}))
    return evaluator, observations


def test_states_are_drawn_from_the_filters_normal(kalman):
    evaluator, observations = kalman
    u = np.zeros((20_000, 0))
    mean, covariance = evaluator.history(u[:1], observations, lambda a: (a[3], a[4]))
    found = trace(evaluator, u[:8000], observations, [6, 32], seed=4)
    assert isinstance(found, Traced) and found.stocks.shape == (8000, 2, 2) and list(found.at) == [6, 32]
    for i, k in enumerate((6, 32)):
        z = np.column_stack([np.log(found.stocks[:, i, 0]), found.stocks[:, i, 1]])
        assert_normal(z, mean[0, k, :2], np.diag(covariance[0, k])[:2])
        assert not np.array_equal(z[0], z[1])


def test_residuals_of_a_record_made_by_the_wheel_are_standard_normal():
    engine, z = engine_of(), {n: [] for n in planted_wheel().gauge}
    u = np.array([[engine.beliefs.whitened(n, TRUTH[n]) for n in engine.beliefs.names]])
    for seed in range(20, 32):
        observations = lay_out(engine.wheel, simulate(engine.wheel, seed), YEARS)
        found = trace(engine.evaluator, u, observations, [observations.steps], seed=1)
        for name, told in predictive_checks(found, observations).items():
            assert told["rows"] == 60
            z[name].append(told)
    for name in ("customers", "sellers", "price"):
        assert np.mean([t["z_sd"] for t in z[name]]) == pytest.approx(1, abs=0.1), name
        assert abs(np.mean([t["z_mean"] for t in z[name]])) < 5 / np.sqrt(12 * 60)
        assert np.mean([t["coverage90"] for t in z[name]]) == pytest.approx(0.9, abs=0.04)
        assert np.mean([t["coverage50"] for t in z[name]]) == pytest.approx(0.5, abs=0.07)
        assert abs(np.mean([t["autocorrelation"] for t in z[name]])) < 0.12


# ---- which periods are forecast


def test_coming_periods_follow_the_last_one():
    quarters = [Row(k / 4, (k + 1) / 4, 1.0) for k in range(8)]
    assert _coming(quarters, 0.0, 2.0, 2.8, 1.0) == [(2.0, 2.25), (2.25, 2.5), (2.5, 2.75)]
    assert _coming([Row(None, 1.25, 1.0)], 0.0, 2.0, 4.5, 1.0) == [(None, 3.0), (None, 4.0)]
    assert _coming(quarters, 0.0, 2.0, 2.1, 1.0) == []


def test_coming_periods_stay_in_step_with_the_record():
    """A series that ends before the others: its periods go on in step, and those already under way are left out."""
    years = [Row(float(k), k + 1.0, 1.0) for k in range(2)]
    assert _coming(years, 0.0, 2.75, 5.0, 1.0) == [(3.0, 4.0), (4.0, 5.0)]


def test_what_trails_looks_back_no_further_than_now():
    quarters = [Row(k / 4, (k + 1) / 4, 1.0) for k in range(8)]
    assert _coming(quarters, 1.0, 2.0, 3.5, 1.0) == [(2.75, 3.0), (3.0, 3.25), (3.25, 3.5)]
