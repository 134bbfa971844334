"""What the desk knows of customers before it starts: expected spending, how uncertain it is, and what a feeling changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gearwheel.fit.customers import Fitted, alive, expected_purchases, expected_spend

MOST_DRAWS = 100  # of the customers' model: the spread needs no more
BLOCK = 4096  # histories valued at once
WIDEST = 3.0  # of a spread in logs: beyond it nothing is known


def valued(timing: Fitted, spend: Fitted | None, history: Mapping[str, np.ndarray], ahead: float, discount: float):
    """(value, value_spread, orders_ahead), each (persons,): expected discounted spending within `ahead`, the sd of its
    logarithm, and the expected number of orders.

    `history`: x, t_x and T (persons,) in the unit of `timing`, and spent, the money of the x repeat purchases;
    `discount` a yearly rate. Equal histories are worked out once. Without a model of spend the value is NaN.
    """
    x, spent = np.asarray(history["x"], float), np.asarray(history["spent"], float)
    mean = np.where(x > 0, spent / np.maximum(x, 1), 0.0)
    kinds, at = np.unique(np.stack([x, history["t_x"], history["T"], mean], axis=1), axis=0, return_inverse=True)
    found = [_valued(timing, spend, kinds[k : k + BLOCK].T, ahead, discount) for k in range(0, len(kinds), BLOCK)]
    return tuple(np.concatenate(column)[at.reshape(-1)] for column in zip(*found))


def _valued(timing: Fitted, spend: Fitted | None, kinds: np.ndarray, ahead: float, discount: float):
    """The same for (4, kinds) of x, t_x, T and mean spend.

    A customer's own spending is taken as lognormal with the first two moments that the models give it: alive or not,
    a gamma rate (r + x), and in Gamma-Gamma a mean spend that is inverse gamma (p x + q); over all posterior draws.
    """
    x, t_x, T, mean = kinds
    timing = _fewer(timing)
    orders = expected_purchases(timing, x, t_x, T, ahead).mean(axis=0)
    if spend is None:
        return np.full(len(x), np.nan), np.ones(len(x)), orders
    spend = _fewer(spend)
    count = min(len(timing.draws), len(spend.draws))
    each = expected_spend(spend, x, mean)[:count]
    each = np.where(np.isfinite(each), each, np.nan)  # draws in which spending has no mean say nothing
    expected = expected_purchases(timing, x, t_x, T, ahead, discount)[:count] * each
    shape = spend.draws[:count, :1] * x + spend.draws[:count, 1:2]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (1 + 1 / (timing.draws[:count, :1] + x)) / np.maximum(alive(timing, x, t_x, T)[:count], 1e-9)
        ratio = ratio * np.where(shape > 2, (shape - 1) / (shape - 2), np.exp(WIDEST**2))
        value = np.nanmean(expected, axis=0)
        second = np.nanmean(expected**2 * ratio, axis=0)
        spread = np.sqrt(np.log(np.maximum(second / value**2, 1.0)))
    return value, np.minimum(np.where(np.isfinite(spread), spread, WIDEST), WIDEST), orders


def _fewer(fit: Fitted) -> Fitted:
    return Fitted(**{**fit.__dict__, "draws": fit.draws[:MOST_DRAWS]})


def fees_ahead(fee: np.ndarray, due: np.ndarray, period: np.ndarray, renews: float, ahead: float, discount: float):
    """Expected discounted fees of members within `ahead`, (members,): the next one falls `due` from now, the others a
    `period` later each, each paid by those who have renewed so far with the chance `renews`. Times in years."""
    number = np.arange(np.ceil(ahead / max(period.min(), 1 / 60)) + 1) if len(period) else np.zeros(0)
    when = due[:, None] + period[:, None] * number
    paid = np.where(when <= ahead, renews ** (number + 1) * (1 + discount) ** -when, 0.0)
    return fee * paid.sum(axis=1)


def lift_ahead(lift: float, share: np.ndarray) -> np.ndarray:
    """By how much a member's own past understates what is to come, (members,): orders then were (1 - share) at the old
    rate and `share` at the old rate × `lift`; all that is to come is at the latter."""
    return lift / (1 + (lift - 1) * share)


def satisfaction_elasticity(delight, loyalty, churn, fades, horizon: float) -> np.ndarray:
    """d ln E / d ln s: by how much what a customer spends within `horizon` follows a shift of satisfaction that fades,
    (draws,).

    Spending runs at f s^delight while one stays, and one leaves at the rate c s^-loyalty; a shift d of ln s now is
    d e^(-t/τ) after t. With A(r) = (1 - e^(-rT))/r, the discounted time at rate r,

        d ln E / d ln s = delight ρ + loyalty c τ (1 - ρ),    ρ = A(c + 1/τ) / A(c).

    A shift that never fades (τ → ∞) gives delight + loyalty (1 - cT e^(-cT)/(1 - e^(-cT))). All in one unit of time;
    `delight`, `loyalty`, `churn` (c) and `fades` (τ) are (draws,) or numbers.
    """
    share = _time(churn + 1 / fades, horizon) / _time(churn, horizon)
    return np.asarray(delight * share + loyalty * churn * fades * (1 - share))


def _time(rate, horizon: float) -> np.ndarray:
    return -np.expm1(-np.maximum(rate, 1e-12) * horizon) / np.maximum(rate, 1e-12)
