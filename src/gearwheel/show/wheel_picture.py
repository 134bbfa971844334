"""The drawn wheel: gears round the wheel that they turn, variables in them, signed links and loop badges."""

from __future__ import annotations

import math

from gearwheel.show import figures, svg
from gearwheel.show.boxes import Box, cut, text_box
from gearwheel.show.gear_outline import DEDENDUM, meshing_turn, teeth_outline
from gearwheel.show.link_standing import DEFINED
from gearwheel.show.palette import DARK, LIGHT, Palette
from gearwheel.show.values import at, decimal_year, mapping, span, words_of
from gearwheel.show.wheel_badges import badge_svg, place_badges
from gearwheel.show.wheel_choice import Choice, choose
from gearwheel.show.wheel_key import (
    LOOKS,
    MARGIN,
    head_svg,
    key_box,
    key_lines,
    key_svg,
    link_colour,
    sign_colour,
    sign_glyph,
)
from gearwheel.show.wheel_layout import LABEL, LINE, MODULE, NOTE, TITLE, TOOTH_OUT, Layout, Placed, PlacedNode, place
from gearwheel.show.wheel_links import SIGN_SIZE, Ground, Route, route_all

HEADING, SUBHEADING = 38.0, 18.0


def wheel_svg(results: dict, *, dark: bool = False, palette: Palette | None = None, heading: bool = True) -> str:
    """The wheel of `results` ("wheel", "graph", "loops"; any may be missing) as one self-contained SVG.

    The same results give the same bytes. `palette` overrides the light or dark colours; without `heading` the title
    is only in the text for those who hear the picture.
    """
    colours = palette or (DARK if dark else LIGHT)
    choice = choose(results)
    layout = place(choice)
    words = _heading(results, choice)
    shown = words if heading else ()
    legend = key_lines(choice)
    canvas = _canvas(layout, shown, legend)
    ground = Ground([node.box for node in layout.nodes.values()] + _title_boxes(layout), canvas.grown(-10))
    ground.solid += [box for _, box in _heading_texts(shown, canvas)] + [key_box(legend, canvas)]
    routes = route_all(layout, choice.links, ground)
    for outline in _outlines(layout):
        ground.tread(_filled_in(outline), 3.0)
    badges = place_badges(choice.loops, layout, routes, ground, canvas.grown(-8))
    body = [
        svg.tag(
            "rect",
            x=canvas.x0,
            y=canvas.y0,
            width=canvas.x1 - canvas.x0,
            height=canvas.y1 - canvas.y0,
            fill=colours.paper,
        ),
        *_discs(layout, colours),
        *(_link(route, colours) for route in sorted(routes, key=lambda r: LOOKS[r.link.standing].width)),
        *(_node(node, colours) for node in layout.nodes.values()),
        *(_titles(p, colours) for p in layout.gears),
        *(_sign(route, colours) for route in routes),
        *(badge_svg(badge, colours) for badge in badges),
        *_heading_svg(shown, canvas, colours),
        *key_svg(legend, canvas, colours),
    ]
    moved = svg.tag("g", "".join(body), transform=f"translate({svg.num(-canvas.x0)} {svg.num(-canvas.y0)})")
    return svg.drawing(
        canvas.x1 - canvas.x0, canvas.y1 - canvas.y0, words[0], _description(choice), [moved], "gw-wheel"
    )


def _heading(results: dict, choice: Choice) -> tuple[str, str, str]:
    about = mapping(mapping(results).get("wheel"))
    title = words_of(about.get("title")) or words_of(about.get("name"), "A business flywheel")
    counts = f"{len(choice.gears)} gear{'s' * (len(choice.gears) != 1)}"
    if choice.loops:
        counts += f", {len(choice.loops)} named loop{'s' * (len(choice.loops) != 1)}"
    speed = span(at(results, "speed"))
    turning = ""
    if speed is not None:
        per = words_of(at(results, "speed", "unit"), "per year")
        turning = f"turning at {figures.percent(speed.median, signed=True)} {per}"
        when = decimal_year(at(results, "speed", "at"))
        turning += f" as of {figures.year_words(when)}" if when is not None else ""
    return title, counts, turning


