"""What one asks of a posterior: spin it, find its loops, try its levers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gearwheel.run.chosen import judged_by
from gearwheel.run.store import Progress, silent
from gearwheel.spin.compiled import jax_program, spin_compiled
from gearwheel.spin.levers import history, resolve
from gearwheel.spin.program import build, initial
from gearwheel.spin.run import Ensemble, spin
from gearwheel.spin.size import refuse_large, refuse_loops, steps_of
from gearwheel.wheel.times import per_year

LOOP_DRAWS = 50
LEVER_DRAWS = 200
FAR = 8.0  # where "no push suffices" and "none needed" stand on the scale of ln λ, beyond the grid's ends


def now_of(posterior) -> float:
    """The time from which the wheel is spun forward: the end of its record, or its start."""
    return 0.0 if posterior.traced is None else float(posterior.traced.at[-1] * posterior.wheel.dt)


def states_kept(posterior) -> int:
    """How many joint draws of parameters and present states there are to spin from."""
    return len(posterior.u if posterior.traced is None else posterior.traced.stocks)


def here(posterior, draws: int) -> tuple[dict, np.ndarray]:
    """(parameters, stocks (draws, n)) as they are now."""
    parameters = posterior.parameters(draws)
    if posterior.traced is not None:
        count = min(draws, len(posterior.traced.stocks))
        return posterior.parameters(count), posterior.traced.stocks[:count, -1]
    program = build(posterior.wheel)
    with np.errstate(all="ignore"):
        return parameters, np.broadcast_to(
            initial(program, parameters), (len(posterior.u[:draws]), len(program.stocks))
        )


def weighed_here(posterior, draws: int) -> tuple[dict, np.ndarray]:
    """`here`, with draws of what the fit holds fixed although nobody knows it: what a decision hangs on is not sure."""
    from gearwheel.fit.beliefs import unsure_draws

    parameters, state = here(posterior, draws)
    return {**parameters, **unsure_draws(posterior.wheel, len(state), posterior.seed)}, state


def spin_posterior(
    posterior,
    *,
    years: float,
    settings: Mapping | None = None,
    noise: bool = True,
    draws: int = 400,
    seed: int = 1,
    keep=None,
    engine: str = "numpy",
) -> Ensemble:
    """Forward from now, all else as it is. Equal seeds share draws and shocks, so that scenarios are paired.

    A fit keeps the states of `states_kept` of its draws; more draws go through these again, each with noise of its own.

    `engine` "numpy" answers at once; "jax" compiles first and pays from some tens of thousands of draws on.

    Raises WheelError for an unknown lever or a setting outside its limits.
    """
    wheel = posterior.wheel
    start = now_of(posterior)
    steps = steps_of(wheel, years, start)
    refuse_large(wheel, steps, draws, keep)
    program = build(wheel)
    parameters, state = here(posterior, draws)
    if len(state) < draws:
        again = np.arange(draws) % len(state)
        parameters = {n: v[again] if np.ndim(v) else v for n, v in parameters.items()}
        state = state[again]
    paths = {**history(wheel), **resolve(wheel, settings or {}, start)}
    shocks = np.random.default_rng(seed).standard_normal((steps, *state.shape)) if noise else None
    if engine == "jax":
        compiled = jax_program(wheel)
        return spin_compiled(
            compiled, parameters, steps, start=start, state=state, paths=paths, shocks=shocks, keep=keep
        )
    return spin(program, parameters, steps, start=start, state=state, paths=paths, shocks=shocks, keep=keep)


def anchors_of(posterior, draws: int = LOOP_DRAWS):
    """States over time at which loops are measured: filtered ones where there is a record, else a noise-free run."""
    from gearwheel.loops.anchors import Anchors, along

    wheel = posterior.wheel
    program, paths = build(wheel), history(wheel)
    parameters = posterior.parameters(draws)
    if posterior.traced is not None:
        times = posterior.traced.at * wheel.dt
        return Anchors(program, posterior.traced.stocks[:draws], times, parameters, paths)
    steps = max(4, round(wheel.horizon * per_year(wheel) / wheel.dt))
    run = spin(program, parameters, steps, paths=paths)
    whole = along(program, run, parameters, paths)
    return whole.at(*range(0, steps + 1, max(1, steps // 24)))


def loops_of(posterior, progress: Progress | None = None) -> dict:
    """Loops, speed, feedback rate, critical mass and barrier, as in results.json; without a size only loops and rate."""
    from gearwheel.loops.anchors import interval
    from gearwheel.loops.describe import describe
    from gearwheel.loops.speed import feedback_rate, speed, speed_sensitivity
    from gearwheel.wheel.times import decimal_year

    progress = progress or silent
    refuse_loops(posterior.wheel)
    progress("loops", 0, 3, "finding and scoring")
    anchors = anchors_of(posterior)
    found = describe(anchors)
    progress("loops", 1, 3, "speed")
    wide = anchors_of(posterior, LEVER_DRAWS)
    wheel = posterior.wheel
    found["feedback_rate"] = interval(feedback_rate(wide.at(-1))[:, -1])
    if not wheel.size:
        return found | {"speed": None, "critical_mass": None, "barrier": None}
    speeds = speed(wide)
    low, median, high = np.nanquantile(speeds, [0.05, 0.5, 0.95], axis=0)
    found["speed"] = {
        **(interval(speeds[:, -1]) or {}),
        "unit": "per year",
        "at": round(decimal_year(float(wide.times[-1]), wheel), 4),
        "over_time": {
            "time": [decimal_year(float(t), wheel) for t in wide.times],
            "median": median.tolist(),
            "low": low.tolist(),
            "high": high.tolist(),
        },
        "sensitivity": {n: float(np.nanmedian(v)) for n, v in speed_sensitivity(wide.at(-1).first(32)).items()},
    }
    progress("loops", 2, 3, "critical mass and barrier")
    found["critical_mass"] = _critical_mass(posterior)
    found["barrier"] = _barrier(posterior)
    return found


def _critical_mass(posterior) -> dict:
    """At the wheel's start, with the clock held there: gears that open later stay closed."""
    from gearwheel.loops.anchors import interval
    from gearwheel.loops.mass import critical_mass, masses, open_gears

    wheel, program = posterior.wheel, build(posterior.wheel)
    parameters = posterior.parameters(LEVER_DRAWS)
    with np.errstate(all="ignore"):
        state = initial(program, _with_levers(wheel, parameters, 0.0))
    horizon = 10 * per_year(wheel)
    stocks = wheel.push or masses(wheel)
    answer = critical_mass(program, state, parameters, horizon, stocks=stocks, paths=history(wheel), frozen=0.0)
    opened, closed = open_gears(wheel, 0.0)
    steps = round(per_year(wheel) / wheel.dt)
    year = spin(program, parameters, steps, state=state, paths=history(wheel), frozen=0.0, keep=[wheel.size])
    growth = np.log(year[wheel.size][:, -1] / year[wheel.size][:, 0])
    prior = posterior.beliefs.named(posterior.beliefs.draw(LEVER_DRAWS, posterior.seed))
    with np.errstate(all="ignore"):
        believed_state = initial(program, _with_levers(wheel, prior, 0.0))
    believed = critical_mass(program, believed_state, prior, horizon, stocks=stocks, paths=history(wheel), frozen=0.0)
    return {
        **answer.summary(),
        "at": wheel.start.isoformat(),
        "open_gears": opened,
        "closed_gears": closed,
        "belief_share": _belief_share(posterior, answer, growth),
        "shares_on_belief": believed.summary()["shares"],
        "first_year_growth": interval(growth),
    }


