"""What a mapping leaves unread: tables that look like parts of those it reads, and files that lack a needed column."""

from __future__ import annotations

from pathlib import Path

from gearwheel.gauges.canonical import tables as canonical_tables
from gearwheel.gauges.mapping import Mapping
from gearwheel.gauges.sources.families import family
from gearwheel.gauges.sources.parts import Source, SourceTable
from gearwheel.gauges.sources.raw import Query
from gearwheel.wheel.errors import Problem

NAMED = 8  # names that a message repeats


def unread(source: Source, queries: dict[str, Query]) -> list[Problem]:
    """A warning (GW419) for each table that looks like a part of one that is read, and one for all others in a folder."""
    read = {table.name: table for query in queries.values() for table in query.reads.values() if table}
    notes, others = [], []
    for table in source.tables.values():
        if table.name in read:
            continue
        like = next((other for other in read.values() if _alike(table, other)), None)
        if like:
            message = f"{_shown(table)} looks like a part of {_shown(like)} and is not read: {_difference(table, like)}"
            hint = "give both the same columns (and in a database, read a view of both), or move it away"
            notes.append(Problem("GW419", message, source.shown, hint=hint, severity="warning"))
        else:
            others.append(_shown(table))
    if others and source.kind == "files":
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        message = f"nothing is read from {', '.join(others[:NAMED])}{more}"
        notes.append(Problem("GW419", message, source.shown, hint="map it where it holds events", severity="warning"))
    return notes


def needed_in_every_file(mapping: Mapping, source: Source, queries: dict[str, Query]) -> list[Problem]:
    """A problem (GW421) for each file of a table that lacks a column without which none of its rows can be used."""
    problems = []
    for name, query in queries.items():
        for alias, table in query.reads.items():
            wanted = _needed(name, query, alias)
            for file in table.files if table and len(table.files) > 1 else ():
                for column, canonical in wanted.items() if file.columns else ():
                    if _has(file.columns, query, alias, column):
                        continue
                    where = ("table", name, "columns", canonical) if canonical else ("adapter",)
                    message = f"{Path(file.path).name} has no column '{column}'"
                    message += f", from which {name}.{canonical} is read" if canonical else ""
                    hint = (
                        f"it has {', '.join(file.columns[:12])}; give it the column, or map coalesce(…) of both names"
                    )
                    problems.append(mapping.problem("GW421", message, where, hint))
    return list(dict.fromkeys(problems))  # an adapter's queries all read its tables


def _needed(name: str, query: Query, alias: str) -> dict[str, str]:
    """Column of a source table without which none of its rows can be used → canonical column, "" for an adapter's."""
    if query.adapter:
        return dict.fromkeys(query.adapter.needs.get(alias, ()), "")
    needed = {column.name for column in canonical_tables()[name].columns.values() if column.needed}
    return {query.direct[column]: column for column in needed & query.direct.keys()}


def _has(columns: tuple[str, ...], query: Query, alias: str, column: str) -> bool:
    if query.adapter:
        return bool(query.adapter.spelled(columns, alias, column))
    return column.casefold() in {other.casefold() for other in columns}


def _alike(table: SourceTable, other: SourceTable) -> bool:
    """Called alike, but for a number or a date, or with every column of the other."""
    called = family(table.name)
    columns = {column.casefold() for column in table.columns}
    return bool(called) and called == family(other.name) or columns >= {column.casefold() for column in other.columns}


def _shown(table: SourceTable) -> str:
    names = [Path(file.path).name for file in table.files]
    files = f" ({', '.join(names[:NAMED])}{' …' if len(names) > NAMED else ''})" if names else ""
    return f"'{table.name}'{files}"


def _difference(table: SourceTable, other: SourceTable) -> str:
    have, wanted = ({column.casefold(): column for column in one.columns} for one in (table, other))
    lacks = [column for key, column in wanted.items() if key not in have]
    more = [column for key, column in have.items() if key not in wanted]
    if not lacks and not more:
        return (
            "it has the same columns under another name"
            if family(table.name) != family(other.name)
            else "it stands apart"
        )
    parts = [f"it has no {', '.join(lacks[:NAMED])}"] * bool(lacks) + [f"it has {', '.join(more[:NAMED])}"] * bool(more)
    return " and ".join(parts)
