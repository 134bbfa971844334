"""A belief without its reason cannot be argued with."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import warning

CODE = "GW303"


def check(wheel: Wheel) -> Iterator[Problem]:
    for name, parameter in wheel.parameter.items():
        if parameter.belief and not parameter.because.strip():
            hint = 'Add because = "…": a source, or "guess".'
            yield warning(wheel, CODE, "parameter", name, f"the belief about '{name}' gives no reason", hint)
