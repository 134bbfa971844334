"""What each action is expected to cost, with its parts, under all draws of what is believed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gearwheel.desk.operation import ALWAYS, Columns, Draws, Operation, Part

MANY = 4096  # requests from which compiling pays
BLOCK = 512  # requests whose weights are worked out at once, by one thread
CACHED = 64  # requests of which (requests, draws) arrays stay in a processor's own cache
FEW = 4  # requests for which all actions are worked out at once
ROUND = 6  # digits of expected costs: what differs by less, as between two processors, is a tie
BITS = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)  # set in a byte
TIE = 1e-9  # money: an action has to be cheaper by more than this in a draw


@dataclass(frozen=True)
class Weighed:
    """`expected` (requests, actions): mean cost; `surely` (requests, actions): the probability that the action costs
    less than the fallback. `costs` (slots, requests): the mean of each part of each action, `slots` which these are."""

    actions: tuple[str, ...]
    expected: np.ndarray
    surely: np.ndarray
    slots: tuple[tuple[str, str], ...] = field(repr=False)
    costs: np.ndarray = field(repr=False)

    @cached_property
    def parts(self) -> dict[str, dict[str, np.ndarray]]:
        """Action → part → (requests,) mean cost; the parts of an action add up to what is expected."""
        found: dict[str, dict[str, np.ndarray]] = {a: {} for a in self.actions}
        for (action, part), cost in zip(self.slots, self.costs):
            found[action][part] = cost
        return found


@dataclass(frozen=True, eq=False)
class _Group:
    """Parts of one weight, those that actions have in common only once: `amounts` (names) and `rates` (parts, draws),
    `holds` (actions, parts): how often each action has it, `slots` (slots, parts) where its mean is added. `known` are
    the amounts without repetition, and `dearer` (actions, known, draws) what each action has of them beyond the
    fallback."""

    when: str
    amounts: tuple[str, ...]
    rates: np.ndarray
    holds: np.ndarray
    slots: np.ndarray
    known: tuple[str, ...]
    dearer: np.ndarray

    @cached_property
    def means(self) -> np.ndarray:
        return self.rates.mean(axis=1)

    @cached_property
    def touched(self) -> list[bool]:
        """By action, whether it differs here from the fallback in any draw."""
        return self.dearer.any(axis=(1, 2)).tolist()


@dataclass(frozen=True, eq=False)
class Layout:
    """What weighing has in common for all requests. `sums` (actions, slots): which slots an action is the sum of;
    `fallback` is its number."""

    actions: tuple[str, ...]
    fallback: int
    slots: tuple[tuple[str, str], ...]
    sums: np.ndarray = field(repr=False)
    groups: tuple[_Group, ...] = field(repr=False)


def layout(operation: Operation, actions: Sequence[str], draws: Draws, fallback: str = "") -> Layout:
    """Lay out the costs of `actions` under these draws, once for many requests. `fallback`, one of them, is the
    operation's own unless a policy has another."""
    costs, actions, fallback = operation.costs(draws), tuple(actions), fallback or operation.fallback
    slots = tuple(dict.fromkeys((a, p.name) for a in actions for p in costs[a]))
    sums = np.array([[float(slot[0] == a) for slot in slots] for a in actions])
    whens = dict.fromkeys(p.when for a in actions for p in costs[a])
    size = len(next(iter(draws.values())))
    groups = tuple(_group(when, costs, actions, slots, fallback, size) for when in whens)
    return Layout(actions, actions.index(fallback), slots, sums, groups)


def _group(when: str, costs: Mapping[str, Sequence[Part]], actions, slots, fallback: str, size: int) -> _Group:
    parts = list({id(p): p for a in actions for p in costs[a] if p.when == when}.values())
    number = {id(p): k for k, p in enumerate(parts)}
    known = tuple(dict.fromkeys(p.amount for p in parts))
    rates = np.stack([np.broadcast_to(np.asarray(p.rate, float), (size,)) for p in parts])
    holds, places = np.zeros((len(actions), len(parts))), np.zeros((len(slots), len(parts)))
    whole = np.zeros((len(actions), len(known), size))
    for a, action in enumerate(actions):
        for part in costs[action]:
            if part.when == when:
                holds[a, number[id(part)]] += 1
                places[slots.index((action, part.name)), number[id(part)]] += 1
                whole[a, known.index(part.amount)] += part.rate
    dearer = whole - whole[actions.index(fallback)]
    return _Group(when, tuple(p.amount for p in parts), rates, holds, places, known, dearer)


