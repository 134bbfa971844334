"""A wheel for measured series that are there already: a tidy CSV such as annual reports fill."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

from gearwheel.gauges.catalogue import Measure, catalogue
from gearwheel.gauges.tidy import COLUMNS
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

    Returns {"bound": names, "unbound": names}. Raises DataError where no series has a name that is known.
    """
    first, grid, units = _series(source)
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
    notes = "".join(f"# not bound: {n}; add [gauge.{n}] and its rows to {RECORD}\n" for n in unbound)
    save_atomically(folder / RECORD, _rows_of(source, bound).encode())
    save_atomically(folder / "wheel.toml", (dump(wheel.changed(gauge=bound)) + notes).encode())
    return {"bound": sorted(bound), "unbound": unbound}


def _rows_of(source: Path, names: Collection[str]) -> str:
    text = io.StringIO()
    with source.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        out = csv.DictWriter(text, rows.fieldnames or COLUMNS, lineterminator="\n", extrasaction="ignore")
        out.writeheader()
        out.writerows(row for row in rows if row["gauge"].strip() in names)
    return text.getvalue()


def gears_of(source: Path) -> list[str]:
    """The gears that the series of this file measure."""
    known = [_measures()[n].gear for n in _series(source)[2] if n in _measures()]
    return list(dict.fromkeys(gear for gear in known if gear))


def _measures() -> Mapping[str, Measure]:
    return {m.gauge: m for m in catalogue().values() if m.of}


def _series(source: Path) -> tuple[date, str, dict[str, str]]:
    """The first day of the file, the time step that its periods ask for ("" for the usual month), and the unit of each
    series. Raises DataError where a date cannot be read."""
    days: list[date] = []
    shortest = 31
    units: dict[str, str] = {}
    with source.open(encoding="utf-8-sig", newline="") as stream:
        for line, row in enumerate(csv.DictReader(stream), 2):
            try:
                end = date.fromisoformat(row["end"].strip())
                days.append(date.fromisoformat(row["start"].strip()) if row["start"].strip() else end)
                shortest = min(shortest, (end - days[-1]).days or shortest)
            except (ValueError, KeyError, AttributeError) as error:
                raise DataError(Problem("GW409", "this row has no date", str(source), line)) from error
            units.setdefault(row["gauge"].strip(), row["unit"].strip())
    if not days:
        raise DataError(Problem("GW402", "the file has no rows", str(source)))
    grid = "day" if shortest < 5 else "week" if shortest < 25 else ""
    return min(days) if grid else min(days).replace(day=1), grid, units


def _gauge(measure: Measure | None, unit: str, whole: Wheel) -> Gauge | None:
    if measure is None or measure.of not in whole.variables():
        return None
    return Gauge(measure.of, measure.measure, measure.scale, unit=unit or measure.unit, title=measure.title)
