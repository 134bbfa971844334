"""A DuckDB file as a source, attached read-only."""

from __future__ import annotations

from pathlib import Path

from gearwheel.gauges.sources.expression import literal
from gearwheel.gauges.sources.files import stamp_of
from gearwheel.gauges.sources.parts import Source, SourceTable
from gearwheel.wheel.errors import DataError, Problem

CATALOG = "the_source"  # the attached file in a connection

_TABLES = f"""
select c.schema_name, c.table_name, c.column_name, c.data_type, t.estimated_size, t.table_name is null
from duckdb_columns() c left join duckdb_tables() t using (database_name, schema_name, table_name)
where c.database_name = '{CATALOG}' and not c.internal
order by c.schema_name, c.table_name, c.column_index
"""


def look_at_duckdb(path: Path) -> Source:
    """Its tables and views. Raises DataError where it cannot be opened (another program may be writing)."""
    import duckdb

    with duckdb.connect() as connection:
        attach(connection, path)
        connection.execute("set enable_external_access = false")  # to list a view may mean to bind what it reads
        rows = connection.execute(_TABLES).fetchall()
    found: dict[tuple[str, str], dict] = {}
    for schema, table, column, kind, size, is_view in rows:
        entry = found.setdefault((schema, table), {"rows": size, "view": is_view, "columns": {}})
        entry["columns"][column] = kind
    stamp = stamp_of(path)
    tables = {}
    for (schema, table), entry in found.items():
        name = table if schema == "main" else f"{schema}.{table}"
        address = (CATALOG, schema, table)
        tables[name] = SourceTable(
            name, "duckdb", entry["columns"], entry["rows"], address=address, stamp=stamp, is_view=entry["view"]
        )
    if not tables:
        raise DataError(Problem("GW431", "the database has no table", str(path)))
    return Source(str(path), "duckdb", tables)


def attach(connection, path: Path) -> None:
    """Makes the file's tables readable in the connection under CATALOG. Raises DataError."""
    import duckdb

    try:
        connection.execute(f"attach {literal(str(path))} as {CATALOG} (read_only)")
    except duckdb.Error as error:
        reason = str(error).strip().splitlines()[0].split(": ", 1)[-1]
        hint = "close the program that writes to it, or copy the file and read the copy"
        raise DataError(
            Problem("GW434", f"the DuckDB file cannot be opened: {reason}", str(path), hint=hint)
        ) from error
