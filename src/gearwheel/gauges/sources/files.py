"""Folders of CSV and Parquet files, and single files: which tables they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gearwheel.gauges.sources.delimited import look_at_csv
from gearwheel.gauges.sources.families import in_order, shared_name
from gearwheel.gauges.sources.parts import Source, SourceFile, SourceTable
from gearwheel.wheel.errors import DataError, Problem

CSV = (".csv", ".tsv", ".csv.gz")
PARQUET = (".parquet", ".pq")
SHEETS = (".xlsx", ".xls", ".ods", ".numbers")
MAX_FILES = 10_000
DEPTH = 3  # folders that may lie within each other
SHARED, SHARED_OF_ALL = 0.8, 0.5  # of the columns of the smaller, of the larger, from which two files are one table
NAMED = 8  # names that a note repeats
WANTED = "a folder of CSV or Parquet files, one such file, a SQLite or DuckDB file, or a postgresql:// address"


def look_at_files(path: Path) -> Source:
    """The tables in a folder (its files and those up to DEPTH folders deeper) or in one file. Raises DataError."""
    notes: list[Problem] = []
    found: list[tuple[Path, SourceTable]] = []
    for file in _files(path, notes):
        table = _parquet(file, notes) if _ends(file, PARQUET) else _csv(file, notes)
        if table:
            found.append((file, table))
    if not found:
        held = [note for note in notes if note.file]
        raise DataError([Problem("GW431", "no table can be read there", str(path), hint=WANTED), *held])
    tables = _grouped(path, found, notes)
    return Source(str(path), "files", tables, tuple(_gathered(notes)))


def _gathered(notes: list[Problem]) -> list[Problem]:
    """What is to be said of many files in the same words is said once."""
    same: dict[tuple[str, str, str], list[Problem]] = {}
    for note in notes:
        same.setdefault((note.code, note.message, note.hint), []).append(note)
    return [
        first if len(group) == 1 else replace(first, message=f"{first.message} (and so in {len(group) - 1} more files)")
        for group in same.values()
        for first in group[:1]
    ]


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
    seen, others = 0, []
    for entry in _entries(path, DEPTH, others):
        if _ends(entry, SHEETS):
            notes.append(_note(entry, "spreadsheets are not read", "save each sheet as CSV"))
        elif _ends(entry, (*CSV, *PARQUET)):
            seen += 1
            if seen > MAX_FILES:
                raise DataError(Problem("GW431", f"more than {MAX_FILES:,} files", str(path), hint="join some of them"))
            yield entry
        else:
            others.append(entry)
    if others:
        named = ", ".join(str(other.relative_to(path)) for other in others[:NAMED])
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        message = f"not read, since they are no CSV or Parquet files: {named}{more}"
        notes.append(_note(path, message, "unpack archives, and save tables as CSV"))


def _entries(folder: Path, depth: int, others: list[Path]) -> Iterator[Path]:
    """The files in a folder and in the folders within it, as people count; what lies too deep goes to `others`."""
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: in_order(_stem(entry)))
    except OSError as error:
        raise DataError(Problem("GW431", f"the folder cannot be read: {error.strerror}", str(folder))) from error
    entries = [entry for entry in entries if not entry.name.startswith((".", "_", "~"))]
    yield from (entry for entry in entries if entry.is_file())
    for entry in entries:
        if entry.is_dir() and depth and not entry.is_symlink():
            yield from _entries(entry, depth - 1, others)
        elif entry.is_dir():
            others.append(entry)


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
    columns = {name: kind for name, kind, *_ in described}
    file = SourceFile(str(path), str(path), stamp, columns=tuple(columns))
    return SourceTable(_stem(path), "parquet", columns, int(rows[0] or 0), path.stat().st_size, (file,), stamp=stamp)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].split(": ", 1)[-1]


def _stem(path: Path) -> str:
    return re.sub(r"(\.csv)?\.[^.]+$", "", path.name, flags=re.IGNORECASE)


def _grouped(top: Path, found: list[tuple[Path, SourceTable]], notes: list[Problem]) -> dict[str, SourceTable]:
    """Files that are parts of one table (orders_1.csv, orders_2.csv; orders/2024-01.parquet …) joined to it by name."""
    groups: list[tuple[tuple[str, str], list[tuple[Path, SourceTable]], set[str]]] = []
    for path, table in found:
        key, columns = (_base(top, path, table).casefold(), table.kind), {name.casefold() for name in table.columns}
        fitting = (group for group in groups if group[0] == key and _belong(columns, group[2]))
        group = next(fitting, None)
        if group is None:
            group = key, [], set()
            groups.append(group)
        group[1].append((path, table))
        group[2].update(columns)
    tables: dict[str, SourceTable] = {}
    for _, members, _ in groups:
        path, first = members[0]
        whole = len(members) == 1 and not _inside(top, path)
        name = _free(first.name if whole else _base(top, path, first), path, tables)
        tables[name] = _joined(name, [table for _, table in members])
        notes += _differing(tables[name])
    return tables


def _belong(columns: set[str], others: set[str]) -> bool:
    """Do two sets of columns agree so far that they are of one table? Exports gain and lose some over the years."""
    shared = len(columns & others)
    return shared >= SHARED * min(len(columns), len(others)) and shared >= SHARED_OF_ALL * max(
        len(columns), len(others)
    )


def _inside(top: Path, path: Path) -> bool:
    return path != top and path.parent != top


def _base(top: Path, path: Path, table: SourceTable) -> str:
    """The name without what numbers or dates its parts; that of the folder where nothing else is left."""
    base, folder = shared_name(table.name), path.parent
    while base.casefold() in ("", "part", "data") and folder != top and top in folder.parents:
        base, folder = shared_name(folder.name), folder.parent
    return base or top.name


def _free(name: str, path: Path, tables: dict[str, SourceTable]) -> str:
    taken = {other.lower() for other in tables}
    tries = [name, _stem(path), f"{path.parent.name}/{_stem(path)}", str(path)]
    return next(one for one in tries if one.lower() not in taken)


def _joined(name: str, parts: list[SourceTable]) -> SourceTable:
    rows = sum(part.rows for part in parts) if all(part.rows is not None for part in parts) else None
    files = tuple(file for part in parts for file in part.files)
    stamp = " ".join(f"{file.path}:{file.stamp}" for file in files)
    kinds: dict[str, dict[str, str]] = {}  # column in lower case -> its spellings -> type
    for part in parts:
        for column, kind in part.columns.items():
            kinds.setdefault(column.casefold(), {}).setdefault(column, kind)
    types = {
        next(iter(spelt)): sorted({p.columns[c] for p in parts for c in spelt if c in p.columns})
        for spelt in kinds.values()
    }
    as_text = tuple(column for column, several in types.items() if len({_sort(kind) for kind in several}) > 1)
    columns = {c: "VARCHAR" if c in as_text else several[-1] for c, several in types.items()}
    size = sum(part.size or 0 for part in parts)
    return SourceTable(name, parts[0].kind, columns, rows, size, files, stamp=stamp, as_text=as_text)


def _sort(kind: str) -> str:
    """Types of one sort become each other without loss; a time with a zone and one without do not."""
    if kind.endswith("INT") or kind in ("INTEGER", "DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        return "number"
    return "TIMESTAMP" if kind in ("DATE", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S") else kind


def _differing(table: SourceTable) -> list[Problem]:
    """A note where files of one table do not have the same columns: which file lacks which."""
    wanted = {column.casefold(): column for column in table.columns}
    lacking: dict[tuple[str, ...], list[str]] = {}
    for file in table.files:
        missing = tuple(wanted[c] for c in wanted if c not in {name.casefold() for name in file.columns})
        if missing:
            lacking.setdefault(missing, []).append(Path(file.path).name)
    return [
        Problem(
            "GW418",
            f"{_several(files)} {'has' if len(files) == 1 else 'have'} no column {_several([repr(c) for c in missing])}, "
            f"which other files of '{table.name}' have: it is read as empty there",
            str(Path(table.files[0].path).parent),
            hint="export these files again with the same columns, or map the column to coalesce(…) of both names",
            severity="warning",
        )
        for missing, files in lacking.items()
    ]


def _several(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
