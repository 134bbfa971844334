"""What a loop contributes to a lever's effect: the effect lost when the loop's own link is held at baseline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gearwheel.loops.find import Loop, edges_of
from gearwheel.spin.program import Program
from gearwheel.wheel.graph import Edge


def own_links(program: Program, loops: Mapping[str, Loop]) -> dict[str, Edge]:
    """Loop → a link that no other of these loops has, one with a declared strength where there is one.

    Only links into computed variables: flow → stock cannot be held without breaking the account of the stock. Loops
    that share every link with others are left out: their part cannot be told apart.
    """
    wheel = program.wheel
    used = Counter(edge for loop in loops.values() for edge in edges_of(loop))
    claims = {(link.cause, link.effect) for link in wheel.link.values() if link.strength}
    found: dict[str, Edge] = {}
    for name, loop in loops.items():
        own = [e for e in edges_of(loop) if used[e] == 1 and e[1] not in wheel.stock]
        if own:
            found[name] = next((e for e in own if e in claims), own[0])
    return found


def held(program: Program, links: Sequence[tuple[Edge, Sequence[int]]], scenarios: int, draws: int) -> Program:
    """The same program for a batch of `scenarios` × `draws` (scenario 0 the baseline), in which each link
    (cause, effect) passes on the baseline's cause in the given scenarios."""
    by_effect: dict[str, list[tuple[str, list[int]]]] = {}
    for (cause, effect), rows in links:
        by_effect.setdefault(effect, []).append((cause, list(rows)))

    def holding(closure, causes):
        def compute(values):
            mixed = dict(values)
            for cause, rows in causes:
                every = np.broadcast_to(np.asarray(mixed[cause], float), (scenarios * draws,)).copy()
                every.reshape(scenarios, draws)[rows] = every[:draws]
                mixed[cause] = every
            return closure(mixed)

        return compute

    order = tuple((n, holding(c, by_effect[n]) if n in by_effect else c) for n, c in program.order)
    return replace(program, order=order)
