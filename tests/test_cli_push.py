"""`gearwheel push` and `wheel.push`: what they say, draw and refuse, and that the gears' subsidies are neutral."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner

import gearwheel as gw
from gearwheel.cli import main
from gearwheel.spin.program import build
from gearwheel.spin.run import spin

CLUB = """
wheel = { name = "club", unit = "year", dt = 0.125, size = "members", currency = "EUR" }
[stock.members]
unit = "customer"
start = "members_start"
inflows = ["joining", "invited"]
outflows = ["leaving"]
[flow.joining]
unit = "customer/year"
equation = "draw * saturating(members, crowd, 2)"
[flow.invited]
unit = "customer/year"
equation = "invitations"
[flow.leaving]
unit = "customer/year"
equation = "churn * members * rival"
[parameter.members_start]
unit = "customer"
value = 30
[parameter.churn]
unit = "1/year"
value = 0.5
[parameter.rival]
value = 1
[parameter.crowd]
unit = "customer"
value = 200
[parameter.draw]
unit = "customer/year"
belief = { low = 300, centre = 400, high = 530, shape = "lognormal" }
because = "planted"
[parameter.invitations]
unit = "customer/year"
value = 0
[parameter.gift]
unit = "money/customer"
value = 40
[lever.invitations]
of = "invitations"
title = "Free first years"
limits = [0, 80]
cost = "invitations * gift"
[lever.churn]
of = "churn"
limits = [0.1, 0.9]
[lever.rival]
of = "rival"
limits = [0.5, 2]
outside = true
"""


@pytest.fixture
def club(tmp_path, monkeypatch) -> str:
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))
    (tmp_path / "club.toml").write_text(CLUB)
    return str(tmp_path / "club.toml")


def test_it_says_what_when_and_how_sure_and_draws_the_map(club, tmp_path):
    done = CliRunner().invoke(main, ["push", club, "--years", "15", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    for words in ("The cheapest push found is Free first years at", "goes on alone after", "before", "during the push"):
        assert words in done.output
    assert "over 99 %" in done.output and "100 %" not in done.output
    ElementTree.fromstring((tmp_path / "out" / "push.svg").read_text("utf-8"))


def test_the_json_holds_the_same_push(club):
    done = CliRunner().invoke(main, ["push", club, "--years", "15", "--json"])
    found = json.loads(done.stdout)["push"]
    assert found["answer"] == "a push" and found["probability"] >= 0.8 > found["without"]
    assert found["cost"]["mean"] == pytest.approx(found["levers"][0]["to"] * 40 * found["stop"])
    assert found["speed"]["before"]["median"] < 0 < found["speed"]["stop"]["median"]
    odds = np.array(found["map"]["odds"])
    row = found["map"]["starts"].index(1.0)
    assert odds[row, found["map"]["sizes"].index(0)] == found["without"]
    assert odds[row, found["map"]["sizes"].index(1)] == pytest.approx(found["probability"])


def test_the_other_answers_are_said_in_words(club):
    model = gw.open(club)
    grown = gw.build(
        replace(model.written, parameter={**model.written.parameter, "members_start": gw.Parameter("customer", 150)})
    )
    none = grown.push(0.8, years=15, draws=20)
    assert none.answer == "none needed" and "No push is needed" in str(none)
    assert none.found["without"] == 1 and "over 99 % of draws" in str(none)  # of 20 draws, which is not certain
    assert none.found["cost"] is None and none.found["levers"][0]["to"] == 0
    weak = gw.build(
        replace(model.written, lever={"invitations": replace(model.written.lever["invitations"], limits=(0, 1))})
    )
    hopeless = weak.push(0.8, years=15, draws=20)
    assert hopeless.answer == "no push suffices" and "No push within the limits" in str(hopeless)
    assert "Too dear" in str(model.push(0.8, years=15, draws=20, most=10))
    assert "at least half its high state." in str(none) and none.found["high_state"] == 1


def test_a_wheel_without_a_high_state_is_not_said_to_have_one(club):
    """Without a ceiling it ends where its start decides: success is then that it does not fall."""
    model = gw.open(club)
    joining = replace(model.written.flow["joining"], equation="draw / crowd * members")
    endless = gw.build(replace(model.written, flow={**model.written.flow, "joining": joining}))
    found = endless.push(0.8, years=15, draws=20)
    assert found.found["high_state"] == 0
    assert "has no high state" in str(found) and "half its high state" not in str(found)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lever", "invitation"], "no lever is called 'invitation'"),
        (["--lever", "churn"], "costs nothing"),
        (["--lever", "rival"], "set by the world"),
        (["--probability", "1"], "a probability of 1 cannot be asked for"),
        (["--probability", "nan"], "a probability of nan"),
        (["--years", "0"], "makes no sense"),
        (["--most", "-5"], "must be above 0"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(club, arguments, said):
    done = CliRunner().invoke(main, ["push", club, *arguments])
    assert done.exit_code == 1 and said in done.stderr and "Traceback" not in done.output


def test_a_wheel_without_size_or_subsidies_is_told_how_to_declare_them(club):
    written = gw.open(club).written
    with pytest.raises(gw.WheelError, match='size = "gear.stock"'):
        gw.build(replace(written, size="")).push()
    with pytest.raises(gw.WheelError, match="A subsidy is a lever with a cost"):
        gw.build(replace(written, lever={})).push()


def test_the_subsidies_of_the_gears_are_neutral_and_add_no_belief():
    """With the subsidies' own terms taken out of the equations every trajectory stays as it is."""
    wheel = gw.open("amazon").assembled
    given = {
        "experience.rebate",
        "experience.bonus",
        "marketplace.commission_waived",
        "marketplace.seller_bonus",
        "fulfilment.built_ahead",
    }
    assert given <= {lever.of for lever in wheel.lever.values()}
    assert all(wheel.parameter[n].value == 0 and wheel.lever[n].cost != "0" for n in given)
    without = {
        "experience.relative_price": "costs.posted_price / experience.rival_price",
        "marketplace.take_effect": "(marketplace.take_rate / marketplace.take_reference) ^ (-marketplace.take_strength)",
        "marketplace.seller_bonus_effect": "1",
        "experience.won_by_bonus": "0",
    }
    bare = replace(wheel, aux={**wheel.aux, **{n: replace(wheel.aux[n], equation=e) for n, e in without.items()}})
    now, before = (spin(build(w), {}, 80).values for w in (wheel, bare))
    for name in now:
        np.testing.assert_allclose(now[name], before[name], rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("lever", ["experience.rebate", "experience.bonus", "fulfilment.built_ahead"])
def test_each_subsidy_of_the_shop_moves_its_wheel_and_costs_money(lever):
    from gearwheel.levers.push import push, task_of
    from gearwheel.run.pushing import start_state

    wheel = gw.open("shop").wheel
    program = build(wheel)
    task = task_of(program, start_state(wheel, program.centre()), program.centre(), 2.0, (lever,), frozen=0.0)
    nothing, pushed = (push(task, np.array([[x]]), np.array([12])) for x in (0.0, 0.3))
    assert pushed.cost[0, 0] > 0 == nothing.cost[0, 0]
    assert pushed.at_end[0, 0] > nothing.at_end[0, 0]
