"""What comes later has the later date. A day's slack allows for dates without a time of day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.checks.finding import Finding, ask_one, counted, has, percent, share_of, table_sql

CODE = "GW454"
WITHIN = (  # (table, earlier, later, what is wrong): both in one row
    ("returns", "requested_at", "returned_at", "came back before the return was asked for"),
    ("memberships", "starts_at", "ends_at", "end before they start"),
    ("sellers", "joined_at", "left_at", "left before they joined"),
    ("offers", "listed_at", "delisted_at", "were delisted before they were listed"),
    ("experiments", "starts_at", "ends_at", "end before they start"),
)
AFTER_ORDER = (  # (table, column, what is wrong): later than the order's placed_at
    ("deliveries", "delivered_at", "were delivered before they were ordered"),
    ("deliveries", "promised_at", "were promised for a day before they were ordered"),
    ("reviews", "created_at", "were written before the order was placed"),
    ("returns", "requested_at", "were asked for before the order was placed"),
)


def check(events: Any) -> Iterator[Finding]:
    for table, earlier, later, what in WITHIN:
        if has(events, table, earlier, later):
            yield from _check_pair(events, table, table_sql(table), f'"{earlier}"', later, what)
    for table, later, what in AFTER_ORDER:
        if has(events, table, "order_id", later) and has(events, "orders", "order_id", "placed_at"):
            joined = f"{table_sql(table)} JOIN {table_sql('orders')} AS placed USING (order_id)"
            yield from _check_pair(events, table, joined, "placed.placed_at", later, what)


def _check_pair(events: Any, table: str, source: str, earlier: str, later: str, what: str) -> Iterator[Finding]:
    wrong = f'"{later}" < {earlier} - INTERVAL 1 DAY'
    rows, count, example = ask_one(
        events,
        f"""SELECT count(*) FILTER ("{later}" IS NOT NULL AND {earlier} IS NOT NULL), count(*) FILTER ({wrong}),
                   min({earlier}::VARCHAR || ' → ' || "{later}"::VARCHAR) FILTER ({wrong})
            FROM {source}""",
    )
    if count:
        share = share_of(count, rows)
        yield Finding(
            CODE,
            "error" if share > 0.01 else "warning",
            table,
            later,
            count,
            share,
            example,
            f"{counted(count, 'row')} ({percent(share)}) {what}, such as {example}",
            "two columns may be swapped in the mapping, or one of them is in another time zone or date format",
        )
