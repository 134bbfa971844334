"""What has been decided so far, as far as caps and customers' records need it: the one thing at the desk that changes.

It holds nothing that the log does not: noting the log's decisions in order rebuilds it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from gearwheel.desk.policy import Cap

DAY = 86_400.0  # seconds


class Ledger:
    """Times are seconds since 1970 and must not fall from one decision to the next."""

    def __init__(self, caps: Sequence[Cap]):
        self.caps = tuple(caps)
        self._noted: list[dict[object, deque]] = [defaultdict(deque) for _ in self.caps]
        self._money: list[dict[object, float]] = [defaultdict(float) for _ in self.caps]
        self.answered: dict[str, dict[str, int]] = {}  # customer → action → times

    def reached(self, number: int, key: object, time: float, money: float) -> bool:
        """Whether one more decision that spends `money` would go past the cap with this number."""
        cap, noted, spent = self.caps[number], self._noted[number][key], self._money[number]
        while noted and noted[0][0] <= time - cap.days * DAY:
            spent[key] -= noted.popleft()[1]
        return len(noted) + 1 > cap.most or spent[key] + money > cap.money + 1e-9

    def note(self, action: str, customer: str, product: str, time: float, money: float) -> None:
        """A decision has been made."""
        for number, cap in enumerate(self.caps):
            if action in cap.actions:
                key = cap_key(cap, customer, product)
                self._noted[number][key].append((time, money))
                self._money[number][key] += money
        record = self.answered.setdefault(customer, {})
        record[action] = record.get(action, 0) + 1


def cap_key(cap: Cap, customer: str, product: str) -> str:
    """Of what a cap counts decisions."""
    return {"customer": customer, "product": product}.get(cap.per, "")
