"""Checks between the rows of one gauge: no measurement twice, no dollar twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gearwheel.gauges.findings import Findings
from gearwheel.gauges.series import SAME_TIME, Row
from gearwheel.wheel.parts import Gauge, Wheel


def check_periods(rows: Mapping[str, Sequence[Row]], wheel: Wheel, found: Findings) -> None:
    """Adds GW413 for each repeated period of a gauge and GW414 for each overlap of two sums."""
    for name, part in rows.items():
        once = _check_repeats(name, wheel.gauge[name], part, found)
        if wheel.gauge[name].measure == "sum":
            _check_overlaps(name, once, found)


def _check_repeats(name: str, gauge: Gauge, rows: Sequence[Row], found: Findings) -> list[Row]:
    """The rows less the repeats."""
    seen: dict[tuple, Row] = {}
    for row in rows:
        # only sums have their overlaps told apart below; any other gauge is read once at any moment
        key = (row.start, row.end) if gauge.measure == "sum" else (row.end,)
        first = seen.setdefault(key, row)
        if first is not row:
            message = f"{name} was measured for this period in line {first.line} already"
            found.at(row.line)("GW413", message, "keep one of the two rows")
    return list(seen.values())


def _check_overlaps(name: str, rows: Sequence[Row], found: Findings) -> None:
    furthest: Row | None = None  # among the rows before: the one that ends last
    for row in sorted(rows, key=lambda row: (row.start, -row.end)):
        if furthest and row.start < furthest.end - SAME_TIME:
            later, earlier = max(row.line, furthest.line), min(row.line, furthest.line)
            message = f"the periods of {name} in lines {earlier} and {later} overlap"
            hint = "a sum enters once, at the finest grain: keep the quarters or the year, not both"
            found.at(later)("GW414", message, hint)
        if not furthest or row.end > furthest.end:
            furthest = row
