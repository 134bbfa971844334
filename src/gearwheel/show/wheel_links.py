"""Routes of links: curves that keep clear of variables and titles, with head, sign and delay mark."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gearwheel.show.boxes import Box
from gearwheel.show.link_standing import DEFINED
from gearwheel.show.wheel_choice import DrawnLink
from gearwheel.show.wheel_layout import Layout

Point = tuple[float, float]
HEAD = 9.0
BELOW = 1.5  # the middle of a sign's line of text lies this far below the middle of the sign
SIGN_SIZE = 17.0
_CELL = 9.0
_BENDS = (0.0, 0.09, -0.09, 0.18, -0.18, 0.28, -0.28, 0.4, -0.4, 0.55, -0.55, 0.75, -0.75)


@dataclass
class Ground:
    """What is already drawn: boxes that nothing may cover, and how crowded each small cell is with curves."""

    solid: list[Box]
    edge: Box  # of the canvas, which no link may leave
    crowd: dict[tuple[int, int], float] = field(default_factory=dict)

    def tread(self, path: list[Point], weight: float = 1.0) -> None:
        for x, y in path:
            cell = (int(x // _CELL), int(y // _CELL))
            self.crowd[cell] = self.crowd.get(cell, 0.0) + weight

    def crowding(self, x: float, y: float) -> float:
        return self.crowd.get((int(x // _CELL), int(y // _CELL)), 0.0)

    def crowding_in(self, box: Box) -> float:
        columns = range(int(box.x0 // _CELL), int(box.x1 // _CELL) + 1)
        rows = range(int(box.y0 // _CELL), int(box.y1 // _CELL) + 1)
        return sum(self.crowd.get((i, j), 0.0) for i in columns for j in rows)

    def free(self, box: Box, gap: float = 0.0) -> bool:
        return not any(box.overlaps(other, gap) for other in self.solid)


@dataclass(frozen=True)
class Route:
    """A link as drawn: its curve as points and as path data, the head's triangle, the sign's middle, delay marks."""

    link: DrawnLink
    path: tuple[Point, ...]
    curve: tuple[Point, Point, Point]
    head: tuple[Point, ...]
    sign_at: Point
    delay_at: tuple[tuple[Point, Point], ...]


def _curve(a: Point, b: Point, c: Point, count: int) -> list[Point]:
    out = []
    for i in range(count + 1):
        t = i / count
        u, v, w = (1 - t) ** 2, 2 * t * (1 - t), t * t
        out.append((u * a[0] + v * b[0] + w * c[0], u * a[1] + v * b[1] + w * c[1]))
    return out


def _clipped(curve: tuple[Point, Point, Point], start: Box, end: Box) -> tuple[Point, Point, Point] | None:
    """The part of a quadratic curve between two boxes, as a quadratic curve of its own."""
    samples = _curve(*curve, 120)
    outside = [i for i, (x, y) in enumerate(samples) if not start.holds(x, y, 3) and not end.holds(x, y, 5)]
    if len(outside) < 6:
        return None
    t0, t1 = outside[0] / 120, outside[-1] / 120
    (ax, ay), (bx, by), (cx, cy) = curve

    def blossom(s: float, t: float) -> Point:
        u, v, w = (1 - s) * (1 - t), s * (1 - t) + t * (1 - s), s * t
        return u * ax + v * bx + w * cx, u * ay + v * by + w * cy

    return blossom(t0, t0), blossom(t0, t1), blossom(t1, t1)


def route_all(layout: Layout, links: tuple[DrawnLink, ...], ground: Ground) -> list[Route]:
    """Routes every link, short ones first because they have the least freedom; then places signs and delay marks."""
    boxes = {name: node.box for name, node in layout.nodes.items()}
    discs = [(p.gear.name, p.x, p.y, p.radius) for p in layout.gears]
    gear_of = {name: p.gear.name for p in layout.gears for name in p.gear.nodes}

    def span(link: DrawnLink) -> float:
        return math.dist(boxes[link.cause].middle, boxes[link.effect].middle)

    curves: dict[DrawnLink, tuple[Point, Point, Point]] = {}
    for link in sorted(links, key=span):
        foreign = [d[1:] for d in discs if d[0] not in (gear_of[link.cause], gear_of[link.effect])]
        curve = _best_curve(boxes[link.cause], boxes[link.effect], link, layout, ground, foreign)
        if curve is not None:
            curves[link] = curve
            ground.tread(_curve(*curve, max(4, int(span(link) / 5))))
    heads = {link: _head(curve) for link, curve in curves.items()}
    ground.solid.extend(_around(head) for head in heads.values())
    routes = []
    for link in links:
        if link in curves:
            routes.append(_dressed(link, curves[link], heads[link], ground))
    return routes


def _around(shape: tuple[Point, ...]) -> Box:
    xs, ys = [p[0] for p in shape], [p[1] for p in shape]
    return Box(min(xs), min(ys), max(xs), max(ys))


def _best_curve(start: Box, end: Box, link: DrawnLink, layout: Layout, ground: Ground, foreign: list) -> tuple | None:
    (ax, ay), (cx, cy) = start.middle, end.middle
    mx, my, length = (ax + cx) / 2, (ay + cy) / 2, math.hypot(cx - ax, cy - ay) or 1.0
    nx, ny = (ay - cy) / length, (cx - ax) / length
    controls = [(mx + nx * bend * length, my + ny * bend * length, abs(bend)) for bend in _BENDS]
    if link.across and layout.hub_teeth:
        hx, hy = layout.hub
        for pull in (0.25, 0.45, 0.65, 0.85):
            at = (mx + pull * (hx - mx), my + pull * (hy - my))
            controls.append((*at, 0.3 * abs((at[0] - mx) * nx + (at[1] - my) * ny) / length))
    best, best_cost = None, math.inf
    for bx, by, bend in controls:
        curve = _clipped(((ax, ay), (bx, by), (cx, cy)), start, end)
        if curve is None:
            continue
        cost = _cost(curve, bend, start, end, ground, foreign)
        if cost < best_cost:
            best, best_cost = curve, cost
    return best


def _cost(curve: tuple, bend: float, start: Box, end: Box, ground: Ground, foreign: list) -> float:
    path = _curve(*curve, max(8, int(math.dist(curve[0], curve[2]) / 8)))
    length = sum(math.dist(p, q) for p, q in zip(path, path[1:]))
    cost = length * 0.12 + 55 * bend * bend + (90 if length < 26 else 0)
    # A straight line is dull and hides which of two links is which; a gentle bow is what the eye follows best.
    cost += 4 if bend == 0 else 0
    around = _around(tuple(path))
    near = [b for b in ground.solid if b is not start and b is not end and b.overlaps(around, 5)]
    for x, y in path[1:-1]:
        cost += 0 if ground.edge.holds(x, y) else 60
        for box in near:
            if box.holds(x, y, 5):
                cost += 60
        for dx, dy, radius in foreign:
            if math.hypot(x - dx, y - dy) < radius:
                cost += 8
        cost += 3.2 * ground.crowding(x, y)
    return cost


def _head(curve: tuple[Point, Point, Point]) -> tuple[Point, Point, Point]:
    (_, (bx, by), (cx, cy)) = curve
    length = math.hypot(cx - bx, cy - by) or 1.0
    ux, uy = (cx - bx) / length, (cy - by) / length
    back = (cx - HEAD * ux, cy - HEAD * uy)
    side = 0.42 * HEAD
    return (cx, cy), (back[0] - side * uy, back[1] + side * ux), (back[0] + side * uy, back[1] - side * ux)


def _dressed(link: DrawnLink, curve: tuple, head: tuple, ground: Ground) -> Route:
    path = _curve(*curve, max(12, int(math.dist(curve[0], curve[2]) / 3)))
    marks = _delay_marks(path, ground) if link.delay else ()
    sign = path[-1]
    if link.standing != DEFINED:
        sign = _sign_place(path, ground)
        ground.solid.append(Box.around(sign[0], sign[1] + BELOW, 13, 15))
    # The line ends inside the head, so that its blunt end does not show beside the point.
    shown = _clipped_tail(curve)
    return Route(link, tuple(path), shown, head, sign, marks)


def _clipped_tail(curve: tuple[Point, Point, Point]) -> tuple[Point, Point, Point]:
    a, b, c = curve
    length = math.hypot(c[0] - b[0], c[1] - b[1]) or 1.0
    k = min(0.5, 0.7 * HEAD / length)
    return a, b, (c[0] - k * (c[0] - b[0]), c[1] - k * (c[1] - b[1]))


def _sign_place(path: list[Point], ground: Ground) -> Point:
    """Beside the head where there is room, else further back along the link, else further out."""
    best, best_cost = path[0], math.inf
    total = 0.0
    for i in range(len(path) - 1, 0, -1):
        (x1, y1), (x0, y0) = path[i], path[i - 1]
        step = math.hypot(x1 - x0, y1 - y0) or 1e-9
        total += step
        if total < HEAD - 1:
            continue
        nx, ny = -(y1 - y0) / step, (x1 - x0) / step
        for out in (10.5, -10.5, 14.0, -14.0, 19.0, -19.0, 26.0, -26.0, 36.0, -36.0):
            at = (x0 + nx * out, y0 + ny * out)
            cost = 1.1 * total + 2.6 * abs(out)
            if cost >= best_cost:
                continue
            box = Box.around(at[0], at[1] + BELOW, 14, 16)
            if not ground.free(box, 1.0) or not ground.edge.holds(*at):
                continue
            cost += 2.2 * ground.crowding_in(Box.around(*at, 9, 9))
            if cost < best_cost:
                best, best_cost = at, cost
    return best


def _delay_marks(path: list[Point], ground: Ground) -> tuple[tuple[Point, Point], ...]:
    """Two short bars across the link, near its middle, where nothing else is in the way."""
    count = len(path)
    middle = min(
        range(2, count - 2),
        key=lambda i: (
            abs(i / count - 0.42) * 30
            + 2 * ground.crowding(*path[i])
            + (0 if ground.free(Box.around(*path[i], 12, 12), 2) else 200)
        ),
        default=None,
    )
    if middle is None:
        return ()
    (x0, y0), (x1, y1) = path[middle - 1], path[middle + 1]
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    x, y = path[middle]
    ground.solid.append(Box.around(x, y, 15, 15))
    bars = []
    for shift in (-2.6, 2.6):
        px, py = x + shift * ux, y + shift * uy
        bars.append(((px - 6.5 * uy, py + 6.5 * ux), (px + 6.5 * uy, py - 6.5 * ux)))
    return tuple(bars)
