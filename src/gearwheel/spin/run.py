"""Spin a wheel: many draws forward in time, with NumPy at once or with JAX compiled; noise on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gearwheel.spin.levers import Path, moved, table
from gearwheel.spin.program import Program, initial, settled, stack, step, values_at
from gearwheel.wheel.errors import SpinError
from gearwheel.wheel.parts import Wheel


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Trajectories of the asked-for variables.

    `times` (T,) in wheel time; each of `values` has shape (draws, T); `states` (draws, stocks) is where it ended.
    `lost` are the draws that left the finite numbers; their values are NaN from that moment on.
    """

    wheel: Wheel = field(repr=False)
    times: np.ndarray = field(repr=False)
    values: Mapping[str, np.ndarray] = field(repr=False)
    states: np.ndarray = field(repr=False)
    lost: Mapping[int, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[resolve_name(name, self.values)]


def resolve_name(name: str, known) -> str:
    """`net_sales` for `gear.net_sales` where only one gear has it. Raises KeyError with a hint."""
    if name in known:
        return name
    near = [k for k in known if k.split(".")[-1] == name]
    if len(near) == 1:
        return near[0]
    from gearwheel.wheel.errors import did_you_mean

    elements = elements_of(name, known)
    hint = f"Several gears have it: {', '.join(near)}" if near else did_you_mean(name, known)
    if elements:
        hint = f"It is an array: take one of its elements, {', '.join(map(repr, elements[:8]))}{' …' * (len(elements) > 8)}."
    raise KeyError(f"no variable '{name}'. {hint}".strip())


def elements_of(name: str, known) -> tuple[str, ...]:
    """The elements of an array, `total[north]` and `total[south]` of `total`; () for what is none."""
    arrays = [(k, k.partition("[")[0]) for k in known if "[" in k]
    return tuple(k for k, base in arrays if name in (base, base.split(".")[-1]))


def noise_sd(program: Program, parameters: Mapping[str, Any], time):
    """Process-noise sd of every stock per square root of time, at `time`, shape (..., stocks)."""
    values = {**parameters, "time": time, "dt": program.wheel.dt}
    return stack(program.xp, [noise(values) for noise in program.noises])


def perturb(program: Program, state, shock, sd):
    """Apply process noise after a step: multiplicative for positive stocks, additive otherwise.

    `shock` ~ N(0, 1), shape (..., stocks); the variance added is sd²·dt.
    """
    xp = program.xp
    moved = shock * sd * np.sqrt(program.wheel.dt)
    return settled(program, xp.where(program.positive, state * xp.exp(moved), state + moved))


def spin(
    program: Program,
    parameters: Mapping[str, np.ndarray | float],
    steps: int,
    *,
    start: float = 0.0,
    state: np.ndarray | None = None,
    paths: Mapping[str, Path] | None = None,
    keep: Sequence[str] | None = None,
    shocks: np.ndarray | None = None,
    frozen: float | None = None,
    method: str | None = None,
) -> Ensemble:
    """Run `steps` time steps with NumPy, vectorised over draws.

    parameters: name → number or (draws,). state: (draws, stocks), from the start values when None. shocks:
    (steps, draws, stocks) standard normals for process noise, or None for a noise-free run. frozen: hold the
    clock of the equations at this time (outside inputs stand still). keep: variables to record, all when None.
    Values are recorded at the beginning of each step and once more at the end: T = steps + 1.
    """
    dt = program.wheel.dt
    times = start + dt * np.arange(steps + 1)
    clock = times if frozen is None else np.full(steps + 1, frozen)
    moving = table(paths or {}, clock)
    parameters = {**program.centre(), **parameters}
    at = moved(np, parameters, {n: v[0] for n, v in moving.items()})
    if state is None:
        with np.errstate(all="ignore"):
            state = initial(program, at, clock[0])
    draws = count_draws(parameters, state, shocks)
    state = np.broadcast_to(state, (draws, len(program.stocks))).astype(float)
    keep = tuple(program.wheel.variables()) if keep is None else tuple(keep)
    recorded = {n: np.empty((draws, steps + 1)) for n in keep}
    lost: dict[int, str] = {}
    with np.errstate(all="ignore"):
        for k in range(steps + 1):
            at = moved(np, parameters, {n: v[k] for n, v in moving.items()})
            if k < steps:
                following, values = step(program, state, at, clock[k], method)
            else:
                values = values_at(program, state, at, clock[k])
            for n in keep:
                recorded[n][:, k] = values[n]
            if k < steps:
                if shocks is not None:
                    sd = noise_sd(program, at, clock[k])
                    following = perturb(program, following, shocks[k], sd)
                note_lost(lost, np.isfinite(following), program.stocks, times[k + 1])
                state = following
    return Ensemble(program.wheel, times, recorded, state, lost)


def count_draws(parameters: Mapping[str, Any], state, shocks: np.ndarray | None) -> int:
    """How many draws the arguments of a spin describe together. Raises ValueError where they disagree."""
    shapes = [(1,), *(np.shape(v) for v in parameters.values())]
    shapes += [np.shape(state)[:-1]] if state is not None else []
    shapes += [np.shape(shocks)[1:2]] if shocks is not None else []
    return np.broadcast_shapes(*shapes)[0]


def note_lost(lost: dict[int, str], finite: np.ndarray, stocks: Sequence[str], time: float) -> None:
    """Add to `lost` the draws that have just left the finite numbers, with the stock that did; finite: (draws, stocks)."""
    if finite.all():
        return
    for draw in np.flatnonzero(~finite.all(axis=1)):
        lost.setdefault(int(draw), f"{stocks[int(np.argmin(finite[draw]))]} at time {time:g}")


def below_zero(ensemble: Ensemble) -> dict[str, float]:
    """Stock on a log scale → share of the draws in which it was below 0 at some time (further than by rounding)."""
    stocks = {n: s for n, s in ensemble.wheel.stock.items() if s.scale == "log" and n in ensemble.values}
    found = {}
    for name in stocks:
        values = ensemble.values[name]
        lowest = np.nanmin(values, axis=1, initial=np.inf)
        share = float(np.mean(lowest < -1e-9 * np.nanmax(np.abs(values), initial=0.0)))
        if share:
            found[name] = share
    return found


def check_lost(ensemble: Ensemble, most: float = 0.01) -> Ensemble:
    """Raises SpinError, naming draws, when more than a share `most` of the draws blew up."""
    draws = len(ensemble.states)
    if len(ensemble.lost) > most * draws:
        shown = "; ".join(f"draw {d}: {where}" for d, where in list(ensemble.lost.items())[:5])
        raise SpinError(
            f"{len(ensemble.lost)} of {draws} draws left the finite numbers ({shown}). "
            "Try a smaller dt, or narrow the belief that lets a stock explode."
        )
    return ensemble
