"""Where gears, titles and variables stand: gears round one big wheel that all of them turn.

The gears mesh with the big wheel and not with each other: a closed ring of gears that touch would lock as soon as
their number is odd, whereas any number of gears can turn one wheel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations

from gearwheel.show.boxes import Box, cut, text_width, wrapped
from gearwheel.show.gear_outline import ADDENDUM, DEDENDUM
from gearwheel.show.wheel_choice import Choice, DrawnGear

MODULE = 15.0
LABEL, TITLE, NOTE = 17.0, 22.0, 14.0
LINE = 19.0  # from baseline to baseline of a label
NODE_WIDTH = 126.0
ROW_GAP, COLUMN_GAP = 40.0, 40.0
TOOTH_OUT, RIM_IN = ADDENDUM * MODULE, DEDENDUM * MODULE + 13
_ROWS = {0: (), 1: (1,), 2: (2,), 3: (2, 1), 4: (2, 2), 5: (2, 2, 1), 6: (2, 2, 2), 7: (2, 3, 2)}


@dataclass(frozen=True)
class PlacedNode:
    name: str
    lines: tuple[str, ...]
    stock: bool
    box: Box


@dataclass(frozen=True)
class Placed:
    """A gear in its place; `slots` are the middles of its variables, relative to the gear's middle."""

    gear: DrawnGear
    x: float
    y: float
    teeth: int
    angle: float
    title: str
    title_y: float  # baseline, relative
    note: str
    slots: tuple[tuple[float, float], ...]

    @property
    def radius(self) -> float:
        return self.teeth * MODULE / 2


@dataclass(frozen=True)
class Layout:
    gears: tuple[Placed, ...]
    nodes: dict[str, PlacedNode]
    hub: tuple[float, float]
    hub_teeth: int  # 0 where a single gear needs no wheel to turn

    @property
    def hub_radius(self) -> float:
        return self.hub_teeth * MODULE / 2


def place(choice: Choice) -> Layout:
    """The whole layout around (0, 0); the picture moves it into its canvas."""
    gears = _ring_order(choice)
    shapes = [_inside(gear) for gear in gears]
    radii = [shape[0] for shape in shapes]
    hub = _hub_radius(radii)
    hub_teeth = max(12, math.ceil(2 * hub / MODULE)) if len(gears) > 1 else 0
    hub = hub_teeth * MODULE / 2
    angles = _angles(radii, hub)
    placed = []
    for gear, (radius, title, title_y, note, slots), angle in zip(gears, shapes, angles):
        reach = hub + radius if hub_teeth else 0.0
        x, y = reach * math.cos(angle), reach * math.sin(angle)
        placed.append(Placed(gear, x, y, round(2 * radius / MODULE), angle, title, title_y, note, slots))
    return Layout(tuple(placed), _seat(choice, placed), (0.0, 0.0), hub_teeth)


def node_lines(label: str) -> tuple[str, ...]:
    return tuple(wrapped(label, LABEL, NODE_WIDTH - 16))


def _node_size(lines: tuple[str, ...]) -> tuple[float, float]:
    width = max(text_width(line, LABEL) for line in lines) + 16
    return max(54.0, width), LINE * len(lines) + 11


def _inside(gear: DrawnGear) -> tuple[float, str, float, str, tuple[tuple[float, float], ...]]:
    """(pitch radius, title, its baseline, note, slots): title above rows of slots, in the smallest circle that fits."""
    title = cut(gear.title, TITLE, 200, bold=True)
    rows = _ROWS[min(len(gear.nodes), 7)]
    height = 2 * LINE + 11
    top = 25.0 + (19.0 if gear.note else 0.0) + 14.0
    slots, corners = [], [(text_width(title, TITLE, True) / 2, 0.0), (text_width(gear.note, NOTE) / 2, 30.0)]
    for i, count in enumerate(rows):
        middle = top + height / 2 + i * (height + ROW_GAP)
        for j in range(count):
            x = (j - (count - 1) / 2) * (NODE_WIDTH + COLUMN_GAP)
            slots.append((x, middle))
            corners += [
                (abs(x) + NODE_WIDTH / 2 - 5, middle - height / 2),
                (abs(x) + NODE_WIDTH / 2 - 5, middle + height / 2),
            ]
    lowest = max(y for _, y in corners)
    shift, radius = min(
        ((s, max(math.hypot(x, y - s) for x, y in corners)) for s in (lowest * k / 40 for k in range(10, 31))),
        key=lambda pair: pair[1],
    )
    teeth = max(15, math.ceil(2 * (radius + RIM_IN + 4) / MODULE))
    return teeth * MODULE / 2, title, 19.0 - shift, gear.note, tuple((x, y - shift) for x, y in slots)


