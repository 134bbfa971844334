"""`gearwheel measure`: what the events of a business measure, and how each number is defined."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, echo_json, json_option, plain, say_next
from gearwheel.cli.progress import progress


@click.command(cls=Verb)
@click.argument("target", metavar="FOLDER|MAPPING")
@click.option("--gauge", "names", multiple=True, metavar="NAME", help="Only this gauge; repeat for more.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write the rows as a tidy CSV; - for standard output.")
@click.option("--define", is_flag=True, help="Print how each gauge is defined, its unit and its error.")
@click.option("--engine", metavar="URL", help="Measure on Spark: spark://host:7077 or local[*]. [default: DuckDB]")
@click.option("--events", metavar="PLACE", help="With --engine: the canonical tables, a folder or a catalog's schema.")
@click.option("--refresh", is_flag=True, help="Read a database again even where it seems unchanged.")
@click.option("--connect", is_flag=True, help="Trust the database that the mapping names with your password.")
@json_option
def measure(
    target: str,
    names: tuple[str, ...],
    csv_file: str | None,
    define: bool,
    engine: str | None,
    events: str | None,
    refresh: bool,
    connect: bool,
    as_json: bool,
) -> None:
    """Measure every gauge that the events of FOLDER/mapping.toml allow, and say what is missing and what looks wrong.

    The source is only read. Each row covers one period and carries its sampling error where one exists.

    \b
    Examples:
      gearwheel measure myshop
      gearwheel measure myshop --define --gauge customers_active
      gearwheel measure myshop --csv record.csv
      gearwheel measure myshop --engine spark://cluster:7077 --events s3://shop/events
    """
    from gearwheel.run.measuring import mapping_of, measure_on, measure_source
    from gearwheel.run.record import picked

    if events and not engine:
        raise click.UsageError("--events goes with --engine.")
    file = mapping_of(target)
    with progress() as shown:
        if engine:
            found = measure_on(engine, file, events, list(names) or None, shown)
        else:
            found = picked(measure_source(file, shown, refresh=refresh, connect=connect), names)
    if csv_file:
        _write_csv(found, csv_file)
    elif as_json:
        echo_json(found)
    else:
        _tell(found, define)
    if not as_json and csv_file != "-":
        say_next("run", target)


def _write_csv(found: dict, file: str) -> None:
    from pathlib import Path

    from gearwheel.run.record import tidy_text
    from gearwheel.run.store import save_atomically
    from gearwheel.wheel.errors import GearwheelError

    text = tidy_text(found)
    if file == "-":
        click.echo(text, nl=False)
        return
    if Path(file).exists():
        raise GearwheelError(f"{file} exists. Give another name or move it away.")
    save_atomically(Path(file), text.encode())
    click.echo(file)


def _tell(found: dict, define: bool) -> None:
    from gearwheel.show.measured_text import definitions_text, measured_text

    click.echo(plain(definitions_text(found) if define else measured_text(found)))
