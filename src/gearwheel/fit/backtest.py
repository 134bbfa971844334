"""Backtests: what the wheel would have forecast, beside the baselines, with everything frozen at the split."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from gearwheel.fit.baselines import baseline_draws, baseline_draws_many
from gearwheel.fit.forecast import Window, ahead, frozen_levers, read_gauge, season_blocks
from gearwheel.fit.observations import Observations, lay_out, to_scale, typical_error
from gearwheel.fit.posterior import Engine, Posterior, Progress, fit, silent
from gearwheel.fit.scores import score_table
from gearwheel.fit.trace import trace
from gearwheel.gauges.series import SAME_TIME, Gauges, Row, until
from gearwheel.spin.levers import history
from gearwheel.spin.program import Program
from gearwheel.wheel.parts import Gauge
from gearwheel.wheel.times import decimal_year, elapsed, per_year

LEAST_BEFORE, LEAST_AFTER = 12, 5
SHORT = 5  # years: of a shorter record the last KEPT is kept back, at least LEAST_KEPT periods
KEPT, LEAST_KEPT = 0.2, 8
BRIDGED = 0.25  # a gap is bridged where it is at most this part as long as the run of rows after it
OURS = "gearwheel"


@dataclass(frozen=True)
class Split:
    """Rows of one testable gauge before and after the split, of one length and without bounds. Between those before
    there are short gaps only, such as a closed week (`_run`). `season` counts the periods of a year where the wheel
    declares a season of this grain, else it is 1: what a baseline can learn of it is for the baseline to say."""

    name: str
    before: tuple[Row, ...]
    after: tuple[Row, ...]
    season: int

    @property
    def scale(self) -> int:
        """The lag of the errors that MASE divides by: a season of which the rows before hold two cycles, else 1."""
        return self.season if len(self.before) >= 2 * self.season + 2 else 1


def backtest(
    program: Program, engine: Engine, gauges: Gauges, at: date, *, draws: int, seed: int, progress: Progress = silent
) -> dict:
    """The table of results.json: for every testable gauge and method MASE, CRPS and coverage, and rolling origins of
    the gauge with the most rows, a seasonal one if there is any. Parameters are fitted to what ended by `at` and stay
    so."""
    wheel, layout = program.wheel, engine.layout
    split = elapsed(at, wheel)
    splits, untestable = testable(wheel, gauges, split)
    early = lay_out(wheel, until(gauges, split), layout.steps * wheel.dt, shown=gauges, known=split)
    posterior = fit(
        engine, early, draws=draws, seed=seed, progress=lambda s, d, t, n: progress(f"backtest: {s}", d, t, n)
    )
    result = {
        "split": at.isoformat(),
        "until": round(decimal_year(layout.steps * wheel.dt, wheel), 4),
        "draws": draws,
        "fit": dict(posterior.diagnostics),
        "gauges": _one_origin(program, engine, posterior, early, splits, split, seed),
        "untestable": untestable,
        "rolling": None,
    }
    progress("backtest: rolling origins", 0, 1, "")
    rolled = [s for s in splits if wheel.gauge[s.name].season] or splits
    if rolled:
        chosen = max(rolled, key=lambda s: len(s.before) + len(s.after))
        whole = lay_out(wheel, gauges, layout.steps * wheel.dt, shown=gauges)
        result["rolling"] = _rolling(program, engine, posterior, whole, chosen, split, seed)
    return result


def testable(wheel, gauges: Gauges, split: float) -> tuple[list[Split], dict[str, str]]:
    """Gauges with enough rows on both sides, and for the others why not."""
    splits, reasons = [], {}
    for name, series in gauges.series.items():
        gauge = wheel.gauge[name]
        rows = [r for r in series.rows if not r.bound]
        if gauge.season and rows:
            season = per_year(wheel) / gauge.season
            rows = [r for r in rows if r.start is not None and abs(r.end - r.start - season) < 0.02 * season]
        before = _run([r for r in rows if r.end <= split + 1e-9])
        after = [r for r in rows if r.end > split + SAME_TIME and _begin(r, gauge) >= split - SAME_TIME]
        if len(before) < LEAST_BEFORE or len(after) < LEAST_AFTER:
            reasons[name] = (
                f"{len(before)} usable rows before and {len(after)} after; {LEAST_BEFORE} and {LEAST_AFTER} are needed"
            )
        else:
            splits.append(Split(name, tuple(before), tuple(after), _season(wheel, gauge, _period(before))))
    return splits, reasons


def _season(wheel, gauge: Gauge, period: float) -> int:
    """The periods of a year: of the gauge's own season, or of one that another gauge of the wheel has at this grain.

    What follows from a seasonal gauge has its season too: orders follow from those who join.
    """
    declared = [gauge.season] if gauge.season else [g.season for g in wheel.gauge.values() if g.season]
    fitting = [s for s in declared if abs(per_year(wheel) / s - period) < 0.02 * period]
    return fitting[0] if fitting else 1


def _begin(row: Row, gauge: Gauge) -> float:
    """Where the time begins that a row reads: a forecast of it must not look back past its origin."""
    if gauge.window:
        return row.end - gauge.window
    return row.end if row.start is None else row.start


def _period(rows: Sequence[Row]) -> float:
    """The usual length of a row; of levels the shortest time between two."""
    lengths = [r.end - r.start for r in rows if r.start is not None]
    return float(np.median(lengths) if lengths else np.min(np.diff([r.end for r in rows])))


def _run(rows: list[Row]) -> list[Row]:
    """The last run of rows in which each gap is short: at most a BRIDGED part of the rows that follow it."""
    if len(rows) < 2:
        return rows
    period = _period(rows)
    kept = rows[-1:]
    for row in reversed(rows[:-1]):
        missing = round((kept[0].end - row.end) / period) - 1
        if missing > BRIDGED * len(kept):
            break
        kept.insert(0, row)
    return kept


def _history(rows: Sequence[Row], scale: str) -> np.ndarray:
    """One value a period on the gauge's scale, (n,): baselines know no missing values, so a short gap is bridged by a
    straight line."""
    values = _values(rows, scale)
    at = _ahead(rows, rows[0].end, _period(rows)) if len(rows) > 1 else np.zeros(1, dtype=int)
    return np.interp(np.arange(at[-1] + 1), at, values)


def _ahead(rows: Sequence[Row], origin: float, period: float) -> np.ndarray:
    """How many periods after `origin` each row ends, (rows,)."""
    return np.array([round((r.end - origin) / period) for r in rows])


def _at(draws: dict[str, np.ndarray], steps: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of the periods that are measured."""
    return {method: values[:, steps - 1] for method, values in draws.items()}


