"""More than one row for a key: amounts are added up, reviews averaged; of anything else the last row counts."""

from __future__ import annotations

from gearwheel.gauges.canonical import Table

COMBINED = {  # table -> column -> how its values join; every other column is the last row's
    "costs": {"amount": "sum({})"},
    "visits": {"visits": "sum({})"},
    "hosting": {"revenue": "sum({})", "cost": "sum({})"},
    "returns": {"refund": "sum({})", "salvage": "sum({})"},
    "reviews": {
        "score": "avg({})",
        "text": "string_agg({}, chr(10) order by file_row_number)",
        "created_at": "min({})",
    },
}
WORDS = {"costs": "added up", "visits": "added up", "hosting": "added up", "returns": "added up", "reviews": "averaged"}
EVERY = 20_000_000  # rows up to which every key is looked at
BUCKETS = 16  # beyond, one key in so many is


def repeated(connection, table: Table, relation: str, rows: int) -> int:
    """How many rows of `relation` repeat the key of another one; rows with an empty key repeat nothing.

    Above EVERY rows one key in BUCKETS is looked at first, and all of them only where one of those repeats.
    """
    keys = _keys(table)
    known = " and ".join(f"{column} is not null" for column in table.key)
    count = (
        f"select coalesce(sum(n - 1), 0) from (select count(*) as n from {relation} where {known} {{}} group by {keys})"
    )
    if rows > EVERY:
        some = connection.execute(count.format(f"and hash({keys}) % {BUCKETS} = 0")).fetchone()[0]
        if not some:
            return 0
    return int(connection.execute(count.format("")).fetchone()[0])


def single(table: Table, relation: str) -> str:
    """A SELECT with one row a key. `relation` must have `file_row_number`; rows with an empty key stay as they are."""
    keys = _keys(table)
    known = " and ".join(f"{column} is not null" for column in table.key)
    rules = COMBINED.get(table.name, {})
    if table.name == "contacts":  # a customer may ask twice in a second; only the same row twice is a repeat
        joined = f"select distinct {', '.join(table.columns)} from {relation} where {known}"
    elif rules:
        given = (column if column in table.key else f"{_joined(column, rules)} as {column}" for column in table.columns)
        joined = f"select {', '.join(given)} from {relation} where {known} group by {keys}"
    else:
        last = f"select {keys}, max(file_row_number) as at from {relation} where {known} group by {keys}"
        joined = (
            f"select {', '.join(f't.{column}' for column in table.columns)} from {relation} as t "
            f"inner join ({last}) as l on t.file_row_number = l.at"
        )
    return f"{joined} union all select {', '.join(table.columns)} from {relation} where not ({known})"


def _joined(column: str, rules: dict[str, str]) -> str:
    return rules.get(column, "arg_max_null({}, file_row_number)").format(column)


def _keys(table: Table) -> str:
    return ", ".join(table.key)
