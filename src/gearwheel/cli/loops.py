"""`gearwheel loops`: which loops turn the wheel, how strongly and how fast."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, cache_option, echo_json, json_option, plain, say_next, seed_option, wheel_argument
from gearwheel.cli.progress import progress


@click.command(cls=Verb)
@wheel_argument
@seed_option
@cache_option
@json_option
def loops(wheel: str, seed: int, no_cache: bool, as_json: bool) -> None:
    """Find the loops of WHEEL and print polarity, gain, pace, delay and share of change of the named ones.

    Below them stand the speed of the wheel, the push that a young wheel needs, and the barrier against a rival.

    \b
    Example:
      gearwheel loops amazon
    """
    from gearwheel.api import open
    from gearwheel.run import graph_of
    from gearwheel.show import words
    from gearwheel.spin.size import refuse_loops

    model = open(wheel)
    refuse_loops(model.wheel)
    with progress() as shown:
        found = model.fit(seed=seed, progress=shown, cache=not no_cache).loops(progress=shown).found
    if as_json:
        echo_json({"wheel": wheel, **found})
        return
    about = {"name": model.wheel.name, "size": model.wheel.size, "unit": model.wheel.unit}
    results = {"wheel": about, "graph": graph_of(model.wheel), **found}
    click.echo(loop_table(found["loops"], model.wheel.unit))
    click.echo()
    for sentence in (words.loops, words.speed, words.feedback, words.critical_mass, words.barrier):
        click.echo(plain(sentence(results)))
    outcome = next(iter(model.wheel.outcomes), model.wheel.size)
    say_next(*(("levers", wheel, "--outcome", outcome) if model.wheel.lever and outcome else ("spin", wheel)))


def loop_table(loops: list[dict], unit: str) -> str:
    """One line a loop; medians, with the 90 % range of the gain and of the mean share over time. `unit` is the wheel's
    time unit."""
    from gearwheel.cli.text import spanned, table
    from gearwheel.show.figures import number
    from gearwheel.show.values import real

    rows = [
        (
            loop["name"],
            loop["title"],
            loop["polarity"],
            *spanned(loop.get("gain")),
            *(number(real((loop.get(key) or {}).get("median"))) if loop.get(key) else "–" for key in ("pace", "delay")),
            *spanned(loop.get("share")),
            spanned(loop.get("share_now"))[0],
        )
        for loop in loops
    ]
    head = (
        "loop",
        "title",
        "sign",
        "gain",
        "90 %",
        f"pace per {unit}",
        f"delay, {unit}s",
        "share, mean",
        "90 %",
        "now",
    )
    return table(head, rows, left=3)
