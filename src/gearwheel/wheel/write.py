"""Wheel → TOML text, and safely into a file. What the author wrote and did not change stays as it was."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from gearwheel.wheel.errors import Problem, WheelError
from gearwheel.wheel.parts import Belief, Gauge, Wheel
from gearwheel.wheel.read import FIELD_TO_FILE, HEADER, parse_wheel

Entry = dict[str, object]  # key in the file -> str, float, bool, date, list or dict of these

_ORDER = (
    "gear",
    "port",
    "stock",
    "flow",
    "aux",
    "lookup",
    "parameter",
    "link",
    "loop",
    "lever",
    "shock",
    "gauge",
    "evidence",
)


def dump(wheel: Wheel) -> str:
    """The TOML text of a wheel as written (not of an assembled one): parse_wheel(dump(w)) == w.

    A wheel read from a text is written by changing that text only where the wheel has changed, so comments, order
    and layout survive; one made in Python gets a fresh document. Raises WheelError for an assembled wheel.
    """
    if wheel.opens or wheel.sentences:
        hint = "Save the wheel as written; its gears have files of their own."
        raise WheelError(Problem("GW131", "an assembled wheel is not saved", wheel.file, hint=hint))
    if not wheel.text:
        return _fresh(_entries(wheel))
    before = parse_wheel(wheel.text, wheel.file)
    if before == wheel:
        return wheel.text
    try:
        patched = _patched(wheel.text, _entries(before), _entries(wheel))
        if parse_wheel(patched) == wheel:
            return patched
    except (TOMLKitError, WheelError, KeyError, ValueError):
        pass
    # a layout that cannot be patched, such as a part in an inline table that outgrew it: right beats pretty
    return _fresh(_entries(wheel))


def save(wheel: Wheel, path: Path | str, overwrite: bool = False) -> Wheel:
    """Write the wheel to `path`, whole or not at all, and return it as read from there.

    A file that the wheel was not read from is replaced only with `overwrite`. Raises WheelError.
    """
    path, text = Path(path), dump(wheel)
    places = parse_wheel(text, str(path)).places  # what could not be read again is not written
    if path.exists() and not overwrite and not _own(path, wheel):
        hint = "Choose another name, or ask for it with overwrite."
        raise WheelError(
            Problem("GW130", "this file exists and is not what the wheel was read from", str(path), hint=hint)
        )
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("xb") as out:
            out.write(text.encode("utf-8"))
            out.flush()
            os.fsync(out.fileno())
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise WheelError(Problem("GW130", f"cannot write the file: {error.strerror}", str(path))) from error
    return wheel.changed(text=text, file=str(path), places=places)


def _own(path: Path, wheel: Wheel) -> bool:
    return bool(wheel.text) and path.is_file() and path.read_bytes() == wheel.text.encode("utf-8")


def _entries(wheel: Wheel) -> dict[tuple[str, ...], Entry]:
    """Every table of the document: (kind, name) or (kind,) → its keys, defaults left out."""
    defaults = Wheel("")
    header = {k: _plain(getattr(wheel, k)) for k in HEADER if getattr(wheel, k) != getattr(defaults, k)}
    if wheel.grid:
        header["dt"] = wheel.grid
    found: dict[tuple[str, ...], Entry] = {("wheel",): header} if header else {}
    if wheel.dimension:
        found["dimension",] = {name: list(elements) for name, elements in wheel.dimension.items()}
    for kind in _ORDER:
        for name, part in getattr(wheel, kind).items():
            found[kind, name] = _entry(part, wheel)
        for (of, name), settings in wheel.adjust.items():
            if of == kind:
                found[kind, name] = _settings(settings, wheel)
    return found


def _entry(part, wheel: Wheel) -> Entry:
    given = {}
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        # a ratio's two variables stand inside its `as`, where the file keeps them
        if needed or value != default or (isinstance(part, Gauge) and field.name == "measure"):
            given[field.name] = value
    return _settings(given, wheel)


def _settings(given: Mapping[str, object], wheel: Wheel) -> Entry:
    given = dict(given)
    if given.get("measure") == "ratio":
        given["measure"] = f"ratio({given.pop('of')}, {given.pop('over', '')})"
    elif given.get("measure") == "trailing":
        window = f"{given.pop('window', None) or 0:.6f}".rstrip("0").rstrip(".")
        given["measure"] = f"trailing({window} {wheel.unit})"
    return {FIELD_TO_FILE.get(k, k): _plain(v) for k, v in given.items()}


def _plain(value: object) -> object:
    """The value in the types that TOML has."""
    if isinstance(value, Belief):
        shape = {} if value.shape == "normal" else {"shape": value.shape}
        return {"low": value.low, "centre": value.centre, "high": value.high, **shape}
    if isinstance(value, Mapping):  # a mesh: one source, or a list of them
        return {k: v[0] if len(v) == 1 else list(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


def _fresh(entries: Mapping[tuple[str, ...], Entry]) -> str:
    blocks = []
    for path, entry in entries.items():
        if path == ("wheel",):
            blocks.append(f"wheel = {_value(entry)}\n")
        else:
            blocks.append(_block(path, entry))
    return "\n".join(blocks)


def _block(path: tuple[str, ...], entry: Entry) -> str:
    keys = "".join(f"{_key(key)} = {_value(value)}\n" for key, value in entry.items())
    return f"[{'.'.join(_key(step) for step in path)}]\n{keys}"


def _key(name: str) -> str:
    bare = name and name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else tomlkit.string(name).as_string()


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(_value(v) for v in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(k)} = {_value(v)}' for k, v in value.items())} }}" if value else "{}"
    return tomlkit.string(value).as_string()


def _patched(text: str, before: Mapping[tuple[str, ...], Entry], after: Mapping[tuple[str, ...], Entry]) -> str:
    """`text`, with the difference between two sets of entries worked into it."""
    document = tomlkit.parse(text)
    for path in before.keys() - after.keys():
        if len(path) == 2:
            del document[path[0]][path[1]]
            if not document[path[0]]:
                del document[path[0]]
        else:
            del document[path[0]]
    for path in (p for p in after if p in before and after[p] != before[p]):
        table = document
        for step in path:
            table = table[step]
        _patch(table, before[path], after[path])
    patched = tomlkit.dumps(document)
    for path in (p for p in after if p not in before):
        patched = f"{patched.rstrip()}\n\n{_block(path, after[path])}"
    return patched


def _patch(table, before: Entry, after: Entry) -> None:
    for key in before.keys() - after.keys():
        del table[key]
    for key, value in after.items():
        if key in before and before[key] == value:
            continue
        if isinstance(value, dict) and isinstance(before.get(key), dict):
            _patch(table[key], before[key], value)
        else:
            table[key] = tomlkit.value(_value(value))
