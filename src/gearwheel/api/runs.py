"""Runs: an ensemble of trajectories that answers by name, as a frame and as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from gearwheel.wheel.errors import GearwheelError, SpinError
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.times import calendar_day, decimal_year

if TYPE_CHECKING:
    import numpy as np

    from gearwheel.spin.run import Ensemble

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
MOST_PICTURES = 6


@dataclass(frozen=True, eq=False)
class Runs:
    """Trajectories of every variable, one row a draw. `on` says what they rest on: "beliefs" or "fit"."""

    ensemble: Ensemble
    on: str

    @property
    def wheel(self) -> Wheel:
        return self.ensemble.wheel

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.ensemble.values)

    @property
    def dates(self) -> list[date]:
        return [calendar_day(t, self.wheel) for t in self.ensemble.times]

    @property
    def years(self) -> list[float]:
        """The times as calendar years with decimals."""
        return [decimal_year(t, self.wheel) for t in self.ensemble.times]

    @cached_property
    def lost(self) -> dict[int, str]:
        """Draws that left the finite numbers, and where; they are left out of every quantile."""
        import numpy as np

        lost = dict(self.ensemble.lost)
        for name, values in self.ensemble.values.items():  # a stock below zero can undo an auxiliary at the last step
            finite = np.isfinite(values)
            for draw in np.flatnonzero(~finite.all(axis=1)):
                lost.setdefault(int(draw), f"{name} at time {self.ensemble.times[np.argmin(finite[draw])]:g}")
        return lost

    @cached_property
    def below_zero(self) -> dict[str, float]:
        """Stock on a log scale, for what is always above 0 → share of draws in which it fell below 0."""
        from gearwheel.spin.run import below_zero

        return below_zero(self.ensemble)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and bool(_full(name, self.names))
        except KeyError:
            return False

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.names)

    def __getitem__(self, name: str) -> np.ndarray:
        """One variable, shape (draws, times); `net_sales` will do where only one gear has it. Raises KeyError."""
        return self.ensemble[name]

    def quantiles(self, name: str, levels: Sequence[float] = QUANTILES) -> np.ndarray:
        """Over the draws that stayed finite, shape (levels, times). Raises SpinError when none did."""
        import numpy as np

        if not all(0 <= level <= 1 for level in levels):
            raise GearwheelError(f"levels of quantiles lie between 0 and 1, unlike {', '.join(map(str, levels))}")
        kept = np.ones(len(self.ensemble.states), bool)
        kept[list(self.lost)] = False
        if not kept.any():
            raise SpinError(f"every draw left the finite numbers (draw 0: {self.lost[0]})")
        return np.quantile(self[name][kept], levels, axis=0)

    def above_ceiling(self, name: str) -> dict | None:
        """What this variable cannot exceed, as its gauge in the wheel states, and the share of draws above it over time:
        {"ceiling", "source", "above"}. None where no gauge reads it as it is, or none states a ceiling."""
        from gearwheel.run.ceilings import level_gauge, share_above

        gauge = level_gauge(self.wheel, _full(name, self.names))
        if gauge is None:
            return None
        shares = share_above(self[name], gauge.ceiling)
        return {"ceiling": gauge.ceiling, "source": gauge.ceiling_source, "above": shares}

    def impossible(self, name: str) -> str:
        """A sentence where the draws of this variable rise above what it can be, else ""."""
        from gearwheel.show.words_ceiling import beyond

        found = self.above_ceiling(name)
        if found is None:
            return ""
        unit = unit_text(self.wheel.variables()[_full(name, self.names)].unit, self.wheel)
        return beyond(name, found["ceiling"], found["source"], unit, self.years, found["above"])

    def headline(self) -> tuple[str, ...]:
        """The variables worth showing first: the wheel's size and its declared outcomes."""
        wanted = dict.fromkeys((self.wheel.size, *self.wheel.outcomes))
        found = tuple(n for n in wanted if n in self.ensemble.values)
        stocks = tuple(n for n in self.wheel.stock if n in self.ensemble.values)
        return found or (stocks or self.names)[:MOST_PICTURES]

    def frame(self, *names: str, levels: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95), wide: bool = False):
        """A pandas frame of quantiles over draws: variable, date, time and one column a quantile (q05, q2.5).

        All variables without names; an array's name means all its elements. `wide` puts dates in rows and
        (variable, quantile) in columns.
        """
        import pandas as pd

        levels = list(dict.fromkeys(levels))
        full = dict.fromkeys(one for name in names for one in self._elements(name)) or dict.fromkeys(self.names)
        columns = [_column(level) for level in levels]
        parts = []
        for name in full:
            part = pd.DataFrame(self.quantiles(name, levels).T, columns=columns)
            part.insert(0, "variable", name)
            part.insert(1, "date", pd.to_datetime(self.dates))
            part.insert(2, "time", self.years)
            parts.append(part)
        table = pd.concat(parts, ignore_index=True)
        if not wide:
            return table
        return table.pivot(index="date", columns="variable", values=columns).swaplevel(axis=1).sort_index(axis=1)

    def _elements(self, name: str) -> tuple[str, ...]:
        from gearwheel.spin.run import elements_of

        return elements_of(name, self.names) or (_full(name, self.names),)

    def picture(self, name: str) -> str:
        """One variable as a fan chart, SVG text."""
        from gearwheel.show.charts import fan

        name = _full(name, self.names)
        part = self.wheel.variables()[name]
        columns = {_column(q): row.tolist() for q, row in zip(QUANTILES, self.quantiles(name))}
        title = f"{name.rsplit('.', 1)[-1].replace('_', ' ')}, on {'beliefs' if self.on == 'beliefs' else 'the fit'}"
        scale = "abs" if getattr(part, "scale", "abs") == "abs" else "log"
        ahead, limit = {"time": self.years, **columns}, (self.above_ceiling(name) or {}).get("ceiling")
        about = {"title": title, "unit": unit_text(part.unit, self.wheel), "scale": scale, "ceiling": limit}
        return fan({**about, "forecast": ahead})

    def _repr_svg_(self) -> str:
        return self.picture(self.headline()[0])

    def _repr_html_(self) -> str:
        return _side_by_side(self.picture(name) for name in self.headline()[:MOST_PICTURES])

    def __repr__(self) -> str:
        from gearwheel.show.figures import chance

        first, last = self.dates[0], self.dates[-1]
        lost = f", {len(self.lost)} lost" if self.lost else ""
        lost += "".join(f", {name} below zero in {chance(share)}" for name, share in self.below_zero.items())
        return f"<Runs of {self.wheel.name} on {self.on}: {len(self.ensemble.states)} draws{lost}, {first} to {last}>"


def _column(level: float) -> str:
    """q05 for 0.05, q2.5 for 0.025: a name of its own for each level."""
    percent = round(100 * level, 9)
    return f"q{percent:02.0f}" if percent == int(percent) else f"q{percent:.9g}"


def unit_text(unit: str, wheel: Wheel) -> str:
    """The unit as people read it; see `gearwheel.run.parts.shown_unit`."""
    from gearwheel.run.parts import shown_unit

    return shown_unit(unit, wheel)


def _full(name: str, known: Iterable[str]) -> str:
    from gearwheel.spin.run import resolve_name

    return resolve_name(name, known)


def _side_by_side(pictures: Iterable[str]) -> str:
    return f'<div style="display:flex;flex-wrap:wrap;gap:8px">{"".join(pictures)}</div>'
