"""The posterior mode on problems with known peaks and on the small flywheel; what the fit then makes of its links."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from gearwheel.fit.evaluate import Terms, slopes
from gearwheel.fit.importance import adapt
from gearwheel.fit.mode import find_mode
from gearwheel.fit.posterior import fit
from gearwheel.fit.verdicts import verdicts
from gearwheel.gauges.series import Gauges
from wheels_small import LINKS, engine_of, observed, simulate, with_values


def straight(design: np.ndarray, data: np.ndarray):
    """A linear regression with unit errors: the log posterior is a quadratic."""

    def evaluate(u):
        residual = data - u @ design.T
        return Terms(-0.5 * (residual**2).sum(axis=1), residual, np.zeros_like(residual))

    return evaluate


def straight_problem(size: int, rows: int, seed: int):
    rng = np.random.default_rng(seed)
    design = rng.standard_normal((rows, size)) * 10 ** rng.uniform(-1, 1, size)
    return design, design @ rng.standard_normal(size) + rng.standard_normal(rows), rng


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(1, 40), st.integers(0, 999))
def test_a_quadratic_is_solved_in_one_step(size, rows, seed):
    design, data, rng = straight_problem(size, rows, seed)
    precision = design.T @ design + np.eye(size)
    mode = find_mode(straight(design, data), 3 * rng.standard_normal(size))
    assert mode.iterations <= 2
    peak, sds = np.linalg.solve(precision, design.T @ data), np.sqrt(np.diag(np.linalg.inv(precision)))
    near = 0.02 if mode.iterations > 1 else 0.2  # what differences of finite step leave; a start may be near enough
    np.testing.assert_allclose((mode.u - peak) / sds, 0.0, atol=near)
    np.testing.assert_allclose(mode.information, precision, rtol=1e-6, atol=1e-6)


def test_held_coordinates_stay_and_a_belief_left_out_does_not_pull():
    design, data, rng = straight_problem(4, 30, 3)
    start = rng.standard_normal(4)
    free, prior = np.array([True, False, True, True]), np.array([0.0, 1.0, 1.0, 1.0])
    mode = find_mode(straight(design, data), start, free=free, prior=prior)
    rest = data - design[:, 1] * start[1]
    inner = design[:, free]
    want = np.linalg.solve(inner.T @ inner + np.diag(prior[free]), inner.T @ rest)
    assert mode.u[1] == start[1]
    np.testing.assert_allclose(mode.u[free], want, atol=1e-3)
    value = -0.5 * ((data - design @ mode.u) ** 2).sum() - 0.5 * (prior * mode.u**2).sum()
    assert mode.log_posterior == pytest.approx(value, rel=1e-9)


def test_variances_count_in_the_information():
    """n readings of sd exp(u) each: the expected information about u is 2n (Harvey 1989, section 3.4.5), and 1 from
    the belief."""
    readings = np.random.default_rng(0).standard_normal(50) * 2

    def evaluate(u):
        logged = np.repeat(2 * u, 50, axis=1)
        residual = readings / np.exp(logged / 2)
        return Terms(-0.5 * (residual**2 + logged).sum(axis=1), residual, logged)

    here, gradient, information = slopes(evaluate, np.array([0.3]))
    assert information[0, 0] == pytest.approx(101.0, rel=1e-6)
    assert gradient[0] == pytest.approx((here.residual**2).sum() - 50 - 0.3, rel=1e-4)
    found = find_mode(evaluate, np.array([-2.0]))
    assert np.exp(2 * found.u[0]) == pytest.approx((readings**2).mean(), rel=0.05)


@pytest.mark.filterwarnings("ignore:invalid value")  # infinity less infinity, on purpose
def test_a_curved_valley_is_followed_and_nonsense_is_not_entered():
    def evaluate(u):
        residual = np.column_stack([10 * (u[:, 1] - u[:, 0] ** 2), 1 - u[:, 0]]) * 3
        value = np.where(u[:, 0] > -1.5, -0.5 * (residual**2).sum(axis=1), -np.inf)
        return Terms(value, residual, np.zeros_like(residual))

    mode = find_mode(evaluate, np.array([-1.2, 1.0]), tolerance=1e-6, most=100)
    assert np.abs(mode.gradient).max() < 0.1 and mode.u[0] > 0.5
    lost = find_mode(evaluate, np.array([-2.0, 0.0]))
    assert lost.log_posterior == -np.inf  # said, not hidden


# ---- the small flywheel

TRUTH = {"draw": 0.8, "scale": 0.2}


@pytest.fixture(scope="module")
def record() -> Gauges:
    return simulate(engine_of().wheel, TRUTH, 1, seed=11)[0]


def test_several_starts_agree_on_a_point_without_slope(record):
    engine = engine_of()
    evaluate = engine.evaluator.bind(observed(engine, record))
    starts = np.random.default_rng(0).standard_normal((4, engine.beliefs.size))
    modes = [find_mode(evaluate, start, tolerance=1e-6) for start in starts]
    for mode in modes:
        scale = np.sqrt(np.diag(np.linalg.inv(mode.information)))
        assert np.abs(mode.gradient * scale).max() < 0.02  # log units per posterior sd
        assert mode.log_posterior == pytest.approx(modes[0].log_posterior, abs=1e-3)
        np.testing.assert_allclose(mode.u / scale, modes[0].u / scale, atol=0.02)


def shuffled(record: Gauges, gauge: str, seed: int) -> Gauges:
    """The record with the values of one gauge in another order."""
    values = {name: np.array([row.value for row in series.rows]) for name, series in record.series.items()}
    values[gauge] = np.random.default_rng(seed).permutation(values[gauge])
    return with_values(record, values)


def test_shuffling_a_gauge_in_time_takes_away_that_its_link_turns(record):
    engine = engine_of()
    posterior = fit(engine, observed(engine, record), draws=1000, seed=1)
    judged = verdicts(engine, posterior)
    assert judged["draw"].verdict == "turns" and judged["draw"].profile_gain > 5
    for seed in range(3):
        mixed = fit(engine, observed(engine, shuffled(record, "sellers", seed)), draws=1000, seed=1)
        found = verdicts(engine, mixed)["draw"]
        low, high = np.quantile(mixed["draw"], [0.05, 0.95])
        print(f"draw: {posterior['draw'].mean():.2f}; shuffled {mixed['draw'].mean():.2f} [{low:.2f}, {high:.2f}]")
        assert found.verdict == "the data cannot tell"
        assert mixed["draw"].std() > 3 * posterior["draw"].std()


def test_a_verdict_is_not_read_off_the_belief():
    """A record of one year says nothing: beliefs that exclude the neutral value must not become findings."""
    engine = engine_of()
    record = simulate(engine.wheel, TRUTH, 1, seed=2)[0]
    early = Gauges({n: s.__class__(n, s.unit, s.rows[:1]) for n, s in record.series.items()})
    posterior = fit(engine, observed(engine, early), draws=1000, seed=1)
    believed = posterior["range"]
    assert np.quantile(believed, 0.05) > 0  # its 90 % interval does exclude no effect
    assert {v.verdict for v in verdicts(engine, posterior).values()} == {"the data cannot tell"}


def test_the_error_of_euler_is_not_process_noise(record):
    """Four fits each, so that what is compared is the step and not the draws."""
    one, other = (
        [fit(engine, observed(engine, record), draws=4000, seed=seed) for seed in range(1, 5)]
        for engine in (engine_of(), engine_of(dt=0.125))
    )
    for link in LINKS:
        before, after = (np.mean([posterior[link].mean() for posterior in fits]) for fits in (one, other))
        moved = abs(after - before) / one[0][link].std()
        print(f"{link}: halving dt moves it by {moved:.3f} posterior sd")
        assert moved < 0.1, link


# ---- calibration

SETS = 40


def coverage(engine, records: list[Gauges], truth: np.ndarray, names: list[str]) -> np.ndarray:
    """Whether each 90 % interval holds the truth, (sets, names), by mode, Laplace and importance draws."""
    inside = np.empty((len(records), len(names)), dtype=bool)
    for i, record in enumerate(records):
        evaluate = engine.evaluator.bind(observed(engine, record))
        mode = find_mode(evaluate, np.zeros(engine.beliefs.size))
        drawn = adapt(evaluate, mode.u, np.linalg.inv(mode.information), draws=1024, seed=i, rounds=2)
        u = drawn.resample(1024, seed=i)
        for j, name in enumerate(names):
            column = engine.beliefs.names.index(name)
            low, high = np.quantile(u[:, column], [0.05, 0.95])
            inside[i, j] = low <= truth[i, column] <= high
    return inside


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say_and_a_bare_trajectory_does_not():
    engine, bare = engine_of(), engine_of(noise=0.0)
    truth = engine.beliefs.draw(SETS, seed=5)
    records = simulate(engine.wheel, engine.beliefs.named(truth), SETS, seed=6)
    names = list(engine.beliefs.names)
    inside = coverage(engine, records, truth, names)
    low, high = binom.ppf([0.005, 0.995], inside.size, 0.9) / inside.size
    links = [names.index(n) for n in (*LINKS, "growth", "sellers_level")]
    trajectory = coverage(bare, records, truth, names)[:, links]
    print(f"90 % intervals hold the truth: filter {inside.mean():.3f} of {inside.size} (band {low:.3f} to {high:.3f});")
    print({n: round(float(c), 2) for n, c in zip(names, inside.mean(axis=0))})
    print(f"on the links: filter {inside[:, links].mean():.3f}, bare trajectory {trajectory.mean():.3f}")
    assert low <= inside.mean() <= high
    assert trajectory.mean() < inside[:, links].mean() - 0.15
