"""A parameter is either a finite number or a belief, not both and not neither."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import problem

CODE = "GW212"


def check(wheel: Wheel) -> Iterator[Problem]:
    for name, parameter in wheel.parameter.items():
        if (parameter.value is None) == (parameter.belief is None):
            both = "a value and a belief" if parameter.belief else "neither a value nor a belief"
            hint = "A value is certain; a belief is a range to be learnt from data. Give one of them."
            yield problem(wheel, CODE, "parameter", name, f"parameter '{name}' has {both}", hint)
        elif parameter.value is not None and not math.isfinite(parameter.value):
            yield problem(wheel, CODE, "parameter", name, f"parameter '{name}' is {parameter.value}, not a number")
