"""What has been decided so far, as far as caps and customers' records need it: the one thing at the desk that changes.

It holds nothing that the log does not: noting the log's decisions in order rebuilds it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from gearwheel.desk.policy import Cap

DAY = 86_400.0  # seconds
CENTS = 1e-9  # money that sums may be wrong by


class Ledger:
    """Times are seconds since 1970 and must not fall from one decision to the next. `answered` counts what was decided
    after `since`, up to which the customers' own records reach: customer → action → times."""

    def __init__(self, caps: Sequence[Cap], since: float = 0.0):
        self.caps = tuple(caps)
        self.since = since
        self.last = 0.0  # time of the latest decision
        self.answered: dict[str, dict[str, int]] = {}
        self._of: dict[str, list[int]] = {}  # action → numbers of the caps that count it
        for number, cap in enumerate(self.caps):
            for action in cap.actions:
                self._of.setdefault(action, []).append(number)
        self._noted: list[dict[str, deque]] = [defaultdict(deque) for _ in self.caps]
        self._money: list[dict[str, float]] = [defaultdict(float) for _ in self.caps]
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
        most = max(spends)
        for cap, noted, spent in zip(self.caps, self._noted, self._money):
            key = cap_key(cap, customer, product)
            times, money = cap.most, cap.money
            earlier = noted.get(key)
            if earlier:
                gone = time - cap.days * DAY
                while earlier and earlier[0][0] <= gone:
                    spent[key] -= earlier.popleft()[1]
                times -= len(earlier)
                money -= spent[key]
            money += CENTS
            if times >= 1 and most <= money:
                continue
            for action, name in enumerate(names):
                if allowed[action] and (times < 1 or spends[action] > money) and name in cap.actions:
                    found.append((cap.name, action))
        return found

    def note(self, action: str, customer: str, product: str, time: float, money: float) -> None:
        """A decision has been made."""
        if time > self.last:
            self.last = time
        for number in self._of.get(action, ()):
            key = cap_key(self.caps[number], customer, product)
            self._noted[number][key].append((time, money))
            self._money[number][key] += money
        if time > self.since:
            record = self.answered.get(customer)
            if record is None:
                record = self.answered[customer] = {}
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
            for number in self._of.get(action, ()):
                key = cap_key(self.caps[number], customer, product)
                if self._noted[number][key]:
                    self._noted[number][key].pop()
                    self._money[number][key] -= money
            if time > self.since:
                self.answered[customer][action] -= 1
        if self._unsure is not None:
            self._unsure, self.last = None, self._before


def cap_key(cap: Cap, customer: str, product: str) -> str:
    """Of what a cap counts decisions."""
    return customer if cap.per == "customer" else product if cap.per == "product" else ""
