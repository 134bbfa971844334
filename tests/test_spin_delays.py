"""Delays and smooths that are short beside the time step: bounded, nothing lost, and `check` says so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.parts import Aux, Belief, Flow, Parameter, Stock, Wheel
from gearwheel.wheel.rules import check_wheel

STAGES = {"delay1": 1, "delay3": 3, "smth1": 1, "smth3": 3, "habit": 1}


def piped(form: str, tau: float | Parameter, dt: float, method: str = "euler", unit: str = "month") -> Wheel:
    """2 a month, from month 4 on 9, through a delay into a stock."""
    tau = tau if isinstance(tau, Parameter) else Parameter(unit, tau)
    wheel = Wheel(
        name="pipe",
        unit="month",
        dt=dt,
        method=method,
        stock={"sink": Stock("x", "0", ("out",), scale="abs")},
        flow={"out": Flow("x/month", f"{form}(sent, tau)")},
        aux={"sent": Aux("x/month", "(2 + step_up(7, 4)) * one")},
        parameter={"tau": tau, "one": Parameter("x/month", 1.0)},
    )
    return assemble(wheel, None)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(STAGES)),
    st.one_of(st.floats(0, 12), st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 1.0, 1.5, 2.0, 3.0])),
    st.sampled_from([0.1, 0.25, 1.0, 2.0]),
    st.sampled_from(["euler", "heun", "rk4"]),
)
def test_what_comes_out_lies_between_what_went_in(form, tau, dt, method):
    run = spin(build(piped(form, tau, dt, method)), {}, round(100 / dt))
    assert run["out"].min() >= 2 - 1e-9 and run["out"].max() <= 9 + 1e-9
    assert run["out"][0, -1] == pytest.approx(9.0, rel=1e-3)


@pytest.mark.parametrize("tau", [0.1, 1.0, 1.9, 2.0, 2.5, 3.0, 8.0])
def test_a_short_material_delay_still_delays_by_its_time_and_loses_nothing(tau):
    """The mean delay is the difference of what has gone in and come out, over the rise of the flow."""
    run = spin(build(piped("delay3", tau, 1.0)), {}, 200)
    behind = (run["sent"] - run["out"])[0].sum() / 7
    assert behind == pytest.approx(max(tau, 1.0), abs=1e-6)


@pytest.mark.parametrize(("form", "stages"), STAGES.items())
def test_check_warns_where_a_stage_is_shorter_than_a_time_step_and_only_there(form, stages):
    for tau, dt, expected in ((0.99 * stages, 1.0, True), (stages, 1.0, False), (0.3 * stages, 0.1, False)):
        wheel = piped(form, tau, dt)
        found = [p for p in check_wheel(wheel) if p.code == "GW307"]
        assert bool(found) is expected
        if found:
            assert form in found[0].message and "'out'" in found[0].message
            assert found[0].severity == "warning" and f"dt = {0.99:g} or less" in found[0].hint


def test_a_belief_that_reaches_below_the_time_step_is_told():
    wide = Parameter("month", belief=Belief(0.5, 2.0, 8.0, "lognormal"), because="x")
    (problem,) = [p for p in check_wheel(piped("smth1", wide, 1.0)) if p.code == "GW307"]
    assert "as little as 0.5" in problem.message and "lasts that long" in problem.hint
    sure = Parameter("month", belief=Belief(1.5, 2.0, 8.0, "lognormal"), because="x")
    assert not [p for p in check_wheel(piped("smth1", sure, 1.0)) if p.code == "GW307"]


@pytest.mark.parametrize("unit", ["month", "1"])
def test_a_time_constant_without_a_unit_is_still_taken(unit):
    assert not [p for p in check_wheel(piped("delay3", 6.0, 1.0, unit=unit)) if p.severity == "error"]


def test_a_long_delay_computes_as_before():
    """Three stocks by hand, Euler."""
    run = spin(build(piped("delay3", 6.0, 0.5)), {}, 40)
    levels, out = np.full(3, 2 * 2.0), []
    for k in range(41):
        leaving = levels / 2
        out.append(leaving[2])
        levels = levels + 0.5 * (np.array([2.0 if k < 8 else 9.0, *leaving[:2]]) - leaving)
    np.testing.assert_allclose(run["out"][0], out, rtol=1e-12)
