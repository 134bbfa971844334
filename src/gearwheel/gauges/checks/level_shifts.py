"""Orders do not jump overnight and stay there: where they do, the source changed more often than the customers.

For the start of each week: the median log orders of six weeks after less that of six weeks before, less what the
trend explains (Theil-Sen slopes of twelve weeks on both sides); not less the trend where that is smaller. A shift is at
least 40 % and five times the scatter, which is told from the median absolute deviation of the steps from week to week;
its week is the one that splits the weeks around into two levels with the least absolute deviations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations
from math import exp, log, sqrt
from statistics import median
from typing import Any

from gearwheel.gauges.checks.days import orders_by_day, whole_weeks
from gearwheel.gauges.checks.finding import Finding, share_of
from gearwheel.gauges.record_ends import spread

CODE = "GW483"
NEAR, TREND = 6, 12  # weeks on either side
LEAST = log(1.4)
STRANGE = 5.0
ENOUGH = 10  # orders a week, else a jump is noise


def check(events: Any) -> Iterator[Finding]:
    weeks = whole_weeks(orders_by_day(events))
    for monday, shift in find_shifts(weeks):
        before = [n for week, n in weeks.items() if week < monday][-NEAR:]
        after = [n for week, n in weeks.items() if week >= monday][:NEAR]
        changed = sum(n for week, n in weeks.items() if week >= monday)
        share = share_of(changed, sum(weeks.values()))
        yield Finding(
            CODE,
            "warning",
            "orders",
            "placed_at",
            changed,
            share,
            str(monday),
            f"in the week of {monday} weekly orders jump from about {median(before):,.0f} to {median(after):,.0f} and stay "
            f"there: {exp(shift):.2g} times as many, beyond the trend",
            "if a shop, channel or export was added or lost then, begin after it or declare it as a dated shock",
        )


def find_shifts(weeks: dict[date, int]) -> list[tuple[date, float]]:
    """(first week of the new level, log shift) of each sudden shift; `weeks` maps Mondays to orders."""
    known = [(monday, log(n)) for monday, n in weeks.items() if n > 0]
    at = [monday.toordinal() / 7 for monday, _ in known]
    level = [value for _, value in known]
    scatter = spread([b - a for a, b in zip(level, level[1:])]) / sqrt(2) if len(level) > 2 * NEAR else 0.0
    shifts = [(k, _shift(at, level, k)) for k in range(NEAR, len(level) - NEAR + 1)]
    large = {k: shift for k, shift in shifts if abs(shift) >= max(LEAST, STRANGE * scatter)}
    peaks = [k for k in large if all(abs(large[k]) >= abs(large[j]) for j in large if abs(j - k) <= NEAR)]
    apart = [k for i, k in enumerate(peaks) if not i or k - peaks[i - 1] > NEAR]
    return [(known[_split(level, k)][0], large[k]) for k in apart if _usual(weeks, known[k][0]) >= ENOUGH]


def _shift(at: Sequence[float], level: Sequence[float], k: int) -> float:
    """The step between weeks k - 1 and k that the trends on both sides do not explain."""
    before, after = slice(max(0, k - TREND), k), slice(k, k + TREND)
    # the variance of a slope falls with the cube of its weeks
    weight = (len(level[after]) / len(level[before])) ** 3
    slope = (_slope(at[before], level[before]) + weight * _slope(at[after], level[after])) / (1 + weight)
    near_before, near_after = slice(k - NEAR, k), slice(k, k + NEAR)
    apart = median(at[near_after]) - median(at[near_before])
    raw = median(level[near_after]) - median(level[near_before])
    step = raw - slope * apart
    # where growth ends, the trend before it promises more than came: that is no jump
    return min(raw, step, key=abs) if raw * step > 0 else 0.0


def _split(level: Sequence[float], k: int) -> int:
    """The week at or beside `k` from which the new level holds."""
    first, last = max(0, k - NEAR), min(len(level), k + NEAR)

    def misfit(split: int) -> float:
        sides = level[first:split], level[split:last]
        return sum(abs(value - median(side)) for side in sides for value in side)

    return min(range(max(first + 1, k - NEAR // 2), min(last, k + NEAR // 2 + 1)), key=misfit)


def _slope(at: Sequence[float], level: Sequence[float]) -> float:
    """The Theil-Sen slope: the median over all pairs."""
    return median((level[j] - level[i]) / (at[j] - at[i]) for i, j in combinations(range(len(at)), 2))


def _usual(weeks: dict[date, int], monday: date) -> float:
    """Median orders of the weeks around, in orders a week."""
    return median(n for week, n in weeks.items() if abs((week - monday).days) <= 7 * NEAR)
