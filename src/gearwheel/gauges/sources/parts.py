"""What a source is made of, as plain values: its tables, their columns, and where each is read from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from gearwheel.wheel.errors import Problem

PATIENCE = 600.0  # seconds that a view of a database file may take: it may have been written never to end
Progress = Callable[[str, int, int, str], None]  # (stage, done, total, note); may raise to cancel


@dataclass(frozen=True)
class SourceFile:
    """One file of a table. `read_from` is what DuckDB reads: the file itself or its UTF-8 copy in the cache.

    `skip`: lines that stand before the header.
    """

    path: str
    read_from: str
    stamp: str
    encoding: str = ""
    delimiter: str = ""
    columns: tuple[str, ...] = ()
    skip: int = 0


@dataclass(frozen=True)
class SourceTable:
    """One table: column → type in the source's words. `rows` where known without reading all, `size` in bytes.

    `overlaps`: rows that stand as they are in an earlier one of its files, too, and are read once. `as_text`: columns that are read as text, since its files have them in types that do not go together.
    `address` is its name inside a database (schema and table), `files` what it consists of elsewhere. `stamp`
    changes when the content may have changed; "" for one that is asked when it is read.
    """

    name: str
    kind: str  # csv | parquet | duckdb | sqlite | postgresql
    columns: dict[str, str]
    rows: int | None = None
    size: int | None = None
    files: tuple[SourceFile, ...] = ()
    address: tuple[str, ...] = ()
    stamp: str = ""
    is_view: bool = False  # of a database file: a query that somebody else wrote
    as_text: tuple[str, ...] = ()
    overlaps: int = 0


@dataclass(frozen=True)
class Source:
    """What the user named, looked at. `notes` are problems that stopped nothing (a table left out, a recoding)."""

    address: str
    kind: str  # files | duckdb | sqlite | postgresql
    tables: dict[str, SourceTable]
    notes: tuple[Problem, ...] = field(default=())

    @property
    def shown(self) -> str:
        """The address as it may be printed: without a password."""
        return without_password(self.address)


def endless(name: str, file: str) -> Problem:
    """GW477 for a view that took longer than PATIENCE."""
    message = f"the view {name[:60]!r} had not answered after {PATIENCE / 60:g} minutes"
    return Problem("GW477", message, file, hint="keep its rows as a table in the database, and name the table")


def is_url(address: str) -> bool:
    """Does it name a PostgreSQL server?"""
    return address.split("://", 1)[0].lower() in ("postgresql", "postgres") and "://" in address


def without_password(address: str) -> str:
    """A URL less its password; any other address as it stands."""
    if not is_url(address):
        return address
    parts = urlsplit(address)
    user, at, host = parts.netloc.rpartition("@")
    query = "&".join(p for p in parts.query.split("&") if not p.lower().startswith("password="))
    return urlunsplit((parts.scheme, user.split(":", 1)[0] + at + host, parts.path, query, ""))


def name_of(*parts: object) -> str:
    """A short name of what the parts say: equal parts, equal name."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
