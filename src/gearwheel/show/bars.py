"""Charts of one moment: `tornado` (levers by effect) and `beliefs` (before and after the data)."""

from __future__ import annotations

from gearwheel.show import figures, svg
from gearwheel.show.axes import TEXT, Scale, across, empty, nice_ticks, padded
from gearwheel.show.boxes import cut, wrapped
from gearwheel.show.palette import LIGHT, Palette
from gearwheel.show.values import Span, listing, mapping, real, span, words_of


def lever_change(effect: dict) -> str:
    """'15 % → 14 %' of one lever's setting; what it is per is told once."""
    unit = words_of(effect.get("unit"))
    before, after = real(effect.get("from")), real(effect.get("to"))
    if before is None or after is None:
        return ""
    one, other = figures.amount(before, unit), figures.amount(after, unit)
    per = one[one.find(" per ") :] if " per " in one else ""
    return f"{one.removesuffix(per) if other.endswith(per) else one} → {other}"


def tornado(effects: list[dict], *, unit: str = "", width: float = 860, palette: Palette = LIGHT) -> str:
    """Levers by the size of their median effect: a bar from zero, a whisker over the 90 % interval, the odds beside.
    A thin bar below shows the median of one step the other way, where there is one.

    `effects` are entries of results["levers"]["effects"], in `unit`.
    """
    rows = [(e, found) for e in map(mapping, effects) if (found := span(e.get("effect"))) is not None]
    if not rows:
        return empty("No lever has been tried yet", width=width, palette=palette)
    rows.sort(key=lambda row: -abs(row[1].median))
    ends = [v for _, s in rows for v in (s.median, s.low, s.high) if v is not None] + [0.0]
    ends += [back for e, _ in rows if (back := _other_way(e)) is not None]
    low, high = padded(min(ends), max(ends), False, 0.03)
    x = Scale(low, high, 236.0, width - 192)
    step, top = 46.0, 8.0
    foot = top + step * len(rows)
    ticks = nice_ticks(low, high, 5)
    body = [svg.line(x(t), top, x(t), foot, stroke=palette.faint, stroke_width=1) for t in ticks]
    said = []
    for i, (effect, found) in enumerate(rows):
        y = top + step * (i + 0.5)
        body += _lever_row(effect, found, unit, x, y, width, palette)
        said.append(f"{_lever_title(effect)}: {figures.amount(found.median, unit, signed=True)}")
    body.append(svg.line(x(0), top, x(0), foot, stroke=palette.ink, stroke_width=1.2))
    factor, _ = figures.unit_scale(unit)
    share = figures.is_share(unit)

    def shown(v: float) -> str:
        return figures.percent(v, signed=True) if share else figures.number(v * factor, 3, True)

    body += across(ticks, shown, x, foot + 18, palette)
    name = figures.unit_words(unit)
    if name:
        body.append(svg.text(width - 182, foot + 18, cut(name, TEXT, 176), TEXT, fill=palette.soft))
    return svg.drawing(width, foot + 28, "Levers by their effect", "; ".join(said) + ".", body)


def _lever_title(effect: dict) -> str:
    return words_of(effect.get("title")) or words_of(effect.get("lever"), "a lever").replace("_", " ")


def _other_way(effect: dict) -> float | None:
    found = span(mapping(effect.get("other")).get("effect"))
    return None if found is None else found.median