def _heading_texts(heading: tuple[str, ...], canvas: Box) -> list[tuple[tuple[str, float, float, bool], Box]]:
    """((words, size, baseline, bold), box) of each line in the top left corner."""
    x, y = canvas.x0 + MARGIN, canvas.y0 + MARGIN + 26
    out = []
    for words, size, bold in zip(heading, (HEADING, SUBHEADING, SUBHEADING), (True, False, False)):
        if words:
            words = cut(words, size, canvas.x1 - canvas.x0 - 2 * MARGIN, bold)
            out.append(((words, size, y, bold), text_box(x, y, words, size, bold=bold)))
            y += 32 if bold else 25
    return out


def _canvas(layout: Layout, heading: tuple[str, ...], legend: list[tuple[str, str]]) -> Box:
    """The smallest canvas round gears, heading and key; it grows upwards or downwards until a corner is free."""
    circles = [(p.x, p.y, p.radius + TOOTH_OUT) for p in layout.gears] or [(0.0, 0.0, 150.0)]
    if layout.hub_teeth:
        circles.append((*layout.hub, layout.hub_radius))
    x0, x1 = min(x - r for x, _, r in circles) - MARGIN, max(x + r for x, _, r in circles) + MARGIN
    y0, y1 = min(y - r for _, y, r in circles) - MARGIN, max(y + r for _, y, r in circles) + MARGIN
    if x1 - x0 < 640:
        x0, x1 = x0 - (640 - x1 + x0) / 2, x1 + (640 - x1 + x0) / 2

    def clear(box: Box) -> bool:
        for x, y, r in circles:
            dx, dy = max(box.x0 - x, 0, x - box.x1), max(box.y0 - y, 0, y - box.y1)
            if dx * dx + dy * dy < (r + 10) ** 2:
                return False
        return True

    while not all(clear(box) for _, box in _heading_texts(heading, Box(x0, y0, x1, y1))):
        y0 -= 10
    while not clear(key_box(legend, Box(x0, y0, x1, y1))):
        y1 += 10
    return Box(x0, y0, x1, y1)


def _title_boxes(layout: Layout) -> list[Box]:
    out = []
    for p in layout.gears:
        out.append(text_box(p.x, p.y + p.title_y, p.title, TITLE, "middle", bold=True))
        if p.note:
            out.append(text_box(p.x, p.y + p.title_y + 19, p.note, NOTE, "middle"))
    return out


def _outlines(layout: Layout) -> list[list[tuple[float, float]]]:
    """Toothed outlines, the big wheel's first (where there is one), each gear turned so that it meshes with it."""
    out = []
    if layout.hub_teeth:
        out.append(teeth_outline(*layout.hub, layout.hub_teeth, MODULE, 0.0))
    for p in layout.gears:
        turn = meshing_turn(0.0, layout.hub_teeth, p.teeth, p.angle) if layout.hub_teeth else 0.0
        out.append(teeth_outline(p.x, p.y, p.teeth, MODULE, turn))
    return out


