"""Looks at what the user named and says which tables are there. Nothing of the user's is ever written."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from gearwheel.gauges.sources.files import WANTED, look_at_files
from gearwheel.gauges.sources.parts import Source, is_url, without_password
from gearwheel.wheel.errors import DataError, Problem


def look(source: str | PathLike[str]) -> Source:
    """The tables, columns, types and sizes of a folder, a file or a PostgreSQL address. Raises DataError (GW43x)."""
    address = str(source)
    if is_url(address):
        from gearwheel.gauges.sources.postgres import look_at_postgres

        return look_at_postgres(address)
    if "://" in address:
        raise DataError(Problem("GW431", f"{without_password(address)[:200]} is no source", hint=WANTED))
    path = Path(address).expanduser()
    if not path.exists():
        raise DataError(Problem("GW431", "there is no such file or folder", str(path), hint=WANTED))
    kind = _kind(path) if path.is_file() else "files"
    if kind == "sqlite":
        from gearwheel.gauges.sources.sqlite import look_at_sqlite

        return look_at_sqlite(path)
    if kind == "duckdb":
        from gearwheel.gauges.sources.duckdb_file import look_at_duckdb

        return look_at_duckdb(path)
    return look_at_files(path)


def _kind(path: Path) -> str:
    """By the first bytes: names do not always tell."""
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise DataError(Problem("GW431", f"the file cannot be read: {error.strerror}", str(path))) from error
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    return "duckdb" if head[8:12] == b"DUCK" else "files"
