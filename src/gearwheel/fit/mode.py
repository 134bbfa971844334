"""The posterior mode by Fisher scoring from several starts: few iterations, no compiled gradient needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gearwheel.fit.evaluate import Terms, slopes

DAMPING = np.array([0.0, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4, 1e6])
SHRINK = np.array([1.0, 0.3])


@dataclass(frozen=True)
class Mode:
    """Where the log posterior peaks: coordinates u, its value, and the expected information there."""

    u: np.ndarray
    log_posterior: float
    information: np.ndarray
    gradient: np.ndarray
    iterations: int


def find_mode(
    evaluate: Callable[[np.ndarray], Terms],
    start: np.ndarray,
    *,
    free: np.ndarray | None = None,
    prior: np.ndarray | None = None,
    most: int = 40,
    tolerance: float = 0.02,
) -> Mode:
    """Climb from `start` (size,). `free` masks the coordinates that may move; `prior` (size,) is 1 where the
    belief counts and 0 where it is left out (profiles of the likelihood).

    Each iteration tries eight damped scoring steps at two lengths in one batch (Levenberg 1944) and keeps the best.
    Stops when the predicted gain of the full step is below `tolerance` log units.
    """
    size = len(start)
    free = np.ones(size, bool) if free is None else free
    prior = np.ones(size) if prior is None else prior
    u = start.copy()
    iteration = 0
    while True:
        iteration += 1
        here, gradient, information = slopes(evaluate, u)
        gradient = gradient + (1 - prior) * u
        information = information - np.diag(1 - prior)
        value = float(here.log_likelihood[0] - 0.5 * (prior * u**2).sum())
        inner = np.ix_(free, free)
        step = np.linalg.solve(information[inner] + 1e-9 * np.eye(free.sum()), gradient[free])
        gain = 0.5 * float(gradient[free] @ step)
        if (np.isfinite(value) and gain < tolerance) or iteration == most:
            break
        candidates = _candidates(u, gradient, information, free)
        values = evaluate(candidates).log_likelihood - 0.5 * (prior * candidates**2).sum(axis=1)
        best = int(np.argmax(np.where(np.isfinite(values), values, -np.inf)))
        if not values[best] > value:
            break
        u = candidates[best]
    return Mode(u, value, information, gradient, iteration)


def _candidates(u: np.ndarray, gradient: np.ndarray, information: np.ndarray, free: np.ndarray) -> np.ndarray:
    inner = np.ix_(free, free)
    found = []
    for damping in DAMPING:
        step = np.zeros_like(u)
        step[free] = np.linalg.solve(information[inner] + damping * np.eye(free.sum()), gradient[free])
        found += [u + shrink * step for shrink in SHRINK]
    return np.array(found)
