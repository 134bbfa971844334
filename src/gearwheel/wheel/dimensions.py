"""Which unit an equation has, and where it adds apples to pears."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.parse import ParseError
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.tree import Call, Name, Number, Tree, shortened
from gearwheel.wheel.units import ONE, Unit, UnitError, parse_unit, power, show, times

_COMPARISONS = frozenset({"<", "<=", ">", ">=", "=", "!="})
_LOGIC = frozenset({"and", "or", "not"})
_SAME = frozenset({"neg", "abs", "sum"})


def unit_of(tree: Tree, units: Mapping[str, Unit | None], time: Unit) -> Unit | None:
    """The unit of a tree. None means unknown, which fits everything and never complains.

    `units` gives the unit of each name, `time` is the wheel's time unit. Numbers are dimensionless, except that
    0 fits any unit and that a number beside a time is a time (`time >= 2`). A lookup's result is unknown.
    Raises UnitError where two parts do not fit, showing both.
    """
    if isinstance(tree, Number):
        return None if tree.value == 0 else ONE
    if isinstance(tree, Name):
        return time if tree.name in ("time", "dt") else units.get(tree.name)
    fn, args = tree.fn, tree.args
    if fn == "lookup":
        return None
    found = [unit_of(a, units, time) for a in args]
    if fn in ("*", "/"):
        return None if None in found else times(found[0], found[1], 1 if fn == "*" else -1)
    if fn == "^":
        return _power(args, found)
    if fn in ("ln", "exp"):
        return _dimensionless(fn, args[0], found[0])
    if fn == "sqrt":
        return None if found[0] is None else power(found[0], Fraction(1, 2))
    if fn in _SAME:
        return found[0]
    if fn in _LOGIC:
        return ONE
    if fn in _COMPARISONS:
        _together("compares {0} with {1}", args, found, time)
        return ONE
    if fn in _MESSAGES:
        branches = slice(1, None) if fn == "if" else slice(None)
        return _together(_MESSAGES[fn], args[branches], found[branches], time)
    return None


_MESSAGES = {
    "+": "adds {1} to {0}",
    "-": "subtracts {1} from {0}",
    "min": "takes the smaller of {0} and {1}",
    "max": "takes the larger of {0} and {1}",
    "if": "is {0} in one case and {1} in the other",
}


def _together(message: str, trees: tuple[Tree, ...], found: list[Unit | None], time: Unit) -> Unit | None:
    """The unit that all of `trees` share."""
    if time in found:
        found = [None if isinstance(tree, Number) else unit for tree, unit in zip(trees, found)]
    common, first = None, None
    for tree, unit in zip(trees, found):
        if unit is None:
            continue
        if common is None:
            common, first = unit, tree
        elif unit != common:
            both = message.format(show(common), show(unit))
            raise UnitError(f"{both}: '{shortened(first)}' is in {show(common)}, '{shortened(tree)}' in {show(unit)}")
    return common


def _power(args: tuple[Tree, ...], found: list[Unit | None]) -> Unit | None:
    base, exponent = found
    _dimensionless("an exponent", args[1], exponent)
    literal = _literal(args[1])
    if base is None:
        return None
    if literal is not None:
        return power(base, literal)
    if base != ONE:
        raise UnitError(
            f"raises {show(base)} to a power that may vary: divide '{shortened(args[0])}' by a reference value first"
        )
    return ONE


def _dimensionless(what: str, tree: Tree, unit: Unit | None) -> Unit:
    if unit not in (None, ONE):
        raise UnitError(f"{what} needs a number without unit, and '{shortened(tree)}' is in {show(unit)}")
    return ONE


def _literal(tree: Tree) -> Fraction | None:
    """The value of an exponent written in numbers: 2, -1, 1/2."""
    if isinstance(tree, Number):
        return Fraction(tree.value).limit_denominator(1000)
    if isinstance(tree, Call) and tree.fn == "neg":
        inner = _literal(tree.args[0])
        return None if inner is None else -inner
    if isinstance(tree, Call) and tree.fn == "/":
        over, under = (_literal(a) for a in tree.args)
        return over / under if over is not None and under else None
    return None


def unit_or_none(unit: str) -> Unit | None:
    """A declared unit; None where none is declared or it cannot be read."""
    if not unit.strip():
        return None
    try:
        return parse_unit(unit)
    except UnitError:
        return None


def declared(wheel: Wheel) -> dict[str, Unit | None]:
    """The unit of every variable and parameter of an assembled wheel, as declared.

    The hidden stocks of forms declare none; theirs is the unit of their start value, so that a unit survives
    being remembered or delayed.
    """
    units = {n: unit_or_none(p.unit) for n, p in {**wheel.parameter, **wheel.variables()}.items()}
    for name, stock in wheel.stock.items():
        if units[name] is None:
            units[name] = inferred(stock.start, units, time_unit(wheel))
    return units


def inferred(equation: str, units: Mapping[str, Unit | None], time: Unit) -> Unit | None:
    """The unit of an equation, or None where it cannot be known."""
    try:
        return unit_of(parse_name(equation), units, time)
    except (UnitError, ParseError):
        return None


def time_unit(wheel: Wheel) -> Unit:
    return ((wheel.unit, Fraction(1)),)
