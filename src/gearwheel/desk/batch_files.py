"""Files of a batch: requests from Parquet or CSV in chunks, decisions and rejected rows to Parquet, all or nothing."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq

from gearwheel.wheel.errors import DeskError, Problem

MADE_BY = {b"made_by": b"gearwheel desk"}  # in the schema of all that we write; only that is replaced


def count_requests(path: Path) -> int:
    """Rows of a Parquet file, 0 where only reading can tell."""
    with contextlib.suppress(OSError, pa.ArrowInvalid):
        return pq.read_metadata(path).num_rows if path.suffix != ".csv" else 0
    return 0


def read_requests(path: Path, size: int) -> Iterator[pa.Table]:
    """Tables of at most `size` rows, of a file that need not fit into memory. Raises DeskError (GW511, GW518)."""
    try:
        if path.suffix == ".csv":
            options = csv.ReadOptions(block_size=8 << 20)
            with csv.open_csv(path, read_options=options, convert_options=_as_texts(path)) as stream:
                for batch in stream:
                    table = pa.Table.from_batches([batch])
                    yield from (plain_table(table.slice(k, size)) for k in range(0, len(table), size))
            return
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=size):
                yield plain_table(pa.Table.from_batches([batch]))
    except FileNotFoundError as error:
        raise DeskError(Problem("GW518", "there is no such file of requests", str(path))) from error
    except OSError as error:
        raise DeskError(Problem("GW518", f"cannot read the requests: {error}", str(path))) from error
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        kind = "CSV" if path.suffix == ".csv" else "Parquet"
        hint = "Requests are a Parquet file, or a CSV whose name ends with .csv."
        raise DeskError(Problem("GW511", f"not a {kind} file of requests: {error}", str(path), hint=hint)) from error


def _as_texts(path: Path) -> csv.ConvertOptions:
    """What names something is a text, whatever its digits look like."""
    with open(path, encoding="utf-8-sig", errors="replace") as stream:
        names = [name.strip().strip('"') for name in stream.readline().rstrip("\r\n").split(",")]
    texts = {n: pa.string() for n in names if n.endswith("_id") or n in ("key", "reason", "currency", "jurisdiction")}
    return csv.ConvertOptions(column_types=texts, strings_can_be_null=True)


def plain_table(table: pa.Table) -> pa.Table:
    """Columns as JSON has them: exact decimals as numbers, categories as their texts."""
    twice = [name for name, times in Counter(table.column_names).items() if times > 1]
    if twice:
        raise DeskError(Problem("GW511", f"the column '{twice[0]}' stands more than once"))
    for number, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            table = table.set_column(number, field.name, table[field.name].cast(pa.float64()))
        elif pa.types.is_dictionary(field.type):
            table = table.set_column(number, field.name, pc.cast(table[field.name], field.type.value_type))
    return table


def refuse_foreign(path: Path) -> None:
    """Raises DeskError (GW518) when `path` exists and is not a file that the desk wrote."""
    if not path.exists():
        return
    with contextlib.suppress(OSError, pa.ArrowInvalid):
        if (pq.read_schema(path).metadata or {}).get(b"made_by") == MADE_BY[b"made_by"]:
            return
    hint = "Give another --out, or move it away."
    raise DeskError(Problem("GW518", "the file exists and is not one that the desk wrote", str(path), hint=hint))


def refuse_given(path: Path, given: Iterable[str | os.PathLike[str] | None]) -> None:
    """Raises DeskError (GW518) when `path`, which is to be written, is one of the files given."""
    if any(other is not None and Path(other).resolve() == path.resolve() for other in given):
        raise DeskError(
            Problem("GW518", "the file is given to be read or logged in", str(path), hint="Give another --out.")
        )


class Written:
    """A Parquet file that appears under its name once it is whole. A context manager; an error leaves nothing."""

    def __init__(self, path: Path, schema: pa.Schema, metadata: Mapping[bytes, bytes] | None = None):
        self.path, self.schema = path, schema.with_metadata({**MADE_BY, **(metadata or {})})
        self.beside = path.with_name(f".{path.name}.{os.getpid()}.part")
        self.rows = 0

    def __enter__(self) -> Written:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.out = pq.ParquetWriter(self.beside, self.schema, compression="lz4")
        except OSError as error:
            raise DeskError(Problem("GW518", f"cannot write: {error.strerror or error}", str(self.path))) from error
        return self

    def add(self, table: pa.Table) -> None:
        """Rows, in a group of their own."""
        if len(table):
            self.out.write_table(table)
            self.rows += len(table)

    def __exit__(self, kind, *_) -> None:
        with contextlib.suppress(OSError):
            self.out.close()
        if kind is None:
            with open(self.beside, "rb+") as file:
                os.fsync(file.fileno())
            self.beside.replace(self.path)
        else:
            self.beside.unlink(missing_ok=True)
