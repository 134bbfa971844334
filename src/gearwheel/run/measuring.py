"""Events → everything that a run needs of them, measured once and kept by the hash of its source.

The measures are plain data, the `events` part of results.json: the rows of every gauge with their definitions, the
facts of single orders, the page of data checks, the themes of what customers write, and what a customer is worth.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from gearwheel.run.store import Progress, cached_file, code_hash, plain, save_atomically, silent
from gearwheel.wheel.errors import DataError, GearwheelError, Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.read import parse_wheel, read_text

MOST_EXPERIMENTS = 200


def from_events(wheel: Wheel) -> bool:
    """Whether the wheel is measured from events (a mapping) and not from a tidy CSV."""
    return Path(wheel.measured).suffix == ".toml"


def measures_of(wheel: Wheel, progress: Progress | None = None, cache: bool = True) -> dict | None:
    """What the wheel's events measure; None for a wheel that is not measured from events. Raises DataError."""
    if not from_events(wheel):
        return None
    return measure_source(Path(wheel.file).parent / wheel.measured, progress, cache)


def measure_source(
    mapping_file: Path,
    progress: Progress | None = None,
    cache: bool = True,
    refresh: bool = False,
    connect: bool = False,
) -> dict:
    """Everything that the source of this mapping measures, from the cache while the source is unchanged.

    `connect`: the user has agreed to connect to the database that the file names, now and later.
    """
    from gearwheel.gauges.events import open_events
    from gearwheel.gauges.mapping import read_mapping
    from gearwheel.gauges.sources.known import remember

    progress = progress or silent
    mapping = read_mapping(mapping_file)
    if connect:
        remember(mapping.source)
    with open_events(mapping, mapping_file.parent, progress, refresh=refresh) as events:
        settings = [mapping.grain, mapping.active_days, str(mapping.since), str(mapping.until)]
        stated = [events.hash, *settings, code_hash(("gauges", "fit", "run"))]
        key = hashlib.sha256(json.dumps(stated).encode()).hexdigest()[:24]
        kept = cached_file("measures", key, ".json")
        found = _read(kept) if cache else None
        if found is None:
            found = plain(_measured(events, progress)) | {"hash": key}
            if cache:
                with contextlib.suppress(GearwheelError):  # a full disk costs time at the next run, nothing else
                    save_atomically(kept, json.dumps(found, allow_nan=False).encode())
    # what is not read, such as a file that has come since, is no part of the key: it is told as it is now
    return found | {"notes": [*map(_told, events.problems), *found["notes"]]}


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
    gauges = _gauges(measured, events.mapping)
    themes = {t: event_themes(events, t, progress) for t in ("reviews", "contacts") if t in events.present}
    gauges["source"]["currency"] = gauges["source"]["currency"] or _only_currency(events)
    spoken = [row for found in themes.values() for row in found.rows]
    return {
        **gauges,
        "gauges": gauges["gauges"] | _spoken(spoken),
        "rows": [*measured.rows, *spoken],
        "notes": [*measured.notes, *_silences(measured.rows, events.mapping)],
        "page": checked,
        "facts": facts(events, progress),
        "themes": {table: replace(found, model=None, rows=(), stop_words=()) for table, found in themes.items()},
        "customers": customer_value(events, _whole_days(measured.rows), progress),
        "experiments": _experiments(events),
    }


def _told(problem: Problem) -> str:
    """What was noted about the source, in one line; the source itself is named with the measures."""
    return f"{'; '.join(filter(None, (problem.message, problem.hint)))} ({problem.code})"


def _silences(rows, mapping) -> list[str]:
    """What the record's silences mean for a wheel, in words."""
    from gearwheel.run.closed import silences

    return silences([r for r in rows if r.gauge == "orders"], mapping.active_days, mapping.grain)


def _whole_days(rows) -> tuple[date, date] | None:
    """First and last day of the periods in which orders were measured: no stray row, no unfinished period."""
    orders = [r for r in rows if r.gauge == "orders"]
    return (min(r.start for r in orders), max(r.end for r in orders) - timedelta(1)) if orders else None


def _experiments(events) -> list[dict]:
    """The experiments that the source holds, with their days as dates."""
    wanted = "name, lever, control_value, treated_value, unit, share_exposed, metric, scale, effect, se, design"
    days = "cast(starts_at as date) as starts_at, cast(ends_at as date) as ends_at"
    found = events.connection.execute(
        f"select {wanted}, {days} from events.experiments order by starts_at, name limit {MOST_EXPERIMENTS}"
    )
    columns = [column[0] for column in found.description]
    return [dict(zip(columns, row)) for row in found.fetchall()]


def _only_currency(events) -> str:
    """The currency of the orders, "" where they are in none or in several."""
    found = events.connection.execute("select distinct currency from events.orders where currency is not null limit 2")
    codes = [code for (code,) in found.fetchall()]
    return codes[0] if len(codes) == 1 else ""


def _gauges(measured, mapping) -> dict:
    """What any engine measures."""
    from gearwheel.gauges.sources.parts import without_password

    return {
        "source": {"adapter": mapping.adapter, "at": without_password(mapping.source), "currency": mapping.currency},
        "grain": mapping.grain,
        "active_days": mapping.active_days,
        "gauges": {name: _definition(m) for name, m in measured.measures.items()},
        "rows": measured.rows,
        "left_out": measured.left_out,
        "notes": measured.notes,
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


def mapping_of(target: str) -> Path:
    """The mapping that a folder, a wheel or its own path names. Raises DataError (GW440) where there is none."""
    path = Path(target).expanduser()
    if path.is_dir():
        path = path / "mapping.toml"
    if path.name == "wheel.toml" and path.is_file():
        path = path.parent / (parse_wheel(read_text(path), str(path)).measured or "mapping.toml")
    if not path.is_file():
        hint = "`gearwheel new NAME --data SOURCE` writes one"
        raise DataError(Problem("GW440", "there is no mapping of events", str(path), hint=hint))
    return path


def measure_on(engine: str, mapping_file: Path, place: str | None, names, progress: Progress | None = None) -> dict:
    """The gauges alone, measured on Spark at `engine` from canonical tables at `place`.

    Without a place the events of the mapping are written to the cache as canonical Parquet first.
    """
    from gearwheel.gauges.events import open_events
    from gearwheel.gauges.mapping import read_mapping
    from gearwheel.gauges.spark import measure_on_spark

    mapping = read_mapping(mapping_file)
    if place is None:
        with open_events(mapping, mapping_file.parent, progress) as events:
            place = str(_canonical_files(events))
    return plain(_gauges(measure_on_spark(engine, place, mapping, names, progress), mapping))


def _canonical_files(events) -> Path:
    """The canonical tables that the source has, one Parquet file each, in the cache."""
    folder = cached_file("canonical", events.hash, "")
    folder.mkdir(parents=True, exist_ok=True)
    for table in sorted(events.present):
        file = folder / f"{table}.parquet"
        if not file.exists():
            given = ", ".join(sorted(events.columns[table]))
            batches = events.connection.execute(f"select {given} from events.{table}").to_arrow_reader(100_000)
            _write_parquet(batches, file)
    return folder


def _write_parquet(batches, file: Path) -> None:
    """Batch by batch: no table has to fit into memory."""
    import pyarrow.parquet as pq

    beside = file.with_suffix(".part")
    with pq.ParquetWriter(beside, batches.schema, coerce_timestamps="us") as out:
        for batch in batches:
            out.write_batch(batch)
    beside.replace(file)
