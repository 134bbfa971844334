"""Source tables as views of a DuckDB connection, as they stand."""

from __future__ import annotations

from gearwheel.gauges.sources.delimited import MAX_LINE
from gearwheel.gauges.sources.expression import literal, quoted
from gearwheel.gauges.sources.parts import SourceFile, SourceTable

SCHEMA = "plain"  # tables as they stand, for the expressions of a mapping
ADAPTED = "source"  # an adapter's tables and columns under its own names, with cells that were read
STEPS = "step"  # an adapter's steps


def create_view(connection, name: str, relation: str) -> None:
    """`plain."name"` over a relation, each column under its own name."""
    connection.execute(f"create view {SCHEMA}.{quoted(name)} as select * from {relation}")


def relation(table: SourceTable) -> str:
    """What DuckDB reads the table from. Tables of SQLite and PostgreSQL are read from snapshots, not from here."""
    if table.kind == "duckdb":
        return ".".join(quoted(part) for part in table.address)
    if table.kind == "parquet":
        return f"read_parquet([{', '.join(literal(file.read_from) for file in table.files)}], union_by_name = true)"
    return "(" + " union all by name ".join(f"select * from {_csv(file)}" for file in table.files) + ")"


def _csv(file: SourceFile) -> str:
    """Every column as text: types are settled over the whole column, not over a sample."""
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in file.columns)
    return (
        f"read_csv({literal(file.read_from)}, auto_detect = false, header = true, delim = {literal(file.delimiter)}, "
        f"quote = '\"', escape = '\"', columns = {{{columns}}}, nullstr = '', max_line_size = {MAX_LINE})"
    )
