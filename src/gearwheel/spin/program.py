"""An assembled wheel → `step`: the one pure function that everything else calls.

`step(state, parameters, time) → (state, values)` with state an array whose last axis holds the stocks in
`Program.stocks` order, and `values` every variable at `time`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gearwheel.wheel.compile import STEP_BEGAN, Closure, compile_tree
from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.limits import OUT, START, VALUE, Stage, evaluation, limits, starting
from gearwheel.wheel.parts import Wheel


@dataclass(frozen=True)
class Program:
    """A wheel compiled for one array module.

    `stocks`, `parameters`: names in array order. `positive[i]`: stock i lives on a log scale. `order`: flows and
    auxiliaries with the closures of their equations, each after what it needs; `limits[i]` are the limits of flows that
    can be laid once the i-th of them is computed, as ((flow, way), closure of the limited flow). `beginning`: in which order
    starts and all of these are computed at first.
    """

    wheel: Wheel
    xp: Any
    stocks: tuple[str, ...]
    parameters: tuple[str, ...]
    positive: np.ndarray
    order: tuple[tuple[str, Closure], ...] = field(repr=False)
    limits: tuple[tuple[tuple[Stage, Closure], ...], ...] = field(repr=False)
    beginning: tuple[Stage, ...] = field(repr=False)
    starts: tuple[Closure, ...] = field(repr=False)
    noises: tuple[Closure, ...] = field(repr=False)
    net: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = field(repr=False)
    nonnegative: np.ndarray = field(repr=False)

    def equations(self) -> dict[str, Closure]:
        """Flow or auxiliary → its closure, for a flow with its limits laid on; of all values at an instant."""
        limited: dict[str, list[Closure]] = {}
        for (flow, _), limit in (entry for entries in self.limits for entry in entries):
            limited.setdefault(flow, []).append(limit)
        return {n: _limited(n, closure, limited[n]) if n in limited else closure for n, closure in self.order}

    def centre(self) -> dict[str, float]:
        """Every parameter at its value or the centre of its belief."""
        return {n: self.wheel.parameter[n].centre for n in self.parameters}


def build(wheel: Wheel, xp=np) -> Program:
    """Compile an assembled wheel. Raises WheelError for cycles without a stock, limits and starts that need each other."""

    def closure(equation: str) -> Closure:
        return compile_tree(parse_name(equation), xp, wheel.lookup)

    computed = {**wheel.flow, **wheel.aux}
    by = limits(wheel)
    sequence = evaluation(wheel, by)
    values = [i for i, (_, stage) in enumerate(sequence) if stage == VALUE]
    order = tuple((sequence[i][0], closure(computed[sequence[i][0]].equation)) for i in values)
    laid = tuple(
        tuple((stage, _limit(stage, by[stage], xp)) for stage in sequence[i + 1 : following])
        for i, following in zip(values, [*values[1:], len(sequence)])
    )
    return Program(
        wheel=wheel,
        xp=xp,
        stocks=tuple(wheel.stock),
        parameters=tuple(wheel.parameter),
        positive=np.array([s.scale == "log" for s in wheel.stock.values()], dtype=bool),
        order=order,
        limits=laid,
        beginning=starting(wheel, by),
        starts=tuple(closure(s.start) for s in wheel.stock.values()),
        noises=tuple(closure(s.noise) for s in wheel.stock.values()),
        net=tuple((s.inflows, s.outflows) for s in wheel.stock.values()),
        nonnegative=np.array([s.nonnegative for s in wheel.stock.values()], dtype=bool),
    )


def _limit(stage: Stage, stocks: Sequence[tuple[str, tuple[Stage, ...]]], xp) -> Closure:
    """The flow cut to what its stocks hold and have not yet given to what they serve before it.

    What flows in during the same step can flow out in the next one only (in Stella it can at once).
    """
    flow, way = stage

    def lay(values):
        found = values[flow]
        for stock, before in stocks:
            left = xp.maximum(values[stock], 0.0) / values["dt"]
            for other, other_way in before:
                left = left - xp.maximum(values[other] if other_way == OUT else -values[other], 0.0)
            left = xp.maximum(left, 0.0)
            found = xp.minimum(found, left) if way == OUT else xp.maximum(found, -left)
        return found

    return lay


def _limited(flow: str, closure: Closure, laid: Sequence[Closure]) -> Closure:
    def compute(values):
        found = {**values, flow: closure(values)}
        for limit in laid:
            found[flow] = limit(found)
        return found[flow]

    return compute


def initial(program: Program, parameters: Mapping[str, Any], time: float = 0.0):
    """Start values, shape (..., stocks). A start may refer to other stocks' starts and to auxiliaries."""
    values: dict[str, Any] = {**parameters, "time": time, "dt": program.wheel.dt}
    closures = {(name, START): start for name, start in zip(program.stocks, program.starts)}
    closures |= {(name, VALUE): closure for name, closure in program.order}
    closures |= dict(entry for entries in program.limits for entry in entries)
    for stage in program.beginning:
        values[stage[0]] = closures[stage](values)
    return stack(program.xp, [values[n] for n in program.stocks])


