"""Measures → the record of a wheel: the rows of its own gauges, in its time, each with its error."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from gearwheel.gauges.series import Gauges
from gearwheel.gauges.tidy import COLUMNS, read_gauges
from gearwheel.run.closed import closed, is_shut
from gearwheel.run.store import cached_file, save_atomically
from gearwheel.wheel.errors import DataError, Problem, did_you_mean
from gearwheel.wheel.parts import Wheel


def rows_of(measures: Mapping) -> list:
    """The rows as measurements, their dates as dates."""
    from gearwheel.gauges.measure import Measurement

    return [Measurement(**{**row, "start": _day(row["start"]), "end": _day(row["end"])}) for row in measures["rows"]]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def picked(measures: Mapping, names: Collection[str]) -> dict:
    """The measures of some gauges only; all without names. Raises DataError (GW462) for one that was not measured."""
    if not names:
        return dict(measures)
    for name in names:
        if name not in measures["gauges"]:
            why = measures["left_out"].get(name)
            hint = f"it was left out: {why}" if why else did_you_mean(name, measures["gauges"])
            raise DataError(Problem("GW462", f"no gauge {name[:60]!r} was measured", hint=hint))
    gauges = {name: measures["gauges"][name] for name in names}
    return {**measures, "gauges": gauges, "rows": [r for r in measures["rows"] if r["gauge"] in gauges], "left_out": {}}


def tidy_text(measures: Mapping) -> str:
    """Every row as the tidy CSV that a wheel may name as its record; levels stand at their date. A zero is read as half
    an event, where that is possible, and else left out: see `gauges.zeros`."""
    from gearwheel.gauges.measure import tidy_cells

    gauges = measures["gauges"]
    told = ((row, gauges[row.gauge]) for row in rows_of(measures))
    return _csv(tidy_cells(row, a["scale"], a["as"], a["error"], a["unit"]) for row, a in told)


def record(wheel: Wheel, measures: Mapping) -> Gauges:
    """The rows of the wheel's own gauges, from its start on, in the wheel's time.

    The error of a row joins its sampling error and the gauge's own, what single rows stray beyond sampling.
    """
    text = record_csv(wheel, measures)
    key = hashlib.sha256(f"{measures['hash']}{text}".encode()).hexdigest()[:24]
    file = cached_file("records", key, ".csv")
    if not file.exists():
        save_atomically(file, text.encode())
    return read_gauges(file, wheel)


def record_csv(wheel: Wheel, measures: Mapping) -> str:
    """The same as tidy CSV."""
    return _csv(_rows_of(wheel, measures))


def _rows_of(wheel: Wheel, measures: Mapping) -> Iterable[tuple | None]:
    from gearwheel.gauges.measure import tidy_cells

    rows = rows_of(measures)
    shut = closed([r for r in rows if r.gauge == "orders"])
    for row in rows:
        gauge = wheel.gauge.get(row.gauge)
        if gauge is None or (row.start or row.end) < wheel.start or is_shut(row, shut):
            continue
        how_sure = measures["gauges"][row.gauge].get("error", "")
        cells = tidy_cells(row, gauge.scale, gauge.measure, how_sure, gauge.unit)
        if cells:
            error = math.hypot(float(cells[5] or 0.0), gauge.error)
            yield (*cells[:5], f"{error:.6g}" if error else "", *cells[6:])


def _csv(rows: Iterable[tuple | None]) -> str:
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(COLUMNS)
    out.writerows(row for row in rows if row)
    return text.getvalue()
