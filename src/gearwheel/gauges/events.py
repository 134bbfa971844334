"""A business's events as canonical tables in one DuckDB connection, whatever they come from.

Times are UTC: those without a zone are read in the mapping's zone. The days, weeks and months that are measured are
those of UTC too, so an hour after midnight may count to the neighbouring day; a local calendar would have to be
known to every dialect that the measures are written for. Days that the source states as dates stay as they are. A
cancelled order is 'cancelled', whatever the source's word for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from gearwheel.gauges.canonical import SCHEMA, Table, empty_view_sql
from gearwheel.gauges.canonical import tables as canonical_tables
from gearwheel.gauges.mapping import Mapping
from gearwheel.gauges.sources import duckdb_file, kept, parts, views
from gearwheel.gauges.sources.adapted import create_adapted
from gearwheel.gauges.sources.expression import literal, quoted
from gearwheel.gauges.sources.ids import is_id, odd_id
from gearwheel.gauges.sources.known import require_known
from gearwheel.gauges.sources.look import look
from gearwheel.gauges.sources.overlaps import overlapping
from gearwheel.gauges.sources.parts import Progress, Source, SourceTable, is_url, name_of
from gearwheel.gauges.sources.raw import Query, queries
from gearwheel.gauges.sources.readings import Unsettled
from gearwheel.gauges.sources.repeats import repeated
from gearwheel.gauges.sources.status import canonical_cell
from gearwheel.gauges.sources.texts import words
from gearwheel.gauges.sources.unread import needed_in_every_file, unread
from gearwheel.wheel.cache import cache_folder
from gearwheel.wheel.errors import DataError, Problem

LAYOUT = 4  # of what is kept in the cache; a new number forgets the old
THREADS = 2
MEMORY = 6 * 2**30  # bytes that DuckDB may take, or SHARE of what is free
SHARE = 0.6
IN_PLACE = 5_000_000  # rows from which a canonical Parquet table is read where it lies
ROOM = "set GEARWHEEL_CACHE to a folder that can be written and has room"


@dataclass
class Events:
    """The canonical tables of one source. A context manager; leaving it closes the connection.

    `connection`: schema `events` holds every canonical table with all its columns in the canonical types; what the
    source lacks is an empty table or a NULL column. `present`: tables that have a row. `columns`: table → columns
    that have a value. `hash`: equal hashes, equal tables. `problems`: notes found on the way.
    """

    connection: object
    mapping: Mapping
    hash: str
    present: frozenset[str] = frozenset()
    columns: dict[str, frozenset[str]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def __enter__(self) -> Events:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()


def address_of(mapping: Mapping, folder: str | os.PathLike[str]) -> str:
    """The mapping's source as it is found from `folder`."""
    if is_url(mapping.source):
        return mapping.source
    return str(Path(folder) / Path(mapping.source).expanduser())


def open_events(
    mapping: Mapping,
    folder: str | os.PathLike[str],
    progress: Progress | None = None,
    *,
    threads: int = THREADS,
    memory: int | None = None,
    refresh: bool = False,
) -> Events:
    """The events that the mapping describes; its source is relative to `folder`.

    Each canonical table is made once for a state of the source and kept in the cache (GEARWHEEL_CACHE), so that a
    rerun goes on where the last one stopped. A large Parquet table that is canonical already is read in place.
    `memory` is in bytes; `refresh` reads a database again even where it seems unchanged. Raises DataError; GW476 where
    the mapping's file names a database that the user has never named.
    """
    require_known(mapping)
    source = look(address_of(mapping, folder))
    wanted = queries(mapping, source)
    _check_needed(mapping, wanted)
    lacking = needed_in_every_file(mapping, source, wanted)
    if lacking:
        raise DataError(lacking)
    source = replace(source, notes=(*unread(source, wanted), *source.notes))
    source, wanted = _snapshots(source, wanted, progress, refresh)
    state = _state(mapping, wanted)
    place = cache_folder() / "events" / name_of(source.shown) / state
    connection = _connect(threads, memory, place)
    try:
        events = Events(connection, mapping, state)
        source, wanted = _without_repeats(connection, source, wanted, place)
        notes = [*source.notes, *_attach(events, source, wanted, place)]
        _fill(events, source, wanted, place, notes, progress)
        return events
    except BaseException:
        connection.close()
        raise


