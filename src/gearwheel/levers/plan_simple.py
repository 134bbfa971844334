"""Plans that need no optimiser: each lever's own best, an equal split of the budget, the best lever first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gearwheel.levers.paths import Paths
from gearwheel.levers.plan_search import Found, Objectives, Scales, best_of, judge

SHARES = (-1.0, -0.5, -0.2, -0.08, 0.08, 0.2, 0.5, 1.0)  # of the room on either side that a lever is tried at
HALVINGS = 14


def equal_split(paths: Paths, scales: Scales, objectives: Objectives) -> np.ndarray | None:
    """The budget in equal parts to the levers that money can be spent on, each held from as soon as its ramp allows.

    None without a budget, or where no lever costs money.
    """
    if not np.isfinite(scales.budget) or scales.budget <= 0:
        return None

    def spending(x: np.ndarray) -> float:
        return float(objectives(x)[1] - scales.none[1])

    sides = {}
    for i in range(len(paths.tracks)):
        costs = {side: spending(_alone(paths, i, side)) for side in (-1.0, 1.0)}
        side = max(costs, key=costs.get)
        if costs[side] > 1e-6 * scales.budget:
            sides[i] = side
    if not sides:
        return None
    total = np.zeros(paths.size)
    for i, side in sides.items():
        total += _largest(lambda s, i=i, side=side: _alone(paths, i, s * side), spending, scales.budget / len(sides))
    return _largest(lambda share: share * total, spending, scales.budget)


def greedy(paths: Paths, scales: Scales, objectives: Objectives) -> tuple[Found, list[np.ndarray]]:
    """The best lever first, then the next with what is left, until none helps; every lever at a few settings.

    Beside it, what each lever does best alone, where that keeps everything.
    """
    best = judge(paths, scales, np.zeros(paths.size), scales.none)
    left, runs, alone = set(range(len(paths.tracks))), 0, []
    while left:
        tried = {i: _best_setting(paths, scales, objectives, best.x, i) for i in sorted(left)}
        runs += len(tried) * len(SHARES)
        alone = alone or [f.x for f in tried.values() if f is not None]
        lever, found = max(tried.items(), key=lambda t: -np.inf if t[1] is None else t[1].gain)
        if found is None or (best.kept and found.gain <= best.gain + 1e-12 * abs(scales.gain)):
            break
        best = found
        left.remove(lever)
    return Found(best.x, best.gain, best.kept, runs), alone


def _best_setting(paths: Paths, scales: Scales, objectives: Objectives, beside: np.ndarray, track: int) -> Found | None:
    """The best of a few settings of one lever beside a plan for the others, None where none keeps everything."""
    tried = [beside + _alone(paths, track, share) for share in SHARES]
    return best_of([judge(paths, scales, x, objectives(x)) for x in tried])


def _alone(paths: Paths, track: int, share: float) -> np.ndarray:
    shares = np.zeros(len(paths.tracks))
    shares[track] = share
    return paths.hold(shares)


def _largest(path: Callable[[float], np.ndarray], spending: Callable[[np.ndarray], float], most: float) -> np.ndarray:
    """The path of the largest share in [0, 1] that spends no more than `most`."""
    if spending(path(1.0)) <= most:
        return path(1.0)
    inside, outside = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if spending(path(middle)) <= most else (inside, middle)
    return path(inside)
