"""The value of a tree that nothing moves: numbers and parameters only."""

from __future__ import annotations

from collections.abc import Callable

from gearwheel.wheel.compile import compile_tree
from gearwheel.wheel.parts import Parameter, Wheel
from gearwheel.wheel.tree import Name, Number, Tree, transform, walk


def centre_of(parameter: Parameter) -> float:
    return parameter.centre


def lowest_of(parameter: Parameter) -> float:
    """Its value, or the low end of the 80% range."""
    return parameter.belief.low if parameter.belief else parameter.centre


def constant(tree: Tree, wheel: Wheel, of: Callable[[Parameter], float] = centre_of) -> float | None:
    """The value with every parameter at `of` it, None where a variable, a lookup or the clock is in it, or no value."""
    if isinstance(tree, Number):
        return tree.value
    values = {"dt": wheel.dt}
    flat = transform(
        tree, lambda n: Name(f"{n.name}[{', '.join(n.index)}]") if isinstance(n, Name) and n.index else None
    )
    for node in walk(flat):
        parameter = wheel.parameter.get(node.name) if isinstance(node, Name) else None
        if parameter and (parameter.belief or parameter.value is not None):
            values[node.name] = of(parameter)
    if isinstance(flat, Name):
        return values.get(flat.name)
    import numpy as np

    try:
        with np.errstate(all="ignore"):
            return float(compile_tree(flat, np, {})(values))
    except (KeyError, TypeError):  # a variable, or a function that a rule will name
        return None
