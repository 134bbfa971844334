"""Adapters: how the tables of a known shop system become the canonical ones.

Each is a folder here: `adapter.toml` says by which tables and columns the system is recognized and of which type each
column is, `TABLE.sql` is one canonical table over `source."table"`, in DuckDB's dialect. Adding one needs no Python.
The SQL needs no casts: its cells were read by the same rules as those of every other source.

`steps/NAME.sql` is a step that several of them share, read as `step.NAME`. `findings/NAME.sql` is a check of the source
that only this adapter can make.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from gearwheel.gauges.catalogue import split_head
from gearwheel.gauges.sources.parts import Source, SourceTable

FOLDER = Path(__file__).parent
# key of a toml → canonical type
TYPES = {"numbers": "number", "times": "time", "times_in_utc": "time", "dates": "date", "flags": "flag"}
_STEP = re.compile(r"\bstep\.([a-z_]+)")
LISTS = ("needs", "may_have", "names", *TYPES)


@dataclass(frozen=True)
class SourceCheck:
    """A check of one system's source. The head comments of its file are TOML with these keys.

    `sql` yields a row for each thing that was looked at: `id` (text), `bad` (true where the finding holds), and `amount`
    in whole units of `currency`. `message` names {rows} (how many are bad of how many, with the plural noun `of`) and
    {money}.
    """

    code: str
    severity: str
    table: str
    column: str
    of: str
    message: str
    hint: str
    sql: str


@dataclass(frozen=True)
class Adapter:
    """One shop system.

    `needs`: table → columns that must be there; `may_have`: table → columns that are read as empty where they are
    missing, with the table if it is. `numbers`, `times`, `times_in_utc`, `dates`, `flags`: table → those of the columns
    that are no text; `times_in_utc` are in UTC where they state no zone. `names`: table → other names (patterns with *) that it
    goes by; `keys`: table → columns that name a row: of files that hold one in several states the last counts. `spellings`: table.column → other headers. `lacking`: table.column → what is not known without it. `settings`: what
    a mapping starts from. `not_there`: canonical table or column → why the source does not have it. `kind` is "events",
    "gauges" for a file that holds measured series already, or "unread" for a system that is known and refused. `steps`: name → SQL of a step, each after those that it
    reads. `checks`: what only this adapter can find in its source.
    """

    name: str
    title: str
    followed: str
    needs: dict[str, tuple[str, ...]]
    may_have: dict[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    times: dict[str, tuple[str, ...]] = field(default_factory=dict)
    times_in_utc: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    flags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    spellings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str | int] = field(default_factory=dict)
    not_there: dict[str, str] = field(default_factory=dict)
    kind: str = "events"
    sql: dict[str, str] = field(default_factory=dict)
    steps: dict[str, str] = field(default_factory=dict)
    checks: tuple[SourceCheck, ...] = ()

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Every table that is read → its columns."""
        names = dict.fromkeys((*self.needs, *self.may_have))
        return {name: tuple(dict.fromkeys((*self.needs.get(name, ()), *self.may_have.get(name, ())))) for name in names}

    def type_of(self, table: str, column: str) -> str:
        """The canonical type of a column: number, time, date, flag or text."""
        return next((kind for key, kind in TYPES.items() if column in getattr(self, key).get(table, ())), "text")

    def matched(self, source: Source) -> dict[str, SourceTable] | None:
        """The source's table for each of the adapter's, or None where a needed table or column is missing."""
        found = {}
        for name in self.columns:
            table = self.table_in(source, name)
            if table:
                found[name] = table
            elif name in self.needs:
                return None
        return found

    def table_in(self, source: Source, name: str) -> SourceTable | None:
        """The source's table that is the adapter's `name`: called so, and with every needed column."""
        return next(iter(self.tables_in(source, name)), None)

    def tables_in(self, source: Source, name: str) -> list[SourceTable]:
        """Every table of the source that could be the adapter's `name`, the one that is called most like it first."""
        patterns = [pattern.lower() for pattern in (name, *self.names.get(name, ()))]
        found = {
            table.name: table
            for pattern in patterns
            for table in source.tables.values()
            if fnmatchcase(table.name.lower(), pattern) and self.holds(table, name)
        }
        return list(found.values())

    def holds(self, table: SourceTable, name: str) -> bool:
        """Does the table have every column that the adapter's `name` needs?"""
        return all(self.spelled(table.columns, name, column) for column in self.needs.get(name, ()))

    def spelled(self, columns: Iterable[str], table: str, column: str) -> list[str]:
        """Those of `columns` that are the adapter's column: called so but for letter case, blanks and signs, or as one
        of its other spellings. Several where exports that call it differently were joined; its own name comes first."""
        known = {_plain(name) for name in (column, *self.spellings.get(f"{table}.{column}", ()))}
        return sorted((name for name in columns if _plain(name) in known), key=lambda name: name != column)

    @property
    def weight(self) -> int:
        """How much it asks for: of two adapters that fit, the more demanding one is right."""
        return sum(len(columns) for columns in self.needs.values())


def _plain(name: str) -> str:
    """A column's name without letter case, blanks, signs and marks of the byte order."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


@cache
def adapters() -> dict[str, Adapter]:
    """Every adapter by name."""
    folders = sorted(path.parent for path in FOLDER.glob("*/adapter.toml"))
    return {folder.name: read_adapter(folder) for folder in folders}


def read_adapter(folder: Path) -> Adapter:
    """The adapter in a folder."""
    raw = tomllib.loads((folder / "adapter.toml").read_text("utf-8"))
    lists = {key: {t: tuple(c) for t, c in raw.pop(key, {}).items()} for key in (*LISTS, "keys", "spellings")}
    sql = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.sql"))}
    steps = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("steps/*.sql"))}
    checks = []
    for path in sorted(folder.glob("findings/*.sql")):
        head, query = split_head(path.read_text("utf-8"))
        checks.append(SourceCheck(**tomllib.loads("\n".join(head)), sql=query))
    return Adapter(folder.name, **lists, **raw, sql=sql, steps=_in_order(steps), checks=tuple(checks))


def steps_in(sql: str) -> list[str]:
    """The steps that a query reads."""
    return list(dict.fromkeys(_STEP.findall(sql)))


def _in_order(steps: dict[str, str]) -> dict[str, str]:
    """Each step after those that it reads."""
    done: dict[str, str] = {}
    while len(done) < len(steps):
        ready = {name: sql for name, sql in steps.items() if name not in done and set(steps_in(sql)) <= done.keys()}
        if not ready:
            raise ValueError(f"steps that wait for each other: {', '.join(sorted(steps.keys() - done.keys()))}")
        done |= ready
    return done
