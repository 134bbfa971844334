"""One line of a tidy CSV: its cells checked and turned into a Row in the wheel's time."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date

from gearwheel.gauges.findings import Note, shown
from gearwheel.gauges.series import Row, elapsed
from gearwheel.wheel.parts import Gauge, Wheel
from gearwheel.wheel.times import DAYS, MONTHS, counts_months
from gearwheel.wheel.units import UnitError, parse_unit

BOUNDS = ("", "above", "below")
OFF_GRID = 0.02  # of one dt: further than this from the time grid is not the same period any more
OVER_A_PERIOD = {"sum", "mean", "ratio"}

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_row(cells: Mapping[str, str], gauge: Gauge | None, wheel: Wheel, line: int, note: Note) -> Row | None:
    """The row that `cells` (by column) state, or None after every problem was given to `note`.

    `gauge` is None where the name was not known: what can be checked without it still is.
    """
    flaws = 0

    def flaw(code: str, message: str, hint: str) -> None:
        nonlocal flaws
        flaws += 1
        note(code, message, hint)

    value = _number(cells["value"], "value", flaw)
    error = _number(cells["error"], "error", flaw) if cells["error"] else None
    if error is not None and error <= 0:
        flaw("GW416", f"error {error:g} is not positive", "leave it empty for the gauge's own error")
    if cells["bound"] not in BOUNDS:
        hint = "write above for 'more than', below for 'less than', nothing for a measured value"
        flaw("GW415", f"unknown bound {shown(cells['bound'])}", hint)
    if gauge is not None:
        _check_unit(cells["unit"], gauge, flaw)
        if value is not None:
            _check_scale(value, gauge, flaw)
    start, end = _period(cells, gauge, wheel, flaw)
    if flaws or gauge is None:
        return None
    return Row(start, end, value, error, cells["bound"], line, cells["source"], cells["confidence"])


def _number(text: str, column: str, flaw: Note) -> float | None:
    if _NUMBER.fullmatch(text):
        number = float(text)
        if math.isfinite(number):
            return number
    if text.lower().lstrip("+-") in {"nan", "inf", "infinity"} or _NUMBER.fullmatch(text):
        flaw("GW407", f"{column} {shown(text)} is not a finite number", "leave the row out where nothing was measured")
        return None
    if not text:
        flaw("GW406", f"the {column} is empty", "leave the row out where nothing was measured")
        return None
    hint = "write a plain number such as 1250 or 0.31"
    if text.endswith("%"):
        hint = "write a share as a ratio: 0.58 for 58%"
    elif "," in text:
        hint = "write a decimal point and no thousands separator: 1250.5"
    flaw("GW406", f"{column} {shown(text)} is not a number", hint)
    return None


def _check_unit(text: str, gauge: Gauge, flaw: Note) -> None:
    if not _same_unit(text, gauge.unit):
        hint = f"give the values in {gauge.unit}, or change the gauge's unit; nothing is converted silently"
        flaw("GW405", f"unit {shown(text or '1')}, but the gauge is in {gauge.unit!r}", hint)


def _same_unit(one: str, other: str) -> bool:
    try:
        return parse_unit(one) == parse_unit(other)
    except UnitError:
        return one == other


def _check_scale(value: float, gauge: Gauge, flaw: Note) -> None:
    if gauge.scale == "log" and value <= 0:
        hint = 'leave the row out, or measure the gauge on scale = "abs"'
        flaw("GW408", f"value {value:g} is not positive, but the gauge is measured in logs", hint)
    if gauge.scale == "logit" and not 0 < value < 1:
        hint = "write 0.58 for 58 %" if 1 < value < 100 else 'leave the row out, or measure on scale = "abs"'
        flaw("GW408", f"value {value:g} is not between 0 and 1, but the gauge is a share (logit)", hint)


def _period(cells: Mapping[str, str], gauge: Gauge | None, wheel: Wheel, flaw: Note) -> tuple[float | None, float]:
    """Start and end on the time grid. After a flaw the numbers mean nothing."""
    end = day_of(cells["end"], "end", flaw)
    start = day_of(cells["start"], "start", flaw) if cells["start"] else None
    if not cells["start"] and gauge is not None and gauge.measure in OVER_A_PERIOD:
        hint = "write the first day of the period; end is the first day after it"
        flaw("GW410", f"a {gauge.measure} needs a start", hint)
    if start and end and end <= start:
        hint = "end is the first day after the period: January 2014 is 2014-01-01,2014-02-01"
        flaw("GW410", f"the period ends on {end}, not after its start on {start}", hint)
        return None, 0.0
    if end and elapsed(end, wheel) <= 0:
        flaw("GW411", f"{end} is not after the wheel's start on {wheel.start}", _earlier(start or end))
        return None, 0.0
    if start and elapsed(start, wheel) < -OFF_GRID * wheel.dt:
        flaw("GW411", f"the period begins on {start}, before the wheel's start on {wheel.start}", _earlier(start))
        return None, 0.0
    return _on_grid(start, end, wheel, flaw)


def _on_grid(start: date | None, end: date | None, wheel: Wheel, flaw: Note) -> tuple[float | None, float]:
    """Both moved to the nearest time of the grid, if that is near."""
    steps = {name: elapsed(day, wheel) / wheel.dt for name, day in (("start", start), ("end", end)) if day}
    grid = {name: round(step) for name, step in steps.items()}
    if len(grid) == 2 and grid["start"] == grid["end"]:
        message = f"the period from {start} to {end} is shorter than one dt ({wheel.dt:g} {wheel.unit})"
        flaw("GW412", message, _finer(wheel))
        return None, 0.0
    for name, step in steps.items():
        if abs(step - grid[name]) > OFF_GRID:
            message = (
                f"the {name} lies {abs(step - grid[name]):.2g} dt off the time grid (dt = {wheel.dt:g} {wheel.unit})"
            )
            flaw("GW412", message, _finer(wheel))
    return (grid["start"] * wheel.dt if start else None), (grid["end"] * wheel.dt if end else 0.0)


def day_of(text: str, column: str, flaw: Note) -> date | None:
    """The day that a cell states, or None after GW409 was given to `flaw`."""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:  # the 30th of February
        pass
    flaw("GW409", f"{column} {shown(text)} is not a date", "write year-month-day, as in 2014-01-31")
    return None


def _earlier(day: date) -> str:
    return f"set start = {day} or earlier in the wheel, or leave the row out"


def _finer(wheel: Wheel) -> str:
    """Which dt would put dates on the grid."""
    if counts_months(wheel):
        return (
            f"choose a dt that divides the periods (a month is {1 / MONTHS[wheel.unit]!r} {wheel.unit}); "
            'for days within a month set dt = "week" or "day"'
        )
    if wheel.grid:
        whole = f"the grid is whole {wheel.grid}s from the wheel's start, {wheel.start:%A} {wheel.start}"
        return f'{whole}; move the start, or set dt = "day"' if wheel.grid == "week" else whole
    return f"choose a dt that divides the periods (a day is {1 / DAYS[wheel.unit]!r} {wheel.unit})"
