"""What levers, terms, pushes and plans have in common: who sets what, what it costs, and how an outcome is summed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gearwheel.spin.levers import Path, table, value_at
from gearwheel.spin.program import Program
from gearwheel.spin.run import Ensemble
from gearwheel.wheel.compile import compile_tree
from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.parts import Lever, Wheel


def business_levers(wheel: Wheel) -> dict[str, Lever]:
    """Levers that the business may set (a rival's price is not one)."""
    return {n: lever for n, lever in wheel.lever.items() if not lever.outside}


def money(lever: Lever):
    """The tree of all that a lever costs per time: what no equation books, and what the equations book as its own."""
    return parse_name(f"({lever.cost}) + ({lever.spends})")


def standing_still(program: Program, parameters: Mapping, paths: Mapping[str, Path], start: float, draws: int):
    """Every parameter as (draws,), the business's levers at their value at `start`, and the paths that go on."""
    given, moving = {**program.centre(), **parameters}, dict(paths)
    for lever in business_levers(program.wheel).values():
        if lever.of in moving:
            given[lever.of] = value_at(moving.pop(lever.of), start, given[lever.of])
    return {n: np.broadcast_to(np.asarray(v, float), (draws,)) for n, v in given.items()}, moving


def summed(values: np.ndarray, how: str, dt: float) -> np.ndarray:
    """(n, T) → (n,): the last value ("level"), or the sum over steps ("cumulated") as Euler integrates it."""
    return values[:, -1] if how == "level" else values[:, :-1].sum(axis=1) * dt


def usual(wheel: Wheel, outcome: str) -> str:
    """How an outcome is judged unless said otherwise: what flows is cumulated, what stands is looked at in the end."""
    return "cumulated" if wheel.variables()[outcome].unit.endswith(f"/{wheel.unit}") else "level"


def summed_unit(wheel: Wheel, name: str, how: str) -> str:
    """The unit of a variable at one moment, or of its sum over time."""
    unit = wheel.variables()[name].unit
    if how == "level":
        return unit
    ending = f"/{wheel.unit}"
    return unit.removesuffix(ending) if unit.endswith(ending) else f"{unit}*{wheel.unit}"


def taken_off(wheel: Wheel, outcome: str, how: str) -> str:
    """How an unbooked cost, money per time, comes off the outcome: "level", "cumulated", or "" where it is not money."""
    top, _, below = wheel.variables()[outcome].unit.partition("/")
    if top.strip() not in ("money", wheel.currency or "money"):
        return ""
    if below:
        return how if below.strip() == wheel.unit else ""
    return "cumulated" if how == "level" else ""


def cost_rates(
    program: Program, tree, run: Ensemble, given: Mapping, paths: Mapping[str, Path], frozen: float | None = None
) -> np.ndarray:
    """Money per time at every moment of every case of a run, (n, T). `given`: parameters (n,), `paths` laid over them;
    frozen: the clock of the equations was held there."""
    clock = run.times if frozen is None else np.full(len(run.times), frozen)
    values = {n: v[:, None] for n, v in given.items()}
    values.update({n: np.where(np.isnan(v), given[n][:, None], v) for n, v in table(paths, clock).items()})
    values.update(run.values, time=clock[None], dt=program.wheel.dt)
    with np.errstate(all="ignore"):
        rate = compile_tree(tree, np, program.wheel.lookup)(values)
    return np.broadcast_to(rate, (len(run.states), len(run.times)))


def ahead(one: np.ndarray, other: np.ndarray | float = 0.0) -> float | None:
    """Share of paired draws in which `one` is larger, among those where both are finite; None where none are."""
    gap = np.asarray(one) - other
    gap = gap[np.isfinite(gap)]
    return float(np.mean(gap > 0)) if gap.size else None
