"""Importance sampling: k-hat on targets of known tails, moments, resampling, and the way back from a bad proposal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import genpareto, multivariate_t, norm
from scipy.stats import t as student

from gearwheel.fit.evaluate import Terms
from gearwheel.fit.importance import GATE, LEAST_ESS, Proposal, Weighted, adapt, gpd_shape, smooth

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")  # of profile weights that are zero then


def posterior(mean: np.ndarray, covariance: np.ndarray):
    """Terms whose posterior, N(0, 1) beliefs included, is this Normal."""
    precision = np.linalg.inv(covariance)

    def evaluate(u):
        moved = u - mean
        log_posterior = -0.5 * np.einsum("bi,ij,bj->b", moved, precision, moved)
        nothing = np.zeros((len(u), 0))
        return Terms(log_posterior + 0.5 * (u**2).sum(axis=1), nothing, nothing)

    return evaluate


def correlated(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of a Normal whose sds span a factor of ten."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((size, size)) / np.sqrt(size) + np.eye(size)
    sds = 10 ** rng.uniform(-1, 0, size)
    return rng.standard_normal(size), sds[:, None] * (root @ root.T) * sds


def once(evaluate, mean, covariance, *, draws: int, seed: int) -> Weighted:
    """One round from one proposal, without adaptation."""
    return adapt(evaluate, mean, covariance, draws=draws, seed=seed, rounds=1)


# ---- the generalised Pareto and k-hat


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.3, 0.7, 1.2])
def test_the_shape_of_a_generalised_pareto_is_recovered(shape):
    rng = np.random.default_rng(3)
    draws = [np.sort(genpareto.rvs(shape, scale=2.5, size=600, random_state=rng)) for _ in range(40)]
    found = np.array([gpd_shape(x) for x in draws])
    assert found[:, 0].mean() == pytest.approx(shape, abs=0.04)
    assert found[:, 0].std() < 0.1
    assert found[:, 1].mean() == pytest.approx(2.5, rel=0.05)


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-6, 1e6), st.integers(0, 99))
def test_the_shape_has_no_unit_and_the_scale_has_one(unit, seed):
    x = np.sort(genpareto.rvs(0.4, size=200, random_state=seed))
    (shape, scale), (other, scaled) = gpd_shape(x), gpd_shape(unit * x)
    assert other == pytest.approx(shape, rel=1e-6, abs=1e-9) and scaled == pytest.approx(unit * scale, rel=1e-6)


def test_k_hat_tells_light_from_heavy_weights():
    """From N(0, 1) towards N(0, s²) the weights have tail index 1 − 1/s² for s > 1, and are bounded below that."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(40_000)
    bounded = smooth(norm.logpdf(x, 0, 0.9) - norm.logpdf(x))[1]
    theory = smooth(norm.logpdf(x, 0, np.sqrt(2)) - norm.logpdf(x))[1]
    hopeless = smooth(norm.logpdf(x, 0, 3) - norm.logpdf(x))[1]
    heavy = smooth(student.logpdf(x, 2) - norm.logpdf(x))[1]
    assert bounded < 0.3 < theory < GATE < hopeless
    assert theory == pytest.approx(0.5, abs=0.15) and hopeless == pytest.approx(8 / 9, abs=0.2) and heavy > GATE


def test_smoothing_keeps_order_sum_and_the_bulk():
    logs = 2 * np.random.default_rng(1).standard_normal(2000)
    weights, _ = smooth(logs)
    raw = np.exp(logs - logs.max())
    order = np.argsort(raw)
    assert weights.sum() == pytest.approx(1.0) and (np.diff(weights[order]) >= -1e-18).all()
    tail = int(3 * np.sqrt(2000))
    bulk = order[: -tail - 1]
    np.testing.assert_allclose(weights[bulk] / weights[bulk].sum(), raw[bulk] / raw[bulk].sum(), rtol=1e-12)


def test_draws_without_a_posterior_get_no_weight_and_too_few_are_refused():
    logs = np.random.default_rng(1).standard_normal(1000)
    logs[:300] = -np.inf
    logs[300:310] = np.nan
    weights, k_hat = smooth(logs)
    assert not weights[:310].any() and np.isfinite(k_hat)
    logs[50:] = -np.inf
    logs[:50] = 0.1
    assert smooth(logs)[1] == np.inf


# ---- sampling


def test_proposals_have_the_density_of_a_multivariate_t():
    mean, covariance = correlated(3, seed=1)
    ours = Proposal(mean, np.linalg.cholesky(covariance))
    points = mean + np.random.default_rng(0).standard_normal((20, 3))
    theirs = multivariate_t(mean, covariance, ours.freedom).logpdf(points)
    difference = ours.log_density(points) - theirs
    np.testing.assert_allclose(difference, difference[0], atol=1e-10)
    wide = Proposal(mean, 3 * np.linalg.cholesky(covariance))
    shifted = wide.log_density(points) - multivariate_t(mean, 9 * covariance, wide.freedom).logpdf(points)
    np.testing.assert_allclose(shifted, difference[0], atol=1e-10)  # one constant for all proposals: they are mixed


