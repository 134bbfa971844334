"""Nothing happened in the future, nor long before shops had databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.checks.finding import Finding, ask_one, counted, has, percent, share_of, table_sql

CODE = "GW453"
FIRST = "1990-01-01"  # earlier dates are zeros of some calendar: 1970-01-01, 1899-12-30, 0001-01-01
PAST = {  # what has happened; dates that may lie ahead (promised, ends, delisted, left) are not here
    "orders": ("placed_at",),
    "deliveries": ("delivered_at",),
    "reviews": ("created_at",),
    "contacts": ("asked_at",),
    "returns": ("requested_at", "returned_at"),
    "customers": ("first_seen",),
    "sellers": ("joined_at",),
    "offers": ("listed_at",),
    "visits": ("day",),
    "costs": ("day",),
    "hosting": ("day",),
    "decisions": ("decided_at",),
}


def check(events: Any) -> Iterator[Finding]:
    for table, columns in PAST.items():
        given = [column for column in columns if has(events, table, column)]
        if given:
            yield from _check_table(events, table, given)


def _check_table(events: Any, table: str, columns: list[str]) -> Iterator[Finding]:
    asked = ", ".join(
        f"""count("{c}"), count(*) FILTER ("{c}" > now()::TIMESTAMP + INTERVAL 1 DAY), max("{c}")::VARCHAR,
            count(*) FILTER ("{c}" < TIMESTAMP '{FIRST}'), min("{c}")::VARCHAR"""
        for c in columns
    )
    cells = iter(ask_one(events, f"SELECT {asked} FROM {table_sql(table)}"))
    for column, there, ahead, last, old, first in zip(columns, cells, cells, cells, cells, cells):
        if ahead:
            yield _finding(table, column, ahead, there, last, "in the future", "day and month may be swapped")
        if old:
            what, hint = f"before {FIRST[:4]}", "a zero or an empty date may have been read as one"
            yield _finding(table, column, old, there, first, what, hint)


def _finding(table: str, column: str, count: int, rows: int, example: str, what: str, hint: str) -> Finding:
    share = share_of(count, rows)
    message = f"{counted(count, 'date')} {what} ({percent(share)}), such as {example}"
    return Finding(CODE, "error", table, column, count, share, example, message, f"{hint}; leave such rows out")