def _with_levers(wheel, parameters: Mapping, time: float) -> dict:
    from gearwheel.spin.levers import value_at

    return {**parameters, **{n: value_at(path, time, parameters[n]) for n, path in history(wheel).items()}}


def _belief_share(posterior, answer, growth: np.ndarray) -> float | None:
    """How much of the answer is belief: the variance of the answer over draws is split among the parameters by a
    linear regression, and each part counts as belief as far as the data did not contract that parameter. Where all
    draws give one answer, its cause stands in for it: the young wheel's growth in the first year."""
    if posterior.traced is None:
        return 1.0
    words = answer.answers
    target = np.where(words == "a push", np.log(np.where(np.isfinite(answer.scale), answer.scale, 1.0)), 0.0)
    target = target + FAR * (words == "no push suffices") - FAR * (words == "none needed")
    return belief_share(posterior, growth if target.std() == 0 else target)


def belief_share(
    posterior, target: np.ndarray, beside: Sequence[np.ndarray] = (), which: np.ndarray | None = None
) -> float | None:
    """How much of a quantity (draws,) is belief: its variance over the posterior's draws (the first, or those at
    `which`) is split among the parameters by a ridge regression, and each part counts as belief as far as the data did
    not contract that parameter. `beside` are draws (draws,) of numbers that no data have told of. None where the
    quantity is the same in all draws."""
    if posterior.traced is None:
        return 1.0
    known = np.isfinite(target)
    if known.sum() < 2 or np.ptp(target[known]) == 0:
        return None
    u = np.column_stack([posterior.u[: len(target)] if which is None else posterior.u[which], *beside])[known]
    u = (u - u.mean(axis=0)) / np.maximum(u.std(axis=0), 1e-12)
    ridge = u.T @ u + 10 * np.eye(u.shape[1])
    part = np.linalg.solve(ridge, u.T @ (target[known] - target[known].mean())) ** 2
    contraction = np.where(posterior.free, 1 - posterior.u.var(axis=0), 0.0).clip(0, 1)
    belief = 1 - np.concatenate([contraction, np.zeros(len(beside))])
    return float((part * belief).sum() / part.sum()) if part.sum() > 0 else None