def _opening(a: float, b: float, hub: float) -> float:
    """The angle at the hub between two neighbours of pitch radii a and b that just stay clear of each other."""
    clear = a + b + 2 * TOOTH_OUT + 10
    p, q = hub + a, hub + b
    return math.acos(max(-1.0, min(1.0, (p * p + q * q - clear * clear) / (2 * p * q))))


def _hub_radius(radii: list[float]) -> float:
    least = 285.0 if len(radii) > 4 else 215.0
    if len(radii) < 3:
        return least
    low, high = least, 5000.0
    for _ in range(50):
        middle = (low + high) / 2
        needed = sum(_opening(a, b, middle) for a, b in zip(radii, radii[1:] + radii[:1]))
        low, high = (low, middle) if needed <= 2 * math.pi else (middle, high)
    return high


def _angles(radii: list[float], hub: float) -> list[float]:
    """Directions from the hub, the first gear straight up, the spare room shared out evenly."""
    if len(radii) < 3:
        return [math.pi, 0.0][: len(radii)]  # two gears stand side by side
    openings = [_opening(a, b, hub) for a, b in zip(radii, radii[1:] + radii[:1])]
    spare = (2 * math.pi - sum(openings)) / len(radii)
    angles = [-math.pi / 2]
    for opening in openings[:-1]:
        angles.append(angles[-1] + opening + spare)
    return angles


def _ring_order(choice: Choice) -> list[DrawnGear]:
    """Gears with many links between them become neighbours; the gear of the wheel's size stays first."""
    gears = list(choice.gears)
    if len(gears) < 4:
        return gears
    index = {g.name: i for i, g in enumerate(gears)}
    weight: dict[tuple[int, int], int] = {}
    for link in choice.links:
        a, b = index[choice.nodes[link.cause].gear], index[choice.nodes[link.effect].gear]
        if a != b:
            pair = (min(a, b), max(a, b))
            weight[pair] = weight.get(pair, 0) + 1
    count = len(gears)

    def cost(order: tuple[int, ...]) -> float:
        seat = {g: i for i, g in enumerate(order)}
        return sum(w * math.sin(math.pi * abs(seat[a] - seat[b]) / count) for (a, b), w in weight.items())

    if count <= 7:
        best = min(((0, *p) for p in permutations(range(1, count))), key=lambda o: (round(cost(o), 9), o))
    else:
        best = _swapped_until_best(tuple(range(count)), cost)
    return [gears[i] for i in best]


def _swapped_until_best(order: tuple[int, ...], cost) -> tuple[int, ...]:
    """Exchanges pairs (the first stays) while that lowers the cost."""
    best, found = cost(order), True
    while found:
        found = False
        for i in range(1, len(order)):
            for j in range(i + 1, len(order)):
                trial = list(order)
                trial[i], trial[j] = trial[j], trial[i]
                value = cost(tuple(trial))
                if value < best - 1e-9:
                    order, best, found = tuple(trial), value, True
    return order


def _seat(choice: Choice, placed: list[Placed]) -> dict[str, PlacedNode]:
    """Gives each variable the slot that keeps its links short, gear by gear until nothing improves."""
    where: dict[str, tuple[float, float]] = {}
    for p in placed:
        for name, (x, y) in zip(p.gear.nodes, p.slots):
            where[name] = (p.x + x, p.y + y)
    partners: dict[str, list[str]] = {name: [] for name in where}
    for link in choice.links:
        partners[link.cause].append(link.effect)
        partners[link.effect].append(link.cause)
    for _ in range(5):
        before = dict(where)
        for p in placed:
            names = [n for n in p.gear.nodes if n in where]
            seats = [(p.x + x, p.y + y) for x, y in p.slots]

            def length(order: tuple, names=names) -> float:
                trial = {**where, **dict(zip(names, order))}
                return sum(math.dist(trial[n], trial[m]) for n in names for m in partners[n])

            best = min(permutations(seats, len(names)), key=lambda order: round(length(order), 6)) if names else ()
            where.update(zip(names, best))
        if where == before:
            break
    nodes = {}
    for name, (x, y) in where.items():
        lines = node_lines(choice.nodes[name].label)
        nodes[name] = PlacedNode(name, lines, choice.nodes[name].stock, Box.around(x, y, *_node_size(lines)))
    return nodes
