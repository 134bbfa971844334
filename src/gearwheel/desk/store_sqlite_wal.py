"""SQLite's write-ahead log, worked into the file while others go on writing."""

from __future__ import annotations

import contextlib
import sqlite3
import threading

EVERY = 20_000  # rows, some 100 MB of log, after which it is worked into the file


class Checkpoints:
    """Of the file at an SQLite address. A commit that does it is slow, so a thread does most of it; what was written
    meanwhile is done by the writer between two of its transactions, so that the log starts from its beginning again and
    does not grow for ever."""

    def __init__(self, address: str):
        self._address = address
        self._rows = 0
        self._thread: threading.Thread | None = None

    def wrote(self, rows: int) -> None:
        self._rows += rows

    def after_commit(self, connection: sqlite3.Connection) -> None:
        if self._thread is None and self._rows >= EVERY:
            self._rows = 0
            self._thread = threading.Thread(target=self._work, name="checkpoint", daemon=True)
            self._thread.start()
        elif self._thread is not None and not self._thread.is_alive():
            self._thread = None
            _checkpoint(connection)

    def before_close(self, connection: sqlite3.Connection) -> None:
        """Do what is left: whoever comes next may write as little, and close as soon."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._rows and not connection.in_transaction:
            _checkpoint(connection)
            self._rows = 0

    def _work(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            connection = sqlite3.connect(f"{self._address}?mode=rw", uri=True, isolation_level=None)
            with contextlib.closing(connection):
                _checkpoint(connection)


def _checkpoint(connection: sqlite3.Connection) -> None:
    """As far as nobody reads an older state. It is no harm if it fails: the log holds all, and the next one tries again."""
    with contextlib.suppress(sqlite3.Error):
        connection.execute("pragma wal_checkpoint(passive)").fetchall()
