"""A wheel for measured series that are there already: a tidy CSV such as annual reports fill."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from gearwheel.gauges.catalogue import Measure, catalogue
from gearwheel.gauges.common_names import gauge_called
from gearwheel.gauges.findings import shown
from gearwheel.gauges.series import Gauges, Row, Series
from gearwheel.gauges.tidy import COLUMNS, Entry, read_entries
from gearwheel.gauges.zeros import inside
from gearwheel.run.first_rows import contradictions
from gearwheel.run.start_numbers import started
from gearwheel.run.store import LIBRARY, save_atomically
from gearwheel.wheel.errors import DataError, Problem
from gearwheel.wheel.load import assemble_with
from gearwheel.wheel.parts import Gauge, Wheel
from gearwheel.wheel.read import parse_wheel
from gearwheel.wheel.times import elapsed
from gearwheel.wheel.write import dump

RECORD = "record.csv"
_CODE = re.compile(r"^[A-Z]{3}(/.*)?$")
_SAMPLE_WORDS = re.compile(r"^(# ---- \w+): .*$", re.M)  # such as "10,000 customers", which the record replaces


def write_tidy_wheel(name: str, text: str, source: Path, folder: Path, currency: str = "") -> dict:
    """Bind the series of `source` that the catalogue of gauges knows to the wheel in `text`, start it where they start,
    write it to `folder`, and beside it a record.csv of the rows that are bound.

    Returns {"bound": names, "unbound": name → why, "doubts": problems of its start}. Raises DataError where the file
    cannot be read, no series has a name that is known, or the source is the very record.csv to be written: its other
    rows would be lost.
    """
    if (folder / RECORD).exists() and (folder / RECORD).samefile(source):
        hint = "give the wheel another --dir, or the series another place"
        raise DataError(Problem("GW493", "the new wheel's record would replace its own source", str(source), hint=hint))
    entries, stated = _in_money(read_entries(source))
    currency = currency or stated
    units: dict[str, str] = {}
    for entry in entries:
        units.setdefault(entry.cells["gauge"], entry.cells["unit"])
    sample = parse_wheel(_SAMPLE_WORDS.sub(r"\1", text))
    whole = assemble_with(sample, LIBRARY)
    bound = {n: g for n, unit in units.items() if (g := _gauge(_measures().get(n), unit, whole))}
    unbound = {n: _why(n) for n in sorted(units.keys() - bound.keys())}
    if not bound:
        known = f"known names are {', '.join(sorted(_measures()))}; others are bound by hand as [gauge.NAME]"
        hint = "; ".join([*(f"{shown(n)}: {why}" for n, why in list(unbound.items())[:5]), known])
        raise DataError(
            Problem("GW491", "no series in this file has the name of a known gauge", str(source), hint=hint)
        )
    kept = [e for e in entries if e.cells["gauge"] in bound]
    first, grid = _clock(kept)
    settings = {"measured": RECORD, "start": first, "gauge": bound} | ({"dt": grid} if grid else {})
    settings |= {"currency": currency} if currency else {}
    wheel = parse_wheel(dump(sample.changed(**settings)))
    gauges = _gauges(kept, wheel)
    wheel = started(wheel, assemble_with(wheel, LIBRARY), gauges)
    notes = "".join(f"# not bound: {shown(n)}; add a [gauge.NAME] and its rows to {RECORD}\n" for n in unbound)
    written = dump(wheel) + notes
    doubts = contradictions(assemble_with(parse_wheel(written, str(folder / "wheel.toml")), LIBRARY), gauges)
    save_atomically(folder / RECORD, _rows_of(kept).encode())
    save_atomically(folder / "wheel.toml", written.encode())
    return {"bound": sorted(bound), "unbound": unbound, "doubts": doubts}


def _in_money(entries: Sequence[Entry]) -> tuple[list[Entry], str]:
    """The rows with the unit `money` where a currency's code stands for it, and that code. Rows in several currencies
    keep theirs, which no gauge has: nothing is converted."""
    codes = {e.cells["unit"].partition("/")[0] for e in entries if _CODE.match(e.cells["unit"])}
    if len(codes) != 1:
        return list(entries), ""
    changed = [{**e.cells, "unit": _CODE.sub(r"money\1", e.cells["unit"])} for e in entries]
    return [Entry(cells, e.start, e.end) for cells, e in zip(changed, entries)], codes.pop()


def _gauges(entries: Iterable[Entry], wheel: Wheel) -> Gauges:
    """The rows as they stand, in the wheel's time; what is no number is left to the reading of the record."""
    rows: dict[str, list[Row]] = {}
    for entry in entries:
        try:
            value = float(entry.cells["value"])
        except ValueError:
            continue
        start = elapsed(entry.start, wheel) if entry.start else None
        name, bound = entry.cells["gauge"], entry.cells["bound"]
        if math.isfinite(value) and inside(value, wheel.gauge[name].scale):
            rows.setdefault(name, []).append(Row(start, elapsed(entry.end, wheel), value, bound=bound))
    ordered = {n: tuple(sorted(part, key=lambda r: r.end)) for n, part in rows.items()}
    return Gauges({n: Series(n, wheel.gauge[n].unit, part) for n, part in ordered.items()})


def _why(name: str) -> str:
    """Why the series of this name is not bound, and what to do."""
    known = gauge_called(name)
    if known != name and known in _measures():
        return f"perhaps {known} ({_measures()[known].title.lower()})? Then call it that"
    measure = next((m for m in catalogue().values() if m.gauge == name), None)
    if measure is None:
        return "no gauge has this name"
    needs = sorted({m.gauge for m in _measures().values() if m.gear == measure.gear and m.of and m.measure == "end"})
    if name in _measures():
        return f"it reads the gear {measure.gear}, which the wheel has only where one of {', '.join(needs)} is measured"
    return "it is shown and not fitted: no variable of a gear reads it"


def _rows_of(entries: Sequence[Entry]) -> str:
    text = io.StringIO()
    out = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    out.writeheader()
    out.writerows(entry.cells for entry in entries)
    return text.getvalue()


def gears_of(source: Path) -> list[str]:
    """The gears that the series of this file measure. Raises DataError where it cannot be read. A ratio within a gear
    says nothing about the gear's size, so it does not ask for it."""
    known = [_measures()[n] for n in (e.cells["gauge"] for e in read_entries(source)) if n in _measures()]
    return list(dict.fromkeys(m.gear for m in known if m.gear and m.of))


def _measures() -> Mapping[str, Measure]:
    """Gauge → its measure, of those that can be bound to a variable."""
    return {m.gauge: m for m in catalogue().values() if m.of or m.measure.startswith("ratio(")}


def _clock(entries: Sequence[Entry]) -> tuple[date, str]:
    """The first day, before the first level, and the time step that the periods ask for ("" for the usual month)."""
    first = min(entry.start or entry.end - timedelta(1) for entry in entries)
    shortest = min((e.end - e.start).days or 31 if e.start else 31 for e in entries)
    grid = "day" if shortest < 5 else "week" if shortest < 25 else ""
    return first if grid else first.replace(day=1), grid


def _gauge(measure: Measure | None, unit: str, whole: Wheel) -> Gauge | None:
    if measure is None:
        return None
    ratio = re.fullmatch(r"ratio\(([\w.]+), ([\w.]+)\)", measure.measure)
    of, over, how = (*ratio.groups(), "ratio") if ratio else (measure.of, "", measure.measure)
    if not {of, over or of} <= whole.variables().keys():
        return None
    return Gauge(of, how, measure.scale, unit=unit or measure.unit, over=over, title=measure.title)
