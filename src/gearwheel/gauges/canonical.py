"""The canonical event tables, read from `tables.toml`: what every source is mapped to."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SCHEMA = "events"  # where a connection holds the canonical tables
TYPES = {  # canonical type -> DuckDB's
    "text": "VARCHAR",
    "time": "TIMESTAMP",
    "date": "DATE",
    "number": "DOUBLE",
    "whole": "BIGINT",
    "flag": "BOOLEAN",
}


@dataclass(frozen=True)
class Column:
    """One column: `type` is a key of TYPES, `needed` says that no source may lack it."""

    name: str
    type: str
    needed: bool = False
    says: str = ""

    @property
    def sql_type(self) -> str:
        """Its type in DuckDB."""
        return TYPES[self.type]


@dataclass(frozen=True)
class Table:
    """One canonical table: `key` names the columns that identify a row."""

    name: str
    title: str
    key: tuple[str, ...]
    needed: bool
    columns: dict[str, Column]


@cache
def tables() -> dict[str, Table]:
    """Every canonical table by name, in the order of the file. Do not change what it returns."""
    raw = tomllib.loads(Path(__file__).with_name("tables.toml").read_text("utf-8"))
    return {name: _table(name, **entry) for name, entry in raw.items()}


def _table(name: str, *, title: str, key: list[str], columns: dict, needed: bool = False) -> Table:
    return Table(name, title, tuple(key), needed, {c: Column(c, **entry) for c, entry in columns.items()})


def empty_view_sql(table: Table) -> str:
    """A SELECT in DuckDB's dialect that yields no row and every column of the table in its type."""
    nulls = (f"CAST(NULL AS {c.sql_type}) AS {c.name}" for c in table.columns.values())
    return f"SELECT {', '.join(nulls)} WHERE FALSE"
