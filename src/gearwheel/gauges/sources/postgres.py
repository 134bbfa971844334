"""A PostgreSQL database as a source: read-only transactions, streamed as Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from gearwheel.gauges.sources.expression import quoted
from gearwheel.gauges.sources.parts import Source, SourceTable, without_password
from gearwheel.wheel.errors import DataError, Problem

AS_THEY_ARE = {
    "smallint", "integer", "bigint", "real", "double precision", "boolean", "text", "character varying", "date",
    "timestamp without time zone", "timestamp with time zone",
}  # fmt: skip
ORDERED = {*AS_THEY_ARE, "numeric", "character"} - {"boolean"}  # types that the server can take the largest value of
MARKS = ("updated_at", "modified_at", "last_modified", "date_modified", "updated", "created_at", "created", "id")
_HINT = "check the address and that the server can be reached; a password may stand in PGPASSWORD or ~/.pgpass"

_TABLES = """
select n.nspname, c.relname, a.attname, format_type(a.atttypid, null), c.reltuples::bigint
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
order by n.nspname <> 'public', n.nspname, c.relname, a.attnum
"""


def look_at_postgres(address: str) -> Source:
    """The tables and views that the user may read; rows as the server estimates them. Raises DataError."""
    with connected(address) as connection:
        rows = fetched(connection, _TABLES)
    tables: dict[str, SourceTable] = {}
    for schema, table, column, kind, count in rows:
        name = table if schema == "public" else f"{schema}.{table}"
        if name not in tables:
            tables[name] = SourceTable(name, "postgresql", {}, count if count >= 0 else None, None, (), (schema, table))
        tables[name].columns[column] = kind
    if not tables:
        shown = without_password(address)
        raise DataError(Problem("GW431", "the database has no table that this user may read", shown))
    return Source(address, "postgresql", tables)


@contextmanager
def connected(address: str) -> Iterator:
    """A connection that cannot write. Whatever the server says becomes a DataError without the password."""
    from adbc_driver_manager import Error
    from adbc_driver_postgresql import dbapi

    try:
        with dbapi.connect(_with_timeout(address), autocommit=True) as connection:
            with connection.cursor() as cursor:
                cursor.execute("set default_transaction_read_only = on")
            yield connection
    except Error as error:
        raise DataError(Problem("GW434", _words(error, address), without_password(address), hint=_HINT)) from None


def _with_timeout(address: str) -> str:
    if "connect_timeout=" in address:
        return address
    return f"{address}{'&' if '?' in address else '?'}connect_timeout=10"


def fetched(connection, sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def stamp_of_table(connection, table: SourceTable) -> tuple[int, str]:
    """Rows, and a text that changes when rows are added, removed or marked as changed.

    A table without any of the columns in MARKS shows a change only by its number of rows.
    """
    marks = [column for column in MARKS if column in table.columns]
    maxima = ", ".join(_largest(mark, table.columns[mark]) for mark in marks) if marks else "null"
    count, *seen = fetched(connection, f"select count(*), {maxima} from {_name(table)}")[0]
    return count, f"{count} {' '.join(map(str, seen))}"


def _largest(column: str, kind: str) -> str:
    """Compared as what it is: as a text "9" comes after "12"."""
    return f"max({quoted(column)})::text" if kind in ORDERED else f"max({quoted(column)}::text)"


@contextmanager
def streamed(connection, table: SourceTable) -> Iterator[tuple[object, Iterator]]:
    """The rows as Arrow batches with their schema."""
    cells = ", ".join(_cell(column, kind) for column, kind in table.columns.items())
    with connection.cursor() as cursor:
        cursor.execute(f"select {cells} from {_name(table)}")
        reader = cursor.fetch_record_batch()
        yield reader.schema, reader


def _name(table: SourceTable) -> str:
    return ".".join(quoted(part) for part in table.address)


def _cell(column: str, kind: str) -> str:
    """Types that Arrow and DuckDB share come as they are, money as a float, anything else as text."""
    name = quoted(column)
    if kind in AS_THEY_ARE:
        return name
    return f"{name}::double precision as {name}" if kind == "numeric" else f"{name}::text as {name}"


def _words(error: Exception, address: str) -> str:
    """The server's first line. libpq repeats what it was given, and that may hold a password."""
    text = next((line for line in str(error).splitlines() if line.strip()), "no answer")
    parts = urlsplit(address)
    for secret in {parts.password, unquote(parts.password or "")} - {None, ""}:
        text = text.replace(secret, "…")
    return f"the database cannot be read: {text.strip()[:300]}"
