"""`when = { price = { above = 200 }, jurisdiction = ["DE", "FR"] }`: which requests a rule or a right is about."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

COMPARISONS = {"above": np.greater, "below": np.less, "at_least": np.greater_equal, "at_most": np.less_equal}
CONTEXT = "context."  # a key of the free context of a request: not declared anywhere, missing where it is not sent


@dataclass(frozen=True)
class Condition:
    """One field is one of `among`, is none of `none_of` (capitals or not: "de" is DE), or compares with a number in every
    way of `compared`: (comparison, number)."""

    field: str
    among: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    compared: tuple[tuple[str, float], ...] = ()

    def holds(self, column: np.ndarray, if_missing: bool) -> np.ndarray:
        """(requests,) bool; `if_missing` where the request does not say."""
        if self.among or self.none_of:
            texts = [value if type(value) is str else str(value) for value in column.tolist()]
            wanted = _folded(self.among or self.none_of)
            holds = {text: (text.casefold() in wanted) == bool(self.among) for text in set(texts)} | {"": if_missing}
            return np.array([holds[text] for text in texts], bool)
        numbers = _numbers(column)
        found = np.ones(len(numbers), bool)
        for comparison, number in self.compared:
            found &= COMPARISONS[comparison](numbers, number)
        return np.where(np.isnan(numbers), if_missing, found)


def applies(conditions: Sequence[Condition], columns: Mapping[str, np.ndarray], if_missing: bool) -> np.ndarray:
    """Where all conditions hold, (requests,); everywhere when there are none."""
    found = np.ones(len(next(iter(columns.values()))), bool)
    for condition in conditions:
        found &= condition.holds(columns[condition.field], if_missing)
    return found


def can_hold(conditions: Iterable[Condition]) -> bool:
    """Whether any value of every field meets all conditions on it: exact, as each speaks of one field alone."""
    by_field: dict[str, list[Condition]] = {}
    for condition in conditions:
        by_field.setdefault(condition.field, []).append(condition)
    return all(_some_text(c) and _some_number(c) for c in by_field.values())


def _some_text(conditions: Sequence[Condition]) -> bool:
    wanted = [_folded(c.among) for c in conditions if c.among]
    return not wanted or bool(set.intersection(*wanted).difference(*(_folded(c.none_of) for c in conditions)))


def _folded(texts: Iterable[str]) -> set[str]:
    return {text.casefold() for text in texts}


def _some_number(conditions: Sequence[Condition]) -> bool:
    low, high, open_low, open_high = -math.inf, math.inf, False, False
    for comparison, number in (pair for c in conditions for pair in c.compared):
        if comparison in ("above", "at_least") and (number, comparison == "above") > (low, open_low):
            low, open_low = number, comparison == "above"
        if comparison in ("below", "at_most") and (-number, comparison == "below") > (-high, open_high):
            high, open_high = number, comparison == "below"
    return low < high or (low == high and not open_low and not open_high)


def _numbers(column: np.ndarray) -> np.ndarray:
    if column.dtype.kind in "fiub":
        return column.astype(float)
    found = np.full(len(column), np.nan)
    for i, value in enumerate(column):  # free context may hold anything: what is no number is missing
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[i] = value if abs(value) < 2.0**1000 else math.copysign(math.inf, value)
    return found
