"""A causal claim without its reason cannot be argued with."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import warning

CODE = "GW304"


def check(wheel: Wheel) -> Iterator[Problem]:
    for name, link in wheel.link.items():
        if not link.because.strip():
            message = f"link '{name}' ({link.cause} -> {link.effect}) gives no reason"
            yield warning(wheel, CODE, "link", name, message, 'Add because = "…": a source, or "by definition".')
