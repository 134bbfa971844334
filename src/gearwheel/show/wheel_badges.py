"""Loop badges: a name in a small circle with an arrow that turns the loop's own way, and the nickname below it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gearwheel.show import svg
from gearwheel.show.boxes import Box, text_width, wrapped
from gearwheel.show.palette import Palette
from gearwheel.show.wheel_choice import DrawnLoop
from gearwheel.show.wheel_layout import Layout
from gearwheel.show.wheel_links import Ground, Point, Route

RADIUS = 19.0
NICKNAME = 13.0
_LINE = 15.0
_GRID = 9.0


@dataclass(frozen=True)
class Badge:
    loop: DrawnLoop
    x: float
    y: float
    clockwise: bool
    lines: tuple[str, ...]


def place_badges(
    loops: tuple[DrawnLoop, ...], layout: Layout, routes: list[Route], ground: Ground, canvas: Box
) -> list[Badge]:
    """Each badge as near to the middle of its loop as it can stand without covering a variable, text or badge."""
    curves = {(r.link.cause, r.link.effect): r.path for r in routes}
    out = []
    for loop in loops:
        outline = _outline(loop, layout, curves)
        lines = tuple(wrapped(loop.nickname, NICKNAME, 96)) if loop.nickname else ()
        width = max([2 * RADIUS + 8, *(text_width(line, NICKNAME) for line in lines)])
        below = _LINE * len(lines)
        middle = _middle(outline) if outline else layout.hub
        spot = _free_spot(middle, width, below, ground, canvas)
        if spot is None:
            continue
        x, y = spot
        ground.solid.append(Box(x - width / 2, y - RADIUS - 4, x + width / 2, y + RADIUS + 4 + below))
        out.append(Badge(loop, x, y, _area(outline) >= 0, lines))
    return out


def _outline(loop: DrawnLoop, layout: Layout, curves: dict) -> list[Point]:
    """The loop as it runs over the drawing, along its own curves where they are drawn."""
    out: list[Point] = []
    for cause, effect in zip(loop.path, loop.path[1:] + loop.path[:1]):
        out.append(layout.nodes[cause].box.middle)
        out.extend(curves.get((cause, effect), ()))
    return out


def _middle(outline: list[Point]) -> Point:
    xs, ys = [p[0] for p in outline], [p[1] for p in outline]
    return sum(xs) / len(xs), sum(ys) / len(ys)


def _area(outline: list[Point]) -> float:
    """Twice the enclosed area, positive when the loop runs clockwise on the screen (y points down)."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(outline, outline[1:] + outline[:1]))


def _free_spot(middle: Point, width: float, below: float, ground: Ground, canvas: Box) -> Point | None:
    """The cheapest free place: near the middle, and covering as little of any link as possible.

    Searched in square rings outwards, so that the search ends as soon as distance alone costs too much.
    """
    best, best_cost = None, math.inf
    inner = Box(canvas.x0 + width / 2, canvas.y0 + RADIUS + 6, canvas.x1 - width / 2, canvas.y1 - RADIUS - 6 - below)
    middle = (min(max(middle[0], inner.x0), inner.x1), min(max(middle[1], inner.y0), inner.y1))
    rings = int(max(inner.x1 - inner.x0, inner.y1 - inner.y0) / _GRID) + 1
    for ring in range(rings):
        if 0.5 * ring * _GRID >= best_cost:
            break
        for i, j in _ring(ring):
            x, y = middle[0] + i * _GRID, middle[1] + j * _GRID
            cost = 0.5 * math.hypot(i, j) * _GRID
            if cost >= best_cost or not inner.holds(x, y):
                continue
            box = Box(x - width / 2, y - RADIUS - 4, x + width / 2, y + RADIUS + 4 + below)
            if not ground.free(box, 3):
                continue
            cost += 4.5 * ground.crowding_in(box.grown(2))
            if cost < best_cost:
                best, best_cost = (x, y), cost
    return best


def _ring(radius: int) -> list[tuple[int, int]]:
    """The cells at this distance, counted along the longer side."""
    side = range(-radius, radius + 1)
    if radius == 0:
        return [(0, 0)]
    return [(i, j) for i in side for j in ((-radius, radius) if abs(i) < radius else side)]


def badge_svg(badge: Badge, palette: Palette) -> str:
    """One badge: an open ring with an arrow head (dashed where the loop's sign changes), name inside, nickname below."""
    x, y, turn = badge.x, badge.y, 1 if badge.clockwise else -1
    colour = {"R": palette.ink, "B": palette.ink}.get(badge.loop.polarity, palette.soft)
    start, end = -math.pi / 2 + turn * 0.5, -math.pi / 2 - turn * 0.30
    sx, sy = x + RADIUS * math.cos(start), y + RADIUS * math.sin(start)
    ex, ey = x + RADIUS * math.cos(end), y + RADIUS * math.sin(end)
    arc = f"M{svg.num(sx)} {svg.num(sy)}A{svg.num(RADIUS)} {svg.num(RADIUS)} 0 1 {int(turn > 0)} {svg.num(ex)} {svg.num(ey)}"
    along = end + turn * math.pi / 2
    ux, uy = math.cos(along), math.sin(along)
    tip = (ex + 6.5 * ux, ey + 6.5 * uy)
    wings = ((ex - 4.2 * uy - 1.5 * ux, ey + 4.2 * ux - 1.5 * uy), (ex + 4.2 * uy - 1.5 * ux, ey - 4.2 * ux - 1.5 * uy))
    dash = "3 3" if badge.loop.polarity not in ("R", "B") else None
    parts = [
        svg.tag("circle", cx=x, cy=y, r=RADIUS, fill=palette.paper, stroke="none"),
        svg.tag("path", d=arc, fill="none", stroke=colour, stroke_width=1.8, stroke_dasharray=dash),
        svg.polygon((tip, *wings), fill=colour),
        svg.text(x, y + 5, badge.loop.name[:5], 14, "middle", font_weight="bold", fill=palette.ink),
    ]
    for i, line in enumerate(badge.lines):
        parts.append(
            svg.text(x, y + RADIUS + 4 + 11.5 + i * _LINE, line, NICKNAME, "middle", fill=palette.soft, font_style=None)
        )
    return "".join(parts)
