"""What has been decided so far, as far as caps and customers' records need it: the one thing at the desk that changes.

It holds nothing that the log does not: noting the log's decisions in order rebuilds it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from gearwheel.desk.policy import Cap

DAY = 86_400.0  # seconds
PER = ("customer", "product", "all")  # of what a cap counts decisions
ALL = PER.index("all")
CENTS = 1e-9  # money that sums may be wrong by


class _Noted:
    """What one customer, one product or all were answered under one cap: (time, money) of each, and the sum of these. Of
    customers and products there are many with few each, so theirs are lists, which take less room."""

    __slots__ = ("made", "spent")

    def __init__(self, per: int):
        self.made: deque | list = deque() if per == ALL else []
        self.spent = 0.0


class Ledger:
    """Times are seconds since 1970 and must not fall from one decision to the next. `answered` counts what was decided
    after `since`, up to which the customers' own records reach: customer → action → times."""

    def __init__(self, caps: Sequence[Cap], since: float = 0.0):
        self.caps = tuple(caps)
        self.since = since
        self.last = 0.0  # time of the latest decision
        self.answered: dict[str, dict[str, int]] = {}
        self._kept = [(cap, {}, PER.index(cap.per), cap.days * DAY, cap.most, cap.money + CENTS) for cap in self.caps]
        self._of = {
            action: [(noted, per) for cap, noted, per, *_ in self._kept if action in cap.actions]
            for cap in caps for action in cap.actions
        }  # fmt: skip
        self._unsure: list[tuple] | None = None
        self._before = 0.0

    def bound(
        self,
        names: Sequence[str],
        allowed: Sequence[bool],
        spends: Sequence[float],
        customer: str,
        product: str,
        time: float,
    ) -> list[tuple[str, int]]:
        """(cap, action) pairs of a request at this time whose cap is used up. `names` of actions, which of them are
        `allowed` and what each `spends`, in one order."""
        found: list[tuple[str, int]] = []
        most, keys = max(spends), (customer, product, "")
        for cap, noted, per, days, times, money in self._kept:
            earlier = noted.get(keys[per])
            if earlier is not None:
                made = earlier.made
                while made and made[0][0] <= time - days:
                    earlier.spent -= made[0][1]
                    del made[0]
                times -= len(made)
                money -= earlier.spent
            if times < 1 or most > money:
                found += [
                    (cap.name, action)
                    for action, name in enumerate(names)
                    if allowed[action] and (times < 1 or spends[action] > money) and name in cap.actions
                ]
        return found

    def note(self, action: str, customer: str, product: str, time: float, money: float) -> None:
        """A decision has been made."""
        if time > self.last:
            self.last = time
        keys = (customer, product, "")
        for noted, per in self._of.get(action, ()):
            key = keys[per]
            earlier = noted.get(key)
            if earlier is None:
                earlier = noted[key] = _Noted(per)
            earlier.made.append((time, money))
            earlier.spent += money
        if time > self.since:
            record = self.answered.get(customer)
            if record is None:
                self.answered[customer] = {action: 1}
            else:
                record[action] = record.get(action, 0) + 1
        if self._unsure is not None:
            self._unsure.append((action, customer, product, time, money))

    def begin(self) -> None:
        """What is noted from here on may still have to be taken back."""
        self._unsure, self._before = [], self.last

    def keep(self) -> None:
        """What was noted since `begin` is committed."""
        self._unsure = None

    def take_back(self) -> None:
        """What was noted since `begin` was not committed: it never happened."""
        for action, customer, product, time, money in reversed(self._unsure or []):
            keys = (customer, product, "")
            for noted, per in self._of.get(action, ()):
                earlier = noted[keys[per]]
                if earlier.made:
                    earlier.made.pop()
                    earlier.spent -= money
            if time > self.since:
                self.answered[customer][action] -= 1
        if self._unsure is not None:
            self._unsure, self.last = None, self._before
