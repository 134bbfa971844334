"""A link's claim must be one that data could contradict: a polarity that exists, a band and a neutral value."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import problem

CODE = "GW215"


def check(wheel: Wheel) -> Iterator[Problem]:
    edges: dict[tuple[str, str, str], str] = {}
    for name, link in wheel.link.items():
        if link.polarity not in ("+", "-", "open"):
            message = f"link '{name}' has the polarity '{link.polarity}'"
            yield problem(wheel, CODE, "link", name, message, 'One of "+", "-", "open".')
        if not math.isfinite(link.no_effect_band) or link.no_effect_band < 0:
            message = f"link '{name}' has a no_effect_band of {link.no_effect_band:g}"
            hint = "Strengths within ± this have no practical effect; it is 0 or more."
            yield problem(wheel, CODE, "link", name, message, hint)
        if not math.isfinite(link.neutral):
            yield problem(wheel, CODE, "link", name, f"the neutral value of link '{name}' is not finite")
        twin = edges.setdefault((link.cause, link.effect, link.strength), name)
        if twin != name:
            message = f"links '{twin}' and '{name}' claim the same: {link.cause} -> {link.effect}"
            yield problem(wheel, CODE, "link", name, message, "Keep one of them.")
