"""The forecasts that every forecast of a wheel is printed beside: random walks, ETS, ARIMA, Theta and their average.

All work on the transformed scale (log, logit or natural). Each history is fitted relative to its own last value:
a change of unit shifts a logarithm, and without this it would change what ETS and Theta choose. It also makes both
choose additive forms only, the ones that mean something on a transformed scale.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

LAST_VALUE, DRIFT, SEASONAL_NAIVE = "last value", "drift", "seasonal naive"
ETS, ARIMA, THETA = "ets", "arima", "theta"
AVERAGE = "average of baselines"
METHODS = (LAST_VALUE, DRIFT, SEASONAL_NAIVE, ETS, ARIMA, THETA, AVERAGE)
MEMBERS_OF_AVERAGE = (ETS, ARIMA, THETA, DRIFT)

_FEWEST_POINTS = 8
_LONGEST_FITTED = 24  # periods of a season that ETS takes (Hyndman's limit) and ARIMA searches in bearable time
_LEVEL = 80  # per cent; the tails of a simulated interval (Theta) are noisier further out

Draws = dict[str, np.ndarray]
Omitted = dict[str, str]
Normal = tuple[np.ndarray, np.ndarray]  # mean and sd, each (horizon,)


def baseline_draws(history: np.ndarray, horizon: int, season: int, draws: int, seed: int) -> tuple[Draws, Omitted]:
    """Predictive draws of every baseline for one series; see `baseline_draws_many`."""
    return baseline_draws_many([history], horizon, season, draws, seed)[0]


def baseline_draws_many(
    histories: Sequence[np.ndarray], horizon: int, season: int, draws: int, seed: int
) -> list[tuple[Draws, Omitted]]:
    """Predictive draws of every baseline for many series, or for one series cut at many origins.

    Each history has shape (n,), its own n, without gaps, on the transformed scale; `season` counts steps in a season
    (1: none). The seasonal naive needs one cycle of it and two steps more. ETS, ARIMA and Theta take it where the
    history has two cycles and it has at most 24 steps, else they are fitted without a season. Returns per history the
    draws by method, each (draws, horizon), and the reason for every method left out; together they name all of METHODS.

    Each method gives a mean and an 80 % interval per step ahead, and the draws are Normal with that mean and interval.
    Along the horizon one draw is a path correlated like a random walk (sqrt(i/j) between steps i < j): exact for the
    last value, an approximation elsewhere, so judge steps singly. The draws come in mirrored pairs, so an even number
    of them has the point forecast as its median. The average is Vincentised: its quantiles are the equal-weight means
    of the quantiles of ETS, ARIMA, Theta and drift (Ratcliff 1979, Psychological Bulletin 86), for Normal members a
    Normal with the mean of their means and the mean of their sds. All methods and histories share the same standard
    Normal paths, so differences between methods carry little sampling noise and an answer does not depend on its batch.

    Raises ValueError for gaps, histories that are not one-dimensional, and horizon, season or draws too small.
    """
    if horizon < 1 or season < 1 or draws < 2:
        raise ValueError(f"need horizon >= 1, season >= 1, draws >= 2, not {horizon}, {season}, {draws}")
    series = [_unbroken(history, number) for number, history in enumerate(histories)]
    omitted = [_too_short(len(values), season) for values in series]
    normals = _all_normals(series, omitted, horizon, season)
    paths = _standard_paths(draws, horizon, seed)
    for found, why in zip(normals, omitted):
        _add_average(found, why)
    return [(_draw(found, paths), why) for found, why in zip(normals, omitted)]


def _unbroken(history: np.ndarray, number: int) -> np.ndarray:
    values = np.asarray(history, dtype=float)
    if values.ndim != 1:
        raise ValueError(f"history {number} has shape {values.shape}, not (n,)")
    gaps = np.flatnonzero(~np.isfinite(values))
    if gaps.size:
        raise ValueError(f"history {number} has {gaps.size} gaps, the first at position {gaps[0]}; baselines need none")
    return values


def _too_short(length: int, season: int) -> Omitted:
    """The methods that a series of this length cannot carry, each with its reason."""
    needed = {
        LAST_VALUE: 3,
        DRIFT: 3,
        SEASONAL_NAIVE: season + 2,
        **dict.fromkeys((ETS, ARIMA, THETA), _FEWEST_POINTS),
    }
    why = {method: f"needs {few} points, has {length}" for method, few in needed.items() if length < few}
    if season == 1:
        why[SEASONAL_NAIVE] = "the series has no season"
    return why


def _all_normals(
    series: list[np.ndarray], omitted: list[Omitted], horizon: int, season: int
) -> list[dict[str, Normal]]:
    """Mean and sd per series and method; methods without a finite answer move to `omitted`."""
    groups: dict[tuple[tuple[str, ...], int], list[int]] = {}
    for number, why in enumerate(omitted):
        methods = tuple(method for method in METHODS if method not in why and method != AVERAGE)
        groups.setdefault((methods, _learned(season, len(series[number]))), []).append(number)
    normals: list[dict[str, Normal]] = [{} for _ in series]
    for (methods, learned), numbers in groups.items():
        if not methods:
            continue
        fitted = _statsforecast([series[number] for number in numbers], methods, horizon, season, learned)
        for method, (means, sds) in fitted.items():
            for number, mean, sd in zip(numbers, means, sds):
                if np.isfinite(mean).all() and np.isfinite(sd).all():
                    normals[number][method] = (mean, sd)
                else:
                    omitted[number][method] = "statsforecast could not fit it to this series"
    return normals


def _learned(season: int, length: int) -> int:
    """The season that ETS, ARIMA and Theta are fitted with, 1 for none: a history of so many steps must hold two cycles."""
    return season if season <= _LONGEST_FITTED and length >= 2 * season + 2 else 1


def _statsforecast(
    group: list[np.ndarray], methods: tuple[str, ...], horizon: int, season: int, learned: int
) -> dict[str, Normal]:
    """Means and sds, each (len(group), horizon), by method; NaN where a model failed. One call for the whole group."""
    import pandas as pd
    from statsforecast import StatsForecast
    from statsforecast.models import NaNModel

    lasts = np.array([values[-1] for values in group])
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(len(group)), [len(values) for values in group]),
            "ds": np.concatenate([np.arange(len(values)) for values in group]),
            "y": np.concatenate([values - last for values, last in zip(group, lasts)]),
        }
    )
    models = [_model(method, season, learned) for method in methods]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The fallback keeps one series that a model refuses from taking the whole batch with it.
        forecaster = StatsForecast(models=models, freq=1, fallback_model=NaNModel())
        answer = forecaster.forecast(df=frame, h=horizon, level=[_LEVEL])

    def column(name: str) -> np.ndarray:
        return answer[name].to_numpy(dtype=float).reshape(len(group), horizon)

    width_in_sds = 2 * NormalDist().inv_cdf(0.5 + _LEVEL / 200)
    return {
        method: (
            column(method) + lasts[:, None],
            (column(f"{method}-hi-{_LEVEL}") - column(f"{method}-lo-{_LEVEL}")) / width_in_sds,
        )
        for method in methods
    }


def _model(method: str, season: int, learned: int) -> Any:
    from statsforecast import models

    if method == LAST_VALUE:
        return models.Naive(alias=method)
    if method == DRIFT:
        return models.RandomWalkWithDrift(alias=method)
    if method == SEASONAL_NAIVE:
        return models.SeasonalNaive(season_length=season, alias=method)
    own = {ETS: models.AutoETS, ARIMA: models.AutoARIMA, THETA: models.AutoTheta}
    return own[method](season_length=learned, alias=method)


def _add_average(found: dict[str, Normal], why: Omitted) -> None:
    missing = [method for method in MEMBERS_OF_AVERAGE if method not in found]
    if missing:
        why[AVERAGE] = f"needs all of {', '.join(MEMBERS_OF_AVERAGE)}; missing: {', '.join(missing)}"
        return
    means, sds = zip(*(found[method] for method in MEMBERS_OF_AVERAGE))
    found[AVERAGE] = (np.mean(means, axis=0), np.mean(sds, axis=0))


def _standard_paths(draws: int, horizon: int, seed: int) -> np.ndarray:
    """Standard Normal at every step, (draws, horizon), correlated along the horizon like a random walk."""
    steps = np.random.default_rng(seed).standard_normal(((draws + 1) // 2, horizon))
    half = steps.cumsum(axis=1) / np.sqrt(np.arange(1, horizon + 1))
    return np.concatenate([half, -half])[:draws]


def _draw(normals: dict[str, Normal], paths: np.ndarray) -> Draws:
    return {method: normals[method][0] + normals[method][1] * paths for method in METHODS if method in normals}
