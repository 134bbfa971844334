"""One name, one thing: a name given twice, or one that the equations reserve, would hide another value."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import place_of, problem
from gearwheel.wheel.tree import BUILT_IN_NAMES

CODE = "GW221"
RESERVED = BUILT_IN_NAMES | {"and", "or", "not"}


def check(wheel: Wheel) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for kind in ("stock", "flow", "aux", "parameter", "lookup"):
        for name in getattr(wheel, kind):
            if name.rpartition(".")[2] in RESERVED:
                message = f"'{name}' cannot be the name of a {kind}: equations have a meaning for it"
                yield problem(wheel, CODE, kind, name, message, "Choose another name.")
            twin = first.setdefault(name, kind)
            if twin != kind:
                place = place_of(wheel, twin, name)
                message = f"'{name}' names two things: {twin} and {kind}"
                hint = f"The {twin} stands in line {place.line}; rename one of them." if place.line else "Rename one."
                yield problem(wheel, CODE, kind, name, message, hint)