@pytest.mark.parametrize("size", [2, 30])
def test_a_good_proposal_passes_with_the_moments_of_the_target(size):
    mean, covariance = correlated(size, seed=size)
    found = once(posterior(mean, covariance), mean, covariance, draws=20_000, seed=1)
    assert found.passed and found.k_hat < 0.3
    sds = np.sqrt(np.diag(covariance))
    moved = (found.u - mean) / sds
    np.testing.assert_allclose(found.weights @ moved, 0.0, atol=5 / np.sqrt(found.ess))
    observed = (found.weights[:, None] * moved).T @ moved
    np.testing.assert_allclose(observed, covariance / np.outer(sds, sds), atol=6 / np.sqrt(found.ess))


def test_a_proposal_off_its_mark_is_weighted_back():
    mean, covariance = correlated(4, seed=9)
    sds = np.sqrt(np.diag(covariance))
    found = once(posterior(mean, covariance), mean + 0.5 * sds, 1.5 * covariance, draws=40_000, seed=1)
    assert found.passed
    np.testing.assert_allclose((found.weights @ found.u - mean) / sds, 0.0, atol=5 / np.sqrt(found.ess))
    variances = found.weights @ (found.u - mean) ** 2
    np.testing.assert_allclose(variances / sds**2, 1.0, atol=0.12)


def test_a_far_too_narrow_proposal_is_refused():
    mean, covariance = correlated(8, seed=2)
    found = once(posterior(mean, covariance), mean, covariance / 9, draws=4096, seed=1)
    assert not found.passed and (found.k_hat > GATE or found.ess < LEAST_ESS)


@pytest.mark.parametrize("draws", [1000, 2000, 4000, 4096])
def test_a_symmetric_target_does_not_spoil_k_hat_by_its_mirrored_pairs(draws):
    evaluate = posterior(np.zeros(3), np.diag([1.0, 0.25, 4.0]))
    found = once(evaluate, np.zeros(3), np.diag([1.0, 0.25, 4.0]), draws=draws, seed=4)
    assert np.isfinite(found.k_hat) and found.k_hat < 0.5


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_resampling_gives_each_draw_its_share(seed):
    rng = np.random.default_rng(seed)
    weights = rng.gamma(0.3, size=50)
    weights /= weights.sum()
    picked = Weighted(np.arange(50.0)[:, None], weights, 0.1, 1 / (weights**2).sum()).resample(4000, seed)
    counts = np.bincount(picked[:, 0].astype(int), minlength=50)
    assert np.abs(counts - 4000 * weights).max() <= 1.0 + 1e-9  # systematic: within one of the expectation


def test_resampling_is_unbiased_over_seeds_and_in_random_order():
    weights = np.array([0.503, 0.2971, 0.1999])
    one = Weighted(np.arange(3.0)[:, None], weights, 0.1, 2.5)
    shares = (
        np.mean([np.bincount(one.resample(10, s)[:, 0].astype(int), minlength=3) for s in range(4000)], axis=0) / 10
    )
    np.testing.assert_allclose(shares, weights, atol=0.004)
    path = one.resample(3000, 1)[:, 0]
    assert abs(np.corrcoef(path[1:], path[:-1])[0, 1]) < 0.1


@pytest.mark.parametrize("size", [5, 20])
def test_adapting_finds_its_way_from_a_wrong_covariance(size):
    """Off its mark by 0.3 sd; in few dimensions without any correlation, in many with variances 0.5 to 2 times right."""
    mean, covariance = correlated(size, seed=size + 1)
    sds, factors = np.sqrt(np.diag(covariance)), np.sqrt(np.random.default_rng(0).uniform(0.5, 2.0, size))
    wrong = np.diag(sds**2) if size < 10 else factors[:, None] * covariance * factors
    evaluate, begin, rounds = posterior(mean, covariance), mean + 0.3 * sds, []
    first = once(evaluate, begin, wrong, draws=4096, seed=1)
    found = adapt(evaluate, begin, wrong, draws=4096, seed=1, rounds=8, progress=lambda n, w: rounds.append(w.ess))
    assert not first.passed and found.passed and len(rounds) > 1
    print(f"{size} dimensions: effective draws by round {[round(e) for e in rounds]}")
    np.testing.assert_allclose((found.weights @ found.u - mean) / sds, 0.0, atol=5 / np.sqrt(found.ess))


def test_where_adapting_fails_it_says_so():
    """Thirty strongly correlated dimensions proposed as if they were independent."""
    mean, covariance = correlated(30, seed=31)
    wrong = np.diag(np.diag(covariance))
    assert not adapt(posterior(mean, covariance), mean, wrong, draws=1000, seed=1, rounds=4).passed


def test_adapting_stops_at_once_where_the_proposal_is_good():
    mean, covariance = correlated(6, seed=1)
    rounds = []
    adapt(posterior(mean, covariance), mean, covariance, draws=4096, seed=1, progress=lambda *r: rounds.append(r))
    assert len(rounds) == 1
