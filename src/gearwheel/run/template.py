"""Wheels picked from a template: blocks with conditions, meshes that keep what is there, numbers put in their places.

A line `#: needs A B without C` opens a block that goes in when A and B are chosen and C is not. In a mesh, sources of
gears left out are dropped, or replaced by what stands after `# else`. Lines that begin with `#~` count only in what is
picked. `"<name>"` is a number, `"<name|width>"` a belief around it, `<name>` within a longer text its value in words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from gearwheel.show.figures import number

_BLOCK = re.compile(r"^#: needs ([\w ]+?)(?: without ([\w ]+))?$")
_PORT = re.compile(r"^(\w+) = ([^#]*?)(?: # else (\w+))?$")
_WHOLE = re.compile(r'"<(\w+)(?:\|(\w+))?>"')
_WITHIN = re.compile(r"<(\w+)>")
WIDTHS = {"close": 1.05, "near": 1.2, "loose": 1.6, "wide": 4.0}  # high over centre and centre over low, at 80 %


def pick(template: str, chosen: Collection[str], always: Collection[str] = ()) -> str:
    """The template with what is chosen, as TOML text that begins with its `wheel` line."""
    there = {*chosen, *always}
    lines = list(_kept(template.splitlines(), there))
    computed = set(re.findall(r"^\[(?:aux|stock)\.(\w+)\]", "\n".join(lines), re.M))
    text = "\n".join(_meshed(lines, there, computed))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _kept(lines: Sequence[str], chosen: set[str]) -> Iterator[str]:
    """The lines of the blocks whose conditions hold, and the `wheel` line."""
    keep = False
    for line in lines:
        header = _BLOCK.match(line)
        if header:
            needs, without = (set((words or "").split()) for words in header.groups())
            keep = needs <= chosen and not without & chosen
        elif keep:
            yield line.removeprefix("#~ ")
        elif line.startswith("wheel = "):
            yield f"{line}\n"


def _meshed(lines: Sequence[str], chosen: set[str], computed: set[str]) -> Iterator[str]:
    """The lines, those of meshes with the sources that are there, left out where none is."""
    table = ""
    for line in lines:
        table = line if line.startswith("[") else table
        port = _PORT.match(line)
        if port and table.endswith(".mesh]"):
            named = re.findall(r'"([\w.]+)"', port[2])
            there = [s for s in named if s.split(".")[0] in chosen or s in computed]
            there = there or [s for s in (port[3],) if s in computed]
            if there:
                shown = ", ".join(f'"{s}"' for s in there)
                yield f"{port[1]} = {shown if len(there) == 1 else f'[{shown}]'}"
        else:
            yield line


def filled(text: str, values: Mapping[str, float | str]) -> str:
    """The text with every placeholder replaced. Raises KeyError for one that `values` does not name."""
    whole = _WHOLE.sub(lambda found: _value(values[found[1]], found[2]), text)
    return _WITHIN.sub(lambda found: _shown(values[found[1]]), whole)


def _value(value: float | str, width: str | None) -> str:
    if width is None:
        return value if isinstance(value, str) else _rounded(value)
    factor = WIDTHS[width]
    low, centre, high = (_rounded(float(value) * f) for f in (1 / factor, 1.0, factor))
    return f'{{ low = {low}, centre = {centre}, high = {high}, shape = "lognormal" }}'


def _shown(value: float | str) -> str:
    return value.strip('"') if isinstance(value, str) else number(value)


def _rounded(value: float) -> str:
    """Three significant digits: a starting point, not a measurement."""
    return repr(float(f"{value:.3g}"))
