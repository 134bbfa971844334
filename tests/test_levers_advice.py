"""What a lever or a plan deserves to be called: how far it looks, what it leaves behind, how much of it rests on beliefs."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import gearwheel as gw
from gearwheel.cli import main
from gearwheel.fit.posterior import from_beliefs
from gearwheel.gauges.tidy import COLUMNS
from gearwheel.levers.ranking import MOST_ON_BELIEF, SURE, advice, costs_later, summary
from gearwheel.levers.sensitivity import sensitivity
from gearwheel.run.horizon import longest_delay, usual_years
from gearwheel.run.questions import levers_of
from gearwheel.show import words_acts, words_plan
from gearwheel.show.own_plan import PLAN
from gearwheel.show.own_says import _next
from gearwheel.spin.program import build
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.read import parse_wheel

# ---- how far ahead

TWO_STOCKS = """wheel = {{ name = "w", unit = "{unit}", dt = {dt}, size = "a", horizon = {horizon}, measured = "{measured}" }}
[stock.a]
unit = "1"
start = "1"
inflows = ["up"]
[stock.b]
unit = "1"
start = "1"
inflows = ["follow"]
[flow.up]
unit = "1/{unit}"
equation = "(b ^ 0.5 - a) / slow"
[flow.follow]
unit = "1/{unit}"
equation = "(a - b) / quick"
[parameter.slow]
unit = "{unit}"
value = {slow}
[parameter.quick]
unit = "{unit}"
value = {quick}
[loop.R1]
title = "Round"
through = ["a", "b"]
"""


def believed(text: str, draws: int = 64):
    return from_beliefs(assemble(parse_wheel(text), None), draws, 1)


@pytest.mark.parametrize(
    ("unit", "slow", "quick", "years"),
    [("year", 2.0, 0.75, 5.5), ("month", 6.0, 3.0, 2.0), ("month", 24.0, 6.0, 5.0), ("year", 0.1, 0.1, 2.0)],
)
def test_a_business_of_its_own_looks_two_years_and_two_rounds_of_its_slowest_loop_ahead(unit, slow, quick, years):
    """A loop's delay is the sum of the adjustment times of its stocks."""
    for horizon in (0.25, 9.0):
        text = TWO_STOCKS.format(unit=unit, dt=0.05, horizon=horizon, slow=slow, quick=quick, measured="mapping.toml")
        posterior = believed(text)
        delay = longest_delay(posterior)
        assert delay["loop"] == "R1"
        assert delay["years"] == pytest.approx((slow + quick) / (12 if unit == "month" else 1), rel=0.05)
        looks = usual_years(posterior, delay)
        assert looks >= max(2.0, 2 * delay["years"], horizon) - 1e-9
        assert looks == pytest.approx(max(years, horizon), abs=0.26) and (
            looks in (0.25, 9.0) or 4 * looks == round(4 * looks)
        )


def test_a_loop_that_brings_nothing_back_does_not_stretch_the_horizon():
    faint = TWO_STOCKS.replace("b ^ 0.5", "b ^ 0.01").format(
        unit="year", dt=0.05, horizon=0.25, slow=8, quick=4, measured="mapping.toml"
    )
    posterior = believed(faint)
    assert longest_delay(posterior) is None and usual_years(posterior, None) == 2.0


def test_a_horizon_that_somebody_chose_stays_and_what_comes_later_is_said():
    text = TWO_STOCKS.format(unit="year", dt=0.05, horizon=0.5, slow=2, quick=0.75, measured="record.csv")
    posterior = believed(text)
    assert usual_years(posterior, longest_delay(posterior)) == 0.5
    lever = '[lever.slow]\nof = "slow"\nlimits = [0.5, 4]\n'
    told = levers_of(believed(text + lever), "a")
    assert told["horizon"] == 0.5 and told["longest_delay"]["years"] == pytest.approx(2.75, rel=0.05)


# ---- what it leaves behind

