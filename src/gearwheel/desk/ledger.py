"""What has been decided so far, as far as caps and customers' records need it: the one thing at the desk that changes.

It holds nothing that the log does not: noting the log's decisions in order rebuilds it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from gearwheel.desk.policy import Cap

DAY = 86_400.0  # seconds


class Ledger:
    """Times are seconds since 1970 and must not fall from one decision to the next. `answered` counts what was decided
    after `since`, up to which the customers' own records reach: customer → action → times."""

    def __init__(self, caps: Sequence[Cap], since: float = 0.0):
        self.caps = tuple(caps)
        self.since = since
        self.last = 0.0  # time of the latest decision
        self.answered: dict[str, dict[str, int]] = {}
        self._noted: list[dict[str, deque]] = [defaultdict(deque) for _ in self.caps]
        self._money: list[dict[str, float]] = [defaultdict(float) for _ in self.caps]
        self._unsure: list[tuple] | None = None
        self._before = 0.0

    def room(self, number: int, key: str, time: float) -> tuple[float, float]:
        """(times, money) that the cap with this number still leaves."""
        cap, noted = self.caps[number], self._noted[number].get(key)
        if noted is None:
            return cap.most, cap.money
        spent = self._money[number]
        while noted and noted[0][0] <= time - cap.days * DAY:
            spent[key] -= noted.popleft()[1]
        return cap.most - len(noted), cap.money - spent[key]

    def note(self, action: str, customer: str, product: str, time: float, money: float) -> None:
        """A decision has been made."""
        self.last = max(self.last, time)
        for number, cap in enumerate(self.caps):
            if action in cap.actions:
                key = cap_key(cap, customer, product)
                self._noted[number][key].append((time, money))
                self._money[number][key] += money
        if time > self.since:
            record = self.answered.setdefault(customer, {})
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
            for number, cap in enumerate(self.caps):
                if action in cap.actions:
                    key = cap_key(cap, customer, product)
                    if self._noted[number][key]:
                        self._noted[number][key].pop()
                        self._money[number][key] -= money
            if time > self.since:
                self.answered[customer][action] -= 1
        if self._unsure is not None:
            self._unsure, self.last = None, self._before


def cap_key(cap: Cap, customer: str, product: str) -> str:
    """Of what a cap counts decisions."""
    if cap.per == "customer":
        return customer
    return product if cap.per == "product" else ""
