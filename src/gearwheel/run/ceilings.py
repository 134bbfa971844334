"""Whether a forecast rises above what its gauge can be."""

from __future__ import annotations

import numpy as np

from gearwheel.wheel.parts import Gauge, Wheel


def share_above(drawn: np.ndarray, ceiling: float | None) -> list[float] | None:
    """The share of draws above the ceiling at each time, from (draws, times); None where there is no ceiling."""
    if ceiling is None or not drawn.shape[1]:
        return None
    finite = np.isfinite(drawn)
    with np.errstate(invalid="ignore"):
        above = (drawn > ceiling) & finite
    return (above.sum(axis=0) / np.maximum(finite.sum(axis=0), 1)).tolist()


def level_gauge(wheel: Wheel, variable: str) -> Gauge | None:
    """The gauge with the lowest ceiling that reads this variable as it is, so that its ceiling is the variable's."""
    reading = [g for g in wheel.gauge.values() if g.of == variable and g.measure in ("end", "mean")]
    return min((g for g in reading if g.ceiling is not None), key=lambda g: g.ceiling, default=None)
