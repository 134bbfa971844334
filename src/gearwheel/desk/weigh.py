"""What each action is expected to cost, with its parts, under all draws of what is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gearwheel.desk.operation import ALWAYS, Columns, Draws, Operation, Part

BLOCK = 2048  # requests weighed at once: (requests, draws) arrays then stay in the processor's cache


@dataclass(frozen=True)
class Weighed:
    """`expected` (requests, actions): mean cost; `surely` (requests, actions): the probability that the action costs
    less than the fallback. `parts`: action → part → (requests,) mean cost; the parts of an action add up to it."""

    actions: tuple[str, ...]
    expected: np.ndarray
    surely: np.ndarray
    parts: Mapping[str, Mapping[str, np.ndarray]] = field(repr=False)


def weigh(operation: Operation, actions: Sequence[str], requests: Columns, draws: Draws) -> Weighed:
    """Weigh `actions` (the fallback among them) for every request."""
    count = len(next(iter(requests.values())))
    blocks = [
        _weigh(operation, actions, {n: v[k : k + BLOCK] for n, v in requests.items()}, draws)
        for k in range(0, count, BLOCK)
    ]
    if len(blocks) == 1:
        return blocks[0]
    joined = {
        a: {p: np.concatenate([b.parts[a][p] for b in blocks]) for p in blocks[0].parts[a]} for a in tuple(actions)
    }
    return Weighed(
        tuple(actions),
        np.concatenate([b.expected for b in blocks]),
        np.concatenate([b.surely for b in blocks]),
        joined,
    )


def _weigh(operation: Operation, actions: Sequence[str], requests: Columns, draws: Draws) -> Weighed:
    costs, weights = operation.costs(requests, draws), operation.weights(requests, draws)
    size = len(next(iter(draws.values())))
    totals = {a: _total(costs[a], weights, size) for a in actions}
    reference = totals[operation.fallback]
    return Weighed(
        tuple(actions),
        np.stack([totals[a].mean(axis=1) for a in actions], axis=1),
        np.stack([(totals[a] < reference).mean(axis=1) for a in actions], axis=1),
        {a: _means(costs[a], weights, size) for a in actions},
    )


def _total(parts: Sequence[Part], weights: Mapping[str, np.ndarray], size: int) -> np.ndarray:
    """Cost of one action, (requests, draws): for each weight one matrix product of amounts and rates."""
    total = None
    for when in dict.fromkeys(p.when for p in parts):
        mine = [p for p in parts if p.when == when]
        amounts = np.stack([p.amount for p in mine], axis=1)
        rates = np.stack([np.broadcast_to(p.rate, (size,)) for p in mine])
        product = amounts @ rates
        if when != ALWAYS:
            product *= weights[when]
        total = product if total is None else np.add(total, product, out=total)
    return total


def _means(parts: Sequence[Part], weights: Mapping[str, np.ndarray], size: int) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for part in parts:
        rate = np.broadcast_to(part.rate, (size,))
        share = rate.mean() if part.when == ALWAYS else weights[part.when] @ rate / size
        found[part.name] = found.get(part.name, 0.0) + part.amount * share
    return found
