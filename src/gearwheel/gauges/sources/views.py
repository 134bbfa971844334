"""Source tables as views of a DuckDB connection, as they stand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gearwheel.gauges.canonical import Column
from gearwheel.gauges.sources.casts import typed
from gearwheel.gauges.sources.delimited import MAX_LINE
from gearwheel.gauges.sources.expression import literal, number_column, quoted
from gearwheel.gauges.sources.parts import SourceFile, SourceTable
from gearwheel.gauges.sources.readings import readings

SCHEMA = "plain"  # tables as they stand, for the expressions of a mapping
ADAPTED = "source"  # an adapter's tables and columns under its own names, with cells that were read
STEPS = "step"  # an adapter's steps
FILE, FOLDER, PART = "source_file", "source_folder", "source_part"  # where a row of several files comes from


def hidden(table: SourceTable) -> tuple[str, ...]:
    """Columns that a table of several files has besides its own: name and folder of the file, and its number."""
    names = {column.casefold() for column in table.columns}
    return () if len(table.files) < 2 or names & {FILE, FOLDER, PART} else (FILE, FOLDER, PART)


def create_view(connection, name: str, relation: str) -> None:
    """`plain."name"` over a relation, each column under its own name."""
    connection.execute(f"create view {SCHEMA}.{quoted(name)} as select * from {relation}")


def with_numbers(table: str, canonical: str) -> str:
    """Name in `plain` of a table that has columns as numbers, too, for the query of one canonical table."""
    return f"{table} for {canonical}"


def create_with_numbers(connection, table: str, canonical: str, columns: Iterable[str], decimal: str) -> None:
    """The view with each of `columns` also as the number that its texts state. Raises readings.Unclear."""
    raw = f"select * from {SCHEMA}.{quoted(table)}"
    kinds = {name: kind for name, kind, *_ in connection.execute(f"describe {raw}").fetchall()}
    how = readings(connection, raw, {c: (Column(c, "number"), kinds[c]) for c in columns}, "", decimal)
    cells = ", ".join(
        f"{typed('number', quoted(c), kinds[c], 'UTC', how[c])} as {quoted(number_column(c))}" for c in columns
    )
    name = quoted(with_numbers(table, canonical))
    connection.execute(f"create view {SCHEMA}.{name} as select *, {cells} from {SCHEMA}.{quoted(table)}")


def relation(table: SourceTable) -> str:
    """What DuckDB reads the table from, file by file. Tables of SQLite and PostgreSQL are read from snapshots."""
    if table.kind == "duckdb":
        return ".".join(quoted(part) for part in table.address)
    read = _parquet if table.kind == "parquet" else _csv
    if len(table.files) == 1:
        return f"({read(table.files[0], table, '')})"
    parts = (read(file, table, _origin(table, number)) for number, file in enumerate(table.files))
    every = "(" + " union all by name ".join(parts) + ")"
    return _single_rows(table, every) if table.overlaps else every


def _single_rows(table: SourceTable, every: str) -> str:
    """The rows without those that stand as they are in an earlier file too; what repeats within one file stays."""
    columns = ", ".join(map(quoted, table.columns))
    return (
        f"(select * exclude (row_place, row_again) from (select *, row_number() over (partition by {columns}, {PART} "
        f"order by row_place) as row_again from (select *, row_number() over () as row_place from {every})) "
        f"qualify {PART} = min({PART}) over (partition by {columns}, row_again) order by {PART}, row_place)"
    )


def _origin(table: SourceTable, number: int) -> str:
    """The hidden columns of one file's rows."""
    if not hidden(table):
        return ""
    file = Path(table.files[number].path)
    return f", {literal(file.name)} as {FILE}, {literal(file.parent.name)} as {FOLDER}, {number} as {PART}"


def _parquet(file: SourceFile, table: SourceTable, origin: str) -> str:
    text = {column.casefold() for column in table.as_text}
    cast = ", ".join(f"cast({quoted(c)} as varchar) as {quoted(c)}" for c in file.columns if c.casefold() in text)
    return f"select *{f' replace ({cast})' if cast else ''}{origin} from read_parquet([{literal(file.read_from)}])"


def _csv(file: SourceFile, table: SourceTable, origin: str) -> str:
    """Every column as text: types are settled over the whole column, not over a sample."""
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in file.columns)
    return (
        f"select *{origin} from read_csv({literal(file.read_from)}, auto_detect = false, header = true, "
        f"delim = {literal(file.delimiter)}, quote = '\"', escape = '\"', columns = {{{columns}}}, nullstr = '', "
        f"skip = {file.skip}, max_line_size = {MAX_LINE})"
    )
