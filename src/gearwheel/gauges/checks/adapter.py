"""What only the adapter of a system can check: its source beside the canonical tables that came of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.adapters import SourceCheck, adapters
from gearwheel.gauges.checks.finding import Finding, ask, share_of
from gearwheel.gauges.sources.raw import used_tables
from gearwheel.gauges.sources.views import SCHEMA

COUNTED = """
SELECT number, count(*) FILTER (bad), count(*), min(id) FILTER (bad), sum(amount) FILTER (bad),
    count(DISTINCT currency) FILTER (bad), upper(min(currency) FILTER (bad))
FROM ({rows}) GROUP BY number ORDER BY number"""


def check(events: Any) -> Iterator[Finding]:
    adapter = adapters().get(events.mapping.adapter)
    if adapter is None or not adapter.checks:
        return
    there = {name for (name,) in ask(events, "SELECT view_name FROM duckdb_views() WHERE schema_name = ?", SCHEMA)}
    if not set(used_tables(adapter.checks_sql)) <= there:
        return  # a mapping of one's own reads other tables in their place
    for number, *counts in ask(events, COUNTED.format(rows=adapter.checks_sql)):
        if counts[0]:
            yield _finding(adapter.checks[number], *counts)


def _finding(
    one: SourceCheck, bad: int, rows: int, example: str | None, amount: float | None, units: int, unit: str
) -> Finding:
    money = f" ({amount:,.2f} {unit})" if amount is not None and units == 1 else ""
    said = one.message.format(rows=f"{bad:,} of {rows:,} {one.of}", money=money)
    return Finding(
        one.code,
        one.severity,
        one.table,
        one.column,
        bad,
        share_of(bad, rows),
        example or "",
        f"{said}, such as {example}" if example else said,
        one.hint,
    )
