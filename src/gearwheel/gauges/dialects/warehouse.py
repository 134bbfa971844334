"""The whole measure SQL for a warehouse: shared intermediates first, each view after those that it reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from gearwheel.gauges.catalogue import (
    EVERYTHING,
    Intermediate,
    Measure,
    Reach,
    catalogue,
    choose,
    fill,
    intermediates,
    steps_for,
)
from gearwheel.gauges.dialects import Place, checked_tree, generated, known_dialect
from gearwheel.gauges.dialects.typed import Types, canonical_schema, output_types, typed_tree
from gearwheel.wheel.errors import DataError, Problem, did_you_mean

BASE = "base"  # the schema in which views name the intermediates
RESULT = {"period_start": "DATE", "period_end": "DATE", "value": "DOUBLE", "error": "DOUBLE", "n": "BIGINT"}
GRAIN, ACTIVE_DAYS = "week", 90

Fed = Mapping[str, Collection[str]]  # canonical table that the events have -> its columns that have values


@dataclass(frozen=True)
class WarehouseView:
    """One view in a dialect: `source` is what it was made from, `select` its SELECT."""

    name: str
    source: Measure | Intermediate
    select: str


@cache
def measure_schema() -> dict[str, Types]:
    """The canonical tables and the intermediates (`base.lines`) with the types of their columns. Do not change it."""
    schema = canonical_schema()
    for step in intermediates().values():
        tree = typed_tree(fill(step.sql, GRAIN, ACTIVE_DAYS), schema, f"{BASE}.{step.name}")
        schema[f"{BASE}.{step.name}"] = output_types(tree)
    return schema


@cache
def _checked(sql: str, name: str):
    return checked_tree(sql, measure_schema(), name)


def measure_sql(sql: str, dialect: str, place: Place, name: str = "the query") -> str:
    """A SELECT over canonical tables and intermediates in another dialect; a measure's columns in their types."""
    return generated(_checked(sql, name), dialect, place, RESULT)


def warehouse_views(
    dialect: str,
    names: Iterable[str] | None = None,
    grain: str = GRAIN,
    active_days: int = ACTIVE_DAYS,
    place: Place | None = None,
    reach: Reach = EVERYTHING,
    fed: Fed | None = None,
) -> list[WarehouseView]:
    """Every measure view (or those of `names`, views of the catalogue) and the intermediates before them.

    `place` names the tables that are read (`events.orders`, `base.lines`) as they are called in the warehouse. With
    `fed` only the measures that these tables and columns allow are there. Raises DataError: GW468 an unknown dialect,
    GW462 an unknown name, GW467 a view outside the portable subset.
    """
    known_dialect(dialect)
    measures, put = _chosen(names), place or placed("events", "gearwheel")
    if fed is not None:
        able = {measure.name for measure in choose(fed.keys(), fed)[0].values()}
        measures = [measure for measure in measures if measure.name in able]
    views = []
    for step in steps_for(measures):
        name = f"{BASE}.{step.name}"
        sql = measure_sql(fill(step.sql, grain, active_days, reach), dialect, put, name)
        views.append(WarehouseView(f"{BASE}_{step.name}", step, sql))
    for measure in (m.filled(grain, active_days, reach) for m in measures):
        sql = measure_sql(measure.sql, dialect, put, f"gauge {measure.name}")
        views.append(WarehouseView(measure.name, measure, sql))
    return views


def placed(events: str, views: str) -> Place:
    """Canonical tables in the schema `events`, intermediates as `views`.base_name."""
    return lambda table: (
        f"{events}.{table[7:]}" if table.startswith("events.") else f"{views}.{table.replace('.', '_')}"
    )


def warehouse_sql(
    dialect: str,
    names: Iterable[str] | None = None,
    grain: str = GRAIN,
    active_days: int = ACTIVE_DAYS,
    events: str = "events",
    views: str = "gearwheel",
    reach: Reach = EVERYTHING,
    fed: Fed | None = None,
) -> dict[str, str]:
    """Statements that make every measure a view in the schema `views`, in the order in which they must be run.

    The canonical tables are read from the schema `events`. Raises as `warehouse_views` does.
    """
    made = warehouse_views(dialect, names, grain, active_days, placed(events, views), reach, fed)
    return {v.name: f"CREATE OR REPLACE VIEW {views}.{v.name} AS\n{v.select};\n" for v in made}


def _chosen(names: Iterable[str] | None) -> list[Measure]:
    known = catalogue()
    if names is None:
        return list(known.values())
    wanted = list(dict.fromkeys(names))
    strange = [
        Problem("GW462", f"there is no measure view {name[:60]!r}", hint=did_you_mean(name[:60], known))
        for name in wanted
        if name not in known
    ]
    if strange:
        raise DataError(strange)
    return [known[name] for name in wanted]
