"""Anchor states: the moments and draws at which local quantities are asked for.

History is reconstructed by a filter with process noise, so a noise-free run from the start would drift away from it.
Whatever is local (partials, scores, gains, speed) is therefore evaluated at states that history passed through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gearwheel.spin.levers import Path, moved, table
from gearwheel.spin.program import Program, step, values_at
from gearwheel.spin.run import Ensemble


@dataclass(frozen=True)
class Anchors:
    """`states` (draws, times, stocks) at `times` (T,) in wheel time; `parameters` name → number or (draws,).

    `paths` are the levers' steps over time; they win over `parameters` of the same name.
    """

    program: Program
    states: np.ndarray = field(repr=False)
    times: np.ndarray
    parameters: Mapping[str, np.ndarray | float] = field(default_factory=dict, repr=False)
    paths: Mapping[str, Path] = field(default_factory=dict, repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """(draws, times)."""
        return self.states.shape[0], len(self.times)

    def at(self, *which: int) -> Anchors:
        """The same draws at some of the times only, by position: `at(-1)` keeps the last."""
        keep = list(which)
        return Anchors(self.program, self.states[:, keep], np.asarray(self.times)[keep], self.parameters, self.paths)

    def first(self, draws: int) -> Anchors:
        """The first `draws` draws only."""
        some = {n: np.asarray(v)[:draws] if np.ndim(v) else v for n, v in self.parameters.items()}
        return Anchors(self.program, self.states[:draws], self.times, some, self.paths)


@dataclass(frozen=True)
class Cases:
    """Draws × times laid on one axis of length n, draws outermost. `state` (n, stocks), `time` (n,); parameters are
    numbers or (n,), with the levers at what they were at that time."""

    program: Program
    state: np.ndarray
    parameters: dict[str, Any]
    time: np.ndarray

    def values(self) -> dict[str, Any]:
        """Every variable and parameter at these moments."""
        with np.errstate(all="ignore"):
            return values_at(self.program, self.state, self.parameters, self.time)


def cases(anchors: Anchors, later: float = 0.0) -> Cases:
    """The anchors' cases. With `later`, clock and levers stand that much later, and the state is still the anchors'."""
    draws, count = anchors.shape
    clock = np.asarray(anchors.times, float) + later
    centre = anchors.program.centre()
    parameters: dict[str, Any] = {}
    for name, value in {**centre, **anchors.parameters}.items():
        parameters[name] = np.repeat(np.asarray(value, float), count) if np.ndim(value) else float(value)
    levers = {name: np.tile(value, draws) for name, value in table(anchors.paths, clock).items()}
    parameters = moved(np, parameters, levers)
    state = np.asarray(anchors.states, float).reshape(draws * count, -1)
    return Cases(anchors.program, state, parameters, np.tile(clock, draws))


def one_dt_on(anchors: Anchors) -> Cases:
    """Where a noise-free run stands one dt after each anchor."""
    now, later = cases(anchors), cases(anchors, anchors.program.wheel.dt)
    with np.errstate(all="ignore"):
        state, _ = step(anchors.program, now.state, now.parameters, now.time)
    return Cases(anchors.program, state, later.parameters, later.time)


def march(start: Cases, steps: int) -> np.ndarray:
    """The state after `steps` noise-free time steps with the clock and the levers frozen, shape (n, stocks)."""
    state = start.state
    with np.errstate(all="ignore"):
        for _ in range(steps):
            state, _ = step(start.program, state, start.parameters, start.time)
    return state


def along(program: Program, run: Ensemble, parameters: Mapping[str, np.ndarray | float], paths=None) -> Anchors:
    """Every moment of a noise-free run as an anchor. The run must have kept all stocks."""
    states = np.empty((len(run.states), len(run.times), len(program.stocks)))
    for i, name in enumerate(program.stocks):
        states[..., i] = run.values[name]
    return Anchors(program, states, run.times, parameters, paths or {})


def interval(values: np.ndarray, least: float = 0.5) -> dict[str, float] | None:
    """Median and 5–95 % interval of the finite values; None where fewer than a share `least` of them are finite."""
    values = np.asarray(values, float).ravel()
    finite = values[np.isfinite(values)]
    if not len(finite) or len(finite) < least * len(values):
        return None
    low, median, high = np.quantile(finite, [0.05, 0.5, 0.95])
    return {"median": float(median), "low": float(low), "high": float(high)}
