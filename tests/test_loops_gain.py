"""Partials, gain, pace, delay and polarity against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from gearwheel.loops.anchors import Anchors, cases
from gearwheel.loops.describe import describe
from gearwheel.loops.find import find
from gearwheel.loops.gain import gains, polarity
from gearwheel.loops.partials import feedback_core, jacobian, own_decay, partials
from gearwheel.spin.program import build, rates
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.graph import graph
from gearwheel.wheel.read import parse_wheel

# dx = a y - c x, dy = b x - d y, and a total that only accumulates
PAIR = """
wheel = { name = "pair", unit = "week", dt = 0.25, size = "x" }
[stock.x]
unit = "1"
start = "1"
inflows = ["x_in"]
outflows = ["x_out"]
[stock.y]
unit = "1"
start = "2"
inflows = ["y_in"]
outflows = ["y_out"]
[stock.total]
unit = "1"
start = "1"
inflows = ["adding"]
[stock.cash]
unit = "1"
start = "1"
scale = "abs"
inflows = ["earning"]
[flow.adding]
unit = "1/week"
equation = "x"
[flow.earning]
unit = "1/week"
equation = "x + 0.1 * cash"
[aux.effect]
unit = "1/week"
equation = "a * y"
[flow.x_in]
unit = "1/week"
equation = "effect + 0 * cash"
[flow.x_out]
unit = "1/week"
equation = "c * x"
[flow.y_in]
unit = "1/week"
equation = "b * x"
[flow.y_out]
unit = "1/week"
equation = "d * y"
[loop.R1]
title = "Pair"
through = ["x", "y"]
""" + "".join(f"[parameter.{n}]\nvalue = {v}\n" for n, v in (("a", 0.3), ("b", 0.5), ("c", 0.2), ("d", 0.4)))


@pytest.fixture
def pair():
    wheel = assemble(parse_wheel(PAIR), None)
    draws = 4
    rng = np.random.default_rng(0)
    parameters = {n: rng.uniform(0.1, 0.9, draws) for n in "abcd"}
    parameters["a"][-1] *= -1
    anchors = Anchors(build(wheel), rng.uniform(0.5, 3, (draws, 2, 4)), np.array([0.0, 5.0]), parameters)
    return wheel, graph(wheel), anchors, {n: np.repeat(v[:, None], 2, 1) for n, v in parameters.items()}


def test_gain_pace_and_delay_of_a_linear_pair(pair):
    _, whole, anchors, p = pair
    loop = ("x", "y_in", "y", "effect", "x_in")
    found = gains(anchors, whole, [loop])
    assert found.product[0] == pytest.approx(p["a"] * p["b"])
    assert found.gain[0] == pytest.approx(np.abs(p["a"]) * p["b"] / (p["c"] * p["d"]))
    assert found.delay[0] == pytest.approx(1 / p["c"] + 1 / p["d"])
    assert found.pace[0, :3] == pytest.approx(np.sqrt((p["a"] * p["b"])[:3]))
    assert np.isnan(found.pace[0, 3]).all()  # that draw's loop is balancing


def test_gain_one_is_where_the_linear_pair_neither_grows_nor_shrinks():
    wheel = assemble(parse_wheel(PAIR.replace("value = 0.5", "value = 0.26666666666666666")), None)
    anchors = Anchors(build(wheel), np.ones((1, 1, 4)), np.zeros(1))
    loop = ("x", "y_in", "y", "effect", "x_in")
    assert gains(anchors, graph(wheel), [loop]).gain[0, 0, 0] == pytest.approx(1)
    local = jacobian(cases(anchors), graph(wheel))[0][:2, :2]
    assert np.linalg.eigvals(local).real.max() == pytest.approx(0, abs=1e-9)


def test_the_jacobian_is_that_of_the_step(pair):
    _, whole, anchors, _ = pair
    here = cases(anchors)
    exact = jacobian(here, whole)
    for j in range(4):
        moved = here.state.copy()
        moved[:, j] += 1e-5
        after = cases(Anchors(anchors.program, moved.reshape(4, 2, 4), anchors.times, anchors.parameters))
        slope = (rates(anchors.program, after.values()) - rates(anchors.program, here.values())) / 1e-5
        assert exact[:, :, j] == pytest.approx(slope, abs=1e-6)


def test_decay_counts_forgetting_and_not_word_of_mouth():
    text = """
