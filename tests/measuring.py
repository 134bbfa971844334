"""Canonical tables made by hand in a DuckDB connection, for tests of measuring."""

from __future__ import annotations

from types import SimpleNamespace

import duckdb
import pyarrow as pa

from gearwheel.gauges.canonical import empty_view_sql, tables

ARROW = {
    "text": pa.string(),
    "time": pa.timestamp("us"),
    "date": pa.date32(),
    "number": pa.float64(),
    "whole": pa.int64(),
    "flag": pa.bool_(),
}


def made(grain: str = "week", active_days: int = 90, **rows: list[dict]) -> SimpleNamespace:
    """Events with these rows in these tables (columns left out are NULL); every other table is empty and absent."""
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET preserve_insertion_order = false; CREATE SCHEMA events")
    for name, table in tables().items():
        connection.execute(f"CREATE TABLE events.{name} AS {empty_view_sql(table)}")
        if rows.get(name):
            given = {
                c.name: pa.array([row.get(c.name) for row in rows[name]], ARROW[c.type]) for c in table.columns.values()
            }
            connection.register("given", pa.table(given))
            connection.execute(f"INSERT INTO events.{name} SELECT * FROM given")
    return SimpleNamespace(
        connection=connection,
        present=set(rows),
        columns={name: {c for row in part for c in row} for name, part in rows.items()},
        mapping=SimpleNamespace(grain=grain, active_days=active_days, adapter=""),
    )
