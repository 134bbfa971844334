"""The whole way: describe → measure → fit → spin → loops → levers → results.json."""

from __future__ import annotations

import contextlib
import json
import time as clock

import numpy as np

from gearwheel.run.ceilings import share_above
from gearwheel.run.fitting import fit_wheel, known_of, make_engine
from gearwheel.run.parts import link_part, parameter_part, shown_unit
from gearwheel.run.pictures import graph_of, wheel_part
from gearwheel.run.questions import anchors_of, levers_of, loops_of, now_of, spin_posterior, states_kept
from gearwheel.run.store import Progress, cached_file, input_hash, plain, release, save_atomically, silent
from gearwheel.run.terms_asked import terms_part
from gearwheel.show.figures import amount
from gearwheel.show.own_verdict import turning
from gearwheel.spin.run import below_zero
from gearwheel.spin.size import refuse_loops
from gearwheel.wheel.errors import FitError, GearwheelError
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.times import decimal_year, per_year

BACKTEST_DRAWS = 256
FORECAST_DRAWS = 400
QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)


def run_wheel(wheel: Wheel, *, seed: int = 1, progress: Progress | None = None, cache: bool = True) -> dict:
    """Everything that the report says, as the dict of results.json. Unchanged inputs are read from the cache."""
    progress = progress or silent
    refuse_loops(wheel)  # told before the minutes of a fit
    began = clock.perf_counter()
    known = known_of(wheel, progress)
    wheel, events = known.wheel, known.events
    gauges = known.gauges if known.gauges and known.gauges.series else None  # a record without rows says nothing
    told = {"events": events["hash"]} if events else {}
    key = input_hash(wheel, gauges.hash if gauges else "", seed=seed, **told)
    kept = cached_file("runs", key, ".json")
    if cache and kept.exists():
        try:
            found = json.loads(kept.read_text())
            if found["stamp"]["hash"] == key:
                return found
        except (OSError, ValueError, LookupError, TypeError):
            pass  # a damaged cache is computed again
    engine = make_engine(wheel, gauges) if gauges else None
    posterior = fit_wheel(wheel, seed=seed, progress=progress, cache=cache, engine=engine, known=known)
    results = {"events": events} if events else {}
    results |= {"wheel": wheel_part(wheel, gauges), "fit": fit_part(posterior, engine)}
    results |= {"parameters": parameter_part(posterior), "links": link_part(posterior, anchors_of(posterior))}
    results["backtest"] = _backtest(wheel, engine, gauges, seed, progress) if gauges else None
    results |= loops_of(posterior, progress)
    results["graph"] = graph_of(wheel, anchors_of(posterior))
    progress("levers", 0, 1, "")
    results["levers"] = levers_of(posterior) if _can_judge(wheel) else None
    results["terms"] = terms_part(posterior)
    progress("forecast", 0, 1, "")
    results |= _forecast(posterior, engine, gauges, seed)
    results["stamp"] = {
        "hash": key,
        "engine": "jax+numpy",
        "dtype": "float64",
        "seed": seed,
        "version": release(),
        "made_by": "gearwheel",
    }
    results["seconds"] = clock.perf_counter() - began
    results = plain(results)
    results["turning"] = turning(results)._asdict()
    if cache:
        # a full or read-only disk costs time at the next run, nothing else
        with contextlib.suppress(GearwheelError):
            save_atomically(kept, json.dumps(results, allow_nan=False).encode())
    progress("done", 1, 1, "")
    return results


def fit_part(posterior, engine=None) -> dict:
    """The `fit` part of results.json."""
    from gearwheel.fit.trace import predictive_checks
    from gearwheel.fit.verdicts import beyond_belief

    part = {**posterior.diagnostics, "on_belief": [n for n, f in zip(posterior.beliefs.names, posterior.free) if not f]}
    part["beyond_belief"] = beyond_belief(posterior)
    if engine and posterior.traced is not None:
        part["checks"] = predictive_checks(posterior.traced, engine[1])
    return part


def _backtest(wheel: Wheel, engine, gauges, seed: int, progress: Progress) -> dict | None:
    from gearwheel.fit.backtest import backtest, default_split
    from gearwheel.wheel.times import calendar_day

    split = wheel.split
    if split is None:
        time = default_split(wheel, gauges)
        split = None if time is None else calendar_day(time, wheel)
    if split is None:
        return {"split": None, "gauges": {}, "rolling": None, "untestable": {n: "too few rows" for n in gauges.series}}
    from gearwheel.spin.program import build

    try:
        return backtest(build(wheel), engine[0], gauges, split, draws=BACKTEST_DRAWS, seed=seed, progress=progress)
    except FitError as error:  # too little is known at the split; the rest of the run stands
        reason = f"no trustworthy fit to what was known on {split.isoformat()}: {error}"
        return {
            "split": split.isoformat(),
            "gauges": {},
            "rolling": None,
            "untestable": dict.fromkeys(gauges.series, reason),
        }


