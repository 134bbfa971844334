"""The needed tables have rows, and their needed columns are filled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.canonical import Table, tables
from gearwheel.gauges.checks.finding import Finding, ask_one, counted, has, percent, share_of, table_sql

CODE = "GW450"


def check(events: Any) -> Iterator[Finding]:
    for table in tables().values():
        if table.needed or has(events, table.name):
            yield from _check_table(events, table)


def _check_table(events: Any, table: Table) -> Iterator[Finding]:
    needed = [column.name for column in table.columns.values() if column.needed]
    counts = ", ".join(["count(*)", *(f'count("{column}")' for column in needed)])
    rows, *filled = ask_one(events, f"SELECT {counts} FROM {table_sql(table.name)}")
    if not rows:
        severity = "error" if table.needed else "note"
        hint = "check the source and the 'where' of the mapping" if table.needed else "its gauges are not measured"
        yield Finding(CODE, severity, table.name, "", 0, 0.0, "", "the table has no rows", hint)
        return
    for column, there in zip(needed, filled):
        if there < rows:
            empty = rows - there
            yield Finding(
                CODE,
                "error" if table.needed else "warning",
                table.name,
                column,
                empty,
                share_of(empty, rows),
                "NULL",
                f"empty in {counted(empty, 'row')} of {rows:,} ({percent(share_of(empty, rows))})",
                "such rows are in no gauge; look for a value that could not be read, or leave the rows out",
            )
