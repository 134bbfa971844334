"""`gearwheel push`: the cheapest subsidies for a time that carry the wheel past critical mass."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, cache_option, echo_json, json_option, plain, say_next, seed_option, wheel_argument
from gearwheel.cli.progress import progress


@click.command(cls=Verb)
@wheel_argument
@click.option("--probability", type=float, default=0.8, show_default=True, help="In which share of draws it must work.")
@click.option("--years", type=float, help="After how long it is judged. [default: 10]")
@click.option("--lever", "levers", multiple=True, metavar="NAME", help="Push with this lever; may be repeated.")
@click.option("--most", type=float, metavar="MONEY", help="The most that it may cost on average.")
@click.option("--at", type=click.Choice(["now", "start"]), default="now", show_default=True, help="Where it begins.")
@click.option("--front", is_flag=True, help="Front-loaded: half the rate from half time on.")
@click.option("--noise", is_flag=True, help="With process noise in every run.")
@click.option("--out", metavar="DIR", help="Write the map there, as push.svg.")
@seed_option
@cache_option
@json_option
def push(
    wheel: str, probability: float, years: float | None, levers: tuple[str, ...], most: float | None, at: str,
    front: bool, noise: bool, out: str | None, seed: int, no_cache: bool, as_json: bool,
) -> None:  # fmt: skip
    """Find the cheapest push: subsidies for a time after which WHEEL goes on alone.

    A subsidy is a lever with a cost. The answer may be that none is needed, or that none suffices.

    \b
    Examples:
      gearwheel push myshop --probability 0.9
      gearwheel push shop --lever bonus --most 200000
    """
    from pathlib import Path

    from gearwheel.api import open

    model = open(wheel)
    with progress() as shown:
        fit = model.fit(seed=seed, progress=shown, cache=not no_cache)
        found = fit.push(
            probability, years=years, levers=levers or None, most=most, at=at, front=front, noise=noise, progress=shown
        )
    if out:
        from gearwheel.api import write_picture

        Path(out).mkdir(parents=True, exist_ok=True)
        write_picture(found._repr_svg_(), Path(out) / "push.svg")
    if as_json:
        echo_json({"wheel": wheel, "push": found.found})
        return
    click.echo(push_table(found.found))
    click.echo()
    click.echo(plain(str(found)))
    click.echo()
    click.echo(map_table(found.found))
    say_next("levers", wheel)


def push_table(found: dict) -> str:
    """One line a subsidy."""
    from gearwheel.cli.text import table
    from gearwheel.show.figures import amount

    rows = [(r["lever"], amount(r["from"], r["unit"]), amount(r["to"], r["unit"])) for r in found["levers"]]
    return table(("subsidy", "now", "push"), rows)


def map_table(found: dict) -> str:
    """Starts downwards from the largest, sizes of the push sideways."""
    from gearwheel.cli.text import table
    from gearwheel.show.figures import chance, number
    from gearwheel.show.words_push import sizes

    part = found["map"]
    rows = [(number(s), *map(chance, o)) for s, o in zip(reversed(part["starts"]), reversed(part["odds"]))]
    head = f"Share of draws that work, by start (times the one it has) and push ({sizes(found)}):"
    return "\n".join([head, table(("start \\ push", *map(number, part["sizes"])), rows)])