MILKED = """wheel = { name = "w", unit = "year", dt = 0.125, size = "customers", horizon = 2, currency = "USD" }
[stock.customers]
unit = "customer"
start = "1000"
outflows = ["leaving"]
[flow.leaving]
unit = "customer/year"
equation = "customers * 0.2 / period * price ^ 3"
[aux.profit]
unit = "money/year"
equation = "customers * (price - 0.5) * each"
[parameter.each]
unit = "money/(customer*year)"
belief = { low = 5, centre = 10, high = 20, shape = "lognormal" }
because = "made up"
[parameter.period]
unit = "year"
value = 1
[parameter.price]
value = 1
[lever.price]
of = "price"
title = "Prices"
limits = [0.5, 2]
"""


def test_the_size_at_the_end_stands_beside_the_gain_and_a_gain_that_costs_it_is_called_so():
    wheel = assemble(parse_wheel(MILKED), None)
    found = sensitivity(
        build(wheel), np.full((50, 1), 1000.0), {"each": np.linspace(5, 20, 50)}, "profit", 2.0, how="cumulated"
    )
    (row,) = summary(found, lambda _: 0.9)["effects"]
    base, dearer = ((1 - rate / 8) ** 16 for rate in (0.2, 0.2 * 1.1**3))  # 16 Euler steps of an eighth of a year
    assert row["direction"] == "up" and row["effect"]["median"] > 0
    assert row["size"]["name"] == "customers" and row["size"]["probability_smaller"] == 1
    assert row["size"]["change"]["median"] == pytest.approx(dearer / base - 1)
    assert row["costs_later"] and row["advice"] == "worth testing" and row["belief_share"] == 0.9
    results = {"levers": {"outcome": "profit", "horizon": 2.0, "how": "cumulated", "unit": "USD", "effects": [row]}}
    for said in (words_acts.levers(results), words_acts.lever(results, row)):
        assert (
            "a gain now that costs customers later: customers at the end −" in said
            and "90 % of it rests on priors" in said
        )
    assert words_acts.levers(results).startswith("Worth testing is Prices")


@pytest.mark.parametrize(("away", "advised"), [("price ^ 3", False), ("price ^ (-3)", True)])
def test_what_drives_customers_away_is_no_advice_about_customers(away, advised):
    wheel = assemble(
        parse_wheel(MILKED.replace("price ^ 3", away).replace("[lever.price]", "[lever.delivery_days]")), None
    )
    found = sensitivity(build(wheel), np.full((9, 1), 1000.0), {}, "profit", 2.0, how="cumulated")
    results = {"levers": summary(found)}
    assert results["levers"]["effects"][0]["advice"] == "promising"
    assert ("try Prices" in _next(results, PLAN[0])) == advised


# ---- what it rests on


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=50), st.none() | st.floats(0, 1), st.none() | st.floats(0, 1)
)
def test_advice_is_promising_only_where_it_is_likely_and_not_mostly_believed(effect, better, share):
    said = advice(np.array(effect), better, share)
    if said in ("promising", "worth testing"):
        assert better >= SURE and np.median(effect) > 0
        assert (said == "worth testing") == (share is not None and share > MOST_ON_BELIEF)
    else:
        assert said in ("open", "no gain")
        assert better is None or better < SURE or np.median(effect) <= 0
    assert not costs_later(better, None)


