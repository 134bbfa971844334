"""Customer value with its uncertainty: who is still a customer, what they will buy, what that is worth.

All answers take a fitted model and give one column a person (or kind of person) and one row a posterior draw. The
formulas are those of Fader, Hardie & Lee 2005 (BG/NBD) and of Batislam, Denizel & Filiztekin 2007 (MBG/NBD), written
with n chances to stop, n = x and n = x + 1; spend is Fader & Hardie 2013 (Gamma-Gamma).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, expit, hyp2f1, roots_legendre

from gearwheel.fit.customer_fit import Fitted, fit_spend, fit_timing, most_likely
from gearwheel.fit.customer_history import DAYS, Histories, counted, people, summarise
from gearwheel.fit.customer_spend import same_spend
from gearwheel.fit.customer_timing import FIRST_CHANCE, in_blocks

__all__ = [
    "Base", "Fitted", "Histories", "alive", "base", "counted", "expected_purchases", "expected_spend",
    "fit_spend", "fit_timing", "most_likely", "people", "same_spend", "simulated_purchases", "summarise",
    "value",
]  # fmt: skip

NODES = 8  # of the discounting integral: the expected purchases are smooth in time
NARROW = 256  # nodes of the quadrature where the closed form leaves the numbers a computer has
EVEN = 1e-6  # the closed form is 0/0 at a = 1: it is taken this far beside


def alive(fit: Fitted, x, t_x, T) -> np.ndarray:
    """The chance of still being a customer at T, shape (draws, R), for histories (R,) in the fit's unit.

    BG/NBD lets nobody stop before the first repeat purchase, so it calls every one-time buyer alive.
    """
    x, t_x, T = (np.atleast_1d(np.asarray(v, float)) for v in (x, t_x, T))
    return in_blocks(lambda draws: (_alive(fit.model, draws, x, t_x, T),), fit.draws, len(x))[0]


def expected_purchases(fit: Fitted, x, t_x, T, ahead: float, discount: float = 0.0) -> np.ndarray:
    """Expected number of purchases in the time `ahead` after T, shape (draws, R).

    With a yearly `discount` rate, a purchase s years ahead counts (1 + discount)^-s. Someone just won has x, t_x and
    T of zero.
    """
    x, t_x, T = (np.atleast_1d(np.asarray(v, float)) for v in (x, t_x, T))
    coming = _Coming(fit, x, T, ahead, discount)
    return in_blocks(lambda draws: (_alive(fit.model, draws, x, t_x, T) * coming(draws),), fit.draws, len(x))[0]


def expected_spend(fit: Fitted, x, mean) -> np.ndarray:
    """Expected money of a purchase, shape (draws, R), of persons with x repeat purchases of `mean` money each (R,).

    Infinite in draws whose spending has no mean over persons (q <= 1), for who has no repeat purchase.
    """
    x, mean = (np.atleast_1d(np.asarray(v, float)) for v in (x, mean))
    p, q, gamma = fit.draws.T[:, :, None]
    return _over(p * (gamma + mean * x), p * x + q - 1)


def value(timing: Fitted, spend: Fitted, x, t_x, T, mean, horizon: float, discount: float, margin: float = 1.0):
    """What the purchases within `horizon` after T are worth, shape (draws, R): margin × spend × discounted purchases.

    `discount` is the yearly rate and `margin` the share of spend that is kept; the models take spend and frequency
    to be independent given the history. Draws of the two fits are paired.
    """
    timing, spend = _paired(timing, spend)
    bought = expected_purchases(timing, x, t_x, T, horizon, discount)
    return margin * bought * expected_spend(spend, x, mean)


@dataclass(frozen=True)
class Base:
    """The customer base as a whole, one number a posterior draw: how many are alive, what they buy and are worth.

    `value` is None without a spend model.
    """

    persons: int
    alive: np.ndarray
    purchases: np.ndarray
    value: np.ndarray | None


def base(
    timing: Fitted,
    histories: Histories,
    ahead: float,
    *,
    spend: Fitted | float | None = None,
    horizon: float | None = None,
    discount: float = 0.1,
    margin: float = 1.0,
    draws: int = 200,
) -> Base:
    """Totals over all persons: purchases in the next `ahead`, value over `horizon` (`ahead` when not given).

    `spend` is a fitted model, or the money of every purchase where it is the same (`same_spend`). Expected spend is
    linear in the money spent, so a row of persons alike needs only their sum.
    """
    h, horizon = histories, ahead if horizon is None else horizon
    timing, modeled = _first(timing, draws), isinstance(spend, Fitted)
    if modeled:
        timing, spend = _paired(timing, spend)
    soon, late = _Coming(timing, h.x, h.T, ahead), _Coming(timing, h.x, h.T, horizon, discount)

    def totals(paired):
        chance = _alive(timing.model, paired[:, :4], h.x, h.t_x, h.T)
        found = [chance @ h.persons, (chance * soon(paired[:, :4])) @ h.persons]
        if spend is not None:
            money = _money(paired[:, 4:], h) if modeled else spend * h.persons
            found.append(margin * (chance * late(paired[:, :4]) * money).sum(axis=1))
        return tuple(found)

    both = np.hstack([timing.draws, spend.draws]) if modeled else timing.draws
    found = in_blocks(totals, both, len(h.x))
    return Base(int(h.persons.sum()), found[0], found[1], found[2] if spend is not None else None)


def _money(draws: np.ndarray, h: Histories) -> np.ndarray:
    """Expected money of one purchase of each of a row's persons, together, at draws (draws, 3)."""
    p, q, gamma = draws.T[:, :, None]
    return _over(p * (gamma * h.persons + h.spent), p * h.x + q - 1)


