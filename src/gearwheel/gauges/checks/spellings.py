"""An id is written in one way: ids that differ in zeros or capitals alone may be one, and ids that were cut may be many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.checks.finding import Finding, ask_one, counted, has, percent, share_of

CODE = "GW424"
CUT = "[0-9]([.,][0-9]+)?[eE][+][0-9]{1,2}"  # 4.53E+12: a spreadsheet keeps no more digits of a long number


def check(events: Any) -> Iterator[Finding]:
    for column in ("customer_id", "order_id"):
        if has(events, "orders", column):
            yield from _cut(events, column)
    if has(events, "orders", "customer_id"):
        yield from _alike(events)


def _cut(events: Any, column: str) -> Iterator[Finding]:
    rows, cut, example = ask_one(
        events,
        f"""SELECT count(*), count(*) FILTER (regexp_full_match({column}, '{CUT}')),
                   min({column}) FILTER (regexp_full_match({column}, '{CUT}')) FROM events.orders""",
    )
    if cut:
        share = share_of(cut, rows)
        message = f"{counted(cut, 'id')} ({percent(share)}) lost digits in a spreadsheet, such as {example!r}: one may stand for several"
        hint = "export the file again, and do not save it from a spreadsheet before it is read"
        yield Finding(CODE, "error", "orders", column, cut, share, example, message, hint)


def _alike(events: Any) -> Iterator[Finding]:
    customers, count, example = ask_one(
        events,
        f"""SELECT coalesce(sum(n), 0)::BIGINT, coalesce(sum(n - 1) FILTER (n > 1), 0)::BIGINT, min(ids) FILTER (n > 1)
            FROM (SELECT count(*) AS n, min(customer_id) || ' and ' || max(customer_id) AS ids
                  FROM (SELECT DISTINCT customer_id FROM events.orders
                        WHERE customer_id IS NOT NULL AND NOT regexp_full_match(customer_id, '{CUT}'))
                  GROUP BY ltrim(lower(trim(customer_id)), '0'))""",
    )
    if count:
        share = share_of(count, customers)
        what = "differ from another in zeros before them or in capitals alone"
        message = f"{counted(count, 'customer')} ({percent(share)}) {what}, such as {example[:80]}"
        hint = "if they are the same persons, map customer_id to lower(…) or ltrim(…, '0') of the column"
        yield Finding(CODE, "warning", "orders", "customer_id", count, share, example, message, hint)
