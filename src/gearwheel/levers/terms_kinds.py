"""Kinds of terms as data (`terms.toml`): which gear they belong to, what they set, what they show."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from gearwheel.levers.judging import business_levers
from gearwheel.wheel.parts import Lever, Wheel


@dataclass(frozen=True)
class Kind:
    """One entry of the table, as `terms.toml` explains it."""

    name: str
    title: str
    needs: tuple[str, ...]
    terms: tuple[str, ...] = ()
    level: tuple[str, ...] = ()
    cumulated: tuple[str, ...] = ()
    strengths: tuple[str, ...] = ()
    without: Mapping[str, object] = field(default_factory=dict)
    saves: tuple[str, ...] = ()
    price: str = ""
    base: str = ""
    volume: str = ""
    holds: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    """Every kind by name."""
    table = tomllib.loads(Path(__file__).with_name("terms.toml").read_text("utf-8"))
    return {name: _kind(name, about) for name, about in table.items()}


def _kind(name: str, about: Mapping) -> Kind:
    made = {key: tuple(value) if isinstance(value, list) else value for key, value in about.items()}
    made["holds"] = tuple((cause, effect) for cause, effect in about.get("holds", ()))
    return Kind(name=name, **made)


def gears(wheel: Wheel) -> list[str]:
    """The gears of an assembled wheel, by what they are called there; "" for what belongs to no gear."""
    named = {n.rsplit(".", 1)[0] if "." in n else "" for n in (*wheel.variables(), *wheel.parameter)}
    return sorted(named)


def gear_of(kind: Kind, wheel: Wheel) -> str | None:
    """The gear that has all that the kind needs; None where there is none."""
    known = {*wheel.variables(), *wheel.parameter}
    return next((g for g in gears(wheel) if all(inside(g, n) in known for n in kind.needs)), None)


def answerable(wheel: Wheel) -> list[str]:
    """Kinds of which the wheel has the gear, then its other gears that have a lever of the business."""
    found = {name: gear_of(kind, wheel) for name, kind in kinds().items()}
    own = {of.rsplit(".", 1)[0] for of in (v.of for v in business_levers(wheel).values()) if "." in of}
    return [n for n, gear in found.items() if gear is not None] + sorted(own - set(kinds()))


def own_kind(gear: str, wheel: Wheel) -> Kind | None:
    """A kind for any gear by its name: its levers are the terms, and its stocks and out-going flows of money show."""
    terms = [lever.of for lever in business_levers(wheel).values() if lever.of.startswith(f"{gear}.")]
    if not terms:
        return None
    short = len(gear) + 1
    stocks = tuple(n[short:] for n in wheel.stock if n.startswith(f"{gear}."))
    flows = tuple(n[short:] for n in wheel.flow if n.startswith(f"{gear}."))
    return Kind(gear, f"Terms of {gear}", (), tuple(n[short:] for n in terms), stocks, flows)


def inside(gear: str, name: str) -> str:
    return f"{gear}.{name}" if gear else name


def find(name: str, gear: str, known) -> str | None:
    """The full name of what a gear calls `name`: its own, else the only one in the wheel; None where there is none."""
    if inside(gear, name) in known:
        return inside(gear, name)
    near = [k for k in known if k.rsplit(".", 1)[-1] == name]
    return near[0] if len(near) == 1 else None


def lever_of(parameter: str, wheel: Wheel) -> Lever | None:
    return next((v for v in business_levers(wheel).values() if v.of == parameter), None)
