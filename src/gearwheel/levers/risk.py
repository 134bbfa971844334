"""Risk over draws: expected value, CVaR and chance constraints, all as weights on the sorted draws."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from gearwheel.wheel.errors import Problem, WheelError, did_you_mean
from gearwheel.wheel.parts import Wheel

MEASURES = ("expected", "cvar")
_RULE = re.compile(r"^\s*([\w.]+)\s*(>=|<=)\s*([-+.\deE]+)\s*(?:with\s+([.\d]+)\s*(%?))?\s*$")


@dataclass(frozen=True)
class Rule:
    """`variable` at least (sign 1) or at most (sign -1) `bound` at all times, with this probability."""

    text: str
    variable: str
    sign: float
    bound: float
    probability: float


def parse_rules(texts: Iterable[str], wheel: Wheel) -> tuple[Rule, ...]:
    """`"costs.cash >= 0 with 0.95"` and the like; without `with` it is 0.95. Raises WheelError (GW147) otherwise."""
    from gearwheel.spin.run import resolve_name

    rules = []
    for text in texts:
        found = _RULE.match(text)
        probability = 0.95
        if found and found[4]:
            probability = float(found[4]) / (100 if found[5] else 1)
        if not found or not 0 < probability < 1 or not _is_number(found[3]):
            hint = "Write: VARIABLE >= NUMBER with PROBABILITY, such as costs.cash >= 0 with 0.95."
            raise WheelError(Problem("GW147", f"'{text}' is no condition that can be kept", wheel.file, hint=hint))
        try:
            variable = resolve_name(found[1], wheel.variables())
        except KeyError:
            hint = did_you_mean(found[1], wheel.variables())
            message = f"the condition '{text}' names no variable of the wheel"
            raise WheelError(Problem("GW147", message, wheel.file, hint=hint)) from None
        rules.append(Rule(text.strip(), variable, 1.0 if found[2] == ">=" else -1.0, float(found[3]), probability))
    return tuple(rules)


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def mean_weights(draws: int) -> np.ndarray:
    return np.full(draws, 1 / draws)


def tail_weights(draws: int, share: float) -> np.ndarray:
    """Weights that give the mean of the worst `share` of the sorted draws.

    CVaR as Rockafellar & Uryasev (2000, J. Risk 2) state it, max over t of t - E[(t - Y)+] / share, with the maximum
    over t in closed form: the draw that t lies on counts in part.
    """
    held = share * draws
    return np.clip(held - np.arange(draws), 0.0, 1.0) / held


def quantile_weights(draws: int, probability: float) -> np.ndarray:
    """Weights of the quantile estimator of Harrell & Davis (1982, Biometrika 69): smooth in the draws."""
    a, b = probability * (draws + 1), (1 - probability) * (draws + 1)
    return np.diff(beta.cdf(np.arange(draws + 1) / draws, a, b))


def squashed(xp, margins, widths):
    """(rules, draws) margins between -1 and 1, in the same order and with the same sign: a few draws far below would
    otherwise pull a smooth quantile down that lies above zero. `widths` (rules,): the margin that becomes one half."""
    return margins / (widths[:, None] + xp.abs(margins))


def width(margins: np.ndarray, probability: float) -> float:
    """Of squashing: how far margins (draws,) are apart just above their quantile at this probability."""
    near, above = np.nanquantile(margins, [probability, min(2 * probability, 0.5 + probability / 2)])
    return float(above - near) or float(np.nanstd(margins)) or abs(float(np.nanmean(margins))) or 1.0


def ordered(xp, values, weights):
    """Σ weights · sorted values over the last axis."""
    return (xp.sort(values, axis=-1) * weights).sum(axis=-1)


def explodes(values: np.ndarray) -> bool:
    """Whether a few draws make the mean of these (draws,): it lies outside the middle two thirds of them."""
    low, high = np.nanquantile(values, [1 / 6, 5 / 6])
    return not low <= float(np.nanmean(values)) <= high


def cvar(values: np.ndarray, share: float) -> float:
    """Mean of the worst `share` of the draws (the lowest)."""
    return float(ordered(np, np.asarray(values, float), tail_weights(len(values), share)))
