"""In how many draws an action is cheaper, for many requests: all of it compiled into one loop over requests and draws.

NumPy goes through the (requests, draws) arrays once for every product and sum; here nothing of that size is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

Terms = tuple[tuple[int, float], ...]  # (part of a group, how often)
Changes = tuple[tuple[tuple[int, Terms], ...], ...]  # action → (group, its parts that differ from the fallback's)


def cheaper(
    amounts: Sequence[np.ndarray],
    rates: Sequence[np.ndarray],
    weights: Sequence[np.ndarray | None],
    changes: Changes,
    tie: float,
    rows: int,
) -> np.ndarray:
    """(requests, actions) draws. For each group of parts: amounts (requests, parts), rates (parts, draws) and weights
    (requests, draws), None where they are 1. Requests are filled up to `rows`, so that all blocks are compiled once."""  # fmt: skip
    count = len(amounts[0])
    grown = [np.concatenate([a, np.zeros((rows - count, a.shape[1]))]) if count < rows else a for a in amounts]
    filled = [
        w if w is None or count == rows else np.concatenate([w, np.zeros((rows - count, w.shape[1]))]) for w in weights
    ]
    return np.asarray(_count(grown, list(rates), filled, changes, tie))[:count]


@partial(jax.jit, static_argnums=(3, 4))
def _count(amounts, rates, weights, changes: Changes, tie: float):
    found = []
    for change in changes:
        total = jnp.zeros((amounts[0].shape[0], rates[0].shape[1]))
        for group, terms in change:
            cost = sum(times * amounts[group][:, p, None] * rates[group][p] for p, times in terms)
            total = total + (cost if weights[group] is None else cost * weights[group])
        found.append((total < -tie).sum(axis=1, dtype=jnp.int32))
    return jnp.stack(found, axis=1)
