"""Decisions of the past with what came after them: what the desk learns from and what new policies are tried on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gearwheel.desk.operation import Columns

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
}


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

    def customers(self) -> np.ndarray:
        """Whose decision each is, as numbers from 0, (n,)."""
        return np.unique(self.columns["customer_id"].astype(str), return_inverse=True)[1].reshape(-1)


def folds(customers: np.ndarray, count: int = 2) -> np.ndarray:
    """A fold from 0 to count - 1 for each decision, all of a customer in one: what is fitted on the others is
    independent of it (cross-fitting: Chernozhukov et al. 2018)."""
    lots = np.random.default_rng(11).permutation(int(customers.max(initial=-1)) + 1)
    return lots[customers] % count


def clustered(values: np.ndarray, customers: np.ndarray) -> float:
    """Standard error of the mean of `values` (n,), which are dependent within a customer (Liang & Zeger 1986)."""
    sums = np.bincount(customers, values - values.mean())
    groups = max(len(sums), 2)
    return float(np.sqrt((sums**2).sum() * groups / (groups - 1)) / len(values))
