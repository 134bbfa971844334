"""What several rules need: where a part stands, which equations there are, what a name may have meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gearwheel.wheel.errors import Problem, did_you_mean
from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.parts import Place, Wheel
from gearwheel.wheel.tree import Tree

EQUATIONS = {"stock": ("start", "noise"), "flow": ("equation",), "aux": ("equation",), "lever": ("cost", "spends")}


def problem(
    wheel: Wheel, code: str, kind: str, name: str, message: str, hint: str = "", severity: str = "error"
) -> Problem:
    """A problem of one part, with the place where the part was written."""
    place = place_of(wheel, kind, name)
    return Problem(code, message, place.file, place.line, hint, severity)


def warning(wheel: Wheel, code: str, kind: str, name: str, message: str, hint: str = "") -> Problem:
    return problem(wheel, code, kind, name, message, hint, "warning")


def place_of(wheel: Wheel, kind: str, name: str) -> Place:
    """An element `x[a]` stands where `x` does, a hidden stock or flow `x__…` where its owner does."""
    base = name.partition("[")[0]
    owner = base.partition("__")[0]
    for key in ((kind, name), (kind, base), ("aux", owner), ("flow", owner)):
        if key in wheel.places:
            return wheel.places[key]
    return Place(wheel.file, 0)


def equations(wheel: Wheel) -> Iterator[tuple[str, str, str, Tree]]:
    """(kind, name, field, tree) of everything that computes."""
    for kind, fields in EQUATIONS.items():
        for name, part in getattr(wheel, kind).items():
            for field in fields:
                yield kind, name, field, parse_name(getattr(part, field))


def hidden(wheel: Wheel) -> set[str]:
    """Stocks and flows that a form brought along; the author never wrote them."""
    stocks = {n: s for n, s in wheel.stock.items() if s.note == "hidden"}
    return {*stocks, *(f for s in stocks.values() for f in (*s.inflows, *s.outflows))}


def suggest(name: str, known: Iterable[str], owner: str = "") -> str:
    """A hint for an unknown name used by `owner`, spelled as the author of that gear may write it."""
    known = list(known)
    same_local = [k for k in known if k.rpartition(".")[2] == name.rpartition(".")[2]]
    if same_local:
        return f"Did you mean {' or '.join(repr(k) for k in same_local[:3])}?"
    gear = owner.partition(".")[0] + "." if "." in owner else ""
    spelled = [k.removeprefix(gear) for k in known] if gear else known
    hint = did_you_mean(name, spelled)
    if hint:
        return hint
    by_local = {k.rpartition(".")[2]: k for k in known}
    near = did_you_mean(name.rpartition(".")[2], by_local)
    return f"Did you mean '{by_local[near.split(chr(39))[1]]}'?" if near else ""
