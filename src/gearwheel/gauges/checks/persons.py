"""A customer_id names a person: not an order, and not everybody who did not sign in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.checks.finding import Finding, ask_one, counted, has, percent, share_of

CODE = "GW459"
ENOUGH = 1000  # orders before it is strange that nobody ever came back
NOBODY_BACK = 0.9995  # share of customers with one order: even Olist, where few come back, has 0.97
A_CROWD = 100  # customers before one of them can be too large
TOO_LARGE = 0.05  # share of all orders


def check(events: Any) -> Iterator[Finding]:
    if not has(events, "orders", "customer_id"):
        return
    orders, customers, once, most, who = ask_one(
        events,
        """SELECT coalesce(sum(n), 0)::BIGINT, count(*), count(*) FILTER (n = 1), max(n), arg_max(customer_id, n)
           FROM (SELECT customer_id, count(*) AS n FROM events.orders WHERE customer_id IS NOT NULL GROUP BY 1)""",
    )
    if orders >= ENOUGH and share_of(once, customers) >= NOBODY_BACK:
        yield _new_each_time(orders, customers, once, str(who))
    if customers >= A_CROWD and share_of(most, orders) >= TOO_LARGE:
        yield _one_for_many(most, orders, str(who))


def _new_each_time(orders: int, customers: int, once: int, example: str) -> Finding:
    share = share_of(once, customers)
    return Finding(
        CODE,
        "error",
        "orders",
        "customer_id",
        once,
        share,
        example,
        f"{percent(share)} of {counted(customers, 'customer')} have one order: the id seems to be new for every order",
        "map customer_id to what stays the same when a person comes back; else nobody is seen to come back",
    )


def _one_for_many(most: int, orders: int, who: str) -> Finding:
    share = share_of(most, orders)
    return Finding(
        CODE,
        "warning",
        "orders",
        "customer_id",
        most,
        share,
        who,
        f"one customer has {counted(most, 'order')} of {orders:,} ({percent(share)})",
        "a guest account, a marketplace or the shop itself: give guests NULL or their own id, or leave them out",
    )
