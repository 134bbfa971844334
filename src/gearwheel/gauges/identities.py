"""Accounting identities: checks of the record, never part of a likelihood."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gearwheel.gauges.series import SAME_TIME, Row


@dataclass(frozen=True)
class Broken:
    """One period in which parts and total disagree. `reason` is "sum", "gap" or "overlap"."""

    total: Row
    parts: float
    reason: str = "sum"

    def __str__(self) -> str:
        what = {"sum": "the parts add up to", "gap": "the parts leave a gap and reach", "overlap": "the parts overlap"}
        return f"line {self.total.line}: total {self.total.value:g}, {what[self.reason]} {self.parts:g}"


@dataclass(frozen=True)
class Check:
    """How many totals could be checked, and those that did not hold."""

    checked: int = 0
    broken: tuple[Broken, ...] = ()


def sums_to(total_rows: Iterable[Row], part_rows: Iterable[Sequence[Row]], tolerance: float) -> Check:
    """Whether the parts add up to the total in every period that the total states.

    `part_rows` holds one sequence of rows for each part: the streams of a total, or one sequence of quarters
    for a year. A part that has no row at all inside a period did not exist then and counts as nothing; one that
    covers only some of it is a gap. A total whose period holds no part is not checked. `tolerance` is absolute,
    in the unit of the values.
    """
    parts = [list(rows) for rows in part_rows]
    checked, broken = 0, []
    for total in total_rows:
        inside = [rows for rows in (_inside(total, part) for part in parts) if rows]
        if not inside:
            continue
        checked += 1
        reach = sum(row.value for rows in inside for row in rows)
        flaws = [flaw for flaw in (_flaw(total, rows) for rows in inside) if flaw]
        if flaws or abs(reach - total.value) > tolerance:
            broken.append(Broken(total, reach, flaws[0] if flaws else "sum"))
    return Check(checked, tuple(broken))


def _inside(total: Row, part: list[Row]) -> list[Row]:
    """The rows of a part whose period touches the total's; of a level, those at the same date."""
    if total.start is None:
        return [row for row in part if row.start is None and abs(row.end - total.end) <= SAME_TIME]
    periods = (row for row in part if row.start is not None)
    touching = (row for row in periods if row.start < total.end - SAME_TIME and row.end > total.start + SAME_TIME)
    return sorted(touching, key=lambda row: row.start)


def _flaw(total: Row, rows: list[Row]) -> str:
    """Why the rows do not tile the period of the total, "" when they do."""
    if total.start is None:
        return "overlap" if len(rows) > 1 else ""
    steps = [after.start - before.end for before, after in pairwise(rows)]
    if min(steps, default=0.0) < -SAME_TIME:
        return "overlap"
    sticks_out = rows[0].start < total.start - SAME_TIME or rows[-1].end > total.end + SAME_TIME
    falls_short = rows[0].start > total.start + SAME_TIME or rows[-1].end < total.end - SAME_TIME
    return "overlap" if sticks_out else "gap" if falls_short or max(steps, default=0.0) > SAME_TIME else ""
