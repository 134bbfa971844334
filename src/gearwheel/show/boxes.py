"""Rectangles, and how much room words take: what every layout here needs to keep texts apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Advance widths of Helvetica/Arial in thousandths of the font size, from U+0020 on.
_WIDTHS = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 "
    "584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 "
    "611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 "
    "722 500 500 500 334 260 334 584"
)
_ADVANCE = {chr(32 + i): int(w) for i, w in enumerate(_WIDTHS.split())}
_ALLOWANCE = 1.05  # other sans-serif fonts run a little wider than Arial
ASCENT, DESCENT = 0.76, 0.22  # of the font size


@dataclass(frozen=True)
class Box:
    """A rectangle with x0 <= x1 and y0 <= y1, in pixels, y downwards."""

    x0: float
    y0: float
    x1: float
    y1: float

    @classmethod
    def around(cls, x: float, y: float, width: float, height: float) -> Box:
        """The box of this size with its middle at (x, y)."""
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    @property
    def middle(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def overlaps(self, other: Box, gap: float = 0.0) -> bool:
        return (
            self.x0 < other.x1 + gap
            and other.x0 < self.x1 + gap
            and self.y0 < other.y1 + gap
            and other.y0 < self.y1 + gap
        )

    def holds(self, x: float, y: float, gap: float = 0.0) -> bool:
        return self.x0 - gap <= x <= self.x1 + gap and self.y0 - gap <= y <= self.y1 + gap

    def grown(self, by: float) -> Box:
        return Box(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)


def text_width(words: str, size: float, bold: bool = False) -> float:
    """An upper estimate of the width of one line, in pixels."""
    units = sum(_ADVANCE.get(c, 1000 if ord(c) > 0x2E7F else 640) for c in words)
    return units / 1000 * size * _ALLOWANCE * (1.08 if bold else 1.0)


def text_box(x: float, y: float, words: str, size: float, anchor: str = "start", bold: bool = False) -> Box:
    """The box of a line whose baseline starts, centres or ends at (x, y)."""
    width = text_width(words, size, bold)
    left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
    return Box(left, y - ASCENT * size, left + width, y + DESCENT * size)


def cut(words: str, size: float, width: float, bold: bool = False) -> str:
    """`words`, shortened with an ellipsis where they would not fit."""
    if text_width(words, size, bold) <= width:
        return words
    while words and text_width(words.rstrip() + "…", size, bold) > width:
        words = words[:-1]
    return words.rstrip() + "…"


def wrapped(words: str, size: float, width: float, lines: int = 2, bold: bool = False) -> list[str]:
    """`words` on at most so many lines, as even as one break can make two of them."""
    if text_width(words, size, bold) <= width:
        return [words]
    pieces = words.split()
    if lines == 2 and len(pieces) > 1:
        splits = [(" ".join(pieces[:i]), " ".join(pieces[i:])) for i in range(1, len(pieces))]
        best = min(splits, key=lambda two: max(text_width(part, size, bold) for part in two))
        return [cut(part, size, width, bold) for part in best]
    out: list[str] = []
    for piece in pieces:
        if out and text_width(f"{out[-1]} {piece}", size, bold) <= width:
            out[-1] = f"{out[-1]} {piece}"
        elif len(out) == lines:
            out[-1] = cut(out[-1] + " " + piece, size, width, bold)
            break
        else:
            out.append(cut(piece, size, width, bold))
    return out


def spread(wanted: Iterable[float], gap: float, low: float, high: float) -> list[float]:
    """Positions as near to the wanted ones as a minimum gap and two ends allow, in the same order as given."""
    order = sorted(enumerate(wanted), key=lambda pair: pair[1])
    placed: list[float] = []
    for _, want in order:
        placed.append(max(want, low, placed[-1] + gap if placed else low))
    limit = high
    for i in range(len(placed) - 1, -1, -1):
        placed[i] = min(placed[i], limit)
        limit = placed[i] - gap
    out = [0.0] * len(placed)
    for (index, _), position in zip(order, placed):
        out[index] = position
    return out
