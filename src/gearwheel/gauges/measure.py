"""Measures gauges from events: runs the catalogue's views over one connection, shared steps first and once."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

from gearwheel.gauges.adapters import adapters
from gearwheel.gauges.catalogue import Intermediate, Measure, catalogue, choose, fill, steps_for
from gearwheel.gauges.checks.finding import counted
from gearwheel.gauges.record_ends import DAYS, reach_of
from gearwheel.gauges.tidy import COLUMNS
from gearwheel.gauges.zeros import edge_error, inside, possible, readable, recorded
from gearwheel.wheel.errors import DataError, Problem, did_you_mean

Progress = Callable[[str, int, int, str], None]

STATES = """SELECT state, min(period_start), max(period_end), sum(orders), count(*)
FROM base.period_states WHERE state <> 'whole' GROUP BY state ORDER BY 2"""


class Source(Protocol):
    """What is measured: canonical tables in the schema `events` of a DuckDB connection."""

    connection: Any
    present: Collection[str]
    columns: Mapping[str, Collection[str]]
    mapping: Any  # .grain, .active_days and .adapter


class Engine(Protocol):
    """What runs the SQL: DuckDB here, Spark elsewhere. Both methods read `events.*` and, once prepared, `base.*`."""

    def prepare(self, steps: list[Intermediate], uses: Counter[str], tell: Progress) -> None:
        """Makes the intermediates, whose placeholders are filled; what is used more than once is worth keeping."""

    def rows(self, sql: str, what: str) -> list[tuple]:
        """The rows of a SELECT in DuckDB's dialect; `what` names it in errors."""


@dataclass(frozen=True)
class Measurement:
    """One measured value over [start, end). `error` is on the gauge's scale, None where there is no sampling error."""

    gauge: str
    start: date
    end: date
    value: float
    error: float | None
    n: int


@dataclass(frozen=True)
class Measured:
    """Every row by gauge and period, the definitions behind them, what was left out and why, notes in words."""

    rows: list[Measurement]
    measures: dict[str, Measure]
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def measure(events: Source, names: Iterable[str] | None = None, progress: Progress | None = None) -> Measured:
    """Every gauge of the catalogue (or those of `names`) that the events allow.

    Periods in which the record begins or ends, and late or stray rows after its end, are left out with a note; so
    are values beyond the gauge's scale. A period in which nothing was counted is a row with the value 0. Raises
    DataError: GW461 for a grain or window that cannot be, GW462 for an unknown gauge, GW463 where the database gives up.
    """
    adapter = adapters().get(events.mapping.adapter)
    not_there = adapter.not_there if adapter else None
    wanted, left_out = choose(events.present, events.columns, known_gauges(names), not_there)
    with _Base(events.connection) as base:
        return gathered(base, events.mapping, wanted, left_out, progress)


def gathered(
    base: Engine, mapping: Any, wanted: dict[str, Measure], left_out: dict[str, str], progress: Progress | None = None
) -> Measured:
    """These measures, by an engine that holds the events: the intermediates first and once."""
    tell = progress or (lambda stage, done, total, note: None)
    rows: list[Measurement] = []
    reach = reach_of(mapping, lambda: dict(base.rows(DAYS, "the orders of each day")))
    measures = {gauge: m.filled(mapping.grain, mapping.active_days, reach) for gauge, m in wanted.items()}
    steps = steps_for(measures.values())
    base.prepare(
        [replace(s, sql=fill(s.sql, mapping.grain, mapping.active_days, reach)) for s in steps],
        _uses(list(measures.values())),
        tell,
    )
    ends = base.rows(STATES, "the record's ends") if any(s.name == "period_states" for s in steps) else []
    notes = [_note(*row) for row in ends]
    for done, (gauge, one) in enumerate(measures.items()):
        tell("measure", done, len(measures), one.title)
        found = base.rows(one.sql, f"gauge {gauge}")
        fit = sorted((row for row in map(_measurement, [one] * len(found), found) if row), key=lambda row: row.start)
        told, note = recorded(fit, one)
        rows += told
        if not told:
            left_out[gauge] = "no period of the record has a value for it"
            continue
        notes += [note] if note else []
        if len(fit) < len(found):
            out = counted(len(found) - len(fit), "period")
            notes.append(f"{one.title}: left out {out} without a value on its scale")
    tell("measure", len(measures), len(measures), "")
    return Measured(rows, {g: m for g, m in measures.items() if g not in left_out}, left_out, notes)


