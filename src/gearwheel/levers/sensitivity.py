"""What one step of each lever does to an outcome, from paired draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gearwheel.levers.holding import held, own_links
from gearwheel.loops.anchors import interval
from gearwheel.loops.find import Loop
from gearwheel.spin.compile import compile_tree
from gearwheel.spin.levers import Path, value_at
from gearwheel.spin.program import Program
from gearwheel.spin.run import Ensemble, resolve_name, spin
from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.parts import Lever, Wheel
from gearwheel.wheel.tree import names

SHARE_TO_NAME = 0.05  # of a lever's effect, from which a loop counts as one that it works through


@dataclass(frozen=True)
class Effect:
    """One lever, one step. `change`, `cost` (draws,): Δ outcome and Δ total cost against the baseline of the same
    draw. `lost`: loop → (draws,) effect lost when that loop's own link is held at baseline (not additive)."""

    lever: str
    before: np.ndarray
    after: np.ndarray
    change: np.ndarray = field(repr=False)
    cost: np.ndarray = field(repr=False)
    lost: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Sensitivity:
    """`baseline` (draws,): the outcome without any change. `how` is "level" or "cumulated"."""

    wheel: Wheel = field(repr=False)
    outcome: str
    horizon: float
    how: str
    baseline: np.ndarray = field(repr=False)
    effects: tuple[Effect, ...]


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
    """Move each lever of the business by one step at `start` and compare `outcome` after `horizon` time units.

    Parameters, `state` (draws, stocks) and `shocks` (steps, draws, stocks; None for noise-free) are the same in the
    baseline and for every lever, and all run in one batch. Levers of the business stand still from `start` on, but for
    the one step; other `paths` go on. "level" is the value at the end, "cumulated" the integral over the horizon
    (the outcome's unit times the time unit). Raises KeyError for an unknown outcome, ValueError for an unknown `how`.
    """
    if how not in ("level", "cumulated"):
        raise ValueError(f"'{how}' is neither 'level' nor 'cumulated'")
    wheel = program.wheel
    outcome = resolve_name(outcome, wheel.variables())
    state = np.atleast_2d(np.asarray(state, float))
    draws = max([len(state), *(len(v) for v in parameters.values() if np.ndim(v))])
    given, moving = _standing_still(program, parameters, dict(paths or {}), start, draws)
    moves = {n: (given[lever.of], _step(lever, given[lever.of])) for n, lever in business_levers(wheel).items()}
    moves = {n: (before, after) for n, (before, after) in moves.items() if not np.array_equal(before, after)}
    links = own_links(program, loops or {})
    plan = [(n, None) for n in moves] + [(n, loop) for n in moves for loop in links]
    scenarios = 1 + len(plan)
    batch = {n: np.tile(v, scenarios) for n, v in given.items()}
    for row, (name, _) in enumerate(plan, 1):
        batch[wheel.lever[name].of][row * draws : (row + 1) * draws] = moves[name][1]
    rows = {loop: [r for r, (_, held_loop) in enumerate(plan, 1) if held_loop == loop] for loop in links}
    prepared = held(program, [(links[loop], rows[loop]) for loop in links], scenarios, draws) if links else program
    costs = {n: parse_name(wheel.lever[n].cost) for n in moves}
    run = spin(
        prepared,
        batch,
        max(1, round(horizon / wheel.dt)),
        start=start,
        state=np.tile(np.broadcast_to(state, (draws, state.shape[1])), (scenarios, 1)),
        paths=moving,
        keep=list(dict.fromkeys([outcome, *(c for t in costs.values() for c in names(t) if c in wheel.variables())])),
        shocks=None if shocks is None else np.tile(shocks, (1, scenarios, 1)),
    )
    result = _summed(run.values[outcome], how, wheel.dt).reshape(scenarios, draws)
    change = dict(zip(plan, result[1:] - result[0]))
    effects = []
    for row, name in enumerate(moves, 1):
        paid = _cost(program, costs[name], run, batch, moving).reshape(scenarios, draws)
        lost = {loop: change[name, None] - change[name, loop] for loop in links}
        effects.append(Effect(name, *moves[name], change[name, None], paid[row] - paid[0], lost))
    return Sensitivity(wheel, outcome, horizon, how, result[0], tuple(effects))


