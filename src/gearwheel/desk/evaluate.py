"""What a policy would have cost, from the log of another one, before it goes live (off-policy evaluation).

Inverse propensity scoring (Horvitz & Thompson 1952), its self-normalised form (Hájek 1971; Swaminathan & Joachims 2015)
and the doubly robust estimator (Dudík, Langford & Li 2011), with errors clustered by customer. None of them says what
a customer's later claims would have been under the other policy: each decision is judged by its own outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gearwheel.desk.history import ROUNDED, History, clustered, folds
from gearwheel.wheel.errors import DeskError, Problem

HEAVY = 0.05  # share of all weight on one decision from which on it decides too much
THIN = 0.1  # effective decisions over decisions, below which little is left
FEWEST = 20  # effective decisions below which an interval means nothing
FEW = 20  # customers, by the decisions that they made, below which errors are hardly known
SLOPES = 10  # decisions of an action that a line through its costs needs
SILENT = 5  # decisions of an answer of which nothing was told, from which on somebody has to say what that means
UNDRAWN = 0.05  # share of what a policy would answer that may be without a single decision in the log
UNEVEN = 0.2  # by which the shares told may differ between answers before it is said
TINY = 1e-12


@dataclass(frozen=True)
class Estimate:
    """Cost a decision, with its standard error and interval; `method` is ips, snips or dr. Error and interval are None
    where the decisions cannot tell them."""

    method: str
    value: float
    error: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Evaluation:
    """`estimates` of the new policy by method, and its difference to the old one (`saved` > 0: the new one is cheaper);
    `old`: what was decided did cost. `effective`: decisions that the weighted ones are worth (Kish 1965). `waiting`:
    decisions whose window is not over; `untold` (action → number): of the others those of which nothing was told, and
    `unknown` those of which the cost is not known."""

    estimates: dict[str, Estimate]
    saved: Estimate
    old: Estimate
    decisions: int
    effective: float
    heaviest: float
    warnings: tuple[str, ...]
    waiting: int = 0
    untold: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)


def evaluate(
    history: History,
    target: np.ndarray,
    expected: np.ndarray | None = None,
    level: float = 0.95,
    untold: str | None = None,
    silent: Sequence[str] = (),
) -> Evaluation:
    """Evaluate a policy that answers with the probabilities `target` (n, actions) on decisions whose `cost` is known.

    `expected` (n, actions) is a model of the cost, such as the desk's own; the doubly robust estimate leans on it where
    the new policy differs from the log, and is right with any model as long as the propensities are. `untold` says what
    it means that nothing was told of a decision whose window is over: "free", it cost nothing; "unknown", and those of
    the same answer of which something was told stand for it. None takes it for free, and asks (GW529) where of an answer
    nothing was ever told, unless it is among `silent`. Raises DeskError (GW520) where the new policy answers what was
    never possible in the log or was never drawn, and names it, and (GW512, GW527) where the log cannot be.
    """
    _check_target(history, target, expected)
    cost = np.isfinite(history.outcome("cost"))
    _supported(history.where(cost), target[cost])
    history.check()
    part, target, model, waiting, quiet = _over(history, target, expected, untold, silent)
    share, lacking = _told(part)
    known = np.isfinite(part.outcome("cost"))
    if known.sum() < 2:
        said = f"there is nothing to evaluate on: of {len(history):,} decisions the cost of {known.sum()} is known"
        hint = (
            f"{waiting:,} are still in their window (--window, days; 60 unless set)." if waiting else "Tell outcomes."
        )
        raise DeskError(Problem("GW520", said, hint=hint))
    whole = part
    part, target, model = part.where(known), target[known], model[known]
    undrawn = (*_undrawn(part, target), *_costless(whole, lacking))
    cost, customers, rows = part.outcome("cost"), part.customers(), np.arange(len(part))
    stands = share[part.chosen]  # a decision stands for as many of the same answer whose cost is not known
    weight = stands * target[rows, part.chosen] / part.propensity[rows, part.chosen]
    model = _calibrated(part, model, customers)
    scores = {
        "ips": weight * cost,
        "snips": weight * cost / weight.mean(),
        "dr": stands * (target * model).sum(axis=1) + weight * (cost - model[rows, part.chosen]),
    }
    spreads = scores | {"snips": weight * (cost - scores["snips"].mean()) / weight.mean()}  # delta method
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    heaviest = float(weight.max() / weight.sum())
    told = _Intervals(customers, level, effective)
    estimates = {m: told.of(m, scores[m].mean(), spreads[m], weight) for m in scores}
    was = stands * cost
    saved = told.of("dr", (was - scores["dr"]).mean(), was - scores["dr"], np.maximum(weight, stands))
    old = _Intervals(customers, level, len(part)).of("log", was.mean(), stands * (cost - was.mean()), stands)
    by_chance = np.sqrt(
        ((share * target**2 / np.where(target > 0, part.propensity, 1.0)).sum(axis=1) - 1).clip(0).sum()
    )
    off = abs(weight.mean() - 1) * len(part) > 4 * max(by_chance, TINY)
    return Evaluation(
        estimates=estimates,
        saved=saved,
        old=old,
        decisions=len(part),
        effective=effective,
        heaviest=heaviest,
        warnings=(
            *_warnings(len(part), effective, heaviest, told),
            *([f"the weights average {weight.mean():.3f}, not 1: {OFF}"] if off else ()),
            *undrawn,
            *_uneven(history, silent),
        ),
        waiting=waiting,
        untold=quiet,
        unknown=lacking,
    )


OFF = "either the logged propensities are not those drawn from, or what is known of the costs hangs on more than the answer"


def _check_target(history: History, target: np.ndarray, expected: np.ndarray | None) -> None:
    shape = (len(history), len(history.actions))
    if expected is not None and not (np.shape(expected) == shape and np.isfinite(expected).all()):
        raise DeskError(Problem("GW512", "the expected costs are not a number for each decision and answer"))
    if np.shape(target) != shape:
        raise DeskError(Problem("GW512", f"the new policy's probabilities are {np.shape(target)}, the log's {shape}"))
    wrong = ~((target >= 0).all(axis=1) & (np.abs(target.sum(axis=1) - 1) <= ROUNDED))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DeskError(Problem("GW512", f"row {row}: the new policy's probabilities do not sum to 1"))


def _over(
    history: History, target: np.ndarray, expected: np.ndarray | None, untold: str | None, silent: Sequence[str]
) -> tuple[History, np.ndarray, np.ndarray, int, dict[str, int]]:
    """The decisions whose window is over, with what belongs to them, how many are not, and of how many by answer nothing
    was told; these cost nothing, or what is not known, as `untold` says. Raises DeskError (GW529)."""
    over = history.outcome("over") != 0
    part, model = history.where(over), np.zeros(target.shape) if expected is None else expected
    nothing = part.outcome("told") == 0
    quiet = {
        a: int((nothing & (part.chosen == k)).sum()) for k, a in enumerate(part.actions) if (part.chosen == k).any()
    }
    never = [
        a
        for k, a in enumerate(part.actions)
        if quiet.get(a, 0) >= SILENT and a not in silent and quiet[a] == (part.chosen == k).sum()
    ]
    if untold is None and len(nothing) and nothing.all() and set(quiet) - set(silent):
        said = f"there is nothing to evaluate on: nothing was told of any of {len(nothing):,} decisions"
        hint = "Tell outcomes, or say --untold free where none of them cost anything."
        raise DeskError(Problem("GW520", said, hint=hint))
    if never and untold is None:
        said = " and ".join(f"'{a}' ({quiet[a]:,})" for a in never)
        hint = (
            "Say --untold free where it cost nothing. Otherwise tell what some of it cost, and say --untold unknown: "
            "they stand for the others."
        )
        raise DeskError(Problem("GW529", f"nothing was ever told of decisions that were answered {said}", hint=hint))
    if untold == "unknown":
        open_ = nothing & ~np.isin(part.chosen, [k for k, a in enumerate(part.actions) if a in silent])
        part = replace(part, outcomes={**part.outcomes, "cost": np.where(open_, np.nan, part.outcome("cost"))})
    return part, target[over], model[over], int((~over).sum()), {a: n for a, n in quiet.items() if n}


def _told(part: History) -> tuple[np.ndarray, dict[str, int]]:
    """(actions,) for how many decisions of its answer one stands whose cost is known, 1 on the mean of these; and of how
    many by answer it is not known."""
    known = np.isfinite(part.outcome("cost"))
    count = len(part.actions)
    all_, told = np.bincount(part.chosen, minlength=count), np.bincount(part.chosen[known], minlength=count)
    share = np.where(told > 0, all_ / np.maximum(told, 1), 1.0) * told.sum() / max(all_[told > 0].sum(), 1)
    return share, {a: int(n) for a, n in zip(part.actions, all_ - told) if n}


def _costless(part: History, lacking: Mapping[str, int]) -> list[str]:
    """What to say of answers of which not one cost is known: what was decided has then no cost either. Raises DeskError
    (GW520) where they are more than a few."""
    made = np.bincount(part.chosen, minlength=len(part.actions))
    none = {a: n for a, n in lacking.items() if n == made[part.actions.index(a)]}
    said = {a: f"the cost is known of none of the {n:,} decisions that were answered '{a}'" for a, n in none.items()}
    if sum(none.values()) > UNDRAWN * len(part):
        hint = "Tell what some of them cost. Where nothing was told because they cost nothing, say --untold free."
        more = ", so what was decided has no cost that a new policy can be held against"
        raise DeskError([Problem("GW520", text + more, hint=hint) for text in said.values()])
    return [f"{text}: they are not in the estimate" for text in said.values()]


def _undrawn(part: History, target: np.ndarray) -> list[str]:
    """What to say of answers that no decision in the log has. Raises DeskError (GW520) where they are more than a few."""
    drawn = np.bincount(part.chosen, minlength=len(part.actions))
    shares = {a: float(target[:, k].mean()) for k, a in enumerate(part.actions) if not drawn[k] and target[:, k].any()}
    said = {a: f"'{a}' was never drawn among the {len(part):,} decisions whose cost is known" for a in shares}
    wide = [a for a, share in shares.items() if share > UNDRAWN]
    if wide:
        hint = "Wait for more decisions, let the desk draw it more often (explore), or evaluate a policy without it."
        more = ", and the new policy would answer it {:,.0f} times: nothing is known of its cost"
        raise DeskError([Problem("GW520", said[a] + more.format(shares[a] * len(part)), hint=hint) for a in wide])
    rows = np.arange(len(part))
    if not (target[rows, part.chosen] > 0).any():
        message = "not one decision in the log was answered as the new policy would answer it"
        raise DeskError(Problem("GW520", message, hint="Let the desk draw lots more often (explore = 0.05)."))
    return [
        f"{said[a]}; {100 * share:.1f} % of the new policy's answers are not in the estimate"
        for a, share in shares.items()
    ]


def _uneven(history: History, silent: Sequence[str]) -> list[str]:
    """What to say where outcomes are told of one answer far more often than of another."""
    told = history.outcome("told")
    shares = {}
    for k, action in enumerate(history.actions):
        mine = told[(history.chosen == k) & np.isfinite(told)]
        if len(mine) >= SILENT and action not in silent:
            shares[action] = float(mine.mean())
    if not shares or max(shares.values()) - min(shares.values()) <= UNEVEN:
        return []
    parts = ", ".join(f"{a} {100 * s:.0f} %" for a, s in shares.items())
    said = f"outcomes were told of unlike shares of the answers ({parts}); where money was spent on the others all the same, "
    return [said + "--untold unknown is right"]


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


class _Intervals:
    """Intervals of estimates over decisions of these customers, by Student's t with as many degrees of freedom as the
    customers are worth by what each weighs (Kish 1965), less one: where few of them make most of the decisions, errors
    are hardly known (Carter, Schnepel & Steigerwald 2017)."""

    def __init__(self, customers: np.ndarray, level: float, effective: float):
        self.customers, self.level, self.effective = customers, level, effective
        self.groups = int(customers.max(initial=-1)) + 1
        self.alike = False  # some estimate had no spread at all
        self.fewest = float(self.groups)

    def of(self, method: str, value: float, scores: np.ndarray, weight: np.ndarray) -> Estimate:
        """`scores` (n,) of which the value is the mean, or their deviations; `weight` (n,) of each decision in it."""
        from scipy.special import stdtrit

        value, error = float(value), clustered(scores, self.customers)
        each = np.bincount(self.customers, np.abs(weight))
        groups = float(each.sum() ** 2 / (each**2).sum())
        self.fewest = min(self.fewest, groups)
        tiny = TINY * max(1.0, abs(value))
        exact = abs(value) <= tiny and np.abs(scores).max() <= tiny  # as of a policy beside itself
        flat = not exact and error <= tiny
        self.alike |= flat
        if self.groups < 2 or self.effective < FEWEST or flat:
            return Estimate(method, value, None, None, None)
        reach = float(stdtrit(max(groups - 1, 1.0), 0.5 + self.level / 2)) * error
        return Estimate(method, value, error, value - reach, value + reach)


def _warnings(count: int, effective: float, heaviest: float, told: _Intervals) -> Sequence[str]:
    if effective < FEWEST:
        yield f"the {count:,} decisions are worth {effective:,.0f} for this policy: too few for an interval"
    elif effective < THIN * count:
        yield f"the {count:,} decisions are worth {effective:,.0f} for this policy: it answers what was rarely drawn"
    if heaviest > HEAVY:
        yield f"one decision carries {100 * heaviest:.0f} % of all weight: intervals are too narrow"
    if told.groups < 2:
        yield "all decisions are of one customer, so there is no interval: give each customer, and each guest, an id"
    elif told.fewest < FEW:
        yield (
            f"a few customers made most of the decisions: {told.groups:,} are worth {told.fewest:,.0f}, "
            "and intervals are rough"
        )
    if told.alike:
        yield "costs are all alike, so there is no interval: nothing says how far another decision would be from them"
