"""`gearwheel desk`: everyday decisions behind a policy of one's own."""

from __future__ import annotations

import click

from gearwheel.cli.desk_decide import decide
from gearwheel.cli.desk_learn import evaluate, learn
from gearwheel.cli.desk_policy import check, new
from gearwheel.cli.desk_prepare import prepare
from gearwheel.cli.desk_serve import replay, serve
from gearwheel.cli.frame import InOrder


@click.group(cls=InOrder)
def desk() -> None:
    """Decide returns and other everyday requests behind a policy that you wrote.

    The answer of the least expected cost is taken among those that the policy leaves open; every decision is logged
    so that it can be replayed, and a small share is drawn by lot so that the effects of answers are learned.

    \b
    Examples:
      gearwheel desk new policy.toml
      gearwheel desk check policy.toml --requests last-month.parquet
      gearwheel desk decide last-month.parquet --policy policy.toml --out decisions.parquet
    """


for _verb in (new, check, prepare, decide, serve, replay, learn, evaluate):
    desk.add_command(_verb)
