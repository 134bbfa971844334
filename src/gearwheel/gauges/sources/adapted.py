"""An adapter's tables as views whose cells are read already: by the same rules as those of every other source.

`source."table"` has exactly the adapter's columns, under its names: texts trimmed and NULL where they are empty, numbers
as DOUBLE, times as TIMESTAMP WITH TIME ZONE, flags as BOOLEAN. What cannot be read is NULL and is counted in a note.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from gearwheel.gauges.adapters import Adapter
from gearwheel.gauges.canonical import TYPES, Column
from gearwheel.gauges.mapping import Mapping
from gearwheel.gauges.sources.casts import Reading, is_text, typed, words
from gearwheel.gauges.sources.expression import literal, quoted
from gearwheel.gauges.sources.ids import id_cell
from gearwheel.gauges.sources.parts import SourceTable
from gearwheel.gauges.sources.readings import Unclear, readings
from gearwheel.gauges.sources.texts import let
from gearwheel.gauges.sources.views import ADAPTED, PART, STEPS, hidden, relation
from gearwheel.wheel.errors import DataError

NO_DAY = "^0000-00-00"  # how MySQL writes a time that is not known: it is empty, not unreadable
SQL_TYPES = {**TYPES, "time": "TIMESTAMP WITH TIME ZONE"}

Notes = list[tuple[str, str]]  # (message, hint)


@dataclass(frozen=True)
class Cell:
    """One column of the source that an adapter reads: `name` there, its DuckDB type, and how it is read."""

    name: str
    kind: str
    target: str  # canonical type
    zone: str
    reading: Reading = Reading()

    @property
    def sql(self) -> str:
        """The value; a time carries its zone, so that it is not taken for a local one later. A text may be an id, by
        which tables are joined: it is spelled in one way."""
        value = typed(self.target, quoted(self.name), self.kind, self.zone, self.reading)
        if self.target == "text" and is_text(self.kind):
            return let("id_text", value, id_cell("id_text"))
        return f"timezone('UTC', {value})" if self.target == "time" else value


def create_adapted(
    connection, adapter: Adapter, tables: dict[str, SourceTable | None], mapping: Mapping, folder: Path
) -> Notes:
    """Makes the views of the adapter's tables and steps. How columns are read, and the steps, are kept in `folder`.

    Raises DataError (GW436) where the texts of a column can be read in two ways, and duckdb.Error where a table cannot
    be read.
    """
    told = folder / "adapted.json"
    try:
        known = json.loads(told.read_text("utf-8"))
    except (OSError, ValueError):
        known = {}  # not there, or damaged
    settled, notes = known.get("readings", {}), [tuple(note) for note in known.get("notes", ())]
    for alias, wanted in adapter.columns.items():
        table = tables.get(alias)
        cells = _cells(connection, adapter, alias, table, mapping) if table else {}
        if table and alias not in settled:
            settled[alias] = _settled(connection, alias, table, cells, mapping)
            notes += _unreadable(connection, alias, table, _read(cells, settled[alias]))
        cells = _read(cells, settled.get(alias, {}))
        shown = ", ".join(
            f"{_value(cells.get(column, ()), SQL_TYPES[adapter.type_of(alias, column)])} as {quoted(column)}"
            for column in wanted
        )
        key = adapter.keys.get(alias, ()) if table and hidden(table) else ()
        every = f"select {shown}{f', {PART}' if key else ''} {f'from {relation(table)}' if table else 'where false'}"
        connection.execute(f"create view {ADAPTED}.{quoted(alias)} as {_last_states(every, key) if key else every}")
        if key and not known:
            notes += _older_states(connection, alias, table)
    for name, sql in adapter.steps.items():
        _step(connection, name, sql, folder / f"{name}.step.parquet")
    if not known:
        beside = told.with_suffix(f".{os.getpid()}.tmp")
        beside.write_text(json.dumps({"readings": settled, "notes": notes}), "utf-8")
        os.replace(beside, told)
    return notes


def _last_states(every: str, key: tuple[str, ...]) -> str:
    """The rows of a table of several files without those whose key a later file has, too."""
    names = ", ".join(map(quoted, key))
    last = f"{PART} = max({PART}) over (partition by {names})"
    return f"select * exclude ({PART}) from ({every}) qualify {last} or {quoted(key[0])} is null"


def _older_states(connection, alias: str, table: SourceTable) -> Notes:
    counts = (f"select count(*) from {rows}" for rows in (relation(table), f"{ADAPTED}.{quoted(alias)}"))
    every, last = (connection.execute(count).fetchone()[0] for count in counts)
    if every == last:
        return []
    return [
        (f"{alias}: {every - last:,} rows stand in a later file in another state; the last counts", "exports overlap")
    ]


def _step(connection, name: str, sql: str, file: Path) -> None:
    """A step is read often, so its rows are kept."""
    if not file.exists():
        beside = file.with_suffix(f".{os.getpid()}.tmp")
        try:
            connection.execute(f"copy ({sql}) to {literal(str(beside))} (format parquet, compression zstd)")
            os.replace(beside, file)
        finally:
            beside.unlink(missing_ok=True)
    connection.execute(f"create view {STEPS}.{quoted(name)} as select * from read_parquet([{literal(str(file))}])")


def _value(cells: tuple[Cell, ...] | list[Cell], kind: str) -> str:
    return f"cast(coalesce({', '.join(['null', *(cell.sql for cell in cells)])}) as {kind})"


def _cells(connection, adapter: Adapter, alias: str, table: SourceTable, mapping: Mapping) -> dict[str, list[Cell]]:
    """Column of the adapter → the source's columns that are it."""
    kinds = {
        name: kind for name, kind, *_ in connection.execute(f"describe select * from {relation(table)}").fetchall()
    }
    return {
        column: [
            Cell(
                name,
                kinds[name],
                adapter.type_of(alias, column),
                "UTC" if column in adapter.times_in_utc.get(alias, ()) else mapping.time_zone,
            )
            for name in adapter.spelled(kinds, alias, column)
        ]
        for column in adapter.columns[alias]
    }


