"""What a plan is judged by: the outcome, the money spent and the conditions to keep, from one run of all draws.

The same lines run with NumPy, at once, and with JAX, for gradients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gearwheel.levers.judging import taken_off
from gearwheel.levers.paths import Paths
from gearwheel.levers.risk import Rule, ordered, squashed
from gearwheel.spin.levers import Path, moved, table
from gearwheel.spin.program import Program, build, step, values_at
from gearwheel.spin.run import noise_sd, perturb
from gearwheel.wheel.compile import compile_tree
from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.parts import Wheel


@dataclass(frozen=True)
class Inputs:
    """What is not decided: parameters by name ((draws,) or a number), `state` (draws, stocks), `shocks`
    (steps, draws, stocks) or None for runs without noise."""

    parameters: Mapping[str, np.ndarray | float] = field(repr=False)
    state: np.ndarray = field(repr=False)
    shocks: np.ndarray | None = field(default=None, repr=False)

    @property
    def draws(self) -> int:
        return len(self.state)


@dataclass(frozen=True)
class Measured:
    """One plan on one set of draws: `value` (draws,) the outcome, `spent` (draws,) money on the levers over the time,
    `margins` (rules, draws) the least distance to each bound over time, `path` (T, draws) the outcome over time, `size` (draws,) the wheel's size at
    the end."""

    value: np.ndarray
    spent: np.ndarray
    margins: np.ndarray
    path: np.ndarray = field(repr=False)
    size: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Task:
    """`how` is "cumulated" or "level"; `start` is now, in wheel time; `current` are the paths of the current plan."""

    wheel: Wheel = field(repr=False)
    outcome: str
    how: str
    paths: Paths = field(repr=False)
    rules: tuple[Rule, ...] = ()
    start: float = 0.0
    current: Mapping[str, Path] = field(default_factory=dict, repr=False)

    @property
    def steps(self) -> int:
        return len(self.paths.times) - 1

    @cached_property
    def program(self) -> Program:
        return build(self.wheel)

    def measure(self, inputs: Inputs, x: np.ndarray) -> Measured:
        """One plan by NumPy. Draws that leave the finite numbers are NaN."""
        with np.errstate(all="ignore"):
            return Measured(*judged(self, np, recorded(self, self.program, inputs, np.asarray(x, float))))


def readers(task: Task, program: Program):
    """values → (reads, draws): the outcome, money booked and not booked on the plan's levers, size, the rules'."""
    wheel, xp = task.wheel, program.xp
    chosen = [wheel.lever[t.lever] for t in task.paths.tracks]

    def closures(kind: str):
        return [compile_tree(parse_name(getattr(lever, kind)), xp, wheel.lookup) for lever in chosen]

    booked, unbooked = closures("spends"), closures("cost")
    names = [wheel.size or task.outcome, *(rule.variable for rule in task.rules)]

    def read(values, draws: int):
        rows = [values[task.outcome], sum(c(values) for c in booked), sum(c(values) for c in unbooked)]
        rows += [values[n] for n in names]
        return xp.stack([xp.broadcast_to(xp.asarray(row, dtype=float), (draws,)) for row in rows])

    return read


def recorded(task: Task, program: Program, inputs: Inputs, x):
    """(T, reads, draws): what the readers see at the beginning of each step and at the end."""
    xp, draws = program.xp, inputs.draws
    read = readers(task, program)
    times = task.start + task.paths.times
    offsets = task.paths.offsets(x, xp)
    others = table(task.current, times)

    def setting(moving, offset):
        given = moved(xp, inputs.parameters, moving)
        return {**given, **{t.of: given[t.of] + offset[i] for i, t in enumerate(task.paths.tracks)}}

    def one(state, now):
        time, moving, offset, shock = now
        at = setting(moving, offset)
        following, values = step(program, state, at, time)
        if shock is not None:
            following = perturb(program, following, shock, noise_sd(program, at, time))
        return following, read(values, draws)

    if xp is np:
        state, rows = inputs.state, []
        for k in range(task.steps):
            shock = None if inputs.shocks is None else inputs.shocks[k]
            state, row = one(state, (times[k], {n: v[k] for n, v in others.items()}, offsets[:, k], shock))
            rows.append(row)
        body = np.stack(rows)
    else:
        import jax

        sequence = (xp.asarray(times[:-1]), {n: xp.asarray(v[:-1]) for n, v in others.items()}, offsets[:, :-1].T)
        state, body = jax.lax.scan(one, inputs.state, (*sequence, inputs.shocks))
    last = setting({n: v[-1] for n, v in others.items()}, offsets[:, -1])
    final = read(values_at(program, state, last, times[-1]), draws)
    return xp.concatenate([body, final[None]])


def judged(task: Task, xp, rows):
    """(value, spent, margins, path, size) of what was recorded, (T, reads, draws)."""
    dt = task.wheel.dt
    outcome, booked, unbooked = rows[:, 0], rows[:, 1], rows[:, 2]
    paid = xp.concatenate([xp.zeros_like(unbooked[:1]), xp.cumsum(unbooked[:-1], axis=0) * dt])
    spent = (booked + unbooked)[:-1].sum(axis=0) * dt
    path = _net(task, task.outcome, outcome, unbooked, paid)
    value = path[:-1].sum(axis=0) * dt if task.how == "cumulated" else path[-1]
    margins = [
        (rule.sign * (_net(task, rule.variable, rows[:, 4 + i], unbooked, paid) - rule.bound)).min(axis=0)
        for i, rule in enumerate(task.rules)
    ]
    margins = xp.stack(margins) if margins else xp.zeros((0, rows.shape[-1]))
    return value, spent, margins, path, rows[-1, 3]


def _net(task: Task, name: str, values, unbooked, paid):
    """Money less the cost that no equation books, all of it so far or what is paid now; all other variables as they are."""
    counted = taken_off(task.wheel, name, "level")
    return values - {"level": unbooked, "cumulated": paid}[counted] if counted else values


def jax_objectives(task: Task):
    """(values, jacobian): jitted (x, inputs as a tuple, weights of the risk measure, weights and widths of the rules) →
    [risk measure, mean money spent, quantile of each rule's margin squashed by its width], and its Jacobian by reverse
    mode."""
    from gearwheel.spin.compiled import jax_program, jax_ready

    jax = jax_ready()
    import jax.numpy as jnp

    program = jax_program(task.wheel)

    def objectives(x, given, weights, rule_weights, widths):
        value, spent, margins, _, _ = judged(task, jnp, recorded(task, program, Inputs(*given), x))
        kept = ordered(jnp, squashed(jnp, margins, widths), rule_weights) if task.rules else jnp.zeros(0)
        return jnp.concatenate([ordered(jnp, value, weights)[None], spent.mean()[None], kept])

    def with_value(x, *rest):
        found = objectives(x, *rest)
        return found, found

    return jax.jit(jax.jacrev(with_value, has_aux=True))


def objectives(
    task: Task, inputs: Inputs, weights: np.ndarray, rule_weights: np.ndarray, widths: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """The same numbers by NumPy."""
    found = task.measure(inputs, x)
    kept = ordered(np, squashed(np, found.margins, widths), rule_weights) if task.rules else np.zeros(0)
    return np.concatenate([[ordered(np, found.value, weights), found.spent.mean()], kept])
