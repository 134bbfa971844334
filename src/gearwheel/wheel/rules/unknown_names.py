"""An equation names something that does not exist, mostly a slip of the pen; it would have no value."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import equations, problem, suggest
from gearwheel.wheel.tree import Call, Name, Tree, names, walk

CODE = "GW201"


def check(wheel: Wheel) -> Iterator[Problem]:
    known = {**wheel.variables(), **wheel.parameter}
    for kind, name, field, tree in equations(wheel):
        tables = set(_lookup_names(tree))
        for used in names(tree):
            if used in tables:
                if used not in wheel.lookup:
                    message = f"the {field} of {kind} '{name}' looks up '{used}', and there is no such lookup"
                    yield problem(wheel, CODE, kind, name, message, suggest(used, wheel.lookup, name))
            elif used in wheel.lookup:
                message = f"the {field} of {kind} '{name}' uses the lookup '{used}' as if it were a number"
                yield problem(wheel, CODE, kind, name, message, f"Write lookup({used}, …).")
            elif used not in known:
                message = f"the {field} of {kind} '{name}' uses '{used}', which does not exist"
                others = [k for k in known if k != name]
                yield problem(wheel, CODE, kind, name, message, suggest(used, others, name))


def _lookup_names(tree: Tree) -> Iterator[str]:
    for node in walk(tree):
        if isinstance(node, Call) and node.fn == "lookup" and node.args and isinstance(node.args[0], Name):
            yield node.args[0].name
