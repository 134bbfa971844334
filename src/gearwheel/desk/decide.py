"""Decide: weigh every action, drop what is forbidden or used up, take the cheapest, now and then another at random."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

import numpy as np

from gearwheel.desk.ledger import Ledger, cap_key
from gearwheel.desk.operation import Columns, Draws, Operation
from gearwheel.desk.policy import Policy, permitted
from gearwheel.desk.weigh import Layout, Weighed, layout, weigh

CENTS = 1e-9  # money that sums may be wrong by


@dataclass(frozen=True)
class Desk:
    """What decisions rest on. `secret` (at most 64 bytes) is the key of the lots: who does not know it cannot foresee
    them. `knowledge` names the version of what was learned that is in the draws."""

    operation: Operation
    policy: Policy
    draws: Draws = field(repr=False)
    secret: bytes = field(repr=False)
    knowledge: str = ""

    @cached_property
    def layout(self) -> Layout:
        """What weighing has in common for all requests."""
        return layout(self.operation, self.policy.actions, self.draws, self.policy.fallback)


@dataclass(frozen=True)
class Decisions:
    """`chosen` (requests,) indexes `weighed.actions`; `propensity` (requests, actions) is how likely each action was;
    `allowed` before and `open` after caps, both (requests, actions); `best` what would have been done without lots.
    `spoke`: rule or right → (requests,) bool; `capped`: caps that bound, by request; `spent` (requests,) money of the
    chosen action against caps; `lots` (requests,) in [0, 1)."""

    weighed: Weighed = field(repr=False)
    chosen: np.ndarray
    best: np.ndarray
    propensity: np.ndarray = field(repr=False)
    allowed: np.ndarray = field(repr=False)
    open: np.ndarray = field(repr=False)
    spoke: Mapping[str, np.ndarray] = field(repr=False)
    capped: Sequence[tuple[str, ...]] = field(repr=False)
    spent: np.ndarray = field(repr=False)
    lots: np.ndarray = field(repr=False)

    @property
    def actions(self) -> list[str]:
        return [self.weighed.actions[c] for c in self.chosen]


def decide(desk: Desk, columns: Columns, keys: Sequence[str], times: np.ndarray, ledger: Ledger) -> Decisions:
    """Decide on requests in their order and note the decisions in the ledger.

    `columns`: the operation's fields, derived fields and facts, each (requests,); caps count by `customer_id` and
    `product_id` where there are such; `keys`: what names each request, drawn upon for its lot; `times` (requests,):
    when each is decided, seconds since 1970, not falling. Equal arguments and an equal ledger give equal decisions.
    """
    policy, operation = desk.policy, desk.operation
    weighed = weigh(operation, policy.actions, columns, desk.draws, desk.layout)
    allowed, spoke = permitted(policy, columns)
    best, propensity = propensities(policy, weighed.expected, weighed.surely, allowed)
    lots = np.array([lot(desk.secret, key) for key in keys])
    chosen = drawn(propensity, lots)
    spends = np.stack([operation.spends(columns, a, desk.draws) for a in policy.actions], axis=1)
    open_, capped = allowed.copy(), [()] * len(keys)
    owed = np.any([spoke[r.name] for r in policy.rights], axis=0) if policy.rights else np.zeros(len(keys), bool)
    nobody = np.full(len(keys), "", object)  # an operation need not be about customers or products
    customers, products = (columns.get(n, nobody).tolist() for n in ("customer_id", "product_id"))
    caps = [
        (n, cap, [a for a, name in enumerate(policy.actions) if name in cap.actions])
        for n, cap in enumerate(policy.caps)
    ]
    may, money, picked = allowed.tolist(), spends.tolist(), chosen.tolist()
    for i, time in enumerate(times.tolist()):
        bound = _bound(caps, ledger, may[i], money[i], customers[i], products[i], time) if caps else ()
        if bound:
            capped[i] = tuple(dict.fromkeys(name for name, _ in bound))
            shut = {a for _, a in bound}
            left = [ok and a not in shut for a, ok in enumerate(may[i])]
            if not any(left):
                left = may[i] if owed[i] else [a == policy.fallback for a in policy.actions]
            costs, sure = weighed.expected[i].tolist(), weighed.surely[i].tolist()
            best[i], propensity[i], picked[i] = alone(policy, costs, sure, left, float(lots[i]))
            open_[i] = left
        ledger.note(policy.actions[picked[i]], customers[i], products[i], time, money[i][picked[i]])
    chosen = np.array(picked, int)
    spent = spends[np.arange(len(keys)), chosen]
    return Decisions(weighed, chosen, best, propensity, allowed, open_, spoke, capped, spent, lots)


def propensities(
    policy: Policy, expected: np.ndarray, surely: np.ndarray, open_: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(best (n,), probability of each action (n, actions)) of what is open.

    The best is the cheapest action that is either the fallback or cheaper than it with probability `policy.surely`.
    It is taken with probability 1 - ε + ε/k, each of the other k - 1 open actions with ε/k.
    """
    fallback = policy.actions.index(policy.fallback)
    trusted = open_ & (surely >= policy.surely)
    trusted[:, fallback] = open_[:, fallback]
    trusted = np.where(trusted.any(axis=1)[:, None], trusted, open_)
    best = np.argmin(np.where(trusted, expected, np.inf), axis=1)
    probability = np.where(open_, policy.explore / open_.sum(axis=1)[:, None], 0.0)
    probability[np.arange(len(best)), best] += 1 - policy.explore
    return best, probability


def drawn(propensity: np.ndarray, lots: np.ndarray) -> np.ndarray:
    """The action on which each lot in [0, 1) falls, (n,); never one of probability 0."""
    edges = np.cumsum(propensity, axis=1)
    hit = (lots[:, None] * edges[:, -1:] < edges) & (propensity > 0)
    return np.argmax(hit, axis=1)


def alone(
    policy: Policy, expected: Sequence[float], surely: Sequence[float], open_: Sequence[bool], lot: float
) -> tuple[int, list[float], int]:
    """(best, propensity, drawn) of one request: to the bit what `propensities` and `drawn` say, and faster for one."""
    at = [a for a, may in enumerate(open_) if may]
    fallback = policy.actions.index(policy.fallback)
    best = min([a for a in at if surely[a] >= policy.surely or a == fallback] or at, key=expected.__getitem__)
    share = policy.explore / len(at)
    propensity = [share if may else 0.0 for may in open_]
    propensity[best] += 1 - policy.explore
    edges = list(accumulate(propensity))
    return best, propensity, next(a for a, edge in enumerate(edges) if lot * edges[-1] < edge and propensity[a] > 0)


def lot(secret: bytes, key: str) -> float:
    """A number in [0, 1) that follows from the request's name, so that a replay draws the same."""
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), key=secret, digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def _bound(caps, ledger: Ledger, allowed, spends, customer, product, time) -> list[tuple[str, int]]:
    """(cap, action) pairs that are used up; `caps`: (number, cap, its actions by number)."""
    found = []
    for number, cap, actions in caps:
        times, money = ledger.room(number, cap_key(cap, customer, product), time)
        money += CENTS
        found += [(cap.name, a) for a in actions if allowed[a] and (times < 1 or spends[a] > money)]
    return found
