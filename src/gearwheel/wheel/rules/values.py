"""Numbers in an equation that have no value together, such as 6 / 0: what needs them would have none either."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gearwheel.wheel.constants import constant
from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import equations, problem
from gearwheel.wheel.tree import Call, Name, Tree, shortened, walk

CODE = "GW230"


def check(wheel: Wheel) -> Iterator[Problem]:
    for kind, name, field, tree in equations(wheel):
        for part in _without_value(tree, wheel):
            message = f"the {field} of {kind} '{name}' has '{shortened(part)}', which is no finite number"
            hint = "A division by 0, a root or logarithm of what is not above 0 and too large a power have no value."
            yield problem(wheel, CODE, kind, name, message, hint)


def _without_value(tree: Tree, wheel: Wheel) -> Iterator[Tree]:
    """Parts that consist of numbers only and have no finite value, and divisions by such a part that is 0."""
    if not isinstance(tree, Call):
        return
    if not _moves(tree):
        value = constant(tree, wheel)
        if value is not None and not math.isfinite(value):
            yield tree
        return
    if tree.fn == "/" and not _moves(tree.args[1]) and constant(tree.args[1], wheel) == 0:
        yield tree
    for arg in tree.args:
        yield from _without_value(arg, wheel)


def _moves(tree: Tree) -> bool:
    return any(isinstance(node, Name) for node in walk(tree))
