"""A period counts when it is over: an unfinished last one is left out, and this says how much that is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from gearwheel.gauges.catalogue import OPEN
from gearwheel.gauges.checks.days import orders_by_day, week_of
from gearwheel.gauges.checks.finding import Finding, counted, percent, share_of
from gearwheel.gauges.record_ends import reach_of

CODE = "GW482"


def check(events: Any) -> Iterator[Finding]:
    days = orders_by_day(events)
    if not days:
        return
    until = reach_of(events.mapping, lambda: days).until
    last = max(days) if until == OPEN else until - timedelta(days=1)
    start, end = period_of(last, events.mapping.grain)
    if last == end - timedelta(days=1) or not any(day >= start for day in days):
        return
    trimmed = sum(n for day, n in days.items() if day >= start)
    share = share_of(trimmed, sum(days.values()))
    yield Finding(
        CODE,
        "note",
        "orders",
        "placed_at",
        trimmed,
        share,
        str(start),
        f"the record ends on {last}, before the {events.mapping.grain} from {start} is over: "
        f"its {counted(trimmed, 'order')} ({percent(share)}) are left out of every series",
    )


def period_of(day: date, grain: str) -> tuple[date, date]:
    """[start, end) of the day, week (from Monday) or month that holds `day`."""
    if grain == "day":
        return day, day + timedelta(days=1)
    if grain == "week":
        return week_of(day), week_of(day) + timedelta(weeks=1)
    start = day.replace(day=1)
    return start, (start + timedelta(days=31)).replace(day=1)
