"""Charts of values over time: `fan`, `lines` and `shares`. Pure functions of plain data to SVG text.

The two charts of one moment, `tornado` and `beliefs`, are in `bars.py` and re-exported here.
"""

from __future__ import annotations

import math

from gearwheel.show import figures, svg
from gearwheel.show.axes import (
    TEXT,
    Scale,
    empty,
    left_room,
    log_ticks,
    nice_ticks,
    padded,
    time_axis,
    value_axis,
    value_labels,
)
from gearwheel.show.bars import belief_strip, beliefs, tornado
from gearwheel.show.boxes import cut, spread, text_width
from gearwheel.show.palette import LIGHT, Palette
from gearwheel.show.values import listing, loop_name, mapping, path_over_time, real, series_unit, words_of

__all__ = ["belief_strip", "beliefs", "empty", "fan", "lines", "shares", "tornado"]

NEAR_CEILING = 0.7  # of the ceiling, from which on a fan shows it
_BANDS = (("q05", "q95", 0.14), ("q10", "q90", 0.16), ("q25", "q75", 0.26))


def _area(upper: list, lower: list, **attributes: object) -> str:
    return svg.polygon(list(upper) + list(lower)[::-1], stroke="none", **attributes)


def fan(series: dict, *, width: float = 560, height: float = 280, palette: Palette = LIGHT) -> str:
    """History as dots, then the forecast's median with its 50, 80 and 90 % bands, a line at "now" between them.

    `series` is one entry of results["series"]: {"title", "unit", "scale", "history": [[year, value, bound]],
    "forecast": {"time", "q05" … "q95"}}. A history value that is only a bound is drawn as an arrow. What the gauge cannot
    exceed ("ceiling") is a line where the values come near it.
    """
    series = mapping(series)
    title, unit = words_of(series.get("title"), "a gauge"), series_unit(series)
    history = [
        (real(row[0]), real(row[1]), words_of(row[2]) if len(row) > 2 else "")
        for row in map(listing, listing(series.get("history")))
        if len(row) > 1 and None not in (real(row[0]), real(row[1]))
    ]
    ahead = mapping(series.get("forecast"))
    middle = path_over_time(ahead, "q50")
    bands = [(path_over_time(ahead, low, high), shade) for low, high, shade in _BANDS]
    values = [v for _, v, _ in history] + [v for _, v in middle] + [v for rows, _ in bands for r in rows for v in r[1:]]
    if not values:
        return empty(f"{title}: no history and no forecast", width=width, palette=palette)
    ceiling = real(series.get("ceiling"))
    ceiling = ceiling if ceiling is not None and max(values) > NEAR_CEILING * ceiling else None
    values += [] if ceiling is None else [ceiling]
    log = words_of(series.get("scale")) == "log" and min(values) > 1e-200
    low, high = padded(min(values), max(values), log)
    ticks = (log_ticks if log else nice_ticks)(low, high, 5)
    labels = value_labels(ticks, unit)
    x0, x1, y0, y1 = left_room(labels), width - 16, 34.0, height - 28
    times = [t for t, _, _ in history] + [t for t, _ in middle] + [r[0] for rows, _ in bands for r in rows]
    x, y = Scale(min(times), max(times), x0 + 6, x1 - 4), Scale(low, high, y1, y0, log)
    body = value_axis(y, ticks, labels, x0, x1, palette) + time_axis(x, y1, palette)
    body.append(_unit_line(title, unit, log, x0, width, palette))
    joint = [history[-1][:2]] if history and _follows(history[-1], middle) else []
    for rows, shade in bands:
        if rows:
            upper = [(x(t), y(v)) for t, v in joint] + [(x(t), y(b)) for t, _, b in rows]
            lower = [(x(t), y(v)) for t, v in joint] + [(x(t), y(a)) for t, a, _ in rows]
            body.append(_area(upper, lower, fill=palette.band, fill_opacity=shade))
    if middle:
        body.append(svg.polyline([(x(t), y(v)) for t, v in joint + middle], stroke=palette.band, stroke_width=2))
    if history and middle:
        body += _now(
            x(history[-1][0] if joint else _before(middle, words_of(series.get("period")))), y0, y1, x1, palette
        )
    body += [_dot(x(t), y(v), bound, palette) for t, v, bound in history]
    if ceiling is not None:
        body.append(svg.line(x0, y(ceiling), x1, y(ceiling), stroke=palette.minus, stroke_width=1.4))
        most = f"cannot exceed {figures.amount(ceiling, unit)}"
        body.append(svg.text(x0 + 8, y(ceiling) - 5, most, TEXT - 1, fill=palette.soft))
    said = _fan_words(title, unit, history, middle, ceiling)
    return svg.drawing(width, height, f"{title}: history and forecast", said, body)


