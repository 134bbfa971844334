from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gearwheel.fit import scores

FINITE = st.floats(-100, 100, allow_nan=False)


def test_mase_of_the_seasonal_naive_on_its_own_history_is_one():
    history = np.random.default_rng(1).standard_normal(40).cumsum()
    assert scores.mase(history[:-4], history[4:], history, 4) == pytest.approx(1, abs=1e-12)


def test_mase_by_hand():
    # Seasonal changes 2 and 4, so the scale is 3; errors 1 and 5, so the mean error is 3.
    assert scores.mase([11, 15], [10, 20], [0, 0, 2, 4], season=2) == pytest.approx(1)


def test_mase_leaves_out_pairs_with_a_gap():
    assert scores.mase([1.0], [0.0], [0, 2, math.nan, 7, 9], season=1) == pytest.approx(0.5)


def test_mase_of_a_history_that_never_changes_is_undefined():
    assert math.isnan(scores.mase([1.0], [2.0], np.ones(6), season=1))


@given(
    history=arrays(float, 12, elements=FINITE),
    errors=arrays(float, 3, elements=FINITE),
    factor=st.floats(0.01, 100),
    shift=FINITE,
)
def test_mase_does_not_depend_on_the_unit(history, errors, factor, shift):
    history = history + np.arange(12) * 300  # a scale well above the rounding error of the shift
    actual = np.array([1.0, 2.0, 3.0])
    plain = scores.mase(actual + errors, actual, history, 1)
    moved = scores.mase(factor * (actual + errors) + shift, factor * actual + shift, factor * history + shift, 1)
    assert moved == pytest.approx(plain, rel=1e-6, abs=1e-6)


def test_mase_refuses_a_history_shorter_than_a_season():
    with pytest.raises(ValueError, match="4 apart"):
        scores.mase([1.0], [1.0], [1.0, 2.0, 3.0], season=4)


def test_crps_of_many_normal_draws_is_the_closed_form():
    rng = np.random.default_rng(2)
    mean, sd = np.array([0.0, 5.0, -3.0]), np.array([1.0, 0.2, 4.0])
    actual = np.array([0.3, 5.5, -3.0])
    draws = mean + sd * rng.standard_normal((400_000, 3))
    assert scores.crps_from_draws(draws, actual) == pytest.approx(scores.crps_normal(mean, sd, actual), rel=0.01)


def test_crps_normal_at_its_own_centre():
    # 2 phi(0) - 1/sqrt(pi) = (sqrt(2) - 1) / sqrt(pi)
    assert scores.crps_normal(7, 3, 7) == pytest.approx(3 * (math.sqrt(2) - 1) / math.sqrt(math.pi))


def test_crps_normal_is_the_integral_of_the_squared_distance_between_distributions():
    mean, sd, actual = 1.0, 2.0, 2.5
    grid = np.linspace(-25, 25, 200_001)
    below = np.vectorize(NormalDist(mean, sd).cdf)(grid)
    integral = np.sum((below - (grid >= actual)) ** 2) * (grid[1] - grid[0])
    assert scores.crps_normal(mean, sd, actual) == pytest.approx(integral, rel=1e-3)


def test_crps_normal_without_spread_is_the_absolute_error():
    assert scores.crps_normal([1.0, 1.0], [0.0, 1e-12], [3.0, 3.0]) == pytest.approx([2.0, 2.0])


@pytest.mark.parametrize("sd", [-1.0, math.nan])
def test_crps_normal_refuses_a_senseless_sd(sd):
    with pytest.raises(ValueError, match="sd"):
        scores.crps_normal(0, sd, 0)


@given(draws=arrays(float, (7, 2), elements=FINITE), actual=arrays(float, 2, elements=FINITE))
def test_sorted_crps_is_the_mean_over_all_pairs(draws, actual):
    pairs = np.abs(draws[:, None, :] - draws[None, :, :]).sum(axis=(0, 1)) / (7 * 6)
    slow = np.abs(draws - actual).mean(axis=0) - pairs / 2
    assert scores.crps_from_draws(draws, actual) == pytest.approx(slow, abs=1e-9)


