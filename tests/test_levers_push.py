"""The cheapest push on wheels whose boundary and cost are known, its stop, its odds and its map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from gearwheel.levers.push import push, subsidies_of, task_of
from gearwheel.levers.push_map import earliest_stop, push_map, speeds
from gearwheel.levers.push_search import FOUND, HOPELESS, NONE_NEEDED, TOO_DEAR, cheapest
from gearwheel.loops.mass import critical_mass
from gearwheel.spin.program import build
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.read import parse_wheel

BISTABLE = """
wheel = {{ name = "one", unit = "year", dt = {dt}, size = "n" }}
[stock.n]
unit = "customer"
start = "10 * {scale}"
inflows = ["joining", "won"]
outflows = ["leaving"]
[flow.joining]
unit = "customer/year"
equation = "{scale} * top * saturating(n / {scale}, 100, 2)"
[flow.won]
unit = "customer/year"
equation = "{scale} * (gift + 0.5 * advice)"
[flow.leaving]
unit = "customer/year"
equation = "0.5 * n"
[parameter.top]
value = 200
[parameter.gift]
value = 0
[parameter.advice]
value = 0
[lever.gift]
of = "gift"
limits = [0, {most}]
cost = "{price} * gift"
[lever.advice]
of = "advice"
limits = [0, 60]
cost = "{price} * 3 * advice"
"""
TOP, START, MOST, PRICE = 200.0, 10.0, 30.0, 7.0
DT, LONGEST = 0.125, 120  # time steps at most
UNSTABLE = TOP - np.sqrt(TOP**2 - 1e4)  # of dn/dt = top n²/(n² + 100²) - n/2


def wheel(dt=DT, scale=1.0, price=PRICE, most=MOST):
    return build(assemble(parse_wheel(BISTABLE.format(dt=dt, scale=scale, price=price, most=most)), None))


def task(program=None, top=TOP, start=START, subsidies=("gift",), horizon=30.0, **more):
    top = np.atleast_1d(np.asarray(top, float))
    return task_of(program or wheel(), np.full((len(top), 1), start), {"top": top}, horizon, subsidies, **more)


def crossing(rate, top=TOP):
    """Time in which a constant inflow carries the stock from its start to the unstable rest."""
    edge = top - np.sqrt(top**2 - 1e4)
    drift = lambda n: rate + top * n**2 / (n**2 + 1e4) - n / 2  # noqa: E731
    return quad(lambda n: 1 / drift(n), START, edge)[0]


def test_the_cheapest_push_is_the_hardest_one_until_the_boundary():
    # below the boundary the stock drains: ∫ b dt = ∫ b / (b + f(n)) dn falls with the rate b, so b stands at its limit
    found = cheapest(task(), 0.8, longest=LONGEST)
    time = crossing(MOST)
    assert found.answer == FOUND and found.probability == 1 and found.without == 0
    assert found.stop * DT == pytest.approx(time, abs=DT + 0.02 * time)
    assert found.amounts[0] == pytest.approx(1, abs=0.08)
    assert found.pushed.cost.mean() == pytest.approx(PRICE * MOST * time, rel=0.03)
    assert found.pushed.at_stop[0, 0] == pytest.approx(UNSTABLE, rel=0.02)


def test_no_push_of_a_dense_search_is_cheaper():
    asked = task()
    found = cheapest(asked, 0.8, longest=LONGEST)
    amounts, stops = np.meshgrid(np.linspace(0.2, 1, 33), np.arange(4, 100, 3))
    tried = push(asked, amounts.reshape(-1, 1), stops.ravel())
    works = tried.works[:, 0]
    assert 0 < works.sum() < len(works)
    assert found.pushed.cost[0, 0] <= tried.cost[works, 0].min() * 1.001


def test_of_two_subsidies_the_cheaper_one_is_taken():
    found = cheapest(task(subsidies=("gift", "advice")), 0.8, longest=LONGEST)
    alone = cheapest(task(), 0.8, longest=LONGEST)
    # the dear one is worth having only as far as it makes the push shorter
    assert found.pushed.cost.mean() <= alone.pushed.cost.mean() * 1.01
    assert found.amounts[0] > 0.9 and found.amounts[1] < 0.2


def test_at_a_wanted_probability_the_push_is_as_large_as_that_quantile_needs():
    top = np.linspace(140, 260, 41)
    asked = task(top=top)
    costs = {}
    for wanted in (0.5, 0.9):
        found = cheapest(asked, wanted, longest=LONGEST)
        assert wanted <= found.probability < wanted + 0.06
        costs[wanted] = found.pushed.cost.mean()
        hardest = np.quantile(top, 1 - wanted, method="lower")  # a smaller top has its boundary farther away
        assert costs[wanted] == pytest.approx(PRICE * MOST * crossing(MOST, hardest), rel=0.05)
    assert costs[0.9] > costs[0.5]


def test_the_other_answers():
    none = cheapest(task(start=60.0), 0.8, longest=LONGEST)
    assert none.answer == NONE_NEEDED and not none.amounts.any() and not none.pushed.cost.any()
    assert cheapest(task(top=60.0), 0.8, longest=LONGEST).answer == HOPELESS  # no high state at all
    assert cheapest(task(wheel(most=1.0)), 0.8, longest=LONGEST).answer == HOPELESS  # there is one, beyond the limits
    assert cheapest(task(), 0.8, longest=LONGEST, most=10.0).answer == TOO_DEAR


def test_it_can_stop_right_after_the_boundary():
    top = np.array([160.0, 200.0, 300.0])
    asked = task(top=top)
    found = earliest_stop(asked, np.ones(1), LONGEST)
    times = np.array([crossing(MOST, t) for t in top])
    assert found.stop == pytest.approx(times, abs=DT + 0.02 * times.max())
    assert found.cost == pytest.approx(PRICE * MOST * found.stop)
    just_before = push(asked, np.ones((1, 1)), (found.stop / DT - 1).round().astype(int)[None])
    assert not just_before.works.any()
    assert np.isnan(earliest_stop(task(top=60.0), np.ones(1), LONGEST).stop).all()


def test_the_wheel_turns_by_itself_after_the_push_only():
    found = speeds(task(), np.ones(1), int(np.ceil(crossing(MOST) / DT)) + 4)
    assert found["before"][0] < 0 < found["stop"][0]  # great effort, then alone
    assert found["during"][0] > 0 and found["after"][0] == pytest.approx(0, abs=0.05)  # the high state is reached


@settings(max_examples=8, deadline=None)
@given(st.integers(3, 80), st.floats(0.05, 1.0))
def test_a_larger_push_never_works_less_often(stop, amount):
    asked = task(top=np.linspace(120, 300, 12), horizon=30.0)
    odds = push(asked, np.array([[amount / 2], [amount], [min(1, 1.5 * amount)]]), np.full(3, stop)).works.mean(axis=1)
    assert (np.diff(odds) >= 0).all()


def test_the_map_without_a_push_is_critical_mass():
    top = np.linspace(150, 260, 21)
    asked = task(top=top)
    starts = np.geomspace(0.5, 20, 41)
    found = push_map(asked, np.ones(1), 4, 0.5, starts, (0.0, 0.5, 1.0))
    scale = critical_mass(asked.program, asked.state, {"top": top}, 30.0).scale
    assert found.boundary[0] == pytest.approx(np.median(scale), rel=0.06)
    assert found.boundary[0] > found.boundary[1] > found.boundary[2]
    assert (np.diff(found.odds, axis=1) >= 0).all() and (np.diff(found.odds, axis=0) >= 0).all()


def test_units_change_nothing():
    plain = cheapest(task(), 0.8, longest=LONGEST)
    thousands = wheel(scale=1000.0, price=PRICE / 100)
    other = cheapest(task(thousands, start=START * 1000), 0.8, longest=LONGEST)
    assert (other.stop, other.amounts[0]) == (plain.stop, pytest.approx(plain.amounts[0]))
    assert other.pushed.cost == pytest.approx(plain.pushed.cost / 100)


def test_only_what_costs_is_a_subsidy_and_cost_is_beyond_what_is_spent_anyway():
    program = wheel()
    assert subsidies_of(program.wheel) == ("gift", "advice")
    asked = task_of(program, np.array([[10.0]]), {"top": np.array([200.0]), "gift": np.array([2.0])}, 30.0, ("gift",))
    pushed = push(asked, np.array([[1.0]]), np.array([8]))
    assert pushed.cost[0, 0] == pytest.approx(PRICE * (MOST - 2.0) * 1.0)


def test_front_loading_spends_three_quarters_over_the_same_time():
    even, front = (push(task(front=f), np.ones((1, 1)), np.array([32])) for f in (False, True))
    assert front.cost == pytest.approx(0.75 * even.cost)
    assert front.at_stop[0, 0] < even.at_stop[0, 0]


def test_with_noise_the_same_shocks_pair_all_pushes():
    program = wheel()
    shocks = np.random.default_rng(2).standard_normal((240, 1, 1))
    quiet, noisy = (push(task(program, shocks=s), np.ones((1, 1)), np.array([40])) for s in (None, shocks))
    assert noisy.at_stop == pytest.approx(quiet.at_stop)  # this wheel declares no noise
