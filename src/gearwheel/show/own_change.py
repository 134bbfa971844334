"""How a measured series changed: the last quarter against the one before, and against the first, with sampling error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gearwheel.show import figures
from gearwheel.show.figures import number, percent
from gearwheel.show.own_data import Reading, definition, unit_of
from gearwheel.show.values import Span, words_of

Z = 1.6449  # 90 % of a normal lie within so many sd of its middle
QUARTER_DAYS = 91


class Change(NamedTuple):
    """`kind`: "relative" (0.03 is 3 % more), "points" (of a share) or "plain" (in the gauge's unit).

    `found` is the change with its 90 % interval from sampling error alone, without ends where there is no such error.
    """

    kind: str
    found: Span
    unit: str

    @property
    def weight(self) -> float:
        """How far from zero, in sds; 0 where no sampling error is known."""
        _, low, high = self.found
        wide = (high - low) / (2 * Z) if low is not None and high is not None else 0.0
        return abs(self.found.median) / wide if wide > 0 else 0.0

    @property
    def sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.weight > Z


def quarter_on_quarter(events: Mapping, gauge: str, readings: Sequence[Reading]) -> Change | None:
    """The last quarter of the series against the one before it; None for a series shorter than two."""
    return _between(events, gauge, readings, 1)


def latest(events: Mapping, gauge: str, readings: Sequence[Reading]) -> tuple[float, float | None, bool]:
    """The gauge now: its last value with the events behind it; of a share, where one period may hold a handful of events,
    the share over the last quarter. The last says whether it is that of a quarter."""
    about = definition(events, gauge)
    if words_of(about.get("scale")) != "logit" or words_of(about.get("as")) == "end":
        return readings[-1].value, readings[-1].n, False
    quarter = [r for r in readings if _back(events, readings, r) == 0]
    return _level(quarter, "mean")[0], sum(r.n or 0 for r in quarter) or None, True


def first_to_last(events: Mapping, gauge: str, readings: Sequence[Reading]) -> Change | None:
    """The last quarter of the series against its first whole one; None for a series shorter than three."""
    first = _back(events, readings, readings[0]) if readings else 0
    if first and not _whole(events, readings, first):
        first -= 1
    return _between(events, gauge, readings, first) if first >= 2 else None


def change_words(change: Change | None, *, shy: bool = False) -> str:
    """'rose by 3.1 % (1.2 to 5 %)'; `shy` only the figures, with their sign."""
    if change is None:
        return ""
    show = _shower(change)
    middle, low, high = change.found
    if shy:
        ends = f" ({ranged(show(low, True), show(high, True))})" if low is not None and high is not None else ""
        return show(middle, True) + ends
    if low is not None and high is not None and low <= 0 <= high:
        return f"did not move beyond its sampling error ({ranged(show(low, True), show(high, True))})"
    verb = "rose" if middle > 0 else "fell" if middle < 0 else "stayed"
    if middle == 0:
        return "stayed as it was"
    ends = "" if low is None or high is None else f" ({ranged(*map(show, sorted((abs(low), abs(high)))))})"
    return f"{verb} by {show(abs(middle))}{ends}"


def ranged(low: str, high: str) -> str:
    """'1.1 to 1.5 %' of '1.1 %' and '1.5 %': the unit once."""
    head, _, unit = low.rpartition(" ")
    return f"{head} to {high}" if head and high.endswith(f" {unit}") and not unit[0].isdigit() else f"{low} to {high}"


def _shower(change: Change):
    def show(value: float, signed: bool = False) -> str:
        if change.kind == "points":
            return f"{number(round(100 * value, 2), 2, signed)} points"  # finer than a hundredth of a point is noise
        return percent(value, 2, signed) if change.kind == "relative" else figures.amount(value, change.unit, signed, 2)

    return show


def _back(events: Mapping, readings: Sequence[Reading], one: Reading) -> int:
    """How many quarters before the last reading: 0 in the last quarter of the series."""
    last = readings[-1].end
    if words_of(events.get("grain")) == "month":
        return (12 * (last.year - one.end.year) + last.month - one.end.month) // 3
    return (last - one.end).days // QUARTER_DAYS


def _whole(events: Mapping, readings: Sequence[Reading], back: int) -> bool:
    """Whether the quarter has about as many readings as the last one."""
    count = [sum(_back(events, readings, r) == b for r in readings) for b in (0, back)]
    return count[1] >= 0.9 * count[0]


def _between(events: Mapping, gauge: str, readings: Sequence[Reading], back: int) -> Change | None:
    if not readings or not _whole(events, readings, back):
        return None
    about = definition(events, gauge)
    how, scale = words_of(about.get("as")), words_of(about.get("scale"))
    quarters = [[r for r in readings if _back(events, readings, r) == b] for b in (back, 0)]
    if not all(quarters):
        return None
    (before, error_before), (after, error_after) = (_level(rows, how) for rows in quarters)
    known = error_before is not None and error_after is not None
    if scale == "log":
        if before <= 0 or after <= 0:
            return None
        middle = math.log(after / before)
        sd = math.hypot(error_before / before, error_after / after) if known else None
        ends = [middle] if sd is None else [middle, middle - Z * sd, middle + Z * sd]
        return Change("relative", Span(*[*map(math.expm1, ends), None, None][:3]), "")
    middle = after - before
    sd = math.hypot(error_before, error_after) if known else None
    found = Span(middle, None, None) if sd is None else Span(middle, middle - Z * sd, middle + Z * sd)
    return Change("points" if scale == "logit" else "plain", found, unit_of(events, gauge))


def _level(rows: Sequence[Reading], how: str) -> tuple[float, float | None]:
    """The level of a quarter with its sampling sd: its last value for a stock, else the mean over its periods, weighed
    by the events behind them unless the gauge is a sum."""
    if how == "end":
        return rows[-1].value, rows[-1].error
    weights = [1.0 if how == "sum" or not r.n or r.n <= 0 else r.n for r in rows]
    total = sum(weights)
    mean = sum(w * r.value for w, r in zip(weights, rows)) / total
    if any(r.error is None for r in rows):
        return mean, None
    return mean, math.sqrt(sum((w * (r.error or 0.0)) ** 2 for w, r in zip(weights, rows))) / total
