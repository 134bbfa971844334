"""`mapping.toml`: where the events of one business come from and how they become the canonical tables."""

from __future__ import annotations

import os
import re
import tomllib
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from os import PathLike
from pathlib import Path

from gearwheel.gauges.canonical import tables as canonical_tables
from gearwheel.gauges.catalogue import EVERYTHING, OPEN
from gearwheel.wheel.errors import DataError, Problem, did_you_mean
from gearwheel.wheel.lines import Lines

GRAINS = ("day", "week", "month")
DATE_ORDERS = ("", "DMY", "MDY", "YMD")
DECIMALS = ("", ".", ",")
FIRST = EVERYTHING.since
MAX_BYTES = 1_000_000
MAX_EXPRESSION = 2000  # characters of one SQL expression
KEEP = "Choose another name, or ask for it with overwrite."


@dataclass(frozen=True)
class TableMap:
    """One canonical table out of one source table. `columns`: canonical column → column or SQL expression."""

    source: str
    columns: dict[str, str] = field(default_factory=dict)
    where: str = ""


@dataclass(frozen=True)
class Mapping:
    """What `mapping.toml` says. `tables` add to those of the adapter, or replace them.

    `grain` is the period of each row, `active_days` how long after an order its customer counts as active.
    `date_order` and `decimal` settle texts such as 03/04/2024 and 1.250 where the source leaves them open. Orders are
    measured from `since` on and before `until`; whoever states `until` says that all before it is complete.
    """

    source: str
    adapter: str = ""
    time_zone: str = "UTC"
    currency: str = ""
    grain: str = "week"
    active_days: int = 90
    date_order: str = ""
    decimal: str = ""
    since: date | None = None
    until: date | None = None
    tables: dict[str, TableMap] = field(default_factory=dict)
    text: str = field(default="", compare=False, repr=False)
    file: str = field(default="", compare=False, repr=False)

    def problem(self, code: str, message: str, at: tuple[str, ...] = (), hint: str = "") -> Problem:
        """A problem at the line of the file that says so, such as ("table", "orders", "from")."""
        line = Lines(self.text).of(*at) if self.text and at else 0
        return Problem(code, message, self.file, line, hint)


_SETTINGS = tuple(f.name for f in fields(Mapping) if f.name not in ("tables", "text", "file"))
_COMMENTS = {
    "source": "a folder, a file or a URL, relative to this file; read, never written",
    "adapter": 'the shop system that the tables come from; "" where they are mapped below',
    "time_zone": "of times without a zone",
    "currency": "of the money, where an order does not say",
    "grain": "day | week | month: the period of each row",
    "active_days": "who bought within so many days is active; afterwards lost",
    "date_order": "of dates such as 03/04/2024 or 24-03-04: DMY, MDY or YMD",
    "decimal": "the decimal sign of numbers such as 1,250 or 1.250",
    "since": "the first day that is measured",
    "until": "the first day that is no longer measured; all before it is complete",
}


