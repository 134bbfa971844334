"""`gearwheel plant`: the events of a made-up marketplace whose truth is known, to learn and to test on."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, echo_json, json_option, say_next


@click.command(cls=Verb)
@click.argument("folder")
@click.option("--customers", default=4000, show_default=True, type=click.IntRange(100, 5_000_000), help="At the start.")
@click.option("--days", default=560, show_default=True, type=click.IntRange(60, 3660), help="Length of the record.")
@click.option("--seed", default=1, show_default=True, help="Seed of every random number.")
@click.option(
    "--truth", is_flag=True, help="Measure the strength of each link by rerunning days, and write truth.json."
)
@click.option(
    "--season", default=0.0, metavar="LOGS", type=click.FloatRange(0, 1), help="How far demand swings in a year."
)
@click.option(
    "--closed", multiple=True, type=(int, int), metavar="DAY DAYS", help="Closed from DAY on; repeat for more."
)
@click.option("--late-days", default=0, type=click.IntRange(0, 60), help="Last days of which rows are missing.")
@click.option(
    "--promotions", default=0.0, type=click.FloatRange(0, 1), help="Share of products on promotion in a week."
)
@click.option(
    "--supplier-step",
    multiple=True,
    type=(int, float),
    metavar="DAY FACTOR",
    help="Goods cost FACTOR times from DAY on.",
)
@json_option
def plant(
    folder: str,
    customers: int,
    days: int,
    seed: int,
    truth: bool,
    season: float,
    closed: tuple[tuple[int, int], ...],
    late_days: int,
    promotions: float,
    supplier_step: tuple[tuple[int, float], ...],
    as_json: bool,
) -> None:
    """Write the events of a made-up marketplace into FOLDER, as Parquet files in the canonical form.

    Customers, sellers, offers, members, deliveries, reviews, returns and tenants behave by planted rules while prices,
    advertising and fees change on known dates. Nothing in it is anybody's data.

    \b
    Examples:
      gearwheel plant market
      gearwheel plant market --customers 1000000 --days 730
      gearwheel plant market --season 0.3 --closed 200 7 --late-days 3 --promotions 0.05
    """
    from dataclasses import replace
    from pathlib import Path

    from gearwheel.cli.progress import progress
    from gearwheel.market.story import story
    from gearwheel.run.planting import plant_market
    from gearwheel.wheel.errors import GearwheelError

    place = Path(folder)
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise GearwheelError(f"{place} is there and not empty. Give the market a folder of its own.")
    settings, levers = story(customers)
    happens = {"season": season, "closed": closed, "late_days": late_days, "promotions": promotions}
    try:
        settings = replace(settings, **happens, supplier_steps=supplier_step)
    except ValueError as error:
        raise GearwheelError(f"{error}.") from None
    with progress() as shown:
        found = plant_market(place, settings, levers, days=days, seed=seed, measure_truth=truth, progress=shown)
    if as_json:
        echo_json(found)
        return
    for table, rows in found["rows"].items():
        click.echo(f"{table:<14}{rows:>12,}")
    for link, strength in found["truth"].items():
        click.echo(f"{link:<26}{strength['value']:>9.3f} ± {strength['se']:.3f}")
    for name, value in found["headlines"].items():
        click.echo(f"{name:<26}{value:>9.3f}")
    say_next("new", "myshop", "--data", folder, "--yes")
