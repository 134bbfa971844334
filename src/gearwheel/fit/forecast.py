"""From the filtered state forward: what each gauge will read, process and observation noise included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gearwheel.fit.evaluate import Evaluator
from gearwheel.fit.observations import Reading, to_scale
from gearwheel.fit.seasons import CYCLES, Season, level, noise_variance, season_of, turned
from gearwheel.spin.levers import Path
from gearwheel.spin.program import Program
from gearwheel.spin.run import Ensemble, spin
from gearwheel.wheel.times import per_year

Window = tuple[float | None, float]  # (start, end) of a period, or (None, date) of a level


def ahead(
    program: Program,
    parameters: Mapping[str, np.ndarray],
    state: np.ndarray,
    start: float,
    steps: int,
    seed: int,
    paths: Mapping[str, Path],
    keep: Sequence[str] | None = None,
    noise: bool = True,
) -> Ensemble:
    """A noisy run from sampled states (draws, stocks). Equal seeds give equal shocks, so scenarios are paired."""
    shocks = np.random.default_rng(seed).standard_normal((steps, *state.shape)) if noise else None
    return spin(program, parameters, steps, start=start, state=state, paths=paths, keep=keep, shocks=shocks)


def frozen_levers(paths: Mapping[str, Path], time: float) -> dict[str, Path]:
    """Lever histories as they were known at `time`: later steps are cut off."""
    return {n: [(t, v) for t, v in path if t <= time + 1e-9] for n, path in paths.items()}


def read_gauge(
    reading: Reading,
    ensemble: Ensemble,
    windows: Sequence[Window],
    seasons: np.ndarray,
    blocks: slice,
    error: np.ndarray,
    seed: int,
) -> np.ndarray:
    """Predictive draws of one gauge over `windows`, on its own scale, shape (draws, windows).

    seasons: (draws, all seasonal entries) at the start of the run; blocks: those of this gauge. error: (windows,).
    """
    gauge, dt, begin = reading.gauge, ensemble.wheel.dt, ensemble.times[0]
    rng = np.random.default_rng(seed)
    draws = len(ensemble.states)
    found = np.empty((draws, len(windows)))
    for i, (start, end) in enumerate(windows):
        last = round((end - begin) / dt)
        if gauge.measure == "end":
            raw = ensemble[gauge.of][:, last]
        else:
            first = round(((end - gauge.window if gauge.window else start) - begin) / dt)
            total = integral(ensemble, gauge.of, first, last)
            if gauge.measure == "ratio":
                raw = total / integral(ensemble, gauge.over, first, last)
            else:
                raw = total / (end - start) if gauge.measure == "mean" else total
        with np.errstate(all="ignore"):
            found[:, i] = to_scale(raw, gauge.scale)
    if reading.season >= 0:
        period = dt * round(per_year(ensemble.wheel) / gauge.season / dt)
        coming = [round((end - begin) / period) - 1 for _, end in windows]  # seasons from now, gaps counted
        season = season_of(reading.name, gauge.season, gauge.harmonics, gauge.season_sd, CYCLES)
        levels = _seasonal(season, seasons[:, blocks], max(coming, default=-1) + 1, rng)
        found += levels[:, coming]
    return found + error * rng.standard_normal(found.shape)


def integral(ensemble: Ensemble, variable: str, first: int, last: int) -> np.ndarray:
    """∫ of a variable between two grid indices, (draws,): to the order of the wheel's method, as the filter's sums."""
    path, dt = ensemble[variable], ensemble.wheel.dt
    total = path[:, first:last].sum(axis=1)
    if ensemble.wheel.method != "euler":  # trapezoids
        total = total + (path[:, last] - path[:, first]) / 2
    return total * dt


def _seasonal(season: Season, block: np.ndarray, periods: int, rng: np.random.Generator) -> np.ndarray:
    """Seasonal levels of the next periods from the last states, noise included, (draws, periods)."""
    moving = np.flatnonzero(noise_variance(season))
    sd, levels = np.sqrt(noise_variance(season)[moving]), []
    for _ in range(periods):
        block = turned(season, block)
        block[:, moving] += sd * rng.standard_normal((len(block), len(moving)))
        levels.append(level(season, block))
    return np.column_stack(levels) if levels else np.zeros((len(block), 0))


def season_blocks(evaluator: Evaluator, reading: Reading) -> slice:
    """Where the seasons of a gauge stand among all seasonal entries."""
    model = evaluator.model
    if reading.season < 0:
        return slice(0, 0)
    first = int(model.offsets[reading.season]) - model.n - model.a
    return slice(first, first + model.blocks[reading.season])
