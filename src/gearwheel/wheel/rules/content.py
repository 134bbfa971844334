"""A wheel without a stock, a flow or an auxiliary has nothing to compute; an empty file is one."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel

CODE = "GW231"


def check(wheel: Wheel) -> Iterator[Problem]:
    if not wheel.variables():
        hint = "Add a stock with its flows, or take in a gear; `gearwheel new` writes a wheel to begin with."
        yield Problem(CODE, "this wheel has no stock, flow or auxiliary", wheel.file, 1 if wheel.file else 0, hint)
