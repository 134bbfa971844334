"""What the wheel says about its barrier and its push must be there: a rival's price and strengths of habit are parameters, a push raises stocks."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.lines import Lines
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import suggest

CODE = "GW225"


def check(wheel: Wheel) -> Iterator[Problem]:
    asked = [("rival", (wheel.rival,) if wheel.rival else (), wheel.parameter, "parameter")]
    asked += [("habit", wheel.habit, wheel.parameter, "parameter"), ("push", wheel.push, wheel.stock, "stock")]
    for key, names, known, kind in asked:
        for name in names:
            if name not in known:
                line = Lines(wheel.text).of("wheel", key) if wheel.text else 0
                message = f"'{name}', named by {key}, is no {kind} of the wheel"
                yield Problem(CODE, message, wheel.file, line, suggest(name, known))
