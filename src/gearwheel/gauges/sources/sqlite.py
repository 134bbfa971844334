"""A SQLite file as a source: looked at with the standard library, streamed as Arrow batches, never written."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from gearwheel.gauges.sources import parts
from gearwheel.gauges.sources.expression import quoted
from gearwheel.gauges.sources.files import stamp_of
from gearwheel.gauges.sources.parts import Source, SourceTable
from gearwheel.wheel.errors import DataError, Problem

_HINT = "close the program that writes to it, or copy the file and read the copy"


def look_at_sqlite(path: Path) -> Source:
    """Its tables and views with the types that they declare. Raises DataError."""
    stamp = _stamp(path)
    tables = {}
    try:
        with closing(sqlite3.connect(address_of(path), uri=True)) as connection:
            found = connection.execute(
                "select name, type from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%' "
                "order by name"
            )
            for name, sort in found.fetchall():
                rows = connection.execute(f"pragma table_info({quoted(name)})").fetchall()
                columns = {column: (kind or "TEXT").upper() for _, column, kind, *_ in rows}
                tables[name] = SourceTable(
                    name, "sqlite", columns, address=(name,), stamp=stamp, is_view=sort == "view"
                )
    except sqlite3.Error as error:
        raise DataError(_unreadable(path, error)) from error
    if not tables:
        raise DataError(Problem("GW431", "the database has no table", str(path)))
    return Source(str(path), "sqlite", tables)


def address_of(path: Path) -> str:
    """A URI that opens the file for reading only, without making the files that SQLite keeps beside a database."""
    # with a journal beside it the file alone is not all there is, and locks must be kept
    live = any(Path(f"{path}{ending}").exists() for ending in ("-wal", "-journal"))
    return f"file:{quote(str(path.resolve()))}?mode=ro" + ("" if live else "&immutable=1")


@contextmanager
def streamed(path: Path, table: SourceTable) -> Iterator[tuple[object, Iterator]]:
    """The rows as Arrow batches with their schema. Raises DataError."""
    from adbc_driver_manager import Error
    from adbc_driver_sqlite import dbapi

    kinds = _kinds(path, table)
    try:
        with dbapi.connect(address_of(path)) as connection, connection.cursor() as cursor:
            cursor.execute(_query(table, kinds))
            reader = cursor.fetch_record_batch()
            yield reader.schema, _without_first_row(reader)
    except Error as error:
        raise DataError(_unreadable(path, error)) from error


def _without_first_row(reader) -> Iterator:
    first = True
    for batch in reader:
        yield batch.slice(1) if first else batch
        first = False


def _kinds(path: Path, table: SourceTable) -> dict[str, str]:
    """Column → integer, real or text, by the values that are there: in SQLite a column's type binds nobody."""
    counts = [f"sum(typeof({quoted(c)}) = '{t}')" for c in table.columns for t in ("integer", "real", "null")]
    sql = f"select count(*), {', '.join(counts)} from {quoted(table.address[0])}"
    end = time.monotonic() + parts.PATIENCE
    try:
        with closing(sqlite3.connect(address_of(path), uri=True)) as connection:
            if table.is_view:
                connection.set_progress_handler(lambda: time.monotonic() > end, 1_000_000)
            rows, *found = connection.execute(sql).fetchone()
    except sqlite3.Error as error:
        if table.is_view and time.monotonic() > end:
            raise DataError(parts.endless(table.name, str(path))) from error
        raise DataError(_unreadable(path, error)) from error
    kinds = {}
    for place, column in enumerate(table.columns):
        whole, real, empty = (n or 0 for n in found[3 * place : 3 * place + 3])
        filled = rows - empty
        kinds[column] = "text" if not filled or whole + real < filled else "real" if real else "integer"
    return kinds


def _query(table: SourceTable, kinds: dict[str, str]) -> str:
    """The driver takes types from the first rows it sees, so a made first row states them; it is dropped again."""
    sample = {"integer": "0", "real": "0.0", "text": "''"}
    first = ", ".join(f"{sample[kind]} as {quoted(column)}" for column, kind in kinds.items())
    cells = ", ".join(
        quoted(column) if kind == "integer" else f"cast({quoted(column)} as {kind})" for column, kind in kinds.items()
    )
    return f"select {first} union all select {cells} from {quoted(table.address[0])}"


def _stamp(path: Path) -> str:
    beside = [Path(f"{path}{ending}") for ending in ("-wal", "-journal")]
    return " ".join([stamp_of(path), *(stamp_of(file) for file in beside if file.exists())])


def _unreadable(path: Path, error: Exception) -> Problem:
    return Problem("GW434", f"the SQLite file cannot be read: {error}", str(path), hint=_HINT)