def _before(middle: list, period: str) -> float:
    """The moment at which a forecast begins: a period before its first date, half of one before a period's middle."""
    spacing = middle[1][0] - middle[0][0] if len(middle) > 1 else 1.0
    return middle[0][0] - spacing * (1.0 if period == "date" else 0.5)


def _follows(last: tuple, middle: list) -> bool:
    """Whether the forecast goes on where the record ends: a record that ended years ago is not joined to it."""
    if not middle or last[2]:
        return False
    spacing = middle[1][0] - middle[0][0] if len(middle) > 1 else 1.0
    return middle[0][0] - last[0] < 1.6 * spacing


def _unit_line(title: str, unit: str, log: bool, x0: float, width: float, palette: Palette) -> str:
    said = figures.unit_words(unit)
    tail = ", ".join(filter(None, [said, "log scale" if log else ""]))
    words = cut(title, TEXT + 1, width - 30 - text_width(tail, TEXT), bold=True)
    out = svg.text(4, 16, words, TEXT + 1, font_weight="bold", fill=palette.ink)
    if tail:
        out += svg.text(14 + text_width(words, TEXT + 1, True), 16, tail, TEXT, fill=palette.soft)
    return out


def _now(x: float, y0: float, y1: float, x1: float, palette: Palette) -> list[str]:
    end = x > x1 - 30
    return [
        svg.line(x, y0 - 4, x, y1, stroke=palette.soft, stroke_width=1, stroke_dasharray="3 3"),
        svg.text(x + (-5 if end else 5), y1 - 6, "now", TEXT - 1, "end" if end else "start", fill=palette.soft),
    ]


def _dot(x: float, y: float, bound: str, palette: Palette) -> str:
    if not bound:
        return svg.tag("circle", cx=x, cy=y, r=2.6, fill=palette.ink)
    way = -1 if bound == "above" else 1
    head = svg.polygon(((x, y + way * 11), (x - 3.2, y + way * 5.5), (x + 3.2, y + way * 5.5)), fill=palette.ink)
    return svg.line(x, y, x, y + way * 6, stroke=palette.ink, stroke_width=1.3) + head


def _fan_words(title: str, unit: str, history: list, middle: list, ceiling: float | None = None) -> str:
    parts = []
    if history:
        than = {"above": "more than ", "below": "less than "}.get(history[-1][2], "")
        parts.append(f"Last measured {than}{figures.amount(history[-1][1], unit)} in {int(history[-1][0])}.")
    if middle:
        parts.append(f"Median forecast {figures.amount(middle[-1][1], unit)} for {int(middle[-1][0])}.")
    if ceiling is not None:
        parts.append(f"It cannot exceed {figures.amount(ceiling, unit)}.")
    return f"{title}. " + " ".join(parts)


def lines(
    series: list[dict],
    *,
    title: str = "",
    unit: str = "",
    width: float = 560,
    height: float = 280,
    palette: Palette = LIGHT,
    now: float | None = None,
    zero: bool = False,
) -> str:
    """Lines over time with their 90 % bands, each named at its end.

    `series` holds {"title", "time", "median", "low", "high"} dicts in one unit; bands may be missing. `zero` makes
    the axis include zero.
    """
    drawn = []
    for one in map(mapping, series):
        rows = path_over_time(one, "median")
        if rows:
            drawn.append((words_of(one.get("title")), rows, path_over_time(one, "low", "high")))
    if not drawn:
        return empty(f"{title or 'This'}: nothing to draw yet", width=width, palette=palette)
    values = [v for _, rows, band in drawn for r in rows + band for v in r[1:]] + ([0.0] if zero else [])
    low, high = padded(min(values), max(values), False)
    ticks = nice_ticks(low, high, 5)
    labels = value_labels(ticks, unit)
    names = [cut(name, TEXT, 150) for name, _, _ in drawn] if len(drawn) > 1 else []
    right = max([text_width(name, TEXT) for name in names] + [4.0]) + 12
    x0, x1, y0, y1 = left_room(labels), width - right, 34.0, height - 28
    times = [r[0] for _, rows, _ in drawn for r in rows]
    x, y = Scale(min(times), max(times), x0 + 4, x1), Scale(low, high, y1, y0)
    body = value_axis(y, ticks, labels, x0, x1, palette) + time_axis(x, y1, palette)
    body.append(_unit_line(title, unit, False, x0, width, palette))
    if now is not None and min(times) < now < max(times):
        body += _now(x(now), y0, y1, x1, palette)
    heights = spread([y(rows[-1][1]) for _, rows, _ in drawn], TEXT + 4, y0, y1 - 4)
    for i, (_, rows, band) in enumerate(drawn):
        colour = palette.series[i % len(palette.series)]
        if band:
            upper, lower = [(x(t), y(b)) for t, _, b in band], [(x(t), y(a)) for t, a, _ in band]
            body.append(_area(upper, lower, fill=colour, fill_opacity=0.16))
        body.append(svg.polyline([(x(t), y(v)) for t, v in rows], stroke=colour, stroke_width=2))
        if names:
            body.append(svg.text(x1 + 8, heights[i] + 4.5, names[i], TEXT, fill=palette.ink))
            body.append(
                svg.line(x(rows[-1][0]) + 1, y(rows[-1][1]), x1 + 6, heights[i], stroke=colour, stroke_width=1.2)
            )
    said = "; ".join(f"{name or title}: {figures.amount(rows[-1][1], unit)} at the end" for name, rows, _ in drawn)
    return svg.drawing(width, height, title or "Lines over time", said + ".", body)


