"""The search for lever paths: by gradient from several starts, and again without gradients as a check."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint, minimize

from gearwheel.levers.paths import Paths

ITERATIONS = 60
FEASIBLE = 1e-4  # of the budget, or of a rule's scale, that counts as kept
GRADIENT_RUNS = 4  # a reverse pass costs about as much as three runs, and one is needed for the value

Objectives = Callable[[np.ndarray], np.ndarray]
Slopes = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
Told = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Scales:
    """`none` are the objectives under the current plan; `gain` brings values near 1; `budget` may be inf."""

    none: np.ndarray
    gain: float
    budget: float

    def split(self, found: np.ndarray) -> tuple[float, np.ndarray]:
        """(gain over the current plan, slack of budget and rules), scaled; slack below 0 breaks."""
        slack = found[2:]
        if np.isfinite(self.budget):
            room = (self.budget - (found[1] - self.none[1])) / self.money
            slack = np.concatenate([[room], slack])
        return (found[0] - self.none[0]) / self.gain, slack

    def slopes(self, jacobian: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kept = jacobian[2:]
        if np.isfinite(self.budget):
            kept = np.concatenate([-jacobian[1:2] / self.money, kept])
        return jacobian[0] / self.gain, kept

    @property
    def money(self) -> float:
        return self.budget if self.budget > 0 else max(1.0, abs(self.none[1]))


@dataclass(frozen=True)
class Found:
    """`gain` in the outcome's unit over the current plan, on the draws of the search; `runs` counts simulations."""

    x: np.ndarray
    gain: float
    kept: bool
    runs: int


def best_of(found: Sequence[Found]) -> Found | None:
    """The best that keeps everything, None where none does."""
    kept = [f for f in found if f.kept and np.isfinite(f.gain)]
    return max(kept, key=lambda f: f.gain, default=None)


def judge(paths: Paths, scales: Scales, x: np.ndarray, values: np.ndarray, runs: int = 1) -> Found:
    gain, slack = scales.split(values)
    low, high = paths.bounds
    inside = bool(np.all(x >= low - 1e-9) and np.all(x <= high + 1e-9) and np.all(paths.rows @ x <= paths.most + 1e-7))
    kept = inside and bool(np.isfinite(gain)) and bool(np.all(slack >= -FEASIBLE))
    return Found(x, float(gain * scales.gain), kept, runs)


def by_gradient(paths: Paths, scales: Scales, slopes: Slopes, starts: Sequence[np.ndarray], told: Told) -> list[Found]:
    """Sequential least-squares programming (Kraft 1988) from each start; `slopes` gives objectives and Jacobian."""
    low, high = paths.bounds
    found = []
    for number, start in enumerate(starts):
        told(number, len(starts), "by gradient")
        at, seen = _remembered(scales, slopes, low, high, lambda note, n=number: told(n, len(starts), note))
        conditions = []
        if len(scales.split(scales.none)[1]):
            conditions.append({"type": "ineq", "fun": lambda x, at=at: at(x)[1], "jac": lambda x, at=at: at(x)[3]})
        if len(paths.rows):
            conditions.append(
                {"type": "ineq", "fun": lambda x: paths.most - paths.rows @ x, "jac": lambda x: -paths.rows}
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ended = minimize(
                lambda x, at=at: -at(x)[0], start, jac=lambda x, at=at: -at(x)[2], method="SLSQP", bounds=Bounds(low, high),
                constraints=conditions, options={"maxiter": ITERATIONS, "ftol": 1e-8},
            )  # fmt: skip
        x = drawn_in(paths, scales, np.clip(ended.x, low, high), lambda x: slopes(x)[0])
        found.append(judge(paths, scales, x, slopes(x)[0], GRADIENT_RUNS * len(seen)))
    return found


def _remembered(scales: Scales, slopes: Slopes, low: np.ndarray, high: np.ndarray, told: Callable[[str], None]):
    """x → (gain, slack, and their slopes), scaled, each point computed once; and what has been computed."""
    seen: dict[bytes, tuple] = {}

    def at(x):
        key = np.asarray(x, float).tobytes()
        if key not in seen:
            values, jacobian = slopes(np.clip(x, low, high))
            gain, slack = scales.split(np.nan_to_num(values, nan=-1e9, posinf=1e9, neginf=-1e9))
            seen[key] = (gain, slack, *scales.slopes(np.nan_to_num(jacobian)))
            told(f"gain {gain * scales.gain:.4g}")
        return seen[key]

    return at, seen


def without_gradient(
    paths: Paths, scales: Scales, objectives: Objectives, start: np.ndarray, runs: int, told: Told
) -> Found:
    """Derivative-free trust regions (COBYQA: Ragonneau 2022) from one start within a number of runs."""
    low, high = paths.bounds
    seen: dict[bytes, np.ndarray] = {}

    def at(x):
        key = np.asarray(x, float).tobytes()
        if key not in seen:
            seen[key] = np.nan_to_num(objectives(np.clip(x, low, high)), nan=-1e9, posinf=1e9, neginf=-1e9)
            told(min(len(seen), runs), runs, "without gradients")
        return scales.split(seen[key])

    conditions = [LinearConstraint(paths.rows, -np.inf, paths.most)] if len(paths.rows) else []
    if len(scales.split(scales.none)[1]):
        conditions.append(NonlinearConstraint(lambda x: at(x)[1], 0.0, np.inf))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ended = minimize(
            lambda x: -at(x)[0], start, method="COBYQA", bounds=Bounds(low, high), constraints=conditions,
            options={"maxfev": runs, "initial_tr_radius": 0.1},
        )  # fmt: skip
    x = drawn_in(paths, scales, np.clip(ended.x, low, high), objectives)
    return judge(paths, scales, x, objectives(x), len(seen))


def drawn_in(paths: Paths, scales: Scales, x: np.ndarray, objectives: Objectives) -> np.ndarray:
    """x itself where it keeps everything, else the furthest point on the way to it from the current plan that does:
    an optimiser may end a hair outside."""
    if judge(paths, scales, x, objectives(x)).kept:
        return x
    inside, outside = 0.0, 1.0
    for _ in range(12):
        middle = (inside + outside) / 2
        if judge(paths, scales, middle * x, objectives(middle * x)).kept:
            inside = middle
        else:
            outside = middle
    return inside * x if inside else x
