"""`gearwheel fit`: what the data say about each link."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, cache_option, echo_json, json_option, plain, say_next, seed_option, wheel_argument
from gearwheel.cli.progress import progress


@click.command(cls=Verb)
@wheel_argument
@seed_option
@cache_option
@json_option
def fit(wheel: str, seed: int, no_cache: bool, as_json: bool) -> None:
    """Fit WHEEL to its measured series and print the verdict on each link.

    A link turns, turns the other way, does not turn here, or the data cannot tell; the belief stands beside what the
    data made of it.

    \b
    Example:
      gearwheel fit amazon
    """
    from gearwheel.run import fit_wheel, open_wheel
    from gearwheel.run.parts import link_part, parameter_part
    from gearwheel.run.pipeline import fit_part
    from gearwheel.show import words, words_verdicts

    opened = open_wheel(wheel)
    with progress() as shown:
        posterior = fit_wheel(opened, seed=seed, progress=shown, cache=not no_cache)
    found = {"fit": fit_part(posterior), "parameters": parameter_part(posterior), "links": link_part(posterior)}
    if as_json:
        echo_json({"wheel": wheel, **found})
        return
    if posterior.diagnostics["method"] == "beliefs":
        click.echo(
            f"{wheel} names no record, so there is nothing to fit: {len(found['parameters'])} numbers stay on belief."
        )
        say_next("spin", wheel)
        return
    click.echo(plain(words.fit(found)))
    for sentence in words.diagnostics(found):
        click.echo(plain(sentence))
    if found["links"]:
        click.echo("\n" + verdict_table(found) + "\n")
        click.echo(plain(words.verdicts(found)))
        click.echo(plain(words_verdicts.rule(found)))
    say_next("loops", wheel)


def verdict_table(results: dict) -> str:
    """One line a link: verdict, belief, posterior, and the share of the belief's width that the data removed."""
    from gearwheel.cli.text import table
    from gearwheel.show.figures import number, percent

    rows = [
        (
            name,
            link["verdict"] + (f": {link['detail']}" if link["detail"] else ""),
            f"{number(link['belief']['low'])} to {number(link['belief']['high'])}",
            number(link["posterior"]["median"]),
            f"{number(link['posterior']['q05'])} to {number(link['posterior']['q95'])}",
            percent(link["narrowed"]),
        )
        for name, link in sorted(results["links"].items(), key=lambda item: item[1]["verdict"])
    ]
    return table(("link", "verdict", "belief, 80 %", "median", "posterior, 90 %", "width removed"), rows, left=2)
