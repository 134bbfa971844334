"""Zeros: periods in which nothing was counted, or everything. They count like any other period in rates and averages.

On the scale of a fit such a value has no place: 0 has no logarithm, 0 and 1 have no logit. There, half an event stands
for none: a count of 0 is read as 1/2 with the error of half an event, a share of h in n as (h + 1/2) / (n + 1) with the
error sqrt(1 / (h + 1/2) + 1 / (n - h + 1/2)) in logits (Haldane 1956, Annals of Human Genetics 20; Anscombe 1956,
Biometrika 43).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from gearwheel.gauges.checks.finding import counted

HALF = 0.5
ALWAYS_KNOWN = {"orders", "order_lines"}
NO_ACCIDENT = 5.0  # events that fail to come: by chance in fewer than one case in a hundred (Poisson, exp(-5))


def inside(value: float, scale: str) -> bool:
    """Whether a value has a place on the scale."""
    return {"log": value > 0, "logit": 0 < value < 1}.get(scale, True)


def possible(value: float, scale: str) -> bool:
    """Whether it lies on the scale or at its edge, as a count of 0 and a share of 0 or 1 do."""
    return {"log": value >= 0, "logit": 0 <= value <= 1}.get(scale, True)


def edge_error(scale: str, error: str, n: float, value: float) -> float | None:
    """The sampling error of a value at the edge, on the scale; `error` is the catalogue's sentence, "none" for none."""
    if error == "none":
        return None
    if scale == "logit":
        hits = value * n
        return math.sqrt(1 / (hits + HALF) + 1 / (n - hits + HALF)) if n > 0 else None
    return math.sqrt(1 / HALF)


def readable(row: Any, scale: str, measure: str, error: str) -> tuple[float, float | None] | None:
    """Value and error of a measured row (value, error, n) as a fit may read them; None where it cannot read the row.

    `measure` is sum, mean, end or a ratio. Only a count and a share have half an event that can stand for none: an
    amount of money of 0 has no size from which an error could be told.
    """
    if inside(row.value, scale):
        return row.value, row.error
    if not possible(row.value, scale):
        return None
    if scale == "logit":
        return ((row.value * row.n + HALF) / (row.n + 1), row.error) if row.n and row.error else None
    counted = measure == "sum" and error.startswith("Poisson")
    return (HALF, math.sqrt(1 / HALF)) if counted else None


def recorded(rows: Sequence[Any], how: Any) -> tuple[list[Any], str]:
    """The rows of one gauge, by time, without those before and after the time in which it was recorded; a note on them.

    What is counted from orders is known wherever there are orders. Of another table, zeros before the first event or
    after the last are believed where so long a time without one may be an accident. Where NO_ACCIDENT events or more
    were to be expected, the table had not begun yet, or it ends early.
    """
    if not any(row.value for row in rows):
        return [], ""
    counts = [_events(row, how) for row in rows]
    if None in counts or {need.partition(".")[0] for need in how.needs} <= ALWAYS_KNOWN:
        return list(rows), ""
    seen = [i for i, count in enumerate(counts) if count]
    if not seen:
        return list(rows), ""
    first, last = seen[0], seen[-1] + 1
    usual = sum(counts) / (last - first)
    begin = 0 if first * usual < NO_ACCIDENT else first
    end = len(rows) if (len(rows) - last) * usual < NO_ACCIDENT else last
    out = len(rows) - (end - begin)
    if not out:
        return list(rows), ""
    when = [f"before {rows[begin].start}"] if begin else []
    when += [f"from {rows[end].start} on"] if end < len(rows) else []
    note = (
        f"{how.title}: nothing is recorded {' and '.join(when)}, where about {out * usual:,.0f} were to be expected: "
        f"left out {counted(out, 'period')}, not counted as zero"
    )
    return list(rows[begin:end]), note


def _events(row: Any, how: Any) -> float | None:
    """How many events stand behind the value; None where `n` counts something else."""
    if how.measure in ("sum", "end"):
        return row.n if row.value else 0
    if how.scale == "logit" or (how.unit == "1" and "contacts" in how.needs):
        return round(row.value * row.n, 6)
    return None
