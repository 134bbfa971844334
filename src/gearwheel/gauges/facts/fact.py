"""What a fact is, and how the numbers behind one are fetched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MOST = 2_000_000  # orders that a regression reads; of more, a sample by the hash of the order


@dataclass(frozen=True)
class Fact:
    """One thing that single orders say.

    `of` names the parameter of the gear library that it speaks about, "" for none; with one, and without a `bound`,
    `estimate` is on that parameter's own scale. `error` is the standard error of sampling alone, `n` the number of
    cases, `scale` says how to read the estimate ("log per day", "elasticity", "log" for a relative difference,
    "share"). `how` states data, controls and errors; `caveat` what may still confound it, or why there is no
    estimate. `bound` is "upper" where the truth is expected below the estimate: such a fact is no evidence.
    """

    name: str
    title: str
    of: str
    estimate: float | None
    error: float | None
    n: int
    scale: str
    how: str
    caveat: str
    bound: str = ""
    design: str = "observational"

    def interval(self, level: float = 0.9) -> tuple[float, float]:
        """Around the estimate. Raises ValueError where there is none."""
        from statistics import NormalDist

        if self.estimate is None or self.error is None:
            raise ValueError(f"{self.name} has no estimate: {self.caveat}")
        half = NormalDist().inv_cdf(0.5 + level / 2) * self.error
        return self.estimate - half, self.estimate + half


def without(name: str, title: str, of: str, scale: str, why: str, n: int = 0, how: str = "") -> Fact:
    """A fact that the data cannot give."""
    return Fact(name, title, of, None, None, n, scale, how, why)


def lacking(events, needs: Iterable[str]) -> str:
    """In words, the first of the tables and table.columns that the source does not have; "" when it has all."""
    for need in needs:
        table, _, column = need.partition(".")
        if table not in events.present:
            return f"the source has no {table}"
        if column and column not in events.columns.get(table, ()):
            return f"the source's {table} do not say {column}"
    return ""


def fetch(events, name: str, **values: float) -> dict[str, np.ndarray]:
    """The columns that the SQL file `name` yields. `values` (numbers) fill its placeholders."""
    sql = Path(__file__).with_name(f"{name}.sql").read_text("utf-8")
    for key, value in values.items():
        sql = sql.replace("{" + key + "}", repr(value))
    found = events.connection.execute(sql).fetchnumpy()
    return {key: np.ma.filled(column.astype(float), np.nan) if np.ma.isMaskedArray(column) else column
            for key, column in found.items()}  # fmt: skip


def sampled(events, table: str) -> float:
    """The share of orders to read so that about MOST rows of `table` remain, at most 1."""
    rows = events.connection.execute(f"select count(*) from events.{table}").fetchone()[0]
    return min(1.0, MOST / max(rows, 1))


def sample_words(share: float) -> str:
    return "" if share >= 1 else f" A sample of {share:.1%} of the orders, drawn by their hash."
