"""Gauges laid on the wheel's time grid: what is read when, which sums run, and when they start anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gearwheel.fit.seasons import Season, season_of
from gearwheel.gauges.series import Gauges, Row
from gearwheel.wheel.parts import Gauge, Wheel
from gearwheel.wheel.times import per_year

SUMMING = ("sum", "mean", "trailing", "ratio")
LATEST = 12  # rows whose errors tell that of a row to come


@dataclass(frozen=True)
class Reading:
    """How one gauge is computed from the filter's state: from running sums, or from a variable at the moment."""

    name: str
    gauge: Gauge
    tops: tuple[int, ...] = ()  # running sums it reads, one per track: periods that overlap need more than one
    bottoms: tuple[int, ...] = ()  # running sums these are divided by
    season: int = -1  # its seasonal block


@dataclass(frozen=True)
class Observations:
    """K = steps + 1 instants, G gauges, A running sums.

    value, error (K, G); seen, bound (K, G): bound is +1 where only "more than", -1 where only "less than" is
    known; length (K, G) of the row's period; track (K, G): which of its sums the row reads. reset (K, A): the sum
    starts anew at this instant. turn (K, S): a season ends at this instant. seasonal (K, G): the row carries the
    season (its period is one season long).
    """

    readings: tuple[Reading, ...]
    sums: tuple[str, ...]
    start: float
    value: np.ndarray
    error: np.ndarray
    seen: np.ndarray
    bound: np.ndarray
    length: np.ndarray
    track: np.ndarray
    reset: np.ndarray
    seasonal: np.ndarray
    turn: np.ndarray
    seasons: tuple[Season, ...]
    rows: int
    known: float = np.inf  # the time up to which evidence counts

    @property
    def steps(self) -> int:
        return len(self.value) - 1


def to_scale(value, scale: str):
    """A measured value on its gauge's scale: log, logit or as it is."""
    if scale == "log":
        return np.log(value)
    return np.log(value / (1 - value)) if scale == "logit" else value


def from_scale(value, scale: str):
    """The inverse of `to_scale`."""
    if scale == "log":
        return np.exp(value)
    return 1 / (1 + np.exp(-value)) if scale == "logit" else value


def typical_error(rows: Sequence[Row], gauge: Gauge) -> float:
    """The error that a row to come will likely have, on the gauge's scale: the median over the LATEST rows measured."""
    errors = [row.error or gauge.error for row in rows if not row.bound][-LATEST:]
    return float(np.median(errors)) if errors else gauge.error


def lay_out(
    wheel: Wheel, gauges: Gauges, until: float, *, shown: Gauges | None = None, known: float = np.inf
) -> Observations:
    """The gauges on the grid 0, dt, …, until.

    `shown` fixes the layout (sums, resets, shapes) while `gauges` says which of its rows are seen: a backtest
    sees fewer rows of the same layout and so reuses the compiled filter. Checks (gauge.check) are read, not seen.
    Evidence counts that had ended by `known`.
    """
    shown = shown or gauges
    names = [n for n in wheel.gauge if n in shown.series]
    steps = round(until / wheel.dt)
    shape = (steps + 1, len(names))
    plan = _Sums(wheel, steps)
    readings, periods = [], []  # of each season, in steps
    for name in names:
        readings.append(_reading(wheel, name, shown.series[name].rows, plan, periods))
    table = {k: np.zeros(shape) for k in ("value", "bound", "seasonal")}
    # 1 where there is no row: 0/0 in a mean would be hidden from the value but spoil the gradient
    table |= {k: np.ones(shape) for k in ("error", "length")}
    table["track"] = np.zeros(shape, dtype=int)
    seen = np.zeros(shape, dtype=bool)
    rows = 0
    for g, name in enumerate(names):
        seeable = {(r.start, r.end) for r in gauges.series[name].rows} if name in gauges.series else set()
        rows_shown = shown.series[name].rows
        for row, track in zip(rows_shown, _tracks(plan.spans(rows_shown, wheel.gauge[name].window))):
            k = round(row.end / wheel.dt)
            if not 0 <= k <= steps:
                continue
            _write(table, k, g, row, wheel.gauge[name], wheel)
            table["track"][k, g] = track
            seen[k, g] = (row.start, row.end) in seeable and not wheel.gauge[name].check
            rows += bool(seen[k, g])
    turn = np.zeros((steps + 1, len(periods)))
    for s, period in enumerate(periods):
        turn[::period, s] = 1.0
    seasons = []
    for g, reading in enumerate(readings):
        if reading.season >= 0:
            gauge, period = reading.gauge, periods[reading.season]
            ends = np.flatnonzero(seen[:, g] & (table["seasonal"][:, g] > 0))
            covered = (ends[-1] - ends[0] + period) / (period * gauge.season) if len(ends) else 0.0
            seasons.append(season_of(reading.name, gauge.season, gauge.harmonics, gauge.season_sd, covered))
    return Observations(
        tuple(readings), tuple(plan.names), 0.0, seen=seen, reset=plan.resets(), turn=turn,
        seasons=tuple(seasons), rows=rows, known=known, **table,
    )  # fmt: skip


