"""The log in an SQLite file: write-ahead log, every commit flushed to the disk."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from gearwheel.desk.store import TABLES, Store, StoreError
from gearwheel.desk.store_sqlite_turn import no_turns, turn
from gearwheel.desk.store_sqlite_wal import Checkpoints

PATIENCE = 15.0  # seconds to wait for another process's transaction: longer than a chunk of a batch on a busy machine
AT_ONCE = 32_000  # values of one statement; SQLite takes 32,766


class SqliteStore(Store):
    """`path` of the file; only `found` makes one. A file that is moved or removed under the desk is noticed before the
    next use."""

    types = {"text": "text", "blob": "blob", "real": "real", "whole": "integer"}

    def __init__(self, path: str):
        self.name = path
        self._address = Path(path).absolute().as_uri()
        self._checkpoints = Checkpoints(self._address)
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._founding = False

    def found(self, operation: str) -> bytes:
        self._founding = True
        try:
            secret = super().found(operation)
        finally:
            self._founding = False
        self.run("pragma journal_mode = wal")  # stays with the file: not before it is known to be ours
        return secret

    def run(self, sql: str, values: Sequence = ()) -> list[tuple]:
        with _said(self.name):
            return self._open().execute(sql, values).fetchall()

    def insert(self, table: str, names: Sequence[str], rows: Sequence[tuple]) -> None:
        """In few statements: after each step of one, Python's lock is waited for."""
        marks, most = f"({', '.join('?' * len(names))})", AT_ONCE // len(names)
        with _said(self.name):
            connection = self._open()
            if not connection.in_transaction:  # SQLite ends one by itself when the disk fails
                raise StoreError(f"the store {self.name} has lost its transaction")
            for start in range(0, len(rows), most):
                part = rows[start : start + most]
                sql = f"insert into {table} ({', '.join(names)}) values {', '.join([marks] * len(part))}"
                connection.execute(sql, [*chain.from_iterable(part)])
            self._checkpoints.wrote(len(rows))

    def begin(self) -> None:
        with turn(self.name):
            self.run("begin immediate")

    def commit(self) -> None:
        self.run("commit")
        if self._connection is not None:
            self._checkpoints.after_commit(self._connection)

    def rollback(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._connection is not None and self._connection.in_transaction:
                self._connection.execute("rollback")

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._connection is not None:
                self._checkpoints.before_close(self._connection)
                self._connection.close()
                no_turns(self.name)
        self._connection = None

    def probe(self) -> None:
        with turn(self.name):
            self.run("pragma user_version = 1")  # in the file's header, and read by nobody

    def tables(self) -> set[str]:
        return {name for (name,) in self.run("select name from sqlite_master where type in ('table', 'view')")}

    def guard(self) -> list[str]:
        return [
            f"create trigger if not exists {table}_{what} before {what} on {table} "
            f"begin select raise(abort, 'the log is append-only'); end"
            for table in TABLES
            for what in ("update", "delete")
        ]

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            if self._connection.in_transaction or self._place() == self._file:
                return self._connection
            self.close()
            raise StoreError(f"the store {self.name} was moved or removed")
        if self._file is not None and self._place() is None:  # never start an empty log in place of one that is gone
            raise StoreError(f"the store {self.name} is gone")
        if not self._founding and self._place() is None:
            raise StoreError(f"there is no store {self.name}", "`gearwheel desk serve` and `desk decide` write one.")
        if self._founding:
            self._make()
        address = f"{self._address}?mode=rw"
        connection = sqlite3.connect(address, timeout=PATIENCE, isolation_level=None, check_same_thread=False, uri=True)
        try:
            for setting in ("synchronous = full", "wal_autocheckpoint = 0", "trusted_schema = off"):
                connection.execute(f"pragma {setting}")
        except sqlite3.Error:
            connection.close()
            raise
        self._connection, self._file = connection, self._place()
        return connection

    def _make(self) -> None:
        """The file, for its owner alone: it holds what customers asked, and the secret of the lots. SQLite gives the
        files beside it the same rights."""
        try:
            os.close(os.open(self.name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise StoreError(f"the store {self.name}: {error.strerror}") from error

    def _place(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.name)
        except OSError:
            return None
        return found.st_dev, found.st_ino


@contextlib.contextmanager
def _said(name: str):
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.Error as error:
        said = f"the store {name}: {error}"
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            raise StoreError(said, "A store is a log of the desk, such as desk.db.") from error
        raise StoreError(said) from error