def business_levers(wheel: Wheel) -> dict[str, Lever]:
    """Levers that the business may set (a rival's price is not one)."""
    return {n: lever for n, lever in wheel.lever.items() if not lever.outside}


def summary(found: Sensitivity) -> dict:
    """The `levers` part of results.json, largest median effect first."""
    rows = []
    for effect in found.effects:
        lever = found.wheel.lever[effect.lever]
        moved = effect.after - effect.before
        better = effect.change[np.isfinite(effect.change)]
        parts = {loop: interval(_share(lost, effect.change)) for loop, lost in effect.lost.items()}
        parts = {loop: part for loop, part in parts.items() if part and abs(part["median"]) >= SHARE_TO_NAME}
        rows.append(
            {
                "lever": effect.lever,
                "title": lever.title or effect.lever,
                "from": float(np.median(effect.before)),
                "to": float(np.median(effect.after)),
                "unit": found.wheel.parameter[lever.of].unit,
                "effect": interval(effect.change),
                "per_unit": interval(_share(effect.change, moved)),
                "per_dollar": interval(_share(effect.change, effect.cost)),
                "probability_better": float(np.mean(better > 0)) if better.size else None,
                "through": sorted(parts, key=lambda loop: -abs(parts[loop]["median"])),
                "loop_shares": parts,
            }
        )
    rows.sort(key=lambda row: -abs(row["effect"]["median"]) if row["effect"] else 0.0)
    return {
        "outcome": found.outcome,
        "horizon": found.horizon,
        "how": found.how,
        "unit": _unit(found),
        "baseline": interval(found.baseline),
        "effects": rows,
    }


def _standing_still(program: Program, parameters: Mapping, paths: dict[str, Path], start: float, draws: int):
    """Every parameter as (draws,), the business's levers at their value at `start`, and the paths that go on."""
    given = {**program.centre(), **parameters}
    for lever in business_levers(program.wheel).values():
        if lever.of in paths:
            given[lever.of] = value_at(paths.pop(lever.of), start, given[lever.of])
    return {n: np.broadcast_to(np.asarray(v, float), (draws,)) for n, v in given.items()}, paths


def _step(lever: Lever, value: np.ndarray) -> np.ndarray:
    """One ramp up, else 10 % of the value (of the limits' width where it is 0); down where up leaves the limits."""
    low, high = lever.limits
    size = lever.ramp or np.where(value == 0, 0.1 * (high - low), 0.1 * np.abs(value))
    up = np.all(value + size <= high + 1e-12)
    return np.clip(value + size if up else value - size, low, high)


def _summed(values: np.ndarray, how: str, dt: float) -> np.ndarray:
    """(n, T) → (n,): the last value, or the sum over steps as Euler integrates it."""
    return values[:, -1] if how == "level" else values[:, :-1].sum(axis=1) * dt


def _cost(program: Program, tree, run: Ensemble, batch: Mapping, moving: Mapping[str, Path]) -> np.ndarray:
    """Total over the horizon of a lever's cost equation in every case, (n,)."""
    values = {n: v[:, None] for n, v in batch.items()}
    for name, path in moving.items():
        values[name] = np.array([value_at(path, t, program.centre()[name]) for t in run.times])[None]
    values.update(run.values, time=run.times[None], dt=program.wheel.dt)
    rate = compile_tree(tree, np, program.wheel.lookup)(values)
    return _summed(np.broadcast_to(rate, (len(run.states), len(run.times))), "cumulated", program.wheel.dt)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where the whole is 0."""
    with np.errstate(all="ignore"):
        return np.where(whole == 0, np.nan, part / whole)


def _unit(found: Sensitivity) -> str:
    unit = found.wheel.variables()[found.outcome].unit
    if found.how == "level":
        return unit
    ending = f"/{found.wheel.unit}"
    return unit.removesuffix(ending) if unit.endswith(ending) else f"{unit}*{found.wheel.unit}"
