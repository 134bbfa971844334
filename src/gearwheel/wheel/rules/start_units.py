"""A stock must start in its own unit."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.dimensions import declared, time_unit, unit_of
from gearwheel.wheel.errors import Problem
from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import problem
from gearwheel.wheel.tree import Name, walk
from gearwheel.wheel.units import UnitError, show

CODE = "GW207"


def check(wheel: Wheel) -> Iterator[Problem]:
    units, time = declared(wheel), time_unit(wheel)
    for name, stock in wheel.stock.items():
        tree = parse_name(stock.start)
        if not any(isinstance(node, Name) for node in walk(tree)):
            continue  # a plain number is in the stock's unit
        try:
            found = unit_of(tree, units, time)
        except UnitError as error:
            yield problem(wheel, CODE, "stock", name, f"the start of stock '{name}' {error}")
            continue
        if None not in (found, units[name]) and found != units[name]:
            message = f"stock '{name}' is in {show(units[name])}, and starts at '{stock.start}' in {show(found)}"
            hint = "Does a parameter lack its unit? Without one it counts as a pure number."
            yield problem(wheel, CODE, "stock", name, message, hint)
