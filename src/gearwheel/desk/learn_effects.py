"""What an answer does to later spending, from decisions drawn by lot and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gearwheel.desk.history import History, clustered, folds
from gearwheel.wheel.errors import DeskError, Problem

FEWEST = 30  # decisions of each of two actions below which their difference has no error to speak of
TRAITS = ("orders", "claims", "member", "value", "amount")  # of a request, for what would have been spent anyway


@dataclass(frozen=True)
class Effect:
    """Spending after `action` less that after the fallback: `money` within the window, and as a `share` of what is spent
    after the fallback, both with their standard errors. `drawn`: decisions of the action that it rests on."""

    action: str
    money: float
    money_error: float
    share: float
    error: float
    drawn: int


def effects(
    history: History, fallback: str, actions: Sequence[str] | None = None
) -> tuple[list[Effect], list[Problem]]:
    """The effect of every action beside the fallback, and why there is none for the others.

    Augmented inverse propensity weighting over decisions in which both actions were possible, spending predicted by a
    regression that is fitted on other customers (Robins, Rotnitzky & Zhao 1994): right whatever the regression, since
    the propensities are known. Decisions count by how evenly lots divided them between the two actions (overlap
    weights: Li, Morgan & Zaslavsky 2018): one that hardly ever is answered otherwise says little. Errors are clustered
    by customer. With `actions` named, raises DeskError (GW521) where one of them was never drawn.
    """
    found, refused = [], []
    for action in actions or [a for a in history.actions if a != fallback]:
        effect = _effect(history, action, fallback)
        (found if isinstance(effect, Effect) else refused).append(effect)
    if actions and refused:
        raise DeskError(refused)
    return found, refused


def _effect(history: History, action: str, fallback: str) -> Effect | Problem:
    hint = "Time helps, and a policy that draws lots more often (explore)."
    if action not in history.actions or fallback not in history.actions:
        return Problem("GW521", f"the effect of '{action}' cannot be learned: it is not in the log", hint=hint)
    a, b = history.actions.index(action), history.actions.index(fallback)
    both = (history.propensity[:, a] > 0) & (history.propensity[:, b] > 0)
    part = history.where(both & np.isfinite(history.outcome("spent_after")))
    drawn, others = int((part.chosen == a).sum()), int((part.chosen == b).sum())
    if min(drawn, others) < FEWEST:
        said = (
            f"the effect of '{action}' cannot be learned: where a lot could have given either, and what was bought after is "
            f"told, '{action}' was answered {drawn} times and '{fallback}' {others} times; {FEWEST} are needed of each"
        )
        return Problem("GW521", said, hint=hint)
    spent, customers = part.outcome("spent_after"), part.customers()
    traits = _traits(part)
    one, other = (_potential(part, traits, spent, customers, k) for k in (a, b))
    pair = part.propensity[:, a] * part.propensity[:, b] / (part.propensity[:, a] + part.propensity[:, b])
    overlap = pair / pair.mean()
    money, level = float((overlap * (one - other)).mean()), float((overlap * other).mean())
    money_error = clustered(overlap * (one - other - money), customers)
    if not np.isfinite(money_error):
        said = f"the effect of '{action}' cannot be learned: all decisions are of one customer"
        return Problem("GW521", said, hint="Give each customer an id of their own; guests, too, are not one customer.")
    share = money / level
    error = clustered(overlap * (one - other - share * other), customers) / level  # delta method
    return Effect(action, money, money_error, share, error, drawn)


def _potential(part: History, traits, spent, customers, action: int) -> np.ndarray:
    """Of each decision an unbiased score of what is spent if `action` is taken, (n,)."""
    taken, predicted, fold = part.chosen == action, np.zeros(len(part)), folds(customers)
    for k in range(2):
        known = taken & (fold != k)
        predicted[fold == k] = traits[fold == k] @ _ridge(traits[known], spent[known])
    weight = np.where(taken, 1 / np.where(taken, part.propensity[:, action], 1.0), 0.0)
    return predicted + weight * (spent - predicted)


def _traits(part: History) -> np.ndarray:
    """(n, traits) on a common scale, a constant first."""
    columns, watched = [np.ones(len(part))], np.nan_to_num(part.outcome("watched"))
    given = {n: np.nan_to_num(np.asarray(part.columns.get(n, np.zeros(len(part))), float)) for n in TRAITS}
    for value in (*given.values(), watched, watched * given["value"]):
        for shaped in (value, np.log1p(np.maximum(value, 0))):
            spread = shaped.std()
            columns.append((shaped - shaped.mean()) / spread if spread > 0 else np.zeros(len(part)))
    return np.stack(columns, axis=1)


def _ridge(traits: np.ndarray, values: np.ndarray, weight: float = 1.0) -> np.ndarray:
    if not len(values):
        return np.zeros(traits.shape[1])
    penalty = weight * np.eye(traits.shape[1])
    penalty[0, 0] = 1e-9
    return np.linalg.solve(traits.T @ traits + penalty, traits.T @ values)
