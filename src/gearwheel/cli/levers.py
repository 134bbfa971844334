"""`gearwheel levers`: what one step of each lever does, up and down."""

from __future__ import annotations

import math

import click

from gearwheel.cli.frame import Verb, cache_option, echo_json, json_option, plain, say_next, seed_option, wheel_argument
from gearwheel.cli.progress import progress


@click.command(cls=Verb)
@wheel_argument
@click.option("--outcome", metavar="VARIABLE", help="What to judge by. [default: the wheel's first declared outcome]")
@click.option("--years", type=float, help="After how long. [default: the wheel's horizon]")
@click.option(
    "--level",
    is_flag=True,
    help="The value at the end, instead of the sum over the time; a stock is always looked at in the end.",
)
@seed_option
@cache_option
@json_option
def levers(
    wheel: str, outcome: str | None, years: float | None, level: bool, seed: int, no_cache: bool, as_json: bool
) -> None:
    """Move each lever of WHEEL one step up and one down and print what that does to an outcome, with its 90 % range.

    A row shows the direction that helps more, and beside it the median effect the other way. `best` is the share of
    draws in which this step is the best of all.

    \b
    Example:
      gearwheel levers amazon --outcome operating_income --years 5
    """
    from gearwheel.api import open
    from gearwheel.run.chosen import outcome_of
    from gearwheel.show import words

    model = open(wheel)
    outcome = outcome_of(outcome or next(iter(model.wheel.outcomes), model.wheel.size), model.wheel)
    with progress() as shown:
        fit = model.fit(seed=seed, progress=shown, cache=not no_cache)
        found = fit.levers(outcome, years=years, how="level" if level else None).found
    if as_json:
        echo_json({"wheel": wheel, "levers": found})
        return
    results = {"wheel": {"name": model.wheel.name}, "levers": found}
    click.echo(lever_table(found))
    click.echo()
    click.echo(plain(words.levers(results)))
    say_next("spin", wheel, *_best(found))


def _best(found: dict) -> tuple[str, ...]:
    """The step that helps most, as options of `spin`."""
    known = [effect for effect in found["effects"] if effect["effect"]]
    best = max(known, key=lambda effect: effect["effect"]["median"], default=None)
    return ("--set", f"{best['lever']}={best['to']:.4g}") if best else ()


def lever_table(found: dict) -> str:
    """One line a lever, the one that helps most first."""
    from gearwheel.cli.text import spanned, table
    from gearwheel.show.figures import chance, number

    rows = [
        (
            effect["lever"],
            f"{number(effect['from'])} to {number(effect['to'])}",
            *spanned(effect["effect"]),
            spanned((effect["other"] or {}).get("effect"))[0],
            chance(effect["probability_better"]),
            chance(effect["probability_best"]),
            spanned(effect["elasticity"])[0],
            spanned(effect["per_dollar"])[0],
            ", ".join(effect["through"]),
        )
        for effect in sorted(found["effects"], key=lambda e: -e["effect"]["median"] if e["effect"] else math.inf)
    ]
    unit = f"effect, {found['unit']}" if found.get("unit") not in ("", "1", None) else "effect"
    head = ("lever", "step", unit, "90 %", "other way", "better", "best", "elasticity", "per money", "through")
    return table(head, rows, left=2)
