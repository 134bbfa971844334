"""A wheel made in Python, held to the same kinds of values as one read from a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from gearwheel.wheel.errors import Problem, WheelError
from gearwheel.wheel.parts import KINDS, Belief, Wheel
from gearwheel.wheel.read import HEADER, Reader


def typed(wheel: Wheel) -> Wheel:
    """The wheel with every value of the kind that its part wants; a number where an equation is wanted is one.

    Raises WheelError (GW107, GW109) naming every part and key that cannot be read so.
    """
    if not isinstance(wheel, Wheel):
        message = f"a wheel is built from gw.Wheel(...), not from {type(wheel).__name__}"
        raise WheelError(
            Problem("GW109", message, hint="gw.open reads a file; a model has its wheel as model.written.")
        )
    reader = Reader({}, wheel.text, wheel.file)
    types = {f.name: f.type for f in dataclasses.fields(Wheel)}
    header = {key: _value(reader, ("wheel", key), types[key], getattr(wheel, key)) for key in HEADER}
    if wheel.grid:
        header["dt"] = wheel.grid
    parts: dict[str, dict] = {}
    for kind, cls in KINDS.items():
        entries = getattr(wheel, kind)
        if not isinstance(entries, Mapping):
            reader.problem(
                "GW109", f"{kind} cannot be {entries!r:.60}", (kind,), f"It wants names and gw.{cls.__name__}."
            )
            continue
        parts[kind] = {name: _part(reader, kind, name, part) for name, part in entries.items()}
    if reader.problems:
        raise WheelError(reader.problems)
    return wheel.changed(**header, **parts)


def _part(reader: Reader, kind: str, name: str, part: object):
    cls = KINDS[kind]
    if not isinstance(name, str):
        reader.problem("GW107", f"{name!r:.60} cannot be the name of a {kind}", (kind,))
        return part
    reader.name_is_good(kind, name)
    if not isinstance(part, cls):
        reader.problem(
            "GW109", f"{kind} '{name}' cannot be {part!r:.60}", (kind, name), f"It wants gw.{cls.__name__}(…)."
        )
        return part
    fields = {
        f.name: _value(reader, (kind, name, f.name), f.type, getattr(part, f.name)) for f in dataclasses.fields(cls)
    }
    return dataclasses.replace(part, **fields)


def _value(reader: Reader, at: tuple[str, ...], kind: str, value: object):
    """One value as the reader of files takes it: tuples are its lists, a belief its table."""
    if value is None and "None" in kind:
        return None
    return reader.value(at, kind, _plain(value))


def _plain(value: object) -> object:
    if isinstance(value, Belief):
        return dataclasses.asdict(value)
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    item = getattr(value, "item", None)  # a number of NumPy
    return item() if callable(item) and getattr(value, "shape", None) == () else value
