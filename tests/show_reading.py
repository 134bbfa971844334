"""Reads a drawing back: the boxes of its texts and of its rectangles, measured apart from the code that drew it."""

from __future__ import annotations

import functools
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest

_SVG = "{http://www.w3.org/2000/svg}"
_FONTS = Path("/usr/share/fonts/truetype/liberation")


@functools.cache
def _font(bold: bool):
    path = _FONTS / f"LiberationSans-{'Bold' if bold else 'Regular'}.ttf"
    if not path.exists():
        return None
    from PIL import ImageFont

    return ImageFont.truetype(str(path), 200)


def measured_width(words: str, size: float, bold: bool) -> float:
    """The width in a font with Arial's metrics; without one nothing can be said."""
    font = _font(bold)
    if font is None:
        pytest.skip("needs a font with Arial's metrics (apt install fonts-liberation)")
    return font.getlength(words) * size / 200


def _walk(element, dx=0.0, dy=0.0):
    moved = element.get("transform", "")
    if moved.startswith("translate("):
        x, y = moved[10:-1].split()
        dx, dy = dx + float(x), dy + float(y)
    yield element, dx, dy
    for child in element:
        yield from _walk(child, dx, dy)


def read(svg: str) -> dict:
    """{"view": (width, height), "texts": [(words, box)], "boxes": [box of each rect]} with boxes as (x0, y0, x1, y1)."""
    root = ET.fromstring(svg)
    view = [float(v) for v in root.get("viewBox").split()]
    texts, boxes = [], []
    for element, dx, dy in _walk(root):
        if element.tag == _SVG + "text":
            size, words = float(element.get("font-size")), element.text or ""
            width = measured_width(words, size, element.get("font-weight") == "bold")
            x, y = float(element.get("x")) + dx, float(element.get("y")) + dy
            x -= {"start": 0.0, "middle": width / 2, "end": width}[element.get("text-anchor", "start")]
            texts.append((words, (x, y - 0.73 * size, x + width, y + 0.21 * size)))
        elif element.tag == _SVG + "rect":
            x, y = float(element.get("x", 0)) + dx, float(element.get("y", 0)) + dy
            boxes.append((x, y, x + float(element.get("width")), y + float(element.get("height"))))
    return {"view": (view[2], view[3]), "texts": texts, "boxes": boxes}


def overlap(a, b) -> bool:
    return a[0] < b[2] - 0.01 and b[0] < a[2] - 0.01 and a[1] < b[3] - 0.01 and b[1] < a[3] - 0.01


def overlapping_texts(svg: str) -> list[tuple[str, str]]:
    texts = read(svg)["texts"]
    return [(a[0], b[0]) for a, b in combinations(texts, 2) if overlap(a[1], b[1])]


def texts_outside(svg: str) -> list[str]:
    found = read(svg)
    width, height = found["view"]
    return [w for w, b in found["texts"] if b[0] < 0 or b[1] < 0 or b[2] > width or b[3] > height]


def texts_across_boxes(svg: str, widest: float = 400) -> list[str]:
    """Texts that touch a small rectangle without lying inside it."""
    found = read(svg)
    small = [b for b in found["boxes"] if b[2] - b[0] < widest]

    def inside(text, box) -> bool:
        return text[0] >= box[0] - 1 and text[2] <= box[2] + 1 and text[1] >= box[1] - 1 and text[3] <= box[3] + 1

    return [w for w, text in found["texts"] if any(overlap(text, b) and not inside(text, b) for b in small)]
