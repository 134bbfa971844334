"""Money of one currency is added up, never of two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.checks.finding import Finding, ask, has, percent, share_of
from gearwheel.gauges.findings import shown

CODE = "GW456"
NAMED = 5  # currencies that a message names


def check(events: Any) -> Iterator[Finding]:
    if not has(events, "orders", "currency"):
        return
    rows = ask(
        events,
        """SELECT coalesce(currency, nullif(?, '')) AS unit, count(*) FROM events.orders
           GROUP BY 1 HAVING unit IS NOT NULL ORDER BY 2 DESC, 1""",
        events.mapping.currency,
    )
    if len(rows) > 1:
        yield _mixed(rows)


def _mixed(rows: list[tuple[str, int]]) -> Finding:
    total, others = sum(n for _, n in rows), sum(n for _, n in rows[1:])
    named = ", ".join(f"{shown(unit)} {percent(n / total)}" for unit, n in rows[:NAMED])
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    same = len({unit.strip().upper() for unit, _ in rows}) == 1
    return Finding(
        CODE,
        "error",
        "orders",
        "currency",
        others,
        share_of(others, total),
        rows[1][0],
        f"{len(rows)} currencies: {named}{more}; sums of money would mix them",
        "they differ only in writing: use upper(trim(…)) in the mapping"
        if same
        else "convert prices to one currency in the mapping, or keep one currency with 'where'",
    )
