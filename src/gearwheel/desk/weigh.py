"""What each action is expected to cost, with its parts, under all draws of what is believed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

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
    less than the fallback. `parts`: action → part → (requests,) mean cost; the parts of an action add up to it."""

    actions: tuple[str, ...]
    expected: np.ndarray
    surely: np.ndarray
    parts: Mapping[str, Mapping[str, np.ndarray]] = field(repr=False)


def weigh(operation: Operation, actions: Sequence[str], requests: Columns, draws: Draws) -> Weighed:
    """Weigh `actions` (the fallback among them) for every request; many requests in threads, as NumPy lets others run
    while it works."""
    count = len(next(iter(requests.values())))
    actions = tuple(actions)
    if count <= BLOCK:
        return _block(operation, actions, requests, draws)
    fused = count >= MANY
    cuts = [{n: v[k : k + BLOCK] for n, v in requests.items()} for k in range(0, count, BLOCK)]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        blocks = list(threads.map(lambda cut: _block(operation, actions, cut, draws, fused), cuts))
    return Weighed(
        actions,
        np.concatenate([b.expected for b in blocks]),
        np.concatenate([b.surely for b in blocks]),
        {a: {p: np.concatenate([b.parts[a][p] for b in blocks]) for p in blocks[0].parts[a]} for a in actions},
    )


def _block(
    operation: Operation, actions: tuple[str, ...], requests: Columns, draws: Draws, fused: bool = False
) -> Weighed:
    costs, weights = operation.costs(requests, draws), operation.weights(requests, draws)
    size = len(next(iter(draws.values())))
    groups = _groups({a: costs[a] for a in actions}, size)
    parts: dict[str, dict[str, np.ndarray]] = {a: {} for a in actions}
    for group in groups:
        _means(group, weights, actions, parts)
    expected = np.array([sum(parts[a].values()) for a in actions]).T
    surely = (_surely_fused if fused else _surely)(groups, weights, actions.index(operation.fallback), expected.shape)
    return Weighed(actions, np.round(expected, ROUND), surely, parts)


@dataclass(frozen=True)
class _Group:
    """Parts of one weight, those that actions have in common only once: `amounts` (requests, parts), `rates` (parts,
    draws), `holds` (actions, parts): how often each action has it."""

    when: str
    names: list[str]
    amounts: np.ndarray
    rates: np.ndarray
    holds: np.ndarray


def _groups(costs: Mapping[str, Sequence[Part]], size: int) -> list[_Group]:
    unlike: dict[str, list[Part]] = {}
    at: dict[int, int] = {}  # part → its number in its group
    for parts in costs.values():
        for part in parts:
            if id(part) not in at:
                mine = unlike.setdefault(part.when, [])
                at[id(part)] = len(mine)
                mine.append(part)
    holds = {when: np.zeros((len(costs), len(mine))) for when, mine in unlike.items()}
    for action, parts in enumerate(costs.values()):
        for part in parts:
            holds[part.when][action, at[id(part)]] += 1
    found = []
    for when, mine in unlike.items():
        rates = np.empty((len(mine), size))
        for number, part in enumerate(mine):
            rates[number] = part.rate
        amounts = np.array([part.amount for part in mine]).T
        found.append(_Group(when, [part.name for part in mine], amounts, rates, holds[when]))
    return found


def _means(group: _Group, weights: Mapping[str, np.ndarray], actions: Sequence[str], parts: dict) -> None:
    """Add the group to action → part → (requests,)."""
    size = group.rates.shape[1]
    always = group.when == ALWAYS
    shares = group.rates.mean(axis=1) if always else weights[group.when] @ group.rates.T / size
    costs = (group.amounts * shares).T
    for action, at in zip(*(index.tolist() for index in group.holds.nonzero())):
        named, name, cost = parts[actions[action]], group.names[at], costs[at]
        if group.holds[action, at] != 1:
            cost = cost * group.holds[action, at]
        named[name] = named[name] + cost if name in named else cost


def _surely(
    groups: Sequence[_Group], weights: Mapping[str, np.ndarray], fallback: int, shape: tuple[int, int]
) -> np.ndarray:
    """(requests, actions): in how many draws the action is cheaper than the fallback. Parts that both have cancel."""
    found, size = np.zeros(shape), groups[0].rates.shape[1]
    if shape[0] <= FEW:
        return BITS[np.packbits(_totals(groups, weights, fallback) < -TIE, axis=2)].sum(axis=2, dtype=np.int64).T / size
    changes = [_change(groups, action, fallback) for action in range(shape[1])]
    for start in range(0, shape[0], CACHED):
        rows = slice(start, start + CACHED)
        near = {group.when: weights[group.when][rows] for group in groups if group.when != ALWAYS}
        for action, change in enumerate(changes):
            if change:
                cheaper = np.packbits(_total(change, near, rows) < -TIE, axis=1)
                found[rows, action] = BITS[cheaper].sum(axis=1, dtype=np.int64)
    return found / size


def _totals(groups: Sequence[_Group], weights: Mapping[str, np.ndarray], fallback: int) -> np.ndarray:
    """What the actions cost more than the fallback, (actions, requests, draws): for a few requests, whose arrays are so
    small that their number counts."""
    total = None
    for group in groups:
        amounts = group.amounts * (group.holds - group.holds[fallback])[:, None]
        product = amounts @ group.rates
        if group.when != ALWAYS:
            product *= weights[group.when]
        total = product if total is None else np.add(total, product, out=total)
    return total


def _surely_fused(
    groups: Sequence[_Group], weights: Mapping[str, np.ndarray], fallback: int, shape: tuple[int, int]
) -> np.ndarray:
    """As `_surely`, compiled."""
    from gearwheel.desk.weigh_fused import cheaper

    changes = []
    for action in range(shape[1]):
        differs = [group.holds[action] - group.holds[fallback] for group in groups]
        terms = [tuple((int(p), float(d[p])) for p in d.nonzero()[0]) for d in differs]
        changes.append(tuple((number, t) for number, t in enumerate(terms) if t))
    found = cheaper(
        [g.amounts for g in groups], [g.rates for g in groups],
        [None if g.when == ALWAYS else np.ascontiguousarray(weights[g.when]) for g in groups],
        tuple(changes), TIE, max(BLOCK, shape[0]),
    )  # fmt: skip
    return found / groups[0].rates.shape[1]


def _change(groups: Sequence[_Group], action: int, fallback: int) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """By how much the action costs more than the fallback: (weight, amounts (requests, parts), rates (parts, draws))."""
    found = []
    for group in groups:
        differs = group.holds[action] - group.holds[fallback]
        at = differs.nonzero()[0]
        if len(at):
            found.append((group.when, group.amounts[:, at] * differs[at], group.rates[at]))
    return found


def _total(change, near: Mapping[str, np.ndarray], rows: slice) -> np.ndarray:
    """Σ weight × (amounts @ rates), (rows, draws)."""
    total = None
    for when, amounts, rates in change:
        product = amounts[rows] @ rates
        if when != ALWAYS:
            product *= near[when]
        total = product if total is None else np.add(total, product, out=total)
    return total
