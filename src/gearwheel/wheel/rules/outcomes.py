"""An outcome to report must be a variable of the wheel."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.lines import Lines
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import suggest

CODE = "GW224"


def check(wheel: Wheel) -> Iterator[Problem]:
    for name in wheel.outcomes:
        if name not in wheel.variables():
            line = Lines(wheel.text).of("wheel", "outcomes") if wheel.text else 0
            message = f"the outcome '{name}' is no variable of the wheel"
            yield Problem(CODE, message, wheel.file, line, suggest(name, wheel.variables()))