def _check_needed(mapping: Mapping, wanted: dict[str, Query]) -> None:
    lacking = [name for name, table in canonical_tables().items() if table.needed and name not in wanted]
    if lacking:
        raise DataError(mapping.problem("GW437", f"nothing gives the table {' and '.join(lacking)}", ("adapter",)))


def _snapshots(source: Source, wanted: dict[str, Query], progress: Progress | None, refresh: bool):
    """Tables of SQLite and PostgreSQL copied to the cache, and the queries over the copies."""
    if source.kind not in ("sqlite", "postgresql"):
        return source, wanted
    from gearwheel.gauges.sources.snapshot import snapshots

    used = {table.name: table for query in wanted.values() for table in query.reads.values() if table}
    copies = snapshots(source, list(used.values()), progress, refresh)
    moved = {}
    for name, query in wanted.items():
        reads = {alias: table and copies[table.name] for alias, table in query.reads.items()}
        moved[name] = replace(query, reads=reads)
    return source, moved


def _state(mapping: Mapping, wanted: dict[str, Query]) -> str:
    """Names what the canonical tables are made from: the state of the source, and how it is read."""
    parts: list[object] = [LAYOUT, mapping.time_zone, mapping.date_order, mapping.decimal, mapping.currency]
    for name, query in wanted.items():
        parts += [name, query.sql, sorted(canonical_tables()[name].columns)]
        parts += [f"{alias} {table.stamp if table else ''}" for alias, table in query.reads.items()]
        parts += [query.adapter, query.numbered]
    return name_of(*parts)


def _connect(threads: int, memory: int | None, place: Path):
    import duckdb

    spill = cache_folder() / "spill"
    try:
        place.mkdir(parents=True, exist_ok=True)
        spill.mkdir(parents=True, exist_ok=True)
        kept.forget_old(place)
    except OSError as error:
        message = f"the cache cannot be written: {error.strerror}"
        raise DataError(Problem("GW433", message, str(cache_folder()), hint=ROOM)) from error
    limit = memory or min(MEMORY, int(SHARE * _free_memory()))
    connection = duckdb.connect(":memory:", config={"threads": threads, "memory_limit": f"{limit // 2**20}MiB"})
    connection.execute(f"set temp_directory = {literal(str(spill))}")
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    for schema in (SCHEMA, views.SCHEMA, views.ADAPTED, views.STEPS):
        connection.execute(f"create schema {schema}")
    return connection


def _free_memory() -> int:
    """Bytes that can be had without swapping; all there is where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1])
    except (OSError, StopIteration, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else MEMORY


def _attach(events: Events, source: Source, wanted: dict[str, Query], place: Path) -> list[Problem]:
    """The source's tables as views that the queries read, and what was found in those of an adapter."""
    connection = events.connection
    if source.kind == "duckdb":
        duckdb_file.attach(connection, Path(source.address))
    adapted = next((query for query in wanted.values() if query.adapter), None)
    mapped = {alias: table for query in wanted.values() if not query.adapter for alias, table in query.reads.items()}
    seen = [*mapped.values(), *(adapted.reads.values() if adapted else ())]
    paths = [str(place), str(cache_folder() / "spill")]
    files = [file.read_from for table in seen if table for file in table.files]
    connection.execute(f"set allowed_directories = [{', '.join(literal(f'{p}/') for p in paths)}]")
    connection.execute(f"set allowed_paths = [{', '.join(literal(file) for file in files)}]")
    # before a view of the source runs: from here on nothing but the source and its copy can be read
    connection.execute("set enable_external_access = false")
    for query in wanted.values():
        with _told(events, source, query):
            for alias in () if query.adapter else mapped.keys() & query.reads.keys():
                views.create_view(connection, alias, views.relation(mapped.pop(alias)))
    if not adapted:
        return []
    with _told(events, source, adapted):
        notes = create_adapted(connection, adapted.adapter, adapted.reads, events.mapping, place)
    return [*_lacking(source, adapted), *(_note(source, message, hint) for message, hint in notes)]


def _without_repeats(connection, source: Source, wanted: dict[str, Query], place: Path):
    """Tables whose files overlap read each row once, and a note says so."""
    tables = {table.name: table for query in wanted.values() for table in query.reads.values() if table}
    again = {name: count for name, count in _overlaps(connection, list(tables.values()), place).items() if count}
    notes = [
        _note(
            source,
            f"{name}: {count:,} rows stand as they are in an earlier file, too; they count once",
            "exports overlap",
        )
        for name, count in again.items()
    ]
    for name, query in wanted.items() if again else ():
        reads = {a: t and replace(t, overlaps=again.get(t.name, 0)) for a, t in query.reads.items()}
        wanted = wanted | {name: replace(query, reads=reads)}
    return replace(source, notes=(*source.notes, *notes)), wanted


