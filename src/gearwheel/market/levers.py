"""What the business sets, by date: piecewise constant paths of price, delivery, promise, advertising, take, fee, demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from gearwheel.market.settings import Market

Path = Sequence[tuple[int | date, float]]  # (day from the start or date, value from then on), in order

LEVERS = ("price", "delivery", "promise", "advertising", "take", "fee", "demand")


def resting(settings: Market) -> dict[str, float]:
    """The value of each lever that nobody moves; price and demand are relative to the start."""
    return {name: 1.0 if name in ("price", "demand") else float(getattr(settings, name)) for name in LEVERS}


def daily(settings: Market, paths: Mapping[str, Path], days: int) -> dict[str, np.ndarray]:
    """Every lever on every day, each (days,). Raises ValueError for unknown levers and values that are not positive."""
    unknown = sorted(set(paths) - set(LEVERS))
    if unknown:
        raise ValueError(f"unknown lever {unknown[0]!r}; the levers are {', '.join(LEVERS)}")
    found = {name: np.full(days, value) for name, value in resting(settings).items()}
    for name, path in paths.items():
        for when, value in sorted(((day_of(settings, w), v) for w, v in path), key=lambda step: step[0]):
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"lever {name!r} must stay positive, not {value}")
            found[name][max(when, 0) :] = value
    return found


def day_of(settings: Market, when: int | date) -> int:
    """Days from the start of the market."""
    return (when - settings.start).days if isinstance(when, date) else int(when)
