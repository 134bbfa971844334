"""A push as a finding that prints and draws itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gearwheel.wheel.parts import Wheel


@dataclass(frozen=True, repr=False)
class Push:
    """The cheapest push past critical mass. `found` is what `gearwheel push --json` prints."""

    found: Mapping[str, Any]
    wheel: Wheel = field(repr=False)

    @property
    def answer(self) -> str:
        """ "none needed", "a push", "no push suffices" or "too dear"."""
        return self.found["answer"]

    def frame(self):
        """The subsidies of the push, one row a lever (a pandas frame)."""
        import pandas as pd

        return pd.DataFrame(self.found["levers"]).set_index("lever")

    def map(self):
        """Probability of success by start state (rows) and size of the push (columns), both relative (a pandas frame)."""
        import pandas as pd

        part = self.found["map"]
        rows = pd.Index(part["starts"], name="start")
        return pd.DataFrame(part["odds"], index=rows, columns=pd.Index(part["sizes"], name="push"))

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        from gearwheel.show import words_push as words

        told = [getattr(words, part)(self.found) for part in ("answer", "stop", "speed", "boundary")]
        return "\n".join(filter(None, told))

    def _repr_svg_(self) -> str:
        from gearwheel.show.push_chart import push_chart

        return push_chart(self.found)
