"""What a spin must keep: sums, units, non-negative stocks, the clock, gates, levers, and the draws that are well."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearwheel.spin.compiled import jax_program, spin_compiled
from gearwheel.spin.levers import history, moved, resolve, table, value_at
from gearwheel.spin.program import build
from gearwheel.spin.run import check_lost, noise_sd, spin
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.errors import SpinError, WheelError
from gearwheel.wheel.parts import Aux, Flow, Lever, Parameter, Stock, Use, Wheel


def closed(rates: list[float], starts: list[float], nonnegative: bool, dt: float = 0.25) -> Wheel:
    """Stocks in a ring, each draining into the next by itself and by meeting its neighbour."""
    count = len(starts)
    stocks = {
        f"s{i}": Stock("x", repr(starts[i]), (f"f{i - 1 if i else count - 1}",), (f"f{i}",), "abs", "0", nonnegative)
        for i in range(count)
    }
    flows = {f"f{i}": Flow("x/year", f"{rates[i]!r} * (s{i} + s{i} * s{(i + 1) % count} / 10)") for i in range(count)}
    return Wheel(name="closed", dt=dt, stock=stocks, flow=flows)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 10)), min_size=2, max_size=4),
    st.sampled_from(["euler", "rk4"]),
)
def test_a_closed_system_keeps_its_sum_and_its_stocks_above_zero(parts, method):
    rates, starts = zip(*parts)
    wheel = closed(list(rates), list(starts), nonnegative=True)
    run = spin(build(wheel), {}, 40, method=method)
    stocks = np.array([run[n][0] for n in wheel.stock])
    assert (stocks >= 0).all()
    np.testing.assert_allclose(stocks.sum(axis=0), sum(starts), rtol=1e-12, atol=1e-12)


def test_without_the_limit_the_same_system_does_fall_below_zero():
    run = spin(build(closed([3.0, 0.0], [10.0, 10.0], nonnegative=False)), {}, 40)
    assert run["s0"].min() < 0


def tank(orders: tuple[str, str], noise: str = "0") -> Wheel:
    """10 litres, three outflows that ask for 12 in the first step, and one that runs backwards and so fills."""
    flows = {
        "a": Flow("l/year", "6"),
        "b": Flow("l/year", "8"),
        "c": Flow("l/year", "10"),
        "back": Flow("l/year", "-1"),
    }
    return Wheel(
        name="tank",
        dt=0.5,
        stock={
            "tank": Stock("l", "10", (), (*orders, "c", "back"), "abs", noise, nonnegative=True),
            "got_a": Stock("l", "0", ("a",), scale="abs"),
            "got_b": Stock("l", "0", ("b",), scale="abs"),
            "got_c": Stock("l", "0", ("c",), scale="abs"),
        },
        flow=flows,
    )


def test_outflows_of_a_non_negative_stock_take_no_more_than_it_holds():
    run = spin(build(tank(("a", "b"))), {}, 3)
    assert [run[n][0, 1] for n in ("tank", "got_a", "got_b", "got_c")] == [0.5, 3.0, 4.0, 3.0]
    assert run["c"][0].tolist() == [6.0, 0.0, 0.0, 0.0]  # recorded as it flowed, not as it was asked for
    assert run["a"][0].tolist() == [6.0, 1.0, 1.0, 1.0]  # what has run back is there in the next step
    assert run["back"].max() == run["back"].min() == -1.0


def test_when_little_is_left_the_first_listed_takes_it():
    for orders, winner, loser in ((("a", "b"), "got_a", "got_b"), (("b", "a"), "got_b", "got_a")):
        run = spin(build(tank(orders)), {}, 1, state=np.array([[2.0, 0.0, 0.0, 0.0]]))
        assert run[winner][0, 1] == 2.0 and run[loser][0, 1] == 0.0


def test_process_noise_does_not_push_a_non_negative_stock_below_zero():
    shocks = np.random.default_rng(0).standard_normal((60, 50, 4))
    run = spin(build(tank(("a", "b"), noise="5")), {}, 60, shocks=shocks)
    assert (run["tank"] >= 0).all() and run["tank"][:, 30:].max() > 0


def shop(unit: float) -> Wheel:
    """Customers counted in `unit`s of one: every number with customers in it is scaled, the equations are not."""
    return Wheel(
        name="shop",
        dt=0.25,
        stock={
            "customers": Stock("customer", "customers_start", ("joining",), ("leaving",), "log", "0.1"),
            "fame": Stock("1", "0.1", ("rising",), ("fading",), "log", "0.1"),
        },
        flow={
            "joining": Flow("customer/year", "reach * fame * customers * (1 - customers / market)"),
            "leaving": Flow("customer/year", "churn * customers"),
            "rising": Flow("1/year", "told * customers / market"),
            "fading": Flow("1/year", "fame / 2"),
        },
        aux={"sales": Aux("USD/year", "spending * customers")},
        parameter={
            "customers_start": Parameter("customer", 20.0 / unit),
            "market": Parameter("customer", 5000.0 / unit),
            "spending": Parameter("USD/customer/year", 3.0 * unit),
            "reach": Parameter("1/year", 4.0),
            "told": Parameter("1/year", 2.0),
            "churn": Parameter("1/year", 0.2),
        },
    )


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([1000.0, 0.001, 7.3]), st.sampled_from(["euler", "rk4"]), st.integers(0, 99))
def test_the_unit_of_a_stock_changes_nothing_else(unit, method, seed):
    shocks = np.random.default_rng(seed).standard_normal((60, 1, 2))
    one, other = (spin(build(shop(u)), {}, 60, shocks=shocks, method=method) for u in (1.0, unit))
    scaled = {"customers", "joining", "leaving"}
    for name in one.values:
        np.testing.assert_allclose(other[name] * (unit if name in scaled else 1), one[name], rtol=1e-10, err_msg=name)


def explosive() -> Wheel:
    return Wheel(
        name="explosive",
        dt=0.5,
        stock={"calm": Stock("x", "1", ("in",), ("out",), "abs"), "wild": Stock("x", "1", ("more",), (), "abs")},
        flow={"in": Flow("x", "1"), "out": Flow("x", "calm"), "more": Flow("x", "push * wild ^ 3")},
        parameter={"push": Parameter("1", 0.0)},
    )


@pytest.mark.parametrize("engine", ["numpy", "jax"])
def test_a_draw_that_blows_up_is_named_and_the_others_are_untouched(engine):
    def go(push):
        if engine == "numpy":
            return spin(build(explosive()), {"push": push}, 40)
        return spin_compiled(jax_program(explosive()), {"push": push}, 40)

    push = np.array([0.0, 5.0, -0.01, 3.0])
    run, well = go(push), go(push[[0, 2]])
    assert sorted(run.lost) == [1, 3] and all("wild at time" in why for why in run.lost.values())
    assert not np.isfinite(run["wild"][1, -1])
    for name in run.values:
        np.testing.assert_array_equal(run[name][[0, 2]], well[name])
    with pytest.raises(SpinError, match="2 of 4 draws .*draw 1: wild at time"):
        check_lost(run)
    assert check_lost(well) is well


def test_the_frozen_clock_holds_outside_inputs_and_lever_steps():
    wheel = Wheel(
        name="clock",
        stock={"s": Stock("x", "0", ("in",), scale="abs")},
        flow={"in": Flow("x/year", "time + fee")},
        parameter={"fee": Parameter("1", 1.0)},
    )
    paths = {"fee": [(4.0, 10.0), (8.0, 100.0)]}
    run = spin(build(wheel), {}, 10, start=2.0, frozen=5.0, paths=paths)
    assert (run["in"] == 15.0).all() and run.times[0] == 2.0 and run.times[-1] == 12.0
    moving = spin(build(wheel), {}, 10, start=2.0, paths=paths)
    assert moving["in"][0].tolist() == [3.0, 4.0, 14.0, 15.0, 16.0, 17.0, 108.0, 109.0, 110.0, 111.0, 112.0]


def gated() -> Wheel:
    """A founder gear, and a cloud gear that opens in its third year."""
    gear = Wheel(
        name="gear",
        stock={"size": Stock("x", "2", ("growth",), (), "log", "0.3")},
        flow={"growth": Flow("x/year", "0.5 * size")},
    )
    wheel = Wheel(
        name="two",
        unit="year",
        dt=0.25,
        start=date(2000, 1, 1),
        gear={"shop": Use("gear"), "cloud": Use("gear", opens=date(2003, 1, 1))},
    )
    return assemble(wheel, lambda name, file: gear)


def test_a_gear_stands_still_and_free_of_noise_until_it_opens():
    wheel, steps = gated(), 24
    program = build(wheel)
    shocks = np.random.default_rng(1).standard_normal((steps, 6, 2))
    run = spin(program, {}, steps, shocks=shocks)
    opens = round(3 / wheel.dt)
    assert (run["cloud.size"][:, : opens + 1] == 2.0).all()
    assert (run["cloud.growth"][:, :opens] == 0.0).all() and (run["cloud.growth"][:, opens:] > 0).all()
    assert (run["cloud.size"][:, opens + 1] != 2.0).all() and (run["shop.size"][:, 1] != 2.0).all()
    assert noise_sd(program, {}, 2.75).tolist() == [0.3, 0.0] and noise_sd(program, {}, 3.0).tolist() == [0.3, 0.3]


def test_noise_alone_spreads_the_draws_as_it_says():
    wheel = Wheel(
        name="walk", dt=0.25, stock={"s": Stock("x", "1", noise="0.2"), "a": Stock("x", "0", (), (), "abs", "3")}
    )
    shocks = np.random.default_rng(0).standard_normal((16, 4000, 2))
    run = spin(build(wheel), {}, 16, shocks=shocks)
    assert run["s"].shape == (4000, 17)  # draws counted from the shocks, though every parameter is one number
    assert np.log(run["s"][:, -1]).std() == pytest.approx(0.2 * 2, rel=0.04)
    assert run["a"][:, -1].std() == pytest.approx(3 * 2, rel=0.04)


# ---- levers


def levered() -> Wheel:
    return Wheel(
        name="levered",
        unit="year",
        dt=0.5,
        start=date(2020, 1, 1),
        stock={"s": Stock("x", "fee", scale="abs")},
        aux={"paid": Aux("1", "fee * 1")},
        parameter={"fee": Parameter("1", 1.0), "tax": Parameter("1", 0.5)},
        lever={"gear.price": Lever("fee", (0.0, 50.0), history=((date(2021, 1, 1), 3.0), (date(2020, 7, 1), 2.0)))},
    )


def test_history_is_sorted_and_in_the_time_of_the_wheel():
    assert history(levered()) == {"fee": [(0.5, 2.0), (1.0, 3.0)]}


@pytest.mark.parametrize("engine", [spin, spin_compiled])
def test_before_its_first_step_a_lever_leaves_each_draw_its_own_value(engine):
    program = build(levered()) if engine is spin else jax_program(levered())
    run = engine(program, {"fee": np.array([7.0, 8.0])}, 2, paths=history(levered()))
    assert run["paid"].tolist() == [[7.0, 2.0, 3.0], [8.0, 2.0, 3.0]]  # the last step takes effect at the last instant
    assert run["s"][:, 0].tolist() == [7.0, 8.0]


def test_settings_become_paths_by_lever_or_parameter_name():
    wheel = levered()
    assert resolve(wheel, {"price": 5, "tax": 0.1}, 2.0) == {"fee": [(2.0, 5.0)], "tax": [(2.0, 0.1)]}
    dated = resolve(wheel, {"gear.price": [(date(2022, 1, 1), 9), (1.5, 8)]}, 0.0)
    assert dated == {"fee": [(1.5, 8.0), (2.0, 9.0)]}


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"price": 51}, "GW141", "outside its limits 0 to 50"),
        ({"price": [(0.0, 3), (1.0, -1)]}, "GW141", "-1"),
        ({"prise": 3}, "GW140", "price"),
    ],
)
def test_a_lever_beyond_its_limits_or_unknown_is_refused(settings, code, said):
    with pytest.raises(WheelError) as caught:
        resolve(levered(), settings, 0.0)
    assert code in str(caught.value) and said in str(caught.value)


def test_a_path_holds_from_each_step_on_despite_rounded_times():
    path = [(0.3, 1.0), (0.6, 2.0)]
    times = 0.1 * np.arange(9)
    assert [value_at(path, t, 0.0) for t in times] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    laid = moved(np, {"x": 5.0}, {"x": table({"x": path}, times)["x"]})["x"]
    assert laid.tolist() == [5, 5, 5, 1, 1, 1, 2, 2, 2]
