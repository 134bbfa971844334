"""The measure SQL written out for a warehouse: a file a view, or a dbt project."""

from __future__ import annotations

from pathlib import Path

from gearwheel.run.measuring import mapping_of
from gearwheel.run.store import OURS, refuse_foreign, save_atomically


def write_export(what: str, dialect: str, mapping: str | None, folder: Path) -> list[Path]:
    """Write `what` ("sql" or "dbt") into `folder`. Grain, window and ends of the record come from a mapping where one is named.

    Raises GearwheelError before anything is written when a file that is not ours is in the way.
    """
    settings = {}
    if mapping is not None:
        from gearwheel.gauges.catalogue import EVERYTHING, Reach
        from gearwheel.gauges.mapping import read_mapping

        stated = read_mapping(mapping_of(mapping))
        reach = Reach(stated.since or EVERYTHING.since, stated.until or EVERYTHING.until)
        settings = {"grain": stated.grain, "active_days": stated.active_days, "reach": reach}
    texts = _dbt(dialect, settings) if what == "dbt" else _sql(dialect, settings)
    files = {folder / name: text for name, text in texts.items()}
    for file in files:
        refuse_foreign(file)
    for file, text in files.items():
        save_atomically(file, text.encode())
    return list(files)


def _sql(dialect: str, settings: dict) -> dict[str, str]:
    """Numbered, in the order in which they are run."""
    from gearwheel.gauges.dialects.warehouse import warehouse_sql

    made = warehouse_sql(dialect, **settings)
    return {f"{n:02d}_{name}.sql": f"-- made by {OURS}\n{sql}" for n, (name, sql) in enumerate(made.items(), 1)}


def _dbt(dialect: str, settings: dict) -> dict[str, str]:
    from gearwheel.gauges.dbt import export_dbt

    return {str(path): text for path, text in export_dbt(dialect, **settings).items()}
