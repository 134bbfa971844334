"""`gearwheel new`: a commented wheel file to start from."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, echo_json, json_option, say_next


@click.command(cls=Verb)
@click.argument("name")
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="WHEEL|GEAR",
    help="A bundled wheel, or gears; repeat or separate by commas.",
)
@click.option("--dir", "folder", metavar="DIR", help="Folder of the new wheel. [default: NAME]")
@click.option("--force", is_flag=True, help="Replace a wheel.toml that is there.")
@json_option
def new(name: str, sources: tuple[str, ...], folder: str | None, force: bool, as_json: bool) -> None:
    """Write a wheel of your own, NAME/wheel.toml, that checks and spins as it is.

    It begins as a small shop of three gears, as the gears that you name, or as a copy of a bundled wheel.

    \b
    Examples:
      gearwheel new bakery
      gearwheel new bakery --from experience,costs,membership
      gearwheel new rival --from amazon
    """
    from pathlib import Path

    from gearwheel.cli.starter import write_starter

    wanted = [part.strip() for source in sources for part in source.split(",") if part.strip()]
    files = write_starter(name, wanted, Path(folder or name), force=force)
    if as_json:
        echo_json({"files": [str(f) for f in files]})
        return
    for file in files:
        click.echo(file)
    say_next("check", str(files[0]))
