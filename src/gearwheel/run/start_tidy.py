"""A wheel for measured series that are there already: a tidy CSV such as annual reports fill."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from gearwheel.gauges.catalogue import Measure, catalogue
from gearwheel.gauges.findings import shown
from gearwheel.gauges.tidy import COLUMNS, Entry, read_entries
from gearwheel.run.store import LIBRARY, save_atomically
from gearwheel.wheel.errors import DataError, Problem
from gearwheel.wheel.load import assemble_with
from gearwheel.wheel.parts import Gauge, Wheel
from gearwheel.wheel.read import parse_wheel
from gearwheel.wheel.write import dump

RECORD = "record.csv"


def write_tidy_wheel(name: str, text: str, source: Path, folder: Path) -> dict:
    """Bind the series of `source` that the catalogue of gauges knows to the wheel in `text`; write it to `folder`, and
    beside it a record.csv of the rows that are bound.

    Returns {"bound": names, "unbound": names}. Raises DataError where the file cannot be read, no series has a name that
    is known, or the source is the very record.csv to be written: its other rows would be lost.
    """
    if (folder / RECORD).exists() and (folder / RECORD).samefile(source):
        hint = "give the wheel another --dir, or the series another place"
        raise DataError(Problem("GW493", "the new wheel's record would replace its own source", str(source), hint=hint))
    entries = read_entries(source)
    first, grid, units = _series(entries)
    settings = {"measured": RECORD, "start": first} | ({"dt": grid} if grid else {})
    wheel = parse_wheel(text).changed(**settings)
    whole = assemble_with(wheel, LIBRARY)
    bound = {n: g for n, unit in units.items() if (g := _gauge(_measures().get(n), unit, whole))}
    unbound = sorted(units.keys() - bound.keys())
    if not bound:
        hint = f"known names are {', '.join(sorted(_measures())[:8])} …; others are bound by hand as [gauge.NAME]"
        raise DataError(
            Problem("GW491", "no series in this file has the name of a known gauge", str(source), hint=hint)
        )
    notes = "".join(f"# not bound: {shown(n)}; add a [gauge.NAME] and its rows to {RECORD}\n" for n in unbound)
    save_atomically(folder / RECORD, _rows_of([e for e in entries if e.cells["gauge"] in bound]).encode())
    save_atomically(folder / "wheel.toml", (dump(wheel.changed(gauge=bound)) + notes).encode())
    return {"bound": sorted(bound), "unbound": unbound}


def _rows_of(entries: Sequence[Entry]) -> str:
    text = io.StringIO()
    out = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    out.writeheader()
    out.writerows(entry.cells for entry in entries)
    return text.getvalue()


def gears_of(source: Path) -> list[str]:
    """The gears that the series of this file measure. Raises DataError where it cannot be read."""
    known = [_measures()[n].gear for n in _series(read_entries(source))[2] if n in _measures()]
    return list(dict.fromkeys(gear for gear in known if gear))


def _measures() -> Mapping[str, Measure]:
    return {m.gauge: m for m in catalogue().values() if m.of}


def _series(entries: Sequence[Entry]) -> tuple[date, str, dict[str, str]]:
    """The first day, the time step that the periods ask for ("" for the usual month), and the unit of each series."""
    first = min(entry.start or entry.end for entry in entries)
    shortest = min((e.end - e.start).days or 31 if e.start else 31 for e in entries)
    units: dict[str, str] = {}
    for entry in entries:
        units.setdefault(entry.cells["gauge"], entry.cells["unit"])
    grid = "day" if shortest < 5 else "week" if shortest < 25 else ""
    return first if grid else first.replace(day=1), grid, units


def _gauge(measure: Measure | None, unit: str, whole: Wheel) -> Gauge | None:
    if measure is None or measure.of not in whole.variables():
        return None
    return Gauge(measure.of, measure.measure, measure.scale, unit=unit or measure.unit, title=measure.title)
