"""A push in numbers: when it can stop, how fast the wheel turns before, during and after, and the map of start × push."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gearwheel.levers.push import Task, at_start, push
from gearwheel.loops.anchors import Anchors
from gearwheel.loops.mass import masses
from gearwheel.loops.speed import speed
from gearwheel.wheel.times import per_year

STOPS = 32  # stop times looked at in each of two rounds


@dataclass(frozen=True)
class Earliest:
    """Per draw: the first stop (time units after the start) from which on the wheel goes on alone, NaN where it does
    at none of the stops looked at, and the money spent until then."""

    stop: np.ndarray
    cost: np.ndarray


def earliest_stop(task: Task, amounts: np.ndarray, longest: int) -> Earliest:
    """When the push `amounts` (k,) may end, at the latest after `longest` time steps; to one time step."""
    draws = task.draws
    low, high = np.zeros(draws), np.full(draws, float(longest))
    while True:
        grid = np.unique(np.round(np.linspace(0, 1, STOPS + 1)[:, None] * (high - low) + low).astype(int), axis=0)
        tried = push(task, np.repeat(amounts[None], len(grid), axis=0), grid)
        # the first stop from which on every later one works too
        lasting = np.flip(np.logical_and.accumulate(np.flip(tried.works, 0), axis=0), 0)
        known = lasting.any(axis=0)
        first = np.argmax(lasting, axis=0)
        at = (np.arange(draws),)
        stop, cost = grid[first, *at], tried.cost[first, *at]
        width = int(np.max(stop - grid[np.maximum(first - 1, 0), *at]))
        if width <= 1 or not known.any():
            break
        low, high = grid[np.maximum(first - 1, 0), *at].astype(float), stop.astype(float)
        low, high = np.where(known, low, longest), np.where(known, high, longest)
    dt = task.program.wheel.dt
    return Earliest(np.where(known, stop * dt, np.nan), np.where(known, cost, np.nan))


def speeds(task: Task, amounts: np.ndarray, stop: int) -> dict[str, np.ndarray]:
    """Wheel speed per year with the push off, (draws,), "before" it, at its "stop" and "after" it, half way from the
    stop to the horizon; "during" is the growth of the size with the push on."""
    program, wheel = task.program, task.program.wheel
    size = program.stocks.index(wheel.size)
    middle = (stop + task.steps) // 2
    before, at_stop = task.state, push(task, amounts[None], np.array([stop])).states[0]
    quiet = at_start(task, at_stop)
    after = push(_shifted(quiet, stop), np.zeros((1, len(amounts))), np.array([max(1, middle - stop)])).states[0]
    states = np.stack([before, at_stop, after], axis=1)
    moments = np.full(3, task.start if task.frozen is None else task.frozen)
    if task.frozen is None:
        moments = task.start + wheel.dt * np.array([0, stop, middle])
    alone = speed(Anchors(program, states, moments, task.parameters, task.paths))
    with np.errstate(all="ignore"):
        during = np.log(at_stop[:, size] / before[:, size]) / max(stop * wheel.dt, wheel.dt) * per_year(wheel)
    return {"before": alone[:, 0], "during": during, "stop": alone[:, 1], "after": alone[:, 2]}


def _shifted(task: Task, steps: int) -> Task:
    """The task as it stands `steps` time steps later."""
    left = None if task.shocks is None else task.shocks[steps:]
    later = task.start + steps * task.program.wheel.dt
    return replace(task, start=later, shocks=left, steps=max(1, task.steps - steps))


@dataclass(frozen=True)
class PushMap:
    """`odds` (starts, sizes): probability of success from the start scaled by `starts`, with the push scaled by
    `sizes` (0 is no push), capped at the limits. `boundary` (sizes,): the scale of the start at which the probability
    passes the wanted one, NaN where it lies outside the map."""

    starts: np.ndarray
    sizes: np.ndarray
    odds: np.ndarray = field(repr=False)
    boundary: np.ndarray


def push_map(
    task: Task,
    amounts: np.ndarray,
    stop: int,
    probability: float,
    starts: Sequence[float],
    sizes: Sequence[float],
    stocks: Sequence[str] | None = None,
) -> PushMap:
    """Start states on the ray of `stocks` (all masses when None) × sizes of one push."""
    starts, sizes = np.asarray(starts, float), np.asarray(sizes, float)
    scaled = np.isin(task.program.stocks, masses(task.program.wheel) if stocks is None else stocks)
    pushes = np.clip(sizes[:, None] * amounts[None], 0, 1)
    odds = np.empty((len(starts), len(sizes)))
    for i, start in enumerate(starts):
        state = np.where(scaled, task.state * start, task.state)
        odds[i] = push(at_start(task, state), pushes, np.full(len(sizes), stop)).works.mean(axis=1)
    return PushMap(starts, sizes, odds, np.array([_crossing(np.log(starts), o, probability) for o in odds.T]))


def _crossing(log_start: np.ndarray, odds: np.ndarray, probability: float) -> float:
    """The scale where `odds` first stays at or above `probability`, by linear interpolation in logs."""
    lasting = np.flip(np.logical_and.accumulate(np.flip(odds >= probability)))
    first = int(np.argmax(lasting)) if lasting.any() else 0
    if first == 0:
        return np.nan
    below, above = odds[first - 1], odds[first]
    share = (probability - below) / (above - below) if above > below else 1.0
    return float(np.exp(log_start[first - 1] + share * (log_start[first] - log_start[first - 1])))
