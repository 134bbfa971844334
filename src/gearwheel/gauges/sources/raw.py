"""From a mapping to one query for each canonical table, and the source tables that it reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gearwheel.gauges.adapters import Adapter, adapters, steps_in
from gearwheel.gauges.canonical import tables as canonical_tables
from gearwheel.gauges.mapping import Mapping, TableMap
from gearwheel.gauges.sources.expression import ExpressionError, checked, is_plain, quoted
from gearwheel.gauges.sources.parts import Source, SourceTable
from gearwheel.gauges.sources.views import ADAPTED, PART, SCHEMA, hidden, with_numbers
from gearwheel.wheel.errors import DataError, Problem, did_you_mean

NUMBERED = re.compile(r"numbered\((.+)\)")  # lines have no number of their own: those of a product are counted


@dataclass(frozen=True)
class Query:
    """The rows of one canonical table. `reads`: name in the SQL → table, None where it is read as empty.

    `adapter` is the one whose SQL it is; its tables are in the schema ADAPTED, those of a mapping in SCHEMA. `plain`:
    canonical column → source column, where the query is nothing but a choice of columns of one table. `numbered`: lines
    have no number of their own and are counted within their order. `numbers`: columns of the one table that are read as
    numbers within expressions, from a view of its own. `direct`: canonical column → source column, for those that are
    nothing but a column.
    """

    table: str
    sql: str
    reads: dict[str, SourceTable | None]
    adapter: Adapter | None = None
    plain: dict[str, str] | None = None
    numbered: bool = False
    numbers: tuple[str, ...] = ()
    direct: dict[str, str] = field(default_factory=dict)


def queries(mapping: Mapping, source: Source) -> dict[str, Query]:
    """A query for every canonical table that the mapping or its adapter gives. Raises DataError (GW437, GW446)."""
    found = _adapted(mapping, source) if mapping.adapter else {}
    problems: list[Problem] = []
    for name, entry in mapping.tables.items():
        query = _mapped(mapping, source, name, entry, problems)
        if query:
            found[name] = query
    if problems:
        raise DataError(problems)
    return {name: found[name] for name in canonical_tables() if name in found}


def _adapted(mapping: Mapping, source: Source) -> dict[str, Query]:
    adapter = adapters().get(mapping.adapter)
    if adapter is None:
        hint = did_you_mean(mapping.adapter, adapters()) or f"one of {', '.join(adapters())}"
        raise DataError(mapping.problem("GW437", f"there is no adapter {mapping.adapter[:60]!r}", ("adapter",), hint))
    if adapter.kind == "unread":
        message = f"{adapter.title} is not read: {adapter.not_there['orders']}"
        hint = 'map orders and order_lines yourself, over views that give money in whole units, with adapter = ""'
        raise DataError(mapping.problem("GW437", message, ("adapter",), hint))
    if adapter.kind != "events":
        message = f"{adapter.title} holds measured series, not events"
        hint = "give the file to gearwheel fit as the measurements of a wheel"
        raise DataError(mapping.problem("GW437", message, ("adapter",), hint))
    tables = adapter.matched(source)
    if tables is None:
        raise DataError(mapping.problem("GW437", *_unlike(adapter, source)))
    reads = {name: tables.get(name) for name in adapter.columns}
    return {
        name: Query(name, sql, reads, adapter)
        for name, sql in adapter.sql.items()
        if any(tables.get(used) for used in _used(sql, adapter.steps))
    }


def _unlike(adapter: Adapter, source: Source) -> tuple[str, tuple[str, ...], str]:
    """What the adapter looks for and the source has not: message, place and hint."""
    for name, columns in adapter.needs.items():
        table = adapter.table_in(source, name)
        if table is None:
            names = ", ".join(source.tables)
            hint = f"it has {names[:200]}; {adapter.title} needs {name} with {', '.join(columns)}"
            return f"the source has no table '{name}' as {adapter.title} has it", ("adapter",), hint
    return f"the source is not as {adapter.title} has it", ("adapter",), ""


def _used(sql: str, steps: dict[str, str]) -> set[str]:
    """The adapter's tables that a query reads, itself or by a step."""
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(sql, read="duckdb")
    used = {table.name for table in tree.find_all(exp.Table) if table.db == ADAPTED}
    return used.union(*(_used(steps[name], steps) for name in steps_in(sql)))


def _mapped(mapping: Mapping, source: Source, name: str, entry: TableMap, problems: list[Problem]) -> Query | None:
    at = ("table", name)
    table = source.tables.get(entry.source) or _alike(entry.source, source)
    if table is None:
        hint = did_you_mean(entry.source, source.tables) or f"it has {', '.join(list(source.tables)[:12])}"
        problems.append(mapping.problem("GW446", f"the source has no table '{entry.source[:60]}'", (*at, "from"), hint))
        return None
    before, cells, numbers = len(problems), {}, set()
    columns = (*table.columns, *hidden(table))
    counted = NUMBERED.fullmatch(entry.columns.get("line", "").strip()) if name == "order_lines" else None
    numbered = counted is not None
    given = entry.columns | ({"line": counted[1]} if counted else {})
    for column, text in given.items():
        try:
            cells[column] = checked(text, columns, numbers)
        except ExpressionError as error:
            place = (*at, "columns", column)
            problems.append(mapping.problem("GW446", f"{name}.{column}: {error}", place, error.hint))
    where = ""
    if entry.where.strip():
        try:
            where = f" where {checked(entry.where, columns, numbers)}"
        except ExpressionError as error:
            problems.append(mapping.problem("GW446", f"{name}: {error}", (*at, "where"), error.hint))
    if len(problems) > before:
        return None
    chosen = ", ".join(f"{sql} as {quoted(column)}" for column, sql in cells.items())
    part = f", {PART}" if PART in columns else ""
    plain = {column: is_plain(text, table.columns) for column, text in entry.columns.items()}
    return Query(
        name,
        f"select {chosen}{part} from {SCHEMA}.{quoted(with_numbers(table.name, name) if numbers else table.name)}{where}",
        {table.name: table},
        plain=None if where or numbered or None in plain.values() else plain,
        numbered=numbered,
        numbers=tuple(sorted(numbers)),
        direct={column: named for column, named in plain.items() if named},
    )


def _alike(name: str, source: Source) -> SourceTable | None:
    near = [table for table in source.tables.values() if table.name.lower() == name.lower()]
    return near[0] if len(near) == 1 else None