MEASURED = """wheel = { name = "w", unit = "year", dt = 0.25, start = 2019-01-01, size = "level", measured = "record.csv", horizon = 2, currency = "USD" }
[stock.level]
unit = "1"
start = "1"
noise = "0.01"
[aux.profit]
unit = "money/year"
equation = "10 * known * (u + 0.01) * worth + guessed * v * worth"
[aux.telling]
unit = "1"
equation = "known"
[parameter.worth]
unit = "money/year"
value = 1
[parameter.known]
belief = { low = 0.5, centre = 1, high = 2, shape = "lognormal" }
because = "made up"
[parameter.guessed]
belief = { low = 20, centre = 40, high = 80, shape = "lognormal" }
because = "made up"
[parameter.u]
value = 1
[parameter.v]
value = 1
[lever.u]
of = "u"
title = "Measured lever"
limits = [0, 2]
[lever.v]
of = "v"
title = "Believed lever"
limits = [0, 2]
[gauge.telling]
of = "telling"
as = "mean"
error = 0.1
"""


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("advice")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEARWHEEL_CACHE", str(folder / "cache"))
        rng = np.random.default_rng(3)
        days = [date(2019 + k // 4, 1 + 3 * (k % 4), 1) for k in range(17)]
        with (folder / "record.csv").open("w", newline="") as stream:
            out = csv.writer(stream)
            out.writerow(COLUMNS)
            for begin, end in zip(days, days[1:]):
                out.writerow(
                    ("telling", begin, end, f"{1.2 * np.exp(0.1 * rng.standard_normal()):.4f}", "1", "", "", "", "")
                )
        (folder / "w.toml").write_text(MEASURED)
        yield folder / "w.toml", gw.open(folder / "w.toml").fit()


def test_a_lever_that_rests_on_a_prior_is_worth_testing_and_one_that_data_support_is_promising(fitted):
    _, fit = fitted
    found = fit.levers("profit").found
    rows = {r["lever"]: r for r in found["effects"]}
    assert rows["u"]["belief_share"] < 0.25 and rows["u"]["advice"] == "promising"
    assert rows["v"]["belief_share"] > 0.9 and rows["v"]["advice"] == "worth testing"
    assert rows["v"]["effect"]["median"] > rows["u"]["effect"]["median"]  # and yet the measured one comes first
    said = words_acts.levers({"levers": found})
    assert said.startswith("The most promising lever is Measured lever") and "of it rests on priors" in said


def test_the_terminal_names_the_priors_and_the_size_at_the_end(fitted, monkeypatch):
    path, _ = fitted
    monkeypatch.setenv("GEARWHEEL_CACHE", str(Path(path).parent / "cache"))
    printed = CliRunner().invoke(main, ["levers", str(path), "--outcome", "profit"]).stdout
    assert "on priors" in printed and "level at end" in printed


@pytest.mark.parametrize(("lever", "called"), [("u", "promising"), ("v", "worth testing")])
def test_a_plan_says_how_much_of_its_gain_rests_on_priors(fitted, lever, called):
    _, fit = fitted
    found = fit.plan("profit", levers=[lever], years=1, cache=False).found
    assert found["advice"] == called
    said = words_plan.verdict(found)
    assert said.startswith("Worth testing before you carry it out.") == (called == "worth testing")
    assert "of it rests on priors" in said and "level at the end" in said


@pytest.mark.parametrize(("sd", "explodes"), [(0.3, False), (4.0, True)])
def test_ranges_that_a_few_exploding_draws_make_are_said_to_say_nothing(sd, explodes):
    """Profit is u times a number whose 80 % range is exp(±1.28 sd) about 1: at sd 4 its mean is 3,000 times its median."""
    width = float(np.exp(1.2816 * sd))
    wheel = gw.Wheel(
        "w",
        unit="year",
        horizon=1,
        outcomes=("profit",),
        stock={"cash": gw.Stock("money", "0", ("profit",), scale="abs")},
        flow={"profit": gw.Flow("money/year", "u * wild")},
        parameter={
            "u": gw.Parameter("money/year", 5.0),
            "wild": gw.Parameter("1", belief=gw.Belief(1 / width, 1.0, width, "lognormal"), because="planted"),
        },
        lever={"u": gw.Lever("u", (0.0, 10.0))},
    )
    found = gw.build(wheel).fit(cache=False).levers("profit").found
    assert found["explodes"] == explodes
    assert ("far ends of these ranges say nothing" in words_acts.levers({"levers": found})) == explodes
