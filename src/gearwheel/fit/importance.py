"""Importance sampling around the mode, with Pareto-smoothed weights and the k-hat gate.

Vehtari, Simpson, Gelman, Yao & Gabry 2024, "Pareto smoothed importance sampling" (JMLR 25); the generalised Pareto
fit is Zhang & Stephens 2009.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from gearwheel.fit.evaluate import Terms
from gearwheel.wheel.errors import FitError

GATE = 0.7
LEAST_ESS = 400.0


@dataclass(frozen=True)
class Weighted:
    """Draws u (draws, size) with normalised weights (draws,), k-hat and the effective sample size 1/Σw²."""

    u: np.ndarray
    weights: np.ndarray
    k_hat: float
    ess: float

    @property
    def passed(self) -> bool:
        return self.k_hat < GATE and self.ess >= LEAST_ESS

    def resample(self, draws: int, seed: int) -> np.ndarray:
        """Equally weighted draws by systematic resampling, shape (draws, size), in random order."""
        rng = np.random.default_rng(seed)
        points = (np.arange(draws) + rng.random()) / draws
        picked = np.searchsorted(np.cumsum(self.weights), points).clip(max=len(self.weights) - 1)
        return self.u[rng.permutation(picked)]


def gpd_shape(exceedances: np.ndarray) -> tuple[float, float]:
    """Shape k and scale of a generalised Pareto for sorted positive exceedances (Zhang & Stephens 2009)."""
    x = np.asarray(exceedances)
    n = len(x)
    m = 30 + int(np.sqrt(n))
    quartile = x[int(n / 4 + 0.5) - 1]
    b = 1 / x[-1] + (1 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))) / (3 * quartile)
    k = np.log1p(-b[:, None] * x).mean(axis=1)
    profile = n * (np.log(-b / k) - k - 1)
    weight = 1 / np.exp(profile - profile[:, None]).sum(axis=1)
    weight = weight / weight.sum()
    best = float((b * weight).sum())
    shape = float(np.log1p(-best * x).mean())
    scale = -shape / best
    return shape * n / (n + 10) + 0.5 * 10 / (n + 10), scale  # a weak prior towards 0.5 (their appendix)


def smooth(log_weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Pareto-smoothed, normalised weights and k-hat. k-hat is infinite when too few weights are usable."""
    finite = np.isfinite(log_weights)
    logs = np.where(finite, log_weights, -np.inf)
    weights = np.exp(logs - logs.max())
    draws = len(weights)
    tail = int(min(0.2 * draws, 3 * np.sqrt(draws)))
    order = np.argsort(weights)
    cut = weights[order[-tail - 1]]
    exceed = weights[order[-tail:]] - cut
    if finite.sum() < 2 * tail or exceed[tail // 4] <= 0:
        return weights / weights.sum(), float("inf")
    k, sigma = gpd_shape(exceed)
    quantiles = (np.arange(tail) + 0.5) / tail
    fitted = sigma * np.expm1(-k * np.log1p(-quantiles)) / k if abs(k) > 1e-12 else -sigma * np.log1p(-quantiles)
    weights[order[-tail:]] = np.minimum(cut + fitted, weights[order[-1]])
    return weights / weights.sum(), k


@dataclass(frozen=True)
class Proposal:
    """A multivariate t around `mean` (size,) with scale matrix root·rootᵀ."""

    mean: np.ndarray
    root: np.ndarray
    freedom: float = 60.0

    def draw(self, draws: int, seed: int) -> np.ndarray:
        """Draws (draws, size), half of them mirrored so that the proposal's mean is met exactly."""
        rng = np.random.default_rng(seed)
        half = rng.standard_normal((draws // 2, len(self.mean)))
        half *= np.sqrt(self.freedom / rng.chisquare(self.freedom, draws // 2))[:, None]
        return self.mean + np.concatenate([half, -half]) @ self.root.T

    def log_density(self, u: np.ndarray) -> np.ndarray:
        """Up to a constant that all proposals of one size and freedom share."""
        standard = solve_triangular(self.root, (u - self.mean).T, lower=True)
        distance = (standard**2).sum(axis=0)
        volume = np.log(np.diag(self.root)).sum()
        return -0.5 * (self.freedom + len(self.mean)) * np.log1p(distance / self.freedom) - volume


def adapt(
    evaluate: Callable[[np.ndarray], Terms],
    mean: np.ndarray,
    covariance: np.ndarray,
    *,
    draws: int,
    seed: int,
    rounds: int = 6,
    progress: Callable[[int, Weighted], None] | None = None,
) -> Weighted:
    """Rounds of `draws` each until the gate is passed or `rounds` are spent; all draws of all rounds count.

    Every draw is weighted by the posterior over the mixture of all proposals used so far, and the next proposal takes
    the moments of the pool (adaptive multiple importance sampling: Cornuet, Marin, Mira & Robert 2012). While the
    pool is thin its covariance is shrunk to the first one. Raises FitError where a proposal has no spread.
    """
    proposals = [Proposal(mean, _root(covariance))]
    pool, log_posterior = np.empty((0, len(mean))), np.empty(0)
    for number in range(rounds):
        u = proposals[-1].draw(draws, seed + number)
        pool = np.concatenate([pool, u])
        log_posterior = np.concatenate([log_posterior, evaluate(u).log_likelihood - 0.5 * (u**2).sum(axis=1)])
        mixture = np.logaddexp.reduce([p.log_density(pool) for p in proposals], axis=0) - np.log(len(proposals))
        weights, k_hat = smooth(log_posterior - mixture)
        found = Weighted(pool, weights, k_hat, float(1 / (weights**2).sum()))
        if progress:
            progress(number, found)
        if found.passed:
            break
        centre = weights @ pool
        moved = pool - centre
        trust = min(0.9, found.ess / (found.ess + 8 * len(mean)))
        shrunk = trust * (weights[:, None] * moved).T @ moved + (1 - trust) * covariance
        proposals.append(Proposal(centre, _root(shrunk)))
    return found


def _root(covariance: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        raise FitError("the posterior has no spread to draw from: the data leave a parameter without bounds") from None
