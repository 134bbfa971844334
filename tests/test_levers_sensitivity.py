"""Effects of levers against closed forms and against two separate runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gearwheel.levers.holding import held, own_links
from gearwheel.levers.ranking import summary
from gearwheel.levers.sensitivity import sensitivity
from gearwheel.loops.named import named
from gearwheel.show import words
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.graph import graph
from gearwheel.wheel.parts import Aux
from gearwheel.wheel.read import parse_wheel

LINEAR = """
wheel = { name = "linear", unit = "year", dt = 0.125, size = "n" }
[stock.n]
unit = "customer"
start = "100"
inflows = ["joining"]
outflows = ["leaving"]
noise = "0.2"
[flow.joining]
unit = "customer/year"
equation = "spend + told"
[aux.told]
unit = "customer/year"
equation = "mouth * n"
[flow.leaving]
unit = "customer/year"
equation = "churn * n"
[aux.income]
unit = "USD/year"
equation = "3 * n"
[parameter.spend]
unit = "customer/year"
value = 10
[parameter.mouth]
unit = "1/year"
belief = { low = 0.05, centre = 0.1, high = 0.2 }
[parameter.churn]
unit = "1/year"
value = 0.3
[parameter.rival]
value = 1
[parameter.idle]
value = 1
[loop.R1]
title = "Word of mouth"
through = ["n", "told"]
[lever.spend]
of = "spend"
title = "Advertising"
limits = [0, 50]
ramp = 4
cost = "2 * spend"
[lever.service]
of = "churn"
limits = [0.1, 0.3]
[lever.nothing]
of = "idle"
limits = [0, 5]
[lever.rival]
of = "rival"
limits = [0, 5]
outside = true
"""


@pytest.fixture
def linear():
    program = build(assemble(parse_wheel(LINEAR), None))
    rng = np.random.default_rng(1)
    return program, rng.uniform(50, 150, (6, 1)), {"mouth": rng.uniform(0.0, 0.2, 6)}


def level(start, inflow, rate, steps, dt=0.125):
    """Euler solution of dn = inflow + rate n."""
    growth = (1 + rate * dt) ** steps
    return start * growth + inflow * np.where(rate == 0, steps * dt, (growth - 1) / np.where(rate == 0, 1, rate))


def by_lever(found, direction="up"):
    """One effect a lever: the asked-for direction, or the only one that its limits leave."""
    return {e.lever: e for e in sorted(found.effects, key=lambda e: e.direction == direction)}


def test_effects_on_a_linear_wheel_against_the_closed_form(linear):
    program, state, given = linear
    found = sensitivity(program, state, given, "income", 2.0)
    n, rate = state[:, 0], given["mouth"] - 0.3
    base = level(n, 10, rate, 16)
    assert found.baseline == pytest.approx(3 * base)
    effects = by_lever(found)
    assert set(effects) == {"spend", "service", "nothing"}  # the rival's is not ours to set
    assert effects["spend"].change == pytest.approx(3 * (level(n, 14, rate, 16) - base))
    assert effects["service"].after == pytest.approx(0.27)  # 10 %, downwards: upwards leaves the limits
    assert effects["service"].change == pytest.approx(3 * (level(n, 10, rate + 0.03, 16) - base))
    assert not effects["nothing"].change.any()


def test_cumulated_effects_costs_and_value_per_dollar(linear):
    program, state, given = linear
    found = sensitivity(program, state, given, "income", 2.0, how="cumulated")
    n, rate = state[:, 0], given["mouth"] - 0.3
    total = lambda inflow: sum(3 * level(n, inflow, rate, k) * 0.125 for k in range(16))  # noqa: E731
    spend = by_lever(found)["spend"]
    assert found.baseline == pytest.approx(total(10))
    assert spend.change == pytest.approx(total(14) - total(10))
    assert spend.cost == pytest.approx(2 * 4 * 2.0)  # 2 a unit, 4 units more, two years
    said = summary(found)
    rows = {r["lever"]: r for r in said["effects"]}
    assert said["unit"] == "USD"
    assert rows["spend"]["per_dollar"]["median"] == pytest.approx(np.median(spend.change) / 16)
    assert rows["spend"]["per_unit"]["median"] == pytest.approx(np.median(spend.change) / 4)
    assert rows["service"]["per_dollar"] is None
    assert (rows["spend"]["from"], rows["spend"]["to"], rows["spend"]["unit"]) == (10, 14, "customer/year")
    assert rows["spend"]["probability_better"] == 1 and rows["nothing"]["probability_better"] == 0
    medians = [abs(r["effect"]["median"]) for r in said["effects"]]
    assert medians == sorted(medians, reverse=True)


def test_one_batch_equals_two_separate_runs_with_the_same_shocks(linear):
    program, state, given = linear
    shocks = np.random.default_rng(5).standard_normal((16, 6, 1))
    found = sensitivity(program, state, given, "n", 2.0, shocks=shocks, start=1.0)
    alone = [
        spin(program, {**given, "spend": spend}, 16, start=1.0, state=state, shocks=shocks).values["n"][:, -1]
        for spend in (10.0, 14.0)
    ]
    assert np.array_equal(found.baseline, alone[0])
    assert np.array_equal(by_lever(found)["spend"].change, alone[1] - alone[0])
    quiet = sensitivity(program, state, given, "n", 2.0, start=1.0)
    assert not np.allclose(quiet.baseline, found.baseline)


def test_a_lever_starts_from_what_it_is_at_that_time(linear):
    program, state, given = linear
    paths = {"spend": [(0.0, 20.0), (3.0, 49.0)], "rival": [(0.0, 2.0)]}
    found = sensitivity(program, state, given, "n", 2.0, start=1.0, paths=paths)
    assert by_lever(found)["spend"].before == pytest.approx(20)
    n, rate = state[:, 0], given["mouth"] - 0.3
    assert found.baseline == pytest.approx(level(n, 20, rate, 16))  # the step to 49 of the plan is not taken
    assert by_lever(found)["spend"].change == pytest.approx(level(n, 24, rate, 16) - level(n, 20, rate, 16))
    late = sensitivity(program, state, given, "n", 2.0, start=3.0, paths=paths)
    assert by_lever(late)["spend"].after == pytest.approx(50)  # cut off at the limit
    assert by_lever(late, "down")["spend"].after == pytest.approx(45)


def test_the_part_of_a_loop_is_what_is_lost_when_its_link_is_held(linear):
    program, state, given = linear
    loops = named(program.wheel, graph(program.wheel))
    found = sensitivity(program, state, given, "n", 2.0, loops=loops)
    # with word of mouth held at baseline the added customers only churn
    n, rate = state[:, 0], given["mouth"] - 0.3
    alone = level(0.0, 4, np.full(6, -0.3), 16)
    whole = level(n, 14, rate, 16) - level(n, 10, rate, 16)
    spend = by_lever(found)["spend"]
    assert spend.change == pytest.approx(whole)
    assert spend.lost["R1"] == pytest.approx(whole - alone)
    assert {r["lever"]: r["through"] for r in summary(found)["effects"]}["spend"] == ["R1"]


def test_holding_changes_nothing_in_the_baseline_and_in_other_scenarios(linear):
    program, state, given = linear
    every = held(program, [(("n", "told"), [2])], scenarios=3, draws=6)
    batch = {"mouth": np.tile(given["mouth"], 3), "spend": np.repeat([10.0, 14.0, 14.0], 6)}
    ends = spin(every, batch, 16, state=np.tile(state, (3, 1))).states.reshape(3, 6)
    free = spin(program, batch, 16, state=np.tile(state, (3, 1))).states.reshape(3, 6)
    assert np.array_equal(ends[:2], free[:2])
    assert np.all(ends[2] < free[2])


def test_a_loop_that_shares_all_its_links_has_no_part_of_its_own(linear):
    program = linear[0]
    loop = ("n", "told", "joining")
    assert own_links(program, {"a": loop, "b": loop}) == {}
    assert own_links(program, {"a": loop}) == {"a": ("n", "told")}


def test_misuse_is_told(linear):
    program, state, given = linear
    with pytest.raises(KeyError, match="Did you mean"):
        sensitivity(program, state, given, "incom", 2.0)
    with pytest.raises(ValueError, match="cumulated"):
        sensitivity(program, state, given, "income", 2.0, how="sum")


# ---- both directions, and levers beside each other


def test_up_and_down_are_exact_mirrors_on_a_linear_wheel(linear):
    program, state, given = linear
    found = sensitivity(program, state, given, "income", 2.0)
    up, down = by_lever(found)["spend"], by_lever(found, "down")["spend"]
    assert (up.direction, down.direction) == ("up", "down")
    assert (float(up.after[0]), float(down.after[0])) == (14, 6)
    assert down.change == pytest.approx(-up.change)
    n, rate = state[:, 0], given["mouth"] - 0.3
    base = 3 * level(n, 10, rate, 16)
    rows = {r["lever"]: r for r in summary(found)["effects"]}
    expected = np.log(3 * level(n, 14, rate, 16) / base) / np.log(1.4)
    assert rows["spend"]["elasticity"]["median"] == pytest.approx(np.median(expected))
    assert rows["spend"]["other"]["direction"] == "down"
    assert rows["spend"]["other"]["effect"]["median"] == pytest.approx(-rows["spend"]["effect"]["median"])
    assert (
        rows["service"]["direction"] == "down" and rows["service"]["other"] is None
    )  # churn stands at its upper limit


def test_the_other_way_is_the_advice_where_lowering_helps(linear):
    program, state, given = linear
    wheel = replace(program.wheel, aux={**program.wheel.aux, "loss": Aux("USD/year", "-3 * n")})
    found = summary(sensitivity(build(wheel), state, given, "loss", 2.0))
    rows = {r["lever"]: r for r in found["effects"]}
    assert rows["spend"]["direction"] == "down" and rows["spend"]["effect"]["median"] > 0
    assert rows["spend"]["elasticity"] is None  # of an outcome that is not positive
    said = words.levers({"levers": {**found, "effects": [rows["spend"]]}})
    assert "the other way" in said and "No lever" not in said


def test_odds_between_levers_are_those_of_the_paired_closed_forms(linear):
    program = linear[0]
    rng = np.random.default_rng(4)
    n, given = rng.uniform(60, 220, 400), {"mouth": rng.uniform(0.0, 0.3, 400)}
    found = sensitivity(program, n[:, None], given, "n", 2.0)
    rate = given["mouth"] - 0.3
    base = level(n, 10, rate, 16)
    spend = level(n, 14, rate, 16) - base
    service = level(n, 10, rate + 0.03, 16) - base
    rows = {r["lever"]: r for r in summary(found)["effects"]}
    expected = np.mean(spend > service)
    assert 0.05 < expected < 0.95
    assert rows["spend"]["beats"] == {"service": pytest.approx(expected), "nothing": 1.0}
    assert rows["service"]["beats"]["spend"] == pytest.approx(1 - expected)
    assert rows["nothing"]["beats"] == {"spend": 0.0, "service": 0.0}
    assert rows["spend"]["probability_best"] == pytest.approx(expected)
    total = sum(r["probability_best"] for r in rows.values()) + summary(found)["probability_nothing_best"]
    assert total == pytest.approx(1)


def test_an_outcome_in_money_is_judged_after_what_no_equation_books(linear):
    program, state, given = linear
    wheel = replace(program.wheel, currency="USD")
    for how, unbooked in (("cumulated", 2 * 4 * 2.0), ("level", 2 * 4)):
        found = sensitivity(build(wheel), state, given, "income", 2.0, how=how)
        spend = by_lever(found)["spend"]
        assert spend.unbooked == pytest.approx(unbooked)
        row = next(r for r in summary(found)["effects"] if r["lever"] == "spend")
        direction = 1 if row["direction"] == "up" else -1
        assert row["before_cost"]["median"] - row["effect"]["median"] == pytest.approx(direction * unbooked)
    assert not by_lever(sensitivity(build(wheel), state, given, "n", 2.0))["spend"].unbooked.any()
    booked = replace(wheel.lever["spend"], cost="0", spends="2 * spend")
    wheel = replace(wheel, lever={**wheel.lever, "spend": booked})
    spend = by_lever(sensitivity(build(wheel), state, given, "income", 2.0))["spend"]
    assert spend.cost == pytest.approx(16) and not spend.unbooked.any()


def test_blocks_of_draws_change_nothing(linear, monkeypatch):
    program, state, given = linear
    shocks = np.random.default_rng(5).standard_normal((16, 6, 1))
    loops = named(program.wheel, graph(program.wheel))
    ask = lambda: sensitivity(program, state, given, "n", 2.0, shocks=shocks, loops=loops)  # noqa: E731
    whole = ask()
    monkeypatch.setattr("gearwheel.levers.sensitivity.ROWS", 20)
    for one, other in zip(whole.effects, ask().effects):
        assert np.array_equal(one.change, other.change) and np.array_equal(one.lost["R1"], other.lost["R1"])