def _values(rows, scale: str) -> np.ndarray:
    return np.array([to_scale(r.value, scale) for r in rows])


def _windows(rows) -> list[Window]:
    return [(r.start, r.end) for r in rows]


def _errors(rows, known, gauge: Gauge) -> np.ndarray:
    """The errors to forecast rows with, shape (rows,). A row's own is a sampling error: it tells how many events there
    were, which nobody knew. What is typical of the `known` rows stands for it."""
    typical = typical_error(known, gauge)
    return np.array([typical if r.error else gauge.error for r in rows])


def _one_origin(program, engine, posterior: Posterior, early: Observations, splits, split: float, seed: int) -> dict:
    wheel = program.wheel
    origin = round(split / wheel.dt)
    found = trace(engine.evaluator, posterior.u, early, [origin], seed)
    paths = frozen_levers(history(wheel), split)
    run = ahead(program, posterior.parameters(), found.stocks[:, 0], split, early.steps - origin, seed, paths)
    table = {}
    for test in splits:
        gauge, g = wheel.gauge[test.name], _index(early, test.name)
        reading = early.readings[g]
        drawn = read_gauge(
            reading, run, _windows(test.after), found.seasons[:, 0], season_blocks(engine.evaluator, reading),
            _errors(test.after, test.before, gauge), seed,
        )  # fmt: skip
        past, actual = _history(test.before, gauge.scale), _values(test.after, gauge.scale)
        steps = _ahead(test.after, test.before[-1].end, _period(test.before))
        others, omitted = baseline_draws(past, int(steps[-1]), test.season, 2000, seed)
        methods = {OURS: drawn, **_at(others, steps)}
        table[test.name] = {
            "before": len(past),
            "after": len(actual),
            "check": gauge.check,
            "methods": {m: score_table(d, actual, past, test.scale) for m, d in methods.items()},
            "omitted": omitted,
        }
    return table


