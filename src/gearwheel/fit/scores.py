"""Scores of a forecast: MASE for the point, CRPS for the whole distribution, coverage for the intervals.

Every function takes the transformed scale of the gauge (log, logit or natural) and never transforms by itself:
a forecast and its baselines must be judged on the same scale, and only the caller knows which.
"""

from __future__ import annotations

import math

import numpy as np

CENTRAL_INTERVALS = (50, 80, 90)  # per cent

_erf = np.vectorize(math.erf, otypes=[float])


def mase(forecast_point: np.ndarray, actual: np.ndarray, history: np.ndarray, season: int) -> float:
    """Mean absolute scaled error: mean |actual - forecast| / mean |history[t] - history[t - season]|.

    `forecast_point` and `actual` have shape (horizon,), `history` (n,), all in the same transformed scale. Gaps (NaN)
    in `history` leave out the pairs they touch. A history without any seasonal change has no scale: the answer is NaN.
    Raises ValueError for unequal shapes, gaps in forecast or actual, or a history with no pair one season apart.
    Source: Hyndman & Koehler 2006, "Another look at measures of forecast accuracy", Int. J. Forecasting 22(4),
    with the seasonal scale of Hyndman & Athanasopoulos, "Forecasting: Principles and Practice", section 5.8.
    """
    if season < 1:
        raise ValueError(f"season must be at least 1, not {season}")
    forecast_point, actual = _same_shape(forecast_point, actual)
    history = np.asarray(history, dtype=float)
    changes = np.abs(history[season:] - history[:-season])
    changes = changes[np.isfinite(changes)]
    if not changes.size:
        raise ValueError(f"a history of {history.size} points has no two measured values {season} apart")
    scale = changes.mean()
    return float(np.abs(actual - forecast_point).mean() / scale) if scale > 0 else math.nan


def crps_from_draws(draws: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score per step ahead, from predictive draws; lower is better.

    `draws` has shape (n_draws, horizon), `actual` (horizon,); the answer has shape (horizon,) and the unit of `actual`.
    E|X - y| - E|X - X'| / 2 (Gneiting & Raftery 2007, "Strictly proper scoring rules, prediction, and estimation",
    JASA 102, section 4.2, equation 21 with the sign turned). The second mean runs over pairs of different draws, so
    the number of draws does not bias the score (the "fair" form: Ferro 2014, Q. J. R. Meteorol. Soc. 140). Sorting
    makes it O(n log n): the sum over pairs is sum_i (2i - n + 1) x_(i), i from 0. It can be slightly below zero.
    Raises ValueError for fewer than two draws, wrong shapes or values that are not finite.
    """
    draws, actual = _draws_and_actual(draws, actual)
    count = len(draws)
    error = np.abs(draws - actual).mean(axis=0)
    # Differences from the actual, not the draws themselves: large levels would cancel digits in the weighted sum.
    ranked = np.sort(draws - actual, axis=0)
    weights = 2.0 * np.arange(count) - count + 1
    half_spread = weights @ ranked / (count * (count - 1))
    return error - half_spread


def crps_normal(mean: np.ndarray, sd: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """CRPS of a Normal forecast in closed form; shapes broadcast, unit of `actual`.

    sd * (z (2 Phi(z) - 1) + 2 phi(z) - 1/sqrt(pi)) with z = (actual - mean) / sd (Gneiting & Raftery 2007, section
    4.2); its limit |actual - mean| where sd is 0. Raises ValueError for a negative or missing sd.
    """
    mean, sd, actual = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in (mean, sd, actual)))
    if not (sd >= 0).all():
        raise ValueError("the sd of a Normal forecast must be zero or more")
    error = actual - mean
    z = np.divide(error, sd, out=np.zeros_like(error), where=sd > 0)
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    score = sd * (z * _erf(z / math.sqrt(2)) + 2 * density - 1 / math.sqrt(math.pi))
    return np.where(sd > 0, score, np.abs(error))


def coverage(low: np.ndarray, high: np.ndarray, actual: np.ndarray) -> float:
    """Share of `actual` inside the closed intervals [low, high]; all of one shape, the answer in 0..1.

    Raises ValueError for unequal shapes, no values, values that are not finite, or an interval upside down.
    """
    low, actual = _same_shape(low, actual)
    high, actual = _same_shape(high, actual)
    if (low > high).any():
        raise ValueError("an interval has its low end above its high end")
    return float(((low <= actual) & (actual <= high)).mean())


def score_table(draws: np.ndarray, actual: np.ndarray, history: np.ndarray, season: int) -> dict[str, float]:
    """All scores of one forecast from one origin, averaged over the horizon.

    `draws` has shape (n_draws, horizon), `actual` (horizon,), `history` (n,), all in the transformed scale. The point
    forecast is the median of the draws, the central intervals lie between their quantiles. Keys: mase, crps,
    coverage50, coverage80, coverage90. Raises ValueError as the single scores do.
    """
    draws, actual = _draws_and_actual(draws, actual)
    table = {
        "mase": mase(np.median(draws, axis=0), actual, history, season),
        "crps": float(crps_from_draws(draws, actual).mean()),
    }
    for level in CENTRAL_INTERVALS:
        low, high = np.quantile(draws, [0.5 - level / 200, 0.5 + level / 200], axis=0)
        table[f"coverage{level}"] = coverage(low, high, actual)
    return table


def _draws_and_actual(draws: np.ndarray, actual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    draws, actual = np.asarray(draws, dtype=float), np.asarray(actual, dtype=float)
    if draws.ndim != 2 or actual.shape != draws.shape[1:] or not actual.size:
        raise ValueError(f"draws {draws.shape} and actual {actual.shape} must be (n_draws, horizon) and (horizon,)")
    if len(draws) < 2:
        raise ValueError("a distribution needs at least two draws")
    if not (np.isfinite(draws).all() and np.isfinite(actual).all()):
        raise ValueError("draws and actual must be finite: leave out the steps that were not measured")
    return draws, actual


def _same_shape(forecast: np.ndarray, actual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    forecast, actual = np.asarray(forecast, dtype=float), np.asarray(actual, dtype=float)
    if forecast.shape != actual.shape or not actual.size:
        raise ValueError(f"forecast {forecast.shape} and actual {actual.shape} must have one shape and some values")
    if not (np.isfinite(forecast).all() and np.isfinite(actual).all()):
        raise ValueError("forecast and actual must be finite: leave out the steps that were not measured")
    return forecast, actual
