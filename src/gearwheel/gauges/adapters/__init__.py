"""Adapters: how the tables of a known shop system become the canonical ones.

Each is a folder here: `adapter.toml` says by which tables and columns the system is recognised, `TABLE.sql` is one
canonical table over `source."table"`, in DuckDB's dialect. Adding one needs no Python. Casts are not needed: texts
become times, numbers and flags afterwards, by the same rules for every source.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from gearwheel.gauges.sources.parts import Source, SourceTable

FOLDER = Path(__file__).parent


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
    sql = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.sql"))}
    return Adapter(folder.name, **lists, **raw, sql=sql)