def simulated_purchases(fit: Fitted, histories: Histories, ahead: float, seed: int = 1) -> np.ndarray:
    """The total number of purchases in the next `ahead` with all its chance, shape (draws,): a prediction interval.

    One draw of everyone's fate a posterior draw: alive or not, the own rate, the own chance to stop, and the number
    of purchases until then.
    """
    rng, h = np.random.default_rng(seed), histories
    totals = []
    for draw in fit.draws:
        r, alpha, a, b = draw
        chance = _alive(fit.model, draw[None], h.x.astype(float), h.t_x, h.T)[0]
        row = np.repeat(np.arange(len(h.x)), rng.binomial(h.persons, chance))
        rate = rng.gamma(r + h.x[row]) / (alpha + h.T[row])
        stop = np.clip(rng.beta(a, b + h.x[row] + FIRST_CHANCE[fit.model]), 1e-12, 1 - 1e-12)
        most = np.ceil(np.log(rng.random(len(row))) / np.log1p(-stop))
        totals.append(np.minimum(rng.poisson(rate * ahead), most).sum())
    return np.array(totals)


def _alive(model: str, draws: np.ndarray, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
    r, alpha, a, b = draws.T[:, :, None]
    n = x + FIRST_CHANCE[model]
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(a) - np.log(b + n - 1) + (r + x) * (np.log(alpha + T) - np.log(alpha + t_x))
    return np.where(n > 0, expit(-odds), 1.0)


class _Coming:
    """Discounted expected purchases of who is alive, which depend on x and T alone: each pair is worked out once."""

    def __init__(self, fit: Fitted, x: np.ndarray, T: np.ndarray, ahead: float, discount: float = 0.0):
        pairs, self.at = np.unique(np.asarray(x) + 1j * T, return_inverse=True)
        self.x, self.T, self.model, self.ahead = pairs.real, pairs.imag, fit.model, ahead
        self.rate = np.log1p(discount) * DAYS[fit.unit] / DAYS["year"]

    def __call__(self, draws: np.ndarray) -> np.ndarray:
        """∫ e^(-rate s) dE(s) by parts, so that only the expectation E(s) itself is needed; shape (draws, R)."""
        total = np.exp(-self.rate * self.ahead) * _purchases(self.model, draws, self.x, self.T, self.ahead)
        if self.rate:
            nodes, weights = roots_legendre(NODES)
            for s, weight in zip(self.ahead * (nodes + 1) / 2, self.ahead * weights / 2):
                total += self.rate * weight * np.exp(-self.rate * s) * _purchases(self.model, draws, self.x, self.T, s)
        return total[:, self.at]


def _purchases(model: str, draws: np.ndarray, x: np.ndarray, T: np.ndarray, ahead: float) -> np.ndarray:
    """Expected purchases of who is alive: E[(1 - (1 + p ahead/(alpha+T))^-(r+x)) / p] over p ~ beta(a, b+n).

    Euler's transformation (Abramowitz & Stegun 15.3.3) of the published form leaves no power that grows with x.
    """
    r, alpha, a, b = draws.T[:, :, None]
    a = np.where(np.abs(a - 1) < EVEN, 1 + EVEN, a)
    c, z = a + b + x + FIRST_CHANCE[model] - 1, ahead / (alpha + T + ahead)
    with np.errstate(all="ignore"):
        found = c / (a - 1) * (1 - (1 - z) ** (a - 1) * hyp2f1(c - r - x, a - 1, c, z))
    at = np.nonzero(~np.isfinite(found))
    if len(at[0]):
        r, alpha, a, b, x, T = (np.broadcast_to(v, found.shape)[at][:, None] for v in (r, alpha, a, b, x, T))
        found[at] = _by_quadrature(a, b + x + FIRST_CHANCE[model], r + x, ahead / (alpha + T))
    return found


def _by_quadrature(a: np.ndarray, b: np.ndarray, shape: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    nodes, weights = roots_legendre(NARROW)
    p = np.maximum(betaincinv(a, b, (nodes + 1) / 2), 1e-300)
    return (-np.expm1(-shape * np.log1p(p * ahead)) / p) @ weights / 2


def _over(money: np.ndarray, shape: np.ndarray) -> np.ndarray:
    return np.where(shape > 0, money / np.where(shape > 0, shape, 1), np.inf)


def _first(fit: Fitted, draws: int) -> Fitted:
    return Fitted(**{**fit.__dict__, "draws": fit.draws[:draws]})


def _paired(timing: Fitted, spend: Fitted) -> tuple[Fitted, Fitted]:
    both = min(len(timing.draws), len(spend.draws))
    return _first(timing, both), _first(spend, both)
