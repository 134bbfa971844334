"""A plan as a finding that prints, makes frames and draws itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gearwheel.wheel.parts import Wheel


@dataclass(frozen=True, repr=False)
class Plan:
    """Levers over time with what they bring and risk. `found` is what `gearwheel plan --json` prints."""

    found: Mapping[str, Any]
    wheel: Wheel = field(repr=False)

    @property
    def better(self) -> bool:
        """Whether it beats changing nothing on draws that the search had not seen; if not, change nothing."""
        return bool(self.found["better"])

    def frame(self):
        """One row a time step, one column a lever (a pandas frame)."""
        import pandas as pd

        columns = {row["lever"]: row["path"] for row in self.found["levers"]}
        return pd.DataFrame(columns, index=pd.Index(self.found["time"], name="year"))

    def compared(self):
        """One row a plan, this one first: outcome, gain, money spent and odds on fresh draws (a pandas frame)."""
        import pandas as pd

        rows = []
        for one in self.found["compared"]:
            row = {
                k: one[k]
                for k in (
                    "name",
                    "expected",
                    "expected_gain",
                    "mean",
                    "mean_gain",
                    "mean_spent",
                    "risk_value",
                    "plan_beats",
                )
            }
            rows.append(row | {f"gain_{k}": v for k, v in (one["gain"] or {}).items()})
        return pd.DataFrame(rows).set_index("name")

    def settings(self) -> dict[str, list[tuple[float, float]]]:
        """The paths as `fit.spin(set=...)` takes them: (wheel time, value) steps of the levers that move.

        A lever that the data put outside its limits is set to the nearer limit, since a spin takes nothing beyond it.
        """
        from gearwheel.wheel.times import decimal_year, per_year

        zero, year = decimal_year(0.0, self.wheel), per_year(self.wheel)
        times = [(t - zero) * year for t in self.found["time"]]
        moved = [r for r in self.found["levers"] if r["moved"]]
        return {r["lever"]: [(t, _within(v, *r["limits"])) for t, v in zip(times, r["path"])] for r in moved}

    def save(self, path: str | Path) -> Path:
        """Write the page of the plan, one HTML file that opens offline. Raises GearwheelError for a foreign file."""
        from gearwheel.api.files import write_ours
        from gearwheel.show.plan_page import plan_html

        write_ours(Path(path), plan_html(self.found, self.wheel.title or self.wheel.name))
        return Path(path)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        from gearwheel.show import words_plan as words

        told = [words.verdict(self.found), words.risk(self.found), *words.rules(self.found)]
        return "\n".join(filter(None, [*told, words.search(self.found), words.next_step(self.found)]))

    def _repr_svg_(self) -> str:
        from gearwheel.show.plan_page import outcome_chart

        return outcome_chart(self.found)


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
