"""One canonical table as a Parquet file in the cache: made once for each state of its source, kept when complete."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from gearwheel.gauges.canonical import Column, Table
from gearwheel.gauges.sources.casts import Reading, typed
from gearwheel.gauges.sources.expression import literal, quoted
from gearwheel.gauges.sources.ids import id_cell, is_id
from gearwheel.gauges.sources.lines import numbered_lines, repeated_lines
from gearwheel.gauges.sources.overlaps import check_ids
from gearwheel.gauges.sources.readings import readings
from gearwheel.gauges.sources.repeats import WORDS, repeated, single
from gearwheel.gauges.sources.status import canonical_cell
from gearwheel.gauges.sources.texts import is_text, let, words, written
from gearwheel.gauges.sources.views import PART

OLD = 14 * 86_400  # seconds after which what no run has used is deleted


@dataclass
class Kept:
    """What is known of one kept table: rows, rows per column that have a value, and what was found on the way.

    `file` is "" for a table that is read where it lies.
    """

    file: str = ""
    rows: int = 0
    filled: dict[str, int] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)  # (message, hint)


def kept(folder: Path, table: Table) -> Kept | None:
    """The table as it was kept in the folder, or None."""
    told, rows = folder / f"{table.name}.json", folder / f"{table.name}.parquet"
    try:
        raw = json.loads(told.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if raw["file"] and not rows.exists():
        return None
    return Kept(str(rows) if raw["file"] else "", raw["rows"], raw["filled"], [tuple(note) for note in raw["notes"]])


def remember(folder: Path, table: Table, found: Kept) -> Kept:
    """Writes down what is known of the table, last of all: without it the rows do not count."""
    told = folder / f"{table.name}.json"
    beside = told.with_suffix(f".{os.getpid()}.tmp")
    beside.write_text(json.dumps(asdict(found)), "utf-8")
    os.replace(beside, told)
    return found


def keep(
    connection,
    folder: Path,
    table: Table,
    raw: str,
    zone: str,
    order: str,
    decimal: str,
    numbered: bool = False,
    adapted: bool = False,
) -> Kept:
    """Runs the query `raw` (columns named as the canonical ones), makes its columns canonical and keeps the rows.

    A row that lacks a needed value is left out. Values that cannot be read become empty. Both are counted in
    `notes`, as are repeated keys. `numbered`: `line` is the product, and the second line of a product in an order gets
    a number. `adapted`: the query is an adapter's. Raises readings.Unsettled, and duckdb.Error where the source cannot be read.
    """
    described = {name: kind for name, kind, *_ in connection.execute(f"describe {raw}").fetchall()}
    columns = {name: (table.columns[name], kind) for name, kind in described.items() if name in table.columns}
    how = readings(connection, raw, columns, order, decimal)
    cells = {name: _cell(table, c, kind, zone, how[name]) for name, (c, kind) in columns.items()}
    needed = [name for name, column in table.columns.items() if column.needed]
    found = Kept(str(folder / f"{table.name}.parquet"))
    _count(connection, raw, columns, cells, needed, table, found)
    chosen = ", ".join(
        f"cast({cells.get(name, 'null')} as {column.sql_type}) as {name}" for name, column in table.columns.items()
    )
    whole = " and ".join(f"{name} is not null" for name in needed)
    beside = folder / f"{table.name}.{os.getpid()}.tmp"
    try:
        made = f"select * from (select {chosen} from ({raw})) where {whole}"
        _copy(connection, numbered_lines(chosen, raw, PART in described, whole) if numbered else made, beside)
        rows = f"read_parquet([{literal(str(beside))}], file_row_number = true)"
        if numbered:
            found.notes += repeated_lines(connection, rows, found.rows)
        again = repeated(connection, table, rows, found.rows)
        if again and table.name == "orders":
            found.notes += check_ids(connection, raw, cells, adapted)
        if again:
            _join(connection, folder, table, rows, beside, again, found)
        os.replace(beside, found.file)
    finally:
        beside.unlink(missing_ok=True)
    return remember(folder, table, found)


def _cell(table: Table, column: Column, kind: str, zone: str, how: Reading) -> str:
    cell = canonical_cell(table.name, column.name, typed(column.type, quoted(column.name), kind, zone, how))
    return let("id_text", cell, id_cell("id_text")) if is_id(column) and is_text(kind) else cell


def forget_old(folder: Path) -> None:
    """Deletes what lies beside `folder` and was not used for OLD seconds."""
    os.utime(folder)
    for other in folder.parent.iterdir():
        if other.is_dir() and time.time() - other.stat().st_mtime > OLD:
            shutil.rmtree(other, ignore_errors=True)


def _count(connection, raw: str, columns: dict, cells: dict, needed: list[str], table: Table, found: Kept) -> None:
    """Rows, filled values, unreadable values and incomplete rows, in one pass over the source."""
    computed = []
    for place, (name, (_, kind)) in enumerate(columns.items()):
        written_here = written(quoted(name), kind)
        computed += [f"{cells[name]} as cell_{place}", f"{written_here} as text_{place}"]
        computed += [f"{words(quoted(name), kind)} is null as none_{place}"]
    places = {name: place for place, name in enumerate(columns)}
    whole = " and ".join(f"cell_{places[name]} is not null" if name in places else "false" for name in needed)
    asked = ["count(*)", f"count(*) filter ({whole})"]
    for place in places.values():
        lost = f"cell_{place} is null and text_{place} is not null"
        asked += [f"count(cell_{place}) filter ({whole})", f"count(*) filter (cell_{place} is null)"]
        for none in (f"not none_{place}", f"none_{place}"):
            asked += [f"count(*) filter ({lost} and {none})", f"min(text_{place}) filter ({lost} and {none})"]
    sql = f"select {', '.join(asked)} from (select {', '.join(computed)} from ({raw}))"
    values = connection.execute(sql).fetchone()
    all_rows, found.rows = values[0], values[1]
    lacking = {}
    for place, (name, (column, _)) in enumerate(columns.items()):
        filled, empty, failed, example, none, word = values[2 + 6 * place : 8 + 6 * place]
        found.filled[name] = filled
        if name in needed and empty:
            lacking[name] = empty
        if failed:
            what = f"values are no {column.type}, such as {example[:60]!r}"
            hint = "they are read as empty; map the column by an expression to mend them"
            found.notes.append((f"{table.name}.{name}: {failed + none:,} of {all_rows:,} {what}", hint))
        elif none:
            what = f"values only say that there is none, such as {word[:60]!r}"
            found.notes.append((f"{table.name}.{name}: {none:,} of {all_rows:,} {what}", "they are read as empty"))
    if all_rows > found.rows:
        parts = ", ".join(f"{name} in {count:,}" for name, count in lacking.items()) if len(lacking) > 1 else ""
        message = f"{table.name}: {all_rows - found.rows:,} of {all_rows:,} rows lack {' or '.join(lacking or needed)} and are left out"
        found.notes.append((message + (f" ({parts})" if parts else ""), "look at these rows in the source"))


def _join(connection, folder: Path, table: Table, rows: str, beside: Path, again: int, found: Kept) -> None:
    joined = folder / f"{table.name}.{os.getpid()}.joined.tmp"
    try:
        _copy(connection, single(table, rows), joined)
        os.replace(joined, beside)
    finally:
        joined.unlink(missing_ok=True)
    counts = ", ".join(f"count({name})" for name in table.columns)
    left, *filled = connection.execute(
        f"select count(*), {counts} from read_parquet([{literal(str(beside))}])"
    ).fetchone()
    found.filled = {name: n for name, n in zip(table.columns, filled) if name in found.filled}
    if left < found.rows:
        keys = ", ".join(table.key)
        what = WORDS.get(table.name, "the last one counts")
        message = f"{table.name}: {found.rows - left:,} of {found.rows:,} rows repeat the {keys} of another; {what}"
        found.notes.append((message, "a join or a second export may have doubled them"))
    found.rows = left


def _copy(connection, sql: str, target: Path) -> None:
    connection.execute(f"copy ({sql}) to {literal(str(target))} (format parquet, compression zstd)")
