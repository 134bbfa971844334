"""How a column's texts are to be read: day or month first, comma or point. Settled over the whole column."""

from __future__ import annotations

from gearwheel.gauges.canonical import Column
from gearwheel.gauges.sources.casts import Reading, decimal_signs, is_text, plain, short_dates
from gearwheel.gauges.sources.expression import quoted
from gearwheel.wheel.errors import Problem


class Unclear(ValueError):
    """The texts of a column can be read in two ways. `hint` says how to settle it."""

    def __init__(self, column: str, message: str, hint: str):
        super().__init__(message)
        self.column, self.hint = column, hint

    def problem(self, table: str, file: str, line: int) -> Problem:
        return Problem("GW436", f"{table}.{self.column}: {self}", file, line, self.hint)


def readings(
    connection, raw: str, columns: dict[str, tuple[Column, str]], order: str, decimal: str
) -> dict[str, Reading]:
    """A Reading for each column of the query `raw`; `columns`: name → (canonical column, DuckDB type).

    `order` and `decimal` are the mapping's words on it, "" where it leaves them open. Raises Unclear.
    """
    asked: dict[str, dict[str, str]] = {}
    for name, (column, kind) in columns.items():
        if is_text(kind) and column.type in ("time", "date") and not order:
            asked[name] = short_dates(quoted(name), kind)
        elif is_text(kind) and column.type in ("number", "whole") and not decimal:
            asked[name] = decimal_signs(quoted(name), kind)
    found = {name: Reading(order, decimal or ".") for name in columns}
    asked = {name: asked[name] for name in _not_plain(connection, raw, {name: columns[name] for name in asked})}
    if not asked:
        return found
    wanted = [sql for parts in asked.values() for sql in parts.values()]
    values = iter(connection.execute(f"select {', '.join(wanted)} from ({raw})").fetchone())
    for name, parts in asked.items():
        seen = {part: next(values) for part in parts}
        if "short" in seen:
            found[name] = Reading(_order(name, **seen), decimal or ".")
        else:
            found[name] = Reading(order, _decimal(name, **seen))
    return found


def _not_plain(connection, raw: str, columns: dict[str, tuple[Column, str]]) -> list[str]:
    """The columns with a text that a cast alone does not read; most have none, and that is found out cheaply."""
    if not columns:
        return []
    odd = [f"bool_or(not {plain(c.type, quoted(name))} and {quoted(name)} <> '')" for name, (c, _) in columns.items()]
    found = connection.execute(f"select {', '.join(odd)} from ({raw})").fetchone()
    return [name for name, is_odd in zip(columns, found) if is_odd]


def _order(column: str, short: int, day_first: str | None, month_first: str | None, example: str | None) -> str:
    if not short:
        return ""
    if day_first and month_first:
        message = (
            f"{day_first!r} has the day first, {month_first!r} the month first: {short:,} dates cannot be told apart"
        )
        raise Unclear(column, message, 'export dates as year-month-day, or settle it with date_order = "DMY" or "MDY"')
    if not day_first and not month_first:
        message = f"{short:,} dates such as {example!r} may have the day or the month first"
        raise Unclear(column, message, 'add date_order = "DMY" (day first) or date_order = "MDY" to the mapping')
    return "DMY" if day_first else "MDY"


def _decimal(column: str, comma: str | None, dot: str | None, either: str | None) -> str:
    if comma and not dot:
        return ","
    if either and not dot:
        message = f"the comma in numbers such as {either!r} may separate thousands or decimals"
        raise Unclear(column, message, 'add decimal = "," or decimal = "." to the mapping')
    return "."
