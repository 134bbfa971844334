"""CSV as people have it: which encoding, which delimiter, which columns. Other encodings are copied to UTF-8."""

from __future__ import annotations

import codecs
import contextlib
import csv
import gzip
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from gearwheel.gauges.sources.parts import SourceFile, name_of
from gearwheel.wheel.cache import cache_folder
from gearwheel.wheel.errors import DataError, Problem

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
SAMPLE = 1 << 18  # characters that settle the delimiter
RECORDS = 200  # rows that settle the delimiter
AGREE = 0.9  # share of the rows that must have as many cells as the first
BLOCK = 1 << 22
LARGE = 1 << 26  # bytes from which a file's encoding is remembered
MAX_LINE = 1 << 24  # bytes of one line, what DuckDB is told too
MAX_COLUMNS = 500
MAX_RATIO, RATIO_FROM = 200, 1 << 29  # text may unpack to so many times its size, once it has so many bytes
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
ROOM = "set GEARWHEEL_CACHE to a folder that can be written and has room"


def look_at_csv(path: Path, stamp: str) -> tuple[SourceFile | None, list[Problem]]:
    """The file as DuckDB can read it, and what there is to say about it; None where there is nothing to read.

    A file that is not UTF-8 is copied to the cache line by line: what is not UTF-8 there is taken as Windows-1252.
    Raises DataError for a file that is no table of text (GW431), whose rows do not fit its first line (GW432), or that
    asks for more work than a table is worth (GW477).
    """
    notes: list[Problem] = []
    encoding = _known_encoding(path, stamp)
    read_from = path
    if encoding not in ("utf-8", "utf-8-sig"):
        read_from = _copied(path, stamp, encoding)
        known = {"utf-16": "UTF-16", "windows-1252": "not UTF-8: read as Windows-1252 where it is not"}[encoding]
        notes.append(_note(path, f"the text is {known}; a UTF-8 copy is read", "save it as UTF-8 to be sure"))
    sample = _sample(read_from)
    if not sample.strip():
        notes.append(_note(path, "the file is empty and left out", "export it again, or delete it"))
        return None, notes
    stated, skip = _stated_delimiter(sample)
    sample = sample.split("\n", skip)[skip]
    delimiter, header = _delimiter(path, sample, [stated] if stated else DELIMITERS, skip + 1)
    if delimiter != ",":
        notes.append(_note(path, f"the columns are separated by {DELIMITERS[delimiter]}", ""))
    if len(header) > MAX_COLUMNS:
        message = f"the table has {len(header):,} columns; at most {MAX_COLUMNS:,} are read"
        raise DataError(Problem("GW477", message, str(path), 1, "export the columns that describe orders"))
    columns, renamed = _column_names(header)
    if renamed:
        notes.append(_note(path, f"columns without a name of their own are read as {', '.join(renamed)}", ""))
    return SourceFile(str(path), str(read_from), stamp, encoding, delimiter, columns, skip), notes


def _note(path: Path, message: str, hint: str) -> Problem:
    return Problem("GW430", message, str(path), hint=hint, severity="warning")


def _open(path: Path):
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _known_encoding(path: Path, stamp: str) -> str:
    """Remembered for large files, which take a while to read."""
    if path.stat().st_size < LARGE:
        return _encoding(path)
    known = cache_folder() / "encodings" / name_of(path.resolve(), stamp)
    with contextlib.suppress(OSError):
        return known.read_text("ascii")
    encoding = _encoding(path)
    with contextlib.suppress(OSError):  # what is not remembered is found again
        known.parent.mkdir(parents=True, exist_ok=True)
        known.write_text(encoding, "ascii")
    return encoding


