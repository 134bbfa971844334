"""The command line. Nothing heavy is imported here or in the verbs, so that help appears at once."""

from __future__ import annotations

import click

from gearwheel.cli.check import check
from gearwheel.cli.desk import desk
from gearwheel.cli.draw import draw
from gearwheel.cli.export import export
from gearwheel.cli.fit import fit
from gearwheel.cli.frame import InOrder
from gearwheel.cli.levers import levers
from gearwheel.cli.loops import loops
from gearwheel.cli.measure import measure
from gearwheel.cli.new import new
from gearwheel.cli.plan import plan
from gearwheel.cli.plant import plant
from gearwheel.cli.push import push
from gearwheel.cli.report import report
from gearwheel.cli.run import run
from gearwheel.cli.spin import spin
from gearwheel.cli.terms import terms


def _version(context: click.Context, _, wanted: bool) -> None:
    if wanted:
        import gearwheel

        click.echo(f"gearwheel {gearwheel.__version__}")
        context.exit()


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def main() -> None:
    """Gearwheel: a business flywheel as a working system.

    A WHEEL is the name of a bundled wheel (amazon, shop) or the path of a wheel.toml. Each verb prints what to do next;
    exit codes are 0 for success, 1 for a problem in the model or the data, 2 for misuse, 130 when stopped.

    \b
    Examples:
      gearwheel run amazon             from the record to a report
      gearwheel new bakery             a wheel of your own
      gearwheel new myshop --data exports/   the same, measured from your events
      gearwheel spin shop --years 3    what the beliefs imply, at once
    """


for _verb in (run, new, measure, check, draw, spin, fit, loops, levers, terms, plan, push, desk, report, export, plant):
    main.add_command(_verb)
