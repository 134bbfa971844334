"""Wheel speed: how fast the size grows, what that depends on, and the feedback rate at the centre of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gearwheel.loops.anchors import Anchors, Cases, cases, march
from gearwheel.loops.partials import feedback_core, jacobian
from gearwheel.wheel.graph import Graph, graph
from gearwheel.wheel.times import per_year

NUDGE = 1e-4


def speed(anchors: Anchors) -> np.ndarray:
    """Growth rate of the wheel's `size` from each anchor over the next time unit, per year, shape (draws, times).

    ln(size one unit later / size now), noise off, clock and levers frozen. NaN where the size is not positive.
    """
    return _speed(cases(anchors)).reshape(anchors.shape)


def _speed(start: Cases) -> np.ndarray:
    wheel = start.program.wheel
    size = start.program.stocks.index(wheel.size)
    steps = max(1, round(1 / wheel.dt))
    end = march(start, steps)[:, size]
    with np.errstate(all="ignore"):
        return np.log(end / start.state[:, size]) / (steps * wheel.dt) * per_year(wheel)


def speed_sensitivity(anchors: Anchors, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Parameter → derivative of speed with respect to ln of it, shape (draws, times), per year.

    By paired differences, all parameters in one batch, so give few draws and times. For parameters that may be
    negative it is p · ∂speed/∂p, and 0 where p is 0. names: those with a belief and those a lever sets, when None.
    """
    program = anchors.program
    if names is None:
        levers = {lever.of for lever in program.wheel.lever.values()}
        names = [n for n in program.parameters if program.wheel.parameter[n].belief or n in levers]
    here = cases(anchors)
    count = len(here.time)
    blocks = 2 * len(names)
    if not names:
        return {}
    parameters = {n: np.tile(np.broadcast_to(v, count), blocks) for n, v in here.parameters.items()}
    for i, name in enumerate(names):
        for side, sign in enumerate((1, -1)):
            block = slice((2 * i + side) * count, (2 * i + side + 1) * count)
            parameters[name][block] *= 1 + sign * NUDGE
    nudged = Cases(program, np.tile(here.state, (blocks, 1)), parameters, np.tile(here.time, blocks))
    result = _speed(nudged).reshape(len(names), 2, *anchors.shape)
    return {n: (result[i, 0] - result[i, 1]) / (2 * NUDGE) for i, n in enumerate(names)}


def feedback_rate(anchors: Anchors, whole: Graph | None = None) -> np.ndarray:
    """Largest real part of the eigenvalues of the stock Jacobian over the feedback core, per year, (draws, times).

    Local: what a small push would do now, in the limit; speed says what the wheel does do. NaN where the Jacobian is
    not finite or no stock feeds back.
    """
    whole = whole or graph(anchors.program.wheel)
    core = feedback_core(anchors.program, whole)
    rate = np.full(anchors.shape[0] * anchors.shape[1], np.nan)
    if core:
        local = jacobian(cases(anchors), whole)[np.ix_(np.arange(len(rate)), core, core)]
        good = np.isfinite(local).all(axis=(1, 2))
        rate[good] = np.linalg.eigvals(local[good]).real.max(axis=1)
    return rate.reshape(anchors.shape) * per_year(anchors.program.wheel)
