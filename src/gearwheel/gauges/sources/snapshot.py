"""Tables of a database as Parquet files in the cache: one at a time, each kept when it is complete.

A rerun takes what is there and goes on with the rest, so a database that goes away half way costs one table.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gearwheel.gauges.sources.parts import Progress, Source, SourceFile, SourceTable, name_of
from gearwheel.wheel.cache import cache_folder
from gearwheel.wheel.errors import DataError, Problem

ROOM = "set GEARWHEEL_CACHE to a folder that can be written and has room"


def snapshots(
    source: Source, tables: list[SourceTable], progress: Progress | None = None, refresh: bool = False
) -> dict[str, SourceTable]:
    """The tables by name, each read from its copy, which is made anew where the source has changed.

    A SQLite file has changed when its size or time has, a PostgreSQL table when its number of rows or the largest
    key or time of change has; `refresh` reads all anew. Raises DataError; complete copies stay.
    """
    folder = cache_folder() / "snapshots" / name_of(source.shown)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(_no_room(folder, error)) from error
    copy = _copies_of_sqlite if source.kind == "sqlite" else _copies_of_postgres
    found = {}

    def told(done: int, table: SourceTable) -> None:
        if progress:
            progress("copying", done, len(tables), table.name)

    copy(source, tables, folder, refresh, told, found)
    return found


def _copies_of_sqlite(source: Source, tables, folder: Path, refresh: bool, told: Callable, found: dict) -> None:
    from gearwheel.gauges.sources.sqlite import streamed

    for done, table in enumerate(tables):
        told(done, table)
        target = folder / f"{name_of(*table.address)}.parquet"
        if refresh or _known(target).get("stamp") != table.stamp:
            with streamed(Path(source.address), table) as (schema, batches):
                _write(target, schema, batches, table.stamp)
        found[table.name] = _copy(table, target)


def _copies_of_postgres(source: Source, tables, folder: Path, refresh: bool, told: Callable, found: dict) -> None:
    from gearwheel.gauges.sources.postgres import connected, stamp_of_table, streamed

    with connected(source.address) as connection:
        for done, table in enumerate(tables):
            told(done, table)
            target = folder / f"{name_of(*table.address)}.parquet"
            # one transaction, so that the stamp and the rows are of the same moment
            with connection.cursor() as cursor:
                cursor.execute("begin isolation level repeatable read read only")
            _, stamp = stamp_of_table(connection, table)
            stamp = f"{stamp} {name_of(*table.columns.items())}"
            if refresh or _known(target).get("stamp") != stamp:
                with streamed(connection, table) as (schema, batches):
                    _write(target, schema, batches, stamp)
            with connection.cursor() as cursor:
                cursor.execute("commit")
            found[table.name] = _copy(table, target)


def _known(target: Path) -> dict[str, str]:
    """Of which state of the source the copy is, and a digest of what it holds; empty where there is no whole copy."""
    try:
        return json.loads(target.with_suffix(".json").read_text("utf-8")) if target.exists() else {}
    except (OSError, ValueError):
        return {}


def _write(target: Path, schema, batches, stamp: str) -> None:
    """The stamp is written last: a copy without it does not count."""
    import pyarrow.parquet as pq

    beside = target.with_suffix(f".{os.getpid()}.tmp")
    target.with_suffix(".json").unlink(missing_ok=True)
    try:
        with pq.ParquetWriter(beside, schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
        os.replace(beside, target)
        with target.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        target.with_suffix(".json").write_text(json.dumps({"stamp": stamp, "content": content}), "utf-8")
    except OSError as error:
        # a driver's error is no OSError; this is the disk
        raise DataError(_no_room(target.parent, error)) from error
    finally:
        beside.unlink(missing_ok=True)


def _copy(table: SourceTable, target: Path) -> SourceTable:
    """Its stamp is its content's: a copy made anew of the same rows changes nothing that is made from it."""
    import pyarrow.parquet as pq

    content = _known(target)["content"]
    file = SourceFile(str(target), str(target), content)
    return replace(table, kind="parquet", rows=pq.read_metadata(target).num_rows, files=(file,), stamp=content)


def _no_room(folder: Path, error: OSError) -> Problem:
    return Problem("GW433", f"the copy of the database cannot be kept: {error.strerror}", str(folder), hint=ROOM)