def _texts(cells: dict[str, list[Cell]]) -> Iterator[Cell]:
    """The cells that are texts in the source and must become something else."""
    for found in cells.values():
        yield from (cell for cell in found if cell.target != "text" and is_text(cell.kind))


def _settled(connection, alias: str, table: SourceTable, cells: dict[str, list[Cell]], mapping: Mapping) -> dict:
    """Source column → its Reading as a list."""
    texts = {cell.name: cell for cell in _texts(cells)}
    asked = {name: (Column(name, cell.target), cell.kind) for name, cell in texts.items()}
    raw = f"select {', '.join(map(quoted, texts)) or '1'} from {relation(table)}"
    try:
        found = readings(connection, raw, asked, mapping.date_order, mapping.decimal)
    except Unclear:
        try:
            found = {
                name: _one(connection, raw, name, {n: a for n, a in asked.items() if a[0].type == column.type}, mapping)
                for name, (column, _) in asked.items()
            }
        except Unclear as error:
            raise DataError(error.problem(alias, table.files[0].path if table.files else table.name, 0)) from error
    return {name: list(astuple(reading)) for name, reading in found.items()}


def _one(connection, raw: str, name: str, alike: dict[str, tuple[Column, str]], mapping: Mapping) -> Reading:
    """The Reading of one column; where its texts leave it open, that of all `alike` columns taken together: a program
    writes every number of a table in the same way, and every date."""
    settings = (mapping.date_order, mapping.decimal)
    try:
        return readings(connection, raw, {name: alike[name]}, *settings)[name]
    except Unclear:
        cells = " union all ".join(f"select cast({quoted(n)} as varchar) as cell from ({raw})" for n in alike)
        try:
            return readings(connection, cells, {"cell": (alike[name][0], "VARCHAR")}, *settings)["cell"]
        except Unclear:
            pass
        raise


def _read(cells: dict[str, list[Cell]], settled: dict[str, list]) -> dict[str, list[Cell]]:
    """The cells with the Reading that was settled for each."""
    return {
        column: [
            Cell(cell.name, cell.kind, cell.target, cell.zone, Reading(*settled[cell.name]))
            if cell.name in settled
            else cell
            for cell in found
        ]
        for column, found in cells.items()
    }


def _unreadable(connection, alias: str, table: SourceTable, cells: dict[str, list[Cell]]) -> Notes:
    """A note for each column with texts that are not what they should be."""
    texts = list(_texts(cells))
    asked = []
    for cell in texts:
        text = words(quoted(cell.name), cell.kind)
        lost = f"({cell.sql}) is null and not regexp_matches({text}, {literal(NO_DAY)})"
        asked += [f"count(*) filter ({lost})", f"min({text}) filter ({lost})"]
    if not asked:
        return []
    rows, *found = connection.execute(f"select count(*), {', '.join(asked)} from {relation(table)}").fetchone()
    hint = "they are read as empty; mend these cells in the export"
    return [
        (f"{alias}: {count:,} of {rows:,} cells of '{cell.name}' hold no {cell.target}, such as {example[:60]!r}", hint)
        for cell, count, example in zip(texts, found[::2], found[1::2])
        if count
    ]