def _lever_row(effect: dict, found: Span, unit: str, x: Scale, y: float, width: float, palette: Palette) -> list[str]:
    better = found.median >= 0
    # Grey until the interval leaves zero: an effect of unknown sign should not look like a finding.
    sure = found.low is not None and found.high is not None and (found.low > 0 or found.high < 0)
    colour = (palette.plus if better else palette.minus) if sure else palette.belief
    left, right = sorted((x(0), x(found.median)))
    title = wrapped(_lever_title(effect), TEXT, 216)
    first = y - 2 if len(title) == 1 else y - 11
    parts = [
        *(svg.text(4, first + 14 * n, line, TEXT, fill=palette.ink) for n, line in enumerate(title)),
        svg.text(4, first + 2 + 14 * len(title), cut(lever_change(effect), TEXT - 1, 216), TEXT - 1, fill=palette.soft),
        svg.tag(
            "rect", x=left, y=y - 9, width=max(1.5, right - left), height=18.0, rx=2, fill=colour, fill_opacity=0.75
        ),
    ]
    if found.low is not None and found.high is not None:
        parts.append(svg.line(x(found.low), y, x(found.high), y, stroke=palette.ink, stroke_width=1.4))
        parts += [
            svg.line(x(v), y - 5, x(v), y + 5, stroke=palette.ink, stroke_width=1.4) for v in (found.low, found.high)
        ]
    back = _other_way(effect)
    if back is not None:
        left, right = sorted((x(0), x(back)))
        parts.append(
            svg.tag(
                "rect", x=left, y=y + 11, width=max(1.0, right - left), height=4.0, fill=palette.soft, fill_opacity=0.6
            )
        )
    odds = real(effect.get("probability_better"))
    parts.append(
        svg.text(
            width - 182, y - 2, cut(figures.amount(found.median, unit, signed=True), TEXT, 176), TEXT, fill=palette.ink
        )
    )
    if odds is not None:
        words = f"{figures.chance(odds)} chance it is better"
        parts.append(svg.text(width - 182, y + 14, words, TEXT - 1, fill=palette.soft))
    return parts


def _range(value: dict) -> tuple[float | None, float | None, float | None]:
    """(low, middle, high) of a belief (80 % range) or a posterior (5 and 95 % points)."""
    value = mapping(value)
    low = real(value.get("low")) if "low" in value else real(value.get("q05"))
    high = real(value.get("high")) if "high" in value else real(value.get("q95"))
    middle = real(value.get("centre")) if "centre" in value else real(value.get("median"))
    return low, middle, high


def _curve(value: object) -> list[tuple[float, float]]:
    rows = [(real(r[0]), real(r[1])) for r in map(listing, listing(value)) if len(r) > 1]
    return [r for r in rows if None not in r and r[1] >= 0]  # type: ignore[operator,misc]


def _strip_range(item: dict) -> tuple[float, float] | None:
    ends = [v for key in ("belief", "posterior") for v in _range(item.get(key)) if v is not None]
    ends += [x for key in ("belief_curve", "posterior_curve") for x, d in _curve(item.get(key)) if d > 0]
    if not ends:
        return None
    neutral = real(item.get("neutral"))
    if neutral is not None:
        ends.append(neutral)
    return padded(min(ends), max(ends), False, 0.03)


def _strip_marks(item: dict, x: Scale, top: float, height: float, palette: Palette) -> list[str]:
    """Belief in grey above the line, posterior in blue on it; the value that means "no effect" as a dashed line."""
    foot, parts = top + height, _band_of_no_effect(item, x, top, height, palette)
    looks = (("belief", palette.belief, 0.30, 0.9), ("posterior", palette.plus, 0.40, 1.5))
    peaks = [d for key in ("belief_curve", "posterior_curve") for _, d in _curve(item.get(key))]
    for i, (key, colour, opacity, stroke) in enumerate(looks):
        curve = _curve(item.get(f"{key}_curve"))
        low, middle, high = _range(item.get(key))
        if curve:
            # Each curve to its own peak, softened: a posterior ten times as narrow must not flatten its belief.
            peak = max(d for _, d in curve)
            own = (peak / max(peaks)) ** 0.35 if max(peaks) > 0 else 1.0
            path = [(x(v), foot - (height - 2) * own * d / peak if peak else foot) for v, d in curve]
            closed = [(path[0][0], foot), *path, (path[-1][0], foot)]
            parts.append(svg.polygon(closed, fill=colour, fill_opacity=opacity, stroke=colour, stroke_width=stroke))
        elif low is not None and high is not None:
            y = top + height * (0.3 + 0.4 * i)
            parts.append(
                svg.tag(
                    "rect",
                    x=x(low),
                    y=y - 3.5,
                    width=max(1.5, x(high) - x(low)),
                    height=7.0,
                    rx=2,
                    fill=colour,
                    fill_opacity=opacity + 0.3,
                )
            )
            if middle is not None:
                parts.append(svg.line(x(middle), y - 6, x(middle), y + 6, stroke=colour, stroke_width=2))
    parts.append(svg.line(x.start, foot, x.end, foot, stroke=palette.rule, stroke_width=1))
    low, _, high = _range(item.get("posterior"))
    if low is not None and high is not None:  # what a verdict is judged by: whether it leaves out no effect
        ends = (max(x.start, x(low)), min(x.end, x(high)))
        parts.append(svg.line(ends[0], foot, ends[1], foot, stroke=palette.plus, stroke_width=3))
    neutral = real(item.get("neutral"))
    if neutral is not None:
        parts.append(
            svg.line(
                x(neutral),
                top - 2,
                x(neutral),
                foot + 3,
                stroke=palette.minus,
                stroke_width=1.4,
                stroke_dasharray="3 2",
            )
        )
    return parts


