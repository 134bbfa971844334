"""Colours, once: light, dark, and a page palette of CSS variables so that one drawing serves both schemes.

Blue for a rising effect and vermilion for a falling one are Okabe and Ito's pair that stays apart for every common
kind of colour blindness; the drawings add a sign and a dash pattern, so that colour is never the only code.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass, fields

_GEAR_HUES = (206, 36, 150, 268, 12, 178, 232, 330, 92, 52, 300, 120)


def _tints(lightness: float, saturation: float) -> tuple[str, ...]:
    def tint(hue: int) -> str:
        rgb = colorsys.hls_to_rgb(hue / 360, lightness, saturation)
        return "#" + "".join(f"{round(255 * c):02x}" for c in rgb)

    return tuple(tint(h) for h in _GEAR_HUES)


@dataclass(frozen=True)
class Palette:
    """Every colour that a drawing may use, as CSS colour values."""

    paper: str
    panel: str  # behind cards, boxes of stocks
    ink: str
    soft: str  # second-rank text, at least 4.5 : 1 on paper
    rule: str  # axes, gear rims
    faint: str  # grid lines, the body of the big wheel
    plus: str
    minus: str
    open: str
    band: str  # forecast bands, drawn at several opacities
    belief: str  # what was believed before the data
    gear: tuple[str, ...]
    rim: tuple[str, ...]
    series: tuple[str, ...]


LIGHT = Palette(
    paper="#fdfcf9",
    panel="#ffffff",
    ink="#1f2429",
    soft="#596068",
    rule="#a9afb5",
    faint="#eae8e2",
    plus="#0072B2",
    minus="#D55E00",
    open="#6b5b95",
    band="#0072B2",
    belief="#8b8f94",
    gear=_tints(0.925, 0.48),
    rim=_tints(0.70, 0.30),
    series=(
        "#0072B2",
        "#E69F00",
        "#009E73",
        "#CC79A7",
        "#56B4E9",
        "#B89B00",
        "#5B4B9A",
        "#7A5230",
        "#3E7F7F",
        "#9C9FA3",
    ),
)

DARK = Palette(
    paper="#13161a",
    panel="#1c2126",
    ink="#eceef0",
    soft="#a3abb3",
    rule="#59626b",
    faint="#23282e",
    plus="#58b4ea",
    minus="#f58d4a",
    open="#b7a6e6",
    band="#58b4ea",
    belief="#8d949b",
    gear=_tints(0.165, 0.26),
    rim=_tints(0.40, 0.24),
    series=(
        "#58b4ea",
        "#f0b64a",
        "#3fc69c",
        "#e39bc6",
        "#9fd6f5",
        "#dcc94d",
        "#a796ea",
        "#c79a72",
        "#79bcbc",
        "#8d949b",
    ),
)


def _variables(palette: Palette) -> list[tuple[str, str]]:
    pairs = []
    for f in fields(palette):
        value = getattr(palette, f.name)
        if isinstance(value, tuple):
            pairs += [(f"--gw-{f.name}-{i}", colour) for i, colour in enumerate(value)]
        else:
            pairs.append((f"--gw-{f.name}", value))
    return pairs


def css_variables(palette: Palette) -> str:
    """The declarations that a page puts into :root for this palette."""
    return " ".join(f"{name}: {colour};" for name, colour in _variables(palette))


def page_palette() -> Palette:
    """The palette whose colours are CSS variables: the page decides between light and dark."""
    values = {}
    for f in fields(LIGHT):
        value = getattr(LIGHT, f.name)
        if isinstance(value, tuple):
            values[f.name] = tuple(f"var(--gw-{f.name}-{i})" for i in range(len(value)))
        else:
            values[f.name] = f"var(--gw-{f.name})"
    return Palette(**values)