wheel = { name = "mouth", unit = "year", dt = 0.25, size = "n" }
[stock.n]
unit = "1"
start = "10"
inflows = ["telling"]
outflows = ["leaving"]
[flow.telling]
unit = "1/year"
equation = "0.5 * n"
[flow.leaving]
unit = "1/year"
equation = "0.2 * n"
"""
    wheel = assemble(parse_wheel(text), None)
    anchors = Anchors(build(wheel), np.full((1, 1, 1), 10.0), np.zeros(1))
    assert own_decay(cases(anchors), graph(wheel))[0, 0] == pytest.approx(0.2)
    assert gains(anchors, graph(wheel), [("n", "telling")]).gain[0, 0, 0] == pytest.approx(2.5)


@pytest.mark.parametrize("flow", ["(5 - n) / 4", "gap / 4", "-past / 4"])
def test_decay_is_found_along_every_way_of_writing_an_adjustment(flow):
    text = f"""
wheel = {{ name = "adjust", unit = "year", dt = 0.25, size = "n" }}
[stock.n]
unit = "1"
start = "10"
inflows = ["adapting"]
[aux.gap]
unit = "1"
equation = "5 - n"
[aux.past]
unit = "1"
equation = "n - 5"
[flow.adapting]
unit = "1/year"
equation = "{flow}"
"""
    wheel = assemble(parse_wheel(text), None)
    anchors = Anchors(build(wheel), np.full((1, 1, 1), 10.0), np.zeros(1))
    assert own_decay(cases(anchors), graph(wheel))[0, 0] == pytest.approx(0.25)


def test_gain_is_not_defined_where_a_stock_never_forgets():
    wheel = assemble(parse_wheel(PAIR.replace('equation = "d * y"', 'equation = "d"')), None)
    anchors = Anchors(build(wheel), np.ones((1, 1, 4)), np.zeros(1))
    found = gains(anchors, graph(wheel), [("x", "y_in", "y", "effect", "x_in")])
    assert np.isnan(found.gain).all() and np.isnan(found.delay).all()
    assert found.pace[0, 0, 0] == pytest.approx(np.sqrt(0.15))


def test_the_feedback_core_has_neither_accumulators_nor_cash(pair):
    _, whole, anchors, _ = pair
    assert [anchors.program.stocks[i] for i in feedback_core(anchors.program, whole)] == ["x", "y"]


@pytest.mark.parametrize(
    ("equation", "at", "slope"),
    [
        ("x ^ 2", 3.0, 6.0),
        ("x ^ 2", 0.0, 0.0),
        ("3 * x", 0.0, 3.0),
        ("exp(x)", -1.0, np.exp(-1)),
        ("(x / 1000000) ^ 0.3", 5e7, 0.3 * 50**0.3 / 5e7),
        ("x ^ 1.5", 0.0, 0.0),  # no value on the negative side
    ],
)
def test_partials_against_calculus(equation, at, slope):
    text = f"""
wheel = {{ name = "slope", unit = "year", dt = 0.25, size = "x" }}
[stock.x]
unit = "1"
start = "1"
inflows = ["f"]
[flow.f]
unit = "1/year"
equation = "{equation}"
"""
    wheel = assemble(parse_wheel(text), None)
    anchors = Anchors(build(wheel), np.full((1, 1, 1), at), np.zeros(1))
    found = dict(zip(graph(wheel).edges, partials(cases(anchors), graph(wheel))[:, 0]))
    assert found["x", "f"] == pytest.approx(slope, rel=1e-7, abs=1e-4)
    assert found["f", "x"] == 1


def test_polarity_speaks_of_draws_and_times_together():
    assert polarity(np.array([[1.0, 2.0], [0.0, 3.0]])) == "R"
    assert polarity(np.array([[-1.0, np.nan], [0.0, -3.0]])) == "B"
    assert polarity(np.array([[-1.0, 1.0]])) == "changes"
    assert polarity(np.zeros((2, 2))) == "changes"


def test_levers_over_time_are_what_they_were_at_each_anchor(pair):
    wheel, whole, anchors, p = pair
    stepped = Anchors(anchors.program, anchors.states, anchors.times, anchors.parameters, {"b": [(3.0, 0.125)]})
    loop = ("x", "y_in", "y", "effect", "x_in")
    product = gains(stepped, whole, [loop]).product[0]
    assert product[:, 0] == pytest.approx((p["a"] * p["b"])[:, 0])
    assert product[:, 1] == pytest.approx(p["a"][:, 1] * 0.125)


def test_description_has_the_shape_of_the_results(pair):
    _, whole, anchors, _ = pair
    made = describe(anchors)
    (row,) = made["loops"]
    assert (row["name"], row["title"], row["polarity"]) == ("R1", "Pair", "changes")
    assert row["links"][0] == "x" and set(row["gain"]) == {"median", "low", "high"}
    assert len(row["share_over_time"]["median"]) == 2
    assert made["loop_count"]["complete"] and made["loop_count"]["found"] == len(find(whole)[0])
