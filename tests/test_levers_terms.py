"""Best terms and break-evens against closed forms, and what is and is not known of a membership's effect."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearwheel.fit.beliefs import unsure_draws
from gearwheel.fit.member_effect import (
    PURCHASES,
    Estimate,
    bounds_of,
    dated_change,
    experiments_on_membership,
    member_effect,
)
from gearwheel.fit.posterior import from_beliefs
from gearwheel.gauges.canonical import empty_view_sql, tables
from gearwheel.levers.terms import SETTINGS, Term, curve_summary, grid_of, try_terms
from gearwheel.levers.terms_best import best, break_even, flat_top, open_end, value_at
from gearwheel.levers.terms_kinds import answerable, gear_of, kinds
from gearwheel.levers.terms_saving import Saving, half_time, passed_on, try_saving
from gearwheel.market.settings import Market
from gearwheel.market.spin import spin as spin_market
from gearwheel.market.trials import Experiment
from gearwheel.run import open_wheel
from gearwheel.run.members import survey, told
from gearwheel.run.terms import terms_of
from gearwheel.show import words_terms
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.errors import DataError, WheelError
from gearwheel.wheel.read import parse_wheel

CLUB = """
wheel = { name = "club", unit = "year", dt = 0.25, size = "crowd", horizon = 1 }
[stock.crowd]
unit = "customer"
start = "100"
inflows = ["coming"]
noise = "0.3"
[flow.coming]
unit = "customer/year"
equation = "0 * crowd * (1 / year)"
[parameter.year]
unit = "year"
value = 1
[aux.linear]
unit = "money/year"
equation = "crowd * (fee - serving) * (1 - fee / most)"
[aux.constant]
unit = "money/year"
equation = "crowd * (fee - serving) * (fee / start_fee) ^ demand"
[parameter.fee]
unit = "money/(customer*year)"
value = 40
[parameter.start_fee]
unit = "money/(customer*year)"
value = 40
[parameter.serving]
unit = "money/(customer*year)"
belief = { low = 10, centre = 20, high = 30 }
[parameter.most]
unit = "money/(customer*year)"
value = 100
[parameter.demand]
belief = { low = -2.6, centre = -2.2, high = -1.8 }
[lever.fee]
of = "fee"
limits = [15, 100]
"""


@pytest.fixture
def club():
    rng = np.random.default_rng(2)
    draws = {"serving": rng.uniform(10, 30, 40), "demand": rng.uniform(-2.6, -1.8, 40)}
    return build(assemble(parse_wheel(CLUB), None)), rng.uniform(50, 150, (40, 1)), draws


def tried(club, outcome, grid, shocks=None):
    program, state, given = club
    found = try_terms(program, state, given, [Term("fee", ("fee",), grid)], outcome, 1.0, shocks=shocks)
    return found, found.curves[0]


# ---- closed forms


def test_the_best_fee_and_the_break_even_of_linear_demand_are_exact(club):
    _, curve = tried(club, "linear", np.array([20.0, 35.0, 40.0, 55.0, 70.0, 95.0]))
    serving = club[2]["serving"]
    assert best(curve.term.grid, curve.change) == pytest.approx((100 + serving) / 2)
    # (f - s)(1 - f/m) is the same at f and at m + s - f
    assert break_even(curve.term.grid, curve.change, 40.0) == pytest.approx(100 + serving - 40)


def test_the_best_fee_of_constant_elasticity(club):
    _, curve = tried(club, "constant", np.geomspace(15, 90, 60))
    serving, e = club[2]["serving"], club[2]["demand"]
    assert best(curve.term.grid, curve.change) == pytest.approx(serving * e / (1 + e), rel=0.004)


def test_a_best_setting_at_a_limit_is_told_as_one(club):
    found, curve = tried(club, "constant", np.linspace(60, 100, 9))
    told_of = curve_summary(curve, found.baseline)
    assert told_of["best"]["share_at_low_limit"] > 0.9
    one = {**told_of, "unit": "money"}
    about = {"terms": [one], "unit": "money", "outcome": "constant", "years": 1.0}
    assert "no brake" in words_terms.term(about, one)


@given(
    a=st.floats(-5, -0.1), top=st.floats(-3, 3), present=st.floats(-4, 4),
    grid=st.lists(st.floats(-6, 6), min_size=5, max_size=15, unique_by=lambda x: round(x, 1)),
)  # fmt: skip
def test_parabolas_are_solved_exactly(a, top, present, grid):
    grid = np.unique(np.round([*grid, top - 1.5, top + 2.5, present], 6))
    if np.diff(grid).min() < 0.05:
        return
    curve = a * (grid - top) ** 2
    change = (curve - a * (present - top) ** 2)[:, None]
    assert best(grid, change)[0] == pytest.approx(top, abs=1e-6)
    other = 2 * top - present
    found = break_even(grid, change, np.round(present, 6))[0]
    if grid[0] < other < grid[-1] and abs(other - present) > 0.2:
        assert found == pytest.approx(other, abs=1e-4)
    assert value_at(grid, change, top)[0] == pytest.approx(-a * (present - top) ** 2, abs=1e-5)
    low, high = flat_top(grid, curve + 100)
    assert low <= grid[curve.argmax()] <= high
    assert np.interp([low, high], grid, curve + 100).min() >= 0.99 * (curve.max() + 100) - 1e-9


def test_paired_draws_tell_more_than_unpaired_ones(club):
    program, state, given_ = club
    rng = np.random.default_rng(4)
    shocks, others = rng.standard_normal((2, 4, 40, 1))
    found, curve = tried(club, "linear", np.array([30.0, 40.0, 50.0]), shocks)
    alone = spin(program, {**given_, "fee": 50.0}, 4, state=state[::-1], shocks=others).values["linear"]
    unpaired = alone[:, :-1].sum(axis=1) * 0.25 - found.baseline
    assert curve.change[2].std() < 0.5 * unpaired.std()
    assert not curve.change[1].any()  # the present fee against itself


@pytest.mark.parametrize("rate", [100.0, 1e-3])
def test_terms_do_not_depend_on_the_unit_of_money(club, rate):
    program, state, given_ = club
    grid = np.linspace(20, 90, 8)
    _, curve = tried(club, "linear", grid)
    scaled = {
        **given_,
        "serving": given_["serving"] * rate,
        "most": 100 * rate,
        "fee": 40 * rate,
        "start_fee": 40 * rate,
    }
    other = try_terms(program, state, scaled, [Term("fee", ("fee",), grid * rate)], "linear", 1.0).curves[0]
    assert other.change == pytest.approx(curve.change * rate)
    assert best(grid * rate, other.change) == pytest.approx(best(grid, curve.change) * rate)


def test_what_a_lever_costs_and_no_equation_books_comes_off_money(club):
    program, state, given_ = club
    dear = build(assemble(parse_wheel(CLUB + 'cost = "3 * crowd * fee"\n'), None))
    grid = np.array([30.0, 40.0, 60.0])
    free, paid = (try_terms(p, state, given_, [Term("fee", ("fee",), grid)], "linear", 1.0) for p in (program, dear))
    less = 3 * state[:, 0] * (grid[:, None] - 40.0)
    assert paid.curves[0].change == pytest.approx(free.curves[0].change - less)
    counted = try_terms(dear, state, given_, [Term("fee", ("fee",), grid)], "crowd", 1.0)
    assert not counted.curves[0].change.any()  # customers are not charged


def test_several_parameters_move_together(club):
    program, state, given_ = club
    both = Term("all money", ("fee", "serving", "most"), np.array([0.5, 1.0, 2.0]))
    found = try_terms(program, state, given_, [both], "linear", 1.0)
    assert found.curves[0].change[2] == pytest.approx(found.baseline)  # twice the money, twice the income


# ---- passing a saving on

SHOP = """
wheel = { name = "till", unit = "year", dt = 0.05, size = "price" }
[stock.price]
unit = "1"
start = "1"
inflows = ["repricing"]
[aux.target]
unit = "1"
equation = "1 + 0 * price"
[flow.repricing]
unit = "1/year"
equation = "(target - price) / 0.1"
[aux.answer]
unit = "1"
equation = "price ^ elasticity"
[aux.volume]
unit = "1/year"
equation = "100 * answer"
[aux.sales]
unit = "1/year"
equation = "volume * price"
[aux.bought]
unit = "1/year"
equation = "volume * cost"
[aux.profit]
unit = "1/year"
equation = "sales - bought"
[parameter.elasticity]
belief = { low = -4, centre = -2, high = -1 }
[parameter.cost]
value = 0.6
"""


def passed(elasticity, **asked):
    program = build(assemble(parse_wheel(SHOP), None))
    saving = Saving(0.1, "bought", "target", "sales", "volume", (("price", "answer"),))
    given_ = {"elasticity": np.asarray(elasticity, float)}
    return try_saving(program, np.ones((len(elasticity), 1)), given_, saving, [0.0, 0.5, 1.0], "profit", 40.0, **asked)


def test_passing_on_pays_where_margin_times_elasticity_exceeds_one():
    # after the saving the margin is 1 - 0.54; a small cut pays if and only if 0.46 |e| > 1
    e = np.array([-1.2, -2.0, -2.4, -4.0])
    found = passed(e)
    gain = found.gain[0, 1] - found.gain[0, 0]
    assert (gain > 0).tolist() == (0.46 * -e > 1).tolist()
    # where the price has settled, a cut p of price makes p^e (p - 0.54) a year
    settled = 0.97**e * (0.97 - 0.54) - 0.46
    assert gain == pytest.approx(100 * 40 * settled, rel=0.02)


def test_with_volume_held_passing_on_only_gives_away():
    found = passed([-1.2, -3.0])
    assert (found.held[0, 1] < found.held[0, 0]).all() and (found.held[0, 2] < found.held[0, 1]).all()
    assert found.held[0, 2] == pytest.approx(0, abs=0.01 * found.gain[0, 0].max())  # 100 % gives all of the saving away
    assert (found.gain[0, 2] - found.held[0, 2] > 0).all()  # the loop's part: more is sold above cost
    assert found.gain[0, 0] == pytest.approx(found.gain[1, 0])  # nothing passed on is the same whenever


def test_a_later_cut_comes_later():
    found = passed([-2.0], wait=10.0)
    now, delayed, gradual = (half_time(found.times, found.volume[i, 2])[0] for i in range(3))
    assert now < 0.2 < gradual < 6 < 9.9 < delayed < 10.3
    assert passed_on("gradually", np.array([0.0, 5.0, 20.0]), 0.0, 10.0).tolist() == [0.0, 0.5, 1.0]


# ---- kinds as data


def test_a_kind_finds_its_gear_whatever_it_is_called():
    text = 'wheel = { name = "w", unit = "year", dt = 0.25, size = "friends.members" }\n[gear.friends]\nuse = "membership"\n'
    from gearwheel.run import LIBRARY
    from gearwheel.wheel.load import assemble_with

    wheel = assemble_with(parse_wheel(text, ""), LIBRARY)
    assert gear_of(kinds()["membership"], wheel) == "friends"
    assert answerable(wheel) == ["membership", "friends"]
    drawn = unsure_draws(wheel, 500, 1)
    low, high = np.quantile(drawn["friends.threshold_elasticity"], [0.1, 0.9])
    assert (low, high) == pytest.approx((-1.5, -0.3), abs=0.15)
    own = wheel.changed(parameter={**wheel.parameter, "friends.benefit_share": wheel.parameter["friends.fee"]})
    assert "friends.benefit_share" not in unsure_draws(own, 5, 1)
    found = terms_of(from_beliefs(wheel, 60, 1), "membership", outcome="friends.fees", years=2)
    assert [t["term"] for t in found["terms"]] == ["fee", "threshold", "benefits"]
    assert found["not_booked"] == ["friends.terms_cost"] and any("does not book" in s for s in words_terms.terms(found))
    assert found["without"]["high"] < 0  # without members there are no fees
    assert [t["term"] for t in terms_of(from_beliefs(wheel, 20, 1), "friends", years=1)["terms"]] == [
        "fee", "threshold", "benefits",
    ]  # fmt: skip


@pytest.mark.parametrize(("gear", "parameters"), [
    ("membership", ["threshold_strength", "threshold_elasticity", "benefit_strength", "benefit_share", "paying_odds",
                    "paying_strength", "shipping_charge"]),
    ("fulfilment", ["enrolment_strength"]),
    ("cloud", ["care_strength", "care_cost", "integration_cost"]),
])  # fmt: skip
def test_on_the_present_terms_the_new_numbers_change_nothing(gear, parameters):
    """Trajectories at neutral terms are the same whatever is believed of terms that nobody has moved."""
    wheel = open_wheel("amazon")
    program = build(wheel)
    moved = {f"{gear}.{n}": 1.7 * wheel.parameter[f"{gear}.{n}"].value + 0.1 for n in parameters}
    one, other = (spin(program, changed, 80) for changed in ({}, moved))
    for name in (*wheel.stock, "costs.operating_income", "membership.fees", "cloud.cloud_profit"):
        assert other.values[name] == pytest.approx(one.values[name], rel=1e-12, abs=1e-12), name


@pytest.mark.parametrize(("asked", "code", "said"), [
    (("membership", {}), "GW155", "pass-through"),
    (("loyalty", {}), "GW155", "experience"),
    (("fulfilment", {"settings": {"promised_days": [9.0]}}), "GW156", "limits"),
    (("fulfilment", {"settings": {"promised_day": [1.0]}}), "GW156", "promised_days"),
    (("pass-through", {"saving": 0.0}), "GW157", "0.05"),
    (("pass-through", {"on": "gold"}), "GW157", "gold"),
    (("pass-through", {"outcome": "costs.free_cahs"}), "GW142", "free_cash"),
])  # fmt: skip
def test_what_cannot_be_asked_is_told(asked, code, said):
    kind, about = asked
    with pytest.raises(WheelError, match=said) as error:
        terms_of(from_beliefs(open_wheel("shop"), 10, 1), kind, years=1, **about)
    assert error.value.problems[0].code == code


# ---- a membership's effect from events


@given(st.floats(-2, 3), st.floats(0, 1))
def test_bounds_hold_no_effect_and_never_more_than_the_naive_ratio(log, error):
    low, high = bounds_of(Estimate("x", "naive", log, error, ""))
    assert low == 0 and high >= max(0, log) and high <= max(0, log + 1.65 * error)


def events(**rows):
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("CREATE SCHEMA events")
    filled = {n: r for n, r in rows.items() if r and len(next(iter(r.values())))}
    for name, table in tables().items():
        connection.execute(f'CREATE TABLE events."{name}" AS {empty_view_sql(table)}')
        if name in filled:
            connection.register("given", pa.table({k: pa.array(v) for k, v in filled[name].items()}))
            connection.execute(f'INSERT INTO events."{name}" BY NAME SELECT * FROM given')
    return SimpleNamespace(connection=connection, present=set(filled), columns={})


def planted(days=450, **asked):
    market = Market(
        customers=3000, population=40_000, frequency=0.05, frequency_spread=0.7, members_on_orders=0.4, selectivity=1.0,
        enrolling=0.05, dropout=0.0004, joining=1.0, sellers=10, own_offers=100, products=200, entry=0.01, reviewing=0.0,
    )  # fmt: skip
    return events(**spin_market(market, days, 3, **asked).tables)


@pytest.fixture(scope="module")
def tested_market():
    return planted(experiments=[Experiment("free year", "membership", 0, 300, 440)])


def test_selection_makes_the_naive_ratio_too_high_and_an_experiment_tells(tested_market):
    found = member_effect(tested_market)
    naive = found.naive["orders"]
    assert naive.log - 3 * naive.error > 0.4  # who joins buys more anyway
    assert found.bounds[0] <= 0.4 <= found.bounds[1]
    (offered,) = found.experiments
    assert found.answer == "experiment" and abs(offered.log - 0.4) < 2.5 * offered.error < 0.2
    assert found.before_after is None or found.before_after.design == "descriptive"


def test_without_an_experiment_there_are_bounds_and_no_effect(tested_market):
    blind = SimpleNamespace(**{**vars(tested_market), "present": tested_market.present - {"experiments"}})
    found = member_effect(blind)
    assert found.answer == "bounds" and not found.experiments and not found.dated
    said = " ".join(words_terms.effect(told(found)))
    assert "bounds, no estimate" in said and "it is no effect" in said and "as a member one orders" not in said.lower()


def test_a_launch_tells_and_is_marked_observational():
    found = member_effect(planted(levers={"fee": [(0, 1e9), (180, 60.0)]}))
    (launch,) = found.dated
    assert launch.design == "observational" and found.answer == "dated change"
    assert abs(launch.log - 0.4) < 2.5 * launch.error < 0.9


@pytest.mark.parametrize("ratio", [0.7, 2.0, 3.0])
def test_few_who_join_on_an_offer_give_the_ratio_of_a_member_and_not_its_log_in_proportion(ratio):
    """Offered orders are 1 + lift (ratio - 1) of the others': at a fifth of compliance logs divided by it overstate."""
    effect = math.log1p(0.2 * (ratio - 1))
    row = {
        "name": "offer",
        "lever": "membership",
        "metric": "orders",
        "effect": effect,
        "se": 0.01,
        "design": "experiment",
    }
    told = {**row, "scale": "log", "control_value": 0.1, "treated_value": 0.3}
    (found,) = experiments_on_membership(events(experiments={n: [v] for n, v in told.items()}))
    assert found.ratio == pytest.approx(ratio)
    step = [math.log1p(math.expm1(effect + h) / 0.2) for h in (-1e-6, 1e-6)]
    assert found.error == pytest.approx(0.01 * (step[1] - step[0]) / 2e-6, rel=1e-6)


