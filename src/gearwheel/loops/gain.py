"""Gain, pace, delay and polarity of a loop, from the partial derivatives along its own links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gearwheel.loops.anchors import Anchors, cases
from gearwheel.loops.find import Loop, edges_of
from gearwheel.loops.partials import own_decay, partials
from gearwheel.wheel.graph import Graph


@dataclass(frozen=True)
class Gains:
    """All arrays have shape (loops, draws, times).

    `product`: g, the product of the partial derivatives along the loop's own links (Kampmann 2012), in 1/time^n for
    n stocks. `gain`: |g| / Π decayᵢ, dimensionless; above 1 the loop sustains itself. `pace`: g^(1/n) per time unit,
    the growth rate at which the loop would turn by itself if its stocks forgot nothing; reinforcing loops only.
    `delay`: Σ 1/decayᵢ in time units; the delay constants of the links are in it, because a delayed link holds stocks.
    Where a stock on the loop has no decay of its own (it only accumulates), gain and delay are NaN: no number without
    unit can be made of g; the pace is still there. A balancing loop through one stock *is* part of that stock's
    decay, so its gain is its share of it, at most 1.
    """

    product: np.ndarray = field(repr=False)
    gain: np.ndarray = field(repr=False)
    pace: np.ndarray = field(repr=False)
    delay: np.ndarray = field(repr=False)


def gains(anchors: Anchors, graph: Graph, loops: Sequence[Loop]) -> Gains:
    """Gain, pace and delay of each loop at each anchor."""
    here = cases(anchors)
    derivatives = partials(here, graph)
    decay = own_decay(here, graph, derivatives)
    decay[~(decay > 1e-6 / anchors.program.wheel.dt)] = np.nan
    row = {edge: i for i, edge in enumerate(graph.edges)}
    place = {name: i for i, name in enumerate(anchors.program.stocks)}
    shape = (len(loops), derivatives.shape[1])
    product, gain, pace, delay = (np.full(shape, np.nan) for _ in range(4))
    with np.errstate(all="ignore"):
        for i, loop in enumerate(loops):
            stocks = [place[n] for n in loop if n in place]
            product[i] = np.prod(derivatives[[row[e] for e in edges_of(loop)]], axis=0)
            gain[i] = np.abs(product[i]) / np.prod(decay[stocks], axis=0)
            delay[i] = np.sum(1 / decay[stocks], axis=0)
            turning = product[i] > 0
            pace[i, turning] = product[i, turning] ** (1 / len(stocks))
    return Gains(*(a.reshape(len(loops), *anchors.shape) for a in (product, gain, pace, delay)))


def polarity(product: np.ndarray, sure: float = 0.95) -> str:
    """R or B where at least a share `sure` of the non-zero products over draws and times has that sign, else "changes".

    A loop that never turned at all counts as "changes".
    """
    moving = np.asarray(product)[np.isfinite(product) & (np.asarray(product) != 0)]
    positive = float(np.mean(moving > 0)) if moving.size else 0.5
    return "R" if positive >= sure else "B" if positive <= 1 - sure else "changes"
