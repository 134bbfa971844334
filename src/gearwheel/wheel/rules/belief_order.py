"""A belief is an 80 % range around its centre; out of order, not finite or of no known shape it is no belief."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import problem

CODE = "GW211"


def check(wheel: Wheel) -> Iterator[Problem]:
    for name, parameter in wheel.parameter.items():
        belief = parameter.belief or parameter.unsure
        if parameter.belief and parameter.unsure:
            hint = "A belief is drawn in any case: leave `unsure` away."
            yield problem(wheel, CODE, "parameter", name, f"'{name}' carries a belief and is unsure as well", hint)
        if belief is None:
            continue
        shown = f"{belief.low:g}, {belief.centre:g}, {belief.high:g}"
        if belief.shape not in ("normal", "lognormal"):
            message = f"the belief about '{name}' has the shape '{belief.shape}'"
            yield problem(wheel, CODE, "parameter", name, message, "One of normal, lognormal.")
        if not all(math.isfinite(v) for v in (belief.low, belief.centre, belief.high)):
            yield problem(wheel, CODE, "parameter", name, f"the belief about '{name}' is not finite: {shown}")
        elif not belief.low < belief.centre < belief.high:
            message = f"the belief about '{name}' is out of order: {shown}"
            yield problem(
                wheel, CODE, "parameter", name, message, "low < centre < high, 80 % sure that it lies between."
            )
        elif belief.shape == "lognormal" and belief.low <= 0:
            message = f"the belief about '{name}' is lognormal and reaches {belief.low:g}"
            yield problem(wheel, CODE, "parameter", name, message, 'Keep it above 0, or leave shape = "normal".')
