"""`gearwheel draw`: the wheel as a picture."""

from __future__ import annotations

import click

from gearwheel.cli.frame import Verb, echo_json, json_option, outputs, say_next, wheel_argument


@click.command(cls=Verb)
@wheel_argument
@click.option("--out", metavar="FILE", help="Where to: .svg or .png. [default: gearwheel-out/NAME/drawing.svg]")
@click.option("--dark", is_flag=True, help="Light lines on a dark ground.")
@json_option
def draw(wheel: str, out: str | None, dark: bool, as_json: bool) -> None:
    """Draw WHEEL: its gears meshed, its links signed, its loops named.

    \b
    Examples:
      gearwheel draw amazon
      gearwheel draw shop --out shop.png --dark
    """
    from gearwheel.api import open

    model = open(wheel)
    out = out or f"{outputs(model.written.name)}/drawing.svg"
    model.draw(out, dark=dark)
    if as_json:
        echo_json({"wheel": wheel, "picture": out})
    else:
        click.echo(out)
        say_next("spin", wheel)
