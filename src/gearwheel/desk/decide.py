"""Decide on requests in their order: what each would be answered by itself, unless a cap is used up by then."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from functools import reduce
from operator import or_

import numpy as np

from gearwheel.desk.consider import Decisions, Desk, consider, counted_by, digests_of, drawn, lots_of, propensities
from gearwheel.desk.ledger import Ledger, used_up
from gearwheel.desk.operation import Columns
from gearwheel.desk.policy import Policy


def decide(desk: Desk, columns: Columns, keys: Sequence[str], times: np.ndarray, ledger: Ledger) -> Decisions:
    """Decide on requests in their order and note the decisions in the ledger.

    `columns`: the operation's fields, derived fields and facts, each (requests,); caps count by `customer_id` and
    `product_id` where there are such; `keys`: what names each request, drawn upon for its lot; `times` (requests,):
    when each is decided, seconds since 1970, not falling. Equal arguments and an equal ledger give equal decisions.
    """
    found = consider(desk, columns, lots_of(digests_of(desk.secret, keys)))
    settle(desk, found, columns, times, ledger)
    return found


def settle(
    desk: Desk,
    found: Decisions,
    columns: Columns,
    times: np.ndarray,
    ledger: Ledger,
    repeated: Set[str] = frozenset(),
    look_again: Callable[[int], None] = lambda row: None,
) -> None:
    """Go through what was considered in its order: where a cap is used up decide anew, and note each decision in the
    ledger. `look_again(row)` is called before a request of one of the customers `repeated` whom a cap has answered
    otherwise than it was considered: it may replace what was considered of that row."""
    if not len(times):
        return
    names, bits = desk.policy.actions, 1 << np.arange(len(desk.policy.actions))
    customers, products = counted_by(columns, len(times))
    may, money, picked = (found.allowed @ bits).tolist(), found.spends.tolist(), found.chosen.tolist()
    limits = ledger.limits(names, found.spends, customers, products, times[0])
    note, otherwise, without = ledger.note, set(), _Without(desk.policy, found)
    for row, (time, customer, product) in enumerate(zip(times.tolist(), customers, products)):
        again = customer in otherwise
        if again:
            look_again(row)
            may[row], picked[row] = int(found.allowed[row] @ bits), int(found.chosen[row])
            if found.spends[row].tolist() != money[row]:  # an operation's may depend on facts
                money[row] = found.spends[row].tolist()
                limits = ledger.limits(names, found.spends, customers, products, times[0])
        spends, action = money[row], picked[row]
        bound = used_up(limits, (customer, product, ""), spends, time, may[row]) if limits else ()
        if bound:
            found.capped[row] = tuple([name for name, _ in bound])
            shut = reduce(or_, [closed for _, closed in bound])
            action = without.action(row, shut, again)
            if action != picked[row] and customer in repeated:
                otherwise.add(customer)
            picked[row] = action
        note(names[action], customer, product, time, spends[action])
    found.chosen[:] = picked
    without.put()


class _Without:
    """What is decided where caps shut actions. They shut few different sets, so each is worked out for all requests at
    once, from the first on that meets it."""

    def __init__(self, policy: Policy, found: Decisions):
        self.policy, self.found = policy, found
        self.known: dict[int, _Shut] = {}
        self.anew: list[_Shut] = []

    def action(self, row: int, shut: int, anew: bool) -> int:
        """Of a request where these actions are shut (bits); `anew` where it is not what it was at first."""
        if anew:
            self.anew.append(_Shut(self.policy, self.found, shut, slice(row, row + 1)))
            return self.anew[-1].action(row)
        if shut not in self.known:
            self.known[shut] = _Shut(self.policy, self.found, shut, slice(row, None))
        return self.known[shut].action(row)

    def put(self) -> None:
        """Into what was found, of the requests that were asked for."""
        for shut in (*self.known.values(), *self.anew):
            rows = np.array(shut.asked)
            for name in ("best", "propensity", "open"):
                getattr(self.found, name)[rows] = getattr(shut, name)[rows - shut.first]


class _Shut:
    """Some requests, decided with these actions shut (bits). Caps never take the last action that a right grants; where
    no right does, the fallback remains."""

    def __init__(self, policy: Policy, found: Decisions, shut: int, rows: slice):
        allowed, weighed = found.allowed[rows], found.weighed
        open_ = allowed & ((shut >> np.arange(len(policy.actions))) & 1 == 0)
        nothing = ~open_.any(axis=1)
        if nothing.any():
            fallback = np.array([action == policy.fallback for action in policy.actions])
            owed = np.zeros(len(allowed), bool)
            for right in policy.rights:
                owed |= found.spoke[right.name][rows]
            open_ = np.where(nothing[:, None], np.where(owed[:, None], allowed, fallback), open_)
        self.first, self.open = rows.start, open_
        self.best, self.propensity = propensities(policy, weighed.expected[rows], weighed.surely[rows], open_)
        self.picked = drawn(self.propensity, found.lots[rows]).tolist()
        self.asked: list[int] = []  # of these the answer is taken

    def action(self, row: int) -> int:
        self.asked.append(row)
        return self.picked[row - self.first]
