"""What a customer yet brings: expected spending, uncertain for each customer, times the margin."""

from __future__ import annotations

from functools import cache

import numpy as np

from gearwheel.desk.operation import Columns, Draws


def brings(columns: Columns, draws: Draws) -> np.ndarray:
    """Margin on what each customer will yet spend, (requests, draws), money.

    `columns`: value (expected spending of a year, NaN where nothing is known) and value_spread (sd of its logarithm),
    each (requests,); `draws`: margin and newcomer_value. The spread is lognormal around the expectation, and its
    draws are the same for all requests.
    """
    known = np.isfinite(columns["value"])
    spread = np.where(known, columns["value_spread"], 0.0)[:, None]
    if not known.any():
        return np.broadcast_to(draws["newcomer_value"] * draws["margin"], (len(known), len(draws["margin"])))
    z = _standard(len(draws["margin"]))
    value = np.where(known, columns["value"], 1.0)[:, None] * np.exp(spread * z - spread**2 / 2)
    return value * np.where(known[:, None], 1.0, draws["newcomer_value"]) * draws["margin"]


@cache
def _standard(count: int) -> np.ndarray:
    """Standard Normal draws (count,), always the same."""
    return np.random.default_rng(17).standard_normal(count)