def _encoding(path: Path) -> str:
    """utf-8, utf-8-sig, utf-16 or windows-1252. The whole file is read once: one odd name may stand at its end."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with _open(path) as stream:
            block, size = stream.read(BLOCK), _Size(path)
            marks = [encoding for bom, encoding in BOMS if block.startswith(bom)]
            while block and marks == ["utf-16"]:
                size.add(block)
                block = stream.read(BLOCK)
            while block:
                if b"\0" in block:
                    raise DataError(Problem("GW431", "the file is not text", str(path), hint="export it as CSV"))
                size.add(block)
                decoder.decode(block)
                block = stream.read(BLOCK)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "windows-1252"
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(Problem("GW431", f"the file cannot be read: {reason}", str(path))) from error
    return marks[0] if marks else "utf-8"


class _Size:
    """What was read of a file so far. Raises DataError (GW477) where it asks for more work than a table is worth."""

    def __init__(self, path: Path):
        self.path, self.packed = path, path.stat().st_size
        self.bytes = self.line = 0

    def add(self, block: bytes) -> None:
        self.bytes += len(block)
        end = block.rfind(b"\n")
        longest = self.line + (len(block) if end < 0 else block.find(b"\n"))
        self.line = longest if end < 0 else len(block) - end - 1
        if max(longest, self.line) > MAX_LINE:
            self._refuse(f"one line is longer than {MAX_LINE >> 20} MiB", "each row stands on a line of its own")
        if self.bytes > max(RATIO_FROM, MAX_RATIO * self.packed):
            size = f"{self.packed:,} bytes unpack to more than {self.bytes:,}"
            self._refuse(size, "unpack the file yourself if it is yours, and name the unpacked one")

    def _refuse(self, message: str, hint: str) -> None:
        raise DataError(Problem("GW477", message, str(self.path), hint=hint))


def _copied(path: Path, stamp: str, encoding: str) -> Path:
    """The UTF-8 copy in the cache, made once for each state of the file."""
    target = cache_folder() / "recoded" / f"{name_of(path.resolve(), stamp)}.csv"
    if target.exists():
        return target
    beside = target.with_suffix(f".{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8", newline="") as out:
            out.writelines(_lines(path, encoding))
        os.replace(beside, target)
    except UnicodeDecodeError as error:
        raise DataError(Problem("GW431", f"the text is broken: {error.reason}", str(path))) from error
    except OSError as error:
        message = f"no UTF-8 copy can be kept in {target.parent}: {error.strerror}"
        raise DataError(Problem("GW433", message, str(path), hint=ROOM)) from error
    finally:
        beside.unlink(missing_ok=True)
    return target


def _lines(path: Path, encoding: str) -> Iterator[str]:
    with _open(path) as stream:
        if encoding == "utf-16":
            yield from codecs.getreader("utf-16")(stream)
            return
        for raw in stream:
            try:
                yield raw.decode("utf-8")
            except UnicodeDecodeError:
                # the five bytes that Windows-1252 leaves open have a meaning in Latin-1
                yield "".join(_character(byte) for byte in raw)


def _character(byte: int) -> str:
    return bytes([byte]).decode("cp1252", errors="ignore") or chr(byte)


def _sample(path: Path) -> str:
    with _open(path) as stream:
        raw = stream.read(SAMPLE)
    text = codecs.getincrementaldecoder("utf-8-sig")().decode(raw)
    return text if len(raw) < SAMPLE else text[: text.rfind("\n") + 1] or text


def _stated_delimiter(sample: str) -> tuple[str, int]:
    """The delimiter that a first line such as sep=; states, as Excel writes and reads it, and the lines before the header."""
    first = sample.partition("\n")[0].strip().strip('"')
    stated = first[4:].strip(" ") if first.lower().startswith("sep=") else ""
    return (stated, 1) if stated in DELIMITERS else ("", 0)


def _delimiter(path: Path, sample: str, delimiters: Iterable[str], line: int) -> tuple[str, list[str]]:
    """The delimiter that cuts most rows into as many cells as the first, and the first row's cells.

    `line` is that of the header. Cells behind it that are empty in every row are columns without a name.
    """
    best: tuple[int, str, list[str]] | None = None
    widest: tuple[int, str, int] = (1, ",", 1)
    for delimiter in delimiters:
        rows = _records(sample, delimiter)
        if not rows:
            continue
        cells, usual = len(rows[0]), Counter(len(row) for row in rows[1:]).most_common(1)
        if (
            cells > 1
            and usual
            and usual[0][0] > cells
            and not any(cell.strip() for row in rows[1:] for cell in row[cells:])
        ):
            rows[0] += [""] * (usual[0][0] - cells)
            cells = len(rows[0])
        widest = max(widest, (cells, delimiter, usual[0][0] if usual else cells))
        same = sum(len(row) == cells for row in rows) / len(rows)
        if cells > 1 and same >= AGREE and (best is None or cells > best[0]):
            best = cells, delimiter, rows[0]
    if best:
        return best[1], best[2]
    cells, delimiter, usual = widest
    if cells == 1 and usual == 1:
        return ",", _records(sample, ",")[0]
    raise DataError(_uneven(path, sample, delimiter, cells, usual, line))


def _uneven(path: Path, sample: str, delimiter: str, cells: int, usual: int, line: int) -> Problem:
    """Why the rows do not fit the header: quotes with a backslash before them, or another number of cells."""
    for number, text in enumerate(sample.splitlines(), line):
        at = text.find('\\"')
        if at >= 0:
            message = f"a quote stands behind a backslash: {text[max(at - 20, 0) : at + 20]!r}"
            hint = 'write a quote within quotes twice ("12"" vinyl"), or export the file as standard CSV (RFC 4180)'
            return Problem("GW432", message, str(path), number, hint)
    other = next((row for row in _records(sample, delimiter)[1:] if len(row) != cells), [])
    named = f", such as {delimiter.join(other)[:60]!r} with {len(other)}" if other and usual == cells else ""
    few = f"most other lines have {usual}" if usual != cells else f"many other lines have more or fewer{named}"
    message = f"the first line has {cells} columns separated by {DELIMITERS[delimiter]}, {few}"
    hint = "use the same delimiter in every line (commas, semicolons, tabs or bars); the first line names the columns"
    return Problem("GW432", message, str(path), line, hint)


def _records(sample: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(sample.splitlines(keepends=True), delimiter=delimiter)
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) > RECORDS:
                break
    except csv.Error:
        pass  # a cell too long for the sniffer; what was read so far settles it
    # a sample may end within a quoted cell; its last row proves nothing
    return rows[:-1] if len(rows) > 2 else rows


def _column_names(header: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Names that are not empty and all different (also in lower case, as DuckDB demands), and those made up."""
    taken: set[str] = set()
    names, made = [], []
    for place, cell in enumerate(header, 1):
        wanted = cell.strip() or f"column_{place}"
        name, again = wanted, 1
        while name.lower() in taken:
            again += 1
            name = f"{wanted}_{again}"
        if name != cell.strip():
            made.append(name)
        taken.add(name.lower())
        names.append(name)
    return tuple(names), made
