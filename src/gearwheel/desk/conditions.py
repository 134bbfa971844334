"""`when = { price = { above = 200 }, jurisdiction = ["DE", "FR"] }`: which requests a rule or a right is about."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from gearwheel.desk.places import GROUP_NAMES, GROUPS, country_of, folded

COMPARISONS = {"above": np.greater, "below": np.less, "at_least": np.greater_equal, "at_most": np.less_equal}
CONTEXT = "context."  # a key of the free context of a request: not declared anywhere, missing where it is not sent
PLACE = "jurisdiction"  # the field that names a country
SEMANTICS = 2  # of policies and requests: what they mean. 1 is what they meant in logs whose forms do not say


@dataclass(frozen=True)
class Condition:
    """One field is one of `among`, is none of `none_of` (as `Reader` reads them: "de" is DE), or compares with a number
    in every way of `compared`: (comparison, number)."""

    field: str
    among: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    compared: tuple[tuple[str, float], ...] = ()

    @property
    def of_texts(self) -> bool:
        return bool(self.among or self.none_of)

    def holds(self, column: np.ndarray, if_missing: bool) -> np.ndarray:
        """(requests,) bool of numbers; `if_missing` where the request does not say."""
        numbers = _numbers(column)
        found = np.ones(len(numbers), bool)
        for comparison, number in self.compared:
            found &= COMPARISONS[comparison](numbers, number)
        return np.where(np.isnan(numbers), if_missing, found)


@dataclass(frozen=True)
class Reader:
    """What the words of a policy and of its requests mean. `same`: field → word → the word that it stands for, folded;
    `places`: what conditions name as a place, folded, though it is no country."""

    semantics: int = SEMANTICS
    same: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    _named: dict[Condition, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    def word(self, name: str, text: str) -> str:
        """The one word of the policy for what a request says, "" where that is nothing."""
        if self.semantics == 1:
            return text.casefold()
        word = folded(text)
        word = self.same.get(name, {}).get(word, word)
        return GROUP_NAMES.get(word, word) if name == PLACE else word

    def meanings(self, name: str, text: str) -> frozenset[str]:
        """What a request says in this field: the word and the country in which it lies. Nothing where it says nothing, or
        a place that nobody knows: that counts as if nothing was said."""
        word = self.word(name, text)
        if name != PLACE or self.semantics == 1:
            return frozenset([word] if word else [])
        country = self.country(text)
        known = country or word in self.places or word in GROUPS
        return frozenset({word, country} - {""}) if known else frozenset()

    def country(self, text: str) -> str:
        """Code of the country in which a place lies, "" where nobody knows."""
        word = self.word(PLACE, text)
        return _place(text if word == folded(text) else word)[0]

    def named(self, condition: Condition) -> frozenset[str]:
        """What a condition names: its words, and the countries and the members of the groups among them."""
        found = self._named.get(condition)
        if found is None:
            texts = condition.among or condition.none_of
            words = {self.word(condition.field, text) for text in texts}
            if condition.field == PLACE and self.semantics > 1:
                words |= {code for code, whole in map(_place, (*texts, *words)) if whole}
                groups = [GROUPS[word] for word in words if word in GROUPS]
                words = words.union(*groups, [name for name, of in GROUPS.items() if any(of <= g for g in groups)])
            found = self._named[condition] = frozenset(words)
        return found

    def holds(self, condition: Condition, text: str, if_missing: bool) -> bool:
        """Of what a request says; `if_missing` where that is nothing."""
        meanings = self.meanings(condition.field, text)
        return (not meanings.isdisjoint(self.named(condition))) == bool(condition.among) if meanings else if_missing


_place = lru_cache(10_000)(country_of)
PLAIN = Reader()


@dataclass(frozen=True)
class Said:
    """A column of texts: `texts`, each once, and which of them each request says, (requests,)."""

    texts: Sequence[str]
    which: np.ndarray


class Requests:
    """Columns of requests that many conditions look at: each column of texts is read once. What there is no column of,
    no request says."""

    def __init__(self, columns: Mapping[str, np.ndarray], reader: Reader = PLAIN):
        self.columns, self.reader = columns, reader
        self.count = len(next(iter(columns.values())))
        self._said: dict[str, Said] = {}

    def said(self, field: str) -> Said:
        """What is no text counts as its words."""
        if field not in self._said:
            column = self.columns[field].tolist() if field in self.columns else [""] * self.count
            texts = [value if type(value) is str else str(value) for value in column]
            number = {text: k for k, text in enumerate(dict.fromkeys(texts))}
            which = np.fromiter(map(number.__getitem__, texts), np.intp, len(texts))
            self._said[field] = Said(list(number), which)
        return self._said[field]

    def meet(self, conditions: Sequence[Condition], if_missing: bool) -> np.ndarray:
        """Where all conditions hold, (requests,); everywhere when there are none."""
        found = np.ones(self.count, bool)
        for condition in conditions:
            if not found.any():
                break
            if condition.of_texts:
                words = self.said(condition.field)
                held = [self.reader.holds(condition, text, if_missing) for text in words.texts]
                if not all(held):
                    found &= np.array(held, bool)[words.which]
            elif condition.field not in self.columns:
                found &= if_missing
            else:
                found &= condition.holds(self.columns[condition.field], if_missing)
        return found


def can_hold(conditions: Iterable[Condition], reader: Reader = PLAIN) -> bool:
    """Whether any value of every field meets all conditions on it: exact, as each speaks of one field alone."""
    by_field: dict[str, list[Condition]] = {}
    for condition in conditions:
        by_field.setdefault(condition.field, []).append(condition)
    return all(_some_text(c, reader) and _some_number(c) for c in by_field.values())


def _some_text(conditions: Sequence[Condition], reader: Reader) -> bool:
    first = next((c for c in conditions if c.among), None)
    asked = [c for c in conditions if c.of_texts]
    return first is None or any(all(reader.holds(c, text, False) for c in asked) for text in reader.named(first))


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
