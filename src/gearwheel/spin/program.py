"""An assembled wheel → `step`: the one pure function that everything else calls.

`step(state, parameters, time) → (state, values)` with state an array whose last axis holds the stocks in
`Program.stocks` order, and `values` every variable at `time`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gearwheel.spin.compile import Closure, compile_tree
from gearwheel.wheel.errors import Problem, WheelError
from gearwheel.wheel.graph import evaluation_order, parse_name
from gearwheel.wheel.parts import Place, Wheel


@dataclass(frozen=True)
class Program:
    """A wheel compiled for one array module.

    `stocks`, `parameters`: names in array order. `positive[i]`: stock i lives on a log scale.
    """

    wheel: Wheel
    xp: Any
    stocks: tuple[str, ...]
    parameters: tuple[str, ...]
    positive: np.ndarray
    order: tuple[tuple[str, Closure], ...] = field(repr=False)
    starts: tuple[Closure, ...] = field(repr=False)
    noises: tuple[Closure, ...] = field(repr=False)
    net: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = field(repr=False)
    sparing: tuple[tuple[str, tuple[str, ...]], ...] = field(repr=False)
    nonnegative: np.ndarray = field(repr=False)

    def centre(self) -> dict[str, float]:
        """Every parameter at its value or the centre of its belief."""
        return {n: self.wheel.parameter[n].centre for n in self.parameters}


def build(wheel: Wheel, xp=np) -> Program:
    """Compile an assembled wheel. Raises WheelError for cycles without a stock."""

    def closure(equation: str) -> Closure:
        return compile_tree(parse_name(equation), xp, wheel.lookup)

    computed = {**wheel.flow, **wheel.aux}
    order = tuple((n, closure(computed[n].equation)) for n in evaluation_order(wheel))
    return Program(
        wheel=wheel,
        xp=xp,
        stocks=tuple(wheel.stock),
        parameters=tuple(wheel.parameter),
        positive=np.array([s.scale == "log" for s in wheel.stock.values()], dtype=bool),
        order=order,
        starts=tuple(closure(s.start) for s in wheel.stock.values()),
        noises=tuple(closure(s.noise) for s in wheel.stock.values()),
        net=tuple((s.inflows, s.outflows) for s in wheel.stock.values()),
        sparing=tuple((name, s.outflows) for name, s in wheel.stock.items() if s.nonnegative),
        nonnegative=np.array([s.nonnegative for s in wheel.stock.values()], dtype=bool),
    )


def initial(program: Program, parameters: Mapping[str, Any], time: float = 0.0):
    """Start values, shape (..., stocks). A start may refer to other stocks' starts and to auxiliaries."""
    values: dict[str, Any] = {**parameters, "time": time, "dt": program.wheel.dt}
    pending = dict(zip(program.stocks, program.starts))
    computed = dict(program.order)
    while pending:
        ready = len(pending)
        for name, start in list(pending.items()):
            try:
                values[name] = start(values)
            except KeyError:
                continue
            del pending[name]
        for name, closure in list(computed.items()):
            try:
                values[name] = closure(values)
            except KeyError:
                continue
            del computed[name]
            ready += 1
        if ready == len(pending):
            raise _entangled(program.wheel, list(pending))
    return stack(program.xp, [values[n] for n in program.stocks])


def _entangled(wheel: Wheel, pending: list[str]) -> WheelError:
    place = wheel.places.get(("stock", pending[0]), Place(wheel.file, 0))
    hint = "Give one of them a start that needs no other stock."
    return WheelError(
        Problem("GW203", f"start values need each other: {', '.join(pending)}", place.file, place.line, hint)
    )


def stack(xp, columns):
    """Columns of mixed shapes (numbers, draws) side by side on a new last axis."""
    return xp.stack(xp.broadcast_arrays(*[xp.asarray(c, dtype=xp.float64) for c in columns]), axis=-1)


def values_at(program: Program, state, parameters: Mapping[str, Any], time) -> dict[str, Any]:
    """Every variable and parameter at one instant; the outflows of non-negative stocks as they really are."""
    values: dict[str, Any] = dict(parameters)
    values["time"], values["dt"] = time, program.wheel.dt
    for i, name in enumerate(program.stocks):
        values[name] = state[..., i]
    for name, closure in program.order:
        values[name] = closure(values)
    _spare(program, values)
    return values


def _spare(program: Program, values: dict[str, Any]) -> None:
    """Cut the outflows of non-negative stocks to what the stock holds, the first listed served first.

    The order is that of Stella (isee systems, "Flow prioritization"); unlike there, what flows in during the same step
    can flow out in the next one only.
    """
    xp = program.xp
    for stock, outflows in program.sparing:
        left = xp.maximum(values[stock], 0.0) / program.wheel.dt
        for flow in outflows:
            values[flow] = xp.minimum(xp.maximum(values[flow], 0.0), left)
            left = left - values[flow]


def rates(program: Program, values: Mapping[str, Any]):
    """ds/dt of every stock, shape (..., stocks)."""
    change = [sum(values[f] for f in ins) - sum(values[f] for f in outs) for ins, outs in program.net]
    return stack(program.xp, change)


def settled(program: Program, state):
    """The state with non-negative stocks at least zero: rounding and process noise would take them just below."""
    if not program.sparing:
        return state
    return program.xp.where(program.nonnegative, program.xp.maximum(state, 0.0), state)


def stages(program: Program, state, parameters: Mapping[str, Any], time, method: str | None = None):
    """One time step: (state at time + dt, [(weight, values)]), the weights adding up to 1.

    The weighted mean of the values is the mean of a variable over the step, to the order of the method: "euler" (1),
    "heun" (2, the trapezoidal predictor-corrector) or "rk4" (4, Runge 1895, Kutta 1901); None is the wheel's own.
    """
    dt, method = program.wheel.dt, method or program.wheel.method

    def at(slope, share):
        return values_at(program, state + share * dt * slope, parameters, time + share * dt)

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