def _barrier(posterior) -> dict | None:
    from gearwheel.loops.barrier import barrier, barrier_summary

    wheel = posterior.wheel
    if not wheel.rival:
        return None
    program = build(wheel)
    parameters, state = here(posterior, LEVER_DRAWS)
    paths, now = history(wheel), now_of(posterior)
    cuts = {
        word: barrier_summary(barrier(program, state, parameters, wheel.rival, start=now, paths=paths, without=without))
        for word, without in (("with_habit", ()), ("without_habit", wheel.habit))
    }
    return {**cuts, "unit": "share of price"}


def levers_of(
    posterior, outcome: str | None = None, *, years: float | None = None, how: str | None = None, noise: bool = True
) -> dict:
    """Effect of every lever on `outcome` after `years` (as `usual_years` when None), from paired draws, as in
    results.json; `how` as `usual` when None. Raises WheelError where there is no lever or no outcome."""
    from gearwheel.fit.beliefs import unsure_draws
    from gearwheel.levers.judging import usual
    from gearwheel.levers.ranking import summary
    from gearwheel.levers.sensitivity import net, sensitivity
    from gearwheel.loops.named import named
    from gearwheel.run.horizon import longest_delay, usual_years
    from gearwheel.wheel.graph import graph

    wheel = posterior.wheel
    outcome = judged_by(wheel, outcome)
    delay = longest_delay(posterior)
    years, how = usual_years(posterior, delay) if years is None else years, how or usual(wheel, outcome)
    program = build(wheel)
    parameters, state = weighed_here(posterior, LEVER_DRAWS)
    horizon = years * per_year(wheel)
    steps = steps_of(wheel, years, now_of(posterior))
    shocks = np.random.default_rng(posterior.seed).standard_normal((steps, *state.shape))
    found = sensitivity(
        program, state, parameters, outcome, horizon, how=how, start=now_of(posterior), paths=history(wheel),
        shocks=shocks if noise else None, loops=named(wheel, graph(wheel)),
    )  # fmt: skip
    beside = list(unsure_draws(wheel, len(state), posterior.seed).values())
    told = summary(found, lambda effect: belief_share(posterior, net(effect), beside))
    return {**_in_currency(told, wheel), "longest_delay": delay}


def _in_currency(part: dict, wheel) -> dict:
    from gearwheel.run.parts import shown_unit

    effects = [{**e, "unit": shown_unit(e["unit"], wheel)} for e in part["effects"]]
    return {**part, "unit": shown_unit(part["unit"], wheel), "effects": effects}
