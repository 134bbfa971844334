"""`gearwheel export`: the measure SQL for a warehouse, as files or as dbt models."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, echo_json, json_option

DIALECTS = ("postgres", "bigquery", "snowflake", "databricks", "spark", "duckdb")


@click.command(cls=Verb)
@click.argument("what", type=click.Choice(["dbt", "sql"]))
@click.option(
    "--dialect", type=click.Choice(DIALECTS), default="postgres", show_default=True, help="Of which warehouse."
)
@click.option(
    "--mapping", metavar="FOLDER|MAPPING", help="Only the gauges that this mapping feeds, by its grain and active_days."
)
@click.option("--out", metavar="DIR", help="Folder of the files. [default: gearwheel-out/dbt or gearwheel-out/sql]")
@json_option
def export(what: str, dialect: str, mapping: str | None, out: str | None, as_json: bool) -> None:
    """Write the SQL of every gauge for a warehouse that holds the canonical tables in a schema `events`.

    `sql` is one file a view, in the order in which they are made; `dbt` is a project of models with descriptions and
    tests. Files of ours are replaced, anything else is left alone.

    \b
    Examples:
      gearwheel export dbt --dialect snowflake
      gearwheel export sql --dialect bigquery --mapping myshop
    """
    from pathlib import Path

    from gearwheel.run.exporting import write_export

    files = write_export(what, dialect, mapping, Path(out or f"gearwheel-out/{what}"))
    if as_json:
        echo_json({"files": [str(f) for f in files]})
        return
    for file in files:
        click.echo(file)
