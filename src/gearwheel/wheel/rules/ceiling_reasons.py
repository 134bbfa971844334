"""A ceiling without its source cannot be argued with, and a source without a ceiling says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import warning

CODE = "GW320"


def check(wheel: Wheel) -> Iterator[Problem]:
    for name, gauge in wheel.gauge.items():
        if gauge.ceiling is not None and not gauge.ceiling_source.strip():
            hint = 'Add ceiling_source = "…": who counted, and when.'
            yield warning(wheel, CODE, "gauge", name, f"the ceiling of gauge '{name}' gives no source", hint)
        elif gauge.ceiling is None and gauge.ceiling_source.strip():
            hint = "Add ceiling = …, in the gauge's unit."
            yield warning(
                wheel, CODE, "gauge", name, f"gauge '{name}' has the source of a ceiling and no ceiling", hint
            )
