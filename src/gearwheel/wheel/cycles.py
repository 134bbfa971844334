"""The closed path that a named loop means: the shortest cycle of the graph through given stops."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Iterator, Sequence

from gearwheel.wheel.graph import Graph

MAX_STEPS = 50_000


def cycles_through(graph: Graph, stops: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Simple cycles that visit `stops` in this order, shortest first; each starts at the first stop.

    A best-first search over paths: the length so far plus the least length that can remain,
    among equals the one nearest its end. It gives up, silently,
    after MAX_STEPS paths, so that a large graph costs a second and no more. Stops must be nodes of the graph.
    """
    successors = graph.successors()
    remaining = _remaining(graph, stops)
    serial = itertools.count()
    queue: list[tuple[int, int, int, tuple[str, ...], int]] = []

    def push(path: tuple[str, ...], passed: int) -> None:
        """`passed` stops lie behind; the next one may be reached only in its turn."""
        left = remaining[passed].get(path[-1])
        if left is not None:
            heapq.heappush(queue, (len(path) + left, -len(path), next(serial), path, passed))

    push((stops[0],), 1)
    for _ in range(MAX_STEPS):
        if not queue:
            return
        *_, path, passed = heapq.heappop(queue)
        if passed > len(stops):
            yield path[:-1]
            continue
        target = stops[passed % len(stops)]
        for node in successors[path[-1]]:
            if node == target:
                push((*path, node), passed + 1)
            elif node not in path and node not in stops:
                push((*path, node), passed)


def _remaining(graph: Graph, stops: Sequence[str]) -> list[dict[str, int]]:
    """For each number of stops passed: node → least number of edges that still close the cycle."""
    back: dict[str, list[str]] = {n: [] for n in graph.nodes}
    for cause, effect in graph.edges:
        back[effect].append(cause)
    tables: list[dict[str, int]] = [{} for _ in range(len(stops) + 2)]
    tables[len(stops) + 1] = {stops[0]: 0}
    after = 0
    for passed in range(len(stops), 0, -1):
        target = stops[passed % len(stops)]
        distance = _distances(back, target)
        tables[passed] = {node: d + after for node, d in distance.items()}
        leg = distance.get(stops[passed - 1])
        if leg is None:
            return [{} for _ in tables]
        after += leg
    return tables


def _distances(back: dict[str, list[str]], target: str) -> dict[str, int]:
    """Edges from each node to `target`."""
    distance, queue = {target: 0}, deque([target])
    while queue:
        node = queue.popleft()
        for cause in back[node]:
            if cause not in distance:
                distance[cause] = distance[node] + 1
                queue.append(cause)
    return distance
