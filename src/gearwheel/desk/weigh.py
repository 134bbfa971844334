"""What each action is expected to cost, with its parts, under all draws of what is believed.

A part of a cost is amount × rate × weight. Rates are the same for all requests and weights for all requests of one kind,
so under each draw the cost of an action is a linear function of a request's amounts, worked out once for each kind: to
weigh is to multiply the amounts of the requests of a kind by one matrix.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gearwheel.desk.operation import ALWAYS, Columns, Draws, Operation

BLOCK = 512  # requests that one thread weighs at once
SHARED = 256  # requests a block, on the mean, from which blocks are shared out among threads
CACHED = 32  # requests of which an array (requests, actions, draws) stays in a processor's own cache
REMEMBERED = 64 << 20  # bytes of kinds of requests; under 400 draws each takes some 20 kB
LARGE = 16 << 20  # bytes of the larger arrays that are remembered as well
STEP = 256  # kinds worked out at once
ROUND = 6  # digits of expected costs: what differs by less, as between two processors, is a tie
BITS = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)  # set in a byte
TIE = 1e-9  # money: an action has to be cheaper by more than this in a draw


@dataclass(frozen=True)
class Weighed:
    """`expected` (requests, actions): mean cost; `surely` (requests, actions): the probability that the action costs
    less than the fallback. `costs` (requests, slots): the mean of each part of each action, `slots` which these are."""

    actions: tuple[str, ...]
    expected: np.ndarray
    surely: np.ndarray
    slots: tuple[tuple[str, str], ...] = field(repr=False)
    costs: np.ndarray = field(repr=False)

    @cached_property
    def parts(self) -> dict[str, dict[str, np.ndarray]]:
        """Action → part → (requests,) mean cost; the parts of an action add up to what is expected."""
        found: dict[str, dict[str, np.ndarray]] = {a: {} for a in self.actions}
        for (action, part), cost in zip(self.slots, self.costs.T):
            found[action][part] = cost
        return found


@dataclass(frozen=True, eq=False)
class _Group:
    """Parts of one weight. `rates` (parts, draws) with `places`: the (amount, slot) of each by number; `dearer` (pairs,
    draws): what is more than the fallback's, with `pairs`: the (amount, other action) of each as one number."""

    when: str
    rates: np.ndarray
    places: tuple[np.ndarray, np.ndarray]
    dearer: np.ndarray
    pairs: np.ndarray


@dataclass(frozen=True, eq=False)
class _Kind:
    """`means` (amounts, slots): a request's amounts times these are its mean costs. `weights` (groups, draws)."""

    means: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True, eq=False)
