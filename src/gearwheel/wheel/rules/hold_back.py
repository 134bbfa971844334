"""The backtest cuts the record once: at a date, or so many periods before its end."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.lines import Lines
from gearwheel.wheel.parts import Wheel

CODE = "GW228"


def check(wheel: Wheel) -> Iterator[Problem]:
    line = Lines(wheel.text).of("wheel", "hold_back") if wheel.text else 0
    if wheel.hold_back < 0:
        hint = "A whole number of periods; leave it out for about a fifth of the record."
        yield Problem(CODE, f"the backtest cannot keep back {wheel.hold_back} periods", wheel.file, line, hint)
    elif wheel.hold_back and wheel.split:
        yield Problem(CODE, "the wheel has both split and hold_back", wheel.file, line, "Keep one of them.")