def _filled_in(outline: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The outline with a point every few pixels, so that badges see all of it."""
    out = []
    for (x0, y0), (x1, y1) in zip(outline, outline[1:] + outline[:1]):
        pieces = max(1, int(math.dist((x0, y0), (x1, y1)) / 4))
        out += [(x0 + (x1 - x0) * k / pieces, y0 + (y1 - y0) * k / pieces) for k in range(pieces)]
    return out


def _discs(layout: Layout, colours: Palette) -> list[str]:
    parts, outlines = [], _outlines(layout)
    if layout.hub_teeth:
        (x, y), inner = layout.hub, layout.hub_radius - DEDENDUM * MODULE - 16
        parts.append(svg.polygon(outlines.pop(0), fill=colours.faint, stroke=colours.rule, stroke_width=1))
        parts.append(svg.tag("circle", cx=x, cy=y, r=inner, fill=colours.paper, stroke=colours.rule, stroke_width=1))
    for i, (p, outline) in enumerate(zip(layout.gears, outlines)):
        fill, rim = colours.gear[i % len(colours.gear)], colours.rim[i % len(colours.rim)]
        dash, opacity = ("5 4", 0.45) if p.gear.light else (None, None)
        look = {"stroke": rim, "stroke_dasharray": dash, "fill_opacity": opacity, "stroke_linejoin": "round"}
        parts.append(svg.polygon(outline, fill=fill, stroke_width=1.4, **look))
        inner = p.radius - DEDENDUM * MODULE - 7
        parts.append(svg.tag("circle", cx=p.x, cy=p.y, r=inner, fill="none", stroke_width=0.8, **look))
    return parts


def _link(route: Route, colours: Palette) -> str:
    look, colour = LOOKS[route.link.standing], link_colour(route.link, colours)
    a, b, c = route.curve
    d = f"M{svg.num(a[0])} {svg.num(a[1])}Q{svg.num(b[0])} {svg.num(b[1])} {svg.num(c[0])} {svg.num(c[1])}"
    shape = {"stroke": colour, "stroke_width": look.width, "stroke_dasharray": look.dash}
    parts = [svg.tag("path", d=d, fill="none", **shape), head_svg(route.head, look, colour, colours)]
    for start, end in route.delay_at:
        parts.append(svg.line(*start, *end, stroke=colour, stroke_width=1.8))
    return "".join(parts)


def _sign(route: Route, colours: Palette) -> str:
    """The sign beside the head. A definition has none: nobody doubts it, and there is nothing to test."""
    if route.link.standing == DEFINED:
        return ""
    glyph = sign_glyph(route.link.sign)
    x, y = route.sign_at
    size = SIGN_SIZE if glyph in ("+", figures.MINUS) else 14
    colour = sign_colour(route.link.sign, colours)
    return svg.text(x, y + 0.35 * size, glyph, size, "middle", font_weight="bold", fill=colour)


def _node(node: PlacedNode, colours: Palette) -> str:
    b = node.box
    x, y = b.middle
    parts = []
    if node.stock:
        parts.append(
            svg.tag(
                "rect",
                x=b.x0,
                y=b.y0,
                width=b.x1 - b.x0,
                height=b.y1 - b.y0,
                rx=4,
                fill=colours.panel,
                stroke=colours.ink,
                stroke_width=1.3,
            )
        )
    first = y - (len(node.lines) - 1) * LINE / 2 + 0.35 * LABEL
    for i, line in enumerate(node.lines):
        parts.append(svg.text(x, first + i * LINE, line, LABEL, "middle", fill=colours.ink))
    return "".join(parts)


def _titles(p: Placed, colours: Palette) -> str:
    out = svg.text(
        p.x,
        p.y + p.title_y,
        p.title,
        TITLE,
        "middle",
        font_weight="bold",
        fill=colours.soft if p.gear.light else colours.ink,
    )
    if p.note:
        out += svg.text(p.x, p.y + p.title_y + 19, p.note, NOTE, "middle", fill=colours.soft)
    return out


def _heading_svg(heading: tuple[str, ...], canvas: Box, colours: Palette) -> list[str]:
    return [
        svg.text(
            canvas.x0 + MARGIN,
            y,
            words,
            size,
            font_weight="bold" if bold else None,
            fill=colours.ink if bold else colours.soft,
        )
        for (words, size, y, bold), _ in _heading_texts(heading, canvas)
    ]


def _description(choice: Choice) -> str:
    gears = ", ".join(g.title for g in choice.gears) or "none"
    parts = [f"Gears: {gears}."]
    for loop in choice.loops:
        kind = {"R": "reinforcing", "B": "balancing"}.get(loop.polarity, "of changing sign")
        stops = " to ".join(choice.nodes[v].label for v in loop.path)
        parts.append(f"{loop.name} {loop.nickname}, {kind}: {stops}.")
    standing = [link.standing for link in choice.links]
    counts = [f"{look.words}: {standing.count(kind)}" for kind, look in LOOKS.items() if kind in standing]
    if counts:
        parts.append(f"Arrows, {', '.join(counts)}.")
    if choice.left_out > 0:
        parts.append(
            f"{len(choice.nodes)} of {choice.variables} variables are drawn; a link stands for the shortest chain "
            "through those left out."
        )
    return " ".join(parts)