@pytest.mark.parametrize("ratio", [0.7, 2.0, 3.0])
def test_a_launch_gives_the_ratio_of_a_member_where_a_group_holds_many_or_few(ratio):
    """Groups with 0 to half members, who order `ratio` times as much after it while all others halve."""
    found = dated_change(launched(ratio), date(2024, 4, 1))
    assert found.ratio == pytest.approx(ratio, rel=0.05)


def launched(ratio: float, size: int = 400):
    """Customers of four habits, 10 to 40 orders in each of three spans of 90 days; the more somebody orders, the likelier
    to join at the launch."""
    day, rng = datetime(2024, 4, 1), np.random.default_rng(1)
    who, when, members = [], [], []
    for habit in range(4):
        for person in range(size):
            name, member = f"{habit}.{person}", person < size * habit / 6
            members += [name] if member else []
            for span, mean in ((-2, 1.0), (-1, 1.0), (0, 0.5 * (ratio if member else 1.0))):
                count = round(10 * (habit + 1) * mean)
                who += [name] * count
                when += [day + timedelta(days=float(d)) for d in 90 * (span + rng.uniform(0, 1, count))]
    orders = {"order_id": [str(i) for i in range(len(who))], "customer_id": who, "placed_at": when}
    given = events(orders=orders, memberships={"customer_id": members, "starts_at": [day] * len(members)})
    given.connection.execute(PURCHASES)
    return given


