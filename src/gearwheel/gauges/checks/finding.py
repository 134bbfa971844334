"""One thing that a data check found, and the few ways in which checks ask the events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gearwheel.gauges.canonical import SCHEMA

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """What one check found in one table.

    `severity`: error where a gauge would be wrong, warning where it may be, note where it is good to know. `count`
    is in rows unless the message says otherwise, `share` is that of the rows checked, in [0, 1]; `example` is one
    case in the source's own words.
    """

    code: str
    severity: str
    table: str
    column: str
    count: int
    share: float
    example: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.table}.{self.column}" if self.column else self.table
        hint = f"\n    {self.hint}" if self.hint else ""
        return f"{self.severity} {self.code}: {where}: {self.message}{hint}"


def has(events: Any, table: str, *columns: str) -> bool:
    """Whether the source has the table and supplies these columns of it."""
    return table in events.present and set(columns) <= set(events.columns.get(table, ()))


def ask(events: Any, sql: str, *values: object) -> list[tuple]:
    """The rows that a query yields. Names in `sql` come from `tables.toml` or this package, never from a user."""
    return events.connection.execute(sql, list(values)).fetchall()


def ask_one(events: Any, sql: str, *values: object) -> tuple:
    """The only row of an aggregate."""
    return ask(events, sql, *values)[0]


def table_sql(table: str) -> str:
    """A canonical table as SQL names it."""
    return f'{SCHEMA}."{table}"'


def share_of(count: float, total: float) -> float:
    return count / total if total else 0.0


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 order, 1,234 orders."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """A share in words, never rounded to none or all."""
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0.999 < share < 1:
        return "over 99.9 %"
    return f"{100 * share:.1f} %"
