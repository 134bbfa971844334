"""A link annotates an edge that the equations contain; without the edge the claim says nothing about the wheel."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.graph import graph
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import hidden, problem, suggest

CODE = "GW213"


def check(wheel: Wheel) -> Iterator[Problem]:
    variables = wheel.variables()
    causes = direct_causes(wheel)
    for name, link in wheel.link.items():
        unknown = [end for end in (link.cause, link.effect) if end not in variables]
        for end in unknown:
            message = f"link '{name}' runs from or to '{end}', which is no variable"
            yield problem(wheel, CODE, "link", name, message, suggest(end, variables, name))
        if not unknown and link.cause not in causes[link.effect]:
            message = f"link '{name}': the equation of '{link.effect}' does not contain '{link.cause}'"
            actual = ", ".join(sorted(causes[link.effect])) or "nothing that changes"
            yield problem(wheel, CODE, "link", name, message, f"'{link.effect}' is turned by {actual}.")


def direct_causes(wheel: Wheel) -> dict[str, set[str]]:
    """Effect → its causes as the author wrote them: the hidden stocks of a memory or delay are seen through."""
    unseen = hidden(wheel)
    into: dict[str, set[str]] = {}
    for cause, effect in graph(wheel).edges:
        into.setdefault(effect, set()).add(cause)
    return {name: _seen(name, into, unseen) for name in wheel.variables()}


def _seen(effect: str, into: dict[str, set[str]], unseen: set[str]) -> set[str]:
    found, done, queue = set(), set(), list(into.get(effect, ()))
    while queue:
        cause = queue.pop()
        if cause in done:
            continue
        done.add(cause)
        if cause in unseen:
            queue.extend(into.get(cause, ()))
        else:
            found.add(cause)
    return found