def test_crps_is_not_biased_by_the_number_of_draws():
    rng = np.random.default_rng(3)
    few = scores.crps_from_draws(rng.standard_normal((3, 100_000)), np.full(100_000, 0.5))
    band = 4 * few.std() / math.sqrt(few.size)
    assert few.mean() == pytest.approx(float(scores.crps_normal(0, 1, 0.5)), abs=band)


def test_crps_keeps_its_digits_at_a_large_level():
    draws = np.random.default_rng(4).standard_normal((1000, 1))
    near, far = scores.crps_from_draws(draws, [0.0]), scores.crps_from_draws(draws + 1e9, [1e9])
    assert far == pytest.approx(near, rel=1e-5)


def test_crps_prefers_the_true_distribution():
    rng = np.random.default_rng(5)
    actual = rng.standard_normal(20_000)
    mean_score = {sd: scores.crps_normal(0, sd, actual).mean() for sd in (0.5, 0.8, 1.0, 1.25, 2.0)}
    assert min(mean_score, key=mean_score.get) == 1.0


def test_coverage_counts_the_ends_as_inside():
    assert scores.coverage([0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 0.5, 1.1]) == 0.75


@pytest.mark.parametrize("level", scores.CENTRAL_INTERVALS)
def test_true_quantiles_cover_as_often_as_they_say(level):
    count, share = 5000, level / 100
    actual = np.random.default_rng(level).standard_normal(count)
    edge = NormalDist().inv_cdf(0.5 + share / 2)
    got = scores.coverage(np.full(count, -edge), np.full(count, edge), actual)
    assert got == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / count))


def test_coverage_refuses_an_interval_upside_down():
    with pytest.raises(ValueError, match="low end"):
        scores.coverage([1.0], [0.0], [0.5])


def test_score_table_of_a_true_forecast():
    rng = np.random.default_rng(6)
    horizon = 2000
    history = rng.standard_normal(5000)
    table = scores.score_table(rng.standard_normal((2000, horizon)), rng.standard_normal(horizon), history, season=1)
    assert list(table) == ["mase", "crps", "coverage50", "coverage80", "coverage90"]
    # Independent N(0, 1): mean |y| = sqrt(2/pi) over mean |y - y'| = 2/sqrt(pi); mean CRPS = 1/sqrt(pi).
    assert table["mase"] == pytest.approx(1 / math.sqrt(2), rel=0.06)
    assert table["crps"] == pytest.approx(1 / math.sqrt(math.pi), rel=0.06)
    for level in scores.CENTRAL_INTERVALS:
        share = level / 100
        assert table[f"coverage{level}"] == pytest.approx(
            share, abs=4 * math.sqrt(share * (1 - share) / horizon) + 0.005
        )


def test_score_table_takes_the_median_as_point():
    draws = np.array([[0.0], [0.0], [0.0], [1000.0]])
    assert scores.score_table(draws, [0.0], [0.0, 1.0], season=1)["mase"] == 0


@pytest.mark.parametrize(
    ("draws", "actual"),
    [
        (np.zeros((1, 2)), np.zeros(2)),
        (np.zeros(4), np.zeros(4)),
        (np.zeros((3, 2)), np.zeros(3)),
        (np.zeros((3, 0)), np.zeros(0)),
        (np.full((3, 2), math.nan), np.zeros(2)),
        (np.zeros((3, 2)), np.array([0.0, math.nan])),
    ],
)
def test_wrong_shapes_and_gaps_are_refused(draws, actual):
    with pytest.raises(ValueError):
        scores.crps_from_draws(draws, actual)
    with pytest.raises(ValueError):
        scores.score_table(draws, actual, np.arange(5.0), 1)
