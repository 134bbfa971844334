"""The drawn wheel: nothing overlaps, gears mesh, hostile words stay words, the same results give the same bytes."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearwheel.show.gear_outline import meshing_turn, teeth_outline
from gearwheel.show.link_standing import CLAIMED, DEFINED, NO_EFFECT, OPEN, SHOWN
from gearwheel.show.wheel_badges import _area
from gearwheel.show.wheel_choice import choose
from gearwheel.show.wheel_key import LOOKS, key_lines
from gearwheel.show.wheel_picture import wheel_svg
from show_example import example
from show_reading import overlapping_texts, read, texts_across_boxes, texts_outside


def assert_clean(svg: str) -> None:
    assert overlapping_texts(svg) == []
    assert texts_outside(svg) == []
    assert texts_across_boxes(svg) == []


def ring(gears: int, each: int, word: str = "thing") -> dict:
    """`gears` gears of `each` variables; each is linked to the next of its gear and to the next gear's."""
    nodes, edges = {}, []
    for g in range(gears):
        for v in range(each):
            kind = "stock" if v % 2 == 0 else "aux"
            nodes[f"g{g}.{word}_{v}"] = {"kind": kind, "gear": f"g{g}", "label": f"{word} number {v}"}
            edges.append((f"g{g}.{word}_{v}", f"g{g}.{word}_{(v + 1) % each}"))
            edges.append((f"g{g}.{word}_{v}", f"g{(g + 1) % gears}.{word}_{(v + 2) % each}"))
    return {
        "wheel": {"title": "A ring", "size": f"g0.{word}_0", "gears": {f"g{g}": {"opens": None} for g in range(gears)}},
        "graph": {
            "nodes": nodes,
            "edges": [
                {"from": a, "to": b, "polarity": "+-?"[i % 3], "delay": i % 4 == 0, "link": None}
                for i, (a, b) in enumerate(edges)
                if a != b
            ],
        },
        "loops": [
            {"name": "R1", "title": "Round and round", "polarity": "R", "links": list(nodes)[:: max(1, each // 2)]}
        ],
    }


@pytest.mark.parametrize("dark", [False, True])
def test_example_is_clean(dark):
    assert_clean(wheel_svg(example(), dark=dark))


@pytest.mark.parametrize("gears", range(1, 13))
def test_any_number_of_gears_is_clean(gears):
    assert_clean(wheel_svg(ring(gears, 6)))


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_random_wheels_are_clean(data):
    gears = data.draw(st.integers(1, 8))
    words = st.text(st.characters(min_codepoint=33, max_codepoint=0x17F), min_size=1, max_size=28)
    nodes = {
        f"g{data.draw(st.integers(0, gears - 1))}.v{i}": {
            "kind": data.draw(st.sampled_from(["stock", "flow", "aux"])),
            "label": data.draw(words),
        }
        for i in range(data.draw(st.integers(0, 30)))
    }
    names = sorted(nodes) or ["none"]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=60))
    edges = [{"from": a, "to": b, "polarity": "+", "delay": bool(len(a) % 2), "link": None} for a, b in pairs]
    loops = [
        {"name": f"R{i}", "title": data.draw(words), "polarity": "B", "links": names[i : i + 4]}
        for i in range(data.draw(st.integers(0, 5)))
    ]
    results = {
        "wheel": {"gears": {f"g{i}": {} for i in range(gears)}},
        "graph": {"nodes": nodes, "edges": edges},
        "loops": loops,
    }
    assert_clean(wheel_svg(results))


def test_everything_drawn_is_named():
    svg = wheel_svg(example())
    shown = " ".join(words for words, _ in read(svg)["texts"])
    for words in (
        "Experience",
        "Membership",
        "Procurement",
        "since 2005",
        "on beliefs",
        "R10",
        "The whole",
        "Lock-in",
        "active",
    ):
        assert words in shown
    root = ET.fromstring(svg)
    assert [child.tag.rsplit("}", 1)[-1] for child in root][:2] == ["title", "desc"]
    assert "R1 Selection, reinforcing: active customers to" in root[1].text


def test_every_drawn_link_has_its_sign_and_every_delay_its_mark():
    chosen = choose(example())
    svg = wheel_svg(example())
    signs = [w for w, _ in read(svg)["texts"] if w in ("+", "\u2212", "?", "0")]
    signed = [link for link in chosen.links if link.standing != DEFINED]
    assert 0 < len(signed) < len(chosen.links)  # a definition has no sign
    assert len(signs) == len(signed) + len({link.sign for link in signed} & {"+", "-", "?"})
    assert svg.count("<line") >= 2 * sum(link.delay for link in chosen.links)


def judged(verdict: str | None, claimed: str = "+", measured: str = "-", method: str = "nuts") -> dict:
    """Two variables with one claimed link, whose slope came out with the sign `measured`."""
    nodes = {"g.a": {"kind": "stock", "gear": "g"}, "g.z": {"kind": "stock", "gear": "g"}}
    edge = {"from": "g.a", "to": "g.z", "polarity": measured, "link": "claim"}
    link = {"polarity": claimed} | ({"verdict": verdict} if verdict else {})
    return {"graph": {"nodes": nodes, "edges": [edge]}, "links": {"claim": link}, "fit": {"method": method}}


@pytest.mark.parametrize(
    ("verdict", "claimed", "measured", "sign", "standing"),
    [
        ("turns", "+", "+", "+", SHOWN),
        ("turns", "-", "-", "-", SHOWN),
        ("turns", "open", "-", "-", SHOWN),
        ("turns", "+", "?", "+", SHOWN),  # nothing flows there now
        ("turns the other way", "+", "-", "-", SHOWN),
        ("turns the other way", "-", "?", "+", SHOWN),
        ("the data cannot tell", "+", "-", "+", OPEN),
        ("the data cannot tell", "-", "+", "-", OPEN),
        ("the data cannot tell", "open", "-", "?", OPEN),
        ("does not turn here", "+", "-", "0", NO_EFFECT),
        (None, "+", "-", "+", CLAIMED),
    ],
)
def test_a_sign_is_the_claim_until_the_data_show_another(verdict, claimed, measured, sign, standing):
    (link,) = choose(judged(verdict, claimed, measured)).links
    assert (link.sign, link.standing) == (sign, standing)
    (link,) = choose(judged(verdict, claimed, measured, method="beliefs")).links
    assert link.standing == CLAIMED and link.sign == {"open": "?"}.get(claimed, claimed)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_key_names_every_kind_of_line_and_counts_what_it_leaves_out(data):
    gears, each = data.draw(st.integers(1, 5)), data.draw(st.integers(2, 12))
    results = ring(gears, each)
    verdicts = st.sampled_from(["turns", "turns the other way", "does not turn here", "the data cannot tell", None])
    results["links"] = {}
    for i, edge in enumerate(results["graph"]["edges"]):
        if data.draw(st.booleans()):
            edge["link"] = f"l{i}"
            results["links"][f"l{i}"] = {"polarity": data.draw(st.sampled_from("+-")), "verdict": data.draw(verdicts)}
    chosen, key = choose(results), dict(key_lines(choose(results)))
    used = {link.standing for link in chosen.links}
    assert used == used & key.keys() and not (set(LOOKS) - used) & key.keys()
    assert len({(LOOKS[u].width, LOOKS[u].dash, LOOKS[u].filled) for u in LOOKS}) == len(LOOKS)
    for standing in used - {DEFINED}:
        there = chosen.there(standing)
        assert chosen.drawn(standing) == there or f"({chosen.drawn(standing)} of {there} drawn)" in key[standing]
    assert chosen.there(SHOWN) == sum(str(v["verdict"]).startswith("turns") for v in results["links"].values())


def test_draws_before_any_fit():
    results = {key: example()[key] for key in ("wheel", "graph")}
    assert_clean(wheel_svg(results))
    assert "the data" not in wheel_svg(results)
    assert_clean(wheel_svg({}))
    assert_clean(wheel_svg({"wheel": None, "graph": {"nodes": None, "edges": [None]}, "loops": [None, {}]}))


def test_is_deterministic():
    assert wheel_svg(example()) == wheel_svg(example())


def test_hostile_words_stay_words():
    bad = '"><script>alert(1)</script><image href="http://x.invalid/"/>\x00\u202e'
    results = ring(3, 4)
    for node in results["graph"]["nodes"].values():
        node["label"] = bad
    results["wheel"] = {"title": bad, "gears": {bad: {"opens": bad, "measured_by": []}, **results["wheel"]["gears"]}}
    results["loops"] = [{"name": bad, "title": bad, "polarity": bad, "links": list(results["graph"]["nodes"])[:4]}]
    svg = wheel_svg(results)
    tags = {element.tag.rsplit("}", 1)[-1] for element in ET.fromstring(svg).iter()}
    assert not tags & {"script", "image", "a", "use", "style", "foreignObject"}
    assert_clean(svg)


def test_signs_of_chains_multiply_and_disagreeing_chains_are_open():
    def graph(second: str) -> dict:
        nodes = {
            n: {"kind": k, "gear": "g"}
            for n, k in (("g.a", "stock"), ("g.m", "flow"), ("g.n", "flow"), ("g.z", "stock"))
        }
        edges = [("g.a", "g.m", "-"), ("g.m", "g.z", "-"), ("g.a", "g.n", "+"), ("g.n", "g.z", second)]
        return {"graph": {"nodes": nodes, "edges": [{"from": a, "to": b, "polarity": p} for a, b, p in edges]}}

    assert [(x.cause, x.effect, x.sign) for x in choose(graph("+")).links] == [("g.a", "g.z", "+")]
    assert [x.sign for x in choose(graph("-")).links] == ["?"]


def test_the_badge_turns_the_loop_s_own_way():
    clockwise = [(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)]  # y points down
    assert _area(clockwise) > 0
    assert _area(clockwise[::-1]) < 0


def _inside(point, outline) -> bool:
    x, y = point
    hit = False
    for (x0, y0), (x1, y1) in zip(outline, outline[1:] + outline[:1]):
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            hit = not hit
    return hit


@pytest.mark.parametrize("direction", [0.0, 0.37, 1.9, -2.4])
@pytest.mark.parametrize("teeth", [15, 22, 31])
def test_gears_mesh_without_cutting_into_each_other(teeth, direction):
    hub, module = 40, 10.0
    reach = (hub + teeth) * module / 2
    x, y = reach * math.cos(direction), reach * math.sin(direction)
    one = teeth_outline(0, 0, hub, module, 0.0)
    other = teeth_outline(x, y, teeth, module, meshing_turn(0.0, hub, teeth, direction))
    assert not any(_inside(p, one) for p in other)
    assert not any(_inside(p, other) for p in one)
    # They do reach into each other's gaps: the tips overlap the other's tip circle.
    tip = max(math.hypot(px, py) for px, py in one)
    assert min(math.hypot(px, py) for px, py in other) < tip


def test_light_gears_are_drawn_lighter():
    results = ring(3, 4)
    assert 'stroke-dasharray="5 4"' not in wheel_svg(results)
    results["wheel"]["gears"]["g1"] = {"opens": "2030-01-01", "measured_by": ["x"]}
    results["series"] = {"x": {"history": [[2024.0, 1.0, ""]]}}
    svg = wheel_svg(results)
    assert "opens 2030" in svg
    assert 'stroke-dasharray="5 4"' in svg


def test_badges_show_the_loop_s_short_name_or_its_letter():
    results = ring(3, 4)
    path = results["loops"][0]["links"]
    names = {"experience.R9": "R", "strain": "B", "a_long_name": "changes"}
    results["loops"] = [{"name": n, "title": "Nick", "polarity": p, "links": path} for n, p in names.items()]
    assert [loop.name for loop in choose(results).loops] == ["R9", "B", "?"]


def test_variables_outside_every_gear_are_passed_through():
    results = ring(2, 1)
    results["graph"]["nodes"]["bridge"] = {"kind": "aux", "gear": "", "label": "bridge"}
    results["graph"]["edges"] = [
        {"from": "g0.thing_0", "to": "bridge", "polarity": "-"},
        {"from": "bridge", "to": "g1.thing_0", "polarity": "-"},
    ]
    chosen = choose(results)
    assert [gear.name for gear in chosen.gears] == ["g0", "g1"]
    assert [(x.cause, x.effect, x.sign) for x in chosen.links] == [("g0.thing_0", "g1.thing_0", "+")]
