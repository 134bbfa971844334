"""`gearwheel levers`: what one step of each lever does, up and down."""

from __future__ import annotations

import math
from collections.abc import Mapping

import click

from gearwheel.cli.frame import Verb, cache_option, echo_json, json_option, plain, say_next, seed_option, wheel_argument
from gearwheel.cli.progress import progress


@click.command(cls=Verb)
@wheel_argument
@click.option("--outcome", metavar="VARIABLE", help="What to judge by. [default: the wheel's first declared outcome]")
@click.option(
    "--years",
    type=float,
    help="After how long. [default: the wheel's horizon; of a business's own events at least 2 years and twice its slowest loop]",
)
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
    draws in which this step is the best of all, `on priors` the share of the effect that rests on beliefs which the
    data did not move, and the last stock is the wheel's size at the end beside that without the step.

    \b
    Example:
      gearwheel levers amazon --outcome operating_income --years 5
    """
    from gearwheel.api import open
    from gearwheel.run.chosen import judged_by
    from gearwheel.show import words

    model = open(wheel)
    outcome = judged_by(model.wheel, outcome)
    with progress() as shown:
        fit = model.fit(seed=seed, progress=shown, cache=not no_cache)
        found = fit.levers(outcome, years=years, how="level" if level else None).found
    if as_json:
        echo_json({"wheel": wheel, "levers": found})
        return
    results = {"wheel": {"name": model.wheel.name, "unit": model.wheel.unit}, "levers": found}
    click.echo(lever_table(found))
    click.echo()
    click.echo(plain(words.levers(results)))
    say_next("spin", wheel, *_best(found, model.wheel.lever))


def _best(found: dict, levers: Mapping) -> tuple[str, ...]:
    """The step that helps most, as options of `spin`: rounded, but not beyond the limits, which `spin` would refuse."""
    known = [effect for effect in found["effects"] if effect["effect"]]
    best = max(known, key=lambda effect: effect["effect"]["median"], default=None)
    if best is None:
        return ()
    low, high = levers[best["lever"]].limits
    rounded = f"{best['to']:.4g}"
    inside = min(max(float(rounded), low), high)
    return ("--set", f"{best['lever']}={rounded if inside == float(rounded) else repr(inside)}")


def lever_table(found: dict) -> str:
    """One line a lever, the one that helps most first."""
    from gearwheel.cli.text import spanned, table
    from gearwheel.show.figures import chance, number, percent

    rows = [
        (
            effect["lever"],
            f"{number(effect['from'])} to {number(effect['to'])}",
            *spanned(effect["effect"]),
            spanned((effect["other"] or {}).get("effect"))[0],
            chance(effect["probability_better"]),
            chance(effect["probability_best"]),
            "–" if effect["belief_share"] is None else percent(effect["belief_share"]),
            _at_end(effect["size"]),
            spanned(effect["elasticity"])[0],
            spanned(effect["per_dollar"])[0],
            ", ".join(effect["through"]),
        )
        for effect in sorted(found["effects"], key=lambda e: -e["effect"]["median"] if e["effect"] else math.inf)
    ]
    unit = f"effect, {found['unit']}" if found.get("unit") not in ("", "1", None) else "effect"
    size = next((effect["size"]["name"] for effect in found["effects"] if effect["size"]), "")
    at_end = f"{size.rpartition('.')[2] or 'size'} at end"
    head = (
        "lever",
        "step",
        unit,
        "90 %",
        "other way",
        "better",
        "best",
        "on priors",
        at_end,
        "elasticity",
        "per money",
    )
    return table((*head, "through"), rows, left=2)


def _at_end(size: dict | None) -> str:
    from gearwheel.show.figures import percent

    return percent(size["change"]["median"], signed=True) if size and size["change"] else "–"
