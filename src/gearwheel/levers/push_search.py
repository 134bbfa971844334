"""The cheapest push that works with a wanted probability: which subsidies, how much, until when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gearwheel.levers.push import Pushed, Task, push

HALVINGS = 7  # of the size of a push, while searching; twice as many at the end
STOPS = 10  # stop times tried for each mix, before the search between them
GENERATIONS, PER_SUBSIDY = 6, 6
NONE_NEEDED, FOUND, HOPELESS, TOO_DEAR = "none needed", "a push", "no push suffices", "too dear"


@dataclass(frozen=True)
class Cheapest:
    """`answer` in words; `amounts` (k,) shares of the way to the limits and `stop` in time steps of the cheapest push
    (of the most promising one where none suffices, zeros where none is needed); `without` the probability of success
    without a push; `pushed` what the push does, (1, draws)."""

    answer: str
    amounts: np.ndarray
    stop: int
    without: float
    pushed: Pushed

    @property
    def probability(self) -> float:
        return float(np.mean(self.pushed.works))


def cheapest(
    task: Task,
    probability: float,
    *,
    longest: int,
    most: float | None = None,
    seed: int = 1,
    progress: Callable | None = None,
) -> Cheapest:
    """Of all pushes that stop within `longest` time steps and work in a share `probability` of the draws, the one with
    the lowest mean cost.

    For every mix and stop time the smallest size is found by bisection (success is taken to grow with the size).
    Single subsidies and the equal mix are tried at stop times spaced evenly in logs; between mixes and stop times
    differential evolution searches on (Storn & Price 1997), all candidates of a generation in one batch. `most`: the
    mean cost allowed. progress(stage, done, total, note) may raise to cancel.
    """
    k = len(task.subsidies)
    nothing = push(task, np.zeros((1, k)), np.zeros(1, int))
    without = float(np.mean(nothing.works))
    if without >= probability:
        return Cheapest(NONE_NEEDED, np.zeros(k), 0, without, nothing)
    mixes, stops = _first(k, longest)
    found = _smallest(task, mixes, stops, probability)
    if k > 1:
        mixes, stops, found = _evolve(task, mixes, stops, found, probability, longest, seed, progress)
    best = int(np.argmin(found.loss))
    amounts, stop = _refined(task, mixes[best], int(stops[best]), longest, probability)
    pushed = push(task, amounts[None], np.array([stop]))
    works = np.mean(pushed.works) >= probability
    dear = most is not None and float(np.nanmean(pushed.cost)) > most
    answer = HOPELESS if not works else TOO_DEAR if dear else FOUND
    return Cheapest(answer, amounts, stop, without, pushed)


@dataclass(frozen=True)
class _Sized:
    """For each candidate the smallest scale that works, and its loss: mean cost, or above all costs when none does."""

    scale: np.ndarray
    loss: np.ndarray


def _first(k: int, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Every subsidy alone and all together, each at stop times evenly spaced in logs; every time step where few."""
    shapes = np.eye(k) if k == 1 else np.vstack([np.eye(k), np.ones((1, k))])
    count = 4 * STOPS if k == 1 else STOPS
    stops = np.unique(np.round(np.geomspace(1, longest, count)).astype(int))
    return np.repeat(shapes, len(stops), axis=0), np.tile(stops, len(shapes))


def _smallest(task: Task, mixes: np.ndarray, stops: np.ndarray, probability: float, halvings: int = HALVINGS) -> _Sized:
    """Bisection over the scale of each mix (c, k), whose largest part is 1; mean cost at the smallest that works."""
    full = push(task, mixes, stops)
    odds = full.works.mean(axis=1)
    low, high = np.zeros(len(mixes)), np.ones(len(mixes))
    cost = np.nanmean(full.cost, axis=1)
    good = np.flatnonzero(odds >= probability)
    for _ in range(halvings):
        if not len(good):
            break
        middle = (low[good] + high[good]) / 2
        tried = push(task, middle[:, None] * mixes[good], stops[good])
        works = tried.works.mean(axis=1) >= probability
        high[good] = np.where(works, middle, high[good])
        low[good] = np.where(works, low[good], middle)
        cost[good] = np.where(works, np.nanmean(tried.cost, axis=1), cost[good])
    # Of pushes that do not suffice the likelier one is better, whatever it costs.
    return _Sized(high, np.where(odds >= probability, cost, 1e30 * (2 - odds)))


def _refined(task: Task, mix: np.ndarray, stop: int, longest: int, probability: float) -> tuple[np.ndarray, int]:
    """The best stop time within a fifth of `stop` for this mix, and the smallest amounts to some 1e-5 of the limits."""
    near = np.unique(np.round(np.linspace(0.8, 1.25, 2 * STOPS + 1) * stop).astype(int))
    near = np.unique(np.clip(np.append(near, stop), 1, longest))
    sized = _smallest(task, np.repeat(mix[None], len(near), axis=0), near, probability, 2 * HALVINGS)
    best = int(np.argmin(sized.loss))
    return sized.scale[best] * mix, int(near[best])


def _evolve(task, mixes, stops, found, probability, longest, seed, progress):
    """Differential evolution over mix and log of the stop time, from the best of the first candidates and chance."""
    from scipy.optimize import differential_evolution

    k, rng = mixes.shape[1], np.random.default_rng(seed)
    size = PER_SUBSIDY * (k + 1)
    order = np.argsort(found.loss)[: size // 2]
    known = np.column_stack([mixes[order], np.log(stops[order]) / max(np.log(longest), 1e-9)])
    pool = np.vstack([known, rng.uniform(0, 1, (size - len(known), k + 1))])
    best = {"loss": found.loss[order[0]], "mix": mixes[order[0]], "stop": stops[order[0]], "scale": 1.0}
    done = iter(range(1, 10_000))

    def losses(points: np.ndarray) -> np.ndarray:
        mix, stop = _decoded(points.T, k, longest)
        sized = _smallest(task, mix, stop, probability)
        i = int(np.argmin(sized.loss))
        if sized.loss[i] < best["loss"]:
            best.update(loss=sized.loss[i], mix=mix[i], stop=stop[i])
        if progress:
            progress("push", next(done), GENERATIONS + 1, "searching")
        return sized.loss

    differential_evolution(
        losses, [(0, 1)] * (k + 1), init=np.clip(pool, 0, 1), maxiter=GENERATIONS, rng=rng, vectorized=True,
        updating="deferred", polish=False, tol=1e-3,
    )  # fmt: skip
    return best["mix"][None], np.array([best["stop"]]), _Sized(np.ones(1), np.array([best["loss"]]))


def _decoded(points: np.ndarray, k: int, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (c, k + 1) in the unit cube → mixes with a largest part of 1, and stop times. The lowest fifth of each
    amount is none at all, so that single subsidies are no rare case."""
    mix = np.clip(points[:, :k] - 0.2, 0, None)
    top = mix.max(axis=1, keepdims=True)
    mix = np.where(top > 0, mix / np.where(top > 0, top, 1), 1.0)
    stop = np.round(np.exp(points[:, k] * np.log(longest))).astype(int)
    return mix, np.clip(stop, 1, longest)
