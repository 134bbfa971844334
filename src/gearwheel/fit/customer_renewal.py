"""How surely members renew, by how long they have been members: a share and its interval for each renewal."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
from scipy.stats import beta

RENEWALS = """
with spell as (
    select customer_id, starts_at, ends_at,
           max(ends_at) over (partition by customer_id order by starts_at
                              rows between unbounded preceding and 1 preceding) as paid_until
    from events.memberships where starts_at <= $until::timestamp
),
period as (
    select customer_id, starts_at, ends_at,
           row_number() over (partition by customer_id order by starts_at) as number,
           lead(starts_at) over (partition by customer_id order by starts_at) as next_start
    from spell where paid_until is null or ends_at is null or ends_at > paid_until
)
select number, count(*) as due, count(*) filter (next_start <= ends_at + $grace * interval 1 day) as renewed
from period
where ends_at is not null and ends_at + $grace * interval 1 day <= $until::timestamp
group by number order by number"""


@dataclass(frozen=True)
class Renewal:
    """The renewal after the `number`-th paid period: how many periods ended, how many were followed by another."""

    number: int
    due: int
    renewed: int

    def share(self, draws: int, seed: int = 1) -> np.ndarray:
        """Draws of the renewal share under Jeffreys' belief, beta(½, ½)."""
        return np.random.default_rng(seed).beta(self.renewed + 0.5, self.due - self.renewed + 0.5, draws)

    def interval(self, level: float = 0.9) -> dict[str, float]:
        """Low end, median and high end of the same: one of one renewed does not say that all will."""
        tail = (1 - level) / 2
        found = beta.ppf([tail, 0.5, 1 - tail], self.renewed + 0.5, self.due - self.renewed + 0.5)
        return dict(zip(("low", "median", "high"), found.tolist()))


def renewals(connection: duckdb.DuckDBPyConnection, until, grace_days: int = 7) -> list[Renewal]:
    """Renewals of `events.memberships` whose fate is known by `until`: periods that ended `grace_days` before it.

    What was paid for a part of a running period, as for an upgrade, is no period of its own. One without an end, or
    whose days of grace are not over, is not counted either way: it is still open. The hazard of leaving after a period
    is 1 − share.
    """
    rows = connection.execute(RENEWALS, {"until": until, "grace": grace_days}).fetchall()
    return [Renewal(*row) for row in rows]
