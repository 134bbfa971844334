"""What terms with partners and customers are worth, as a finding that prints and makes a frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, repr=False)
class Terms:
    """`found` holds the terms with their settings, the best one and how flat the top is; for pass-through the timings.

    For a membership it also holds `selection`, `past` and, from events, `member_effect`, where there are such.
    """

    found: Mapping[str, Any] = field(repr=False)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self._parts())

    def __len__(self) -> int:
        return len(self._parts())

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        """One term by its name, or one timing of a saving. Raises KeyError."""
        return {part.get("term") or part["when"]: part for part in self}[name]

    def frame(self):
        """One row a setting (a pandas frame); `tried_before` says whether the past has seen it."""
        import pandas as pd

        from gearwheel.show.words_terms import was_tried

        rows = [
            {
                "term": part.get("term") or part["when"],
                "value": s["value"],
                "probability_better": s["probability_better"],
                "tried_before": was_tried(part, s["value"]) if "term" in part else None,
            }
            | {
                f"{key}_{k}": v
                for key in ("effect", "against_keeping", "returned")
                for k, v in (s.get(key) or {}).items()
            }
            for part in self
            for s in part["settings"]
        ]
        return pd.DataFrame(rows).set_index(["term", "value"])

    def _parts(self) -> list:
        return list(self.found.get("timings") or self.found["terms"])

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        from gearwheel.show import words_terms

        said = [*words_terms.terms(dict(self.found)), words_terms.selection(dict(self.found))]
        said += words_terms.past(dict(self.found))
        if self.found.get("member_effect"):
            said += words_terms.effect(dict(self.found["member_effect"]))
        return "\n".join(s for s in said if s)
