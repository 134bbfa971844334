"""When people buy and when they stop: the likelihood of BG/NBD and MBG/NBD over counted histories, with its slope.

Fader, Hardie & Lee 2005, "Counting your customers the easy way" (Marketing Science 24(2)): purchases are Poisson with
rates gamma(r, alpha) over persons; after each repeat purchase a person stops with a chance that is beta(a, b) over
persons. Batislam, Denizel & Filiztekin 2007 (IJRM 24) and Hoppe & Wagner 2007 (Marketing ZFP 29): a person may also
stop right after the first purchase. Both are one model with n chances to stop, n = x and n = x + 1.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gearwheel.fit.customer_gamma import log_rise, rise_slope
from gearwheel.fit.customer_history import Histories

FIRST_CHANCE = {"BG/NBD": 0, "MBG/NBD": 1}
CELLS = 200_000  # parameters × rows worked on at a time, so that they stay in the cache


def in_blocks(function: Callable, z: np.ndarray, rows: int) -> tuple[np.ndarray, ...]:
    """`function` of a few parameter sets at a time, on two cores; NumPy lets go of the interpreter meanwhile."""
    size = max(1, CELLS // max(1, rows))
    pieces = [z[i : i + size] for i in range(0, len(z), size)]
    with ThreadPoolExecutor(2) as pool:
        return tuple(np.concatenate(parts) for parts in zip(*pool.map(function, pieces)))


class Timing:
    """The likelihood of one model on one set of histories, at log parameters (r, alpha, a, b), many at once.

    What depends on x or T alone is summed over their distinct values; only the chance of having stopped needs rows.
    """

    names = ("r", "alpha", "a", "b")

    def __init__(self, model: str, histories: Histories):
        weight = histories.persons.astype(float)
        self.x, at_x = np.unique(histories.x.astype(float), return_inverse=True)
        self.T, at_T = np.unique(histories.T, return_inverse=True)
        self.chances = self.x + FIRST_CHANCE[model]
        self.with_x, self.with_T = np.bincount(at_x, weight), np.bincount(at_T, weight)
        self.bought_by_T = np.bincount(at_T, weight * histories.x)
        able = self.chances[at_x] > 0  # who never had a chance to stop is alive
        self.t_x, self.at_t = np.unique(histories.t_x[able], return_inverse=True)
        self.at_x, self.at_T, self.weight = at_x[able], at_T[able], weight[able]

    def log_likelihood(self, z: np.ndarray) -> np.ndarray:
        """At log parameters (B, 4), shape (B,)."""
        return in_blocks(lambda piece: self._terms(piece, False), z, len(self.weight))[0]

    def slope(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log-likelihood (B,) and its gradient in the log parameters (B, 4)."""
        return in_blocks(lambda piece: self._terms(piece, True), z, len(self.weight))

    def _terms(self, z: np.ndarray, sloped: bool) -> tuple[np.ndarray, ...]:
        with np.errstate(all="ignore"):  # far out the likelihood is zero, and is told by -inf
            r, alpha, a, b = np.exp(z).T[:, :, None]
            n, many = self.chances, r + self.x
            passed, bought = np.log1p(self.T / alpha), np.log1p(self.t_x / alpha)
            by_x = log_rise(r, self.x) + log_rise(b, n) - log_rise(a + b, n)
            risk = z[:, 2:3] - np.log(b + n - 1)
            apart = passed[:, self.at_T] - bought[:, self.at_t]
            odds = risk[:, self.at_x] + many[:, self.at_x] * apart  # log odds of having stopped
            stopped = np.exp(-np.abs(odds))
            value = by_x @ self.with_x - r[:, 0] * (passed @ self.with_T) - (z[:, 1:2] + passed) @ self.bought_by_T
            value += (np.maximum(odds, 0) + np.log(1 + stopped)) @ self.weight
            value = np.where(np.isfinite(value), value, -np.inf)
            if not sloped:
                return (value,)
            stopped = np.where(odds > 0, 1, stopped) / (1 + stopped) * self.weight
            nearer = 1 / (alpha + self.T[self.at_T]) - 1 / (alpha + self.t_x[self.at_t])
            together = -rise_slope(a + b, n)
            left = (r * self.T / alpha) * self.with_T - self.bought_by_T
            slope = [
                rise_slope(r, self.x) @ self.with_x - passed @ self.with_T + (stopped * apart).sum(1),
                (left / (alpha + self.T)).sum(1) + (stopped * many[:, self.at_x] * nearer).sum(1),
                together @ self.with_x + stopped.sum(1) / a[:, 0],
                (together + rise_slope(b, n)) @ self.with_x - (stopped / (b + n - 1)[:, self.at_x]).sum(1),
            ]
            return value, np.stack(slope, axis=1) * np.exp(z)
