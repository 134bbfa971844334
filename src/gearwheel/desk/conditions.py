"""`when = { price = { above = 200 }, jurisdiction = ["DE", "FR"] }`: which requests a rule or a right is about."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

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

    @property
    def of_texts(self) -> bool:
        return bool(self.among or self.none_of)

    def holds_for(self, text: str, if_missing: bool) -> bool:
        """Of what a request says; `if_missing` where that is nothing."""
        return (text.casefold() in self.named) == bool(self.among) if text else if_missing

    @cached_property
    def named(self) -> set[str]:
        """The texts that it names, without capitals."""
        return _folded(self.among or self.none_of)

    def holds(self, column: np.ndarray, if_missing: bool) -> np.ndarray:
        """(requests,) bool of numbers; `if_missing` where the request does not say."""
        numbers = _numbers(column)
        found = np.ones(len(numbers), bool)
        for comparison, number in self.compared:
            found &= COMPARISONS[comparison](numbers, number)
        return np.where(np.isnan(numbers), if_missing, found)


@dataclass(frozen=True)
class Said:
    """A column of texts: `texts`, each once, and which of them each request says, (requests,)."""

    texts: Sequence[str]
    which: np.ndarray


class Requests:
    """Columns of requests that many conditions look at: each column of texts is read once."""

    def __init__(self, columns: Mapping[str, np.ndarray]):
        self.columns = columns
        self.count = len(next(iter(columns.values())))
        self._said: dict[str, Said] = {}

    def said(self, field: str) -> Said:
        """What is no text counts as its words."""
        if field not in self._said:
            texts = [value if type(value) is str else str(value) for value in self.columns[field].tolist()]
            number = {text: k for k, text in enumerate(dict.fromkeys(texts))}
            which = np.fromiter(map(number.__getitem__, texts), np.intp, len(texts))
            self._said[field] = Said(list(number), which)
        return self._said[field]

    def meet(self, conditions: Sequence[Condition], if_missing: bool) -> np.ndarray:
        """Where all conditions hold, (requests,); everywhere when there are none."""
        found = np.ones(self.count, bool)
        for condition in conditions:
            if condition.of_texts:
                words = self.said(condition.field)
                held = np.array([condition.holds_for(text, if_missing) for text in words.texts], bool)
                found &= held[words.which]
            else:
                found &= condition.holds(self.columns[condition.field], if_missing)
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
