"""The loops that the wheel names, matched against the cycles of its graph."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice, takewhile

import numpy as np

from gearwheel.loops.anchors import Anchors, cases
from gearwheel.loops.find import Loop, edges_of
from gearwheel.loops.partials import partials
from gearwheel.spin.program import build, initial
from gearwheel.wheel.cycles import cycles_through
from gearwheel.wheel.graph import Edge, Graph
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.times import elapsed

MOST_TIES = 200


def named(wheel: Wheel, graph: Graph, strengths: Mapping[Edge, float] | None = None) -> dict[str, Loop]:
    """Loop name → its nodes, in the wheel's order; a loop whose stops lie on no cycle is left out (a rule reports it).

    A named loop is the shortest cycle through its stops in order. Of several equally short ones it is the one with
    the largest product of |partial derivatives|: `strengths` by edge, at the centre of the beliefs when None.
    """
    found: dict[str, Loop] = {}
    nodes = set(graph.nodes)
    for name, loop in wheel.loop.items():
        if not loop.through or not nodes.issuperset(loop.through):
            continue
        ways = cycles_through(graph, loop.through)
        first = next(ways, None)
        if first is None:
            continue
        ties = [first, *takewhile(lambda way: len(way) == len(first), islice(ways, MOST_TIES))]  # noqa: B023
        if len(ties) > 1 and strengths is None:
            strengths = central_strengths(wheel, graph)
        found[name] = max(ties, key=lambda way: _product(way, strengths)) if len(ties) > 1 else first
    return found


def central_strengths(wheel: Wheel, graph: Graph) -> dict[Edge, float]:
    """|partial derivative| of every edge with beliefs at their centre, stocks at their start and all gears open."""
    program = build(wheel)
    opened = max((elapsed(day, wheel) for day in wheel.opens.values()), default=0.0)
    with np.errstate(all="ignore"):
        state = np.atleast_2d(initial(program, program.centre(), max(opened, 0.0)))
    anchors = Anchors(program, state[:, None, :], np.array([max(opened, 0.0) + wheel.dt]))
    derivatives = np.abs(partials(cases(anchors), graph))[:, 0]
    return dict(zip(graph.edges, np.nan_to_num(derivatives, posinf=0.0)))


def _product(loop: Loop, strengths: Mapping[Edge, float] | None) -> float:
    return float(np.prod([strengths[e] for e in edges_of(loop)])) if strengths else 0.0
