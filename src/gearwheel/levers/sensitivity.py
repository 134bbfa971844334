"""What one step of each lever, up and down, does to an outcome, from paired draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gearwheel.levers.holding import held, own_links
from gearwheel.levers.judging import business_levers, cost_rates, money, standing_still, summed, taken_off
from gearwheel.loops.find import Loop
from gearwheel.spin.levers import Path
from gearwheel.spin.program import Program
from gearwheel.spin.run import resolve_name, spin
from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.parts import Lever, Wheel
from gearwheel.wheel.tree import names

UP, DOWN = "up", "down"
ROWS = 20_000  # scenarios × draws that are spun side by side: about 30 MB for the largest bundled wheel


@dataclass(frozen=True)
class Effect:
    """One lever, one step in one `direction` ("up" or "down"). `change`, `cost` (draws,): Δ outcome and Δ total cost
    against the baseline of the same draw. `unbooked` (draws,): the part of the cost that no equation books, in the
    outcome's unit; 0 where the outcome is not money. `lost`: loop → (draws,) effect lost when that loop's own link is
    held at baseline (not additive). `size` (draws,): the wheel's size at the end over that of the baseline, less 1; None
    for a wheel without one."""

    lever: str
    direction: str
    before: np.ndarray
    after: np.ndarray
    change: np.ndarray = field(repr=False)
    cost: np.ndarray = field(repr=False)
    unbooked: np.ndarray = field(repr=False)
    lost: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    size: np.ndarray | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Sensitivity:
    """`baseline` (draws,): the outcome without any change. `how` is "level" or "cumulated". `effects`: for each lever
    one or both directions, up first."""

    wheel: Wheel = field(repr=False)
    outcome: str
    horizon: float
    how: str
    baseline: np.ndarray = field(repr=False)
    effects: tuple[Effect, ...]


def net(effect: Effect) -> np.ndarray:
    """(draws,) Δ outcome after what the step costs and no equation books."""
    return effect.change - effect.unbooked


def sensitivity(
    program: Program,
    state: np.ndarray,
    parameters: Mapping[str, np.ndarray | float],
    outcome: str,
    horizon: float,
    *,
    how: str = "level",
    start: float = 0.0,
    paths: Mapping[str, Path] | None = None,
    shocks: np.ndarray | None = None,
    loops: Mapping[str, Loop] | None = None,
) -> Sensitivity:
    """Move each lever of the business by one step up and one down at `start`, and compare `outcome` after `horizon`.

    Parameters, `state` (draws, stocks) and `shocks` (steps, draws, stocks; None for noise-free) are the same in the
    baseline and for every step, and all steps of a draw run in one batch; draws are taken in blocks that bound the
    memory. Levers of the business stand still from `start` on, but for the one step; other `paths` go on. "level" is
    the value at the end, "cumulated" the integral over the horizon (the outcome's unit times the time unit). Raises
    KeyError for an unknown outcome, ValueError for an unknown `how`.
    """
    if how not in ("level", "cumulated"):
        raise ValueError(f"'{how}' is neither 'level' nor 'cumulated'")
    wheel = program.wheel
    outcome = resolve_name(outcome, wheel.variables())
    state = np.atleast_2d(np.asarray(state, float))
    draws = max([len(state), *(len(v) for v in parameters.values() if np.ndim(v))])
    state = np.broadcast_to(state, (draws, state.shape[1]))
    given, moving = standing_still(program, parameters, paths or {}, start, draws)
    moves = {
        (name, way): after
        for name, lever in business_levers(wheel).items()
        for way, after in _moves(lever, given[lever.of]).items()
    }
    links = own_links(program, loops or {})
    cases = [(move, None) for move in moves] + [(move, loop) for move in moves for loop in links]
    steps = max(1, round(horizon / wheel.dt))
    block = max(1, ROWS // (1 + len(cases)))
    parts = []
    for first in range(0, draws, block):
        some = slice(first, first + block)
        scene = _Scene(
            program, {n: v[some] for n, v in given.items()}, {m: v[some] for m, v in moves.items()}, cases, links,
            moving, start, steps, outcome, how,
        )  # fmt: skip
        parts.append(_together(scene, state[some], None if shocks is None else shocks[:, some]))
    result, paid, unbooked, size = (np.concatenate(several, axis=1) for several in zip(*parts))
    change = dict(zip(cases, result[1:] - result[0]))
    effects = tuple(
        Effect(
            *move, given[wheel.lever[move[0]].of], after, change[move, None], paid[i], unbooked[i],
            {loop: change[move, None] - change[move, loop] for loop in links},
            size[i] if wheel.size else None,
        )
        for i, (move, after) in enumerate(moves.items())
    )  # fmt: skip
    return Sensitivity(wheel, outcome, horizon, how, result[0], effects)


@dataclass(frozen=True)
class _Scene:
    """What one block of draws needs: `given` parameter → (draws,), `moves` (lever, direction) → (draws,), `cases`
    (move, loop held or None) in the order of the scenarios after the baseline."""

    program: Program
    given: Mapping[str, np.ndarray]
    moves: Mapping[tuple[str, str], np.ndarray]
    cases: Sequence
    links: Mapping
    moving: Mapping[str, Path]
    start: float
    steps: int
    outcome: str
    how: str


def _together(scene: _Scene, state: np.ndarray, shocks: np.ndarray | None) -> tuple[np.ndarray, ...]:
    """Of one block in one spin: outcome (1 + cases, draws) with the baseline first, added cost (moves, draws), the
    unbooked part of it in the outcome's unit (moves, draws), and the relative change of the size (moves, draws)."""
    program, wheel, draws = scene.program, scene.program.wheel, len(state)
    scenarios = 1 + len(scene.cases)
    batch = {n: np.tile(v, scenarios) for n, v in scene.given.items()}
    for row, (move, _) in enumerate(scene.cases, 1):
        batch[wheel.lever[move[0]].of][row * draws : (row + 1) * draws] = scene.moves[move]
    if scene.links:
        rows = {loop: [r for r, (_, kept) in enumerate(scene.cases, 1) if kept == loop] for loop in scene.links}
        program = held(program, [(scene.links[loop], rows[loop]) for loop in scene.links], scenarios, draws)
    costs = {name: money(wheel.lever[name]) for name, _ in scene.moves}
    unbooked = {name: parse_name(wheel.lever[name].cost) for name in costs}
    needed = [c for tree in costs.values() for c in names(tree) if c in wheel.variables()]
    run = spin(
        program,
        batch,
        scene.steps,
        start=scene.start,
        state=np.tile(state, (scenarios, 1)),
        paths=scene.moving,
        keep=list(dict.fromkeys([scene.outcome, wheel.size or scene.outcome, *needed])),
        shocks=None if shocks is None else np.tile(shocks, (1, scenarios, 1)),
    )
    result = summed(run.values[scene.outcome], scene.how, wheel.dt).reshape(scenarios, draws)
    counted = taken_off(wheel, scene.outcome, scene.how)

    def added(row: int, tree, how: str) -> np.ndarray:
        rate = cost_rates(program, tree, run, batch, scene.moving)
        total = summed(rate, how, wheel.dt).reshape(scenarios, draws)
        return total[row] - total[0]

    rows = list(enumerate((name for name, _ in scene.moves), 1))
    paid = np.stack([added(row, costs[name], "cumulated") for row, name in rows])
    without = [added(row, unbooked[name], counted) if counted else np.zeros(draws) for row, name in rows]
    ends = run.values[wheel.size or scene.outcome][:, -1].reshape(scenarios, draws)[: 1 + len(rows)]
    with np.errstate(all="ignore"):
        size = ends[1:] / ends[:1] - 1
    return result, paid, np.stack(without), size


def _moves(lever: Lever, value: np.ndarray) -> dict[str, np.ndarray]:
    """Direction → the value after one step that way: a ramp, else 10 % of the value (of the limits' width where it is
    0), cut off at the limits; a direction in which no draw can move is left out."""
    low, high = lever.limits
    size = lever.ramp or np.where(value == 0, 0.1 * (high - low), 0.1 * np.abs(value))
    # A belief may lie outside the limits: there a step up must not be one down.
    ways = {
        UP: np.maximum(value, np.minimum(value + size, high)),
        DOWN: np.minimum(value, np.maximum(value - size, low)),
    }
    return {way: after for way, after in ways.items() if not np.array_equal(after, value)}
