"""A key names one row: what stands twice is counted twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.canonical import Table, tables
from gearwheel.gauges.checks.finding import Finding, ask_one, counted, has, percent, share_of, table_sql

CODE = "GW451"


def check(events: Any) -> Iterator[Finding]:
    for table in tables().values():
        if has(events, table.name, *table.key):
            yield from _check_table(events, table)


def _check_table(events: Any, table: Table) -> Iterator[Finding]:
    key = ", ".join(f'"{column}"' for column in table.key)
    filled = " AND ".join(f'"{column}" IS NOT NULL' for column in table.key)
    keys, surplus, rows, example = ask_one(
        events,
        f"""SELECT count(*) FILTER (n > 1), coalesce(sum(n - 1), 0)::BIGINT, coalesce(sum(n), 0)::BIGINT,
                   min(CASE WHEN n > 1 THEN concat_ws(' ', {key}) END)
            FROM (SELECT {key}, count(*) AS n FROM {table_sql(table.name)} WHERE {filled} GROUP BY {key})""",
    )
    if not keys:
        return
    share = share_of(surplus, rows)
    yield Finding(
        CODE,
        "error" if table.needed else "warning",
        table.name,
        " + ".join(table.key),
        surplus,
        share,
        example,
        f"{counted(keys, 'key')} stand more than once: {counted(surplus, 'row')} too many ({percent(share)})",
        "keep one row for each key in the mapping, or look for a join that multiplies rows",
    )
