"""What happens at a time happens with a time step, by every method: pulses, steps, ramps, openings, own conditions."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearwheel.spin.compiled import jax_program, spin_compiled
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.parts import Flow, Port, Stock, Use, Wheel

METHODS = ("euler", "heun", "rk4")


def filled(equation: str, method: str, dt: float = 1.0, steps: int = 12, engine: str = "numpy") -> np.ndarray:
    """A stock that starts at 0 with one inflow, at the beginning of each step and at the end."""
    wheel = Wheel("w", unit="month", dt=dt, method=method, stock={"s": Stock("1", "0", ("f",), scale="abs")})
    whole = assemble(wheel.changed(flow={"f": Flow("1/month", equation)}), None)
    run = spin(build(whole), {}, steps) if engine == "numpy" else spin_compiled(jax_program(whole), {}, steps)
    return run["s"][0]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([1.0, 0.5, 0.25, 0.1, 0.2, 0.3, 1 / 3, 0.7, 1 / 7, 5.0]),
    st.one_of(st.floats(0, 40), st.integers(0, 400).map(lambda k: k / 10), st.integers(0, 80).map(lambda k: k / 2)),
    st.sampled_from(METHODS),
)
def test_a_pulse_delivers_its_height_once_in_the_step_nearest_to_it(dt, first, method):
    stock = filled(f"pulse(7, {first!r})", method, dt, steps=round(41 / dt) + 2)
    rises = np.flatnonzero(np.diff(stock))
    assert stock[-1] == pytest.approx(7.0)
    assert len(rises) == 1 and abs(rises[0] * dt - first) <= dt * 0.5000002


@pytest.mark.parametrize("engine", ["numpy", "jax"])
@pytest.mark.parametrize("method", METHODS)
def test_steps_pulses_and_ramps_are_the_same_by_every_method_and_engine(method, engine):
    assert filled("step_up(4, 3)", method, engine=engine)[-1] == pytest.approx(4 * 9)
    assert filled("pulse(7, 0)", method, engine=engine).tolist() == [0.0] + [7.0] * 12
    assert filled("pulse(7, 3) - pulse(2, 5)", method, engine=engine)[-1] == pytest.approx(5.0)
    assert filled("step_up(1, 2.4)", method, engine=engine)[-1] == pytest.approx(10.0)  # begins with the step at 2
    assert filled("step_up(1, 2.6)", method, engine=engine)[-1] == pytest.approx(9.0)  # with the one at 3
    assert filled("if(time >= 5 and time < 7, 3, 0)", method, engine=engine)[-1] == pytest.approx(6.0)
    assert filled("if(time = 5, 3, 0)", method, engine=engine)[-1] == pytest.approx(3.0)
    assert filled("(time < 4) * 2 + not (time < 11)", method, engine=engine)[-1] == pytest.approx(9.0)


@pytest.mark.parametrize("method", METHODS[1:])
def test_a_ramp_is_integrated_exactly_from_its_first_step_on(method):
    """The integral of 2 (t - 3) from 3 to 12 is 81; Euler, which looks at the beginning of a step, has 72."""
    assert filled("ramp(2, 3)", method)[-1] == pytest.approx(81.0)
    assert filled("ramp(2, 3)", "euler")[-1] == pytest.approx(72.0)


@pytest.mark.parametrize("method", METHODS)
def test_a_gear_opens_with_a_step(method):
    gear = Wheel(
        "g",
        unit="month",
        port={"out": Port("1/month", of="f", neutral="0")},
        stock={"s": Stock("1", "0", ("f",), scale="abs")},
        flow={"f": Flow("1/month", "2")},
    )
    wheel = Wheel(
        "w",
        unit="month",
        method=method,
        start=date(2024, 1, 1),
        gear={"g": Use("g", opens=date(2024, 5, 1))},
        stock={"outside": Stock("1", "0", ("in",), scale="abs")},
        flow={"in": Flow("1/month", "g.out")},
    )
    run = spin(build(assemble(wheel, lambda name, beside: gear)), {}, 12)
    assert run["g.s"][0, -1] == run["outside"][0, -1] == 2 * 8