def _can_judge(wheel: Wheel) -> bool:
    """Are there levers of the business, and an outcome to judge them by?"""
    from gearwheel.levers.judging import business_levers

    return bool(business_levers(wheel) and (wheel.outcomes or wheel.size))


def _forecast(posterior, engine, gauges, seed: int) -> dict:
    """`series` (record and forecast of every gauge), `outcomes` and `below_zero`, over the wheel's horizon from now."""
    wheel = posterior.wheel
    draws = min(FORECAST_DRAWS, states_kept(posterior))
    run = spin_posterior(posterior, years=wheel.horizon, draws=draws, seed=seed)
    times = [decimal_year(float(t), wheel) for t in run.times]
    outcomes = {}
    for name in wheel.outcomes:
        low, median, high = np.nanquantile(run[name], [0.05, 0.5, 0.95], axis=0)
        part = wheel.variables()[name]
        outcomes[name] = {
            "unit": shown_unit(part.unit, wheel), "title": name.split(".")[-1].replace("_", " "), "time": times,
            "median": median.tolist(), "low": low.tolist(), "high": high.tolist(),
        }  # fmt: skip
    series = _series(posterior, engine, gauges, run, seed) if gauges else {}
    return {"outcomes": outcomes, "series": series, "below_zero": below_zero(run)}


def _series(posterior, engine, gauges, run, seed: int) -> dict:
    from gearwheel.fit.forecast import read_gauge, season_blocks
    from gearwheel.fit.observations import from_scale, typical_error

    wheel, machine = posterior.wheel, engine[0]
    now, found = now_of(posterior), {}
    for reading in engine[1].readings:
        gauge, rows = reading.gauge, gauges.series[reading.name].rows
        windows = _coming(rows, gauge.window or 0.0, now, float(run.times[-1]), per_year(wheel))
        error = np.full(len(windows), typical_error(rows, gauge))
        blocks = season_blocks(machine.evaluator, reading)
        drawn = from_scale(
            read_gauge(reading, run, windows, posterior.traced.seasons[:, -1], blocks, error, seed), gauge.scale
        )
        bands = np.nanquantile(drawn, QUANTILES, axis=0) if windows else np.empty((len(QUANTILES), 0))
        found[reading.name] = {
            "title": gauge.title or reading.name,
            "unit": shown_unit(gauge.unit, wheel),
            "scale": gauge.scale,
            "period": _period(rows[-1], per_year(wheel)),
            "check": gauge.check,
            "ceiling": gauge.ceiling,
            "ceiling_source": gauge.ceiling_source,
            "history": [[decimal_year(_middle(r.start, r.end), wheel), r.value, r.bound] for r in rows],
            "forecast": {
                "time": [decimal_year(_middle(s, e), wheel) for s, e in windows],
                **{f"q{round(100 * q):02d}": bands[i].tolist() for i, q in enumerate(QUANTILES)},
                "missing": _no_forecast(windows, wheel.horizon),
                "above_ceiling": share_above(drawn, gauge.ceiling),
            },
        }
    return found


def _period(row, year: float) -> str:
    """What one row covers, in a word: a level at a date, a year, a quarter …"""
    if row.start is None:
        return "date"
    parts = round(year / (row.end - row.start))
    return {1: "year", 4: "quarter", 12: "month", 52: "week", 365: "day"}.get(parts, "period")


def _middle(start: float | None, end: float) -> float:
    return end if start is None else (start + end) / 2


def _coming(rows, window: float, now: float, until: float, year: float) -> list[tuple[float | None, float]]:
    """Periods after `now` of the same length as the last row's and in step with it, since a season is; for levels dates
    as far apart as those measured, at most a year. What a trailing gauge reads over its `window` lies after `now` as
    well."""
    last = rows[-1]
    length = min(_apart(rows, year), until - now) if last.start is None else last.end - last.start
    begin = now if last.start is None else last.end
    ends = [begin + (i + 1) * length for i in range(int((until - begin) / length + 1e-6))]
    return [(None if last.start is None else e - length, e) for e in ends if e - max(length, window) >= now - 1e-6]


def _apart(rows, year: float) -> float:
    """How far apart the last levels were measured, in the middle; a year where only one was, or where they are rarer."""
    gaps = np.diff([row.end for row in rows[-13:]])
    gaps = gaps[gaps > 0]
    return min(year, float(np.median(gaps))) if len(gaps) else year


def _no_forecast(windows: list, years: float) -> str:
    """Why a gauge has no forecast, "" where it has one."""
    return "" if windows else f"the horizon of {amount(years, 'year')} ends before its next period does"
