"""Pieces and money are not negative, and scores lie on their scale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearwheel.gauges.checks.finding import Finding, ask_one, counted, has, percent, share_of, table_sql

CODE = "GW455"
NEGATIVE = ("{c} < 0 OR NOT isfinite({c})", "below 0", "a refund or a discount may stand among the sales")
RULES = {  # table -> column -> (what is wrong as SQL, in words, hint)
    "order_lines": {
        "quantity": ("{c} <= 0 OR NOT isfinite({c})", "not above 0", "a return may stand among the sales"),
        **{c: NEGATIVE for c in ("price", "discount", "shipping_charged", "unit_cost", "shipping_cost")},
    },
    "returns": {"refund": NEGATIVE, "salvage": NEGATIVE},
    "memberships": {"fee": NEGATIVE},
    "visits": {"visits": NEGATIVE},
    "hosting": {"revenue": NEGATIVE, "cost": NEGATIVE},
    "reviews": {"score": ("NOT {c} BETWEEN 1 AND 5", "outside 1 to 5", "scale other scores to 1 to 5 in the mapping")},
}


def check(events: Any) -> Iterator[Finding]:
    for table, rules in RULES.items():
        given = {column: rule for column, rule in rules.items() if has(events, table, column)}
        if given:
            yield from _check_table(events, table, given)


def _check_table(events: Any, table: str, rules: dict[str, tuple[str, str, str]]) -> Iterator[Finding]:
    asked = ", ".join(
        f'count("{column}"), count(*) FILTER ({wrong}), min("{column}") FILTER ({wrong})'
        for column, wrong in ((column, rule[0].format(c=f'"{column}"')) for column, rule in rules.items())
    )
    cells = iter(ask_one(events, f"SELECT {asked} FROM {table_sql(table)}"))
    for (column, (_, what, hint)), there, count, example in zip(rules.items(), cells, cells, cells):
        if count:
            share = share_of(count, there)
            message = f"{counted(count, 'value')} {what} ({percent(share)}), such as {example:g}"
            yield Finding(CODE, "error", table, column, count, share, f"{example:g}", message, hint)
