"""`size` must name a stock: growth, speed and critical mass are judged by it."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.lines import Lines
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import suggest

CODE = "GW209"


def check(wheel: Wheel) -> Iterator[Problem]:
    if wheel.size and wheel.size not in wheel.stock:
        other = "is not a stock" if wheel.size in wheel.variables() else "does not exist"
        line = Lines(wheel.text).of("wheel", "size") if wheel.text else 0
        message = f"the wheel's size is '{wheel.size}', which {other}"
        yield Problem(CODE, message, wheel.file, line, suggest(wheel.size, wheel.stock))
