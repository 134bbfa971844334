"""An equation cannot be read. Nothing else can be said about a wheel before this is mended."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.parse import ParseError
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import EQUATIONS, problem

CODE = "GW200"


def check(wheel: Wheel) -> Iterator[Problem]:
    for kind, fields in EQUATIONS.items():
        for name, part in getattr(wheel, kind).items():
            for field in fields:
                try:
                    parse_name(getattr(part, field))
                except ParseError as error:
                    hint = f"At character {error.position + 1} of its {field}."
                    yield problem(wheel, CODE, kind, name, f"{kind} '{name}': {error}", hint)
