"""Which evidence counts: what has its numbers, or gets them from measured facts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from gearwheel.wheel.parts import Evidence, Wheel


def with_facts(wheel: Wheel, facts: Mapping[str, tuple[float, float]]) -> Wheel:
    """The wheel whose evidence has the estimate and error (standard error, not yet widened) of the fact that it names.

    Evidence without a fact, or whose fact is not among `facts`, stays as it is. Raises ValueError for a fact that is
    no number or whose error is not above 0.
    """
    for name, (estimate, error) in facts.items():
        if not (math.isfinite(estimate) and math.isfinite(error) and error > 0):
            raise ValueError(f"the fact '{name}' is {estimate} with an error of {error}")
    filled = {
        name: replace(e, estimate=float(facts[e.fact][0]), error=float(facts[e.fact][1])) if e.fact in facts else e
        for name, e in wheel.evidence.items()
    }
    return wheel.changed(evidence=filled)


def counted(wheel: Wheel) -> dict[str, Evidence]:
    """Name → evidence that has an estimate and an error."""
    return {n: e for n, e in wheel.evidence.items() if e.estimate is not None and e.error is not None}


def left_out(wheel: Wheel) -> dict[str, str]:
    """Name → why this evidence does not count."""
    return {n: f"'{e.fact}' was not measured" for n, e in wheel.evidence.items() if n not in counted(wheel)}