class Layout:
    """What weighing has in common for all requests. `amounts`: names, in the order in which they are multiplied;
    `fallback`: the number of that action; `size` of the draws; `known`: kinds met before, `large`: for some of
    them what `_dearer` says."""

    actions: tuple[str, ...]
    fallback: int
    amounts: tuple[str, ...]
    slots: tuple[tuple[str, str], ...]
    size: int
    groups: tuple[_Group, ...] = field(repr=False)
    known: dict[bytes, _Kind] = field(default_factory=dict, repr=False)
    large: dict[_Kind, np.ndarray] = field(default_factory=dict, repr=False)

    @cached_property
    def most(self) -> int:
        """Kinds that are remembered."""
        each = len(self.amounts) * len(self.slots) + len(self.groups) * self.size
        return max(REMEMBERED // (8 * each), 1)

    @cached_property
    def cells(self) -> np.ndarray:
        """(parts,): where in means (amounts, slots) a part is added, of all groups one after the other."""
        places = [np.ravel_multi_index(g.places, (len(self.amounts), len(self.slots))) for g in self.groups]
        return np.concatenate(places)

    @cached_property
    def always(self) -> np.ndarray:
        """(amounts × others, draws): how much more than the fallback, of what has no weight."""
        found = np.zeros((len(self.amounts) * (len(self.actions) - 1), self.size))
        for group in self.groups:
            if group.when == ALWAYS:
                found[group.pairs] = group.dearer
        return found

    @cached_property
    def places(self) -> tuple[int, ...]:
        """(slots,): slots that cost the same whatever is asked have one place."""
        made: list[list[tuple]] = [[] for _ in self.slots]
        for group in self.groups:
            for rate, amount, slot in zip(group.rates, *group.places):
                made[slot].append((group.when, int(amount), rate.tobytes()))
        numbers: dict[tuple, int] = {}
        return tuple(numbers.setdefault(tuple(sorted(parts)), len(numbers)) for parts in made)

    @cached_property
    def told(self) -> np.ndarray:
        """The first slot of each place."""
        return np.unique(self.places, return_index=True)[1]

    @cached_property
    def sums(self) -> np.ndarray:
        """(slots, actions): which slots an action is the sum of."""
        return np.array([[float(of == action) for action in self.actions] for of, _ in self.slots])


def layout(operation: Operation, actions: Sequence[str], draws: Draws, fallback: str = "") -> Layout:
    """Lay out the costs of `actions` under these draws, once for many requests. `fallback`, one of them, is the
    operation's own unless a policy has another."""
    costs, actions, fallback = operation.costs(draws), tuple(actions), fallback or operation.fallback
    parts = [(action, part) for action in actions for part in costs[action]]
    slots = tuple(dict.fromkeys((action, part.name) for action, part in parts))
    amounts = tuple(dict.fromkeys(part.amount for _, part in parts))
    size, usual = len(next(iter(draws.values()))), actions.index(fallback)
    groups = []
    for when in dict.fromkeys(part.when for _, part in parts):
        mine = [(action, part) for action, part in parts if part.when == when]
        rates = np.stack([np.broadcast_to(np.asarray(part.rate, float), (size,)) for _, part in mine])
        of = [amounts.index(part.amount) for _, part in mine]
        whole = np.zeros((len(amounts), len(actions), size))
        for (action, _), amount, rate in zip(mine, of, rates):
            whole[amount, actions.index(action)] += rate
        dearer = (np.delete(whole, usual, axis=1) - whole[:, usual : usual + 1]).reshape(-1, size)
        pairs = np.flatnonzero(dearer.any(axis=1))
        places = np.array(of), np.array([slots.index((action, part.name)) for action, part in mine])
        groups.append(_Group(when, rates, places, dearer[pairs], pairs))
    return Layout(actions, usual, amounts, slots, size, tuple(groups))


def weigh(
    operation: Operation, actions: Sequence[str], requests: Columns, draws: Draws, laid: Layout | None = None
) -> Weighed:
    """Weigh `actions` (the fallback among them) for every request; many requests in threads, as NumPy lets others run
    while it works. `laid`: the layout of these costs, where it is at hand."""
    laid = laid or layout(operation, actions, draws)
    amounts = operation.amounts(requests)
    amounts = np.stack([amounts[n] for n in laid.amounts], axis=1)
    count = len(amounts)
    costs, cheaper = np.empty((count, len(laid.slots))), np.empty((count, len(laid.actions) - 1), np.int64)

    def block(kind: _Kind, rows: np.ndarray) -> None:
        costs[rows], cheaper[rows] = _weighed(laid, kind, amounts[rows])

    for kinds in _by_kind(operation, laid, requests, draws):
        cut = [(kind, rows[k : k + BLOCK]) for kind, rows in kinds for k in range(0, len(rows), BLOCK)]
        if sum(len(rows) for _, rows in cut) <= SHARED * len(cut):  # threads would only wait for each other
            for kind, rows in cut:
                block(kind, rows)
        else:
            with ThreadPoolExecutor(os.cpu_count()) as threads:
                list(threads.map(lambda one: block(*one), cut))
    surely = np.insert(cheaper / laid.size, laid.fallback, 0.0, axis=1)
    return Weighed(laid.actions, np.round(costs @ laid.sums, ROUND), surely, laid.slots, costs)


def _weighed(laid: Layout, kind: _Kind, amounts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(mean costs (requests, slots), in how many draws each other action is cheaper than the fallback (requests, others))."""
    found = np.empty((len(amounts), len(laid.actions) - 1), np.int64)
    dearer = _dearer(laid, kind)
    for start in range(0, len(amounts), CACHED):
        part = amounts[start : start + CACHED]
        total = (part @ dearer).reshape(len(part), len(laid.actions) - 1, laid.size)
        found[start : start + CACHED] = BITS[np.packbits(total < -TIE, axis=2)].sum(axis=2, dtype=np.int64)
    return amounts @ kind.means, found


def _by_kind(
    operation: Operation, laid: Layout, requests: Columns, draws: Draws
) -> Iterator[list[tuple[_Kind, np.ndarray]]]:
    """Kinds among the requests with their rows, as many new ones at a time as are remembered, worked out together."""
    told = operation.kinds(requests)
    table = np.stack([np.asarray(column, float) for column in told.values()], axis=1)
    whole, width = table.tobytes(), table.itemsize * table.shape[1]
    rows: dict[bytes, list[int]] = {}
    for row in range(len(table)):
        rows.setdefault(whole[row * width : (row + 1) * width], []).append(row)
    met = {key: laid.known[key] for key in rows if key in laid.known}
    new = [key for key in rows if key not in met]
    yield [(met.pop(key), np.array(rows[key])) for key in list(met)]
    step = min(STEP, laid.most)
    for start in range(0, len(new), step):
        keys = new[start : start + step]
        if len(laid.known) + len(keys) > laid.most:
            laid.known.clear()
            laid.large.clear()
        first = [rows[key][0] for key in keys]
        weights = operation.weights({n: column[first] for n, column in told.items()}, draws)
        for number, key in enumerate(keys):
            laid.known[key] = _kind(laid, {n: w[number] for n, w in weights.items()})
        yield [(laid.known[key], np.array(rows[key])) for key in keys]


def _kind(laid: Layout, weights: Mapping[str, np.ndarray]) -> _Kind:
    """`weights` by name, each (draws,)."""
    one = np.ones(laid.size)
    whole = np.array([one if group.when == ALWAYS else weights[group.when] for group in laid.groups])
    each = np.concatenate([group.rates @ weight for group, weight in zip(laid.groups, whole)]) / laid.size
    size = len(laid.amounts), len(laid.slots)
    return _Kind(np.bincount(laid.cells, each, size[0] * size[1]).reshape(size), whole)


def _dearer(laid: Layout, kind: _Kind) -> np.ndarray:
    """(amounts, others × draws): a request's amounts times these are how much more than the fallback each other action
    costs it in each draw. It is ten times as large as what is remembered of a kind, and soon worked out."""
    found = laid.large.get(kind)
    if found is None:
        found = laid.always.copy()
        for group, weight in zip(laid.groups, kind.weights):
            if group.when != ALWAYS:
                found[group.pairs] += group.dearer * weight
        found = found.reshape(len(laid.amounts), (len(laid.actions) - 1) * laid.size)
        if len(laid.large) * found.nbytes < LARGE:  # of the kinds met first, as a rule the most frequent ones
            laid.large[kind] = found
    return found