def _overlaps(connection, tables: list[SourceTable], place: Path) -> dict[str, int]:
    """Table → rows that stand in an earlier one of its files, too; remembered with what is made from them."""
    import duckdb

    told = place / "overlaps.json"
    with contextlib.suppress(OSError, ValueError):
        return json.loads(told.read_text("utf-8"))
    try:
        found = {table.name: overlapping(connection, table) for table in tables}
    except duckdb.Error:
        return {}  # what is wrong with a file is said when it is read
    beside = told.with_suffix(f".{os.getpid()}.tmp")
    beside.write_text(json.dumps(found), "utf-8")
    os.replace(beside, told)
    return found


def _lacking(source: Source, query: Query) -> Iterator[Problem]:
    """What an adapter's source does not tell because a column is missing."""
    for place, unknown in query.adapter.lacking.items():
        alias, _, column = place.partition(".")
        table = query.reads[alias]
        if table and not query.adapter.spelled(table.columns, alias, column):
            message = f"{table.name} has no column '{column}': {unknown}"
            hint = "export it with this column, or read the numbers with this in mind"
            yield Problem("GW474", message, source.shown, hint=hint, severity="warning")


def _fill(
    events: Events,
    source: Source,
    wanted: dict[str, Query],
    place: Path,
    notes: list[Problem],
    progress: Progress | None,
) -> None:
    """Every canonical table as a view, and what was found while they were made."""
    present = set()
    for done, (name, table) in enumerate(canonical_tables().items()):
        query = wanted.get(name)
        if progress and query:
            progress("reading", done, len(canonical_tables()), table.title)
        found = None
        if query:
            with _told(events, source, query):
                found = _table(events, table, query, place)
        if found is None or not found.rows:
            if query and table.needed:
                raise DataError(_empty(events.mapping, source, table, found, notes))
            if query:
                notes.append(_note(source, f"{name} has no rows", "what needs it is not measured"))
            else:
                events.connection.execute(f"create view {SCHEMA}.{name} as {empty_view_sql(table)}")
        else:
            present.add(name)
            supplied = {column for column, n in found.filled.items() if n}
            if name == "orders" and events.mapping.currency and "currency" not in supplied:
                supplied.add("currency")
            events.columns[name] = frozenset(supplied)
        notes += [_note(source, message, hint) for message, hint in (found.notes if found else ())]
    events.present, events.problems = frozenset(present), tuple(notes)


@contextmanager
def _told(events: Events, source: Source, query: Query) -> Iterator[None]:
    """Raises DataError where the source cannot be read within, or its texts can be in two ways, or where a view of a
    database file takes longer than PATIENCE (GW477)."""
    import duckdb

    timer = _Timer(events.connection, [table.name for table in query.reads.values() if table and table.is_view])
    try:
        with timer:
            yield
    except Unsettled as error:
        at = events.mapping.problem("", "", ("table", query.table, "columns", error.column))
        raise DataError(error.problem(query.table, at.file or source.shown, at.line)) from error
    except duckdb.Error as error:
        if timer.late:
            raise DataError(parts.endless(timer.views[0], source.shown)) from error
        raise DataError(_broken(source, query, error)) from error


class _Timer:
    """Stops what reads `views` of a database file after PATIENCE, and says so in `late`."""

    def __init__(self, connection, views: list[str]):
        self.connection, self.views, self.late = connection, views, False
        self._timer = threading.Timer(parts.PATIENCE, self._stop)

    def __enter__(self) -> None:
        if self.views:
            self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _stop(self) -> None:
        self.late = True
        self.connection.interrupt()


def _table(events: Events, table: Table, query: Query, place: Path) -> kept.Kept:
    """Makes the view of one canonical table, from the cache, in place, or after reading the source."""
    mapping = events.mapping
    found = kept.kept(place, table) or _in_place(events, table, query, place)
    if found is None:
        if query.numbers:
            (alias,) = query.reads
            views.create_with_numbers(events.connection, alias, table.name, query.numbers, mapping.decimal)
        settled = (mapping.time_zone, mapping.date_order, mapping.decimal)
        how = {"numbered": query.numbered, "adapted": query.adapter is not None}
        found = kept.keep(events.connection, place, table, query.sql, *settled, **how)
    if found.file:
        _create(events, table, {column: column for column in table.columns}, f"read_parquet([{literal(found.file)}])")
    else:
        cells = {c: canonical_cell(table.name, c, quoted(n)) for c, n in query.plain.items()}
        _create(events, table, cells, _relation(query))
    return found


