"""`gearwheel desk prepare`: what the desk knows of customers before it starts."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, echo_json, json_option, plain, say_next
from gearwheel.cli.progress import progress


@click.command(cls=Verb)
@click.argument("target", metavar="FOLDER|MAPPING")
@click.option("--out", default="desk", show_default=True, metavar="FOLDER", help="Where the two files go.")
@json_option
def prepare(target: str, out: str, as_json: bool) -> None:
    """Write customers.parquet and knowledge.json from the events and the wheel of a measured business.

    Each customer's orders and claims so far, what they are expected to spend within a year and how uncertain that is;
    and what the fitted wheel says about how spending follows the experience. `desk decide` and `desk serve` take both.

    \b
    Examples:
      gearwheel desk prepare myshop --out desk
    """
    from pathlib import Path

    from gearwheel.run.desk import prepare as prepared

    with progress() as shown:
        found = prepared(target, Path(out), shown)
    if as_json:
        echo_json(vars(found))
        return
    said = [f"{found.customers:,} customers as of {found.as_of}, {found.members:,} of them members."]
    if found.value:
        span = found.value
        said.append(
            f"Expected spending within a year ({found.model}): {span['median']:,.2f} in the middle, "
            f"{span['low']:,.2f} to {span['high']:,.2f} for nine tenths of them."
        )
    for name, span in found.quantities.items():
        said.append(
            f"The wheel says of the quantity {name}, a log change of later spending: {span['median']:+.4f} "
            f"({span['low']:+.4f} to {span['high']:+.4f})."
        )
    click.echo(plain("\n".join([*said, *(f"Note: {note}." for note in found.notes), *found.files])))
    say_next("desk", "new", "policy.toml")
