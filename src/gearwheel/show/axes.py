"""Scales and ticks: where round numbers fall, and the frame that every chart shares."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from gearwheel.show import figures, svg
from gearwheel.show.boxes import cut, text_width
from gearwheel.show.palette import LIGHT, Palette

TEXT = 13.0


@dataclass(frozen=True)
class Scale:
    """Maps values low..high onto pixels start..end, in logs where `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high = self.low, self.high
        value = min(max(value, low), high)
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)


def nice_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round values (1, 2, 2.5 or 5 times a power of ten apart) inside low..high, about as many as wanted."""
    if not high > low:
        return [low]
    rough = (high - low) / max(1, wanted)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def log_ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    """Powers of ten, thinned when there are many decades and joined by 2 and 5 when there are few."""
    decades = math.log10(high / low)
    if decades < 0.6:
        return [t for t in nice_ticks(low, high, wanted) if t > 0]
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1, 2, 5) if decades <= 1.7 else (1, 3) if decades <= 2.6 else (1,)
    every = max(1, math.ceil((last - first) / wanted)) if decades > 2.6 else 1
    ticks = [m * 10.0**p for p in range(first, last + 1, every) for m in steps]
    return [t for t in ticks if low * 0.999 <= t <= high * 1.001]


def padded(low: float, high: float, log: bool, share: float = 0.06) -> tuple[float, float]:
    """The range with a little air at both ends, never empty."""
    if log:
        low, high = math.log(low), math.log(high)
    air = (high - low) * share or (abs(high) * 0.1 or 1.0)
    low, high = low - air, high + air
    return (math.exp(low), math.exp(high)) if log else (low, high)


def year_ticks(low: float, high: float, wanted: int = 6) -> list[tuple[float, str]]:
    """Ticks of a time axis in decimal years, as years or, over short spans, as months."""
    if high - low >= 3:
        steps = [s for s in (1, 2, 5, 10, 20, 50, 100) if (high - low) / s <= wanted]
        step = steps[0] if steps else 200
        return [(float(y), str(y)) for y in range(math.ceil(low / step) * step, math.floor(high) + 1, step)]
    step = next((s for s in (1, 2, 3, 6) if (high - low) * 12 / s <= wanted), 6)
    months = range(math.ceil(low * 12 / step) * step, math.floor(high * 12) + 1, step)
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return [(m / 12, f"{names[m % 12]} {m // 12}" if m % 12 == 0 or len(months) < 4 else names[m % 12]) for m in months]


def value_labels(ticks: list[float], unit: str, signed: bool = False) -> list[str]:
    """One label a tick, with as many digits as it takes to tell neighbours apart."""
    factor, _ = figures.unit_scale(unit)
    labels: list[str] = []
    for digits in range(3, 12):
        if figures.is_share(unit):
            labels = [figures.percent(t, digits, signed) for t in ticks]
        else:
            labels = [figures.number(t * factor, digits, signed) for t in ticks]
        if len(set(labels)) == len(ticks):
            break
    return labels


def left_room(labels: list[str]) -> float:
    """Pixels that the labels of a vertical axis need."""
    return max([text_width(label, TEXT) for label in labels] + [20.0]) + 12


def value_axis(
    scale: Scale, ticks: list[float], labels: list[str], x0: float, x1: float, palette: Palette
) -> list[str]:
    """Horizontal grid lines with their labels to the left of x0."""
    out = []
    for value, label in zip(ticks, labels):
        y = scale(value)
        strong = value == 0 and not scale.log
        out.append(svg.line(x0, y, x1, y, stroke=palette.rule if strong else palette.faint, stroke_width=1))
        out.append(svg.text(x0 - 8, y + 4.5, label, TEXT, "end", fill=palette.soft))
    return out


def time_axis(scale: Scale, y: float, palette: Palette, wanted: int = 6) -> list[str]:
    """The line at the foot of a chart with years below it; labels that would leave the chart are left out."""
    out = [svg.line(scale.start, y, scale.end, y, stroke=palette.rule, stroke_width=1)]
    right = -math.inf
    for t, label in year_ticks(scale.low, scale.high, wanted):
        x, half = scale(t), text_width(label, TEXT) / 2
        if x + half > scale.end + 14 or x - half < right + 6:
            continue
        right = x + half
        out.append(svg.line(x, y, x, y + 4, stroke=palette.rule, stroke_width=1))
        out.append(svg.text(x, y + 18, label, TEXT, "middle", fill=palette.soft))
    return out


def across(values: list[float], show: Callable[[float], str], scale: Scale, y: float, palette: Palette) -> list[str]:
    """Labels of a horizontal value axis, thinned so that none touches the next."""
    out, right = [], -math.inf
    for value in values:
        label = show(value)
        x, half = scale(value), text_width(label, TEXT) / 2
        if x - half < right + 8:
            continue
        right = x + half
        out.append(svg.text(x, y, label, TEXT, "middle", fill=palette.soft))
    return out


def empty(words: str, *, width: float = 560, height: float = 90, palette: Palette = LIGHT) -> str:
    """A chart with nothing to show says so: a gap is neither an error nor a zero."""
    line = svg.text(width / 2, height / 2 + 5, cut(words, TEXT, width - 30), TEXT, "middle", fill=palette.soft)
    frame = svg.tag(
        "rect", x=0.5, y=0.5, width=width - 1.0, height=height - 1.0, rx=6, fill="none", stroke=palette.faint
    )
    return svg.drawing(width, height, words, words, [frame, line])
