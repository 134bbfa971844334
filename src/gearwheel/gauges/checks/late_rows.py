"""The end of the record is complete: rows that arrive late make the last days look like a fall."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from statistics import median
from typing import Any

from gearwheel.gauges.checks.days import COUNTED, week_of, within
from gearwheel.gauges.checks.finding import Finding, ask, counted, has, percent, share_of
from gearwheel.gauges.record_ends import low_days, spread

CODE = "GW481"
ENOUGH = 30  # orders of a week before its share of deliveries is looked at
MORE = 0.10  # a share of undelivered orders so much above the usual one is unfinished business


def check(events: Any) -> Iterator[Finding]:
    if not has(events, "orders", "placed_at"):
        return
    days = _days(events)
    if getattr(events.mapping, "until", None) is None:  # else the end is stated, and so complete
        yield from _check_drop(within({day: n for day, (n, _) in days.items()}, events))
    if has(events, "deliveries", "order_id", "delivered_at"):
        yield from _check_undelivered(days)


def _days(events: Any) -> dict[date, tuple[int, int]]:
    """Day to orders, and those of them without a delivery."""
    known = "EXISTS (SELECT 1 FROM events.deliveries AS d WHERE d.order_id = o.order_id AND delivered_at IS NOT NULL)"
    delivered = known if has(events, "deliveries", "order_id", "delivered_at") else "FALSE"
    rows = ask(
        events,
        f"""SELECT day, count(*), count(*) FILTER (NOT delivered)
            FROM (SELECT placed_at::DATE AS day, {delivered} AS delivered FROM events.orders AS o WHERE {COUNTED})
            GROUP BY 1 ORDER BY 1""",
    )
    return {day: (n, undelivered) for day, n, undelivered in rows}


def _check_drop(placed: dict[date, int]) -> Iterator[Finding]:
    low = low_days(placed)
    if not low:
        return
    expected, there = sum(typical for _, typical in low), sum(placed.get(day, 0) for day, _ in low)
    first, last = low[-1][0], max(placed)
    share = share_of(there, expected)
    yield Finding(
        CODE,
        "warning",
        "orders",
        "placed_at",
        len(low),
        share,
        str(first),
        f"from {first} to {last} there are {counted(there, 'order')} where about {expected:,.0f} were usual: "
        "rows may still arrive. The record is measured up to the day before",
        f"fetch the data again; where the days are complete, write until = {last + timedelta(days=1)} in mapping.toml",
    )


def _check_undelivered(days: dict[date, tuple[int, int]]) -> Iterator[Finding]:
    weeks: dict[date, list[int]] = {}
    for day, (n, undelivered) in days.items():
        week = weeks.setdefault(week_of(day), [0, 0])
        week[0] += n
        week[1] += undelivered
    shares = {monday: undelivered / n for monday, (n, undelivered) in weeks.items() if n >= ENOUGH}
    before = list(shares.values())[: -min(12, len(shares) // 4) or None]
    if len(before) < 6:
        return
    usual = median(before)
    late = []
    for monday in reversed(shares):
        if shares[monday] <= usual + max(MORE, 6 * spread(before)):
            break
        late.append(monday)
    if not late:
        return
    orders, open_ones = (sum(weeks[monday][k] for monday in late) for k in (0, 1))
    share = share_of(open_ones, orders)
    yield Finding(
        CODE,
        "warning",
        "deliveries",
        "delivered_at",
        open_ones,
        share,
        str(late[-1]),
        f"{percent(share)} of orders since {late[-1]} are not delivered yet, {percent(usual)} were usual: "
        f"in the last {f'{len(late)} weeks' if len(late) > 1 else 'week'} only the fast deliveries are known",
        f"read the delivery gauges from {late[-1]} on with care, or end the record there with until",
    )
