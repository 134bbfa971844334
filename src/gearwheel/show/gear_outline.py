"""Outlines of real gears: involute teeth with a 20° pressure angle, so that two outlines of one module do mesh."""

from __future__ import annotations

import math

PRESSURE = math.radians(20)
ADDENDUM, DEDENDUM = 0.75, 0.95  # in modules
Point = tuple[float, float]


def _involute(angle: float) -> float:
    return math.tan(angle) - angle


def teeth_outline(x: float, y: float, teeth: int, module: float, turn: float, relief: float = 0.93) -> list[Point]:
    """The closed outline of a gear with its middle at (x, y) and the middle of one tooth at angle `turn` (radians).

    Pitch radius = module · teeth / 2; the teeth are short stubs, which are calmer to look at. `relief` thins each
    tooth a little, as a real gear's backlash does. Flanks below the base circle run straight to the root.
    """
    pitch = module * teeth / 2
    base, root, tip = pitch * math.cos(PRESSURE), pitch - DEDENDUM * module, pitch + ADDENDUM * module
    half = relief * math.pi / (2 * teeth)
    flank_start = max(root, base)
    radii = [flank_start + (tip - flank_start) * i / 4 for i in range(5)]

    def half_angle(radius: float) -> float:
        return half + _involute(PRESSURE) - _involute(math.acos(min(1.0, base / radius)))

    rising = [(root, half_angle(flank_start))] if root < base else []
    rising += [(radius, half_angle(radius)) for radius in radii]
    outline = []
    for k in range(teeth):
        centre = turn + 2 * math.pi * k / teeth
        for side, flank in ((-1, rising), (1, rising[::-1])):
            for radius, offset in flank:
                a = centre + side * offset
                outline.append((x + radius * math.cos(a), y + radius * math.sin(a)))
    return outline


def meshing_turn(own_turn: float, own_teeth: int, other_teeth: int, contact: float) -> float:
    """How far the other gear must be turned so that its gap meets this gear's tooth at the contact angle.

    `contact` is the direction (radians) from this gear's middle to the other's.
    """
    phase = (contact - own_turn) * own_teeth / (2 * math.pi)  # in teeth past a tooth's middle
    pitch_other = 2 * math.pi / other_teeth
    return contact + math.pi + pitch_other * (phase % 1.0) + pitch_other / 2
