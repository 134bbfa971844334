"""How a column's texts are to be read: day, month or year first, comma or point. Settled over the whole column."""

from __future__ import annotations

from gearwheel.gauges.canonical import Column
from gearwheel.gauges.sources.casts import Reading, is_text, plain, words
from gearwheel.gauges.sources.expression import quoted
from gearwheel.gauges.sources.numbers import cleaned, decimal_signs
from gearwheel.gauges.sources.times import short_dates
from gearwheel.wheel.errors import Problem


class Unsettled(ValueError):
    """What a column holds can be taken in two ways. `hint` says how to settle it."""

    def __init__(self, code: str, column: str, message: str, hint: str):
        super().__init__(message)
        self.code, self.column, self.hint = code, column, hint

    def problem(self, table: str, file: str, line: int) -> Problem:
        return Problem(self.code, f"{table}.{self.column}: {self}", file, line, self.hint)


class Unclear(Unsettled):
    """The texts of a column can be read in two ways."""

    def __init__(self, column: str, message: str, hint: str):
        super().__init__("GW436", column, message, hint)


def readings(
    connection, raw: str, columns: dict[str, tuple[Column, str]], order: str, decimal: str
) -> dict[str, Reading]:
    """A Reading for each column of the query `raw`; `columns`: name → (canonical column, DuckDB type).

    `order` and `decimal` are the mapping's words on it, "" where it leaves them open. Raises Unclear.
    """
    asked = [
        name
        for name, (column, kind) in columns.items()
        if is_text(kind)
        and (column.type in ("time", "date") and not order or column.type in ("number", "whole") and not decimal)
    ]
    found = {name: Reading(order, decimal or ".") for name in columns}
    asked = _not_plain(connection, raw, {name: columns[name] for name in asked})
    if not asked:
        return found
    texts, wanted = [], {}
    for name in asked:
        column, kind = columns[name]
        dated = column.type in ("time", "date")
        texts.append(f"{words(quoted(name), kind) if dated else cleaned(quoted(name), kind)} as {quoted(name)}")
        wanted[name] = (short_dates if dated else decimal_signs)(quoted(name))
    counted = [sql for parts in wanted.values() for sql in parts.values()]
    sql = f"select {', '.join(counted)} from (select {', '.join(texts)} from ({raw}))"
    values = iter(connection.execute(sql).fetchone())
    for name, parts in wanted.items():
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


def _order(
    column: str,
    short: int,
    day_first: str | None,
    month_first: str | None,
    example: str | None,
    years: str | None,
    no_years: int,
) -> str:
    if years and not no_years:
        message = f"dates such as {years!r} may begin with the year or end with it"
        hint = 'add date_order = "YMD" (year first), "DMY" (day first) or "MDY" (month first) to the mapping'
        raise Unclear(column, message, hint)
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


def _decimal(
    column: str, point: str | None, comma: str | None, either_point: str | None, either_comma: str | None
) -> str:
    if point and comma:
        message = f"{point!r} has a decimal point, {comma!r} a decimal comma: the numbers cannot be told apart"
        hint = 'export numbers in one form, or settle it with decimal = "." or decimal = ","; the others are not read'
        raise Unclear(column, message, hint)
    example = either_comma or either_point
    if example and not point and not comma:
        whole, broken = example.replace(",", "").replace(".", ""), example.replace(",", ".")
        sign = "comma" if "," in example else "point"
        as_point, as_comma = (whole, broken) if sign == "comma" else (broken, whole)
        message = f"the {sign} in numbers such as {example!r} may separate thousands or decimals"
        hint = f'add decimal = "," (it is {as_comma}) or decimal = "." (it is {as_point}) to the mapping'
        raise Unclear(column, message, hint)
    return "," if comma else "."