def _band_of_no_effect(item: dict, x: Scale, top: float, height: float, palette: Palette) -> list[str]:
    neutral, band = real(item.get("neutral")), real(item.get("no_effect_band"))
    if neutral is None or not band or band < 0:
        return []
    left, right = max(x.start, x(neutral - band)), min(x.end, x(neutral + band))
    if right <= left:
        return []
    return [
        svg.tag("rect", x=left, y=top - 2, width=right - left, height=height + 2, fill=palette.minus, fill_opacity=0.14)
    ]


def _strip_words(item: dict) -> str:
    unit = words_of(item.get("unit"))
    (bl, _, bh), (pl, pm, ph) = _range(item.get("belief")), _range(item.get("posterior"))
    words = []
    if bl is not None and bh is not None:
        words.append(f"Belief {figures.amount(bl, unit)} to {figures.amount(bh, unit)} (80 %).")
    if pl is not None and ph is not None:
        words.append(
            f"With the data {figures.amount(pm, unit)}, {figures.amount(pl, unit)} to {figures.amount(ph, unit)} (90 %)."
        )
    return " ".join(words) or "Neither belief nor posterior is known."


def belief_strip(item: dict, *, width: float = 220, height: float = 40, palette: Palette = LIGHT) -> str:
    """One parameter's belief against its posterior, without words, for a table row."""
    item = mapping(item)
    found = _strip_range(item)
    if found is None:
        return ""
    x = Scale(*found, 4.0, width - 4)
    return svg.drawing(
        width, height, "Belief and posterior", _strip_words(item), _strip_marks(item, x, 4.0, height - 9, palette)
    )


def beliefs(items: list[dict], *, width: float = 860, palette: Palette = LIGHT) -> str:
    """A compact row per parameter: name, belief (grey) against posterior (blue), the neutral value, and the numbers.

    `items` are entries of results["parameters"] or ["links"] with "title" and, where known, "unit", "belief",
    "posterior", "belief_curve", "posterior_curve", "neutral". Every row has its own scale.
    """
    rows = [(item, found) for item in map(mapping, items) if (found := _strip_range(item)) is not None]
    if not rows:
        return empty("Nothing was fitted: all parameters stand on beliefs", width=width, palette=palette)
    step, x0, x1 = 50.0, 232.0, width - 244
    body, said = [], []
    for i, (item, found) in enumerate(rows):
        top = 6 + step * i
        x = Scale(*found, x0, x1)
        title = words_of(item.get("title"), "a parameter")
        unit = words_of(item.get("unit"))
        body += _strip_marks(item, x, top + 2, step - 16, palette)
        body.append(svg.text(4, top + step / 2 - 2, cut(title, TEXT, x0 - 20), TEXT, fill=palette.ink))
        (bl, _, bh), (pl, pm, ph) = _range(item.get("belief")), _range(item.get("posterior"))
        if bl is not None and bh is not None:
            words = f"believed {figures.amount(bl, unit)} to {figures.amount(bh, unit)}"
            body.append(svg.text(x1 + 16, top + step / 2 + 14, cut(words, TEXT - 1, 224), TEXT - 1, fill=palette.soft))
        if pm is not None:
            words = figures.amount(pm, unit)
            if None not in (pl, ph):
                words += f" ({figures.figure(pl, unit)} to {figures.figure(ph, unit)})"
            body.append(svg.text(x1 + 16, top + step / 2 - 3, cut(words, TEXT, 224), TEXT, fill=palette.ink))
        said.append(f"{title}: {_strip_words(item)}")
    height = 12 + step * len(rows)
    return svg.drawing(width, height, "Beliefs before and after the data", " ".join(said), body)
