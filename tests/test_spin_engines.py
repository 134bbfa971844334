"""Two engines, one answer; and that answer converges to the differential equation as it should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from gearwheel.spin.compiled import jax_program, jax_ready, spin_compiled
from gearwheel.spin.program import build, initial, step
from gearwheel.spin.run import spin
from gearwheel.wheel.parts import Aux, Flow, Parameter, Stock, Wheel
from wheels_random import Run, runs, wheels

STEPS, DRAWS = 50, 3
WITHOUT_SHRINKING_LIMITS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}


def arguments(run: Run) -> tuple[dict, dict]:
    """Parameters and keywords that exercise draws, shocks and lever paths."""
    rng = np.random.default_rng(run.seed)
    shocks = rng.standard_normal((STEPS, DRAWS, len(run.wheel.stock)))
    parameters = {"rate": run.wheel.parameter["rate"].value * rng.uniform(0.5, 2.0, DRAWS)}
    return parameters, {"shocks": shocks, "paths": {"lever": run.path} if run.path else {}}


def assert_same(one, other):
    assert one.lost == other.lost
    np.testing.assert_allclose(other.states, one.states, rtol=1e-9, atol=1e-12)
    for name, values in one.values.items():
        np.testing.assert_allclose(other[name], values, rtol=1e-9, atol=1e-12, err_msg=name)


@settings(max_examples=12, **WITHOUT_SHRINKING_LIMITS)
@given(runs())
def test_engines_agree_on_random_wheels(run):
    parameters, keywords = arguments(run)
    numpy_run = spin(build(run.wheel), parameters, STEPS, **keywords)
    assert not numpy_run.lost
    assert_same(numpy_run, spin_compiled(jax_program(run.wheel), parameters, STEPS, **keywords))


@settings(max_examples=3, **WITHOUT_SHRINKING_LIMITS)
@given(runs())
def test_engines_agree_by_rk4_from_a_given_state(run):
    parameters, keywords = arguments(run)
    begin = np.random.default_rng(run.seed).uniform(1, 5, (DRAWS, len(run.wheel.stock)))
    keywords |= {"state": begin, "start": 3.0, "method": "rk4"}
    numpy_run = spin(build(run.wheel), parameters, STEPS, **keywords)
    assert_same(numpy_run, spin_compiled(jax_program(run.wheel), parameters, STEPS, **keywords))


@settings(max_examples=40, **WITHOUT_SHRINKING_LIMITS)
@given(wheels())
def test_a_draw_does_not_depend_on_its_neighbours(wheel):
    rates = np.array([0.3, 1.0, 4.0])
    together = spin(build(wheel), {"rate": rates}, STEPS)
    for draw, rate in enumerate(rates):
        alone = spin(build(wheel), {"rate": rate}, STEPS)
        for name, values in alone.values.items():
            np.testing.assert_allclose(together[name][draw], values[0], rtol=1e-12, err_msg=name)


def logistic(dt: float) -> Wheel:
    return Wheel(
        name="logistic",
        dt=dt,
        stock={"n": Stock("x", "5", ("growth",))},
        flow={"growth": Flow("x/year", "0.8 * n * (1 - n / 100)")},
    )


def swing(dt: float) -> Wheel:
    """A spring driven from outside: the clock enters the stages of RK4 too."""
    return Wheel(
        name="swing",
        dt=dt,
        stock={"x": Stock("m", "1", ("right",), scale="abs"), "v": Stock("m/s", "0", ("push",), scale="abs")},
        flow={"right": Flow("m/s", "v"), "push": Flow("m/s/s", "-x + time")},
    )


def exact(wheel: Wheel, time: float) -> np.ndarray:
    if wheel.name == "logistic":
        return np.array([100 / (1 + 19 * np.exp(-0.8 * time))])
    return np.array([np.cos(time) + time - np.sin(time), 1 - np.sin(time) - np.cos(time)])


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("rk4", 4)])
@pytest.mark.parametrize("make", [logistic, swing])
def test_halving_the_step_divides_the_error_as_the_order_says(make, method, order):
    until, steps = 4.0, np.array([32, 64, 128, 256])
    errors = []
    for count in steps:
        wheel = make(until / count)
        end = spin(build(wheel), {}, int(count), method=method).states[0]
        errors.append(np.abs(end - exact(wheel, until)).max())
    fitted = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert fitted == pytest.approx(order, abs=0.12)


def test_comparisons_give_one_or_zero_and_whole_powers_keep_signs_in_both_engines():
    wheel = Wheel(
        name="signs",
        stock={"s": Stock("x", "-2", (), scale="abs")},
        aux={
            "cube": Aux("x", "s ^ 3"),
            "inverse": Aux("x", "s ^ -2"),
            "tests": Aux("1", "(s < 0) + 10 * (s = -2) + 100 * (s != -2) + 1000 * not (s > 0 or s >= 5)"),
            "nested": Aux("1", "2 ^ 3 ^ 2 - -2 ^ 2"),
        },
    )
    for program in (build(wheel), jax_program(wheel)):
        _, values = step(program, initial(program, {}), {}, 0.0)
        got = {n: float(np.asarray(values[n])) for n in wheel.aux}
        assert got == {"cube": -8.0, "inverse": 0.25, "tests": 1011.0, "nested": 516.0}


def test_the_slope_of_a_non_negative_stock_is_finite_where_nothing_flows():
    wheel = Wheel(
        name="idle",
        stock={"s": Stock("x", "3", (), ("out", "more"), "abs", nonnegative=True)},
        flow={"out": Flow("x/year", "open * s"), "more": Flow("x/year", "open * 2")},
        parameter={"open": Parameter("1/year", 0.0)},
    )
    jax, program = jax_ready(), jax_program(wheel)

    def after(opened):
        return step(program, initial(program, {"open": opened}), {"open": opened}, 0.0)[0].sum()

    assert np.isfinite(jax.grad(after)(0.0))
    assert jax.grad(after)(0.1) == pytest.approx(-5.0)
