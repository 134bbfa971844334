"""A saving planted in a wheel: how much of it goes to price, when, and what comes back round the loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gearwheel.levers.holding import held
from gearwheel.levers.judging import standing_still, summed
from gearwheel.spin.levers import Path
from gearwheel.spin.program import Program, values_at
from gearwheel.spin.run import spin
from gearwheel.wheel.graph import Edge

TIMINGS = ("now", "delayed", "gradually")


@dataclass(frozen=True)
class Saving:
    """A share `size` of the money variable `cost` is saved for good. The variable `price` is lowered by the share that
    is passed on; `base` is the money from sales over which the saving is spread, so that 100 % gives all of it away
    before anybody buys more. `holds` are the links by which price moves volume, `volume` what it moves."""

    size: float
    cost: str
    price: str
    base: str
    volume: str
    holds: tuple[Edge, ...] = ()


@dataclass(frozen=True)
class Passed:
    """`gain` (timings, shares, draws): Δ outcome against no saving at all; `held` the same with the price's effect on
    volume held, so that gain - held is what the loop returns. `shown` likewise. `volume` (timings, shares, draws, T):
    the volume over that without a saving."""

    saving: Saving
    timings: tuple[str, ...]
    shares: np.ndarray
    times: np.ndarray = field(repr=False)
    baseline: np.ndarray = field(repr=False)
    gain: np.ndarray = field(repr=False)
    held: np.ndarray = field(repr=False)
    shown: Mapping[str, np.ndarray] = field(repr=False)
    volume: np.ndarray = field(repr=False)


def passed_on(when: str, times: np.ndarray, start: float, wait: float):
    """Share of the way to the lower price at each time: at once, after `wait`, or evenly over `wait`."""
    since = np.asarray(times, float) - start
    if when == "now":
        return np.ones_like(since)
    return (since >= wait - 1e-9).astype(float) if when == "delayed" else np.clip(since / wait, 0.0, 1.0)


def try_saving(
    program: Program,
    state: np.ndarray,
    parameters: Mapping[str, np.ndarray | float],
    saving: Saving,
    shares: Sequence[float],
    outcome: str,
    horizon: float,
    *,
    how: str = "cumulated",
    wait: float = 1.0,
    level: Sequence[str] = (),
    cumulated: Sequence[str] = (),
    start: float = 0.0,
    paths: Mapping[str, Path] | None = None,
    shocks: np.ndarray | None = None,
) -> Passed:
    """The saving with each share passed on, now, after `wait` or gradually, each with the loop on and with it held.

    One batch of paired draws; the first scenario has no saving. Shapes and the rest as in `try_terms`.
    """
    wheel, shares = program.wheel, np.asarray(shares, float)
    state = np.atleast_2d(np.asarray(state, float))
    draws = max([len(state), *(len(v) for v in parameters.values() if np.ndim(v))])
    given, moving = standing_still(program, parameters, paths or {}, start, draws)
    tried = [(when, share, hold) for hold in (False, True) for when in TIMINGS for share in shares]
    count = 1 + len(tried)
    now = values_at(program, np.broadcast_to(state, (draws, state.shape[1])), given, start)
    worth = np.broadcast_to(saving.size * now[saving.cost] / now[saving.base], (draws,))  # of one unit's price

    def price_factor(time) -> np.ndarray:
        cuts = [share * float(passed_on(when, time, start, wait)) for when, share, _ in tried]
        return np.concatenate([np.ones(draws), *(1 - cut * worth for cut in cuts)])

    saved = np.repeat(np.r_[1.0, np.full(len(tried), 1 - saving.size)], draws)
    prepared = _with_factors(program, {saving.cost: lambda time: saved, saving.price: price_factor})
    still_rows = [row for row, (*_, hold) in enumerate(tried, 1) if hold]
    prepared = held(prepared, [(edge, still_rows) for edge in saving.holds], count, draws)
    run = spin(
        prepared, {n: np.tile(v, count) for n, v in given.items()}, max(1, round(horizon / wheel.dt)), start=start,
        state=np.tile(np.broadcast_to(state, (draws, state.shape[1])), (count, 1)), paths=moving,
        keep=list(dict.fromkeys([outcome, saving.volume, *level, *cumulated])),
        shocks=None if shocks is None else np.tile(shocks, (1, count, 1)),
    )  # fmt: skip
    shape = (2, len(TIMINGS), len(shares), draws)

    def change(name: str, way: str) -> np.ndarray:
        values = summed(run.values[name], way, wheel.dt).reshape(count, draws)
        return (values[1:] - values[0]).reshape(shape)

    gain = change(outcome, how)
    volume = run.values[saving.volume].reshape(count, draws, -1)
    with np.errstate(all="ignore"):
        relative = (volume[1:] / volume[0]).reshape(*shape, -1)[0]
    shown = {f"{n} (end)" if n in cumulated else n: change(n, "level")[0] for n in level}
    shown |= {n: change(n, "cumulated")[0] for n in cumulated}
    baseline = summed(run.values[outcome], how, wheel.dt)[:draws]
    return Passed(saving, TIMINGS, shares, run.times, baseline, gain[0], gain[1], shown, relative)


def half_time(times: np.ndarray, relative: np.ndarray) -> np.ndarray:
    """Time from the first until volume has made half of the way that it makes by the last, (...,); relative (..., T)."""
    way = relative - relative[..., :1]
    whole = way[..., -1:]
    with np.errstate(all="ignore"):
        there = np.where(whole == 0, False, way / whole >= 0.5)
    return np.where(there.any(axis=-1), times[there.argmax(axis=-1)] - times[0], np.nan)


def _with_factors(program: Program, factors: Mapping) -> Program:
    """The same program in which some computed variables are multiplied by a factor of time."""

    def scaled(closure, factor):
        return lambda values: closure(values) * factor(values["time"])

    return replace(program, order=tuple((n, scaled(c, factors[n]) if n in factors else c) for n, c in program.order))
