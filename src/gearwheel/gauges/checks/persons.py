"""A customer_id names a person: not an order, and not everybody who did not sign in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.checks.finding import Finding, ask_one, counted, has, percent, share_of

CODE = "GW459"
ENOUGH = 1000  # orders before it is strange that nobody ever came back
NOBODY_BACK = 0.9995  # share of customers with one order: even Olist, where few come back, has 0.97
A_CROWD = 10  # customers before one of them can be too large
TOO_LARGE = 0.05  # share of all orders from which one customer is a crowd, in a shop of 100 customers or more
TIMES = 5  # the mean share of a customer, from which one is a crowd in a smaller shop
SEVERAL = 2  # orders from which a word such as guest stands for more than one person
NOBODY = (
    "(?i)(guests?|gast|invit[eé]|invitado|visitante|ospite|unknown|unbekannt|inconnu|desconocid[oa]|desconhecid[oa]|sconosciuto|"
    "onbekend|anonym(ous)?|anonymer?|an[oó]nimo|walk[- _]?in|cash|bar|no[- _]?(name|customer|e?mail|reply)|default|customer|kunde|"
    "cliente?|user|test|0+|-1|9{4,})([+][^@]*)?(@.*)?"
)


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
    if customers >= A_CROWD and share_of(most, orders) >= max(TOO_LARGE, TIMES / customers):
        yield _one_for_many(most, orders, str(who))
    else:
        yield from _nobody(events, orders)


def _nobody(events: Any, orders: int) -> Iterator[Finding]:
    """Ids that are words for somebody who is not known."""
    count, who = ask_one(
        events,
        f"""SELECT coalesce(sum(n), 0)::BIGINT, arg_max(customer_id, n)
            FROM (SELECT customer_id, count(*) AS n FROM events.orders WHERE regexp_full_match(customer_id, '{NOBODY}')
                  GROUP BY 1) WHERE n >= {SEVERAL}""",
    )
    if count:
        share = share_of(count, orders)
        message = f"{counted(count, 'order')} ({percent(share)}) have an id that names nobody, such as {who!r}"
        hint = (
            "give guests NULL or an id of their own, such as concat('guest ', order_id), or leave them out with 'where'"
        )
        yield Finding(CODE, "warning", "orders", "customer_id", count, share, str(who), message, hint)


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
