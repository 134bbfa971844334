"""`gearwheel check`: every problem of a wheel and its measured series."""

from __future__ import annotations

import click

from gearwheel.cli.frame import PROBLEM, Verb, as_dict, echo_json, json_option, plain, say_next, wheel_argument


@click.command(cls=Verb)
@wheel_argument
@json_option
@click.pass_context
def check(context: click.Context, wheel: str, as_json: bool) -> None:
    """Check WHEEL: names, units, beliefs, links, loops, and its measured series.

    Errors and warnings come with file, line and a hint. The exit code is 1 when there is an error.

    \b
    Example:
      gearwheel check bakery/wheel.toml
    """
    from gearwheel.api import open
    from gearwheel.wheel.errors import ProblemsError

    size = {}
    try:
        model = open(wheel)
        problems = model.check()
    except ProblemsError as error:  # not even readable
        problems = list(error.problems)
    errors = sum(p.severity == "error" for p in problems)
    if not errors:
        size = _size(model.assembled)
    if as_json:
        echo_json({"wheel": wheel, "errors": errors, **size, "problems": [as_dict(p) for p in problems]})
    else:
        for problem in problems:
            click.echo(plain(str(problem)))
        found = f"{_counted(errors, 'error')}, {_counted(len(problems) - errors, 'warning')}"
        has = f" ({', '.join(_counted(n, what.rstrip('s')) for what, n in size.items())})" if size else ""
        click.echo(f"{wheel}: {found}{has}")
        if not errors:
            say_next("draw", wheel)
    if errors:
        context.exit(PROBLEM)


def _size(wheel) -> dict[str, int]:
    return {
        "gears": len(wheel.sentences),
        "stocks": len(wheel.stock),
        "variables": len(wheel.variables()),
        "parameters": len(wheel.parameter),
        "links": len(wheel.link),
        "loops": len(wheel.loop),
        "levers": len(wheel.lever),
        "gauges": len(wheel.gauge),
    }


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
