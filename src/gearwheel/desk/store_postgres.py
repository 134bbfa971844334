"""The log in PostgreSQL: several desks may share it, one transaction at a time under an advisory lock."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from gearwheel.desk.store import TABLES, Store, StoreError

LOCK = 0x6765_6172  # of the desk's transactions, in this database
PATIENCE = 5  # seconds to wait for a connection, a lock or a statement


class PostgresStore(Store):
    """`url` as libpq takes it. A connection that is lost is opened again at the next use."""

    types = {"text": "text", "blob": "bytea", "real": "double precision", "whole": "bigint"}

    def __init__(self, url: str):
        self.url = url
        self.name = "postgresql://" + url.partition("://")[2].rpartition("@")[2]  # without the password
        self._connection = None

    def run(self, sql: str, values: Sequence = ()) -> list[tuple]:
        with self._cursor() as cursor:
            cursor.execute(_numbered(sql), list(values) or None)
            return cursor.fetchall() if cursor.description else []

    def insert(self, table: str, names: Sequence[str], rows: Sequence[tuple]) -> None:
        sql = f"insert into {table} ({', '.join(names)}) values ({', '.join('?' * len(names))})"
        with self._cursor() as cursor:
            cursor.executemany(_numbered(sql), list(rows))

    def begin(self) -> None:
        self.run("begin")
        try:
            self.run(f"select 1 from pg_advisory_xact_lock({LOCK})")
        except StoreError:
            self.rollback()
            raise

    def commit(self) -> None:
        self.run("commit")

    def rollback(self) -> None:
        try:
            if self._connection is not None:
                self.run("rollback")
        except StoreError:  # a new connection has no transaction
            self.close()

    def close(self) -> None:
        with contextlib.suppress(Exception):
            if self._connection is not None:
                self._connection.close()
        self._connection = None

    def probe(self) -> None:
        self.run("select txid_current()")  # a transaction with a number is flushed when it ends

    def tables(self) -> set[str]:
        named = "select table_name::text from information_schema.tables where table_schema = current_schema()"
        return {name for (name,) in self.run(named)}

    def guard(self) -> list[str]:
        function = (
            "create or replace function desk_append_only() returns trigger language plpgsql as "
            "$$ begin raise exception 'the log is append-only'; end $$"
        )
        triggers = [
            f"create or replace trigger {table}_append_only before update or delete or truncate on {table} "
            f"for each statement execute function desk_append_only()"
            for table in TABLES
        ]
        return [function, *triggers]

    @contextlib.contextmanager
    def _cursor(self):
        import adbc_driver_manager
        import adbc_driver_postgresql.dbapi

        try:
            if self._connection is None:
                address = self.url + ("&" if "?" in self.url else "?") + f"connect_timeout={PATIENCE}"
                self._connection = adbc_driver_postgresql.dbapi.connect(address, autocommit=True)
                with self._connection.cursor() as cursor:
                    cursor.execute(f"set lock_timeout = '{PATIENCE}s'")
                    cursor.execute(f"set statement_timeout = '{6 * PATIENCE}s'")
            with self._connection.cursor() as cursor:
                cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})  # slower for single rows
                yield cursor
        except adbc_driver_manager.Error as error:
            said = " ".join(str(error).split())
            raise StoreError(f"the store {self.name}: {said}") from error


def _numbered(sql: str) -> str:
    """? as $1, $2 …"""
    first, *others = sql.split("?")
    return first + "".join(f"${number}{text}" for number, text in enumerate(others, 1))
