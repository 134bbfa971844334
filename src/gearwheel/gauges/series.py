"""Measured series as plain values, in the wheel's own time.

The calendar itself is `gearwheel.wheel.times`; its functions stand here too, because whoever holds a series
needs them to read its dates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gearwheel.wheel.times import calendar_day, decimal_year, elapsed

__all__ = ["Gauges", "Row", "Series", "calendar_day", "decimal_year", "elapsed", "until"]

SAME_TIME = 1e-9  # time units: two times closer than this are one


@dataclass(frozen=True)
class Row:
    """One measurement over [start, end), or at `end` where `start` is None.

    Times are in the wheel's time units since `wheel.start`. `error` is on the gauge's scale (relative sd for
    log, sd in logits for logit, absolute for abs); None means the gauge's own. `bound` is "above" where only
    "more than `value`" is known, "below" for "less than", else "".
    """

    start: float | None
    end: float
    value: float
    error: float | None = None
    bound: str = ""
    line: int = 0
    source: str = ""
    confidence: str = ""


@dataclass(frozen=True)
class Series:
    """The rows of one gauge, by end and then start."""

    name: str
    unit: str
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Gauges:
    """All series that were read together. `hash` names their content: equal hashes, equal measurements."""

    series: Mapping[str, Series] = field(default_factory=dict)
    file: str = field(default="", compare=False)
    hash: str = ""


def until(gauges: Gauges, t: float) -> Gauges:
    """What was known at time `t`: the rows that end at or before it.

    A period that is still running at `t` is not known yet. Series of which nothing is left are gone. The hash
    is that of the whole and the split, so that a stored fit of one split is never taken for another.
    """
    kept = {name: _ended(series, t) for name, series in gauges.series.items()}
    kept = {name: series for name, series in kept.items() if series.rows}
    if kept == gauges.series:
        return gauges
    stamp = hashlib.sha256(f"{gauges.hash} until {t!r}".encode()).hexdigest()
    return replace(gauges, series=kept, hash=stamp)


def _ended(series: Series, t: float) -> Series:
    return replace(series, rows=tuple(row for row in series.rows if row.end <= t + SAME_TIME))
