"""Loops That Matter: which loops the present change in behaviour comes from.

Link scores after Schoenberg, Davidsen & Eberlein (2020, System Dynamics Review 36(2)); flow → stock after Schoenberg,
Hayward & Eberlein (2023, 39(2)). A score is a share of *change in behaviour*, not of growth, and single link scores
exceed 1 wherever causes nearly cancel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gearwheel.loops.anchors import Anchors, cases, one_dt_on
from gearwheel.loops.find import Loop, canonical, components, edges_of
from gearwheel.loops.partials import signs
from gearwheel.wheel.graph import Graph

_STILL = 8 * np.finfo(float).eps  # a relative change below this is rounding, not movement


def link_scores(anchors: Anchors, graph: Graph) -> np.ndarray:
    """The score of every edge at every anchor, shape (edges, draws, times), in the order of `graph.edges`.

    The change runs from the anchor's time t to t + dt along a noise-free run and is labelled t.
    Cause → computed effect z: |Δₓz/Δz|·sign(Δₓz/Δx), where Δₓz is the change of z when x alone changes.
    Flow → stock: ±|Δf/Δnet|, with the change of the stock's net flow over the same dt.
    Zeros: 0 where Δz or Δx is 0. Where flows change and their net does not, Δnet is taken as a trace of their sum, so
    that relative loop scores keep their limit. Draws that have left the finite numbers are NaN.
    """
    before, after = cases(anchors), one_dt_on(anchors)
    old, new = before.values(), after.values()
    equation = before.program.equations()
    count = len(before.time)
    found = np.zeros((len(graph.edges), count))
    with np.errstate(all="ignore"):
        for row, ((cause, effect), sign) in enumerate(zip(graph.edges, signs(before.program, graph.edges))):
            if effect in before.program.wheel.stock:
                found[row] = sign * _flow_share(before.program.wheel.stock[effect], cause, old, new)
            else:
                found[row] = _link(equation[effect], cause, effect, old, new)
    found[~np.isfinite(found)] = 0.0
    lost = ~(np.isfinite(before.state).all(axis=1) & np.isfinite(after.state).all(axis=1))
    found[:, lost] = np.nan
    return found.reshape(len(graph.edges), *anchors.shape)


def _change(name: str, old: Mapping, new: Mapping):
    """new - old, with differences that are mere rounding set to 0."""
    was, now = np.asarray(old[name], float), np.asarray(new[name], float)
    change = now - was
    return np.where(np.abs(change) <= _STILL * np.maximum(np.abs(was), np.abs(now)), 0.0, change)


def _link(equation, cause: str, effect: str, old: Mapping, new: Mapping):
    moved, caused = _change(cause, old, new), _change(effect, old, new)
    alone = equation({**old, cause: new[cause]}) - old[effect]
    score = np.abs(alone / caused) * np.sign(alone) * np.sign(moved)
    return np.where((moved == 0) | (caused == 0), 0.0, score)


def _flow_share(stock, flow: str, old: Mapping, new: Mapping):
    net, traffic = 0.0, 0.0
    for name, sign in [(f, 1) for f in stock.inflows] + [(f, -1) for f in stock.outflows]:
        change = _change(name, old, new)
        net, traffic = net + sign * change, traffic + np.abs(change)
    moved = np.abs(_change(flow, old, new))
    return np.where(moved == 0, 0.0, moved / np.maximum(np.abs(net), _STILL * traffic))


@dataclass(frozen=True)
class Dominance:
    """Who carries the change. Each array ends in (draws, times).

    `share` (kept loops, …): the relative scores of the loops asked for, in [-1, 1], negative for balancing.
    `score` (kept loops, …): their absolute scores. `reinforcing`, `balancing`: sums of the relative scores of all loops
    of the largest strongly connected part, and `inside` (kept loops,) which of the kept ones belong to it. Shares of
    one part add up to 1 in absolute value, or are 0 where nothing changes.
    """

    share: np.ndarray = field(repr=False)
    score: np.ndarray = field(repr=False)
    inside: np.ndarray = field(repr=False)
    reinforcing: np.ndarray = field(repr=False)
    balancing: np.ndarray = field(repr=False)


def dominance(loops: Sequence[Loop], graph: Graph, links: np.ndarray, keep: Sequence[Loop]) -> Dominance:
    """Loop scores (the product round the loop) as shares of Σ|scores| within their strongly connected part.

    loops: all loops that the shares are of; keep: those of interest, added where `loops` lacks them. links: from
    `link_scores`. One loop at a time, so that a hundred thousand need no memory.
    """
    asked = [canonical(loop, graph) for loop in keep]
    loops = list(dict.fromkeys([*loops, *asked]))
    wanted = {loop: i for i, loop in enumerate(dict.fromkeys(asked))}
    part = _parts(graph)
    shape = links.shape[1:]
    flat = links.reshape(len(links), shape[0] * shape[1])
    plus = {part[loop[0]]: np.zeros(flat.shape[1]) for loop in loops}
    minus = {group: np.zeros(flat.shape[1]) for group in plus}
    kept = np.zeros((len(wanted), flat.shape[1]))
    for loop, score in _products(loops, graph, flat):
        plus[part[loop[0]]] += np.maximum(score, 0.0)
        minus[part[loop[0]]] += np.minimum(score, 0.0)
        if loop in wanted:
            kept[wanted[loop]] = score
    total = {group: plus[group] - minus[group] for group in plus}
    share = np.zeros_like(kept)
    for loop, i in wanted.items():
        share[i] = _ratio(kept[i], total[part[loop[0]]])
    counts = Counter(part[loop[0]] for loop in loops)
    largest = max(counts, key=counts.get, default=None)
    none = np.zeros(flat.shape[1])
    up, down = (_ratio(side[largest], total[largest]) if counts else none for side in (plus, minus))
    order = [wanted[loop] for loop in asked]
    return Dominance(
        share=share[order].reshape(len(asked), *shape),
        score=kept[order].reshape(len(asked), *shape),
        inside=np.array([part[loop[0]] == largest for loop in asked], dtype=bool),
        reinforcing=up.reshape(shape),
        balancing=down.reshape(shape),
    )


def _products(loops: Sequence[Loop], graph: Graph, flat: np.ndarray) -> Iterator[tuple[Loop, np.ndarray]]:
    """Each loop with its score, the product of its links' rows of `flat`. Consecutive loops mostly begin alike, as
    they were found depth first, so products of common beginnings are kept."""
    row = {edge: i for i, edge in enumerate(graph.edges)}
    before: list[int] = []
    products = [np.ones(flat.shape[1])]
    for loop in loops:
        links = [row[edge] for edge in edges_of(loop)]
        common = next((k for k, (a, b) in enumerate(zip(before, links)) if a != b), min(len(before), len(links)))
        del products[common + 1 :]
        for link in links[common:]:
            products.append(products[-1] * flat[link])
        before = links
        yield loop, products[-1]


def largest(loops: Sequence[Loop], graph: Graph, links: np.ndarray, count: int, besides: Sequence[Loop] = ()) -> list:
    """The `count` loops, other than `besides`, with the largest mean |share|, judged by the first three draws."""
    few = links[:, :3]
    left_out = {canonical(loop, graph) for loop in besides}
    mean = np.nanmean(np.abs(dominance(loops, graph, few, loops).share), axis=(1, 2)) if len(loops) else np.zeros(0)
    order = [loops[i] for i in np.argsort(-mean, kind="stable")]
    return [loop for loop in order if loop not in left_out][:count]


def _ratio(score: np.ndarray, total: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.where(total == 0, 0.0, score / total)


def _parts(graph: Graph) -> dict[str, int]:
    """Node → number of its strongly connected part."""
    place = {n: i for i, n in enumerate(graph.nodes)}
    successors: list[list[int]] = [[] for _ in graph.nodes]
    for cause, effect in graph.edges:
        successors[place[cause]].append(place[effect])
    return {graph.nodes[i]: k for k, group in enumerate(components(successors)) for i in group}