def stack(xp, columns):
    """Columns of mixed shapes (numbers, draws) side by side on a new last axis; of no columns one empty row."""
    if not columns:
        return xp.zeros((1, 0))
    return xp.stack(xp.broadcast_arrays(*[xp.asarray(c, dtype=xp.float64) for c in columns]), axis=-1)


def values_at(program: Program, state, parameters: Mapping[str, Any], time, began=None) -> dict[str, Any]:
    """Every variable and parameter at one instant, limited flows as they are. `began`: when the step began that this
    instant lies in, where it is not `time`."""
    values: dict[str, Any] = dict(parameters)
    values["time"], values["dt"] = time, program.wheel.dt
    if began is not None:
        values[STEP_BEGAN] = began
    for i, name in enumerate(program.stocks):
        values[name] = state[..., i]
    for (name, closure), limits_now in zip(program.order, program.limits):
        values[name] = closure(values)
        for (flow, _), limit in limits_now:
            values[flow] = limit(values)
    return values


def rates(program: Program, values: Mapping[str, Any]):
    """ds/dt of every stock, shape (..., stocks)."""
    change = [sum(values[f] for f in ins) - sum(values[f] for f in outs) for ins, outs in program.net]
    return stack(program.xp, change)


def settled(program: Program, state):
    """The state with non-negative stocks at least zero: rounding and process noise would take them just below."""
    if not program.nonnegative.any():
        return state
    return program.xp.where(program.nonnegative, program.xp.maximum(state, 0.0), state)


def stages(program: Program, state, parameters: Mapping[str, Any], time, method: str | None = None):
    """One time step: (state at time + dt, [(weight, values)]), the weights adding up to 1.

    The weighted mean of the values is the mean of a variable over the step, to the order of the method: "euler" (1),
    "heun" (2, the trapezoidal predictor-corrector) or "rk4" (4, Runge 1895, Kutta 1901); None is the wheel's own.
    """
    dt, method = program.wheel.dt, method or program.wheel.method

    def at(slope, share):
        return values_at(program, state + share * dt * slope, parameters, time + share * dt, began=time)

    values = values_at(program, state, parameters, time)
    first = rates(program, values)
    if method == "euler":
        return settled(program, state + dt * first), [(1.0, values)]
    if method == "heun":
        after = at(first, 1.0)
        following = state + dt / 2 * (first + rates(program, after))
        return settled(program, following), [(0.5, values), (0.5, after)]
    second_values = at(first, 0.5)
    second = rates(program, second_values)
    third_values = at(second, 0.5)
    third = rates(program, third_values)
    fourth_values = at(third, 1.0)
    following = state + dt / 6 * (first + 2 * second + 2 * third + rates(program, fourth_values))
    weighted = [(1 / 6, values), (1 / 3, second_values), (1 / 3, third_values), (1 / 6, fourth_values)]
    return settled(program, following), weighted


def step(program: Program, state, parameters: Mapping[str, Any], time, method: str | None = None):
    """One time step: (state at time + dt, values at time)."""
    following, weighted = stages(program, state, parameters, time, method)
    return following, weighted[0][1]
