"""A push: subsidies for a time, then off; and whether the wheel goes on alone afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gearwheel.levers.judging import business_levers, cost_rates, money, summed
from gearwheel.loops.mass import Success, success
from gearwheel.spin.levers import Path, moved, table
from gearwheel.spin.program import Program
from gearwheel.spin.run import spin
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.tree import names

ROWS = 20_000  # pushes × draws that are spun side by side
FRONT = ((0.0, 1.0), (0.5, 0.5))  # front-loaded: from this share of the time on, this share of the rate
EVEN = ((0.0, 1.0),)


@dataclass(frozen=True)
class Task:
    """What a push is asked of: a state (draws, stocks) at `start`, parameters name → (draws,), the names of the
    subsidies (levers), `steps` to the horizon. `reaches` tells success as in `critical_mass`; `shape` is EVEN or FRONT;
    `shocks` (steps, draws, stocks) or None."""

    program: Program
    state: np.ndarray = field(repr=False)
    parameters: Mapping[str, np.ndarray] = field(repr=False)
    subsidies: tuple[str, ...]
    steps: int
    reaches: Success = field(repr=False)
    start: float = 0.0
    paths: Mapping[str, Path] = field(default_factory=dict, repr=False)
    frozen: float | None = None
    shape: tuple[tuple[float, float], ...] = EVEN
    shocks: np.ndarray | None = field(default=None, repr=False)

    @property
    def draws(self) -> int:
        return len(self.state)


@dataclass(frozen=True)
class Pushed:
    """What pushes did, all (pushes, draws): success, money spent beyond what the same levers cost without the push,
    and the size at the stop and at the horizon. `states` (pushes, draws, stocks) is where the pushes ended."""

    works: np.ndarray
    cost: np.ndarray
    at_stop: np.ndarray
    at_end: np.ndarray
    states: np.ndarray = field(repr=False)


def subsidies_of(wheel: Wheel) -> tuple[str, ...]:
    """The levers of the business that cost money which no equation books: what a push may be made of."""
    return tuple(name for name, lever in business_levers(wheel).items() if lever.cost.strip() not in ("", "0"))


def task_of(
    program: Program,
    state: np.ndarray,
    parameters: Mapping[str, np.ndarray | float],
    horizon: float,
    subsidies: tuple[str, ...],
    *,
    start: float = 0.0,
    paths: Mapping[str, Path] | None = None,
    stocks: tuple[str, ...] | None = None,
    frozen: float | None = None,
    front: bool = False,
    shocks: np.ndarray | None = None,
) -> Task:
    """The task over `horizon` time units; success is judged against the high state of `critical_mass` with the same
    arguments, noise off. front: half the rate from half time on."""
    state = np.atleast_2d(np.asarray(state, float))
    draws = max([len(state), *(len(v) for v in parameters.values() if np.ndim(v))])
    state = np.broadcast_to(state, (draws, state.shape[1]))
    clock = start if frozen is None else frozen
    now = {n: v[0] for n, v in table(paths or {}, np.array([clock])).items()}
    given = moved(np, {**program.centre(), **parameters}, now)
    given = {n: np.broadcast_to(np.asarray(v, float), (draws,)) for n, v in given.items()}
    held = {program.wheel.lever[n].of for n in subsidies}
    paths = {n: p for n, p in (paths or {}).items() if n not in held}  # a subsidy stands where it is now
    reaches = success(
        program, state, given, horizon, start=start, stocks=stocks, paths=paths, frozen=frozen
    )  # fmt: skip
    steps = max(1, round(horizon / program.wheel.dt))
    shape = FRONT if front else EVEN
    return Task(program, state, given, tuple(subsidies), steps, reaches, start, paths, frozen, shape, shocks)


def settings(task: Task, amounts: np.ndarray) -> np.ndarray:
    """Shares (pushes, k) in [0, 1] of the way from what a subsidy is to the limit farther away → (k, pushes, draws)."""
    rows = []
    for i, name in enumerate(task.subsidies):
        lever = task.program.wheel.lever[name]
        now, (low, high) = task.parameters[lever.of], lever.limits
        far = np.where(high - now >= now - low, high, low)
        rows.append(now + amounts[:, i, None] * (far - now))
    return np.stack(rows)


def push(task: Task, amounts: np.ndarray, stops: np.ndarray) -> Pushed:
    """Give the subsidies `amounts` (pushes, k) until `stops` time steps (pushes,) or (pushes, draws), then nothing.

    All pushes and draws run side by side, in blocks that bound the memory, on the same parameters and shocks.
    """
    amounts = np.atleast_2d(np.asarray(amounts, float))
    stops = np.asarray(stops, int)
    stops = np.broadcast_to(stops[:, None] if stops.ndim == 1 else stops, (len(amounts), task.draws))
    block = max(1, ROWS // task.draws)
    parts = [_together(task, amounts[i : i + block], stops[i : i + block]) for i in range(0, len(amounts), block)]
    return Pushed(*(np.concatenate([getattr(p, n) for p in parts]) for n in Pushed.__dataclass_fields__))


def _together(task: Task, amounts: np.ndarray, stops: np.ndarray) -> Pushed:
    program, wheel, count = task.program, task.program.wheel, len(amounts)
    size = program.stocks.index(wheel.size)
    given = {n: np.tile(v, count) for n, v in task.parameters.items()}
    pushed = settings(task, amounts).reshape(len(task.subsidies), -1)
    stop = np.minimum(stops, task.steps).ravel()
    state = np.tile(task.state, (count, 1))
    at_stop, stopped = state[:, size].copy(), state.copy()
    cost = np.zeros(len(stop))
    turns = [(np.ceil(stop * share).astype(int), rate) for share, rate in task.shape]
    marks = sorted({0, task.steps, *(int(t) for at, _ in turns for t in np.unique(at)), *map(int, np.unique(stop))})
    baseline = _baseline_cost(task, marks)
    for first, last in zip(marks, marks[1:]):
        on = stop > first
        rate = np.zeros(len(stop))
        for at, level in turns:
            rate = np.where(on & (first >= at), level, rate)
        now = _set(task, given, pushed, rate, count)
        state, paid = _leg(task, now, state, first, last, count)
        cost += np.where(on, paid - np.tile(baseline[first], count), 0.0)
        reached = on & (stop == last)
        at_stop = np.where(reached, state[:, size], at_stop)
        stopped[reached] = state[reached]
    shaped = (count, task.draws)
    end = np.where(np.isfinite(state[:, size]), state[:, size], np.nan).reshape(shaped)
    left = at_stop.reshape(shaped)
    return Pushed(task.reaches(end, left), cost.reshape(shaped), left, end, stopped.reshape(*shaped, -1))


def _set(task: Task, given: dict, pushed: np.ndarray, rate: np.ndarray, count: int) -> dict:
    """Parameters with each subsidy at `rate` of the way to its setting."""
    now = dict(given)
    for name, value in zip(task.subsidies, pushed):
        of = task.program.wheel.lever[name].of
        now[of] = given[of] + rate * (value - given[of])
    return now


def _leg(task: Task, given: dict, state: np.ndarray, first: int, last: int, count: int):
    """From time step `first` to `last`: (state there, money of the subsidies in between), for pushes × draws."""
    program, wheel = task.program, task.program.wheel
    trees = [money(wheel.lever[n]) for n in task.subsidies]
    needed = list(dict.fromkeys(c for t in trees for c in names(t) if c in wheel.variables()))
    shocks = None if task.shocks is None else np.tile(task.shocks[first:last], (1, count, 1))
    run = spin(
        program, given, last - first, start=task.start + first * wheel.dt, state=state, paths=task.paths, keep=needed,
        shocks=shocks, frozen=task.frozen,
    )  # fmt: skip
    rates = sum(cost_rates(program, tree, run, given, task.paths, task.frozen) for tree in trees)
    return run.states, summed(rates, "cumulated", wheel.dt)


def _baseline_cost(task: Task, marks: list[int]) -> dict[int, np.ndarray]:
    """Leg → (draws,) what the same levers cost there without the push; 0 where they stand at nothing."""
    state, paid = task.state, {}
    for first, last in zip(marks, marks[1:]):
        state, paid[first] = _leg(task, dict(task.parameters), state, first, last, 1)
    return paid


def at_start(task: Task, state: np.ndarray) -> Task:
    """The same task from another state; success stays what it is."""
    return replace(task, state=np.broadcast_to(np.atleast_2d(state), task.state.shape))
