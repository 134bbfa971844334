"""What events measure, for notebooks: rows as a frame, definitions, facts, a picture of each gauge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def measure(target: str | Path, progress=None, connect: bool = False) -> Measures:
    """Everything that the events of a wheel's folder, or of a mapping.toml, measure. Raises DataError.

    A database that the mapping names is connected to only after you have named it once: with `connect`, or on the
    command line with `new --data` or `measure --connect` (GW476).
    """
    from gearwheel.run.measuring import mapping_of, measure_source

    return Measures(measure_source(mapping_of(str(target)), progress, connect=connect))


@dataclass(frozen=True, repr=False)
class Measures:
    """`found` has the keys of the `events` part of results.json: gauges, rows, left_out, page, facts, themes, …"""

    found: Mapping[str, Any] = field(repr=False)

    def __iter__(self):
        return iter(self.found["gauges"])

    def __len__(self) -> int:
        return len(self.found["gauges"])

    def __getitem__(self, gauge: str):
        """The series of one gauge by the end of its period, with columns value, error, n (a pandas frame).

        Raises DataError for a gauge that was not measured, with the reason.
        """
        from gearwheel.run.record import picked

        return _frame(picked(self.found, [gauge])["rows"]).drop(columns="gauge").set_index("end")

    def frame(self):
        """One row a gauge and period (a pandas frame)."""
        return _frame(self.found["rows"])

    @property
    def definitions(self):
        """One row a gauge: title, gear, unit, definition, error (a pandas frame)."""
        import pandas as pd

        return pd.DataFrame.from_dict(self.found["gauges"], orient="index").rename_axis("gauge")

    @property
    def facts(self):
        """One row a fact of single orders, with its estimate, error, how and caveat (a pandas frame)."""
        import pandas as pd

        return pd.DataFrame.from_dict(self.found["facts"], orient="index").rename_axis("fact")

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        from gearwheel.show.measured_text import measured_text

        return measured_text(dict(self.found))


def _frame(rows):
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["gauge", "start", "end", "value", "error", "n"])
    return frame.assign(start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]))
