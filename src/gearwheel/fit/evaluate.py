"""Evaluate the filter for many draws: one compiled batch, two threads, data as arguments."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from gearwheel.fit.evidence import EvidenceTerms
from gearwheel.fit.filter import Data, Filter
from gearwheel.fit.observations import Observations
from gearwheel.spin.compiled import jax_ready

BATCH = 16
STEP = 1e-5  # finite-difference step in whitened coordinates


@dataclass(frozen=True)
class Terms:
    """What record and evidence say at each of B draws: log-likelihood (B,), residuals and log variances (B, rows)."""

    log_likelihood: np.ndarray
    residual: np.ndarray
    log_variance: np.ndarray


class Evaluator:
    """Holds the compiled filter of one layout. `bind` gives the function of the data of one split."""

    def __init__(self, model: Filter):
        self.model = model
        jax = jax_ready()
        self.evidence = EvidenceTerms(model.program, model.beliefs)
        self._terms = jax.jit(jax.vmap(self._at, in_axes=(0, None)))
        self._compiled: set = set()
        self._history = jax.jit(jax.vmap(lambda u, d: model.run(u, d, True), in_axes=(0, None)))

    def bind(self, observations: Observations) -> Callable[[np.ndarray], Terms]:
        data = self.data(observations)
        rows, seen = observations.seen, data[1][-1]

        def evaluate(u: np.ndarray) -> Terms:
            gained, residual, logged, *terms = self._in_batches(self._terms, u, data)
            total, residual, logged = gained.sum(axis=(1, 2)), residual[:, rows], logged[:, rows]
            if terms:
                total = total + terms[0].sum(axis=1)
                residual = np.concatenate([residual, terms[1][:, seen]], axis=1)
                logged = np.concatenate([logged, terms[2][:, seen]], axis=1)
            total = np.where(np.isfinite(total), total, -np.inf)
            return Terms(total, residual, logged)

        return evaluate

    def _at(self, u, data) -> tuple:
        """The filter's three arrays (K, G), and after them evidence's three (E,) where there is any."""
        rows, evidence = data
        if self.model.observations.readings:
            found = self.model.run(u, rows, False)
        else:
            found = (rows[0],) * 3  # nothing is measured: no rows
        return (*found, *self.evidence.run(u, evidence)) if len(self.evidence) else found

    def log_likelihood(self, u, data):
        """Of record and evidence together, for gradients; `data` as of `data`."""
        return sum(part.sum() for part in self._at(u, data)[::3])

    def data(self, observations: Observations) -> tuple:
        """The arrays that enter the compiled function."""
        return Data.of(observations), self.evidence.data(observations.known)

    def foretold(self, u: np.ndarray) -> np.ndarray:
        """What each piece of evidence should read at draws u (B, size), shape (B, E)."""
        jax = jax_ready()
        return np.asarray(jax.jit(jax.vmap(self.evidence.predicted))(u))

    def history(self, u: np.ndarray, observations: Observations, reduce: Callable) -> tuple[np.ndarray, ...]:
        """`reduce` of (gained, residual, log variance, means (B, K, m), covariances (B, K, m, m), expected (B, K, G)).

        The covariances of all instants are large: `reduce` picks what is wanted from one batch at a time.
        """
        return self._in_batches(self._history, u, Data.of(observations), reduce)

    def _in_batches(self, function, u: np.ndarray, data: tuple, reduce: Callable = tuple) -> tuple[np.ndarray, ...]:
        """Pad to whole batches, so that one compilation serves every number of draws, and use all cores."""
        u = np.atleast_2d(u)
        count = len(u)
        padded = np.concatenate([u, np.repeat(u[-1:], -count % BATCH, axis=0)])
        pieces = [padded[i : i + BATCH] for i in range(0, len(padded), BATCH)]

        def one(piece):
            return reduce([np.asarray(a) for a in function(piece, data)])

        alone = 0 if function in self._compiled else 1  # threads must not compile the same thing side by side
        found = [one(piece) for piece in pieces[:alone]]
        self._compiled.add(function)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            found += list(pool.map(one, pieces[alone:]))
        return tuple(np.concatenate(arrays)[:count] for arrays in zip(*found))


def slopes(evaluate: Callable[[np.ndarray], Terms], u: np.ndarray) -> tuple[Terms, np.ndarray, np.ndarray]:
    """Value at u (size,), gradient of the log posterior, and its expected information.

    Forward differences in whitened coordinates: their error, STEP/2 times the curvature, moves the mode by far less
    than its sd, and they cost half of central ones. Information = Σ ∂r∂rᵀ/v + ½ Σ ∂log v ∂log vᵀ + I, with r the
    residuals, v their predictive variances (Harvey 1989, section 3.4.5), and I from the N(0, 1) prior.
    """
    size = len(u)
    both = evaluate(np.concatenate([u[None], u + STEP * np.eye(size)]))
    here = Terms(both.log_likelihood[:1], both.residual[:1], both.log_variance[:1])
    with np.errstate(invalid="ignore"):  # where nothing is likely at all, the slope is not a number, and is seen there
        gradient = (both.log_likelihood[1:] - both.log_likelihood[0]) / STEP - u
    de = (both.residual[1:] - here.residual) / STEP
    dv = (both.log_variance[1:] - here.log_variance) / STEP
    dr = de + 0.5 * here.residual * dv  # ∂r/√v, not ∂(r/√v): the variance has its own term
    information = dr @ dr.T + 0.5 * dv @ dv.T + np.eye(size)
    return here, gradient, information
