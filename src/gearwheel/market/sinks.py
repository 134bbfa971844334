"""Where the events of a market go: kept in memory, streamed to Parquet, or nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gearwheel.market.tables import TABLES, Columns, arrow_table, empty

ROWS = 250_000  # rows gathered before a group is written


class Nowhere:
    """For reruns of which only the daily counts are wanted."""

    wanted = False

    def add(self, table: str, columns: Columns) -> None:
        pass

    def close(self) -> dict[str, dict[str, np.ndarray]]:
        return {}


class Kept:
    """Chunks in memory, joined at the end."""

    wanted = True

    def __init__(self) -> None:
        self._chunks: dict[str, list[Columns]] = {name: [] for name in TABLES}

    def add(self, table: str, columns: Columns) -> None:
        self._chunks[table].append(columns)

    def close(self) -> dict[str, dict[str, np.ndarray]]:
        return {name: joined(name, chunks) for name, chunks in self._chunks.items()}


class Parquet:
    """One Parquet file a table in `folder`, written as the days go by, so that memory stays bounded.

    Raises FileExistsError where the folder already holds one of the files: what is there is not overwritten.
    """

    wanted = True

    def __init__(self, folder: Path, currency: str):
        self.folder, self.currency = Path(folder), currency
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            if self._file(name).exists():
                raise FileExistsError(f"{self._file(name)} is there already; name an empty folder")
        self._chunks: dict[str, list[Columns]] = {name: [] for name in TABLES}
        self._rows = dict.fromkeys(TABLES, 0)
        self._writers: dict = {}

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def add(self, table: str, columns: Columns) -> None:
        self._chunks[table].append(columns)
        self._rows[table] += len(next(iter(columns.values())))
        if self._rows[table] >= ROWS:
            self._flush(table)

    def _flush(self, name: str) -> None:
        import pyarrow.parquet as pq

        table = arrow_table(name, joined(name, self._chunks[name]), self.currency)
        if name not in self._writers:
            self._writers[name] = pq.ParquetWriter(self._file(name), table.schema, compression="zstd")
        self._writers[name].write_table(table)
        self._chunks[name], self._rows[name] = [], 0

    def close(self) -> dict[str, dict[str, np.ndarray]]:
        for name in TABLES:
            self._flush(name)
            self._writers[name].close()
        return {}


def joined(name: str, chunks: list[Columns]) -> dict[str, np.ndarray]:
    """Chunks of one table end to end."""
    if not chunks:
        return empty(name)
    return {column: np.concatenate([chunk[column] for chunk in chunks]) for column in TABLES[name]}


def write_tables(folder: Path, tables: Mapping[str, Columns], currency: str) -> None:
    """Tables in memory as Parquet files, one a table."""
    sink = Parquet(folder, currency)
    for name, columns in tables.items():
        sink.add(name, columns)
    sink.close()
