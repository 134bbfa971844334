"""Canonical tables made by hand in a DuckDB connection, for tests of measuring."""

from __future__ import annotations

from types import SimpleNamespace

import duckdb

from gearwheel.gauges.canonical import empty_view_sql, tables


def made(grain: str = "week", active_days: int = 90, **rows: list[dict]) -> SimpleNamespace:
    """Events with these rows in these tables (columns left out are NULL); every other table is empty and absent."""
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET preserve_insertion_order = false; CREATE SCHEMA events")
    for name, table in tables().items():
        connection.execute(f"CREATE TABLE events.{name} AS {empty_view_sql(table)}")
        if rows.get(name):
            marks = ", ".join("?" * len(table.columns))
            given = [[row.get(column) for column in table.columns] for row in rows[name]]
            connection.executemany(f"INSERT INTO events.{name} VALUES ({marks})", given)
    return SimpleNamespace(
        connection=connection,
        present=set(rows),
        columns={name: {c for row in part for c in row} for name, part in rows.items()},
        mapping=SimpleNamespace(grain=grain, active_days=active_days),
    )
