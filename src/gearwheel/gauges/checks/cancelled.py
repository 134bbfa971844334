"""Statuses that read like a cancelled order and yet count as a sale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.checks.finding import Finding, ask, ask_one, counted, has, percent, share_of

CODE = "GW484"
WORDS = "cancel|(^|[^a-z])void|storn|annul|anul|geannul|abgebr|abort|reject|declin|denied|expired|fail"
SHOWN = 3  # statuses that a message names


def check(events: Any) -> Iterator[Finding]:
    if not has(events, "orders", "status"):
        return
    found = ask(
        events,
        f"""SELECT status, count(*) FROM events.orders
            WHERE status <> 'cancelled' AND regexp_matches(strip_accents(lower(status)), '{WORDS}')
            GROUP BY 1 ORDER BY 2 DESC, 1""",
    )
    if not found:
        return
    count = sum(n for _, n in found)
    share = share_of(count, ask_one(events, "SELECT count(*) FROM events.orders")[0])
    named = ", ".join(repr(status[:60]) for status, _ in found[:SHOWN])
    message = f"{counted(count, 'order')} ({percent(share)}) with status {named} count as sales"
    hint = "map status to an expression that gives 'cancelled' for those that nobody paid, if there are any"
    yield Finding(CODE, "note", "orders", "status", count, share, found[0][0], message, hint)
