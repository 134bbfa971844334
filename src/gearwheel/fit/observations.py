"""Gauges laid on the wheel's time grid: what is read when, which sums run, and when they start anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gearwheel.gauges.series import Gauges, Row
from gearwheel.wheel.parts import Gauge, Wheel
from gearwheel.wheel.times import per_year

SUMMING = ("sum", "mean", "trailing", "ratio")


@dataclass(frozen=True)
class Reading:
    """How one gauge is computed from the filter's state: from running sums, or from a variable at the moment."""

    name: str
    gauge: Gauge
    top: int = -1  # running sum it reads, -1 for none
    bottom: int = -1  # running sum it is divided by
    season: int = -1  # its seasonal block


@dataclass(frozen=True)
class Observations:
    """K = steps + 1 instants, G gauges, A running sums.

    value, error (K, G); seen, bound (K, G): bound is +1 where only "more than", -1 where only "less than" is
    known; length (K, G) of the row's period. reset (K, A): the sum starts anew at this instant. turn (K, S): a
    season ends at this instant. seasonal (K, G): the row carries the season (its period is one season long).
    """

    readings: tuple[Reading, ...]
    sums: tuple[str, ...]
    start: float
    value: np.ndarray
    error: np.ndarray
    seen: np.ndarray
    bound: np.ndarray
    length: np.ndarray
    reset: np.ndarray
    seasonal: np.ndarray
    turn: np.ndarray
    seasons: tuple[int, ...]
    rows: int

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


def lay_out(wheel: Wheel, gauges: Gauges, until: float, *, shown: Gauges | None = None) -> Observations:
    """The gauges on the grid 0, dt, …, until.

    `shown` fixes the layout (sums, resets, shapes) while `gauges` says which of its rows are seen: a backtest
    sees fewer rows of the same layout and so reuses the compiled filter. Checks (gauge.check) are read, not seen.
    """
    shown = shown or gauges
    names = [n for n in wheel.gauge if n in shown.series]
    steps = round(until / wheel.dt)
    shape = (steps + 1, len(names))
    plan = _Sums(wheel, steps)
    readings, seasons = [], []
    for name in names:
        readings.append(_reading(wheel, name, shown.series[name].rows, plan, seasons))
    table = {k: np.zeros(shape) for k in ("value", "bound", "seasonal")}
    # 1 where there is no row: 0/0 in a mean would be hidden from the value but spoil the gradient
    table |= {k: np.ones(shape) for k in ("error", "length")}
    seen = np.zeros(shape, dtype=bool)
    rows = 0
    for g, name in enumerate(names):
        known = {(r.start, r.end) for r in gauges.series[name].rows} if name in gauges.series else set()
        for row in shown.series[name].rows:
            k = round(row.end / wheel.dt)
            if k > steps:
                continue
            _write(table, k, g, row, wheel.gauge[name], wheel)
            seen[k, g] = (row.start, row.end) in known and not wheel.gauge[name].check
            rows += bool(seen[k, g])
    turn = np.zeros((steps + 1, len(seasons)))
    for s, period in enumerate(seasons):
        turn[::period, s] = 1.0
    return Observations(
        tuple(readings), tuple(plan.names), 0.0, seen=seen, reset=plan.resets(), turn=turn,
        seasons=tuple(wheel.gauge[r.name].season for r in readings if r.season >= 0), rows=rows, **table,
    )  # fmt: skip


def _write(table: dict, k: int, g: int, row: Row, gauge: Gauge, wheel: Wheel) -> None:
    length = row.end - row.start if row.start is not None else (gauge.window or 0.0)
    table["value"][k, g] = to_scale(row.value, gauge.scale)
    table["error"][k, g] = row.error or gauge.error
    table["bound"][k, g] = {"above": 1.0, "below": -1.0}.get(row.bound, 0.0)
    table["length"][k, g] = max(length, wheel.dt)
    season = per_year(wheel) / gauge.season if gauge.season else 0.0
    table["seasonal"][k, g] = float(bool(season) and abs(length - season) < 0.02 * season)


class _Sums:
    """Running sums, shared between gauges that add up the same variable over the same periods."""

    def __init__(self, wheel: Wheel, steps: int):
        self.wheel, self.steps = wheel, steps
        self.names: list[str] = []
        self._starts: list[frozenset[int]] = []

    def index(self, variable: str, rows: tuple[Row, ...], window: float | None) -> int:
        starts = frozenset(self._begins(row, window) for row in rows)
        for i, (name, known) in enumerate(zip(self.names, self._starts)):
            if name == variable and self._agree(starts, known):
                self._starts[i] = starts | known
                return i
        self.names.append(variable)
        self._starts.append(starts)
        return len(self.names) - 1

    def _begins(self, row: Row, window: float | None) -> int:
        start = row.end - window if window else row.start
        return max(0, round(start / self.wheel.dt))

    @staticmethod
    def _agree(a: frozenset[int], b: frozenset[int]) -> bool:
        """Two schedules agree when neither starts anew strictly inside a period of the other: here, when both
        are regular with the same spacing and phase."""
        spacings = [{y - x for x, y in zip(sorted(s), sorted(s)[1:])} for s in (a, b)]
        regular = all(len(s) == 1 for s in spacings) and spacings[0] == spacings[1]
        return regular and (min(a) - min(b)) % next(iter(spacings[0])) == 0

    def resets(self) -> np.ndarray:
        table = np.zeros((self.steps + 1, len(self.names)))
        for a, starts in enumerate(self._starts):
            table[[s for s in starts if s <= self.steps], a] = 1.0
        return table


def _reading(wheel: Wheel, name: str, rows: tuple[Row, ...], plan: _Sums, seasons: list[int]) -> Reading:
    gauge = wheel.gauge[name]
    if gauge.measure not in SUMMING:
        return Reading(name, gauge)
    top = plan.index(gauge.of, rows, gauge.window)
    bottom = plan.index(gauge.over, rows, gauge.window) if gauge.measure == "ratio" else -1
    season = -1
    if gauge.season:
        season = len(seasons)
        seasons.append(round(per_year(wheel) / gauge.season / wheel.dt))
    return Reading(name, gauge, top, bottom, season)


def measured(observations: Observations) -> Mapping[str, np.ndarray]:
    """Gauge name → (value, K) with NaN where nothing was seen, for plots and scores."""
    value = np.where(observations.seen, observations.value, np.nan)
    return {r.name: value[:, g] for g, r in enumerate(observations.readings)}