def _rolling(
    program, engine, posterior: Posterior, whole: Observations, test: Split, split: float, seed: int, horizon: int = 4
) -> dict:
    """Origins at the end of each row after the split: parameters from the split, states filtered to the origin."""
    wheel = program.wheel
    gauge, g = wheel.gauge[test.name], _index(whole, test.name)
    reading, rows = whole.readings[g], test.before + test.after
    first = len(test.before)
    origins = range(first, len(rows) - horizon + 1)
    begins = [rows[i - 1].end if rows[i].start is None else rows[i].start for i in origins]
    instants = [round(begin / wheel.dt) for begin in begins]
    found = trace(engine.evaluator, posterior.u, whole, instants, seed)
    lever_paths, parameters = history(wheel), posterior.parameters()
    blocks = season_blocks(engine.evaluator, reading)
    scores: dict[str, list[dict]] = {}
    pasts = [_history(rows[:i], gauge.scale) for i in origins]
    period = _period(test.before)
    steps_of = [_ahead(rows[i : i + horizon], rows[i - 1].end, period) for i in origins]
    longest = max(int(s[-1]) for s in steps_of)
    baselines = baseline_draws_many(pasts, longest, test.season, 1000, seed)
    for j, i in enumerate(origins):
        coming = rows[i : i + horizon]
        start = instants[j] * wheel.dt
        steps = round((coming[-1].end - start) / wheel.dt)
        keep = [v for v in (gauge.of, gauge.over) if v]
        run = ahead(
            program, parameters, found.stocks[:, j], start, steps, seed + j, frozen_levers(lever_paths, start), keep
        )
        errors = _errors(coming, rows[:i], gauge)
        drawn = read_gauge(reading, run, _windows(coming), found.seasons[:, j], blocks, errors, seed + j)
        actual = _values(coming, gauge.scale)
        for method, values in {OURS: drawn, **_at(baselines[j][0], steps_of[j])}.items():
            scores.setdefault(method, []).append(score_table(values, actual, pasts[j], test.scale))
    complete = {m: s for m, s in scores.items() if len(s) == len(origins)}
    mean = {m: {k: float(np.mean([s[k] for s in all_])) for k in all_[0]} for m, all_ in complete.items()}
    return {"gauge": test.name, "horizon": horizon, "origins": len(origins), "methods": mean}


def _index(observations: Observations, name: str) -> int:
    return next(g for g, r in enumerate(observations.readings) if r.name == name)


def default_split(wheel, gauges: Gauges) -> float | None:
    """Where to split when the wheel names no date: before the last `hold_back` periods of the finest grain; without
    that, before about the last fifth of them and at least 8 where the record is shorter than 5 years, else seven tenths
    through the measured time at a whole year. None where nothing would be testable."""
    rows = [r for s in gauges.series.values() for r in s.rows]
    if not rows:
        return None
    year, end = per_year(wheel), max(r.end for r in rows)
    if not wheel.hold_back and end >= SHORT * year - SAME_TIME:
        split = float(np.floor(0.7 * end / year) * year)
    else:
        period = wheel.dt * max(1, round(_finest(rows) / wheel.dt))
        split = end - period * (wheel.hold_back or max(LEAST_KEPT, round(KEPT * end / period)))
    wanted = split > 0 and (wheel.hold_back or testable(wheel, gauges, split)[0])
    return split if wanted else None


def _finest(rows: list[Row]) -> float:
    """The shortest period of the record; of levels the shortest time between two."""
    ends = sorted({r.end for r in rows})
    lengths = [r.end - r.start for r in rows if r.start is not None]
    return min(lengths or [later - earlier for earlier, later in itertools.pairwise(ends)] or [0.0])
