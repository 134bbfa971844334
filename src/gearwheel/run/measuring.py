"""Events → everything that a run needs of them, measured once and kept by the hash of its source.

The measures are plain data, the `events` part of results.json: the rows of every gauge with their definitions, the
facts of single orders, the page of data checks, the themes of what customers write, and what a customer is worth.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from gearwheel.gauges.series import Gauges
from gearwheel.gauges.tidy import COLUMNS, read_gauges
from gearwheel.run.own import exists
from gearwheel.run.store import Progress, cached_file, code_hash, plain, save_atomically, silent
from gearwheel.wheel.errors import GearwheelError
from gearwheel.wheel.parts import Wheel


def from_events(wheel: Wheel) -> bool:
    """Whether the wheel is measured from events (a mapping) and not from a tidy CSV."""
    return Path(wheel.measured).suffix == ".toml"


def measures_of(wheel: Wheel, progress: Progress | None = None, cache: bool = True) -> dict | None:
    """What the wheel's events measure; None for a wheel that is not measured from events. Raises DataError."""
    if not from_events(wheel):
        return None
    return measure_source(Path(wheel.file).parent / wheel.measured, progress, cache)


def measure_source(mapping_file: Path, progress: Progress | None = None, cache: bool = True) -> dict:
    """Everything that the source of this mapping measures, from the cache while the source is unchanged."""
    from gearwheel.gauges.events import open_events
    from gearwheel.gauges.mapping import read_mapping

    progress = progress or silent
    mapping = read_mapping(mapping_file)
    with open_events(mapping, mapping_file.parent, progress) as events:
        stated = [events.hash, mapping.grain, mapping.active_days, code_hash(("gauges", "fit"))]
        key = hashlib.sha256(json.dumps(stated).encode()).hexdigest()[:24]
        kept = cached_file("measures", key, ".json")
        if cache and (found := _read(kept)):
            return found
        found = plain(_measured(events, progress)) | {"hash": key}
    if cache:
        with contextlib.suppress(GearwheelError):  # a full disk costs time at the next run, nothing else
            save_atomically(kept, json.dumps(found, allow_nan=False).encode())
    return found


def _read(kept: Path) -> dict | None:
    try:
        return json.loads(kept.read_text())
    except (OSError, ValueError):
        return None  # not there, or damaged: measured again


def _measured(events, progress: Progress) -> dict:
    from gearwheel.gauges.checks import check_events
    from gearwheel.gauges.facts import facts
    from gearwheel.gauges.measure import measure
    from gearwheel.gauges.themes import event_themes
    from gearwheel.run.worth import customer_value

    checked = check_events(events, progress)
    measured = measure(events, progress=progress)
    themes = {t: event_themes(events, t, progress) for t in ("reviews", "contacts") if t in events.present}
    spoken = [row for found in themes.values() for row in found.rows]
    return {
        "source": {"adapter": events.mapping.adapter, "at": events.mapping.source, "currency": events.mapping.currency},
        "grain": events.mapping.grain,
        "active_days": events.mapping.active_days,
        "gauges": {name: _definition(m) for name, m in measured.measures.items()} | _spoken(spoken),
        "rows": [*measured.rows, *spoken],
        "left_out": measured.left_out,
        "notes": [*(str(p) for p in events.problems), *measured.notes],
        "page": checked,
        "facts": facts(events, progress),
        "themes": {table: replace(found, model=None, rows=(), stop_words=()) for table, found in themes.items()},
        "customers": customer_value(events, progress),
    }


def _spoken(rows) -> dict[str, dict]:
    """Definitions of the gauges that are told from words."""
    return {
        name: {
            "title": name.replace("_", " about ", 1).capitalize(),
            "gear": "experience",
            "unit": "1",
            "scale": "logit",
            "as": "mean",
            "definition": "share of the period's texts that complain and are mostly about this, told from their words",
            "error": "binomial, in logits",
        }
        for name in dict.fromkeys(row.gauge for row in rows)
    }


def _definition(measure) -> dict:
    wanted = ("title", "gear", "unit", "scale", "definition", "error")
    return {key: getattr(measure, key) for key in wanted} | {"as": measure.measure}


def rows_of(measures: Mapping) -> list:
    """The rows as measurements, their dates as dates."""
    from gearwheel.gauges.measure import Measurement

    return [Measurement(**{**row, "start": _day(row["start"]), "end": _day(row["end"])}) for row in measures["rows"]]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


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
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(COLUMNS)
    begin = wheel.start.isoformat()
    for row in measures["rows"]:
        gauge = wheel.gauge.get(row["gauge"])
        if gauge is None or (row["start"] or row["end"]) < begin or not exists(row["value"], gauge.scale):
            continue
        error = math.hypot(row["error"] or 0.0, gauge.error)
        start = "" if gauge.measure == "end" else row["start"]
        out.writerow(
            (row["gauge"], start, row["end"], repr(row["value"]), gauge.unit, f"{error:.6g}", "", "events", "")
        )
    return text.getvalue()