def read_mapping(path: str | PathLike[str]) -> Mapping:
    """The mapping in the file. Raises DataError with every mistake (GW440 to GW444), each with its line and a hint."""
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(Problem("GW440", f"the file is larger than {MAX_BYTES:,} bytes", str(path)))
        return parse_mapping(path.read_text("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        raise DataError(Problem("GW440", "the file is not UTF-8 text", str(path), hint="save it as UTF-8")) from error
    except OSError as error:
        hint = "gearwheel new NAME --data PATH writes one"
        raise DataError(Problem("GW440", f"cannot read the mapping: {error.strerror}", str(path), hint=hint)) from error


def parse_mapping(text: str, file: str = "") -> Mapping:
    """The mapping that the text states. Raises as read_mapping."""
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        at = re.search(r"line (\d+)", str(error))
        hint = "the file may be cut off" if "end of document" in str(error).lower() else 'texts stand in "quotes"'
        raise DataError(Problem("GW441", f"not TOML: {error}", file, int(at[1]) if at else 0, hint)) from error
    reader = _Reader(text, file)
    mapping = reader.mapping(raw)
    if reader.problems:
        raise DataError(reader.problems)
    return mapping


class _Reader:
    """Collects every mistake before it gives up."""

    def __init__(self, text: str, file: str):
        self.text, self.file, self.lines = text, file, Lines(text)
        self.problems: list[Problem] = []

    def flaw(self, code: str, message: str, at: tuple[str, ...], hint: str = "") -> None:
        self.problems.append(Problem(code, message, self.file, self.lines.of(*at), hint))

    def mapping(self, raw: dict) -> Mapping:
        known = {}
        for key, value in raw.items():
            if key == "table":
                continue
            if key not in _SETTINGS:
                self.flaw("GW442", f"a mapping has no '{key[:60]}'", (key,), did_you_mean(key, (*_SETTINGS, "table")))
            elif self.is_good(key, value):
                known[key] = value
        if "source" not in raw:
            self.flaw("GW443", "the mapping names no source", (), 'add source = "…": a folder, a file or a URL')
        if "since" in known and "until" in known and known["since"] >= known["until"]:
            self.flaw("GW444", "since must come before until", ("since",), "until is the first day that is left out")
        tables = self.tables(raw.get("table", {}))
        if not raw.get("adapter") and "source" in raw:
            for name, table in canonical_tables().items():
                if table.needed and name not in raw.get("table", {}):
                    hint = f"add [table.{name}] with from and columns, or name an adapter"
                    self.flaw("GW443", f"no adapter, and the table '{name}' is not mapped", (), hint)
        return Mapping(**{"source": "", **known}, tables=tables, text=self.text, file=self.file)

    def is_good(self, key: str, value: object) -> bool:
        if key == "active_days":
            if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 3650:
                return True
            self.flaw("GW444", "active_days is a whole number of days from 1 to 3650", (key,), "90 suits most shops")
            return False
        if key in ("since", "until"):
            if isinstance(value, date) and not isinstance(value, datetime) and FIRST <= value < OPEN:
                return True
            self.flaw("GW444", f"{key} is a day after {FIRST}", (key,), f"write {key} = 2024-12-31, without quotes")
            return False
        if not isinstance(value, str):
            self.flaw("GW444", f"{key} must be a text", (key,), f'write {key} = "…"')
            return False
        choices = {"grain": GRAINS, "date_order": DATE_ORDERS, "decimal": DECIMALS}.get(key)
        if choices and value not in choices:
            hint = did_you_mean(value, choices) or f"one of {', '.join(repr(c) for c in choices)}"
            self.flaw("GW444", f"{key} cannot be {value[:60]!r}", (key,), hint)
            return False
        if key == "time_zone" and not is_time_zone(value):
            hint = did_you_mean(value, sorted(zoneinfo.available_timezones())) or "write a name such as Europe/Berlin"
            self.flaw("GW444", f"there is no time zone {value[:60]!r}", (key,), hint)
            return False
        if key == "currency" and value and not re.fullmatch(r"[A-Z]{3}", value):
            self.flaw("GW444", f"{value[:60]!r} is not a currency", (key,), "three capital letters such as EUR")
            return False
        if key == "source" and not value.strip():
            self.flaw("GW444", "the source is empty", (key,), "a folder, a file or a URL")
            return False
        return True

    def tables(self, raw: object) -> dict[str, TableMap]:
        if not isinstance(raw, dict):
            self.flaw("GW444", "'table' needs a name: [table.orders]", ("table",))
            return {}
        found = {}
        for name, entry in raw.items():
            if name not in canonical_tables():
                hint = did_you_mean(name, canonical_tables()) or f"one of {', '.join(canonical_tables())}"
                self.flaw("GW442", f"there is no canonical table '{name[:60]}'", ("table", name), hint)
            elif isinstance(entry, dict):
                found[name] = self.table(name, entry)
            else:
                self.flaw("GW444", f"[table.{name}] must be a table of keys", ("table", name))
        return found

    def table(self, name: str, raw: dict) -> TableMap:
        at = ("table", name)
        for key in raw:
            if key not in ("from", "where", "columns"):
                hint = did_you_mean(key, ("from", "where", "columns"))
                if key in canonical_tables()[name].columns:
                    hint = f"columns stand under [table.{name}.columns]"
                self.flaw("GW442", f"[table.{name}] has no '{key[:60]}'", (*at, key), hint)
        texts = {}
        for key in ("from", "where"):
            texts[key] = raw.get(key, "")
            if not isinstance(texts[key], str) or (key == "from" and not texts[key]):
                self.flaw("GW443", f"[table.{name}] needs {key} as a text", (*at, key), "the name of a source table")
        columns = raw.get("columns", {})
        if not isinstance(columns, dict):
            self.flaw("GW444", f"[table.{name}.columns] must be a table of keys", (*at, "columns"))
            columns = {}
        self.check_columns(name, columns)
        return TableMap(texts["from"], dict(columns), texts["where"])

    def check_columns(self, name: str, columns: dict) -> None:
        known = canonical_tables()[name].columns
        for column, expression in columns.items():
            at = ("table", name, "columns", column)
            if column not in known:
                hint = did_you_mean(column, known) or f"one of {', '.join(known)}"
                self.flaw("GW442", f"{name} has no column '{column[:60]}'", at, hint)
            elif not isinstance(expression, str) or not expression.strip():
                self.flaw("GW444", f"{name}.{column} must be a column or an expression in quotes", at)
            elif len(expression) > MAX_EXPRESSION:
                self.flaw("GW444", f"{name}.{column} is longer than {MAX_EXPRESSION} characters", at)
        for column in known.values():
            if column.needed and column.name not in columns:
                hint = f'add {column.name} = "…": {column.says}'
                self.flaw("GW443", f"{name}.{column.name} is not mapped", ("table", name, "columns"), hint)


def is_time_zone(name: str) -> bool:
    """Is it a name of the IANA time zone database?"""
    return name == "UTC" or name in zoneinfo.available_timezones()


def mapping_text(mapping: Mapping, reasons: dict[tuple[str, str], str] | None = None) -> str:
    """The mapping as TOML. One that was read keeps its comments and layout; only what differs is changed.

    `reasons`: (table, column) → words that stand as a comment beside the column of a fresh document.
    """
    return _patched(mapping) if mapping.text else _fresh(mapping, reasons or {})


def write_mapping(
    mapping: Mapping,
    path: str | PathLike[str],
    overwrite: bool = False,
    reasons: dict[tuple[str, str], str] | None = None,
) -> Mapping:
    """Write it to `path`, whole or not at all, and return it as read from there.

    An existing file is replaced only with `overwrite`. Raises DataError (GW445).
    """
    path, text = Path(path), mapping_text(mapping, reasons)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("xb") as out:
            out.write(text.encode("utf-8"))
            out.flush()
            os.fsync(out.fileno())
        if overwrite:
            os.replace(beside, path)
        else:
            os.link(beside, path)  # unlike a rename it fails where the file exists
    except FileExistsError as error:
        raise DataError(Problem("GW445", "this file exists", str(path), hint=KEEP)) from error
    except OSError as error:
        raise DataError(Problem("GW445", f"cannot write the file: {error.strerror}", str(path))) from error
    finally:
        beside.unlink(missing_ok=True)
    return replace(mapping, text=text, file=str(path))


def _fresh(mapping: Mapping, reasons: dict[tuple[str, str], str]) -> str:
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment("Where the events come from and how they are read."))
    defaults = Mapping("")
    for key in _SETTINGS:
        value = getattr(mapping, key)
        if key not in ("date_order", "decimal", "since", "until") or value != getattr(defaults, key):
            document.add(key, tomlkit.item(value).comment(_COMMENTS[key]))
    if mapping.tables:
        document.add("table", _table_items(mapping.tables, reasons))
    return tomlkit.dumps(document)


def _table_items(tables: dict[str, TableMap], reasons: dict[tuple[str, str], str]):
    import tomlkit

    parent = tomlkit.table(is_super_table=True)
    for name, table in tables.items():
        entry, columns = tomlkit.table(), tomlkit.table()
        entry.add("from", table.source)
        if table.where:
            entry.add("where", table.where)
        for column, expression in table.columns.items():
            item = tomlkit.item(expression)
            reason = reasons.get((name, column))
            columns.add(column, item.comment(" ".join(reason.split())) if reason else item)
        entry.add("columns", columns)
        parent.add(name, entry)
    return parent


def _patched(mapping: Mapping) -> str:
    """Only what the text does not say already is changed in it."""
    import tomlkit

    before = parse_mapping(mapping.text, mapping.file)
    if before == mapping:
        return mapping.text
    document = tomlkit.parse(mapping.text)
    for key in _SETTINGS:
        if getattr(mapping, key) != getattr(before, key):
            _set(document, key, getattr(mapping, key))
    if mapping.tables != before.tables:
        _patch_tables(document, before.tables, mapping.tables)
    text = tomlkit.dumps(document)
    # a layout that cannot be patched, such as tables in one line that outgrew it: right beats pretty
    return text if _reads_as(text, mapping) else _fresh(mapping, {})


def _reads_as(text: str, mapping: Mapping) -> bool:
    try:
        return parse_mapping(text) == mapping
    except DataError:
        return False


def _patch_tables(document, before: dict[str, TableMap], after: dict[str, TableMap]) -> None:
    parent = document.get("table")
    if parent is None:
        document.add("table", _table_items(after, {}))
        return
    for name in _gone(before, after):
        parent.remove(name)
    for name, table in after.items():
        if name not in before:
            parent.add(name, _table_items({name: table}, {})[name])
            continue
        entry = parent[name]
        for key, value, old in (
            ("from", table.source, before[name].source),
            ("where", table.where, before[name].where),
        ):
            if value != old:
                _set(entry, key, value)
        for column in _gone(before[name].columns, table.columns):
            entry["columns"].remove(column)
        for column, expression in table.columns.items():
            if before[name].columns.get(column) != expression:
                _set(entry["columns"], column, expression)


def _gone(before: Iterable[str], after: Iterable[str]) -> list[str]:
    return [name for name in before if name not in set(after)]


def _set(container, key: str, value: object) -> None:
    """Sets the value and keeps the comment that stands behind the old one."""
    import tomlkit

    if value is None:
        container.pop(key, None)
        return
    item = tomlkit.item(value)
    if key in container:
        item.trivia.comment, item.trivia.comment_ws = container[key].trivia.comment, container[key].trivia.comment_ws
    container[key] = item
