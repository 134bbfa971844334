"""A push asked of a wheel: the cheapest subsidies that carry it past critical mass, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gearwheel.run.chosen import chosen_lever
from gearwheel.run.parts import shown_unit
from gearwheel.run.questions import here, now_of
from gearwheel.run.store import Progress, plain, silent
from gearwheel.spin.levers import history, value_at
from gearwheel.spin.program import build, initial
from gearwheel.spin.size import steps_of
from gearwheel.wheel.errors import Problem, WheelError
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.times import decimal_year, per_year

YEARS, LONGEST = 10.0, 0.5  # the horizon, as for critical mass; the share of it that a push may last
DRAWS = 100
STARTS = tuple(np.geomspace(0.01, 10, 13).tolist())  # of the map, times the start state
SIZES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)  # of the map, times the push found


def push_of(posterior, *, at: str = "now", draws: int = DRAWS, **asked) -> dict:
    """The cheapest push from where the wheel is "now", or from its "start"; `asked` as `push_from` takes it."""
    wheel = posterior.wheel
    _refuse(wheel, at not in ("now", "start"), f"'{at}' is neither 'now' nor 'start'")
    if at == "now":
        parameters, state = here(posterior, draws)
        return push_from(wheel, parameters, state, now_of(posterior), seed=posterior.seed, **asked)
    parameters = posterior.parameters(draws)
    return push_from(wheel, parameters, start_state(wheel, parameters), 0.0, seed=posterior.seed, **asked)


def push_on_beliefs(wheel: Wheel, *, draws: int = DRAWS, seed: int = 1, **asked) -> dict:
    """The cheapest push from the wheel's start on beliefs alone."""
    from gearwheel.fit.beliefs import beliefs_of

    beliefs = beliefs_of(wheel)
    parameters = {n: np.broadcast_to(v, (draws,)) for n, v in beliefs.named(beliefs.draw(draws, seed)).items()}
    return push_from(wheel, parameters, start_state(wheel, parameters), 0.0, seed=seed, **asked)


def start_state(wheel: Wheel, parameters: Mapping) -> np.ndarray:
    """The stocks at the wheel's start, (draws, stocks), with the levers at what they were."""
    given = {**parameters, **{n: value_at(p, 0.0, parameters.get(n)) for n, p in history(wheel).items()}}
    with np.errstate(all="ignore"):
        return initial(build(wheel), given)


def push_from(
    wheel: Wheel,
    parameters: Mapping,
    state: np.ndarray,
    now: float,
    *,
    probability: float = 0.8,
    years: float | None = None,
    levers: Sequence[str] | None = None,
    most: float | None = None,
    noise: bool = False,
    front: bool = False,
    seed: int = 1,
    progress: Progress | None = None,
) -> dict:
    """The cheapest push that works in a share `probability` of the draws, within `years` from `now`, as plain data.

    The clock of outside inputs is held at `now`, as for critical mass: gears that open later stay closed. `levers`: the
    subsidies to choose from, all when None; `most`: the mean cost allowed. `noise`: process noise in every run. Raises
    WheelError: GW152 for a lever that is none or costs nothing, GW153 for a number that makes no sense, GW154 for a
    wheel without a size or without subsidies.
    """
    from gearwheel.fit.beliefs import unsure_draws
    from gearwheel.levers.push import task_of
    from gearwheel.levers.push_map import push_map
    from gearwheel.levers.push_search import cheapest

    progress = progress or silent
    years = YEARS if years is None else years
    chosen = _open_ones(wheel, _chosen(wheel, levers), now)
    _refuse(wheel, not 0 < probability < 1, f"a probability of {probability:g} cannot be asked for", "Such as 0.8.")
    _refuse(wheel, not (math.isfinite(years) and 0 < years <= 200), f"a push over {years:g} years makes no sense")
    _refuse(wheel, most is not None and not most > 0, "the most money must be above 0")
    parameters = {**parameters, **unsure_draws(wheel, np.shape(state)[0], seed)}
    steps_of(wheel, years)  # refuses what could not be spun
    program, horizon = build(wheel), years * per_year(wheel)
    stocks = wheel.push or None
    steps = max(2, round(horizon / wheel.dt))
    shape = (steps, np.shape(state)[0], len(program.stocks))
    task = task_of(
        program, state, parameters, horizon, chosen, start=now, paths=history(wheel), stocks=stocks, frozen=now,
        front=front, shocks=np.random.default_rng([seed, 2]).standard_normal(shape) if noise else None,
    )  # fmt: skip
    progress("push", 0, 1, "searching")
    found = cheapest(
        task, probability, longest=max(1, int(LONGEST * steps)), most=most, seed=seed, progress=progress
    )  # fmt: skip
    # Where none is needed, the map shows the largest push for a quarter of the time it may last.
    shown = found.amounts if found.amounts.any() else np.ones(len(chosen))
    stop = found.stop or max(1, int(LONGEST * steps / 4))
    progress("push", 0, 1, "map")
    field = push_map(task, shown, stop, probability, STARTS, SIZES, stocks)
    told = {
        "answer": found.answer,
        "wanted": probability,
        "probability": found.probability,
        "without": found.without,
        "at": round(decimal_year(now, wheel), 4),
        "years": years,
        "size": wheel.size,
        "high_state": float(np.mean(task.reaches.settled)),  # share of draws that have one
        "front_loaded": front,
        "noise": noise,
        **_spent(task, found, wheel),
        "levers": _rows(task, found, wheel),
        "map": {"starts": field.starts, "sizes": field.sizes, "odds": field.odds, "boundary": field.boundary},
    }
    progress("push", 1, 1, "")
    return plain(told)


