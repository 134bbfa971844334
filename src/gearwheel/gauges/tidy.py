"""Reads measured series from a tidy CSV: one row for one measurement of one gauge.

    gauge,start,end,value,unit,error,bound,source,confidence
    net_sales,2014-01-01,2014-04-01,19741,USD_million,,,earnings release,memory-checked
    prime_members,,2018-04-01,100,million,,above,shareholder letter,verified

A period is [start, end); a level at a date has no start. Shares are ratios. `error` is on the gauge's scale,
empty for the gauge's own; `bound` is empty, `above` ("more than") or `below`.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from os import PathLike
from pathlib import Path

from gearwheel.gauges.cells import day_of, read_row
from gearwheel.gauges.findings import ENOUGH, SHOWN, Findings, Note, shown
from gearwheel.gauges.periods import check_periods
from gearwheel.gauges.series import Gauges, Row, Series
from gearwheel.wheel.errors import did_you_mean
from gearwheel.wheel.parts import Wheel

COLUMNS = ("gauge", "start", "end", "value", "unit", "error", "bound", "source", "confidence")
FIRST_LINE = f"the first line is {','.join(COLUMNS)}"
MAX_BYTES = 20_000_000
AS_UTF8 = "save it as CSV in UTF-8 with columns separated by commas"


@dataclass(frozen=True)
class Entry:
    """One row as it stands, before any wheel is known: stripped cells by column, and the days that they state."""

    cells: dict[str, str]
    start: date | None
    end: date


def read_entries(path: str | PathLike[str]) -> list[Entry]:
    """The rows of the file at `path`, for whoever makes a wheel for them; values and units are not looked at.

    Raises DataError with every line that is no row (GW401 to GW403, GW417) or has no date (GW409), or for no row (GW402).
    """
    found, entries = Findings(str(path)), []
    for line, cells in _records(Path(path), found):
        note = found.at(line)
        end = day_of(cells["end"], "end", note)
        start = day_of(cells["start"], "start", note) if cells["start"] else None
        if end:
            entries.append(Entry(cells, start, end))
    if not entries and not found.problems:
        found.at(1)("GW402", "the file has no rows", "below the first line stands one row for each measurement")
    found.check()
    return entries


def read_gauges(path: str | PathLike[str], wheel: Wheel) -> Gauges:
    """The series in the file at `path`, each bound to a gauge of `wheel`, in the wheel's time.

    Raises DataError with everything that is wrong (GW401 to GW417): file, line, what and a hint each. Nothing is
    converted, clipped or filled; dates are moved to the nearest time of the grid when they lie within 2 % of a dt.
    The wheel must have passed its own checks (dt > 0, a known unit of time).
    """
    found = Findings(str(path))
    rows: dict[str, list[Row]] = {name: [] for name in wheel.gauge}
    hints: dict[str, str] = {}  # one search for a near name, however often the wrong one stands there
    for line, cells in _records(Path(path), found):
        note, name = found.at(line), cells["gauge"]
        if name not in wheel.gauge:
            if name not in hints:
                hints[name] = _near(name, wheel)
            note("GW404", f"the wheel has no gauge {shown(name)}", hints[name])
        row = read_row(cells, wheel.gauge.get(name), wheel, line, note)
        if row:
            rows[name].append(row)
    check_periods(rows, wheel, found)
    found.check()
    series = {name: _series(name, wheel, part) for name, part in rows.items() if part}
    return Gauges(series, str(path), _hash(Path(path)))


def _series(name: str, wheel: Wheel, rows: list[Row]) -> Series:
    in_order = sorted(rows, key=lambda row: (row.end, row.end if row.start is None else row.start))
    return Series(name, wheel.gauge[name].unit, tuple(in_order))


def _near(name: str, wheel: Wheel) -> str:
    if not wheel.gauge:
        return "the wheel declares no gauge; add one as [gauge.name]"
    names = sorted(wheel.gauge)
    known = f"the wheel's gauges are {', '.join(names[:8])}{' and more' if len(names) > 8 else ''}"
    return did_you_mean(name[:SHOWN], names) or known


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _records(file: Path, found: Findings) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and stripped cells of each row; what stops the reading goes to `found`."""
    note = found.at(0)
    try:
        if not file.is_file():
            note("GW401", "there is no such file", "check the path of the measurements")
        elif file.stat().st_size > MAX_BYTES:
            hint = "keep the periods that the wheel needs; single events are measured from tables, not from here"
            note("GW401", f"the file is larger than {MAX_BYTES // 1_000_000} MB", hint)
        else:
            with file.open(encoding="utf-8-sig", newline="") as stream:
                yield from _rows(csv.reader(stream, strict=True), found)
    except UnicodeDecodeError:
        found.at(_undecodable(file))("GW401", "the text is not UTF-8", AS_UTF8)
    except OSError as error:
        note("GW401", f"the file cannot be read: {error.strerror}", "check the path and its permissions")


def _rows(reader, found: Findings) -> Iterator[tuple[int, dict[str, str]]]:
    line, order = 1, None
    try:
        for raw in reader:
            cells = [cell.strip() for cell in raw]
            if not any(cells):
                pass  # spreadsheets leave empty rows at the end
            elif order is None:
                order = _header(cells, found.at(line))
                if not order:
                    return
            elif len(cells) == len(order):
                yield line, dict(zip(order, cells))
            else:
                found.at(line)("GW403", f"{len(cells)} cells instead of {len(order)}", _cells_hint(cells))
            if found.enough:
                found.at(line)("GW417", f"{ENOUGH} problems: the rest of the file was not read", "mend these first")
                return
            line = reader.line_num + 1
    except csv.Error as error:
        found.at(line)(
            "GW401", f"the line is not CSV: {error}", 'put quotes round text with a comma; double a " inside'
        )
        return
    if order is None:
        found.at(1)("GW402", "the file is empty", FIRST_LINE)


def _header(cells: list[str], note: Note) -> list[str]:
    """The columns in the file's order, or [] when they are not the nine."""
    if not set(cells) & set(COLUMNS):
        note("GW402", "the first line does not name the columns", AS_UTF8 if ";" in cells[0] else FIRST_LINE)
        return []
    for name in COLUMNS:
        if name not in cells:
            note("GW402", f"the column '{name}' is missing", FIRST_LINE)
        elif cells.count(name) > 1:
            note("GW402", f"the column '{name}' stands twice", FIRST_LINE)
    for name in cells:
        if name not in COLUMNS:
            note("GW402", f"unknown column {shown(name)}", did_you_mean(name[:SHOWN], COLUMNS) or FIRST_LINE)
    return cells if sorted(cells) == sorted(COLUMNS) else []


def _cells_hint(cells: list[str]) -> str:
    if len(cells) > len(COLUMNS):
        return 'put quotes round text that holds a comma: "survey, trade press"'
    return "the row is cut off, as after an interrupted copy, or commas of empty cells are missing"


def _undecodable(file: Path) -> int:
    """The first line that is not UTF-8."""
    with file.open("rb") as stream:
        for number, raw in enumerate(stream, 1):
            try:
                raw.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 0
