"""An equation whose parts do not fit, or whose unit is not the declared one: it would add apples to pears."""

from __future__ import annotations

from collections.abc import Iterator

from gearwheel.wheel.dimensions import declared, time_unit, unit_of
from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.helpers import equations, problem
from gearwheel.wheel.tree import Name, walk
from gearwheel.wheel.units import ONE, UnitError, show

CODE = "GW204"
HINT = "Correct the unit of one of them, or bring them to one unit by a parameter that carries both."


def check(wheel: Wheel) -> Iterator[Problem]:
    units, time = declared(wheel), time_unit(wheel)
    for kind, name, field, tree in equations(wheel):
        if field == "start" or not any(isinstance(node, Name) for node in walk(tree)):
            continue  # start_units says it; a plain number is in the declared unit
        try:
            found = unit_of(tree, units, time)
        except UnitError as error:
            yield problem(wheel, CODE, kind, name, f"the {field} of {kind} '{name}' {error}", HINT)
            continue
        wanted = units.get(name)
        if field == "equation" and None not in (found, wanted) and found != wanted:
            message = f"{kind} '{name}' is declared in {show(wanted)}, and its equation gives {show(found)}"
            yield problem(wheel, CODE, kind, name, message, _hint(found, wanted, time))


def _hint(found, wanted, time) -> str:
    if found == ONE or wanted == ONE:
        return "Does a parameter lack its unit? Without one it counts as a pure number."
    if dict(found).keys() ^ dict(wanted).keys() <= {"year", "quarter", "month", "week", "day", "hour"}:
        return f"Rates of this wheel are per {show(time)}."
    return ""
