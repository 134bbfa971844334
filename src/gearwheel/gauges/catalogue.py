"""The catalogue of measures: one documented SQL view a gauge, and the shared intermediates that they read.

A view's head comments are TOML (title, gear, of, as, scale, unit, needs, definition, error); its SQL reads the
canonical tables as `events.name` and the intermediates as `base.name`, and yields period_start, period_end, value,
error and n. Where two views measure one gauge from different tables, the second says `instead_of`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from gearwheel.gauges.canonical import tables
from gearwheel.wheel.errors import DataError, Problem

VIEWS = Path(__file__).with_name("views")
GRAINS = ("day", "week", "month")
MOST_DAYS = 3650  # the longest window of "active"
SCALES = ("log", "logit", "abs")

_AS = re.compile(r"end|mean|sum|ratio\([a-z_.]+, [a-z_.]+\)")
_SETS = re.compile(r"(each|stored) = ")
_READS = re.compile(r"\bbase\.([a-z_]+)")


@dataclass(frozen=True)
class Measure:
    """How one gauge is measured.

    `of` and `measure` (the head's `as`) bind it to the variable of the library gear that it measures; both are of
    no use where `of` is "" and `measure` is no ratio: such a gauge is shown, not fitted. `needs` names tables and
    table.columns; `definition` and `error` are sentences; `reads` are the intermediates that its SQL names.
    """

    name: str
    title: str
    gear: str
    measure: str
    scale: str
    unit: str
    needs: tuple[str, ...]
    definition: str
    error: str
    sql: str
    of: str = ""
    instead_of: str = ""

    @property
    def gauge(self) -> str:
        """The gauge that it measures: its own name, or that of the view that it stands in for."""
        return self.instead_of or self.name

    @property
    def reads(self) -> tuple[str, ...]:
        return reads(self.sql)

    def filled(self, grain: str, active_days: int) -> Measure:
        """With the period and the window of "active" in words and SQL."""
        words = fill(self.definition, grain, active_days)
        return replace(self, definition=words, sql=fill(self.sql, grain, active_days))


@dataclass(frozen=True)
class Intermediate:
    """One shared step, `base.name`. What is read more than once is computed only once and `stored`, unless its head
    says `stored = false`: where computing it again takes less than storing it."""

    name: str
    sql: str
    stored: bool = True

    @property
    def reads(self) -> tuple[str, ...]:
        return reads(self.sql)


def catalogue() -> dict[str, Measure]:
    """Every measure by the name of its view. Raises DataError (GW460) for a head that is not as it must be."""
    return dict(_catalogue())


def intermediates() -> dict[str, Intermediate]:
    """Every intermediate by name, each after those that it reads."""
    return dict(_intermediates())


def choose(
    present: Collection[str], columns: Mapping[str, Collection[str]], names: Iterable[str] | None = None
) -> tuple[dict[str, Measure], dict[str, str]]:
    """The measure for each gauge (all, or `names`) that these tables and columns allow, and why the rest is left out."""
    wanted = list(dict.fromkeys(m.gauge for m in _catalogue().values())) if names is None else list(names)
    chosen, left_out = {}, {}
    for gauge in wanted:
        ways = sorted((m for m in _catalogue().values() if m.gauge == gauge), key=lambda m: m.instead_of)
        lacking = {m.name: [need for need in m.needs if not _there(need, present, columns)] for m in ways}
        able = [m for m in ways if not lacking[m.name]]
        if able:
            chosen[gauge] = able[0]
        else:
            left_out[gauge] = "; or ".join(f"the source has no {' and no '.join(lacking[m.name])}" for m in ways)
    return chosen, left_out


def steps_for(measures: Iterable[Measure]) -> list[Intermediate]:
    """The intermediates that these measures read, directly or not, each after those that it reads itself."""
    known = _intermediates()
    wanted, open_ = set(), [name for m in measures for name in m.reads]
    while open_:
        name = open_.pop()
        if name not in wanted:
            wanted.add(name)
            open_ += known[name].reads
    return [step for name, step in known.items() if name in wanted]


def _there(need: str, present: Collection[str], columns: Mapping[str, Collection[str]]) -> bool:
    table, _, column = need.partition(".")
    return table in present and (not column or column in columns.get(table, ()))


def fill(text: str, grain: str, active_days: int) -> str:
    """The placeholders {grain} and {active_days} filled with checked values; raises DataError (GW461) for others."""
    if grain not in GRAINS:
        hint = f"write one of {', '.join(GRAINS)}"
        raise DataError(Problem("GW461", f"grain {str(grain)[:60]!r} is no period that can be measured", "", 0, hint))
    if isinstance(active_days, bool) or not isinstance(active_days, int) or not 1 <= active_days <= MOST_DAYS:
        hint = f"write a whole number of days from 1 to {MOST_DAYS}"
        raise DataError(Problem("GW461", f"active_days is {str(active_days)[:60]!r}", "", 0, hint))
    return text.replace("{grain}", grain).replace("{active_days}", str(active_days))


def reads(sql: str) -> tuple[str, ...]:
    """The intermediates that this SQL names, once each, in order."""
    return tuple(dict.fromkeys(_READS.findall(sql)))


@cache
def _catalogue() -> dict[str, Measure]:
    return {file.stem: read_measure(file) for file in sorted(VIEWS.glob("*.sql"))}


def read_measure(file: Path) -> Measure:
    """The measure in this view. Raises DataError (GW460) where the head is not TOML, incomplete or wrong."""
    head, sql = split_head(file.read_text("utf-8"))
    try:
        entry = tomllib.loads("\n".join(head))
        entry["measure"] = entry.pop("as", "")
        entry["needs"] = tuple(entry.get("needs", ()))
        measure = Measure(name=file.stem, sql=sql, **entry)
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise _wrong(file, str(error)) from None
    for flaw in _flaws(measure):
        raise _wrong(file, flaw)
    return measure


def _flaws(measure: Measure) -> Iterable[str]:
    known = {name for t in tables().values() for name in (t.name, *(f"{t.name}.{c}" for c in t.columns))}
    yield from (f"needs names no canonical table or column: {need!r}" for need in measure.needs if need not in known)
    yield from (f"there is no intermediate {name!r}" for name in measure.reads if name not in _intermediates())
    if not measure.needs:
        yield "it needs no table"
    if not _AS.fullmatch(measure.measure):
        yield f"as = {measure.measure!r} is none of end, mean, sum, ratio(a, b)"
    if measure.scale not in SCALES:
        yield f"scale = {measure.scale!r} is none of {', '.join(SCALES)}"


def _wrong(file: Path, message: str) -> DataError:
    return DataError(
        Problem("GW460", message, str(file), 0, "a view's head comments are TOML with the keys of Measure")
    )


@cache
def _intermediates() -> dict[str, Intermediate]:
    found: dict[str, Intermediate] = {}
    for file in sorted((VIEWS / "base").glob("*.sql")):
        head, sql = split_head(file.read_text("utf-8"))
        says = tomllib.loads(head[0]) if head and _SETS.match(head[0]) else {}
        for kind in says.get("each", ["entity"]):
            name = file.stem.replace("entity", kind)
            found[name] = Intermediate(name, sql.replace("{entity}", kind), says.get("stored", True))
    return _in_order(found)


def _in_order(steps: dict[str, Intermediate]) -> dict[str, Intermediate]:
    """Each after those that it reads; a circle would leave steps over, which is an error of ours."""
    done: dict[str, Intermediate] = {}
    while len(done) < len(steps):
        ready = [s for name, s in steps.items() if name not in done and all(r in done for r in s.reads)]
        if not ready:
            raise ValueError(f"intermediates in a circle or unknown: {sorted(set(steps) - set(done))}")
        done |= {step.name: step for step in ready}
    return done


def split_head(text: str) -> tuple[list[str], str]:
    """The head's comment lines without their dashes, and the SQL below them."""
    lines = text.splitlines()
    body = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return [line.removeprefix("--").strip() for line in lines[:body]], "\n".join(lines[body:]).strip()
