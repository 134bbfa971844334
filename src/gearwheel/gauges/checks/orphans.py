"""What a row points to is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.checks.finding import Finding, ask_one, counted, has, percent, share_of, table_sql

CODE = "GW457"
MOST = 0.5  # share above which the keys do not fit at all
LINKS = (  # (table, key, table that must hold it, its key, what such a row is)
    ("order_lines", "order_id", "orders", "order_id", "lines without an order"),
    ("deliveries", "order_id", "orders", "order_id", "deliveries without an order"),
    ("reviews", "order_id", "orders", "order_id", "reviews without an order"),
    ("returns", "order_id", "orders", "order_id", "returns without an order"),
    ("contacts", "order_id", "orders", "order_id", "contacts without an order"),
    ("orders", "customer_id", "customers", "customer_id", "orders without a customer"),
    ("memberships", "customer_id", "customers", "customer_id", "memberships without a customer"),
    ("order_lines", "seller_id", "sellers", "seller_id", "lines without a seller"),
    ("offers", "seller_id", "sellers", "seller_id", "offers without a seller"),
    ("hosting", "seller_id", "sellers", "seller_id", "tenants without a seller"),
    ("orders", "order_id", "order_lines", "order_id", "orders without a line"),
)


def check(events: Any) -> Iterator[Finding]:
    for table, key, other, other_key, what in LINKS:
        if has(events, table, key) and has(events, other, other_key):
            yield from _check_link(events, table, key, other, other_key, what)


def _check_link(events: Any, table: str, key: str, other: str, other_key: str, what: str) -> Iterator[Finding]:
    held = f'EXISTS (SELECT 1 FROM {table_sql(other)} AS o WHERE o."{other_key}" = t."{key}")'
    rows, count, example = ask_one(
        events,
        f"""SELECT (SELECT count("{key}") FROM {table_sql(table)}), count(*), min("{key}")
            FROM {table_sql(table)} AS t WHERE "{key}" IS NOT NULL AND NOT {held}""",
    )
    if not count:
        return
    share = share_of(count, rows)
    yield Finding(
        CODE,
        "error" if share > MOST else "warning",
        table,
        key,
        count,
        share,
        example,
        f"{counted(count, 'row')} of {rows:,} ({percent(share)}): {what} in {other}",
        f"{table}.{key} and {other}.{other_key} may be different keys"
        if share > MOST
        else f"the export of {other} may be cut off; such rows are in no gauge that needs both tables",
    )
