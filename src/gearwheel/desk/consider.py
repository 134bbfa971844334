"""What would be decided on each request by itself: weigh every action, drop what is forbidden, take the cheapest, now and
then another at random."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

import gearwheel
from gearwheel.desk.form import Form
from gearwheel.desk.operation import Columns, Draws, Operation
from gearwheel.desk.policy import Policy, permitted
from gearwheel.desk.weigh import Layout, Weighed, layout, weigh

NAME = 12  # bytes that name a decision


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

    @cached_property
    def form(self) -> Form:
        """What the numbers of its records stand for."""
        made_by, facts, laid = gearwheel.__version__, tuple(self.operation.facts), self.layout
        meant = self.policy.semantics
        return Form(made_by, self.policy.actions, facts, laid.slots, laid.places, laid.size, semantics=meant)


@dataclass
class Decisions:
    """`chosen` (requests,) indexes `weighed.actions`; `propensity` (requests, actions) is how likely each action was;
    `allowed` before and `open` after caps, both (requests, actions); `best` what would have been done without lots.
    `spoke`: rule or right → (requests,) bool; `capped`: caps that bound, by request; `spends` (requests, actions): money
    of each action against caps; `lots` (requests,) in [0, 1). `settle` is what changes them."""

    weighed: Weighed = field(repr=False)
    chosen: np.ndarray
    best: np.ndarray
    propensity: np.ndarray = field(repr=False)
    allowed: np.ndarray = field(repr=False)
    open: np.ndarray = field(repr=False)
    spoke: Mapping[str, np.ndarray] = field(repr=False)
    capped: list[tuple[str, ...]] = field(repr=False)
    spends: np.ndarray = field(repr=False)
    lots: np.ndarray = field(repr=False)

    @property
    def actions(self) -> list[str]:
        return [self.weighed.actions[c] for c in self.chosen]

    @property
    def spent(self) -> np.ndarray:
        """(requests,) money of the chosen action against caps."""
        return self.spends[np.arange(len(self.chosen)), self.chosen]

    def take(self, rows: np.ndarray) -> Decisions:
        """Of these requests."""
        weighed = self.weighed
        mine = Weighed(
            weighed.actions, weighed.expected[rows], weighed.surely[rows], weighed.slots, weighed.costs[rows]
        )
        capped, spoke = [self.capped[i] for i in rows], {n: spoke[rows] for n, spoke in self.spoke.items()}
        columns = (self.chosen, self.best, self.propensity, self.allowed, self.open)
        return Decisions(mine, *(c[rows] for c in columns), spoke, capped, self.spends[rows], self.lots[rows])

    def replace(self, rows: np.ndarray, others: Decisions) -> None:
        """Put `others`, not settled yet, in the place of the requests `rows`."""
        for name in ("expected", "surely", "costs"):
            getattr(self.weighed, name)[rows] = getattr(others.weighed, name)
        for name in ("chosen", "best", "propensity", "allowed", "open", "spends", "lots"):
            getattr(self, name)[rows] = getattr(others, name)
        for name, spoke in others.spoke.items():
            self.spoke[name][rows] = spoke


def consider(desk: Desk, columns: Columns, lots: np.ndarray) -> Decisions:
    """What would be decided if no cap were used up. `columns`: the operation's fields, derived
    fields and facts, each (requests,); `lots` (requests,) in [0, 1)."""
    policy, operation = desk.policy, desk.operation
    weighed = weigh(operation, policy.actions, columns, desk.draws, desk.layout)
    allowed, spoke = permitted(policy, columns)
    best, propensity = propensities(policy, weighed.expected, weighed.surely, allowed)
    spends = np.stack([operation.spends(columns, a, desk.draws) for a in policy.actions], axis=1)
    capped: list[tuple[str, ...]] = [()] * len(lots)
    return Decisions(
        weighed, drawn(propensity, lots), best, propensity, allowed, allowed.copy(), spoke, capped, spends, lots
    )


def counted_by(columns: Columns, count: int) -> tuple[list[str], list[str]]:
    """(customers, products) by which caps count; "" where the operation is not about such."""
    customers, products = (columns[n].tolist() if n in columns else [""] * count for n in ("customer_id", "product_id"))
    return customers, products


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


def lots_of(digests: Sequence[bytes]) -> np.ndarray:
    """Numbers in [0, 1), (requests,), that follow from the names of the requests, so that a replay draws the same."""
    return (np.frombuffer(b"".join([digest[NAME:] for digest in digests]), ">u8") >> 11) / 2**53


def digests_of(secret: bytes, keys: Sequence[str]) -> list[bytes]:
    """Of each request's key, what nobody can tell who does not know the secret: NAME bytes that name its decision, and 8
    that draw its lot."""
    start, found = hashlib.blake2b(key=secret, digest_size=NAME + 8), []
    for key in keys:
        one = start.copy()
        one.update(key.encode("utf-8", "surrogatepass"))
        found.append(one.digest())
    return found
