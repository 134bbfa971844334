"""The small regressions behind the facts, against dummies, brute-force sandwiches and simulated clusters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, t

from gearwheel.gauges.facts.regress import demeaned, linear, log_linear, widening, within


def dummies(*labels: np.ndarray) -> np.ndarray:
    return np.column_stack([(label[:, None] == np.unique(label)).astype(float) for label in labels])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_demeaning_is_a_regression_on_dummies(seed):
    rng = np.random.default_rng(seed)
    one, two = rng.integers(0, 6, 80), rng.integers(0, 5, 80)
    x = rng.normal(size=(80, 2)) + one[:, None]
    y = x @ [1.0, -2.0] + one - two + rng.normal(size=80)
    full = np.linalg.lstsq(np.column_stack([x, dummies(one, two)]), y, rcond=None)[0][:2]
    np.testing.assert_allclose(within(y, x, [one, two], [one]).estimate, full, atol=1e-6)
    left = demeaned(x, [one, two])
    for label in (one, two):
        assert np.abs([left[label == g].mean(axis=0) for g in np.unique(label)]).max() < 1e-7


def test_the_sandwich_is_the_sum_over_clusters():
    rng = np.random.default_rng(1)
    cluster = rng.integers(0, 30, 400)
    x = rng.normal(size=(400, 1)) + rng.normal(size=30)[cluster][:, None]
    y = 2 * x[:, 0] + rng.normal(size=30)[cluster] + rng.normal(size=400)
    found = within(y, x, [np.zeros(400, int)], [cluster])
    x, y = x - x.mean(), y - y.mean()
    residual = y - x[:, 0] * found.estimate[0]
    sums = np.array([(x[cluster == g, 0] * residual[cluster == g]).sum() for g in range(30)])
    by_hand = np.sqrt((sums**2).sum() * 30 / 29) / (x**2).sum()
    assert found.error[0] == pytest.approx(by_hand * t.ppf(0.95, 29) / 1.6448536, rel=1e-6)
    assert found.clusters == 30


@pytest.mark.parametrize("both", [False, True])
def test_clusters_matter(both):
    """What is drawn once a seller, or once a week, is not new in every order: errors row by row cover far too little."""
    hits, naive, seeds = 0, 0, 120
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        seller, week = rng.integers(0, 40, 800), rng.integers(0, 40, 800)
        x = rng.normal(size=40)[seller] + both * rng.normal(size=40)[week]
        y = rng.normal(size=40)[seller] + both * rng.normal(size=40)[week] + rng.normal(size=800)
        everyone = [np.zeros(800, int)]
        clustered = within(y, x[:, None], everyone, [seller, week] if both else [seller])
        alone = within(y, x[:, None], everyone, [np.arange(800)])
        hits += abs(clustered.estimate[0]) <= 1.645 * clustered.error[0]
        naive += abs(alone.estimate[0]) <= 1.645 * alone.error[0]
    assert binom.ppf(0.001, seeds, 0.9) - 4 <= hits  # sandwiches of 40 clusters are known to cover a little less
    assert naive < 0.6 * seeds


def test_few_clusters_widen_the_interval():
    assert widening(3) == pytest.approx(t.ppf(0.95, 3) / 1.6448536, rel=1e-6) and widening(10_000) < 1.001


def test_a_column_without_variation_is_refused():
    group = np.repeat(np.arange(10), 5)
    with pytest.raises(np.linalg.LinAlgError):
        within(np.arange(50.0), group[:, None].astype(float), [group], [group])


def test_the_log_linear_fit_solves_its_equations_and_knows_its_error():
    """Two groups of weeks: the coefficient is the log ratio of their means, its error that of counted events."""
    rng = np.random.default_rng(2)
    late = np.arange(200) % 2
    x = np.column_stack([np.ones(200), late])
    counts = rng.poisson(np.where(late, 30, 10)).astype(float)
    found = log_linear(counts, x, 0)
    assert found.estimate[1] == pytest.approx(np.log(counts[late == 1].mean() / counts[late == 0].mean()), abs=1e-8)
    chance = np.sqrt(1 / counts[late == 1].sum() + 1 / counts[late == 0].sum())
    assert found.error[1] == pytest.approx(chance, rel=0.2) and found.error[1] >= chance


def test_runs_of_weeks_widen_the_error():
    rng = np.random.default_rng(3)
    hits = {0: 0, 8: 0}
    for _ in range(100):
        noise, cause = np.zeros(200), np.zeros(200)
        for week in range(1, 200):
            noise[week] = 0.7 * noise[week - 1] + rng.normal()
            cause[week] = 0.7 * cause[week - 1] + rng.normal()
        for lags in hits:
            found = linear(noise, np.column_stack([np.ones(200), cause]), lags)
            hits[lags] += abs(found.estimate[1]) <= 1.645 * found.error[1]
    assert hits[0] < 78 < 80 <= hits[8]
