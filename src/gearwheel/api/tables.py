"""Loops and levers as findings that print, make a frame and draw themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gearwheel.wheel.parts import Wheel


@dataclass(frozen=True)
class Loops:
    """The named loops of a fitted wheel. `found` has the keys of results.json: loops, speed, critical_mass, …"""

    found: Mapping[str, Any]
    wheel: Wheel = field(repr=False)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.found["loops"])

    def __len__(self) -> int:
        return len(self.found["loops"])

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        """One loop by its name, `R1` or `experience.R9` or `R9`. Raises KeyError."""
        from gearwheel.spin.run import resolve_name

        by_name = {loop["name"]: loop for loop in self}
        return by_name[resolve_name(name, by_name)]

    def frame(self):
        """One row a loop (a pandas frame); share is the mean over time, share_now that at its end."""
        import pandas as pd

        columns = ("name", "title", "polarity")
        spans = ("gain", "pace", "delay", "share", "share_now")
        rows = [
            {c: loop[c] for c in columns}
            | {f"{key}_{k}": v for key in spans for k, v in (loop.get(key) or {}).items()}
            | {"links": " -> ".join(loop["links"])}
            for loop in self
        ]
        return pd.DataFrame(rows).set_index("name")

    def _repr_html_(self) -> str:
        from gearwheel.show import tables

        return self._repr_svg_() + tables.loop_table({"wheel": {"unit": self.wheel.unit}, **self.found})

    def _repr_svg_(self) -> str:
        from gearwheel.show.charts import shares

        count = self.found.get("loop_count") or {}
        return shares(
            list(self),
            other_reinforcing=count.get("other_reinforcing") or {},
            other_balancing=count.get("other_balancing") or {},
        )


@dataclass(frozen=True)
class Levers:
    """What one step of each lever, up and down, does to an outcome. `found` is the `levers` part of results.json; its
    rows show the direction that helps more, with the other one under `other`."""

    found: Mapping[str, Any]
    wheel: Wheel = field(repr=False)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.found["effects"])

    def __len__(self) -> int:
        return len(self.found["effects"])

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        """One lever's effect by its name. Raises KeyError."""
        from gearwheel.spin.run import resolve_name

        by_name = {effect["lever"]: effect for effect in self}
        return by_name[resolve_name(name, by_name)]

    def frame(self):
        """One row a lever, the largest median effect first (a pandas frame)."""
        import pandas as pd

        plain = ("lever", "title", "direction", "from", "to", "unit", "probability_better", "probability_best")
        spans = ("effect", "per_unit", "per_dollar", "elasticity")
        rows = [
            {key: effect.get(key) for key in plain}
            | {f"{key}_{k}": v for key in spans for k, v in (effect.get(key) or {}).items()}
            for effect in self
        ]
        return pd.DataFrame(rows).set_index("lever")

    def beats(self):
        """Share of draws in which the row's lever does more than the column's, each its better way (a pandas frame).

        Of two steps that do exactly the same neither is ahead; a lever beside itself is NaN.
        """
        import pandas as pd

        names = [effect["lever"] for effect in self]
        rows = {effect["lever"]: effect["beats"] for effect in self}
        return pd.DataFrame.from_dict(rows, orient="index").reindex(index=names, columns=names)

    def _repr_svg_(self) -> str:
        from gearwheel.show.charts import tornado

        return tornado(list(self), unit=str(self.found.get("unit") or ""))
