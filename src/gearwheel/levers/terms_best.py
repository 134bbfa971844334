"""The best setting, the break-even and the flat top of a curve that is known at some settings, draw by draw."""

from __future__ import annotations

import numpy as np

HALF = 0.5  # share of the draws from which the best is said to lie at an end
AT_END = 1e-9
LOST = 0.1  # share of draws without a finite answer from which a setting is passed over


def answered(values: np.ndarray) -> np.ndarray:
    """Which settings have an answer in nearly all draws; values (settings, draws)."""
    return np.isfinite(values).mean(axis=1) >= 1 - LOST


def best(grid: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Setting of the highest value of every draw, (draws,): the top of the parabola through the highest point and its
    neighbours (successive parabolic interpolation, Brent 1973, chapter 5), the end of the grid where it rises to there.

    Exact where the curve is quadratic. grid (settings,) rising, three or more, values (settings, draws); NaN where a draw has no value.
    """
    filled = np.where(np.isfinite(values), values, -np.inf)
    top = filled.argmax(axis=0)
    each = np.arange(values.shape[1])
    found = grid[top].astype(float)
    found[~np.isfinite(filled[top, each])] = np.nan
    middle = np.clip(top, 1, len(grid) - 2)  # at an end, the parabola of the last three may turn before it
    left, centre, right = (filled[middle + k, each] for k in (-1, 0, 1))
    before, here, after = (grid[middle + k] for k in (-1, 0, 1))
    with np.errstate(all="ignore"):
        fall, rise = (here - before) * (centre - right), (here - after) * (centre - left)
        vertex = here - 0.5 * ((here - before) * fall - (here - after) * rise) / (fall - rise)
        turns = (right - centre) / (after - here) < (centre - left) / (here - before)
    use = turns & (vertex > before) & (vertex < after) & np.isfinite(found)
    return np.where(use, vertex, found)


def open_end(grid: np.ndarray, tops: np.ndarray, setting: float) -> str | None:
    """ "low" or "high" where the best lies at that end of what was tried: in at least half of the draws (`tops`, their
    best settings) or by the mean over them (`setting`). Such an end says where the trying stopped, and is no advice."""
    share = {"low": np.mean(tops <= grid[0] + AT_END), "high": np.mean(tops >= grid[-1] - AT_END)}
    by_mean = {"low": setting <= grid[0] + AT_END, "high": setting >= grid[-1] - AT_END}
    reached = [end for end in share if share[end] >= HALF or by_mean[end]]
    return max(reached, key=lambda end: share[end], default=None)


def break_even(grid: np.ndarray, change: np.ndarray, present: float) -> np.ndarray:
    """The setting other than the present one at which a draw is as well off as now, (draws,); NaN where there is none.

    The roots of the secant slope change / (setting - present), which has no root at the present terms themselves: exact
    where the curve is quadratic. Of several the nearest to the present.
    """
    other = ~np.isclose(grid, present, rtol=1e-9, atol=1e-12)
    at = grid[other]
    with np.errstate(all="ignore"):
        slope = change[other] / (at - present)[:, None]
    found = np.full(change.shape[1], np.nan)
    for low, high, a, b in zip(at[:-1], at[1:], slope[:-1], slope[1:]):
        crosses = np.isfinite(a) & np.isfinite(b) & (a * b <= 0) & (a != b)
        with np.errstate(all="ignore"):
            root = low + (high - low) * a / (a - b)
        nearer = crosses & ~(np.abs(root - present) >= np.abs(found - present))
        found = np.where(nearer, root, found)
    return found


def value_at(grid: np.ndarray, values: np.ndarray, setting: float) -> np.ndarray:
    """The value of every draw at a setting between those of the grid, (draws,): Lagrange's parabola through the three
    nearest."""
    nearest = np.sort(np.argsort(np.abs(grid - setting), kind="stable")[:3])
    x = grid[nearest]
    weight = [np.prod([(setting - b) / (a - b) for b in x if b != a]) for a in x]
    return np.tensordot(weight, values[nearest], axes=1)


def flat_top(grid: np.ndarray, mean: np.ndarray, share: float = 0.01) -> tuple[float, float]:
    """The range of settings round the best whose expected value is within `share` of the best; mean (settings,)."""
    fine = np.union1d(np.linspace(grid[0], grid[-1], 1001), grid)
    curve = np.interp(fine, grid, mean)
    top = int(curve.argmax())
    enough = curve >= curve[top] - share * abs(curve[top])
    first = top - int(np.argmin(enough[top::-1])) + 1 if not enough[: top + 1].all() else 0
    last = top + int(np.argmin(enough[top:])) - 1 if not enough[top:].all() else len(fine) - 1
    return float(fine[first]), float(fine[last])
