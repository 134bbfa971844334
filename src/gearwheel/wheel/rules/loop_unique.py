"""A named loop should mean one path: where two are equally short, its score depends on which is taken."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from gearwheel.wheel.cycles import cycles_through
from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import warning
from gearwheel.wheel.rules.loop_stops import known_graph

CODE = "GW305"


def check(wheel: Wheel) -> Iterator[Problem]:
    variables = wheel.variables()
    whole = known_graph(wheel)
    for name, loop in wheel.loop.items():
        good = loop.through and len(set(loop.through)) == len(loop.through) and set(loop.through) <= set(variables)
        shortest = list(islice(cycles_through(whole, loop.through), 2)) if good else []
        if len(shortest) == 2 and len(shortest[0]) == len(shortest[1]):
            one, other = (next(n for n in a if n not in b) for a, b in (shortest, shortest[::-1]))
            message = f"loop '{name}' could mean two paths of the same length"
            yield warning(wheel, CODE, "loop", name, message, f"Add one more stop: '{one}' or '{other}'.")
