"""What a purchase is worth: the likelihood of the Gamma-Gamma model and the mean spend that a person is expected to have.

Fader & Hardie 2013, note "The Gamma-Gamma model of monetary value": one purchase of a person is gamma(p, nu), nu is
gamma(q, gamma) over persons, and neither depends on how often the person buys.
"""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, gammaln

from gearwheel.fit.customer_history import Histories, Spending
from gearwheel.fit.customer_timing import in_blocks

SAME = 0.01  # of the mean: persons whose mean spends lie no further apart are taken to spend the same


def same_spend(histories: Histories) -> float | None:
    """The money of a repeat purchase where it is the same for everybody (within SAME), else None.

    The Gamma-Gamma model has no maximum there: it climbs toward a spread of zero, within persons and between them.
    Of a single person it is not known whether others spend the same.
    """
    mean, persons = histories.spending.mean, histories.spending.persons
    if persons.sum() < 2 or mean.max() - mean.min() > SAME * mean.mean():
        return None
    return float(np.average(mean, weights=histories.spending.x * persons))


class Spend:
    """The likelihood of the Gamma-Gamma model at log parameters (p, q, gamma), many at once."""

    names = ("p", "q", "gamma")

    def __init__(self, spending: Spending):
        x, self.persons = spending.x.astype(float), spending.persons.astype(float)
        self.total, self.log_mean = x * spending.mean, np.log(spending.mean)
        self.x, self.at_x = np.unique(x, return_inverse=True)
        self.with_x = np.bincount(self.at_x, self.persons)
        self.fixed = float(self.persons @ self.log_mean)
        self.logs = float(self.persons @ (x * self.log_mean))

    def log_likelihood(self, z: np.ndarray) -> np.ndarray:
        """At log parameters (B, 3), shape (B,)."""
        return in_blocks(lambda piece: self._terms(piece, False), z, len(self.total))[0]

    def slope(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log-likelihood (B,) and its gradient in the log parameters (B, 3)."""
        return in_blocks(lambda piece: self._terms(piece, True), z, len(self.total))

    def _terms(self, z: np.ndarray, sloped: bool) -> tuple[np.ndarray, ...]:
        with np.errstate(all="ignore"):  # far out the likelihood is zero, and is told by -inf
            p, q, gamma = np.exp(z).T[:, :, None]
            px, log_total = p * self.x, np.log(gamma + self.total)
            by_x = gammaln(px + q) - gammaln(px) - gammaln(q) + q * z[:, 2:3] + px * np.log(self.x)
            value = by_x @ self.with_x + p[:, 0] * self.logs - self.fixed
            value -= ((px + q)[:, self.at_x] * log_total) @ self.persons
            value = np.where(np.isfinite(value), value, -np.inf)
            if not sloped:
                return (value,)
            shape = digamma(px + q)
            inverse = self.persons / (gamma + self.total)
            slope = [
                ((shape - digamma(px) + np.log(self.x)) * self.x) @ self.with_x
                + self.logs
                - log_total @ (self.x[self.at_x] * self.persons),
                (shape - digamma(q) + z[:, 2:3]) @ self.with_x - log_total @ self.persons,
                q[:, 0] / gamma[:, 0] * self.with_x.sum() - ((px + q)[:, self.at_x] * inverse).sum(1),
            ]
            return value, np.stack(slope, axis=1) * np.exp(z)
