"""How links and signs look, and the key in the picture's corner that explains what this picture uses."""

from __future__ import annotations

from dataclasses import dataclass

from gearwheel.show import figures, svg
from gearwheel.show.boxes import Box, text_width
from gearwheel.show.link_standing import CLAIMED, DEFINED, NO_EFFECT, OPEN, SHOWN
from gearwheel.show.palette import Palette
from gearwheel.show.wheel_choice import Choice, DrawnLink
from gearwheel.show.wheel_links import SIGN_SIZE

MARGIN = 34.0
KEY = 15.5


@dataclass(frozen=True)
class Look:
    """How a link of one standing is drawn: width and dash of its line, whether its head is filled, its words in the key."""

    width: float
    dash: str | None
    filled: bool
    words: str


LOOKS = {
    SHOWN: Look(3.4, None, True, "the data show it"),
    OPEN: Look(1.6, "7 4", False, "the data cannot tell; its sign is the claim"),
    NO_EFFECT: Look(1.6, "1.5 4", True, "the data show no effect"),
    CLAIMED: Look(1.8, None, True, "a claim, nothing measured yet"),
    DEFINED: Look(1.1, None, True, "holds by definition"),
}


def link_colour(link: DrawnLink, colours: Palette) -> str:
    return colours.belief if link.standing in (DEFINED, NO_EFFECT) else sign_colour(link.sign, colours)


def sign_colour(sign: str, colours: Palette) -> str:
    return {"+": colours.plus, "-": colours.minus, "0": colours.soft}.get(sign, colours.open)


def sign_glyph(sign: str) -> str:
    return {"+": "+", "-": figures.MINUS, "0": "0"}.get(sign, "?")


def key_lines(choice: Choice) -> list[tuple[str, str]]:
    """(what is drawn, what it means); only what this picture uses."""
    lines = []
    signs = {link.sign for link in choice.links if link.standing != DEFINED}
    for sign, words in (("+", "more makes more"), ("-", "more makes less"), ("?", "sign open, or both ways")):
        if sign in signs:
            lines.append((sign, words))
    used = {link.standing for link in choice.links}
    lines += [
        (standing, look.words + _left_out(choice, standing)) for standing, look in LOOKS.items() if standing in used
    ]
    if any(link.delay for link in choice.links):
        lines.append(("delay", "takes time"))
    if any(node.stock for node in choice.nodes.values()):
        lines.append(("stock", "accumulates"))
    if choice.loops:
        lines.append(("loop", "a loop, turning its own way"))
    if any(gear.light for gear in choice.gears):
        lines.append(("light", "not open yet, or not fitted to data"))
    return lines


def _left_out(choice: Choice, standing: str) -> str:
    """A picture that has no room for all claims must not look as if those drawn were all."""
    drawn, there = choice.drawn(standing), choice.there(standing)
    return f" ({drawn} of {there} drawn)" if drawn < there else ""


def head_svg(head: tuple, look: Look, colour: str, colours: Palette) -> str:
    """An arrow's head; hollow where the effect itself is uncertain."""
    if look.filled:
        return svg.polygon(head, fill=colour)
    return svg.polygon(head, fill=colours.paper, stroke=colour, stroke_width=1.2, stroke_linejoin="round")


def key_box(lines: list[tuple[str, str]], canvas: Box) -> Box:
    width = 48 + max([text_width(words, KEY) for _, words in lines] + [190.0])
    bottom = canvas.y1 - MARGIN
    return Box(canvas.x0 + MARGIN, bottom - 24 * len(lines), canvas.x0 + MARGIN + width, bottom)


def key_svg(lines: list[tuple[str, str]], canvas: Box, colours: Palette) -> list[str]:
    box = key_box(lines, canvas)
    out = []
    for i, (kind, words) in enumerate(lines):
        x, y = box.x0, box.y0 + 24 * i + 12
        out.append(_key_mark(kind, x, y, colours))
        out.append(svg.text(x + 48, y + 5, words, KEY, fill=colours.soft))
    return out


def _key_mark(kind: str, x: float, y: float, colours: Palette) -> str:
    if kind in ("+", "-", "?"):
        colour = sign_colour(kind, colours)
        head = svg.polygon(((x + 26, y), (x + 18, y - 3.8), (x + 18, y + 3.8)), fill=colour)
        size = SIGN_SIZE if kind != "?" else 14
        mark = svg.text(x + 35, y + 6, sign_glyph(kind), size, "middle", font_weight="bold", fill=colour)
        return svg.line(x, y, x + 19, y, stroke=colour, stroke_width=1.9) + head + mark
    if kind in LOOKS:
        look, colour = LOOKS[kind], colours.belief if kind in (DEFINED, NO_EFFECT) else colours.soft
        line = svg.line(x, y, x + 30, y, stroke=colour, stroke_width=look.width, stroke_dasharray=look.dash)
        return line + head_svg(((x + 38, y), (x + 29, y - 3.8), (x + 29, y + 3.8)), look, colour, colours)
    if kind == "delay":
        bars = "".join(
            svg.line(x + k, y - 6.5, x + k, y + 6.5, stroke=colours.soft, stroke_width=1.8) for k in (16.5, 21.5)
        )
        return svg.line(x, y, x + 38, y, stroke=colours.soft, stroke_width=1.7) + bars
    if kind == "stock":
        return svg.tag(
            "rect",
            x=x + 4,
            y=y - 8,
            width=30.0,
            height=16.0,
            rx=4,
            fill=colours.panel,
            stroke=colours.ink,
            stroke_width=1.3,
        )
    if kind == "light":
        return svg.tag(
            "circle", cx=x + 19, cy=y, r=8.5, fill="none", stroke=colours.rule, stroke_width=1.4, stroke_dasharray="4 3"
        )
    arc = f"M{svg.num(x + 24)} {svg.num(y - 7)}A8.5 8.5 0 1 1 {svg.num(x + 15)} {svg.num(y - 7.5)}"
    head = svg.polygon(((x + 21, y - 8.6), (x + 13.8, y - 11.2), (x + 14.6, y - 3.8)), fill=colours.ink)
    return svg.tag("path", d=arc, fill="none", stroke=colours.ink, stroke_width=1.6) + head