def _spent(task, found, wheel: Wheel) -> dict:
    """Cost, stop and speeds of the push found; nothing of it where none is needed."""
    from gearwheel.levers.push_map import earliest_stop, speeds
    from gearwheel.loops.anchors import interval

    unit = {"money": shown_unit("money", wheel)}
    if not found.amounts.any():
        return {**unit, "cost": None, "stop": None, "earliest": None, "effort": None, "never": None, "speed": None}
    alone = earliest_stop(task, found.amounts, max(1, int(LONGEST * task.steps)))
    cost = found.pushed.cost[0]
    return {
        **unit,
        "cost": {**(interval(cost) or {}), "mean": float(np.nanmean(cost))},
        "stop": found.stop * wheel.dt / per_year(wheel),
        "earliest": interval(alone.stop / per_year(wheel)),
        "effort": interval(alone.cost),
        "never": float(np.mean(np.isnan(alone.stop))),
        "speed": {k: interval(v) for k, v in speeds(task, found.amounts, found.stop).items()},
    }


def _rows(task, found, wheel: Wheel) -> list[dict]:
    from gearwheel.levers.push import settings

    to = settings(task, found.amounts[None])[:, 0]
    return [
        {
            "lever": name,
            "title": wheel.lever[name].title or name,
            "unit": shown_unit(wheel.parameter[wheel.lever[name].of].unit, wheel),
            "from": float(np.median(task.parameters[wheel.lever[name].of])),
            "to": float(np.median(value)),
            "limits": list(wheel.lever[name].limits),
        }
        for name, value in zip(task.subsidies, to)
    ]


def _chosen(wheel: Wheel, names: Sequence[str] | None) -> tuple[str, ...]:
    """The subsidies by their full names."""
    from gearwheel.levers.push import subsidies_of

    if not wheel.size:
        hint = 'Name the stock by which the wheel is judged: size = "gear.stock" in its first line.'
        raise WheelError(
            Problem("GW154", "this wheel has no size, so nothing says that it turns", wheel.file, hint=hint)
        )
    known = subsidies_of(wheel)
    if not known and not names:
        hint = 'A subsidy is a lever with a cost: [lever.NAME] with `of`, `limits` and cost = "money per time".'
        raise WheelError(Problem("GW154", "no lever of this wheel is a subsidy", wheel.file, hint=hint))
    chosen = list(dict.fromkeys(chosen_lever(wheel, name, "GW152") for name in names or known))
    for name in chosen:
        if {wheel.lever[name].cost.strip(), wheel.lever[name].spends.strip()} <= {"", "0"}:
            hint = 'Say what it costs a time unit, cost = "...", or name one of: ' + (", ".join(known) or "none") + "."
            raise WheelError(
                Problem("GW152", f"lever '{name}' costs nothing, so no push of it is cheap", wheel.file, hint=hint)
            )
    return tuple(chosen)


def _open_ones(wheel: Wheel, names: tuple[str, ...], now: float) -> tuple[str, ...]:
    """Without those of gears that are not open yet: they would move nothing. All of them where none is open."""
    from gearwheel.loops.mass import open_gears

    closed = open_gears(wheel, now)[1]
    return tuple(n for n in names if n.split(".")[0] not in closed) or names


def _refuse(wheel: Wheel, wrong: bool, message: str, hint: str = "") -> None:
    if wrong:
        raise WheelError(Problem("GW153", message, wheel.file, hint=hint))
