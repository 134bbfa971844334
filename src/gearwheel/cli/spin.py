"""`gearwheel spin`: the wheel forward in time, on beliefs at once or from its fit."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, echo_json, json_option, plain, say_next, seed_option, wheel_argument

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_ROWS = 13


@click.command(cls=Verb)
@wheel_argument
@click.option("--years", type=float, help="How far. [default: the wheel's horizon]")
@click.option("--set", "settings", multiple=True, metavar="LEVER=VALUE", help="Set a lever; may be repeated.")
@click.option("--show", "shown", multiple=True, metavar="VARIABLE", help="What to print; may be repeated.")
@click.option("--beliefs", is_flag=True, help="On beliefs from the wheel's start, even where a fit is at hand.")
@click.option("--draws", type=click.IntRange(1, 100_000), default=400, show_default=True, help="How many futures.")
@click.option("--no-noise", is_flag=True, help="Without the unexplained movement of the stocks.")
@seed_option
@json_option
def spin(
    wheel: str,
    years: float | None,
    settings: tuple[str, ...],
    shown: tuple[str, ...],
    beliefs: bool,
    draws: int,
    no_noise: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Spin WHEEL forward and print what comes out, year by year.

    Where `gearwheel fit` has left a posterior, the wheel spins on from the end of its data. Without one, or with
    --beliefs, it spins from its start on beliefs alone.

    \b
    Examples:
      gearwheel spin shop --years 3
      gearwheel spin shop --set advertising=0.08 --show customers --show cash
    """
    from gearwheel.api import open
    from gearwheel.run.chosen import variable
    from gearwheel.show.words_ceiling import below_zero

    model = open(wheel)
    levers = dict(_setting(text, model.wheel) for text in settings)
    names = [variable(name, model.wheel) for name in shown]
    fitted = None if beliefs else _fitted(model, seed)
    runs = (fitted or model).spin(years, levers, draws=draws, noise=not no_noise, seed=seed)
    names = names or list(runs.headline())
    rows = _moments(runs)
    if as_json:
        echo_json(_data(wheel, runs, names))
        return
    first, last = runs.dates[0].year, runs.dates[-1].year
    known = f" from {fitted.states} states of the fit" if fitted and fitted.states < draws else ""
    count = f"{len(runs.ensemble.states):,} draws{known}"
    click.echo(plain(f"{model.written.name} on {_grounds(runs, model)}, {count}, {first} to {last}"))
    if runs.lost:
        click.echo(_lost(runs))
    for stock, share in runs.below_zero.items():
        click.echo(plain(below_zero(stock, share)))
    for name in names:
        click.echo(plain(f"\n{name}{_unit(runs, name)}"))
        click.echo(_table(runs, name, rows))
        if impossible := runs.impossible(name):
            click.echo(plain(impossible))
    say_next(*(("levers", wheel) if fitted else ("run", wheel)))


def _setting(text: str, wheel) -> tuple[str, float]:
    from gearwheel.wheel.errors import GearwheelError

    name, sign, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        known = ", ".join(sorted(n.rsplit(".", 1)[-1] for n in wheel.lever)) or "none"
        missing = "a number after the =" if sign else "an = and a number"
        raise GearwheelError(f"--set {text}: {missing} is missing. The levers are: {known}.") from None


def _fitted(model, seed: int):
    """The fit that an earlier verb has left in the cache, None where there is none."""
    from gearwheel.api import stored_fit

    return stored_fit(model, seed=seed)


def _grounds(runs, model) -> str:
    if runs.on == "fit":
        return "its fit"
    return "beliefs" if not model.wheel.measured else "beliefs alone (not yet fitted)"


def _moments(runs) -> list[int]:
    """Row indices: whole years from the start where there are few, else evenly spread."""
    import numpy as np

    years = np.array(runs.years)
    whole = [int(np.argmin(np.abs(years - y))) for y in np.arange(years[0], years[-1] + 1e-6, 1.0)]
    if 3 <= len(whole) <= MOST_ROWS:
        return whole if whole[-1] == len(years) - 1 else [*whole, len(years) - 1]
    return sorted({int(round(i)) for i in np.linspace(0, len(years) - 1, min(MOST_ROWS, len(years)))})


def _table(runs, name: str, rows: list[int]) -> str:
    from gearwheel.cli.text import table
    from gearwheel.show.figures import number

    quantiles = runs.quantiles(name, LEVELS)
    by_month = runs.wheel.unit in ("year", "quarter", "month")
    dates = [str(d)[:7] if by_month else str(d) for d in runs.dates]
    head = ["date", *("median" if q == 0.5 else f"{100 * q:g} %" for q in LEVELS)]
    return table(head, [[dates[i], *(number(float(x)) for x in quantiles[:, i])] for i in rows])


def _unit(runs, name: str) -> str:
    from gearwheel.api import unit_text

    unit = unit_text(runs.wheel.variables()[name].unit, runs.wheel)
    return f", {unit}" if unit not in ("", "1") else ""


def _lost(runs) -> str:
    some = "; ".join(f"draw {d}: {where}" for d, where in list(runs.lost.items())[:3])
    return f"draws that left the finite numbers and are not counted: {len(runs.lost)} ({some}{' …' * (len(runs.lost) > 3)})"


def _data(wheel: str, runs, names: list[str]) -> dict:
    columns = [f"q{round(100 * q):02d}" for q in LEVELS]
    return {
        "wheel": wheel,
        "on": runs.on,
        "draws": len(runs.ensemble.states),
        "lost": {str(draw): where for draw, where in runs.lost.items()},
        "below_zero": runs.below_zero,
        "time": runs.years,
        "variables": {
            name: {"unit": runs.wheel.variables()[name].unit, **dict(zip(columns, runs.quantiles(name, LEVELS)))}
            | ({"ceiling": beyond} if (beyond := runs.above_ceiling(name)) else {})
            for name in names
        },
    }
