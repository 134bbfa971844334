"""Counts texts by theme, family and period, and turns the counts into shares with their errors."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, date, datetime
from math import sqrt

from gearwheel.gauges.checks.last_period import period_of
from gearwheel.gauges.measure import Measurement
from gearwheel.gauges.theme_families import FAMILIES, OTHER, family_of_text
from gearwheel.gauges.theme_model import Model
from gearwheel.gauges.theme_words import masked, words_of

COMPLAINT = 2  # a score so low, of 1 to 5, is a complaint
EXAMPLES = 3
EXAMPLE_LENGTH = 200  # characters
TELLING = 100  # characters
NO_THEME = -1


@dataclass
class Tally:
    """What was counted so far. A text without a score counts as a complaint where no text has one."""

    grain: str = "week"
    scored: bool = False
    families: Sequence[str] = ()  # of each theme
    texts: Counter[int] = field(default_factory=Counter)  # theme -> texts
    complaints: Counter[int] = field(default_factory=Counter)
    family_complaints: Counter[str] = field(default_factory=Counter)
    score_sum: Counter[int] = field(default_factory=Counter)
    score_n: Counter[int] = field(default_factory=Counter)
    periods: dict[tuple[date, date], Counter[str]] = field(default_factory=dict)
    examples: dict[int, list[tuple[float, int, str]]] = field(default_factory=dict)

    def add(
        self,
        model: Model,
        texts: Sequence[str],
        scores: Sequence[float | None],
        dates: Sequence[date | datetime | None],
    ) -> None:
        """Counts one chunk."""
        for text, score, day, (theme, family, weight) in zip(
            texts, scores, dates, assigned(model, texts, self.families)
        ):
            self.texts[theme] += 1
            if score is not None:
                self.score_sum[theme] += score
                self.score_n[theme] += 1
            if not is_complaint(score, self.scored):
                continue
            self.complaints[theme] += 1
            self.family_complaints[family] += 1
            if day is not None and day.year < MAXYEAR:  # whose last period no calendar holds
                period = period_of(day.date() if isinstance(day, datetime) else day, self.grain)
                self.periods.setdefault(period, Counter())[family] += 1
            if theme != NO_THEME:
                self._keep_example(theme, weight, text)

    def _keep_example(self, theme: int, weight: float, text: str) -> None:
        """The complaints that are most of all about the theme; of equals those of a telling length."""
        best = self.examples.setdefault(theme, [])
        entry = (round(weight, 2), -abs(len(text) - TELLING), text)
        if entry not in best:  # the same words a hundred times say it once
            heapq.heappush(best, entry)
        if len(best) > EXAMPLES:
            heapq.heappop(best)

    def examples_of(self, theme: int) -> tuple[str, ...]:
        """Up to three masked and shortened texts, the clearest first."""
        best = sorted(self.examples.get(theme, []), reverse=True)
        return tuple(_shortened(masked(" ".join(text.split()))) for *_, text in best)

    def rows(self, prefix: str, least: int, until: date | None = None) -> list[Measurement]:
        """The share of each family among the complaints of each period with at least `least` of them.

        Left out are periods that end after `until`, or where it is None the last one, which may be unfinished. Value
        and error are the empirical logit's (Gart & Zweifel 1967): half a case is added on both sides, so that no share
        is 0 or 1, and the error is in logits.
        """
        last = max((end for _, end in self.periods), default=date.min)
        rows = []
        for (start, end), counts in sorted(self.periods.items()):
            n = counts.total()
            if n < least or (end > until if until else end == last):
                continue
            for family in FAMILIES[:-1]:
                value, error = share_and_error(counts[family], n)
                rows.append(Measurement(f"{prefix}_{family}", start, end, value, error, n))
        return sorted(rows, key=lambda row: (FAMILIES.index(row.gauge.rpartition("_")[2]), row.start))


def is_complaint(score: float | None, scored: bool) -> bool:
    """Whether a text complains: a score of at most 2, or any text where there are no scores."""
    return not scored or (score is not None and score <= COMPLAINT)


def assigned(model: Model, texts: Sequence[str], families: Sequence[str]) -> Iterable[tuple[int, str, float]]:
    """For each text its theme (-1 for none), its family, and the share of its weight that the theme holds.

    The theme is the one of the greatest weight. The family is the one that most of the text's own seed words name,
    and that of the theme where it has none.
    """
    weights = model.weights(texts)
    totals = weights.sum(axis=1)
    for text, row, total in zip(texts, weights, totals):
        theme = int(row.argmax()) if total > 0 else NO_THEME
        family = family_of_text(words_of(text), OTHER if theme == NO_THEME else families[theme])
        yield theme, family, float(row[theme]) if total > 0 else 0.0


def share_and_error(count: int, n: int) -> tuple[float, float]:
    """A share in (0, 1) and its standard error in logits."""
    odds = (count + 0.5) / (n - count + 0.5)
    return 1 / (1 + 1 / odds), sqrt(1 / (count + 0.5) + 1 / (n - count + 0.5))


def _shortened(text: str) -> str:
    return text if len(text) <= EXAMPLE_LENGTH else text[:EXAMPLE_LENGTH].rstrip() + " …"
