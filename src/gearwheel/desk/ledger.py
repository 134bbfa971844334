"""What has been decided so far, as far as caps and customers' records need it: the one thing at the desk that changes.

It holds nothing that the log does not: noting the log's decisions in order rebuilds it.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gearwheel.desk.policy import Cap

DAY = 86_400.0  # seconds
PER = ("customer", "product", "all")  # of what a cap counts decisions
ALL = PER.index("all")
MILLIONTHS = 1_000_000  # of money, in which it is counted: sums of whole numbers do not hang on their order


class _Noted:
    """What one customer, one product or all were answered under one cap: (time, millionths of money) of each, and the sum of
    these. Of customers and products there are many with few each, so theirs are lists, which take less room."""

    __slots__ = ("made", "spent")

    def __init__(self, per: int):
        self.made: deque | list = deque() if per == ALL else []
        self.spent = 0

    def forget(self, until: float) -> None:
        """What no longer counts."""
        made = self.made
        while made and made[0][0] <= until:
            self.spent -= made[0][1]
            del made[0]


@dataclass(frozen=True, slots=True)
class Limit:
    """A cap on requests that are to be decided, of which those under the keys `tight` may find it used up. `money` in
    millionths; `places`: its actions as (bit, number)."""

    cap: Cap
    noted: dict[str, _Noted]
    per: int
    money: float
    tight: set[str]
    places: tuple[tuple[int, int], ...]

    def shut(self, key: str, spends: Sequence[float], time: float) -> int:
        """The actions that it closes to a request at this time, as bits."""
        earlier = self.noted.get(key)
        times, money = self.cap.most, self.money
        if earlier is not None:
            earlier.forget(time - self.cap.days * DAY)
            times -= len(earlier.made)
            money -= earlier.spent
        return sum([bit for bit, action in self.places if times < 1 or round(spends[action] * MILLIONTHS) > money])


def used_up(
    limits: Sequence[Limit], keys: tuple[str, str, str], spends: Sequence[float], time: float, may: int
) -> list[tuple[str, int]]:
    """(cap, actions that it shuts) of a request at this time with these `keys` (see PER), of the actions that it `may` be
    answered with; actions are bits."""
    found = []
    for limit in limits:
        key = keys[limit.per]
        if key in limit.tight:
            shut = limit.shut(key, spends, time)
            if shut & may:
                found.append((limit.cap.name, shut))
    return found


class Ledger:
    """Times are seconds since 1970 and must not fall from one decision to the next. `answered` counts what was decided
    after `since`, up to which the customers' own records reach: customer → action → times."""

    def __init__(self, caps: Sequence[Cap], since: float = 0.0):
        self.caps = tuple(caps)
        self.since = since
        self.last = 0.0  # time of the latest decision
        self.answered: dict[str, dict[str, int]] = {}
        self._kept = [(cap, {}, PER.index(cap.per), _millionths(cap.money)) for cap in self.caps]
        self._of = {
            action: [(noted, per) for cap, noted, per, _ in self._kept if action in cap.actions]
            for cap in caps for action in cap.actions
        }  # fmt: skip
        self._unsure: list[tuple] | None = None
        self._before = 0.0

    def limits(
        self, actions: Sequence[str], spends: np.ndarray, customers: Sequence[str], products: Sequence[str], time: float
    ) -> list[Limit]:
        """Caps that may be used up for requests in this order, the first at this time, of `customers` and `products`
        (requests,); `spends` (requests, actions) money."""
        keys, most, found = (customers, products, [""] * len(customers)), spends.max(axis=1, initial=0.0), []
        top, mean = (float(money) * (1 + 1e-9) * MILLIONTHS + 1 for money in (most.max(), most.mean()))  # or less
        counts: dict[int, Counter[str]] = {}
        for cap, noted, per, money in self._kept:
            asked = counts.setdefault(per, Counter(keys[per]))
            each = mean if per == ALL else top
            tight = {key for key, times in asked.items() if times > cap.most or times * each > money}
            for key in asked.keys() & noted.keys():
                earlier, times = noted[key], asked[key]
                earlier.forget(time - cap.days * DAY)
                if len(earlier.made) + times > cap.most or earlier.spent + times * each > money:
                    tight.add(key)
            if tight:
                places = tuple((1 << a, a) for a, action in enumerate(actions) if action in cap.actions)
                found.append(Limit(cap, noted, per, money, tight, places))
        return found

    def note(self, action: str, customer: str, product: str, time: float, money: float) -> None:
        """A decision has been made."""
        if time > self.last:
            self.last = time
        capped = self._of.get(action, ())
        spent = round(money * MILLIONTHS) if capped else 0
        for noted, per in capped:
            key = (customer, product, "")[per]
            earlier = noted.get(key)
            if earlier is None:
                earlier = noted[key] = _Noted(per)
            earlier.made.append((time, spent))
            earlier.spent += spent
        if time > self.since:
            record = self.answered.get(customer)
            if record is None:
                self.answered[customer] = {action: 1}
            else:
                record[action] = record.get(action, 0) + 1
        if self._unsure is not None:
            self._unsure.append((action, customer, product, time))

    def begin(self) -> None:
        """What is noted from here on may still have to be taken back."""
        self._unsure, self._before = [], self.last

    def keep(self) -> None:
        """What was noted since `begin` is committed."""
        self._unsure = None

    def take_back(self) -> None:
        """What was noted since `begin` was not committed: it never happened."""
        for action, customer, product, time in reversed(self._unsure or []):
            keys = (customer, product, "")
            for noted, per in self._of.get(action, ()):
                earlier = noted[keys[per]]
                if earlier.made:
                    earlier.spent -= earlier.made.pop()[1]
            if time > self.since:
                self.answered[customer][action] -= 1
        if self._unsure is not None:
            self._unsure, self.last = None, self._before


def _millionths(money: float) -> float:
    return round(money * MILLIONTHS) if math.isfinite(money) else money
