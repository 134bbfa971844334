"""`gearwheel plan`: the best lever paths under a budget, with their risk and what to find out first."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, cache_option, echo_json, json_option, plain, say_next, seed_option, wheel_argument
from gearwheel.cli.progress import progress


@click.command(cls=Verb)
@wheel_argument
@click.option("--outcome", metavar="VARIABLE", default="profit", show_default=True, help="What the plan is for.")
@click.option("--budget", type=float, help="The most money to spend on levers beyond today, over all the time.")
@click.option(
    "--years",
    type=float,
    help="How far ahead. [default: the wheel's horizon, at least a year; of a business's own events at least 2 years and twice its slowest loop]",
)
@click.option("--lever", "levers", multiple=True, metavar="NAME", help="Plan with this lever; may be repeated.")
@click.option(
    "--risk",
    type=click.Choice(["expected", "cvar"]),
    default="expected",
    show_default=True,
    help="What to raise: the mean, or the mean of the worst.",
)
@click.option("--at-risk", type=float, default=0.1, show_default=True, help="Share of the worst draws for cvar.")
@click.option(
    "--keep", multiple=True, metavar="CONDITION", help='Such as "costs.cash >= 0 with 0.95"; may be repeated.'
)
@click.option("--out", metavar="DIR", help="Write plan.html there.")
@seed_option
@cache_option
@json_option
def plan(
    wheel: str, outcome: str, budget: float | None, years: float | None, levers: tuple[str, ...], risk: str,
    at_risk: float, keep: tuple[str, ...], out: str | None, seed: int, no_cache: bool, as_json: bool,
) -> None:  # fmt: skip
    """Find the best paths of WHEEL's levers under a budget, compare them, and say what would change the choice.

    \b
    Examples:
      gearwheel plan myshop --outcome profit --budget 50000
      gearwheel plan shop --budget 20000 --years 2 --risk cvar --keep "costs.cash >= 0 with 0.95"
    """
    from pathlib import Path

    from gearwheel.api import open

    model = open(wheel)
    with progress() as shown:
        fit = model.fit(seed=seed, progress=shown, cache=not no_cache)
        found = fit.plan(
            outcome, budget=budget, years=years, levers=levers or None, risk=risk, at_risk=at_risk, keep=keep,
            progress=shown, cache=not no_cache,
        )  # fmt: skip
    written = found.save(Path(out) / "plan.html") if out else None
    if as_json:
        echo_json({"wheel": wheel, "plan": found.found})
        return
    click.echo(path_table(found.found))
    click.echo()
    click.echo(comparison_table(found.found))
    click.echo()
    click.echo(plain(str(found)))
    if written:
        click.echo(written)
    say_next("levers", wheel, "--outcome", found.found["outcome"])


def path_table(found: dict) -> str:
    """One line a lever that moves: where it is, and where it is at five times of the plan."""
    from gearwheel.cli.text import table
    from gearwheel.show.figures import number, year_words

    last = len(found["time"]) - 1
    at = sorted({round(last * share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)})
    rows = [(r["lever"], number(r["from"]), *_shown(r["path"], at)) for r in found["levers"] if r["moved"]]
    still = ", ".join(r["lever"] for r in found["levers"] if not r["moved"])
    told = table(("lever", "today", *(year_words(found["time"][i]) for i in at)), rows) if rows else "no lever moves"
    return f"{told}\nas they are: {plain(still)}" if still and rows else told


def comparison_table(found: dict) -> str:
    """One line a plan, on fresh draws."""
    from gearwheel.cli.text import spanned, table
    from gearwheel.show.figures import chance, number

    rows = [
        (
            one["name"],
            number(one["expected"]),
            spanned(one["outcome"])[1],
            number(one["expected_gain"], signed=True),
            spanned(one["gain"])[1],
            number(one["mean_spent"], signed=True),
            *([number(one["risk_value"])] if found["risk"] == "cvar" else []),
            "–" if one["plan_beats"] is None else chance(one["plan_beats"]),
        )
        for one in found["compared"]
    ]
    name = found["outcome"].rpartition(".")[2]
    unit = f", {found['unit']}" if found["unit"] else ""
    tail = ["worst mean"] if found["risk"] == "cvar" else []
    return table(
        (f"{name}{unit}", found["expected_by"], "90 %", "gain", "90 %", "extra spent", *tail, "plan beats it"), rows
    )


def _shown(path: list[float], at: list[int]) -> list[str]:
    """The path at these moments; what rounding has left of nothing is nothing."""
    from gearwheel.show.figures import number

    least = 1e-9 * max(map(abs, path))
    return [number(path[i] if abs(path[i]) > least else 0.0) for i in at]
