"""What the first rows of a table hold: which of its columns are times, and which are numbers."""

from __future__ import annotations

from gearwheel.gauges.sources.casts import Reading, typed, words
from gearwheel.gauges.sources.expression import quoted
from gearwheel.gauges.sources.parts import Source, SourceTable
from gearwheel.gauges.sources.views import relation

ROWS = 500
AT_ONCE = 20  # columns of one query: the time to plan it grows faster than their number
TIMES, NUMBERS = ("date", "time"), ("int", "numeric", "real", "double", "float", "decimal", "money", "serial")

Shares = dict[str, dict[str, float]]  # column -> {"time": share of its values that are one, "number": the same}


def shares(source: Source, table: SourceTable) -> Shares:
    """By the declared types in a database, by the values in text files. A column without values is left out."""
    if table.kind == "csv":
        return _sampled(table)
    return {name: _declared(kind.lower()) for name, kind in table.columns.items()}


def unreadable(table: SourceTable, column: str, target: str) -> str:
    """An example of a text in a column that is no `target` (time or number); "" where there is none or no text."""
    import duckdb

    if table.kind != "csv":
        return ""
    cell = quoted(column)
    odd = f"{words(cell, 'VARCHAR')} is not null and not ({_reads(target, cell)})"
    sql = f"select min({cell}) filter ({odd}) from (select {cell} from {relation(table)} limit {ROWS})"
    try:
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchone()[0] or ""
    except duckdb.Error:
        return ""


def _reads(target: str, cell: str) -> str:
    """SQL: can a text be read as a time or a number, in one order or with one decimal sign at least?"""
    hows = {"time": (Reading("DMY"), Reading("MDY")), "number": (Reading(decimal="."), Reading(decimal=","))}
    return " or ".join(f"({typed(target, cell, 'VARCHAR', 'UTC', how)}) is not null" for how in hows[target])


def _declared(kind: str) -> dict[str, float]:
    number = any(part in kind for part in NUMBERS) and "interval" not in kind
    if any(part in kind for part in TIMES):
        return {"time": 1.0, "number": 0.0}
    # text may hold anything, and whole numbers may be seconds since 1970
    return {"time": 0.8 if kind in ("bigint", "integer") else 0.0 if number else 0.9, "number": 1.0 if number else 0.8}


def _sampled(table: SourceTable) -> Shares:
    import duckdb

    names, known = list(table.columns), {}
    try:
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(f"create temp table sample as select * from {relation(table)} limit {ROWS}")
            for start in range(0, len(names), AT_ONCE):
                known |= _counted(connection, names[start : start + AT_ONCE])
    except duckdb.Error:
        return {}  # what is wrong with the file is said when it is read
    return known


def _counted(connection, names: list[str]) -> Shares:
    wanted = []
    for name in names:
        cell, kind = quoted(name), "VARCHAR"
        times, numbers = _reads("time", cell), _reads("number", cell)
        whole = f"regexp_full_match({words(cell, kind)}, '[0-9]{{9}}')"  # an id sooner than seconds before 2001
        wanted += [
            f"count({words(cell, kind)})",
            f"count(*) filter (({times}) and not {whole})",
            f"count(*) filter ({numbers})",
        ]
    found = connection.execute(f"select {', '.join(wanted)} from sample").fetchone()
    known = {}
    for place, name in enumerate(names):
        filled, times, numbers = found[3 * place : 3 * place + 3]
        if filled:
            known[name] = {"time": times / filled, "number": numbers / filled}
    return known
