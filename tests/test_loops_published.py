"""Loops That Matter against the numbers in print, through real wheels."""

from __future__ import annotations

import numpy as np
import pytest

from gearwheel.loops.anchors import Anchors, along
from gearwheel.loops.find import find
from gearwheel.loops.scores import dominance, link_scores
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.graph import graph
from gearwheel.wheel.read import parse_wheel

BASS = """
wheel = { name = "bass", unit = "year", dt = 0.0625, size = "adopters" }
[stock.potential]
unit = "person"
start = "999999"
outflows = ["adopting"]
[stock.adopters]
unit = "person"
start = "1"
inflows = ["adopting"]
[aux.probability]
unit = "1"
equation = "potential / 1000000"
[aux.adopter_contacts]
unit = "person/year"
equation = "adopters * 100"
[aux.contacts]
unit = "person/year"
equation = "probability * adopter_contacts"
[flow.adopting]
unit = "person/year"
equation = "contacts * 0.015"
"""

LOGISTIC = """
wheel = { name = "logistic", unit = "year", dt = 1, size = "P" }
[stock.P]
unit = "fish"
start = "5"
inflows = ["growth"]
[aux.room]
unit = "1"
equation = "1 - P / 1000"
[flow.growth]
unit = "fish/year"
equation = "0.12 * P * room"
"""

ARMS = """
wheel = { name = "arms", unit = "year", dt = 0.125, size = "a" }
""" + "".join(
    f"""
[stock.{x}]
unit = "1"
start = "{start}"
inflows = ["changing_{x}"]
[aux.target_{x}]
unit = "1"
equation = "1.0{k} * {y} + 0.9{k} * {z}"
[flow.changing_{x}]
unit = "1/year"
equation = "(target_{x} - {x}) / 2{k}"
"""
    for k, (x, y, z, start) in enumerate([("a", "b", "c", 1), ("b", "c", "a", 3), ("c", "a", "b", 7)])
)

DECOUPLED = """
wheel = { name = "two", unit = "year", dt = 0.25, size = "x" }
[stock.x]
unit = "1"
start = "1"
inflows = ["xin"]
outflows = ["xout"]
[flow.xin]
unit = "1/year"
equation = "0.3 * x"
[flow.xout]
unit = "1/year"
equation = "0.1 * x"
[stock.y]
unit = "1"
start = "5"
outflows = ["yout"]
[flow.yout]
unit = "1/year"
equation = "0.2 * y"
"""


def wheel_of(text: str):
    return assemble(parse_wheel(text), None)


def scored(text: str, steps: int):
    """(graph, anchors along the run, link scores (edges, times), loops)."""
    wheel = wheel_of(text)
    program, whole = build(wheel), graph(wheel)
    anchors = along(program, spin(program, {}, steps), {})
    loops, complete = find(whole)
    assert complete
    return whole, anchors, link_scores(anchors, whole)[:, 0], loops


@pytest.mark.parametrize(
    ("time", "probability", "contacts", "b1", "r1"),
    [
        (1.0, 0.000, 1.000, 0.000, 1.000),
        (9.5, 9.958, 11.46, -0.465, 0.535),
        (9.5625, 9358.0, 9806.0, -0.488, 0.512),
        (9.625, 10.91, 10.41, -0.512, 0.488),
        (15.0, 1.000, 0.000, -1.000, 0.000),
    ],
)
def test_bass_diffusion_of_the_2020_paper_table_3(time, probability, contacts, b1, r1):
    whole, anchors, links, loops = scored(BASS, 16 * 16)
    k = int(np.flatnonzero(anchors.times == time)[0])
    row = {edge: i for i, edge in enumerate(whole.edges)}
    assert links[row["probability", "contacts"], k] == pytest.approx(probability, rel=5e-4, abs=5e-4)
    assert links[row["adopter_contacts", "contacts"], k] == pytest.approx(contacts, rel=5e-4, abs=5e-4)
    by_stock = {loop[0]: s for loop, s in zip(loops, dominance(loops, whole, links[:, None], loops).share[:, 0])}
    assert len(loops) == 2
    assert by_stock["potential"][k] == pytest.approx(b1, abs=1e-3)
    assert by_stock["adopters"][k] == pytest.approx(r1, abs=1e-3)