def measured_csv(measured: Measured, names: Iterable[str] | None = None) -> str:
    """The rows (of `names`, or all) as the tidy CSV that `read_gauges` reads. A level stands at its end, without start."""
    keep = set(measured.measures if names is None else names)
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(COLUMNS)
    for row in measured.rows:
        if row.gauge in keep:
            how = measured.measures[row.gauge]
            cells = tidy_cells(row, how.scale, how.measure, how.error, how.unit)
            if cells:
                out.writerow(cells)
    return text.getvalue()


def tidy_cells(row: Measurement, scale: str, measure: str, error: str, unit: str) -> tuple | None:
    """The cells of a row in the tidy CSV; None for a zero that the reader cannot read on the gauge's scale."""
    told = readable(row, scale, measure, error)
    if told is None:
        return None
    value, sure = told
    start = "" if measure == "end" else row.start
    source = "events" if value == row.value else f"events: {row.value:g}, read as {value:.3g}"
    return (row.gauge, start, row.end, repr(value), unit, f"{sure:.6g}" if sure else "", "", source, "measured")


def known_gauges(names: Iterable[str] | None) -> list[str] | None:
    """The names as a list; raises DataError (GW462) for one that no gauge has."""
    if names is None:
        return None
    wanted, gauges = list(names), sorted({m.gauge for m in catalogue().values()})
    strange = [
        Problem("GW462", f"there is no gauge {name[:60]!r}", "", 0, did_you_mean(name[:60], gauges))
        for name in wanted
        if name not in gauges
    ]
    if strange:
        raise DataError(strange)
    return wanted


def _uses(measures: list[Measure]) -> Counter[str]:
    """How many gauges and intermediates read each intermediate that is worth storing."""
    steps = steps_for(measures)
    kept = {step.name for step in steps if step.stored}
    return Counter(name for step in [*measures, *steps] for name in step.reads if name in kept)


def _measurement(how: Measure, row: tuple) -> Measurement | None:
    """The row as a measurement, or None where its value lies beyond the gauge's scale."""
    start, end, value, error, n = row
    if value is None or not math.isfinite(value) or not possible(value, how.scale):
        return None
    sure = error if error is not None and math.isfinite(error) and error > 0 else None
    count = int(n or 0)
    if not inside(value, how.scale):
        sure = edge_error(how.scale, how.error, count, value)
    return Measurement(how.gauge, start, end, float(value), sure, count)


class _Base:
    """The schema `base` on a connection while gauges are measured; gone afterwards."""

    def __init__(self, connection: Any):
        self.connection = connection

    def __enter__(self) -> _Base:
        self.run("DROP SCHEMA IF EXISTS base CASCADE", "an earlier run")
        self.run("CREATE SCHEMA base", "the shared steps")
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.execute("DROP SCHEMA IF EXISTS base CASCADE")

    def prepare(self, steps: list[Intermediate], uses: Counter[str], tell: Progress) -> None:
        for done, step in enumerate(steps):
            tell("prepare", done, len(steps), step.name)
            kind = "TABLE" if uses[step.name] > 1 else "VIEW"  # what is read once need not be stored
            self.run(f"CREATE {kind} base.{step.name} AS {step.sql}", f"step {step.name}")
        tell("prepare", len(steps), len(steps), "")

    def rows(self, sql: str, what: str) -> list[tuple]:
        return self.run(sql, what).fetchall()

    def run(self, sql: str, what: str) -> Any:
        import duckdb

        try:
            return self.connection.execute(sql)
        except duckdb.Error as error:
            message = f"{what} could not be measured: {str(error).splitlines()[0][:300]}"
            raise DataError(Problem("GW463", message, "", 0, _hint(error))) from None


def _hint(error: Exception) -> str:
    if "memory" in str(error).lower():
        return "give it more memory, or a temporary folder with more room"
    return "check that the source is still there and unchanged, then run it again"


def _note(state: str, start: date, end: date, orders: int, periods: int) -> str:
    """Why periods were left out, in words."""
    what = {
        "fragment": "a fragment before the record: at most 5 % of all orders, then nothing for four weeks",
        "begun": "the record begins inside this period",
        "unfinished": "the record ends inside this period, or it is not complete yet",
        "stray": "late or left-over rows: fewer than a tenth of the orders before",
    }[state]
    return f"{start} to {end}: left out ({counted(int(orders), 'order')} in {counted(periods, 'period')}); {what}"
