"""Evaluate the filter for many draws: one compiled batch, two threads, data as arguments."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from gearwheel.fit.filter import Data, Filter
from gearwheel.fit.observations import Observations
from gearwheel.spin.compiled import jax_ready

BATCH = 32
STEP = 1e-4  # finite-difference step in whitened coordinates


@dataclass(frozen=True)
class Terms:
    """What the filter says at each of B draws: log-likelihood (B,), residuals and log variances (B, rows)."""

    log_likelihood: np.ndarray
    residual: np.ndarray
    log_variance: np.ndarray


class Evaluator:
    """Holds the compiled filter of one layout. `bind` gives the function of the data of one split."""

    def __init__(self, model: Filter):
        self.model = model
        jax = jax_ready()
        self._terms = jax.jit(jax.vmap(lambda u, d: model.run(u, d, False), in_axes=(0, None)))
        self._history = jax.jit(jax.vmap(lambda u, d: model.run(u, d, True), in_axes=(0, None)))

    def bind(self, observations: Observations) -> Callable[[np.ndarray], Terms]:
        data, rows = Data.of(observations), observations.seen

        def evaluate(u: np.ndarray) -> Terms:
            gained, residual, logged = self._in_batches(self._terms, u, data)
            total = gained.sum(axis=(1, 2))
            total = np.where(np.isfinite(total), total, -np.inf)
            return Terms(total, residual[:, rows], logged[:, rows])

        return evaluate

    def history(self, u: np.ndarray, observations: Observations, reduce: Callable) -> tuple[np.ndarray, ...]:
        """`reduce` of (gained, residual, log variance, means (B, K, m), covariances (B, K, m, m), expected (B, K, G)).

        The covariances of all instants are large: `reduce` picks what is wanted from one batch at a time.
        """
        return self._in_batches(self._history, u, Data.of(observations), reduce)

    @staticmethod
    def _in_batches(function, u: np.ndarray, data: tuple, reduce: Callable = tuple) -> tuple[np.ndarray, ...]:
        """Pad to whole batches, so that one compilation serves every number of draws, and use all cores."""
        u = np.atleast_2d(u)
        count = len(u)
        padded = np.concatenate([u, np.repeat(u[-1:], -count % BATCH, axis=0)])
        pieces = [padded[i : i + BATCH] for i in range(0, len(padded), BATCH)]

        def one(piece):
            return reduce([np.asarray(a) for a in function(piece, data)])

        first = [one(pieces[0])]  # compiles once, before the threads ask for it
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            rest = list(pool.map(one, pieces[1:]))
        return tuple(np.concatenate(arrays)[:count] for arrays in zip(*(first + rest)))


def slopes(evaluate: Callable[[np.ndarray], Terms], u: np.ndarray) -> tuple[Terms, np.ndarray, np.ndarray]:
    """Value at u (size,), gradient of the log posterior, and its expected information.

    Central differences in whitened coordinates. Information = Σ ∂e∂eᵀ + ½ Σ ∂log v ∂log vᵀ + I, with e the
    standardised residuals and v the predictive variances (Harvey 1989, section 3.4.5), I from the N(0, 1) prior.
    """
    size = len(u)
    moves = STEP * np.eye(size)
    both = evaluate(np.concatenate([u[None], u + moves, u - moves]))
    here = Terms(both.log_likelihood[:1], both.residual[:1], both.log_variance[:1])
    up, down = slice(1, 1 + size), slice(1 + size, None)
    gradient = (both.log_likelihood[up] - both.log_likelihood[down]) / (2 * STEP) - u
    de = (both.residual[up] - both.residual[down]) / (2 * STEP)
    # ∂r/√v, not ∂(r/√v): the variance has its own term
    dv = (both.log_variance[up] - both.log_variance[down]) / (2 * STEP)
    dr = de + 0.5 * here.residual * dv
    information = dr @ dr.T + 0.5 * dv @ dv.T + np.eye(size)
    return here, gradient, information