def driven(equation: str, inputs: dict[str, tuple[float, float]]) -> str:
    """A wheel in which the inputs move from one value to the other in one dt and z is computed from them."""
    text = 'wheel = { name = "table", unit = "year", dt = 1, size = "' + next(iter(inputs)) + '" }\n'
    for name, (before, after) in inputs.items():
        text += f'[stock.{name}]\nunit = "1"\nstart = "{before}"\ninflows = ["to_{name}"]\n'
        text += f'[flow.to_{name}]\nunit = "1/year"\nequation = "{after - before}"\n'
    return text + f'[aux.z]\nunit = "1"\nequation = "{equation}"\n'


@pytest.mark.parametrize(
    ("equation", "inputs", "published"),
    [
        ("2 * x + y", {"x": (5, 7), "y": (4, 5)}, {"x": 4 / 5, "y": 1 / 5}),
        ("(w + x) / y", {"w": (7, 10), "x": (2, 4), "y": (3, 5)}, {"w": 5.0, "x": 10 / 3, "y": -6.0}),
    ],
)
def test_link_scores_of_the_2020_paper_tables_1_and_2(equation, inputs, published):
    whole, _, links, _ = scored(driven(equation, inputs), 1)
    row = {edge: i for i, edge in enumerate(whole.edges)}
    for name, score in published.items():
        assert links[row[name, "z"], 0] == pytest.approx(score, abs=5e-3)


def test_flow_to_stock_of_the_2023_paper_table_3():
    # inflow 5 -> 10, outflow 4 -> 5
    text = driven("u", {"u": (5, 10), "v": (4, 5)})
    text += '[stock.S]\nunit = "1"\nstart = "100"\ninflows = ["in"]\noutflows = ["out"]\n'
    text += '[flow.in]\nunit = "1/year"\nequation = "u"\n[flow.out]\nunit = "1/year"\nequation = "v"\n'
    whole, _, links, _ = scored(text, 1)
    row = {edge: i for i, edge in enumerate(whole.edges)}
    assert links[row["in", "S"], 0] == pytest.approx(5 / 4)
    assert links[row["out", "S"], 0] == pytest.approx(-1 / 4)


def test_logistic_growth_hands_over_from_growth_to_limit_at_half_capacity():
    # for infinitesimal dt the relative scores are (1 - P/K) and -P/K; the finite differences are those of the step
    whole, anchors, links, loops = scored(LOGISTIC.replace("dt = 1,", "dt = 0.01,"), 8000)
    share = dominance(loops, whole, links[:, None], loops).share[:, 0]
    level = anchors.states[0, :, 0] / 1000
    growth, limit = (next(s for loop, s in zip(loops, share) if len(loop) == n) for n in (2, 3))
    apart = np.abs(level - 0.5) > 1e-3
    assert growth[apart] == pytest.approx(1 - level[apart], abs=2e-3)
    assert limit[apart] == pytest.approx(-level[apart], abs=2e-3)


def test_the_three_party_arms_race_has_eight_loops():
    whole, _, links, loops = scored(ARMS, 60 * 8)
    stocks = {"a", "b", "c"}
    assert sorted(len(stocks.intersection(loop)) for loop in loops) == [1, 1, 1, 2, 2, 2, 3, 3]
    share = dominance(loops, whole, links[:, None], loops).share[:, 0]
    assert np.abs(share).sum(axis=0) == pytest.approx(1)


def test_stocks_that_do_not_meet_share_nothing():
    whole, _, links, loops = scored(DECOUPLED, 20)
    share = dominance(loops, whole, links[:, None], loops).share[:, 0, 1:-1]
    by_flow = {loop[1]: s for loop, s in zip(loops, share)}
    assert by_flow["xin"] == pytest.approx(3 / 4)  # births 0.3 against deaths 0.1
    assert by_flow["xout"] == pytest.approx(-1 / 4)
    assert by_flow["yout"] == pytest.approx(-1)  # alone in its part


def test_nothing_moves_in_equilibrium():
    whole, _, links, _ = scored(LOGISTIC.replace('start = "5"', 'start = "1000"'), 5)
    assert not links.any()


def test_a_lost_draw_stays_apart():
    wheel = wheel_of(LOGISTIC)
    states = np.array([[[5.0]], [[np.nan]]])
    links = link_scores(Anchors(build(wheel), states, np.array([0.0])), graph(wheel))
    assert np.isnan(links[:, 1]).all() and np.isfinite(links[:, 0]).all()
