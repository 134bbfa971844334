"""The barrier as a number: the rival's price cut that halves the wheel's size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gearwheel.loops.anchors import interval
from gearwheel.spin.levers import Path, value_at
from gearwheel.spin.program import Program
from gearwheel.spin.run import spin
from gearwheel.wheel.times import per_year

DEEPEST = 0.99
HALVINGS = 16


def barrier(
    program: Program,
    state: np.ndarray,
    parameters: Mapping[str, np.ndarray | float],
    rival: str,
    *,
    start: float = 0.0,
    years: float = 2.0,
    without: Sequence[str] = (),
    paths: Mapping[str, Path] | None = None,
    frozen: float | None = None,
) -> np.ndarray:
    """The share by which the parameter `rival` must fall from `start` on so that `size` falls to half of what it was
    then within `years`, shape (draws,), noise off.

    0 where it halves without any cut, NaN where no cut up to 99 % does it. `without` names parameters set to their
    neutral 0 first: the strengths of habit, for the barrier without it. The answer is found by bisection, so it takes
    for granted that a deeper cut never helps.
    """
    size = program.stocks.index(program.wheel.size)
    state = np.atleast_2d(np.asarray(state, float))
    draws = max([len(state), *(len(v) for v in parameters.values() if np.ndim(v))])
    state = np.broadcast_to(state, (draws, state.shape[1]))
    steps = max(1, round(years * per_year(program.wheel) / program.wheel.dt))
    paths = dict(paths or {})
    given = {**program.centre(), **parameters, **dict.fromkeys(without, 0.0)}
    price = np.broadcast_to(np.asarray(value_at(paths.pop(rival, ()), start, given[rival]), float), (draws,))
    for name in without:
        paths.pop(name, None)

    def halves(cut: np.ndarray) -> np.ndarray:
        changed = {**given, rival: price * (1 - cut)}
        run = spin(
            program, changed, steps, start=start, state=state, paths=paths, keep=[program.wheel.size], frozen=frozen
        )
        path = np.where(np.isfinite(run.values[program.wheel.size]), run.values[program.wheel.size], np.inf)
        return path.min(axis=1) <= state[:, size] / 2

    low, high = np.zeros(draws), np.full(draws, DEEPEST)
    at_once, ever = halves(low), halves(high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        there = halves(middle)
        high, low = np.where(there, middle, high), np.where(there, low, middle)
    return np.where(at_once, 0.0, np.where(ever, high, np.nan))


def barrier_summary(cut: np.ndarray) -> dict:
    """Interval over all draws, with "more than 99 %" counted as 1, and the share of draws in which no cut suffices."""
    found = interval(np.where(np.isfinite(cut), cut, 1.0)) or {}
    return {**found, "no cut suffices": float(np.mean(~np.isfinite(cut)))}