def _write(table: dict, k: int, g: int, row: Row, gauge: Gauge, wheel: Wheel) -> None:
    length = row.end - row.start if row.start is not None else (gauge.window or 0.0)
    table["value"][k, g] = to_scale(row.value, gauge.scale)
    table["error"][k, g] = row.error or gauge.error
    table["bound"][k, g] = {"above": 1.0, "below": -1.0}.get(row.bound, 0.0)
    table["length"][k, g] = max(length, wheel.dt)
    season = per_year(wheel) / gauge.season if gauge.season else 0.0
    table["seasonal"][k, g] = float(bool(season) and abs(length - season) < 0.02 * season)


Span = tuple[int, int]  # the steps at which a period begins and ends


class _Sums:
    """Running sums, shared between gauges that add up the same variable over periods that do not cut each other."""

    def __init__(self, wheel: Wheel, steps: int):
        self.wheel, self.steps = wheel, steps
        self.names: list[str] = []
        self._spans: list[frozenset[Span]] = []

    def index(self, variable: str, spans: frozenset[Span]) -> int:
        for i, (name, known) in enumerate(zip(self.names, self._spans)):
            if name == variable and not _cut(spans, known) and not _cut(known, spans):
                self._spans[i] = spans | known
                return i
        self.names.append(variable)
        self._spans.append(spans)
        return len(self.names) - 1

    def spans(self, rows: tuple[Row, ...], window: float | None) -> list[Span]:
        """The period of each row in steps; a row that is read at a moment has none of any length."""
        dt = self.wheel.dt
        begins = [r.end - window if window else r.end if r.start is None else r.start for r in rows]
        return [(max(0, round(begin / dt)), round(row.end / dt)) for begin, row in zip(begins, rows)]

    def resets(self) -> np.ndarray:
        table = np.zeros((self.steps + 1, len(self.names)))
        for a, spans in enumerate(self._spans):
            table[[begin for begin, _ in spans if begin <= self.steps], a] = 1.0
        return table


def _cut(spans: frozenset[Span], others: frozenset[Span]) -> bool:
    """Does any of `spans` begin strictly inside one of the others? A common sum would lose its first part there."""
    return any(begin < start < end for start, _ in spans for begin, end in others)


def _tracks(spans: list[Span]) -> list[int]:
    """For each period the number of a track on which no two overlap; 0 throughout where none do."""
    ends: list[int] = []
    found = [0] * len(spans)
    for i in sorted(range(len(spans)), key=lambda i: spans[i]):
        begin, end = spans[i]
        free = next((t for t, last in enumerate(ends) if last <= begin), len(ends))
        ends[free : free + 1] = [end]
        found[i] = free
    return found


def _reading(wheel: Wheel, name: str, rows: tuple[Row, ...], plan: _Sums, periods: list[int]) -> Reading:
    gauge = wheel.gauge[name]
    if gauge.measure not in SUMMING:
        return Reading(name, gauge)
    spans = plan.spans(rows, gauge.window)
    tracks = _tracks(spans)
    groups = [frozenset(s for s, t in zip(spans, tracks) if t == track) for track in range(max(tracks, default=0) + 1)]
    tops = tuple(plan.index(gauge.of, group) for group in groups)
    bottoms = tuple(plan.index(gauge.over, group) for group in groups) if gauge.measure == "ratio" else ()
    season = -1
    if gauge.season:
        season = len(periods)
        periods.append(round(per_year(wheel) / gauge.season / wheel.dt))
    return Reading(name, gauge, tops, bottoms, season)


def measured(observations: Observations) -> Mapping[str, np.ndarray]:
    """Gauge name → (value, K) with NaN where nothing was seen, for plots and scores."""
    value = np.where(observations.seen, observations.value, np.nan)
    return {r.name: value[:, g] for g, r in enumerate(observations.readings)}
