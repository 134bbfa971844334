"""`when = { price = { above = 200 }, jurisdiction = ["DE", "FR"] }`: which requests a rule or a right is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

COMPARISONS = {"above": np.greater, "below": np.less, "at_least": np.greater_equal, "at_most": np.less_equal}
CONTEXT = "context."  # a key of the free context of a request: not declared anywhere, missing where it is not sent


@dataclass(frozen=True)
class Condition:
    """One field is one of `among`, or compares with a number in every way of `compared`: (comparison, number)."""

    field: str
    among: tuple[str, ...] = ()
    compared: tuple[tuple[str, float], ...] = ()

    def holds(self, column: np.ndarray, if_missing: bool) -> np.ndarray:
        """(requests,) bool; `if_missing` where the request does not say."""
        if self.among:
            found = np.isin(column.astype(str), self.among)
            missing = column.astype(str) == ""
        else:
            numbers = _numbers(column)
            found, missing = np.ones(len(numbers), bool), np.isnan(numbers)
            for comparison, number in self.compared:
                found &= COMPARISONS[comparison](numbers, number)
        return np.where(missing, if_missing, found)


def applies(conditions: Sequence[Condition], columns: Mapping[str, np.ndarray], if_missing: bool) -> np.ndarray:
    """Where all conditions hold, (requests,); everywhere when there are none."""
    found = np.ones(len(next(iter(columns.values()))), bool)
    for condition in conditions:
        found &= condition.holds(columns[condition.field], if_missing)
    return found


def _numbers(column: np.ndarray) -> np.ndarray:
    if column.dtype.kind in "fiub":
        return column.astype(float)
    found = np.full(len(column), np.nan)
    for i, value in enumerate(column):  # free context may hold anything: what is no number is missing
        if isinstance(value, int | float):
            found[i] = float(value)
    return found
