"""Wheel speed, its sensitivity and the feedback rate against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from gearwheel.loops.anchors import Anchors, interval
from gearwheel.loops.speed import feedback_rate, speed, speed_sensitivity
from gearwheel.show import words
from gearwheel.spin.program import build
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.read import parse_wheel


def growth(unit: str = "year", dt: float = 0.25, rate: str = "r"):
    return assemble(
        parse_wheel(f"""
wheel = {{ name = "growth", unit = "{unit}", dt = {dt}, size = "n" }}
[stock.n]
unit = "1"
start = "1"
inflows = ["growing"]
[flow.growing]
unit = "1/{unit}"
equation = "{rate} * n"
[parameter.r]
belief = {{ low = 0.1, centre = 0.2, high = 0.3 }}
[parameter.idle]
belief = {{ low = -1, centre = 0, high = 1 }}
"""),
        None,
    )


def anchors(wheel, rates, times=(0.0,), **more):
    states = np.full((len(rates), len(times), 1), 7.0)
    return Anchors(build(wheel), states, np.array(times), {"r": np.array(rates)}, **more)


def test_speed_of_exponential_growth_is_its_rate():
    rates = np.array([-0.3, 0.0, 0.2])
    found = speed(anchors(growth(dt=1 / 64), rates))
    assert found[:, 0] == pytest.approx(64 * np.log(1 + rates / 64))  # Euler
    assert found[:, 0] == pytest.approx(rates, abs=1e-3)


@pytest.mark.parametrize(("unit", "per_year"), [("month", 12), ("quarter", 4), ("week", 365.2425 / 7)])
def test_speed_is_per_year_in_every_unit(unit, per_year):
    wheel = growth(unit, dt=1 / 64)
    assert speed(anchors(wheel, [0.01]))[0, 0] == pytest.approx(0.01 * per_year, rel=1e-4)
    assert feedback_rate(anchors(wheel, [0.01]))[0, 0] == pytest.approx(0.01 * per_year)


def test_the_clock_and_the_levers_stand_still():
    wheel = growth(dt=1 / 64, rate="(r + if(time > 3, 5, 0))")
    path = {"r": [(0.0, 0.1), (2.5, 9.0)]}
    found = speed(anchors(wheel, [0.7], times=(2.2, 2.4, 4.0), paths=path))
    assert found[0, :2] == pytest.approx(0.1, abs=1e-3)
    assert found[0, 2] == pytest.approx(14, rel=0.12)


def test_sensitivity_is_the_derivative_with_respect_to_ln():
    rates = np.array([0.1, 0.3, -0.2])
    found = speed_sensitivity(anchors(growth(dt=1 / 64), rates))
    assert found["r"][:, 0] == pytest.approx(rates / (1 + rates / 64), rel=1e-6)
    assert not found["idle"].any()
    assert set(speed_sensitivity(anchors(growth(), rates), ["r"])) == {"r"}


def test_speed_is_unknown_where_there_is_no_size():
    at = anchors(growth(), [0.1, 0.1])
    at.states[1] = -1.0
    assert np.isfinite(speed(at)[0, 0])
    at.states[1] = 0.0
    assert np.isnan(speed(at)[1, 0])


COUPLED = """
wheel = { name = "coupled", unit = "year", dt = 0.125, size = "x" }
[stock.x]
unit = "1"
start = "1"
inflows = ["xin"]
[stock.y]
unit = "1"
start = "1"
inflows = ["yin"]
[stock.cash]
unit = "1"
start = "1"
scale = "abs"
inflows = ["interest"]
[flow.xin]
unit = "1/year"
equation = "a * y - 0.2 * x"
[flow.yin]
unit = "1/year"
equation = "smth1(x, 2) - 0.4 * y"
[flow.interest]
unit = "1/year"
equation = "5 * cash + x"
[parameter.a]
value = 0.5
"""


def test_feedback_rate_is_the_exact_eigenvalue_with_the_memory_and_without_cash():
    wheel = assemble(parse_wheel(COUPLED), None)
    program = build(wheel)
    a = np.array([0.5, -0.5, 2.0])
    at = Anchors(program, np.ones((3, 1, len(program.stocks))), np.zeros(1), {"a": a})
    exact = [
        np.linalg.eigvals(np.array([[-0.2, v, 0], [0, -0.4, 1], [0.5, 0, -0.5]])).real.max() for v in a
    ]  # x, y, memory of x
    assert feedback_rate(at)[:, 0] == pytest.approx(exact)


def test_a_state_that_is_not_finite_gives_no_rate():
    wheel = assemble(parse_wheel(COUPLED.replace("a * y", "a * ln(y) * y")), None)
    program = build(wheel)
    states = np.ones((2, 1, len(program.stocks)))
    states[1] = -1.0
    found = feedback_rate(Anchors(program, states, np.zeros(1)))
    assert np.isfinite(found[0, 0]) and np.isnan(found[1, 0])


def test_a_stock_that_may_be_negative_belongs_to_the_feedback_core_where_it_feeds_back():
    """Stock and crew: d stock = 8 crew - 80, d crew = (450 - stock) / 60 - crew / 12, whose eigenvalues are complex."""
    text = """
wheel = { name = "yard", unit = "month", dt = 0.25, size = "crew" }
[stock.goods]
unit = "1"
start = "450"
scale = "abs"
inflows = ["making"]
[stock.crew]
unit = "1"
start = "10"
inflows = ["hiring"]
[flow.making]
unit = "1/month"
equation = "8 * crew - 80"
[flow.hiring]
unit = "1/month"
equation = "(450 - goods) / 60 - crew / 12"
"""
    program = build(assemble(parse_wheel(text), None))
    exact = np.linalg.eigvals(np.array([[0.0, 8.0], [-1 / 60, -1 / 12]])).real.max() * 12
    at = Anchors(program, np.array([[[450.0, 10.0]]]), np.zeros(1))
    assert feedback_rate(at)[0, 0] == pytest.approx(exact)
    said = words.feedback({"wheel": {"unit": "month"}, "feedback_rate": interval(feedback_rate(at)[:, 0])})
    assert "per year" in said and "50" in said, "-0.042 a month are -50% a year"
