"""`gearwheel run`: the whole way from the wheel and its record to a report."""

from __future__ import annotations

import click

from gearwheel.cli.frame import (
    Verb,
    cache_option,
    echo_json,
    json_option,
    outputs,
    plain,
    say_next,
    seed_option,
    wheel_argument,
)
from gearwheel.cli.progress import progress


@click.command(cls=Verb)
@wheel_argument
@click.option("--out", metavar="DIR", help="Folder of the results. [default: gearwheel-out/NAME]")
@seed_option
@cache_option
@json_option
def run(wheel: str, out: str | None, seed: int, no_cache: bool, as_json: bool) -> None:
    """Fit, test, spin and explain WHEEL, and write report.html, wheel.svg and results.json.

    Minutes the first time; what has not changed is taken from the cache. Ctrl-C stops and keeps what is finished.

    \b
    Examples:
      gearwheel run amazon
      gearwheel run bakery/wheel.toml --out bakery-report
    """
    from pathlib import Path

    from gearwheel.run import open_wheel, run_wheel, write_run
    from gearwheel.show.summary import summary_text

    opened = open_wheel(wheel)
    with progress() as shown:
        results = run_wheel(opened, seed=seed, progress=shown, cache=not no_cache)
    files = write_run(results, Path(out or outputs(opened.name)))
    if as_json:
        echo_json(results)
        return
    click.echo(plain(summary_text(results)))
    click.echo()
    for file in files:
        click.echo(file)
    say_next("levers" if results["levers"] else "spin", wheel)
