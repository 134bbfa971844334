"""What a policy would have cost, from the log of another one, before it goes live (off-policy evaluation).

Inverse propensity scoring (Horvitz & Thompson 1952), its self-normalised form (Hájek 1971; Swaminathan & Joachims 2015)
and the doubly robust estimator (Dudík, Langford & Li 2011), with errors clustered by customer. None of them says what
a customer's later claims would have been under the other policy: each decision is judged by its own outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from gearwheel.desk.history import History, clustered, folds
from gearwheel.wheel.errors import DeskError, Problem

HEAVY = 0.05  # share of all weight on one decision from which on it decides too much
THIN = 0.1  # effective decisions over decisions, below which little is left
FEWEST = 20  # effective decisions below which an interval means nothing
SLOPES = 10  # decisions of an action that a line through its costs needs


@dataclass(frozen=True)
class Estimate:
    """Cost a decision, with its standard error and interval; `method` is ips, snips or dr."""

    method: str
    value: float
    error: float
    low: float
    high: float


@dataclass(frozen=True)
class Evaluation:
    """`estimates` of the new policy by method, and its difference to the old one (`saved` > 0: the new one is cheaper);
    `old`: what was decided did cost. `effective`: decisions that the weighted ones are worth (Kish 1965)."""

    estimates: dict[str, Estimate]
    saved: Estimate
    old: Estimate
    decisions: int
    effective: float
    heaviest: float
    warnings: tuple[str, ...]


def evaluate(
    history: History, target: np.ndarray, expected: np.ndarray | None = None, level: float = 0.95
) -> Evaluation:
    """Evaluate a policy that answers with the probabilities `target` (n, actions) on decisions whose `cost` is known.

    `expected` (n, actions) is a model of the cost, such as the desk's own; the doubly robust estimate leans on it where
    the new policy differs from the log, and is right with any model as long as the propensities are. Raises DeskError
    (GW520) where the new policy answers what was never possible in the log, and names it.
    """
    known = np.isfinite(history.outcome("cost"))
    if known.sum() < 2:
        said = f"there is nothing to evaluate on: of {len(known):,} decisions the cost of {known.sum()} is known"
        hint = "It is once the window is over (--window, days; 60 unless set) and something but a purchase was told."
        raise DeskError(Problem("GW520", said, hint=hint))
    part, target = history.where(known), target[known]
    _supported(part, target)
    cost, customers, rows = part.outcome("cost"), part.customers(), np.arange(len(part))
    weight = target[rows, part.chosen] / part.propensity[rows, part.chosen]
    model = np.zeros_like(target) if expected is None else expected[known]
    model = _calibrated(part, model, customers)
    residual = cost - model[rows, part.chosen]
    scores = {
        "ips": weight * cost,
        "snips": weight * cost / weight.mean(),
        "dr": (target * model).sum(axis=1) + weight * residual,
    }
    spreads = scores | {"snips": weight * (cost - scores["snips"].mean()) / weight.mean()}  # delta method
    estimates = {m: _estimate(m, scores[m].mean(), spreads[m], customers, level) for m in scores}
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    heaviest = float(weight.max() / weight.sum())
    return Evaluation(
        estimates=estimates,
        saved=_estimate("dr", (cost - scores["dr"]).mean(), cost - scores["dr"], customers, level),
        old=_estimate("log", cost.mean(), cost, customers, level),
        decisions=len(part),
        effective=effective,
        heaviest=heaviest,
        warnings=tuple(_warnings(len(part), effective, heaviest, weight, customers)),
    )


def _supported(part: History, target: np.ndarray) -> None:
    impossible = (target > 0) & ~(part.propensity > 0)
    problems = []
    for a, action in enumerate(part.actions):
        count = int(impossible[:, a].sum())
        if not count:
            continue
        ever = (part.propensity[:, a] > 0).any()
        said = (
            f"the new policy would answer '{action}' {count:,} times where the log never could"
            if ever
            else f"'{action}' was never possible in the log, and the new policy would answer it {count:,} times"
        )
        hint = f"let the desk draw '{action}' now and then (explore = 0.05), or evaluate a policy without it"
        problems.append(Problem("GW520", said, hint=hint))
    if problems:
        raise DeskError(problems)


def _calibrated(part: History, model: np.ndarray, customers: np.ndarray) -> np.ndarray:
    """The model moved onto the costs of each action by a line fitted on other customers, so that it stays independent
    of the cost it predicts."""
    fold, found, cost = folds(customers), model.astype(float).copy(), part.outcome("cost")
    for a in range(len(part.actions)):
        for k in range(2):
            here, there = fold == k, (fold != k) & (part.chosen == a)
            if there.sum() >= SLOPES:
                found[here, a] = _line(model[there, a], cost[there], model[here, a])
    return found


def _line(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    spread = x.var()
    slope = ((x - x.mean()) * (y - y.mean())).mean() / spread if spread > 1e-12 else 0.0
    return y.mean() + slope * (at - x.mean())


def _estimate(method: str, value: float, scores: np.ndarray, customers: np.ndarray, level: float) -> Estimate:
    error = clustered(scores, customers)
    reach = NormalDist().inv_cdf(0.5 + level / 2) * error
    return Estimate(method, float(value), error, float(value) - reach, float(value) + reach)


def _warnings(
    count: int, effective: float, heaviest: float, weight: np.ndarray, customers: np.ndarray
) -> Sequence[str]:
    if effective < FEWEST or effective < THIN * count:
        yield f"the {count:,} decisions are worth {effective:,.0f} for this policy: it answers what was rarely drawn"
    if heaviest > HEAVY:
        yield f"one decision carries {100 * heaviest:.0f} % of all weight: intervals are too narrow"
    error = clustered(weight, customers)
    if abs(weight.mean() - 1) > 4 * max(error, 1e-12):
        yield f"the weights average {weight.mean():.3f}, not 1: the logged propensities are not those drawn from"
