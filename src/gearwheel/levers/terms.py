"""Terms set with partners or customers: a grid of settings × posterior draws in one paired batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gearwheel.levers.judging import ahead, business_levers, cost_rates, standing_still, summed, taken_off
from gearwheel.levers.terms_best import AT_END, answered, best, break_even, flat_top, open_end, value_at
from gearwheel.loops.anchors import interval
from gearwheel.spin.levers import Path
from gearwheel.spin.program import Program
from gearwheel.spin.run import spin
from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.tree import names

SETTINGS = 21  # of one term's grid


@dataclass(frozen=True)
class Term:
    """What the business agrees with others: parameters `of` that take the values of `grid` (settings,).

    One parameter takes the values themselves; several are multiplied by them, and 1 is then the present.
    """

    name: str
    of: tuple[str, ...]
    grid: np.ndarray
    title: str = ""
    unit: str = "1"


@dataclass(frozen=True)
class Curve:
    """One term, all settings: `change` (settings, draws) of the outcome against the present terms of the same draw,
    `shown` the same for the variables that are shown."""

    term: Term
    present: float
    change: np.ndarray = field(repr=False)
    shown: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Tried:
    """`baseline` (draws,) of the outcome and of what is shown on the present terms; `without` (draws,) is the outcome's
    change when there is no such offer at all, None where that was not asked."""

    outcome: str
    how: str
    baseline: np.ndarray = field(repr=False)
    shown: Mapping[str, np.ndarray] = field(repr=False)
    curves: tuple[Curve, ...]
    without: np.ndarray | None = field(default=None, repr=False)


def grid_of(low: float, high: float, present: float, settings: int = SETTINGS) -> np.ndarray:
    """Evenly spaced settings between two limits, with the present one among them, once."""
    points = np.linspace(low, high, settings)
    beside = ~np.isclose(points, present, rtol=1e-9, atol=1e-12)  # 35.000000000000004 is the present 35
    return np.unique(np.append(points[beside], present))


def try_terms(
    program: Program,
    state: np.ndarray,
    parameters: Mapping[str, np.ndarray | float],
    terms: Sequence[Term],
    outcome: str,
    horizon: float,
    *,
    how: str = "cumulated",
    level: Sequence[str] = (),
    cumulated: Sequence[str] = (),
    without: tuple[Sequence[str], Mapping[str, float]] | None = None,
    start: float = 0.0,
    paths: Mapping[str, Path] | None = None,
    shocks: np.ndarray | None = None,
) -> Tried:
    """Each term's settings from `start` on, one term at a time, in one batch with the present terms.

    Parameters, `state` (draws, stocks) and `shocks` (steps, draws, stocks; None for noise-free) are the same for all,
    so that differences are paired. Where the outcome is money, what a lever costs and no equation books comes off it. The
    levers of the business stand still but for the term; other `paths` go on.
    `level` and `cumulated` name what is shown at the end and summed over the horizon (time units of the wheel).
    `without`: stocks that are emptied and parameters that take a value when there is no such offer.
    """
    wheel = program.wheel
    state = np.atleast_2d(np.asarray(state, float))
    draws = max([len(state), *(len(v) for v in parameters.values() if np.ndim(v))])
    given, moving = standing_still(program, parameters, paths or {}, start, draws)
    rows = [{}] + ([dict(without[1])] if without else [])
    rows += [_setting(term, value, given) for term in terms for value in term.grid]
    batch = {n: np.concatenate([np.broadcast_to(row.get(n, v), (draws,)) for row in rows]) for n, v in given.items()}
    states = np.tile(np.broadcast_to(state, (draws, state.shape[1])), (len(rows), 1))
    if without:
        states[draws : 2 * draws, [program.stocks.index(n) for n in without[0]]] = 0.0
    costs = [parse_name(lever.cost) for lever in business_levers(wheel).values() if lever.of in _moved(terms)]
    needed = [n for tree in costs for n in names(tree) if n in wheel.variables()]
    run = spin(
        program, batch, max(1, round(horizon / wheel.dt)), start=start, state=states, paths=moving,
        keep=list(dict.fromkeys([outcome, *level, *cumulated, *needed])),
        shocks=None if shocks is None else np.tile(shocks, (1, len(rows), 1)),
    )  # fmt: skip

    def over_time(values: np.ndarray, way: str) -> np.ndarray:
        return summed(values, way, wheel.dt).reshape(len(rows), draws)

    judged = over_time(run.values[outcome], how)
    if counted := taken_off(wheel, outcome, how):  # what a lever costs and no equation books comes off money
        for tree in costs:
            judged = judged - over_time(cost_rates(program, tree, run, batch, moving), counted)
    shown = {f"{n} (end)" if n in cumulated else n: over_time(run.values[n], "level") for n in level}
    shown |= {n: over_time(run.values[n], "cumulated") for n in cumulated}
    curves, first = [], 1 + bool(without)
    for term in terms:
        part = slice(first, first + len(term.grid))
        present = float(np.median(given[term.of[0]])) if len(term.of) == 1 else 1.0
        curves.append(Curve(term, present, judged[part] - judged[0], {n: v[part] - v[0] for n, v in shown.items()}))
        first += len(term.grid)
    gone = judged[1] - judged[0] if without else None
    return Tried(outcome, how, judged[0], {n: v[0] for n, v in shown.items()}, tuple(curves), gone)


def _moved(terms: Sequence[Term]) -> set[str]:
    return {name for term in terms for name in term.of}


def _setting(term: Term, value: float, given: Mapping[str, np.ndarray]) -> dict:
    return {term.of[0]: value} if len(term.of) == 1 else {n: given[n] * value for n in term.of}


def curve_summary(curve: Curve, baseline: np.ndarray, without: np.ndarray | None = None) -> dict:
    """One term as in `terms` of the results: its settings, the best one of every draw, the flat top, the break-evens."""
    kept = answered(curve.change)
    grid, change = curve.term.grid[kept], curve.change[kept]
    settings = [
        _told(curve, k, grid_value, change[i]) for i, (k, grid_value) in enumerate(zip(np.flatnonzero(kept), grid))
    ]
    about = {"term": curve.term.name, "title": curve.term.title or curve.term.name, "unit": curve.term.unit}
    about |= {"parameters": list(curve.term.of), "present": curve.present, "settings": settings}
    about["left_out"] = [float(v) for v in curve.term.grid[~kept]]
    if len(grid) < 3 or not np.nan_to_num(change).any():
        return about
    tops = best(grid, change)
    expected = np.nanmean(change, axis=1)
    top = float(best(grid, expected[:, None])[0])
    gain = value_at(grid, change, top)
    about["best"] = {
        "setting": top,
        "of_draws": interval(tops),
        "share_at_low_limit": float(np.mean(tops <= grid[0] + AT_END)),
        "share_at_high_limit": float(np.mean(tops >= grid[-1] - AT_END)),
        "at_end": open_end(grid, tops, top),
        "gain": interval(gain),
        "probability_better": ahead(gain),
        "within_1_percent": flat_top(grid, expected + np.nanmean(baseline)),
    }
    about["break_even"] = _crossing(break_even(grid, change, curve.present))
    if without is not None:
        about["break_even_without"] = _crossing(break_even_with(grid, change - without))
    return about


def break_even_with(grid: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """The lowest setting at which the offer is worth having, (draws,): where `worth` (settings, draws) against no such
    offer changes sign, by straight lines; NaN where it does not."""
    found = np.full(worth.shape[1], np.nan)
    for low, high, a, b in zip(grid[:-1], grid[1:], worth[:-1], worth[1:]):
        crosses = np.isnan(found) & np.isfinite(a) & np.isfinite(b) & (a * b <= 0) & (a != b)
        with np.errstate(all="ignore"):
            found = np.where(crosses, low + (high - low) * a / (a - b), found)
    return found


def _told(curve: Curve, k: int, value: float, change: np.ndarray) -> dict:
    shown = {name: interval(all_of[k]) for name, all_of in curve.shown.items()}
    return {"value": float(value), "effect": interval(change), "probability_better": ahead(change), "shown": shown}


def _crossing(found: np.ndarray) -> dict:
    return {"share_of_draws": float(np.isfinite(found).mean()), "setting": interval(found, least=0.05)}
