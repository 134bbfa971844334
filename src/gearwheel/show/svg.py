"""Small builders of SVG text. Every word from outside goes through `escaped`; no drawing needs ids, scripts or links."""

from __future__ import annotations

import re
from collections.abc import Iterable

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]"
)


def escaped(text: object) -> str:
    """Text that is safe inside XML elements and quoted attributes; characters XML cannot hold, and those that turn
    the reading direction of what follows, are dropped."""
    clean = _UNPRINTABLE.sub("", str(text))
    for raw, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        clean = clean.replace(raw, safe)
    return clean


def num(x: float) -> str:
    """A coordinate to a tenth of a pixel, written short."""
    text = f"{x:.1f}"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def tag(name: str, body: str | None = None, **attributes: object) -> str:
    """One element; `stroke_width=2` becomes `stroke-width="2"`, None leaves an attribute out."""
    parts = [name]
    for key, value in attributes.items():
        if value is None:
            continue
        shown = num(value) if isinstance(value, float) else escaped(value)
        parts.append(f'{key.rstrip("_").replace("_", "-")}="{shown}"')
    opening = " ".join(parts)
    return f"<{opening}/>" if body is None else f"<{opening}>{body}</{name}>"


def text(x: float, y: float, words: str, size: float = 13, anchor: str = "start", **attributes: object) -> str:
    """One line of text with its baseline at (x, y)."""
    return tag("text", escaped(words), x=float(x), y=float(y), font_size=num(size), text_anchor=anchor, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> str:
    return tag("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), **attributes)


def points(pairs: Iterable[tuple[float, float]]) -> str:
    """Path data through the points, open."""
    return "M" + "L".join(f"{num(x)} {num(y)}" for x, y in pairs)


def polyline(pairs: Iterable[tuple[float, float]], **attributes: object) -> str:
    return tag("path", d=points(pairs), fill="none", **attributes)


def polygon(pairs: Iterable[tuple[float, float]], **attributes: object) -> str:
    return tag("path", d=points(pairs) + "Z", **attributes)


def drawing(width: float, height: float, title: str, description: str, body: Iterable[str], css_class: str = "") -> str:
    """The whole picture with its title and description for those who hear it."""
    head = tag("title", escaped(title)) + tag("desc", escaped(description))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {num(width)} {num(height)}" '
        f'width="{num(width)}" height="{num(height)}" role="img" font-family="{FONT}"'
        + (f' class="{escaped(css_class)}"' if css_class else "")
        + f">{head}{''.join(body)}</svg>"
    )