def test_events_without_memberships_are_told():
    with pytest.raises(DataError, match="no memberships") as error:
        member_effect(events(orders={"order_id": ["a"], "customer_id": ["c"]}))
    assert error.value.problems[0].code == "GW158"
    assert math.isfinite(Estimate("x", "naive", 0.1, 0.1, "").ratio)


def test_others_who_bought_nothing_of_late_cannot_be_compared():
    first, last = datetime(2023, 1, 1), datetime(2024, 1, 1)
    who = [*range(200), *range(100)]  # the first hundred are members and go on, the others ordered once
    orders = {"order_id": [str(i) for i in range(300)], "customer_id": [str(i) for i in who]}
    orders["placed_at"] = [first] * 200 + [last] * 100
    members = {"customer_id": [str(i) for i in range(100)], "starts_at": [first] * 100}
    with pytest.raises(DataError, match="100 others with 0") as error:
        member_effect(events(orders=orders, memberships=members))
    assert error.value.problems[0].code == "GW158"


@pytest.mark.parametrize("rows", ["year,prime\n2017,2", "year,members,others\n2017,2", "year,members,others\n2017,2,0"])
def test_a_survey_that_cannot_be_read_is_told_with_its_line(tmp_path, rows):
    (tmp_path / "member_spend.csv").write_text(rows)
    with pytest.raises(DataError, match="GW158.*above 0") as error:
        survey(replace(open_wheel("shop"), file=str(tmp_path / "wheel.toml")))
    assert error.value.problems[0].line == 2


def test_a_membership_is_given_for_nothing_or_not_at_all():
    with pytest.raises(ValueError, match="for nothing"):
        Experiment("half", "membership", 0.5, 0, 10)


@given(st.floats(0.01, 1e4), st.integers(0, SETTINGS - 1))
def test_the_present_setting_stands_once_on_the_grid(low, place):
    present = np.linspace(low, 9 * low, SETTINGS)[place] * (1 + 1e-15)
    grid = grid_of(low, 9 * low, present)
    assert len(grid) == SETTINGS and np.isclose(grid, present).sum() == 1 and present in grid


def test_an_end_of_the_grid_is_no_best():
    grid = np.array([1.0, 2.0, 3.0, 4.0])
    inside, high = np.array([2.0, 2.5, 3.0, 4.0]), np.array([4.0, 4.0, 4.0, 1.0])
    assert open_end(grid, inside, 2.6) is None
    assert open_end(grid, inside, 4.0) == "high"  # by the mean, though few draws end there
    assert open_end(grid, high, 3.5) == "high" and open_end(grid, 5 - high, 1.5) == "low"
