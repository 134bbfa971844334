"""The strength of a link is one parameter in the effect's equation; otherwise a verdict on it would mean nothing."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.graph import graph
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import equations, hidden, problem, suggest
from gearwheel.wheel.tree import names

CODE = "GW214"


def check(wheel: Wheel) -> Iterator[Problem]:
    used = _parameters_used(wheel)
    for name, link in wheel.link.items():
        if not link.strength:
            continue
        if link.strength not in wheel.parameter:
            message = f"the strength of link '{name}' is '{link.strength}', which is no parameter"
            yield problem(wheel, CODE, "link", name, message, suggest(link.strength, wheel.parameter, name))
        elif link.effect in used and link.strength not in used[link.effect]:
            message = f"the strength '{link.strength}' of link '{name}' is not in the equation of '{link.effect}'"
            there = ", ".join(sorted(used[link.effect])) or "none"
            yield problem(wheel, CODE, "link", name, message, f"Parameters in that equation: {there}.")


def _parameters_used(wheel: Wheel) -> dict[str, set[str]]:
    """Variable → parameters in its equation, those inside a memory or delay that it contains included."""
    unseen = hidden(wheel)
    used: dict[str, set[str]] = {name: set() for name in wheel.variables()}
    for _, name, field, tree in equations(wheel):
        if field == "equation":
            used[name].update(n for n in names(tree) if n in wheel.parameter)
    into: dict[str, list[str]] = {}
    for cause, effect in graph(wheel).edges:
        if cause in unseen:
            into.setdefault(effect, []).append(cause)
    whole = {}
    for name in used:
        done, queue = {name}, list(into.get(name, ()))
        while queue:
            inner = queue.pop()
            if inner not in done:
                done.add(inner)
                queue.extend(into.get(inner, ()))
        whole[name] = set().union(*(used.get(n, set()) for n in done))
    return whole
