"""Decisions of the past with what came after them: what the desk learns from and what new policies are tried on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gearwheel.desk.operation import Columns
from gearwheel.wheel.errors import DeskError, Problem

OUTCOMES = {
    "came_back": "1 where an item came back, 0 where it was asked for and did not come",
    "claimed": "money that was paid for what is claimed",
    "refunded": "money given back",
    "freight": "money for carriers",
    "handling": "money for unpacking and checking",
    "salvage": "money for what came back",
    "people": "money for the time of who looked at it",
    "accepted": "1 where an offered part was taken, 0 where not",
    "spent_after": "what the customer spent after the decision, up to the end of the window or until now",
    "watched": "days over which that was counted",
    "cost": "all of it together, gains negative",
    "over": "1 where the window of the decision is over, 0 where not yet",
    "told": "1 where anything but a purchase was told of it, 0 where nothing was",
    "sure": "1 where its amounts are right though they look out of proportion",
}
SPENT = ("refunded", "freight", "handling", "salvage", "people")
NOT_NEGATIVE = (*SPENT, "claimed", "spent_after", "watched")
MOST_TIMES = 20  # an amount over what was claimed, from which on it takes `sure` to be believed
LEAST_CLAIM = 1.0  # of money: what a claim of less counts as there
ROUNDED = 1e-6  # by which propensities may miss a sum of one


@dataclass(frozen=True)
class History:
    """`columns`: requests and facts as they were decided upon, each (n,); `chosen` (n,) indexes `actions`;
    `propensity` (n, actions): how likely each action was; `outcomes`: some of OUTCOMES, each (n,), NaN where it is not
    known (yet). `notes`: what was left out of it and why."""

    actions: tuple[str, ...]
    columns: Columns = field(repr=False)
    chosen: np.ndarray = field(repr=False)
    propensity: np.ndarray = field(repr=False)
    outcomes: Mapping[str, np.ndarray] = field(repr=False)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.chosen)

    def where(self, rows: np.ndarray) -> History:
        """The part of it that `rows`, a mask or indices, picks."""
        return History(
            self.actions,
            {n: c[rows] for n, c in self.columns.items()},
            self.chosen[rows],
            self.propensity[rows],
            {n: c[rows] for n, c in self.outcomes.items()},
            self.notes,
        )

    def outcome(self, name: str) -> np.ndarray:
        """One of OUTCOMES, (n,); NaN where nothing is known of it."""
        return self.outcomes.get(name, np.full(len(self), np.nan))

    def check(self, whole: bool = False) -> None:
        """`whole`: the propensities are those of all answers that were possible. Raises DeskError where no lot can have
        followed the propensities (GW512), or what came after is out of proportion to what was claimed (GW527)."""
        sums, rows = self.propensity.sum(axis=1), np.arange(len(self))
        taken = (self.chosen >= 0) & (self.chosen < len(self.actions))
        drawn = self.propensity[rows, np.where(taken, self.chosen, 0)] > 0
        hint = "A propensity is how likely the lot made each action."
        for wrong, said in (
            (~taken, "what was decided is none of the actions"),
            (~((self.propensity >= 0) & (self.propensity <= 1)).all(axis=1), "a propensity is not between 0 and 1"),
            (whole & ~(np.abs(sums - 1) <= ROUNDED), "the propensities do not sum to 1"),
            (~drawn, "the propensity of what was decided is 0"),
        ):
            self._refuse(wrong, "GW512", said, hint)
        most = MOST_TIMES * np.maximum(np.nan_to_num(self._claimed(), nan=np.inf), LEAST_CLAIM)
        unsure, hint = self.outcome("sure") != 1, "Where it is right all the same, a column `sure` says so with true."
        for name in (*NOT_NEGATIVE, "cost"):
            value = self.outcome(name)
            self._refuse(np.isinf(value), "GW512", f"'{name}' is no number", "It is missing where it is not known.")
            if name in NOT_NEGATIVE:
                self._refuse((value < 0) & unsure, "GW527", f"'{name}' is negative", hint)
            if name in (*SPENT, "cost"):
                said = f"'{name}' is more than {MOST_TIMES} times what was claimed"
                self._refuse((value > most) & unsure, "GW527", said, hint)
        for name, gain in (("spent_after", self.outcome("spent_after")), ("cost", -self.outcome("cost"))):
            said = f"'{name}' is a gain of more than {MOST_TIMES * MOST_TIMES} times what was claimed"
            self._refuse((gain > MOST_TIMES * most) & unsure, "GW527", said, hint)

    def _claimed(self) -> np.ndarray:
        """What was paid for what is claimed, NaN where the request does not say."""
        amount = self.columns.get("amount", self.columns.get("price"))
        return np.full(len(self), np.nan) if amount is None else np.asarray(amount, float)

    def _refuse(self, wrong: np.ndarray, code: str, said: str, hint: str) -> None:
        rows = np.flatnonzero(wrong)
        if len(rows):
            raise DeskError(
                Problem(code, f"row {rows[0]}: {said}", hint=f"{len(rows):,} of {len(self):,} rows. {hint}")
            )

    def customers(self) -> np.ndarray:
        """Whose decision each is, as numbers from 0, (n,)."""
        return np.unique(self.columns["customer_id"].astype(str), return_inverse=True)[1].reshape(-1)


def folds(customers: np.ndarray, count: int = 2) -> np.ndarray:
    """A fold from 0 to count - 1 for each decision, all of a customer in one: what is fitted on the others is
    independent of it (cross-fitting: Chernozhukov et al. 2018)."""
    lots = np.random.default_rng(11).permutation(int(customers.max(initial=-1)) + 1)
    return lots[customers] % count


def clustered(values: np.ndarray, customers: np.ndarray) -> float:
    """Standard error of the mean of `values` (n,), which are dependent within a customer (Liang & Zeger 1986); NaN where
    all are of one customer, since nothing says then how customers differ."""
    sums = np.bincount(customers, values - values.mean())
    if len(sums) < 2:
        return float("nan")
    return float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)) / len(values))
