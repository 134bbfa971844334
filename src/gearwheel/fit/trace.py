"""States over time: one state drawn from the filter's Normal for every parameter draw and instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gearwheel.fit.evaluate import Evaluator
from gearwheel.fit.observations import Observations


@dataclass(frozen=True)
class Traced:
    """At grid indices `at` (T,): stocks (draws, T, n) on their natural scale, seasons (draws, T, blocks); and the
    standardised one-step-ahead residuals (draws, K, G) of the whole run."""

    at: np.ndarray
    stocks: np.ndarray
    seasons: np.ndarray
    residual: np.ndarray


def trace(
    evaluator: Evaluator, u: np.ndarray, observations: Observations, instants: Sequence[int], seed: int
) -> Traced:
    """Filtered states: each knows the record up to its instant and nothing later."""
    model = evaluator.model
    n, a = model.n, model.a
    keep = np.r_[0:n, n + a : model.m]
    picks = np.asarray(instants, dtype=int)

    def reduce(arrays):
        _, residual, _, mean, covariance, _ = arrays
        return residual, mean[:, picks][..., keep], covariance[:, picks][..., keep, :][..., keep]

    residual, mean, covariance = evaluator.history(u, observations, reduce)
    values, vectors = np.linalg.eigh(covariance)
    shock = np.random.default_rng(seed).standard_normal(mean.shape) * np.sqrt(np.maximum(values, 0.0))
    z = mean + (vectors @ shock[..., None])[..., 0]
    positive = model.program.positive
    stocks = np.where(positive, np.exp(np.where(positive, z[..., :n], 0.0)), z[..., :n])
    return Traced(picks, stocks, z[..., n:], residual)


def predictive_checks(traced: Traced, observations: Observations) -> dict[str, dict]:
    """Per gauge, from the one-step-ahead residuals of a well-specified model: N(0, 1) and uncorrelated."""
    found = {}
    for g, reading in enumerate(observations.readings):
        rows = observations.seen[:, g] & (observations.bound[:, g] == 0)
        if rows.sum() < 3:
            continue
        z = traced.residual[:, rows, g]
        found[reading.name] = {
            "rows": int(rows.sum()),
            "coverage50": float((np.abs(z) < 0.6745).mean()),
            "coverage90": float((np.abs(z) < 1.6449).mean()),
            "z_mean": float(z.mean()),
            "z_sd": float(z.std()),
            "autocorrelation": float(np.mean([np.corrcoef(row[:-1], row[1:])[0, 1] for row in z])),
        }
    return found
