"""Evidence without its source cannot be argued with, and a source that is a belief already would count twice."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import warning

CODE = "GW306"


def check(wheel: Wheel) -> Iterator[Problem]:
    for name, evidence in wheel.evidence.items():
        because = evidence.because.strip()
        parameter = wheel.parameter.get(evidence.of)
        if not because:
            hint = 'Add because = "…": who measured it, and how.'
            yield warning(wheel, CODE, "evidence", name, f"evidence '{name}' gives no source", hint)
        elif parameter and parameter.because.strip() == because:
            message = f"evidence '{name}' has the source of the belief about '{evidence.of}'"
            hint = "A published effect is belief or evidence, never both; otherwise it counts twice."
            yield warning(wheel, CODE, "evidence", name, message, hint)
