"""The five chart kinds: readable (nothing overlaps, nothing leaves the picture) and drawn to scale."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gearwheel.show import axes, boxes, charts, figures, words
from gearwheel.show.values import Span
from gearwheel.wheel.errors import GearwheelError
from show_example import example
from show_reading import overlapping_texts, read, texts_outside


def drawn() -> dict[str, str]:
    r = example()
    out = {f"fan {name}": charts.fan(one) for name, one in r["series"].items()}
    out["lines"] = charts.lines(list(r["outcomes"].values()), title="Outcomes", unit="USD million", now=2028.0)
    out["tornado"] = charts.tornado(r["levers"]["effects"], unit="USD million")
    out["shares"] = charts.shares(
        r["loops"],
        other_reinforcing=r["loop_count"]["other_reinforcing"],
        other_balancing=r["loop_count"]["other_balancing"],
    )
    out["beliefs"] = charts.beliefs([{"title": n, "neutral": 0.0, **p} for n, p in r["parameters"].items()])
    return out


@pytest.mark.parametrize("name", drawn())
def test_charts_are_clean(name):
    svg = drawn()[name]
    assert overlapping_texts(svg) == []
    assert texts_outside(svg) == []
    assert ET.fromstring(svg)[0].text
    assert svg == drawn()[name]


@pytest.mark.parametrize(
    "make",
    [
        lambda: charts.fan({}),
        lambda: charts.lines([]),
        lambda: charts.tornado([]),
        lambda: charts.shares([]),
        lambda: charts.beliefs([{}]),
    ],
)
def test_nothing_to_draw_is_said(make):
    assert read(make())["texts"]


numbers = st.floats(-1e13, 1e13, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(numbers, min_size=1, max_size=12),
    st.sampled_from(["USD million", "share", "customer", "1", "1/year"]),
    st.sampled_from(["log", "abs", "logit"]),
)
def test_fans_of_any_numbers_are_clean(values, unit, scale):
    history = [[2000.0 + i, v, ""] for i, v in enumerate(values)]
    svg = charts.fan(
        {"title": "A gauge with a rather long title for its place", "unit": unit, "scale": scale, "history": history}
    )
    assert overlapping_texts(svg) == []
    assert texts_outside(svg) == []


def test_a_log_fan_puts_equal_ratios_at_equal_distances():
    history = [[2000.0, 1.0, ""], [2001.0, 10.0, ""], [2002.0, 100.0, ""]]
    svg = charts.fan({"title": "x", "scale": "log", "history": history})
    a, b, c = (float(y) for y in re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)"', svg))
    assert a - b == pytest.approx(b - c, abs=0.2)


def test_bounds_are_arrows_not_dots():
    history = [[2000.0, 1.0, ""], [2001.0, 2.0, "above"]]
    assert charts.fan({"title": "x", "history": history}).count("<circle") == 1


def test_bands_widen_from_half_to_ninety_per_cent():
    svg = charts.fan(example()["series"]["net_sales"])
    opacities = re.findall(r'fill-opacity="([\d.]+)"', svg)
    assert len(opacities) == 3
    assert "now" in [w for w, _ in read(svg)["texts"]]


def test_tornado_is_sorted_and_grey_where_the_sign_is_open():
    effects = example()["levers"]["effects"]
    svg = charts.tornado(effects, unit="USD million")
    words = [w for w, _ in read(svg)["texts"]]
    assert words.index("Delivery promise") < words.index("Commission") < words.index("Building capacity")
    bars = re.findall(r'<rect [^>]*fill="(#\w+)"', svg)
    assert bars.count("#8b8f94") == 2  # Commission and capacity: the interval holds zero


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(2, 8))
def test_ticks_are_round_and_inside(low, size, wanted):
    assume(size > 1e-6 * abs(low))  # below that, doubles themselves are too coarse
    high = low + size
    ticks = axes.nice_ticks(low, high, wanted)
    assert all(low - 1e-6 * size <= t <= high + 1e-6 * size for t in ticks)
    assert len(ticks) <= wanted + 2
    if len(ticks) > 1:
        mantissa = (ticks[1] - ticks[0]) / 10 ** math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9)
        assert any(math.isclose(mantissa, m, rel_tol=1e-6, abs_tol=1e-3) for m in (1, 2, 2.5, 5, 10))


@given(st.floats(-8, 8), st.floats(0.05, 12))
def test_log_ticks_are_inside(power, decades):
    low, high = 10**power, 10 ** (power + decades)
    ticks = axes.log_ticks(low, high)
    assert all(low * 0.99 <= t <= high * 1.01 for t in ticks)
    assert len(ticks) <= 12


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (638000, "USD million", "USD 638 bn"),
        (-410, "USD million", "\u2212USD 410 m"),
        (1.2e9, "customer", "1.2 bn customers"),
        (1, "day", "1 day"),
        (0.9996, "year", "1 year"),
        (1.004, "year", "1 year"),
        (1.01, "year", "1.01 years"),
        (149, "USD/(customer*year)", "USD 149 per customer and year"),
        (12345, "seller", "12,300 sellers"),
        (3, "seller/week", "3 sellers per week"),
        (0.24, "1/year", "0.24 per year"),
        (0.1534, "share", "15.3 %"),
        (0.42, "share of price", "42 % of price"),
        (0.15, "1", "0.15"),
        (0, "1", "0"),
        (999999, "1", "1 m"),
        (float("nan"), "USD", "not known"),
        (None, "USD", "not known"),
    ],
)
def test_amounts_read_as_people_write_them(value, unit, shown):
    assert figures.amount(value, unit) == shown


@pytest.mark.parametrize(
    ("share", "said"),
    [(1.0, "over 99 %"), (399 / 400, "over 99 %"), (0.99, "99 %"), (0.5, "50 %"), (0.01, "1 %"), (0.0, "under 1 %")],
)
def test_what_all_draws_agree_on_is_not_certain(share, said):
    assert figures.chance(share) == said


def test_a_range_that_prints_as_one_value_is_one_value():
    assert figures.between(Span(2.0, 1.9996, 2.0003), lambda v: figures.amount(v, "year")) == "2 years"
    assert figures.between(Span(2.0, 1.9, 2.1), lambda v: figures.amount(v, "year")) == "1.9 years to 2.1 years"
    assert figures.between(Span(2.0, None, 2.1), figures.number) == "range not known"


def test_an_interval_is_on_the_scale_of_what_it_stands_beside():
    unit = "customer million"
    assert figures.amount(0.00227, unit) == "2,270 customers" and figures.figure(0.0014, unit) == "1,400"
    belief, posterior = (
        {"low": 0.001, "centre": 0.002, "high": 0.004},
        {"q05": 0.0014, "median": 0.00227, "q95": 0.0036},
    )
    drawn = charts.beliefs([{"title": "start", "unit": unit, "belief": belief, "posterior": posterior}])
    assert "2,270 customers (1,400 to 3,600)" in drawn


@given(st.one_of(st.floats(-1e300, 1e300), st.just(math.nan), st.just(math.inf)))
def test_numbers_keep_their_sign_and_size(x):
    shown = figures.number(x)
    if not math.isfinite(x):
        assert shown == "not known"
        return
    figure, _, word = shown.replace(",", "").replace(figures.MINUS, "-").partition(" ")
    back = float(figure) * {"": 1, "m": 1e6, "bn": 1e9, "tn": 1e12}[word]
    assert back == pytest.approx(x, rel=0.06, abs=1e-300)


def test_ranges_without_ends_say_so():
    assert figures.between(Span(1.0, None, 2.0), str) == "range not known"
    assert figures.year_words(2016.5) == "July 2016"
    assert figures.year_words(2015.9999) == "2016"


def test_png_is_a_png_and_its_absence_is_explained(monkeypatch):
    from gearwheel.show.png import png_bytes

    svg = charts.tornado(example()["levers"]["effects"])
    pytest.importorskip("cairosvg")
    assert png_bytes(svg, width=300).startswith(b"\x89PNG")
    monkeypatch.setitem(__import__("sys").modules, "cairosvg", None)
    with pytest.raises(GearwheelError, match=r"gearwheel\[png\]"):
        png_bytes(svg)


@given(st.floats(1, 1e9), st.floats(1e-4, 10))
def test_neighbouring_ticks_have_different_labels(low, relative):
    ticks = axes.nice_ticks(low, low * (1 + relative))
    assert len(set(axes.value_labels(ticks, "customer"))) == len(ticks)


@given(st.lists(st.floats(-50, 250), min_size=1, max_size=10))
def test_spread_keeps_order_gap_and_ends(wanted):
    placed = boxes.spread(wanted, 12.0, 0.0, 200.0)
    assert all(-1e-9 <= p <= 200 + 1e-9 for p in placed)
    assert [placed[i] for i in sorted(range(len(wanted)), key=lambda i: wanted[i])] == sorted(placed)
    assert all(b - a >= 12 - 1e-9 for a, b in zip(sorted(placed), sorted(placed)[1:]))


def test_spread_leaves_alone_what_has_room():
    assert boxes.spread([100.0, 20.0, 60.0], 12.0, 0.0, 200.0) == [100.0, 20.0, 60.0]


@pytest.mark.parametrize(("period", "now"), [("date", 2026.0), ("year", 2026.5)])
def test_now_stands_where_the_record_ended_not_at_the_first_forecast(period, now):
    ahead = {"time": [2027.0, 2028.0, 2029.0], **{q: [3.0, 3.0, 3.0] for q in ("q05", "q50", "q95")}}
    svg = charts.fan(
        {"title": "x", "period": period, "history": [[2020.0, 1.0, ""], [2021.0, 2.0, ""]], "forecast": ahead}
    )
    (line,) = re.findall(r'<line x1="([\d.]+)"[^>]*stroke-dasharray="3 3"', svg)
    dots = [float(x) for x in re.findall(r'<circle cx="([\d.]+)"', svg)]
    assert float(line) == pytest.approx(dots[0] + (now - 2020) * (dots[1] - dots[0]), abs=0.2)


def test_a_share_is_drawn_and_told_in_per_cent():
    ahead = {"time": [2026.0, 2027.0], **{q: [0.6, 0.62] for q in ("q05", "q50", "q95")}}
    series = {"title": "Third-party share", "unit": "", "scale": "logit", "forecast": ahead}
    svg = charts.fan(series)
    assert "Median forecast 62 % for 2027" in svg and ">60 %</text>" in svg
    assert "come to 62 % (" in words.forecast({"series": {"x": series}})
