"""Small regressions: fixed effects by demeaning, errors that allow for clusters and for runs of weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SWEEPS, STILL = 500, 1e-9  # of alternating projections, and the relative movement at which they end


@dataclass(frozen=True)
class Slopes:
    """Coefficients (k,) and their standard errors (k,), widened to t quantiles; n rows in so many clusters."""

    estimate: np.ndarray
    error: np.ndarray
    n: int
    clusters: int


def within(y: np.ndarray, x: np.ndarray, effects: Sequence[np.ndarray], clusters: Sequence[np.ndarray]) -> Slopes:
    """Least squares of y (n,) on x (n, k) within the groups of every one of `effects`, errors by one or two `clusters`.

    Two-way clusters after Cameron, Gelbach & Miller 2011 (JBES 29): the sum of both one-way sandwiches less that of
    their crossing, and never below the larger of the two. Effects and clusters are arrays (n,) of labels. Raises
    numpy.linalg.LinAlgError where a column does not vary within the groups.
    """
    effects = [np.unique(e, return_inverse=True)[1] for e in effects]
    clusters = [np.unique(c, return_inverse=True)[1] for c in clusters]
    columns, spread = demeaned(np.column_stack([y, x]), effects), np.sqrt(len(x)) * x.std(axis=0)
    y, x = columns[:, 0], columns[:, 1:]
    gram = x.T @ x
    size = np.sqrt(np.diag(gram))
    if (size <= 1e-9 * spread).any() or np.linalg.cond(gram / np.outer(size, size)) > 1e10:
        raise np.linalg.LinAlgError("a column does not vary within the groups")
    bread = np.linalg.inv(gram)
    estimate = bread @ (x.T @ y)
    scores = x * (y - x @ estimate)[:, None]
    ways = [_variance(bread, scores, c) for c in clusters]
    least = np.max(ways, axis=0)
    if len(clusters) == 2:
        crossed = np.unique(clusters[0] * (clusters[1].max() + 1) + clusters[1], return_inverse=True)[1]
        least = np.maximum(least, ways[0] + ways[1] - _variance(bread, scores, crossed))
    groups = min(int(c.max()) + 1 for c in clusters)
    return Slopes(estimate, np.sqrt(least) * widening(groups - 1), len(y), groups)


def demeaned(columns: np.ndarray, effects: Sequence[np.ndarray]) -> np.ndarray:
    """Columns (n, k) less their means in every group of every effect, by alternating projections."""
    columns = columns - columns.mean(axis=0)
    size = np.sqrt((columns**2).mean(axis=0)) + 1e-300
    counts = [np.bincount(e) for e in effects]
    for _ in range(SWEEPS if len(effects) > 1 else 1):
        moved = 0.0
        for effect, count in zip(effects, counts):
            means = np.column_stack([np.bincount(effect, c) for c in columns.T]) / count[:, None]
            columns = columns - means[effect]
            moved = max(moved, float((np.abs(means) / size).max()))
        if moved < STILL:
            break
    return columns


def _variance(bread: np.ndarray, scores: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    groups = int(cluster.max()) + 1
    sums = np.column_stack([np.bincount(cluster, s) for s in scores.T])
    return np.diag(bread @ (sums.T @ sums) @ bread) * groups / max(groups - 1, 1)


def widening(freedom: float) -> float:
    """How much wider a t interval is than a Normal one: few clusters say little about their own spread."""
    from scipy.stats import norm, t

    return float(t.ppf(0.95, max(freedom, 1)) / norm.ppf(0.95))


def log_linear(counts: np.ndarray, x: np.ndarray, lags: int) -> Slopes:
    """Poisson pseudo-likelihood of counts (n,) on x (n, k), which has its constant, with Newey-West errors.

    ln E[counts] = x β; only the mean needs to be right (Gourieroux, Monfort & Trognon 1984). Raises
    numpy.linalg.LinAlgError where the counts do not say β.
    """
    beta = np.zeros(x.shape[1])
    beta[0] = np.log(counts.mean())
    for _ in range(100):
        mean = np.exp(np.clip(x @ beta, -50, 50))
        step = np.linalg.solve((x * mean[:, None]).T @ x, x.T @ (counts - mean))
        beta = beta + step * min(1.0, 2.0 / (np.abs(x @ step).max() + 1e-300))
        if np.abs(step).max() < 1e-10:
            break
    mean = np.exp(np.clip(x @ beta, -50, 50))
    bread = np.linalg.inv((x * mean[:, None]).T @ x)
    return _in_runs(beta, bread, x * (counts - mean)[:, None], lags, np.diag(bread))


def linear(y: np.ndarray, x: np.ndarray, lags: int) -> Slopes:
    """Least squares of y (n,) on x (n, k), which has its constant, with Newey-West errors."""
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ (x.T @ y)
    return _in_runs(beta, bread, x * (y - x @ beta)[:, None], lags, 0.0)


def _in_runs(beta: np.ndarray, bread: np.ndarray, scores: np.ndarray, lags: int, least) -> Slopes:
    """Newey & West 1987 with Bartlett weights, scaled for the coefficients that were spent.

    In short series their errors come out too small, so none is below that of independent weeks, nor below `least`, the
    variance that the counts' own chance makes.
    """
    n, k = scores.shape
    apart = scores.T @ scores
    runs = apart.copy()
    for lag in range(1, lags + 1):
        with_lag = scores[lag:].T @ scores[:-lag]
        runs += (1 - lag / (lags + 1)) * (with_lag + with_lag.T)
    variance = np.maximum(*(np.diag(bread @ spread @ bread) * n / (n - k) for spread in (runs, apart)))
    return Slopes(beta, np.sqrt(np.maximum(variance, least)) * widening(n - k), n, n)
