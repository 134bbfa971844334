"""Critical mass: the smallest start from which the wheel, left alone, still reaches its high state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gearwheel.loops.anchors import interval
from gearwheel.spin.levers import Path
from gearwheel.spin.program import Program
from gearwheel.spin.run import spin
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.times import elapsed

NONE_NEEDED, PUSH, HOPELESS = "none needed", "a push", "no push suffices"
SMALLEST, LARGEST, POINTS, HALVINGS = 1e-3, 1e3, 25, 14
SETTLED = 0.5  # d ln size / d ln start at the top of the grid, below which the end no longer depends on the start


@dataclass(frozen=True)
class CriticalMass:
    """`answers` (draws,) in words; `scale` (draws,) λ* in units of the actual start, NaN where the answer is not a
    push: λ* ≤ 1 means that the actual start is already past it. `stocks` were scaled."""

    answers: np.ndarray
    scale: np.ndarray
    stocks: tuple[str, ...]

    def summary(self) -> dict:
        """Shares of the three answers, the commonest one where at least 95 % agree (else "mixed"), interval of λ*."""
        shares = {word: float(np.mean(self.answers == word)) for word in (NONE_NEEDED, PUSH, HOPELESS)}
        answer = max(shares, key=shares.get)
        return {
            "answer": answer if shares[answer] >= 0.95 else "mixed",
            "shares": shares,
            "scale": interval(self.scale[self.answers == PUSH]),
            "stocks": list(self.stocks),
        }


def masses(wheel: Wheel) -> tuple[str, ...]:
    """Stocks that can be scaled as a start: positive, with a unit (an index such as satisfaction has none)."""
    return tuple(n for n, s in wheel.stock.items() if s.scale == "log" and s.unit.strip() not in ("", "1"))


def open_gears(wheel: Wheel, time: float) -> tuple[list[str], list[str]]:
    """(open, closed) gears at `time`."""
    gears = dict.fromkeys([*wheel.sentences, *(n.split(".")[0] for n in wheel.variables() if "." in n)])
    closed = [g for g in gears if g in wheel.opens and elapsed(wheel.opens[g], wheel) > time + 1e-9]
    return [g for g in gears if g not in closed], closed


def critical_mass(
    program: Program,
    state: np.ndarray,
    parameters: Mapping[str, np.ndarray | float],
    horizon: float,
    *,
    start: float = 0.0,
    stocks: Sequence[str] | None = None,
    paths: Mapping[str, Path] | None = None,
    frozen: float | None = None,
) -> CriticalMass:
    """Scale `stocks` (all masses when None) of `state` (draws, stocks) by λ in [0.001, 1000] and look after `horizon`
    time units, noise off.

    The high state is the size reached from the largest λ; a start succeeds when it reaches at least half of it. Where
    the end still depends on the start there (a wheel without a ceiling, or one that dies from everywhere), a start
    succeeds when the size does not fall instead. Per draw: "none needed" when the smallest λ succeeds, "no push
    suffices" when none does, else "a push" with the smallest λ that does, by bisection. frozen: hold the clock there.
    """
    stocks = masses(program.wheel) if stocks is None else tuple(stocks)
    ends = _ends(program, state, parameters, horizon, start, stocks, paths, frozen)
    draws = ends.draws
    grid = _grid(draws)
    at_grid = ends(grid)
    reaches = _criterion(grid, *at_grid)
    good = reaches(*at_grid)
    first = np.argmax(good, axis=0)
    answers = np.where(~good.any(axis=0), HOPELESS, np.where(good[0], NONE_NEEDED, PUSH))
    high = grid[first, np.arange(draws)]
    low = grid[np.maximum(first - 1, 0), np.arange(draws)]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        there = reaches(*ends(middle[None]))[0]
        high, low = np.where(there, middle, high), np.where(there, low, middle)
    return CriticalMass(answers, np.where(answers == PUSH, np.exp(high), np.nan), stocks)


def success(
    program: Program,
    state: np.ndarray,
    parameters: Mapping[str, np.ndarray | float],
    horizon: float,
    *,
    start: float = 0.0,
    stocks: Sequence[str] | None = None,
    paths: Mapping[str, Path] | None = None,
    frozen: float | None = None,
) -> Success:
    """What counts as success in `critical_mass`; arguments as there."""
    stocks = masses(program.wheel) if stocks is None else tuple(stocks)
    ends = _ends(program, state, parameters, horizon, start, stocks, paths, frozen)
    grid = _grid(ends.draws)
    return _criterion(grid, *ends(grid))


@dataclass(frozen=True)
class Success:
    """Per draw: where the end no longer depends on the start (`settled`), at least `half` of the high state; elsewhere a
    size that does not fall."""

    settled: np.ndarray
    half: np.ndarray

    def __call__(self, size: np.ndarray, was: np.ndarray) -> np.ndarray:
        """Of the size at the horizon and when left alone, both (..., draws), booleans of that shape."""
        with np.errstate(invalid="ignore"):
            return np.where(self.settled, size >= self.half, size >= was)


def _grid(draws: int) -> np.ndarray:
    return np.repeat(np.linspace(np.log(SMALLEST), np.log(LARGEST), POINTS)[:, None], draws, axis=1)


@dataclass(frozen=True)
class _Ends:
    """Size at the horizon and at the start, (2, k, draws), for log λ of shape (k, draws)."""

    program: Program
    state: np.ndarray
    parameters: Mapping[str, np.ndarray | float]
    steps: int
    scaled: np.ndarray
    more: Mapping

    @property
    def draws(self) -> int:
        return len(self.state)

    def __call__(self, log_scale: np.ndarray) -> np.ndarray:
        size = self.program.stocks.index(self.program.wheel.size)
        times = len(log_scale)
        begin = np.tile(self.state, (times, 1))
        begin[:, self.scaled] *= np.exp(log_scale).reshape(-1, 1)
        given = {n: np.tile(v, times) if np.ndim(v) else v for n, v in self.parameters.items()}
        run = spin(self.program, given, self.steps, state=begin, keep=(), **self.more)
        end = np.where(np.isfinite(run.states[:, size]), run.states[:, size], np.nan)
        return np.stack([end, begin[:, size]]).reshape(2, times, self.draws)


def _ends(program, state, parameters, horizon, start, stocks, paths, frozen) -> _Ends:
    state = np.atleast_2d(np.asarray(state, float))
    draws = max([len(state), *(len(v) for v in parameters.values() if np.ndim(v))])
    state = np.broadcast_to(state, (draws, state.shape[1]))
    steps = max(1, round(horizon / program.wheel.dt))
    more = {"start": start, "paths": paths, "frozen": frozen}
    return _Ends(program, state, parameters, steps, np.isin(program.stocks, stocks), more)


def _criterion(grid: np.ndarray, end: np.ndarray, begin: np.ndarray) -> Success:
    """What counts as success, per draw, from the ends of the whole grid (k, draws)."""
    finite = np.isfinite(end)
    last = np.maximum(len(grid) - 1 - np.argmax(finite[::-1], axis=0), 1)
    draw = np.arange(grid.shape[1])
    with np.errstate(all="ignore"):
        slope = (np.log(end[last, draw]) - np.log(end[last - 1, draw])) / (grid[1] - grid[0])
    return Success(np.abs(slope) < SETTLED, end[last, draw] / 2)
