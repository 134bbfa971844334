"""Decide on requests in their order: what each would be answered by itself, unless a cap is used up by then."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
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
    names, bits = desk.policy.actions, 1 << np.arange(len(desk.policy.actions))
    customers, products = counted_by(columns, len(times))
    may, money, picked = (found.allowed @ bits).tolist(), found.spends.tolist(), found.chosen.tolist()
    limits = ledger.limits(names, found.spends, customers, products, times[0])
    note, otherwise, instead = ledger.note, set(), _Instead(desk.policy, found)
    for row, (time, customer, product) in enumerate(zip(times.tolist(), customers, products)):
        again = customer in otherwise
        if again:
            look_again(row)
            may[row], picked[row] = int(found.allowed[row] @ bits), int(found.chosen[row])
            if found.spends[row].tolist() != money[row]:
                money[row] = found.spends[row].tolist()
                limits = ledger.limits(names, found.spends, customers, products, times[0])
        spends, action = money[row], picked[row]
        bound = used_up(limits, (customer, product, ""), spends, time, may[row]) if limits else ()
        if bound:
            found.capped[row] = tuple([name for name, _ in bound])
            shut = reduce(or_, [closed for _, closed in bound])
            action = instead.of(row, shut, again)
            if action != picked[row] and customer in repeated:
                otherwise.add(customer)
            picked[row] = action
        note(names[action], customer, product, time, spends[action])
    found.chosen[:] = picked
    instead.put()


class _Instead:
    """What is decided where actions are shut by caps. These shut few different sets, so it is worked out for all requests
    at once."""

    def __init__(self, policy: Policy, found: Decisions):
        self.policy, self.found = policy, found
        self.known: dict[int, _Without] = {}
        self.taken: list[_Without] = []

    def of(self, row: int, shut: int, changed: bool) -> int:
        """The action of a request where these actions are shut (bits); `changed` since it was first considered."""
        without = None if changed else self.known.get(shut)
        if without is None:
            last = row + 1 if changed else len(self.found.lots)
            without = _without(self.policy, self.found, shut, slice(row, last))
            self.taken.append(without)
            if not changed:
                self.known[shut] = without
        without.rows.append(row)
        return without.picked[row - without.first]

    def put(self) -> None:
        """Into what was found, of the requests that were asked for."""
        for without in self.taken:
            at = np.array(without.rows) - without.first
            for name in ("best", "propensity", "open"):
                getattr(self.found, name)[without.rows] = getattr(without, name)[at]


@dataclass(frozen=True)
class _Without:
    """`first` of the requests decided; `open` and `propensity` (requests, actions), `best` and `picked` (requests,). It
    holds for these `rows`."""

    first: int
    open: np.ndarray
    best: np.ndarray
    propensity: np.ndarray
    picked: list[int]
    rows: list[int] = field(default_factory=list)


def _without(policy: Policy, found: Decisions, shut: int, rows: slice) -> _Without:
    """Caps never take the last action that a right grants; where no right does, the fallback remains."""
    allowed, weighed = found.allowed[rows], found.weighed
    open_ = allowed & ((shut >> np.arange(len(policy.actions))) & 1 == 0)
    nothing = ~open_.any(axis=1)
    if nothing.any():
        owed = np.any([found.spoke[right.name][rows] for right in policy.rights], axis=0, initial=False)
        fallback = np.array([action == policy.fallback for action in policy.actions])
        open_ = np.where(
            nothing[:, None], np.where(np.broadcast_to(owed, nothing.shape)[:, None], allowed, fallback), open_
        )
    best, propensity = propensities(policy, weighed.expected[rows], weighed.surely[rows], open_)
    return _Without(rows.start, open_, best, propensity, drawn(propensity, found.lots[rows]).tolist())
