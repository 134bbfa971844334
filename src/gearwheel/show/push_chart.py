"""The map of a push: start states upwards, sizes of the push sideways, the probability of success as shade."""

from __future__ import annotations

import math

from gearwheel.show import svg
from gearwheel.show.axes import TEXT
from gearwheel.show.figures import chance, number, percent
from gearwheel.show.palette import LIGHT, Palette
from gearwheel.show.words_push import sizes as of

LEFT, TOP, CELL_HEIGHT, FOOT = 96.0, 34.0, 26.0, 52.0


def push_chart(found: dict, *, width: float = 640, palette: Palette = LIGHT) -> str:
    """The `map` of a push as SVG: one cell a start and a size with its probability, and the boundary as a line."""
    part = found["map"]
    starts, sizes, odds = part["starts"], part["sizes"], part["odds"]
    cell = (width - LEFT - 16) / len(sizes)
    foot = TOP + CELL_HEIGHT * len(starts)
    body = [svg.text(4, 18, "Start, times what it is; in the cells: share of draws that work", TEXT, fill=palette.soft)]
    for i, start in enumerate(starts):
        y = foot - CELL_HEIGHT * (i + 1)
        body.append(svg.text(LEFT - 8, y + 17, number(start), TEXT, "end", fill=palette.ink))
        for j, odd in enumerate(odds[i]):
            body += _cell(LEFT + cell * j, y, cell, odd, palette)
    edge = [
        (LEFT + cell * (j + 0.5), _height(b, starts, foot)) for j, b in enumerate(part["boundary"]) if b is not None
    ]
    if len(edge) > 1:
        body.append(svg.polyline(edge, stroke=palette.minus, stroke_width=2.5))
    body += [svg.tag("circle", cx=x, cy=y, r=3.5, fill=palette.minus) for x, y in edge]
    for j, size in enumerate(sizes):
        body.append(svg.text(LEFT + cell * (j + 0.5), foot + 18, number(size), TEXT, "middle", fill=palette.ink))
    line = f"; line: {percent(found['wanted'])} of draws" if edge else ""
    words = f"Size of the push, {of(found)}{line}"
    body.append(svg.text(LEFT, foot + 40, words, TEXT, fill=palette.soft))
    said = "; ".join(
        f"push {number(s)}: start {number(b) if b is not None else 'outside the map'}"
        for s, b in zip(sizes, part["boundary"])
    )
    return svg.drawing(width, foot + FOOT, "Start and push: where the wheel gets going", f"{said}.", body)


def _cell(x: float, y: float, width: float, odd: float, palette: Palette) -> list[str]:
    shade = svg.tag(
        "rect",
        x=x,
        y=y,
        width=width - 1,
        height=CELL_HEIGHT - 1,
        fill=palette.plus,
        fill_opacity=round(0.04 + 0.7 * odd, 3),
    )
    return [shade, svg.text(x + width / 2, y + 17, chance(odd), TEXT - 1, "middle", fill=palette.ink)]


def _height(start: float, starts: list[float], foot: float) -> float:
    """Where a start lies between the middles of the rows, in logs."""
    low, high = math.log(starts[0]), math.log(starts[-1])
    row = (math.log(start) - low) / (high - low) * (len(starts) - 1)
    return foot - CELL_HEIGHT * (row + 0.5)
