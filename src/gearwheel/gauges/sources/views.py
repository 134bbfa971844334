"""Source tables as views of a DuckDB connection: `source."name"`, each column under its own name."""

from __future__ import annotations

from collections.abc import Iterable

from gearwheel.gauges.sources.expression import literal, quoted
from gearwheel.gauges.sources.parts import SourceFile, SourceTable

SCHEMA = "source"


def create_view(connection, name: str, relation: str, columns: Iterable[str], wanted: Iterable[str] = ()) -> None:
    """`source."name"` over a relation that has `columns`; what else is `wanted` is there as empty text."""
    have = {column.lower() for column in columns}
    missing = [column for column in wanted if column.lower() not in have]
    nulls = "".join(f", cast(null as varchar) as {quoted(column)}" for column in missing)
    connection.execute(f"create view {SCHEMA}.{quoted(name)} as select *{nulls} from {relation}")


def create_empty(connection, name: str, wanted: Iterable[str]) -> None:
    """`source."name"` for a table that is not there: these columns and no rows."""
    nulls = ", ".join(f"cast(null as varchar) as {quoted(column)}" for column in wanted)
    connection.execute(f"create view {SCHEMA}.{quoted(name)} as select {nulls} where false")


def relation(table: SourceTable) -> str:
    """What DuckDB reads the table from. Tables of SQLite and PostgreSQL are read from snapshots, not from here."""
    if table.kind == "duckdb":
        return ".".join(quoted(part) for part in table.address)
    if table.kind == "parquet" and table.as_text:
        return "(" + " union all by name ".join(_parquet(file, table.as_text) for file in table.files) + ")"
    if table.kind == "parquet":
        return f"read_parquet([{', '.join(literal(file.read_from) for file in table.files)}], union_by_name = true)"
    return "(" + " union all by name ".join(f"select * from {_csv(file)}" for file in table.files) + ")"


def _parquet(file: SourceFile, as_text: Iterable[str]) -> str:
    text = {column.casefold() for column in as_text}
    cast = ", ".join(f"cast({quoted(c)} as varchar) as {quoted(c)}" for c in file.columns if c.casefold() in text)
    return f"select *{f' replace ({cast})' if cast else ''} from read_parquet([{literal(file.read_from)}])"


def _csv(file: SourceFile) -> str:
    """Every column as text: types are settled over the whole column, not over a sample."""
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in file.columns)
    return (
        f"read_csv({literal(file.read_from)}, auto_detect = false, header = true, delim = {literal(file.delimiter)}, "
        f"quote = '\"', escape = '\"', columns = {{{columns}}}, nullstr = '', skip = {file.skip}, max_line_size = 16777216)"
    )
