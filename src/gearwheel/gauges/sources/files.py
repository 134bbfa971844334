"""Folders of CSV and Parquet files, and single files: which tables they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from gearwheel.gauges.sources.delimited import look_at_csv
from gearwheel.gauges.sources.parts import Source, SourceFile, SourceTable
from gearwheel.wheel.errors import DataError, Problem

CSV = (".csv", ".tsv", ".csv.gz")
PARQUET = (".parquet", ".pq")
SHEETS = (".xlsx", ".xls", ".ods", ".numbers")
MAX_FILES = 10_000
_PART = re.compile(r"([-_ .]*\(?\d+\)?|[-_.]?(part|chunk)[-_.]?\d[\w-]*)$", re.IGNORECASE)
WANTED = "a folder of CSV or Parquet files, one such file, a SQLite or DuckDB file, or a postgresql:// address"


def look_at_files(path: Path) -> Source:
    """The tables in a folder (its files and those one folder deeper) or in one file. Raises DataError."""
    notes: list[Problem] = []
    found: list[tuple[Path, SourceTable]] = []
    for file in _files(path, notes):
        table = _parquet(file, notes) if _ends(file, PARQUET) else _csv(file, notes)
        if table:
            found.append((file, table))
    if not found:
        held = [note for note in notes if note.file]
        raise DataError([Problem("GW431", "no table can be read there", str(path), hint=WANTED), *held])
    return Source(str(path), "files", _grouped(path, found), tuple(notes))


def stamp_of(path: Path) -> str:
    """Changes when the file does: size and time of last change."""
    state = path.stat()
    return f"{state.st_size}-{state.st_mtime_ns}"


def _ends(path: Path, endings: tuple[str, ...]) -> bool:
    return path.name.lower().endswith(endings)


def _files(path: Path, notes: list[Problem]) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    seen = 0
    try:
        entries = sorted(path.iterdir())
        for folder in [entry for entry in entries if entry.is_dir() and not entry.name.startswith((".", "_"))]:
            entries += sorted(folder.iterdir())
    except OSError as error:
        raise DataError(Problem("GW431", f"the folder cannot be read: {error.strerror}", str(path))) from error
    for entry in entries:
        if _ends(entry, SHEETS):
            notes.append(_note(entry, "spreadsheets are not read", "save each sheet as CSV"))
        elif entry.is_file() and _ends(entry, (*CSV, *PARQUET)) and not entry.name.startswith((".", "_", "~")):
            seen += 1
            if seen > MAX_FILES:
                raise DataError(Problem("GW431", f"more than {MAX_FILES:,} files", str(path), hint="join some of them"))
            yield entry


def _note(path: Path, message: str, hint: str) -> Problem:
    return Problem("GW430", message, str(path), hint=hint, severity="warning")


def _csv(path: Path, notes: list[Problem]) -> SourceTable | None:
    stamp = stamp_of(path)
    file, found = look_at_csv(path, stamp)
    notes += found
    if file is None:
        return None
    return SourceTable(
        _stem(path), "csv", dict.fromkeys(file.columns, "VARCHAR"), None, path.stat().st_size, (file,), stamp=stamp
    )


def _parquet(path: Path, notes: list[Problem]) -> SourceTable | None:
    import duckdb

    if path.stat().st_size == 0:
        notes.append(_note(path, "the file has 0 bytes and is left out", "export it again: the copy broke off"))
        return None
    try:
        with duckdb.connect() as connection:
            described = connection.execute("describe select * from read_parquet([$1])", [str(path)]).fetchall()
            rows = connection.execute("select sum(num_rows) from parquet_file_metadata([$1])", [str(path)]).fetchone()
    except duckdb.Error as error:
        notes.append(_note(path, f"not a Parquet file that can be read: {_first_line(error)}", "export it again"))
        return None
    stamp = stamp_of(path)
    file = SourceFile(str(path), str(path), stamp)
    columns = {name: kind for name, kind, *_ in described}
    return SourceTable(_stem(path), "parquet", columns, int(rows[0] or 0), path.stat().st_size, (file,), stamp=stamp)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].split(": ", 1)[-1]


def _stem(path: Path) -> str:
    return re.sub(r"(\.csv)?\.[^.]+$", "", path.name, flags=re.IGNORECASE)


def _grouped(top: Path, found: list[tuple[Path, SourceTable]]) -> dict[str, SourceTable]:
    """Files that are parts of one table (orders_1.csv, orders_2.csv; orders/part-0.parquet …) joined to it."""
    groups: dict[tuple, list[tuple[Path, SourceTable]]] = {}
    for path, table in found:
        # the columns of CSV files may stand in another order in each
        shape = frozenset(table.columns) if table.kind == "csv" else tuple(table.columns.items())
        groups.setdefault((_base(top, path, table).lower(), table.kind, shape), []).append((path, table))
    tables: dict[str, SourceTable] = {}
    for members in groups.values():
        path, first = members[0]
        whole = len(members) == 1 and not _inside(top, path)
        name = _free(first.name if whole else _base(top, path, first), path, tables)
        tables[name] = _joined(name, [table for _, table in members])
    return tables


def _inside(top: Path, path: Path) -> bool:
    return path != top and path.parent != top


def _base(top: Path, path: Path, table: SourceTable) -> str:
    """The name without what numbers its parts; that of the folder where nothing else is left."""
    base = _PART.sub("", table.name)
    if _inside(top, path) and base.lower() in ("", "part", "data"):
        return path.parent.name
    return base or table.name


def _free(name: str, path: Path, tables: dict[str, SourceTable]) -> str:
    taken = {other.lower() for other in tables}
    tries = [name, _stem(path), f"{path.parent.name}/{_stem(path)}", str(path)]
    return next(one for one in tries if one.lower() not in taken)


def _joined(name: str, parts: list[SourceTable]) -> SourceTable:
    rows = sum(part.rows for part in parts) if all(part.rows is not None for part in parts) else None
    files = tuple(file for part in parts for file in part.files)
    stamp = " ".join(f"{file.path}:{file.stamp}" for file in files)
    return SourceTable(
        name, parts[0].kind, parts[0].columns, rows, sum(part.size or 0 for part in parts), files, stamp=stamp
    )
