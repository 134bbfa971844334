"""A named loop must be found in the graph: a closed path through its stops, in their order."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.cycles import cycles_through
from gearwheel.wheel.errors import Problem
from gearwheel.wheel.graph import Graph, graph
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import problem, suggest

CODE = "GW216"


def check(wheel: Wheel) -> Iterator[Problem]:
    variables = wheel.variables()
    whole = known_graph(wheel)
    for name, loop in wheel.loop.items():
        unknown = [stop for stop in loop.through if stop not in variables]
        for stop in unknown:
            message = f"loop '{name}' passes through '{stop}', which is no variable"
            yield problem(wheel, CODE, "loop", name, message, suggest(stop, variables, name))
        if unknown:
            continue
        if not loop.through or len(set(loop.through)) < len(loop.through):
            message = f"loop '{name}' has no stops" if not loop.through else f"loop '{name}' names a stop twice"
            yield problem(wheel, CODE, "loop", name, message, "List its stops once each, in the order of causation.")
        elif next(cycles_through(whole, loop.through), None) is None:
            message = f"loop '{name}' does not close: no path runs through {' -> '.join(loop.through)} and back"
            yield problem(wheel, CODE, "loop", name, message, _broken(whole, loop.through))


def known_graph(wheel: Wheel) -> Graph:
    """The causal graph without edges from names that do not exist (other rules report those)."""
    whole = graph(wheel)
    nodes = set(whole.nodes)
    return Graph(whole.nodes, tuple(e for e in whole.edges if e[0] in nodes and e[1] in nodes))


def _broken(whole: Graph, stops: tuple[str, ...]) -> str:
    """Which leg of the loop has no path at all."""
    successors = whole.successors()
    for here, following in zip(stops, (*stops[1:], stops[0])):
        reached, queue = set(), list(successors[here])
        while queue:
            node = queue.pop()
            if node not in reached:
                reached.add(node)
                queue.extend(successors[node])
        if following not in reached:
            return f"Nothing leads from '{here}' to '{following}'."
    return "Each leg exists, but not without passing a stop twice: is their order right?"
