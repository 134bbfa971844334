"""What is there, what is missing, and which gears can be measured because of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from gearwheel.gauges.canonical import Table, tables
from gearwheel.gauges.catalogue import catalogue, choose
from gearwheel.gauges.checks.finding import ask, ask_one, counted, has, percent, share_of, table_sql

MAIN_TIME = {  # the column whose first and last day are the table's
    "orders": "placed_at",
    "deliveries": "delivered_at",
    "reviews": "created_at",
    "contacts": "asked_at",
    "returns": "requested_at",
    "customers": "first_seen",
    "sellers": "joined_at",
    "offers": "listed_at",
    "memberships": "starts_at",
    "visits": "day",
    "costs": "day",
    "hosting": "day",
    "experiments": "starts_at",
    "decisions": "decided_at",
}


@dataclass(frozen=True)
class There:
    """A table of the source: days as YYYY-MM-DD or "", and the share of NULL of each column that it supplies."""

    name: str
    title: str
    rows: int
    first: str
    last: str
    nulls: Mapping[str, float]
    missing: tuple[str, ...]  # columns that the source does not supply


@dataclass(frozen=True)
class Gear:
    """A gear of the library: its gauges that can be measured, why the others cannot, and what they lack."""

    name: str
    possible: tuple[str, ...]
    left_out: Mapping[str, str]  # gauge -> why, in words
    measured: tuple[str, ...]  # variables of the gear that a possible gauge measures
    wanted: tuple[str, ...]  # tables and table.columns that the gauges left out need and the source lacks

    @property
    def why(self) -> str:
        """In words: what is measured, or why the gear stays on beliefs."""
        more = f"; more with {_listed(self.wanted)}" if self.wanted else ""
        if self.measured:
            return f"{counted(len(self.measured), 'variable')} measured ({_listed(self.measured)}){more}"
        if self.possible:
            return f"stays on beliefs: its gauges are shown, but none measures a variable of the gear{more}"
        if self.wanted:
            return f"stays on beliefs: the source lacks {_listed(self.wanted)}"
        return "stays on beliefs: no event table measures it"


@dataclass(frozen=True)
class Page:
    """What the source holds. `currencies` maps each to its share of orders."""

    tables: tuple[There, ...]
    missing: tuple[str, ...]  # canonical tables that the source does not have
    currencies: Mapping[str, float]
    gears: tuple[Gear, ...]


def page_of(events: Any) -> Page:
    """The page of these events: one scan for each table."""
    there = tuple(_there(events, table) for table in tables().values() if has(events, table.name))
    missing = tuple(name for name in tables() if not has(events, name))
    return Page(there, missing, _currencies(events), tuple(_gears(events)))


def _there(events: Any, table: Table) -> There:
    given = [column for column in table.columns if has(events, table.name, column)]
    time = MAIN_TIME.get(table.name, "")
    days = f'min("{time}")::DATE::VARCHAR, max("{time}")::DATE::VARCHAR' if time in given else "NULL, NULL"
    counts = "".join(f', count("{column}")' for column in given)
    rows, first, last, *filled = ask_one(events, f"SELECT count(*), {days}{counts} FROM {table_sql(table.name)}")
    nulls = {column: share_of(rows - n, rows) for column, n in zip(given, filled)}
    missing = tuple(column for column in table.columns if column not in given)
    return There(table.name, table.title, rows, first or "", last or "", nulls, missing)


def _currencies(events: Any) -> dict[str, float]:
    if not has(events, "orders"):
        return {}
    rows = ask(
        events,
        "SELECT coalesce(currency, nullif(?, ''), '') AS unit, count(*) FROM events.orders GROUP BY 1 ORDER BY 2 DESC, 1",
        events.mapping.currency,
    )
    total = sum(n for _, n in rows)
    return {unit: n / total for unit, n in rows if unit}


def _gears(events: Any) -> Iterator[Gear]:
    measures = catalogue()
    chosen, left_out = choose(events.present, events.columns)
    gear_of = {measure.gauge: measure.gear for measure in measures.values()}
    for name in _library(gear_of.values()):
        possible = {gauge: measure for gauge, measure in chosen.items() if measure.gear == name}
        impossible = {gauge: why for gauge, why in left_out.items() if gear_of[gauge] == name}
        measured = tuple(dict.fromkeys(measure.of for measure in possible.values() if measure.of))
        needs = dict.fromkeys(need for m in measures.values() if m.gauge in impossible for need in m.needs)
        wanted = tuple(need for need in needs if not has(events, *need.split(".")))
        yield Gear(name, tuple(possible), impossible, measured, wanted)


def _library(named: Iterable[str]) -> list[str]:
    """The gears of the library, and others that a gauge names."""
    bundled = (path.name for path in (files("gearwheel") / "gears").iterdir())
    names = {name.removesuffix(".toml") for name in bundled if name.endswith(".toml")}
    return sorted(names | set(named) - {""})


def _listed(names: tuple[str, ...], most: int = 6) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def page_text(page: Page) -> str:
    """The page as plain text, for a terminal."""
    lines = ["What is there"]
    for table in page.tables:
        days = f", {table.first} to {table.last}" if table.first else ""
        lines.append(f"  {table.title}: {counted(table.rows, 'row')}{days}")
        empty = [f"{column} {percent(share)}" for column, share in table.nulls.items() if share]
        if empty:
            lines.append(f"    empty: {', '.join(empty)}")
        if table.missing:
            lines.append(f"    not given: {', '.join(table.missing)}")
    if page.currencies:
        lines.append("  Money: " + ", ".join(f"{unit} {percent(share)}" for unit, share in page.currencies.items()))
    lines += ["What is missing", f"  {', '.join(page.missing) or 'no table'}", "Gears"]
    lines += [f"  {gear.name}: {gear.why}" for gear in page.gears]
    return "\n".join(lines)
