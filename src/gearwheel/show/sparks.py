"""Small multiples: one line a measured series, with its sampling error, light enough to show dozens."""

from __future__ import annotations

from collections.abc import Sequence

from gearwheel.show import figures, svg
from gearwheel.show.axes import Scale, padded, value_labels
from gearwheel.show.boxes import cut, text_width
from gearwheel.show.own_data import Reading
from gearwheel.show.palette import LIGHT, Palette

MOST_POINTS = 110
TEXT, SMALL = 13.0, 11.0
Z = 1.6449


def spark(
    readings: Sequence[Reading],
    title: str,
    unit: str,
    *,
    width: float = 300,
    height: float = 108,
    palette: Palette = LIGHT,
) -> str:
    """The series from its first to its last period with the 90 % band of its sampling error, its last value in words."""
    points = thinned(readings)
    if not points:
        return ""
    ends = [v for _, value, low, high in points for v in (value, low, high)]
    low, high = padded(min(ends), max(ends), False)
    marks = sorted({min(p[1] for p in points), max(p[1] for p in points)})
    labels = value_labels(marks, unit)
    left = max(text_width(label, SMALL) for label in labels) + 8
    x, y = Scale(points[0][0], points[-1][0], left, width - 6), Scale(low, high, height - 20, 26)
    last = figures.amount(readings[-1].value, unit)
    shown = last if text_width(last, TEXT) < 0.35 * width else figures.number(readings[-1].value)
    body = [
        svg.text(
            0,
            14,
            cut(title, TEXT, width - text_width(shown, TEXT) - 14, bold=True),
            TEXT,
            font_weight="bold",
            fill=palette.ink,
        ),
        svg.text(width - 4, 14, shown, TEXT, "end", fill=palette.ink),
    ]
    for value, label in zip(marks, labels):
        body.append(svg.line(left, y(value), width - 6, y(value), stroke=palette.faint, stroke_width=1))
        body.append(svg.text(left - 5, y(value) + 4, label, SMALL, "end", fill=palette.soft))
    if any(a < b for _, _, a, b in points):
        band = [(x(t), y(b)) for t, _, _, b in points] + [(x(t), y(a)) for t, _, a, _ in reversed(points)]
        body.append(svg.polygon(band, fill=palette.band, fill_opacity=0.18, stroke="none"))
    body.append(svg.polyline([(x(t), y(v)) for t, v, _, _ in points], stroke=palette.band, stroke_width=1.6))
    for reading, place, anchor in ((readings[0], left, "start"), (readings[-1], width - 6, "end")):
        body.append(svg.text(place, height - 4, _month(reading), SMALL, anchor, fill=palette.soft))
    said = f"{title}: {figures.amount(readings[0].value, unit)} at first, {last} at last, over {len(readings)} periods."
    return svg.drawing(width, height, title, said, body)


def thinned(readings: Sequence[Reading]) -> list[tuple[float, float, float, float]]:
    """(time, value, low, high) of at most so many points: long series as means of runs of neighbours."""
    size = -(-len(readings) // MOST_POINTS) if readings else 1
    points = []
    for i in range(0, len(readings), size):
        run = readings[i : i + size]
        value = sum(r.value for r in run) / len(run)
        wide = Z * sum((r.error or 0.0) ** 2 for r in run) ** 0.5 / len(run)
        points.append((sum(r.time for r in run) / len(run), value, value - wide, value + wide))
    return points


def _month(reading: Reading) -> str:
    shown = reading.start or reading.end
    return shown.strftime("%b ") + str(shown.year)
