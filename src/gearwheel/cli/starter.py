"""A first wheel of one's own: picked from the template, commented, ready to check and spin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from gearwheel.wheel.errors import GearwheelError, Problem, WheelError, did_you_mean
from gearwheel.wheel.load import bundled
from gearwheel.wheel.read import parse_wheel
from gearwheel.wheel.write import dump

TEMPLATE = Path(__file__).with_name("starter.toml")
ALWAYS = "experience"  # the wheel starts at the customers; its size is their number

WELCOME = """\
# {name}: a wheel of gears from the library. Replace the numbers marked "yours"; keep a belief wide where you do not
# know, and say why in `because`.
#
#   gearwheel check {path}     what is wrong with it
#   gearwheel draw {path}      how it hangs together
#   gearwheel spin {path}      what it implies, before any data
#
# Once you have figures, name a CSV with `measured = "record.csv"` in the first line, bind each series as
# [gauge.NAME], and `gearwheel run {path}` fits the wheel to them.

"""


def gear_names() -> tuple[str, ...]:
    """The gears that the template knows."""
    return tuple(re.findall(r"^\[gear\.(\w+)\]$", TEMPLATE.read_text("utf-8"), re.M))


def picked(gears: Sequence[str]) -> str:
    """The template with these gears, and experience with them, as TOML text that begins with its `wheel` line."""
    from gearwheel.run.template import pick

    return pick(TEMPLATE.read_text("utf-8"), gears, always=[ALWAYS])


def starter_text(name: str, gears: Sequence[str]) -> str:
    """The template's wheel of these gears, under its name."""
    return _renamed(picked(gears), name)


def check_name(name: str) -> None:
    """Raises WheelError for a name that will not do for a wheel."""
    if not re.fullmatch(r"[A-Za-z0-9][\w -]*", name):
        hint = "Letters, digits, - and _ will do."
        raise WheelError(Problem("GW150", f"'{name}' is no name for a wheel", hint=hint))
    from gearwheel.run import LIBRARY

    if name in bundled(LIBRARY):
        hint = "`gearwheel run` with this name would find the bundled one: choose another."
        raise WheelError(Problem("GW150", f"'{name}' is the name of a bundled wheel or gear", hint=hint))


def write_starter(name: str, sources: Sequence[str], folder: Path, *, force: bool = False) -> list[Path]:
    """Write `folder`/wheel.toml, and beside it the record of a bundled wheel that brings one; the wheel first.

    `sources` are one bundled wheel or gears of the library, the shop when empty. Raises WheelError for a name that
    will not do, GearwheelError where a file is in the way and `force` is not given.
    """
    from gearwheel.run.store import save_atomically

    check_name(name)
    files = {}
    path = folder / "wheel.toml"
    text, beside = _text(name, list(dict.fromkeys(sources)) or ["shop"])
    files[path] = WELCOME.format(name=name, path=path).encode() + text.encode()
    files |= {folder / file.name: file.read_bytes() for file in beside}
    for file in files:
        if file.exists() and not force:
            raise GearwheelError(f"{file} exists. Choose another name or --dir, or replace it with --force.")
    for file, content in files.items():
        save_atomically(file, content)
    return list(files)


def _text(name: str, sources: list[str]) -> tuple[str, list[Path]]:
    """The wheel without its welcome, and the files that it reads."""
    from gearwheel.run import LIBRARY

    wheels = {p.parent.name: p for p in sorted(LIBRARY.glob("*/wheel.toml"))}
    gears = gear_names()
    unknown = [s for s in sources if s not in gears and s not in wheels]
    if unknown:
        known = [*wheels, *gears]
        hint = did_you_mean(unknown[0], known) or f"Wheels: {', '.join(wheels)}. Gears: {', '.join(gears)}."
        raise WheelError(Problem("GW150", f"no bundled wheel or gear is called '{unknown[0]}'", hint=hint))
    if not set(sources) & wheels.keys():
        return _renamed(picked(sources), name), []
    if len(sources) > 1:
        raise WheelError(Problem("GW150", "a wheel is copied alone", hint="Give one wheel, or gears only."))
    source = wheels[sources[0]]
    text = _renamed(source.read_text("utf-8"), name)
    record = parse_wheel(text).measured
    return text, [source.parent / record] if record else []


def _renamed(text: str, name: str) -> str:
    """The wheel under its new name, without the outcomes of gears left out; comments kept."""
    wheel = parse_wheel(text)
    outcomes = tuple(o for o in wheel.outcomes if o.partition(".")[0] in wheel.gear or "." not in o)
    return dump(wheel.changed(name=name, title=name, outcomes=outcomes))
