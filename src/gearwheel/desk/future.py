"""What a customer yet brings: expected spending, uncertain for each customer, times the margin."""

from __future__ import annotations

from functools import cache

import numpy as np

from gearwheel.desk.operation import Columns, Draws

TENTHS = 1  # digits of spreads: finer ones would set apart customers who are alike


def spread(columns: Columns) -> np.ndarray:
    """How unsure each customer's later spending is, (requests,): sd of its logarithm, 0 where its expectation (`value`) is
    not known and newcomers' spending stands in for it."""
    return np.where(np.isfinite(columns["value"]), np.round(columns["value_spread"], TENTHS), 0.0)


def left(spreads: np.ndarray, draws: Draws) -> np.ndarray:
    """Margin on what is spent, over the expectation of what is spent, (kinds, draws), for `spreads` (kinds,): lognormal
    around 1, by draws that are the same for all requests, × `margin`."""
    spreads = spreads[:, None]
    return np.exp(spreads * _standard(len(draws["margin"])) - spreads**2 / 2) * draws["margin"]


@cache
def _standard(count: int) -> np.ndarray:
    """Standard Normal draws (count,), always the same."""
    return np.random.default_rng(17).standard_normal(count)
