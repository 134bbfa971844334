"""The loops of a wheel: all of them where they can be counted, the strongest where they cannot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from gearwheel.wheel.graph import Edge, Graph

LIMIT = 400_000  # found in seconds, scored in some ten
MAX_STEPS = 4_000_000  # of the strongest-path search, over all moments and targets

Loop = tuple[str, ...]  # nodes in the direction of the links; the last one closes on the first


def find(
    graph: Graph,
    limit: int = LIMIT,
    strengths: Callable[[], np.ndarray] | None = None,
    stocks: Sequence[str] = (),
) -> tuple[tuple[Loop, ...], bool]:
    """All elementary cycles and True, or, where there are more than `limit`, the strongest ones and False.

    `strengths()` is called only in the second case and returns |link scores|, shape (moments, edges), in the order of
    `graph.edges`, for a few dozen moments at most; without it the first `limit` cycles come back. `stocks` are where
    that search begins, all nodes when empty. A loop begins at its node that was written first, stocks before the
    rest, so it does not depend on what anything is called.
    """
    place = {name: i for i, name in enumerate(graph.nodes)}
    successors: list[list[int]] = [[] for _ in graph.nodes]
    for cause, effect in graph.edges:
        successors[place[cause]].append(place[effect])
    found = list(islice(cycles(successors), limit + 1))
    complete = len(found) <= limit
    if not complete:
        targets = [place[n] for n in stocks or graph.nodes]
        found = found[:limit] if strengths is None else _strongest(graph, place, targets, strengths(), limit)
    return tuple(tuple(graph.nodes[i] for i in loop) for loop in found), complete


def edges_of(loop: Loop) -> tuple[Edge, ...]:
    """The links of a loop, the closing one last."""
    return tuple(zip(loop, (*loop[1:], loop[0])))


def canonical(loop: Loop, graph: Graph) -> Loop:
    """The same loop, begun where `find` begins it."""
    place = {name: i for i, name in enumerate(graph.nodes)}
    first = min(range(len(loop)), key=lambda i: place[loop[i]])
    return (*loop[first:], *loop[:first])


def cycles(successors: Sequence[Sequence[int]]) -> Iterator[tuple[int, ...]]:
    """Every elementary cycle once, each from its smallest node (Johnson 1975), without recursion."""
    waiting = components(successors)
    while waiting:
        inside = waiting.pop()
        start = min(inside)
        if len(inside) > 1 or start in successors[start]:
            yield from _cycles_from(start, {v: [w for w in successors[v] if w in inside] for v in inside})
            waiting.extend(components(successors, inside - {start}))


def _cycles_from(start: int, successors: Mapping[int, list[int]]) -> Iterator[tuple[int, ...]]:
    path, blocked, closed = [start], {start}, set()
    waiting: dict[int, set[int]] = defaultdict(set)
    stack = [(start, list(successors[start]))]
    while stack:
        node, rest = stack[-1]
        if rest:
            following = rest.pop()
            if following == start:
                yield tuple(path)
                closed.update(path)
            elif following not in blocked:
                path.append(following)
                stack.append((following, list(successors[following])))
                closed.discard(following)
                blocked.add(following)
            continue
        if node in closed:
            _unblock(node, blocked, waiting)
        else:
            for following in successors[node]:
                waiting[following].add(node)
        stack.pop()
        path.pop()


def _unblock(node: int, blocked: set[int], waiting: dict[int, set[int]]) -> None:
    free = [node]
    while free:
        node = free.pop()
        if node in blocked:
            blocked.discard(node)
            free.extend(waiting.pop(node, ()))


def components(successors: Sequence[Sequence[int]], among: Collection[int] | None = None) -> list[set[int]]:
    """Strongly connected sets of the nodes `among` (all when None; Tarjan 1972), without recursion."""
    among = range(len(successors)) if among is None else among
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    open_, held, found = [], set(), []
    for root in sorted(among):
        if root in index:
            continue
        stack = [(root, iter(successors[root]))]
        index[root] = low[root] = len(index)
        open_.append(root)
        held.add(root)
        while stack:
            node, rest = stack[-1]
            following = next((w for w in rest if w in among and (w not in index or w in held)), None)
            if following is None:
                stack.pop()
                if stack:
                    low[stack[-1][0]] = min(low[stack[-1][0]], low[node])
                if low[node] == index[node]:
                    whole = {open_.pop()}
                    while node not in whole:
                        whole.add(open_.pop())
                    held -= whole
                    found.append(whole)
            elif following in index:
                low[node] = min(low[node], index[following])
            else:
                index[following] = low[following] = len(index)
                open_.append(following)
                held.add(following)
                stack.append((following, iter(successors[following])))
    return found


def _strongest(
    graph: Graph, place: dict[str, int], targets: Sequence[int], strengths: np.ndarray, limit: int
) -> list[tuple[int, ...]]:
    """Strongest-path search (Eberlein & Schoenberg 2020): from each target, at each moment, follow the strongest links
    first and give up a way where a stronger one has already come past."""
    finite = np.nan_to_num(np.abs(np.atleast_2d(strengths)), nan=0.0, posinf=1e12)
    budget = max(1000, MAX_STEPS // (len(finite) * len(targets)))
    found: dict[tuple[int, ...], None] = {}
    for moment in finite:
        links: list[list[tuple[float, int]]] = [[] for _ in graph.nodes]
        for (cause, effect), strength in zip(graph.edges, moment):
            if strength > 0:
                links[place[cause]].append((float(strength), place[effect]))
        for out in links:
            out.sort(key=lambda link: -link[0])
        for target in targets:
            _search(target, links, found, budget)
        if len(found) >= limit:
            break
    return list(found)[:limit]


def _search(target: int, links: list[list[tuple[float, int]]], found: dict, budget: int) -> None:
    """Add to `found` the strongest cycles through `target`, in at most `budget` steps."""
    best: dict[int, float] = {}
    path, on_path = [target], {target}
    stack = [(1.0, iter(links[target]))]
    while stack and budget > 0:
        score, rest = stack[-1]
        budget -= 1
        link = next(rest, None)
        if link is None:
            stack.pop()
            on_path.discard(path.pop())
            continue
        strength, node = link
        if node == target:
            first = path.index(min(path))
            found[tuple(path[first:] + path[:first])] = None
        elif node not in on_path and score * strength >= best.get(node, 0.0):
            best[node] = score * strength
            path.append(node)
            on_path.add(node)
            stack.append((score * strength, iter(links[node])))
