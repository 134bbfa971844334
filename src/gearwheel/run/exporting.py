"""The measure SQL written out for a warehouse: a file a view, or a dbt project."""

from __future__ import annotations

from pathlib import Path

from gearwheel.run.measuring import mapping_of
from gearwheel.run.store import OURS, refuse_foreign, save_atomically


def write_export(what: str, dialect: str, mapping: str | None, folder: Path) -> list[Path]:
    """Write `what` ("sql" or "dbt") into `folder`. Where a mapping is named, its grain, window and ends of the record count,
    and only the gauges that it can feed are written.

    Raises GearwheelError before anything is written when a file that is not ours is in the way.
    """
    settings = {}
    if mapping is not None:
        from gearwheel.gauges.catalogue import EVERYTHING, Reach
        from gearwheel.gauges.mapping import read_mapping

        file = mapping_of(mapping)
        stated = read_mapping(file)
        reach = Reach(stated.since or EVERYTHING.since, stated.until or EVERYTHING.until)
        settings = {"grain": stated.grain, "active_days": stated.active_days, "reach": reach}
        settings["fed"] = _fed(stated, file.parent)
    texts = _dbt(dialect, settings) if what == "dbt" else _sql(dialect, settings)
    files = {folder / name: text for name, text in texts.items()}
    for file in files:
        refuse_foreign(file)
    for file, text in files.items():
        save_atomically(file, text.encode())
    return list(files)


def _fed(mapping, folder: Path) -> dict[str, set[str]]:
    """The canonical tables and columns that the mapping or its adapter gives. No row of the source is read."""
    import sqlglot

    from gearwheel.gauges.events import address_of
    from gearwheel.gauges.sources.known import require_known
    from gearwheel.gauges.sources.look import look
    from gearwheel.gauges.sources.raw import queries

    require_known(mapping)
    given = queries(mapping, look(address_of(mapping, folder)))
    return {name: set(sqlglot.parse_one(query.sql, read="duckdb").named_selects) for name, query in given.items()}


def _sql(dialect: str, settings: dict) -> dict[str, str]:
    """Numbered, in the order in which they are run."""
    from gearwheel.gauges.dialects.warehouse import warehouse_sql

    made = warehouse_sql(dialect, **settings)
    return {f"{n:02d}_{name}.sql": f"-- made by {OURS}\n{sql}" for n, (name, sql) in enumerate(made.items(), 1)}


def _dbt(dialect: str, settings: dict) -> dict[str, str]:
    from gearwheel.gauges.dbt import export_dbt

    return {str(path): text for path, text in export_dbt(dialect, **settings).items()}
