"""Adapters: how the tables of a known shop system become the canonical ones.

Each is a folder here: `adapter.toml` says by which tables and columns the system is recognised, `TABLE.sql` is one
canonical table over `source."table"`, in DuckDB's dialect. Adding one needs no Python. Casts are not needed: texts
become times, numbers and flags afterwards, by the same rules for every source.

`steps/NAME.sql` is a step that several of them share, read as `step.NAME`. `findings/NAME.sql` is a check of the
source that only this adapter can make.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from gearwheel.gauges.catalogue import split_head
from gearwheel.gauges.sources.parts import Source, SourceTable

FOLDER = Path(__file__).parent
_STEP = re.compile(r"\bstep\.([a-z_]+)")


@dataclass(frozen=True)
class SourceCheck:
    """A check of one system's source. The head comments of its file are TOML with these keys.

    `sql` yields a row for each thing that was looked at: `id`, `bad` (true where the finding holds), and `amount` in
    whole units of `currency`. `message` names {rows} (how many are bad of how many, with the plural noun `of`) and {money}.
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
    missing, with the table if it is. `names`: table → other names (patterns with *) that it goes by. `settings`: what
    a mapping starts from. `not_there`: canonical table or column → why the source does not have it. `kind` is
    "events", or "gauges" for a file that holds measured series already.
    """

    name: str
    title: str
    followed: str
    needs: dict[str, tuple[str, ...]]
    may_have: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    settings: dict[str, str | int] = field(default_factory=dict)
    not_there: dict[str, str] = field(default_factory=dict)
    sql: dict[str, str] = field(default_factory=dict)
    checks: tuple[SourceCheck, ...] = ()
    checks_sql: str = ""  # the rows of all of them, `number` saying of which
    kind: str = "events"

    def matched(self, source: Source) -> dict[str, SourceTable] | None:
        """The source's table for each of the adapter's, or None where a needed table or column is missing."""
        found = {}
        for name in dict.fromkeys((*self.needs, *self.may_have)):
            table = self.table_in(source, name)
            if table:
                found[name] = table
            elif name in self.needs:
                return None
        return found

    def table_in(self, source: Source, name: str) -> SourceTable | None:
        """The source's table that is the adapter's `name`: called so, and with every needed column."""
        wanted = {column.lower() for column in self.needs.get(name, ())}
        patterns = [pattern.lower() for pattern in (name, *self.names.get(name, ()))]
        for pattern in patterns:
            for table in source.tables.values():
                fits = fnmatchcase(table.name.lower(), pattern)
                if fits and wanted <= {column.lower() for column in table.columns}:
                    return table
        return None

    @property
    def weight(self) -> int:
        """How much it asks for: of two adapters that fit, the more demanding one is right."""
        return sum(len(columns) for columns in self.needs.values())


@cache
def adapters() -> dict[str, Adapter]:
    """Every adapter by name."""
    folders = sorted(path.parent for path in FOLDER.glob("*/adapter.toml"))
    return {folder.name: read_adapter(folder) for folder in folders}


def read_adapter(folder: Path) -> Adapter:
    """The adapter in a folder."""
    raw = tomllib.loads((folder / "adapter.toml").read_text("utf-8"))
    lists = {key: {t: tuple(c) for t, c in raw.pop(key, {}).items()} for key in ("needs", "may_have", "names")}
    steps = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("steps/*.sql"))}
    sql = {path.stem: with_steps(path.read_text("utf-8"), steps) for path in sorted(folder.glob("*.sql"))}
    checks = []
    for path in sorted(folder.glob("findings/*.sql")):
        head, query = split_head(path.read_text("utf-8"))
        checks.append(SourceCheck(**tomllib.loads("\n".join(head)), sql=query))
    rows = "\nunion all\n".join(
        f"select {number} as number, id, bad, amount, currency from (\n{one.sql}\n)"
        for number, one in enumerate(checks)
    )
    return Adapter(folder.name, **lists, **raw, sql=sql, checks=tuple(checks), checks_sql=with_steps(rows, steps))


def with_steps(sql: str, steps: dict[str, str]) -> str:
    """The query with every step that it reads, directly or not, as a common table expression before it."""
    needed: list[str] = []

    def need(text: str) -> None:
        for name in _STEP.findall(text):
            if name not in needed:
                need(steps[name])
                needed.append(name)

    need(sql)
    if not needed:
        return sql
    before = ",\n".join(f"step.{name} as (\n{steps[name]}\n)" for name in needed)
    return _STEP.sub(r"step_\1", f"with {before}\nselect * from (\n{sql}\n)")
