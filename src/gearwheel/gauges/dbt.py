"""The measure SQL as a dbt project: the same views as models, for those who keep their measures in dbt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from gearwheel.gauges.canonical import SCHEMA, Table, tables
from gearwheel.gauges.catalogue import EVERYTHING, Intermediate, Measure, Reach
from gearwheel.gauges.dialects.warehouse import ACTIVE_DAYS, GRAIN, Fed, WarehouseView, warehouse_views

SIGNED = "made by gearwheel"  # by which we know our own files again
_MARK = re.compile(r"gearwheel_(source|ref)__(\w+)")
_COLUMNS = {
    "period_start": "first day of the period",
    "period_end": "first day after the period",
    "value": "",
    "error": "",
    "n": "events behind the number",
}


def export_dbt(
    dialect: str,
    names: Iterable[str] | None = None,
    grain: str = GRAIN,
    active_days: int = ACTIVE_DAYS,
    events: str = SCHEMA,
    reach: Reach = EVERYTHING,
    fed: Fed | None = None,
) -> dict[str, str]:
    """The files of a dbt project (path → text) whose models are the measure views, or those of `names`.

    `events` is the schema that holds the canonical tables. Intermediates become tables (`base_lines`), gauges views
    (`gauge_orders`). With `fed` there are only the gauges that these tables and columns allow. Nothing is written: whoever
    does must not replace files that lack SIGNED. Works with dbt 1.8 or newer. Raises DataError as `warehouse_views` does; `dialect` may also be duckdb.
    """
    views = warehouse_views(dialect, names, grain, active_days, _mark, reach, fed)
    read = {found for v in views for kind, found in _MARK.findall(v.select) if kind == "source"}
    shared = [v for v in views if isinstance(v.source, Intermediate)]
    gauges = [v for v in views if isinstance(v.source, Measure)]
    files = {
        "dbt_project.yml": _project(),
        "models/sources.yml": _sources([t for t in tables().values() if t.name in read], events),
        "models/base/schema.yml": _schema([_shared_model(v) for v in shared]),
        "models/gauges/schema.yml": _schema([_gauge_model(v) for v in gauges]),
    }
    files |= {f"models/base/{v.name}.sql": _model(v) for v in shared}
    files |= {f"models/gauges/gauge_{v.name}.sql": _model(v) for v in gauges}
    return files


def _mark(table: str) -> str:
    """A plain name that SQLGlot lets pass, in place of the Jinja that stands there in the end."""
    where, _, name = table.partition(".")
    return f"gearwheel_source__{name}" if where == SCHEMA else f"gearwheel_ref__{where}_{name}"


def _model(view: WarehouseView) -> str:
    def jinja(found: re.Match) -> str:
        kind, name = found.groups()
        return f"{{{{ source('{SCHEMA}', '{name}') }}}}" if kind == "source" else f"{{{{ ref('{name}') }}}}"

    return f"-- {SIGNED}\n{_MARK.sub(jinja, view.select)}\n"


def _project() -> str:
    return f"""# {SIGNED}
name: gearwheel
version: "1.0"
profile: gearwheel  # its connection stands in your profiles.yml
model-paths: ["models"]
models:
  gearwheel:
    base:
      +materialized: table
    gauges:
      +materialized: view
"""


def _sources(read: list[Table], events: str) -> str:
    lines = [
        f"# {SIGNED}",
        "version: 2",
        "sources:",
        f"  - name: {SCHEMA}",
        f"    schema: {_text(events)}",
        "    tables:",
    ]
    for table in read:
        lines += [f"      - name: {table.name}", f"        description: {_text(table.title)}", "        columns:"]
        for column in table.columns.values():
            tests = ["not_null"] if column.needed else []
            tests += ["unique"] if table.key == (column.name,) else []
            lines += _column(column.name, column.says, tests, " " * 10)
    return "\n".join(lines) + "\n"


def _schema(models: list[list[str]]) -> str:
    body = [line for model in models for line in model]
    return "\n".join([f"# {SIGNED}", "version: 2", "models:" if body else "models: []", *body]) + "\n"


def _shared_model(view: WarehouseView) -> list[str]:
    return [f"  - name: {view.name}", f"    description: {_text('A step that several gauges share.')}"]


def _gauge_model(view: WarehouseView) -> list[str]:
    how = view.source
    lines = [
        f"  - name: gauge_{view.name}",
        f"    description: {_text(f'{how.title}: {how.definition}')}",
        "    columns:",
    ]
    for name, says in _COLUMNS.items():
        if name == "value":
            says = f"in {how.unit}"
        elif name == "error":
            says = f"sampling error on the {how.scale} scale: {how.error}"
        tests = {"period_start": ["not_null", "unique"], "period_end": ["not_null"]}.get(name, [])
        lines += _column(name, says, tests, " " * 6)
    return lines


def _column(name: str, says: str, tests: list[str], indent: str) -> list[str]:
    lines = [f"{indent}- name: {name}", f"{indent}  description: {_text(says)}"]
    return lines + ([f"{indent}  data_tests: [{', '.join(tests)}]"] if tests else [])


def _text(words: str) -> str:
    """A YAML string: JSON's are."""
    return json.dumps(words, ensure_ascii=False)
