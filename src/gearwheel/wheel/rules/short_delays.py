"""A delay or smooth whose stages are shorter than the time step cannot be followed: it runs with fewer, or lasts longer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gearwheel.wheel.constants import constant, lowest_of
from gearwheel.wheel.errors import Problem
from gearwheel.wheel.forms import forms
from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules import time_step
from gearwheel.wheel.rules.helpers import warning
from gearwheel.wheel.tree import BARE_DT, Call, Name, Number, Tree, walk

CODE = "GW307"


def check(wheel: Wheel) -> Iterator[Problem]:
    if any(time_step.check(wheel)):
        return
    remembering = "|".join(name for name, form in forms().items() if form.stages)
    seen = set()
    for hidden, stock in wheel.stock.items():
        made = re.match(rf"(.+)__({remembering})(\d+)_", hidden)
        if stock.note != "hidden" or not made or made[0] in seen:
            continue
        seen.add(made[0])
        tau, stages = _time(parse_name(wheel.flow[stock.outflows[0]].equation))
        centre, lowest = constant(tau, wheel), constant(tau, wheel, lowest_of)
        if centre is None or not min(centre, lowest) < forms()[made[2]].stages * wheel.dt * (1 - 1e-9):
            continue
        yield warning(wheel, CODE, "stock", hidden, *_words(wheel, made[1], made[2], centre, lowest, stages))


def _time(tree: Tree) -> tuple[Tree, int]:
    """The time constant and the number of stages in what drains a hidden stock; see `forms.expand`."""
    for node in walk(tree):
        if isinstance(node, Call) and node.fn == "max" and Name(BARE_DT) in walk(node.args[1]):
            return node.args[0], next(int(n.value) for n in walk(node.args[1]) if isinstance(n, Number))
    raise ValueError("a hidden stock has a time constant")


def _words(wheel: Wheel, owner: str, form: str, centre: float, lowest: float, stages: int) -> tuple[str, str]:
    wanted, unit = forms()[form].stages, wheel.unit
    shortest, longest = min(centre, lowest), stages * wheel.dt
    several = f"{wanted} stages, each" if wanted > 1 else "one stage,"
    message = f"{form} in '{owner}' lasts {centre:g} {unit}"
    if lowest < centre:
        message += f" and by its belief as little as {lowest:g}"
    message += f"; it has {several} at least one time step of {wheel.dt:g} {unit} long"
    effects = [f"it runs with {stages} of them"] if stages < wanted else []
    effects += [f"where it is shorter than {longest:g} {unit} it lasts that long"] if shortest < longest else []
    hint = (
        f"So {' and '.join(effects)}. Take dt = {shortest / wanted:g} or less"
        if shortest > 0
        else "Give it a time above 0"
    )
    return message, hint + (", or delay1 or smth1." if wanted > 1 else ".")
