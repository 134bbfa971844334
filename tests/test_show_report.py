"""The report and the summary: self-contained, honest, and standing whatever is missing."""

from __future__ import annotations

import copy
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearwheel.show import figures, words
from gearwheel.show.report import report_html
from gearwheel.show.summary import summary_text
from gearwheel.show.wheel_picture import wheel_svg
from show_example import example

_VOID = {"meta", "br", "hr", "img", "link", "input"}


class Reader(HTMLParser):
    """Checks that elements nest, and keeps tags, attributes and text."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.said = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.said.append(data)


def parsed(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def test_the_page_is_self_contained():
    html = report_html(example())
    page = parsed(html)
    assert not set(page.tags) & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use"}
    for _, name, value in page.attributes:
        if name.startswith("on"):
            pytest.fail(f"event handler {name}")
        if name in ("href", "src", "xlink:href", "action", "poster"):
            assert value.startswith("#")
    assert "//" not in html.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"url\(|@import", html)


def test_cards_come_in_order_and_every_card_says_what_it_does_not_establish():
    html = report_html(example())
    order = [
        "headline",
        "wheel",
        "speed",
        "shares",
        "links",
        "forecast",
        "backtest",
        "levers",
        "critical",
        "outcomes",
        "steps",
        "print",
    ]
    assert re.findall(r'<section[^>]* id="(\w+)"|<section id="(\w+)"', html)
    found = [a or b for a, b in re.findall(r'<section class="lead" id="(\w+)"|<section id="(\w+)"', html)]
    assert found == order
    assert html.count("What this does not establish.") == len(order) - 1


def test_links_inside_the_page_lead_somewhere():
    page = parsed(report_html(example()))
    ids = {value for _, name, value in page.attributes if name == "id"}
    assert {value[1:] for _, name, value in page.attributes if name == "href"} <= ids


def test_the_six_steps_are_there_by_name():
    said = " ".join(parsed(report_html(example())).said)
    for step in (
        "Customer-centric",
        "Sustainable growth",
        "Loyalty",
        "Cost optimisation",
        "Adaptability and innovation",
        "Data-driven decisions",
    ):
        assert step in said


def test_both_colour_schemes_and_print_are_served():
    html = report_html(example())
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    used = set(re.findall(r"var\((--gw-[a-z0-9-]+)\)", html))
    defined = set(re.findall(r"(--gw-[a-z0-9-]+):", html))
    assert used <= defined


def test_hostile_names_stay_words():
    bad = "</title></style><script>alert('x')</script>&\x00"
    results = example()
    results["wheel"]["title"] = bad
    results["wheel"]["gears"][bad] = {"sentence": bad, "opens": bad, "measured_by": [bad]}
    results["links"][bad] = {
        "cause": bad,
        "effect": bad,
        "verdict": bad,
        "strength": bad,
        "belief": {"low": 0, "high": 1},
    }
    results["parameters"][bad] = {
        "unit": bad,
        "because": bad,
        "fitted": True,
        "belief": {"low": 0, "centre": 0.5, "high": 1},
    }
    results["series"][bad] = {"title": bad, "unit": bad, "history": [[2020, 1.0, bad]]}
    results["backtest"]["gauges"][bad] = {"methods": {bad: {"crps": 1.0}}}
    results["backtest"]["untestable"][bad] = bad
    results["outcomes"][bad] = {"title": bad, "unit": bad, "time": [2020, 2021], "median": [1, 2]}
    results["stamp"]["hash"] = bad
    results["levers"]["effects"][0].update(title=bad, lever=bad, unit=bad, through=[bad])
    for loop in results["loops"]:
        loop.update(name=bad, title=bad)
    assert "script" not in parsed(report_html(results)).tags
    assert "\x00" not in summary_text(results)


def test_is_deterministic():
    assert report_html(example()) == report_html(example())


def _places(value, path=()):
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from _places(value[key], (*path, key))
    elif isinstance(value, list) and len(path) < 5:
        for i in range(min(len(value), 2)):
            yield from _places(value[i], (*path, i))


def _spoilt(results, path, instead):
    spoilt = copy.copy(results)
    inner = spoilt
    for key in path[:-1]:
        inner[key] = copy.copy(inner[key])
        inner = inner[key]
    if instead is KeyError and isinstance(inner, dict):
        del inner[path[-1]]
    else:
        inner[path[-1]] = None if instead is KeyError else instead
    return spoilt


def test_every_top_key_may_be_missing():
    whole = example()
    for key in whole:
        for instead in (KeyError, None, []):
            results = _spoilt(whole, (key,), instead)
            if key not in ("wheel", "graph", "loops"):
                results["graph"] = None  # the picture, most of the time here, does not read this key
            parsed(report_html(results))
            assert len(summary_text(results).splitlines()) <= 25


_WHOLE = example()
_PLACES = sorted({tuple(map(str, p)): p for p in _places(_WHOLE) if p[0] != "graph"}.values(), key=str)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(_PLACES), st.sampled_from([KeyError, None, "words", [], {}, float("nan"), -1.0]))
def test_anything_inside_may_be_missing_or_odd(path, instead):
    results = _spoilt(_WHOLE, path, instead)
    if path[0] != "wheel" and path[0] != "loops":
        results["graph"] = None  # the picture is tested elsewhere; without it this runs ten times as often
    html = report_html(results)
    assert ">nan<" not in html and "None" not in "".join(parsed(html).said)
    summary_text(results)


def test_an_empty_run_says_that_nothing_is_known():
    said = " ".join(parsed(report_html({})).said)
    assert said.count("not known") >= 6
    assert "Nothing has been fitted" in said
    assert len(summary_text({}).splitlines()) <= 25


def test_the_report_says_plainly_when_the_wheel_loses():
    results = example()
    methods = lambda ours: {"gearwheel": {"crps": ours}, "drift": {"crps": 1.0}, "ets": {"crps": 2.0}}  # noqa: E731
    results["backtest"]["gauges"] = {"net_sales": {"methods": methods(1.5)}}
    assert "loses on one: Net sales (to drift)" in words.backtest(results)
    assert "loses on one: Net sales (to drift)" in summary_text(results).replace("\n            ", " ")
    results["backtest"]["gauges"] = {"net_sales": {"methods": methods(0.5)}}
    assert "loses on none" in words.backtest(results)
    results["backtest"]["gauges"] = {"net_sales": {"methods": methods(1.01)}}
    assert "ties on one" in words.backtest(results)


def test_a_long_list_of_losses_does_not_hide_what_comes_after_it():
    results = example()
    methods = {"gearwheel": {"crps": 2.0}, "drift": {"crps": 1.0}}
    results["backtest"]["gauges"] = {f"gauge_{k}": {"methods": methods} for k in range(18)}
    said = words.backtest(results)
    assert "loses on eighteen" in said or "loses on 18" in said
    assert said.count("(to drift)") == 4 and "and 14 more." in said
    assert "Levers" in summary_text(results)


def test_win_win_is_only_claimed_when_every_side_gains():
    rise = {"title": "Profit", "median": [1.0, 2.0], "low": [0.9, 1.5], "high": [1.1, 2.5]}
    fall = {"title": "Seller margin", "median": [2.0, 1.0], "low": [1.9, 0.8], "high": [2.1, 1.2]}
    open_ = {"title": "Customer surplus", "median": [1.0, 1.1], "low": [0.9, 0.5], "high": [1.1, 1.7]}
    assert "it is win-win" in words.outcomes({"outcomes": {"a": rise}})
    assert "not established" in words.outcomes({"outcomes": {"a": rise, "b": fall}})
    assert "even the direction is open" in words.outcomes({"outcomes": {"a": rise, "b": open_}})


def test_verdicts_are_counted():
    links = {
        str(i): {"verdict": v} for i, v in enumerate(["turns", "turns", "turns the other way", "the data cannot tell"])
    }
    said = words.verdicts({"links": links})
    assert (
        said == "Of four claimed links, two turn as claimed and one turns the other way; on one the data cannot tell."
    )


def test_summary_is_short_and_has_no_control_characters():
    results = example()
    results["wheel"]["title"] = "\x1b[31mred\x1b[0m " + "long " * 80
    text = summary_text(results)
    assert len(text.splitlines()) <= 25
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text


def test_the_subtitle_names_one_year_once_and_the_picture_the_day_of_the_speed():
    results = example()
    results["wheel"]["start"] = "2023-01-01"
    results["series"] = {"x": {"history": [[2023.8, 1.0, ""]]}}
    results["speed"]["at"] = 2024.0
    assert words.subtitle(results).endswith(", in 2023")
    drawn = wheel_svg(results)
    assert f"as of {figures.year_words(2024.0)}" in drawn and "as of 2024" in words.speed(results)


def test_habit_raises_the_barrier_only_where_the_ranges_lie_apart():
    def said(low: float, high: float, never: float = 0.0) -> str:
        with_habit = {"median": (low + high) / 2, "low": low, "high": high, "no cut suffices": never}
        return words.barrier(
            {"barrier": {"with_habit": with_habit, "without_habit": {"median": 0.5, "low": 0.45, "high": 0.55}}}
        )

    assert "habit raises that barrier from 50 %" in said(0.6, 0.7)
    assert "habit lowers that barrier from 50 %" in said(0.3, 0.4)
    assert "raises" not in said(0.5, 0.6) and "what habit adds is open" in said(0.5, 0.6)
    assert "In 12 % of draws no cut suffices." in said(0.6, 0.7, 0.12) and "no cut" not in said(0.6, 0.7)
