"""A unit that cannot be read, such as "USD per order": it could not be compared with any other."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import problem
from gearwheel.wheel.units import UnitError, parse_unit

CODE = "GW205"


def check(wheel: Wheel) -> Iterator[Problem]:
    for kind in ("stock", "flow", "aux", "parameter", "gauge"):
        for name, part in getattr(wheel, kind).items():
            try:
                parse_unit(part.unit)
            except UnitError as error:
                hint = 'Such as "USD/order", "order/(customer*week)" or "1".'
                yield problem(wheel, CODE, kind, name, f"{kind} '{name}': {error}", hint)
