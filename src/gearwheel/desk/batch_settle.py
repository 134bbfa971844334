"""Many considered requests settled in the order asked: who asks twice is answered the second time with the first answer
known, without considering each for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gearwheel.desk.answer import waves
from gearwheel.desk.consider import Decisions, Desk, consider
from gearwheel.desk.customers import NOTHING, Customers, facts_of
from gearwheel.desk.decide import settle
from gearwheel.desk.ledger import Ledger


@dataclass(frozen=True)
class Settling:
    """`found`: what was considered of `columns`; both are changed where more is known of who asks by the time of
    `times` (requests,)."""

    desk: Desk
    customers: Customers
    ledger: Ledger
    found: Decisions
    columns: dict[str, np.ndarray]
    times: np.ndarray

    def go(self, others: bool) -> None:
        """`others`: somebody else may have decided since these were considered."""
        if "customer_id" not in self.columns or not self.desk.operation.counts:
            settle(self.desk, self.found, self.columns, self.times, self.ledger)
            return
        repeated = {name for name, asks in Counter(self._names).items() if asks > 1}
        again = [row for row, name in enumerate(self._names) if others or name in repeated]
        self._ahead(again)
        settle(self.desk, self.found, self.columns, self.times, self.ledger, repeated, self._one)

    @cached_property
    def _names(self) -> list[str]:
        return self.columns["customer_id"].tolist()

    def _ahead(self, rows: Sequence[int]) -> None:
        """Consider `rows` anew as far as more is known of who asks by now, or will be: who asks again will have been
        answered as it looks now, unless a cap binds."""
        names, times, actions = self._names, self.times.tolist(), self.desk.policy.actions
        rounds = waves([names[row] for row in rows])
        several = {names[rows[k]] for k in rounds[1]} if len(rounds) > 1 else set()
        answered: Mapping[str, Mapping[str, int]] = self.ledger.answered
        guess = {name: dict(answered.get(name, NOTHING)) for name in several}
        for round_ in rounds:
            mine = [rows[k] for k in round_]
            self._again(mine, answered)
            for row in mine if several else ():
                if names[row] in several and times[row] > self.ledger.since:
                    action, counted = actions[self.found.chosen[row]], guess[names[row]]
                    counted[action] = counted.get(action, 0) + 1
            answered = guess

    def _one(self, row: int) -> None:
        """Consider it by what has been answered by now: the guess was wrong."""
        self._again([row], self.ledger.answered)

    def _again(self, rows: Sequence[int], answered: Mapping[str, Mapping[str, int]]) -> None:
        """Consider anew those of whom more is known, as `answered` says: customer → action → times."""
        at, changed = np.array(rows), np.zeros(len(rows), bool)
        names = [self._names[row] for row in rows]
        facts, _ = facts_of(self.desk.operation, self.desk.policy, self.customers, names, answered)
        for name, values in facts.items():
            changed |= ~((values == self.columns[name][at]) | np.isnan(values))
            self.columns[name][at] = values
        at = at[changed]
        if len(at):
            mine = {n: column[at] for n, column in self.columns.items()}
            self.found.replace(at, consider(self.desk, mine, self.found.lots[at]))
