"""Where a wheel starts, beside what its record says first: a start that contradicts the record is a mistake in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gearwheel.gauges.series import Gauges, Row
from gearwheel.show.figures import number
from gearwheel.spin.levers import history
from gearwheel.spin.program import build
from gearwheel.spin.run import Ensemble, spin
from gearwheel.wheel.errors import Problem
from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.parts import Gauge, Place, Wheel
from gearwheel.wheel.times import per_year
from gearwheel.wheel.tree import names

CODE = "GW159"
DRAWS, FEWEST = 200, 20
NUMBERS = 20_000_000  # of all draws, steps and stocks: about 160 MB
MOST_STEPS = 20_000  # of a first year: what lies beyond them is not looked at
FAR = 4.0  # standard deviations from which a first row contradicts the start
LEAST = 0.05  # of a value, in logs or logits: nobody types a start more exactly
A_YEAR = 1.02  # calendar years differ in length


def first_year(wheel: Wheel, gauges: Gauges) -> dict[str, list[Row]]:
    """Gauge → its rows of the wheel's first year. Gauges of which nothing is measured by then say nothing of the start,
    and checks are no part of the fit."""
    until, found = min(A_YEAR * per_year(wheel), MOST_STEPS * wheel.dt), {}
    for name, series in gauges.series.items():
        gauge = wheel.gauge[name]
        if not gauge.check:
            rows = [r for r in series.rows if _begins(r, gauge) > -1e-6 and r.end <= until]
            found |= {name: rows} if rows else {}
    return found


def _begins(row: Row, gauge: Gauge) -> float:
    return row.end - gauge.window if gauge.window else row.end if row.start is None else row.start


def _steps_to_last(wheel: Wheel, rows: Mapping[str, Sequence[Row]]) -> int:
    return round(max(r.end for part in rows.values() for r in part) / wheel.dt)


def spun(wheel: Wheel, rows: Mapping[str, Sequence[Row]], parameters: Mapping, noise: np.ndarray | None) -> Ensemble:
    """The wheel from its start to the end of the last of these rows; `noise` (steps, draws, stocks) or none."""
    read = {v for n in rows for v in (wheel.gauge[n].of, wheel.gauge[n].over) if v}
    return spin(
        build(wheel), parameters, _steps_to_last(wheel, rows), paths=history(wheel), keep=sorted(read), shocks=noise
    )


def readings(run: Ensemble, rows: Mapping[str, Sequence[Row]]) -> dict[str, np.ndarray]:
    """Gauge → what it reads of the run over each of its rows, on its scale, (draws, rows); without errors and seasons."""
    from gearwheel.fit.forecast import read_gauge
    from gearwheel.fit.observations import Reading

    nothing = np.zeros((len(run.states), 0))
    return {
        name: read_gauge(
            Reading(name, run.wheel.gauge[name]), run, [(r.start, r.end) for r in part], nothing, slice(0, 0),
            np.zeros(len(part)), 1,
        )
        for name, part in rows.items()
    }  # fmt: skip


def contradictions(wheel: Wheel, gauges: Gauges | None) -> list[Problem]:
    """One problem (GW159) for each gauge whose first rows lie far from what the wheel starts with.

    The start is a range: draws of the beliefs with process noise, read as the gauge reads them. A row is far from
    it beyond FAR standard deviations of range, gauge error and LEAST together. Both the first row and the mean of the
    first year must be: a season may move the one, growth the other.
    """
    rows = first_year(wheel, gauges) if gauges else {}
    if not rows:
        return []
    from gearwheel.fit.beliefs import beliefs_of, unsure_draws

    beliefs, steps = beliefs_of(wheel), _steps_to_last(wheel, rows)
    draws = int(np.clip(NUMBERS / max(1, steps * len(wheel.stock)), FEWEST, DRAWS))
    parameters = {**beliefs.named(beliefs.draw(draws, 1)), **unsure_draws(wheel, draws, 1)}
    noise = np.random.default_rng(1).standard_normal((steps, draws, len(wheel.stock)))
    read = readings(spun(wheel, rows, parameters, noise), rows)
    problems = (_contradiction(wheel, n, part, read[n]) for n, part in rows.items())
    return [p for p in problems if p]


def _contradiction(wheel: Wheel, name: str, rows: Sequence[Row], read: np.ndarray) -> Problem | None:
    from gearwheel.fit.observations import from_scale, to_scale

    gauge = wheel.gauge[name]
    sound = read[np.isfinite(read).all(axis=1)]
    if not len(sound):
        return None
    apart = np.array([_apart(row, to_scale(row.value, gauge.scale), sound[:, i]) for i, row in enumerate(rows)])
    error = rows[0].error or gauge.error
    season = (gauge.season_sd or 0.1) if gauge.season else 0.0
    least = LEAST * (abs(rows[0].value) if gauge.scale == "abs" else 1.0)

    def far(gap: float, spread: np.ndarray) -> bool:
        low, high = np.quantile(spread, [0.16, 0.84])
        return abs(gap) > FAR * np.hypot(np.hypot((high - low) / 2, error), np.hypot(least, season))

    mean = float(apart.mean())
    if not (far(apart[0], sound[:, 0]) and far(mean, sound.mean(axis=1)) and apart[0] * mean > 0):
        return None
    low, middle, high = from_scale(np.quantile(sound[:, 0], [0.05, 0.5, 0.95]), gauge.scale)
    about = (
        number(middle) if high - low <= 0.02 * abs(middle) else f"{number(middle)} ({number(low)} to {number(high)})"
    )
    place = wheel.places.get(("gauge", name), Place(wheel.file, 0))
    line = f" in line {rows[0].line} of the record" if rows[0].line else ""
    message = f"the wheel's start contradicts the record: '{name}' would first read {about}"
    message += f", and its first measured row{line} says {number(rows[0].value)}"
    return Problem(CODE, message, place.file, place.line, _hint(wheel, gauge))


def _apart(row: Row, value: float, read: np.ndarray) -> float:
    """How far the row lies above the middle of what is read; a bound lies nowhere on its open side."""
    gap = value - float(np.median(read))
    return max(gap, 0.0) if row.bound == "above" else min(gap, 0.0) if row.bound == "below" else gap


def _hint(wheel: Wheel, gauge: Gauge) -> str:
    stock = wheel.stock.get(gauge.of)
    if stock and stock.start.strip() == "1":
        return f"{gauge.of} is 1 at the start: divide the series by its first value."
    told = [n for n in names(parse_name(stock.start)) if n in wheel.parameter] if stock else []
    what = f"Set {', '.join(told)}" if told else f"Set the numbers that {gauge.of} starts from"
    return f"{what} to what was measured first, or state a belief wide enough to hold it."
