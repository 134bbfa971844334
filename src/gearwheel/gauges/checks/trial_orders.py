"""Orders that nobody meant: marked as tests, called so, or for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.checks.finding import Finding, ask_one, counted, has, percent, share_of

CODE = "GW458"
WORDS = "(^|[^a-z])(tests?|testing|teste|prueba|essai|dummy|sandbox|qa|example\\.(com|org|net))([^a-z]|$)"
SEARCHED = ("customer_id", "order_id", "status")
FREE_LINES = 0.02  # share of lines for nothing above which gifts are no explanation to rely on


def check(events: Any) -> Iterator[Finding]:
    given = [column for column in SEARCHED if has(events, "orders", column)]
    if given:
        yield from _check_orders(events, given)
    if has(events, "order_lines", "price"):
        yield from _check_free(events)


def _check_orders(events: Any, columns: list[str]) -> Iterator[Finding]:
    named = ", ".join(
        f"""count(*) FILTER (NOT marked AND regexp_matches(lower("{c}"), '{WORDS}')),
            min("{c}") FILTER (NOT marked AND regexp_matches(lower("{c}"), '{WORDS}'))"""
        for c in columns
    )
    rows, marked, example, *cells = ask_one(
        events,
        f"""SELECT count(*), count(*) FILTER (marked), min(order_id) FILTER (marked), {named}
            FROM (SELECT *, coalesce(is_test, FALSE) AS marked FROM events.orders)""",
    )
    if marked:
        share = share_of(marked, rows)
        message = f"{counted(marked, 'order')} marked as tests ({percent(share)}) are left out of every gauge"
        yield Finding(CODE, "note", "orders", "is_test", marked, share, str(example), message)
    for column, count, text in zip(columns, cells[::2], cells[1::2]):
        if count:
            share = share_of(count, rows)
            message = f"{counted(count, 'order')} ({percent(share)}) speak of tests, such as {text!r}"
            hint = "map is_test to a condition that is true for them, if they are tests"
            yield Finding(CODE, "warning", "orders", column, count, share, text, message, hint)


def _check_free(events: Any) -> Iterator[Finding]:
    lines, free, example = ask_one(
        events, "SELECT count(*), count(*) FILTER (price = 0), min(order_id) FILTER (price = 0) FROM events.order_lines"
    )
    share = share_of(free, lines)
    if share > FREE_LINES:
        yield Finding(
            CODE,
            "warning",
            "order_lines",
            "price",
            free,
            share,
            str(example),
            f"{counted(free, 'line')} ({percent(share)}) cost nothing",
            "gifts, parts of a set, or tests: leave out with 'where' what nobody bought",
        )