def _relation(query: Query) -> str:
    (alias,) = query.reads
    return f"{views.SCHEMA}.{quoted(alias)}"


def _in_place(events: Events, table: Table, query: Query, place: Path) -> kept.Kept | None:
    """A large Parquet table whose columns are canonical as they stand is not copied, only looked through once."""
    source = next(iter(query.reads.values()))
    if not query.plain or source.kind != "parquet" or (source.rows or 0) < IN_PLACE:
        return None
    if events.mapping.time_zone != "UTC" and any(c.type == "time" for c in table.columns.values()):
        return None
    if any(source.columns[name] != table.columns[column].sql_type for column, name in query.plain.items()):
        return None
    relation = _relation(query)
    numbers = [quoted(n) for c, n in query.plain.items() if table.columns[c].type == "number"]
    ids = [quoted(n) for c, n in query.plain.items() if is_id(table.columns[c])]
    strange = [f"{odd_id(n)} or ({n} is not null and {words(n, 'VARCHAR')} is null)" for n in ids]
    odd = " or ".join([*(f"not isfinite({n})" for n in numbers), *strange]) or "false"
    lacking = " or ".join(f"{quoted(query.plain[c.name])} is null" for c in table.columns.values() if c.needed)
    counts = ", ".join(f"count({quoted(n)})" for n in query.plain.values())
    asked = f"select count(*), count(*) filter ({odd}), count(*) filter ({lacking}), {counts} from {relation}"
    rows, to_mend, incomplete, *filled = events.connection.execute(asked).fetchone()
    renamed = ", ".join(f"{quoted(name)} as {column}" for column, name in query.plain.items())
    if to_mend or incomplete or repeated(events.connection, table, f"(select {renamed} from {relation})", rows):
        return None
    return kept.remember(place, table, kept.Kept("", rows, dict(zip(query.plain, filled))))


def _create(events: Events, table: Table, cells: dict[str, str], relation: str) -> None:
    given = []
    for name, column in table.columns.items():
        sql = f"cast({cells.get(name, 'null')} as {column.sql_type})" if cells.get(name) != name else name
        if (table.name, name) == ("orders", "currency") and events.mapping.currency:
            sql = f"coalesce({sql}, {literal(events.mapping.currency)})"
        given.append(f"{sql} as {name}")
    events.connection.execute(f"create view {SCHEMA}.{table.name} as select {', '.join(given)} from {relation}")


def _note(source: Source, message: str, hint: str) -> Problem:
    return Problem("GW435", message, source.shown, hint=hint, severity="warning")


def _empty(
    mapping: Mapping, source: Source, table: Table, found: kept.Kept | None, notes: list[Problem]
) -> list[Problem]:
    lost = found.notes if found else ()
    notes = [*notes, *(Problem("GW438", message, source.shown, hint=hint) for message, hint in lost)]
    at = ("table", table.name) if table.name in mapping.tables else ("adapter",)
    where = f"a source without {table.title.lower()} cannot be measured; look at the export"
    return [mapping.problem("GW438", f"{table.name} has no row that can be used", at, where), *notes]


def _broken(source: Source, query: Query, error: Exception) -> Problem:
    """DuckDB's words on what it could not read, without its advice."""
    text = str(error).strip()
    line = re.search(r"Line: (\d+)", text)
    files = [file for t in query.reads.values() if t for file in t.files]
    named = next((file for file in files if file.read_from in text), files[0] if len(files) == 1 else None)
    file = named.path if named else source.shown
    if line:
        reason = next((row for row in text.splitlines()[1:] if row and not row.startswith("Original")), text)
        cells = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
        if cells:
            reason = f"the line has {cells[2]} cells instead of {cells[1]}"
        hint = "mend the line (quotes round text that holds the delimiter), or export the file again"
        return Problem("GW432", reason.strip()[:200], file, int(line[1]), hint)
    hint = "export it again"
    if type(error).__name__ == "PermissionException":
        hint = "a view of the database reads something outside of it; export its rows as a table"
    return Problem("GW434", f"{query.table} cannot be read: {text.splitlines()[0][:300]}", file, hint=hint)