def _quarter(drawn: list, times: list[float], side: int) -> float:
    """The end of the shares' axis on one side of zero: the tallest stack there, up to the next quarter, 1 at most."""
    tallest = max(sum(max(0.0, side * rows.get(t, 0.0)) for _, rows in drawn) for t in times)
    return side * min(1.0, max(0.25, math.ceil(4 * tallest - 1e-9) / 4))


def shares(
    loops: list[dict],
    *,
    other_reinforcing: dict | None = None,
    other_balancing: dict | None = None,
    width: float = 860,
    height: float = 380,
    palette: Palette = LIGHT,
) -> str:
    """Stacked areas of each loop's share of change over time: reinforcing above zero, balancing below, in [-1, 1].

    `loops` are entries of results["loops"]; a loop whose share changes sign moves from one side to the other.
    """
    drawn = []
    for loop in map(mapping, loops):
        rows = path_over_time(mapping(loop.get("share_over_time")), "median")
        if rows:
            drawn.append((loop_name(loop), dict(rows)))
    for name, other in (("other reinforcing", other_reinforcing), ("other balancing", other_balancing)):
        rows = path_over_time(mapping(other), "median")
        if rows:
            drawn.append((name, dict(rows)))
    times = sorted({t for _, rows in drawn for t in rows})
    if len(times) < 2:
        return empty("Loop shares over time are not known", width=width, palette=palette)
    x0, x1, y0, y1 = 62.0, width - 208, 14.0, height - 28
    low, high = (_quarter(drawn, times, side) for side in (-1, 1))
    x, y = Scale(times[0], times[-1], x0 + 4, x1), Scale(low, high, y1, y0)
    ticks = nice_ticks(low, high, 5)
    body = value_axis(y, ticks, value_labels(ticks, "share", True), x0, x1, palette) + time_axis(x, y1, palette, 8)
    up, down = dict.fromkeys(times, 0.0), dict.fromkeys(times, 0.0)
    ends, said = [], []
    for i, (name, rows) in enumerate(drawn):
        grey = name.startswith("other ")
        colour = palette.belief if grey else palette.series[i % (len(palette.series) - 1)]
        opacity = 0.35 if grey else 0.8 if i < len(palette.series) - 1 else 0.45
        for side, base in ((1, up), (-1, down)):
            part = {t: max(0.0, side * rows.get(t, 0.0)) * side for t in times}
            if not any(part.values()):
                continue
            lower = [(x(t), y(base[t])) for t in times]
            for t in times:
                base[t] += part[t]
            upper = [(x(t), y(base[t])) for t in times]
            body.append(
                svg.polygon(
                    upper + lower[::-1], fill=colour, fill_opacity=opacity, stroke=palette.panel, stroke_width=0.8
                )
            )
            last = times[-1]
            if abs(part[last]) >= 0.015:
                ends.append((name, y(base[last] - part[last] / 2), part[last], colour))
        said.append(f"{name} {figures.percent(rows.get(times[-1], 0.0), signed=True)}")
    body.append(svg.line(x0, y(0), x1, y(0), stroke=palette.ink, stroke_width=1.2))
    heights = spread([end[1] for end in ends], TEXT + 2, y0 + 4, y1 - 2)
    for (name, at, share, colour), height_at in zip(ends, heights):
        body.append(svg.line(x1, at, x1 + 12, height_at, stroke=colour, stroke_width=1.2))
        value = figures.percent(share, signed=True)
        room = width - x1 - 22 - text_width(value, TEXT)
        body.append(svg.text(x1 + 15, height_at + 4.5, f"{cut(name, TEXT, room)} {value}", TEXT, fill=palette.ink))
    return svg.drawing(
        width, height, "Share of each loop in the wheel's change", "At the end: " + "; ".join(said) + ".", body
    )