def weigh(
    operation: Operation, actions: Sequence[str], requests: Columns, draws: Draws, laid: Layout | None = None
) -> Weighed:
    """Weigh `actions` (the operation's fallback among them) for every request; many requests in threads, as NumPy lets others run
    while it works. `laid`: the layout of these costs, where it is at hand."""
    laid = laid or layout(operation, actions, draws)
    count = len(next(iter(requests.values())))
    if count <= BLOCK:
        return _block(operation, laid, requests, draws)
    fused = count >= MANY
    cuts = [{n: v[k : k + BLOCK] for n, v in requests.items()} for k in range(0, count, BLOCK)]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        blocks = list(threads.map(lambda cut: _block(operation, laid, cut, draws, fused), cuts))
    return Weighed(
        laid.actions,
        np.concatenate([b.expected for b in blocks]),
        np.concatenate([b.surely for b in blocks]),
        laid.slots,
        np.concatenate([b.costs for b in blocks], axis=1),
    )


def compile_many(operation: Operation, requests: Columns, draws: Draws, laid: Layout) -> None:
    """What `weigh` compiles when it first sees MANY requests, compiled now: it takes seconds, and a lock may wait for
    it. `requests`: some of them, of any number."""
    _block(operation, laid, {n: column[:BLOCK] for n, column in requests.items()}, draws, fused=True)


def _block(operation: Operation, laid: Layout, requests: Columns, draws: Draws, fused: bool = False) -> Weighed:
    amounts, weights = operation.amounts(requests), operation.weights(requests, draws)
    costs = 0.0
    for group in laid.groups:
        mine = np.array([amounts[n] for n in group.amounts])
        if group.when == ALWAYS:
            mine *= group.means[:, None]
        else:
            mine *= group.rates @ weights[group.when].T / group.rates.shape[1]
        costs = costs + group.slots @ mine
    surely = (_surely_fused if fused else _surely)(laid, amounts, weights)
    return Weighed(laid.actions, np.round((laid.sums @ costs).T, ROUND), surely, laid.slots, costs)


def _surely(laid: Layout, amounts: Mapping[str, np.ndarray], weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """(requests, actions): in how many draws the action is cheaper than the fallback. Parts that both have cancel."""
    known = [np.array([amounts[n] for n in group.known]).T for group in laid.groups]
    count, size = len(known[0]), laid.groups[0].rates.shape[1]
    if count <= FEW:
        total = _total(laid, known, weights, slice(None), slice(None), laid.groups)
        return BITS[np.packbits(total < -TIE, axis=2)].sum(axis=2, dtype=np.int64).T / size
    found = np.zeros((count, len(laid.actions)))
    for start in range(0, count, CACHED):
        rows = slice(start, start + CACHED)
        for action in range(len(laid.actions)):
            touched = [group for group in laid.groups if group.touched[action]]
            if touched:
                cheaper = np.packbits(_total(laid, known, weights, rows, action, touched) < -TIE, axis=1)
                found[rows, action] = BITS[cheaper].sum(axis=1, dtype=np.int64)
    return found / size


def _total(laid: Layout, known, weights: Mapping[str, np.ndarray], rows: slice, action, groups) -> np.ndarray:
    """What one action, or each in a slice of them, costs more than the fallback: (requests, draws) of one."""
    total = None
    for group, amount in zip(laid.groups, known):
        if group in groups:
            product = amount[rows] @ group.dearer[action]
            if group.when != ALWAYS:
                product *= weights[group.when][rows]
            total = product if total is None else np.add(total, product, out=total)
    return total


def _surely_fused(laid: Layout, amounts: Mapping[str, np.ndarray], weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """As `_surely`, compiled."""
    from gearwheel.desk.weigh_fused import cheaper

    changes = []
    for action in range(len(laid.actions)):
        differs = [group.holds[action] - group.holds[laid.fallback] for group in laid.groups]
        terms = [tuple((int(p), float(d[p])) for p in d.nonzero()[0]) for d in differs]
        changes.append(tuple((number, t) for number, t in enumerate(terms) if t))
    mine = [np.array([amounts[n] for n in g.amounts]).T for g in laid.groups]
    found = cheaper(
        mine, [g.rates for g in laid.groups],
        [None if g.when == ALWAYS else np.ascontiguousarray(weights[g.when]) for g in laid.groups],
        tuple(changes), TIE, max(BLOCK, len(mine[0])),
    )  # fmt: skip
    return found / laid.groups[0].rates.shape[1]
