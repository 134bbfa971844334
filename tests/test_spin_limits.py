"""Nonnegative stocks: what drains them is limited, everything that reads such a flow sees it so, and nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearwheel.loops.anchors import along
from gearwheel.loops.scores import link_scores
from gearwheel.spin.compiled import jax_program, spin_compiled
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.graph import graph
from gearwheel.wheel.parts import Aux, Flow, Parameter, Stock, Wheel
from gearwheel.wheel.rules import check_wheel

METHODS = ("euler", "heun", "rk4")


def larder(**more) -> Wheel:
    """17 jars, 6 a month asked for: 6, 6, 5, then none. A tenth of what leaves breaks on the way."""
    wheel = Wheel(
        name="larder",
        unit="month",
        stock={
            "jars": Stock("jar", "17", (), ("leaving",), "abs", nonnegative=True),
            "till": Stock("money", "0", ("paying",), (), "abs"),
            "shelf": Stock("jar", "0", ("reaching",), (), "abs"),
            "smoothed": Stock("jar/month", "leaving", ("following",), (), "abs"),
        },
        flow={
            "leaving": Flow("jar/month", "asked"),
            "paying": Flow("money/month", "sales"),
            "reaching": Flow("jar/month", "leaving - broken"),
            "following": Flow("jar/month^2", "(leaving - smoothed) / lag"),
        },
        aux={"sales": Aux("money/month", "leaving * price"), "broken": Aux("jar/month", "leaving / 10")},
        parameter={
            "asked": Parameter("jar/month", 6.0),
            "price": Parameter("money/jar", 3.0),
            "lag": Parameter("month", 2.0),
        },
    )
    return assemble(wheel.changed(**more), None)


@pytest.mark.parametrize("engine", ["numpy", "jax"])
def test_all_readers_of_a_limited_flow_see_it_limited(engine):
    wheel = larder()
    run = spin(build(wheel), {}, 6) if engine == "numpy" else spin_compiled(jax_program(wheel), {}, 6)
    left = np.array([6.0, 6.0, 5.0, 0.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(run["leaving"][0], left)
    np.testing.assert_allclose(run["sales"][0], 3 * left)
    np.testing.assert_allclose(run["reaching"][0], 0.9 * left)
    smoothed = [6.0]
    for flow in left[:-1]:
        smoothed.append(smoothed[-1] + (flow - smoothed[-1]) / 2)
    np.testing.assert_allclose(run["smoothed"][0], smoothed)
    assert run["till"][0, -1] == pytest.approx(51.0) and run["shelf"][0, -1] == pytest.approx(15.3)


@pytest.mark.parametrize("method", METHODS)
def test_a_delay_delivers_only_what_the_limit_let_through(method):
    """What a delay holds at first and what the stock held is all that can ever arrive."""
    wheel = larder(
        stock={
            "jars": Stock("jar", "17", (), ("leaving",), "abs", nonnegative=True),
            "home": Stock("jar", "0", ("in",)),
        },
        flow={"leaving": Flow("jar/month", "asked"), "in": Flow("jar/month", "delay1(leaving, lag)")},
        aux={},
        dt=0.25,
    )
    run = spin(build(wheel), {}, 200, method=method)
    assert run["home"][0, -1] == pytest.approx(17 + 6 * 2, rel=1e-6)


def test_a_limited_flow_limits_what_reads_it_in_another_nonnegative_stock():
    """Parts are fitted where both parts are there: kits take what both stores still hold."""
    wheel = Wheel(
        name="kits",
        stock={
            "wood": Stock("x", "9", (), ("kits",), "abs", nonnegative=True),
            "nails": Stock("x", "50", (), ("nailing", "rusting"), "abs", nonnegative=True),
        },
        flow={"kits": Flow("x/week", "4"), "nailing": Flow("x/week", "5 * kits"), "rusting": Flow("x/week", "4")},
    )
    run = spin(build(wheel), {}, 3)
    assert run["kits"][0].tolist() == [4.0, 4.0, 1.0, 0.0]
    assert run["nailing"][0].tolist() == [20.0, 20.0, 2.0, 0.0]  # 50 - 24 - 24 = 2 nails are left for the third week
    assert run["rusting"][0].tolist() == [4.0, 4.0, 0.0, 0.0]


def two_ways(there: str, back: str, starts=(5.0, 8.0)) -> Wheel:
    """Two nonnegative stocks with a flow each way."""
    return Wheel(
        name="ways",
        stock={
            "a": Stock("x", repr(starts[0]), ("back",), ("there",), "abs", nonnegative=True),
            "b": Stock("x", repr(starts[1]), ("there",), ("back",), "abs", nonnegative=True),
        },
        flow={"there": Flow("x/week", there), "back": Flow("x/week", back)},
    )


@pytest.mark.parametrize(
    ("there", "back", "expected"),
    [
        ("7", "1", (5.0, 1.0)),
        ("-3", "6", (-2.0, 6.0)),  # b holds 8: its outflow is served first, then what runs back
        ("4", "-3", (4.0, -1.0)),  # a holds 5: likewise
        ("-9", "-9", (-8.0, -5.0)),
        ("back / 2", "-4", (-2.0, -4.0)),  # an outflow is served after what its equation reads
        ("-back / 4", "-4", (1.0, -4.0)),
    ],
)
def test_flows_both_ways_between_nonnegative_stocks(there, back, expected):
    wheel = two_ways(there, back)
    assert not [p for p in check_wheel(wheel) if p.severity == "error"]
    run = spin(build(wheel), {}, 1)
    assert (run["there"][0, 0], run["back"][0, 0]) == expected


def test_who_is_served_first_is_asked_where_the_order_listed_contradicts_the_equations():
    wheel = Wheel(
        name="order",
        stock={"milk": Stock("x", "9", (), ("spilling", "selling"), "abs", nonnegative=True)},
        flow={"spilling": Flow("x/week", "selling / 10"), "selling": Flow("x/week", "4")},
    )
    problem = next(p for p in check_wheel(wheel) if p.severity == "error")
    assert problem.code == "GW229" and "selling" in problem.message and "spilling" in problem.message
    milk = Stock("x", "9", (), ("selling", "spilling"), "abs", nonnegative=True)
    assert not [p for p in check_wheel(wheel.changed(stock={"milk": milk})) if p.severity == "error"]


def test_a_start_may_read_the_flow_that_its_own_stock_limits():
    wheel = Wheel(
        name="cover",
        stock={"goods": Stock("x", "selling * cover", (), ("selling",), "abs", nonnegative=True)},
        flow={"selling": Flow("x/week", "4")},
        parameter={"cover": Parameter("week", 3.0)},
    )
    assert not [p for p in check_wheel(wheel) if p.severity == "error"]
    assert spin(build(wheel), {}, 4)["goods"][0].tolist() == [12.0, 8.0, 4.0, 0.0, 0.0]


def test_link_scores_and_partials_see_a_flow_as_limited():
    """While the store limits what leaves, a change of what is asked for changes nothing."""
    wheel = larder(
        flow={**larder().flow, "leaving": Flow("jar/month", "wanted")},
        aux={**larder().aux, "wanted": Aux("jar/month", "asked + time")},
    )
    program, links = build(wheel), graph(wheel)
    run = spin(program, {}, 4)
    assert run["leaving"][0].tolist() == [6.0, 7.0, 4.0, 0.0, 0.0]
    scores = link_scores(along(program, run, {}), links)
    row = dict(zip(links.edges, scores[:, 0]))
    assert row["wanted", "leaving"][0] == 1.0  # 6 to 7: all of it came from the wish
    assert row["wanted", "leaving"][2] == 0.0  # 4 to 0: none of it did
    assert row["leaving", "sales"][2] == 1.0


@st.composite
def closed_systems(draw):
    """Nonnegative stocks, and flows between them in any direction and of any sign, some of which read others."""
    count = draw(st.integers(2, 4))
    flows, ends = {}, []
    for i in range(draw(st.integers(1, 6))):
        source = draw(st.integers(0, count - 1))
        target = (source + draw(st.integers(1, count - 1))) % count
        ends.append((source, target))
        terms = [f"{draw(st.floats(-4, 4)):.3f}", f"{draw(st.floats(-3, 3)):.3f} * s{draw(st.integers(0, count - 1))}"]
        if i and draw(st.booleans()):
            terms.append(f"{draw(st.floats(-1, 1)):.3f} * f{draw(st.integers(0, i - 1))}")
        flows[f"f{i}"] = Flow("x/year", " + ".join(terms))
    stocks = {
        f"s{k}": Stock(
            "x",
            repr(draw(st.floats(0, 10))),
            tuple(f"f{i}" for i, (_, target) in enumerate(ends) if target == k),
            tuple(f"f{i}" for i, (source, _) in enumerate(ends) if source == k),
            "abs",
            nonnegative=True,
        )
        for k in range(count)
    }
    return Wheel(name="closed", unit="year", dt=draw(st.sampled_from((0.1, 0.5, 1.0))), stock=stocks, flow=flows)


def refused(wheel: Wheel) -> bool:
    """Limits that need each other."""
    return "GW229" in [p.code for p in check_wheel(wheel)]


@settings(max_examples=150, deadline=None)
@given(closed_systems(), st.sampled_from(METHODS))
def test_a_closed_system_with_flows_of_both_signs_keeps_its_sum_and_stays_above_zero(wheel, method):
    if refused(wheel):
        return
    run = spin(build(wheel), {}, 30, method=method)
    stocks = np.array([run[n][0] for n in wheel.stock])
    assert (stocks >= 0).all()
    np.testing.assert_allclose(stocks.sum(axis=0), stocks[:, 0].sum(), rtol=1e-9, atol=1e-9)


@settings(max_examples=6, deadline=None)
@given(closed_systems(), st.sampled_from(METHODS))
def test_both_engines_limit_alike(wheel, method):
    if refused(wheel):
        return
    one, other = spin(build(wheel), {}, 20, method=method), spin_compiled(jax_program(wheel), {}, 20, method=method)
    for name, values in one.values.items():
        np.testing.assert_allclose(other[name], values, rtol=1e-9, atol=1e-9, err_msg=name)
