"""When a plan may be printed: the wheel reproduces the last year, and a few exploding draws do not make its numbers."""

from __future__ import annotations

import csv
from datetime import date, timedelta

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import gearwheel as gw
from gearwheel.cli import main
from gearwheel.gauges.tidy import COLUMNS
from gearwheel.levers.risk import explodes
from gearwheel.run.fitting import Known, known_of
from gearwheel.run.present_year import _measured_year, _profit_of, refuse_unless_reproduced
from gearwheel.show import words_plan
from gearwheel.wheel.errors import WheelError
from test_levers_plan import lever, planned, profit

SHOP = """wheel = {{ name = "shop", unit = "year", dt = 0.08333333333333333, start = 2021-01-01, size = "customers", measured = "record.csv", horizon = 1, currency = "EUR" }}
[stock.customers]
unit = "customer"
start = "customers_start"
noise = "0.02"
[aux.sales]
unit = "money/year"
equation = "customers * spending * (1 + 0 * price)"
[aux.profit]
unit = "money/year"
equation = "sales * margin * price * (2 - price)"
[parameter.customers_start]
unit = "customer"
belief = {{ low = 800, centre = 1000, high = 1250, shape = "lognormal" }}
because = "made up"
[parameter.spending]
unit = "money/(customer*year)"
value = {spending}
[parameter.margin]
value = 0.2
[parameter.price]
value = 0.8
[lever.price]
of = "price"
limits = [0.5, 1.5]
[gauge.customers]
of = "customers"
as = "end"
unit = "customer"
[gauge.sales]
of = "sales"
as = "sum"
unit = "money"
title = "Sales"
check = {check}
"""


def shop(folder, spending: float, check: str = "true") -> gw.Fit:
    """Two years of months: about 1,000 customers who spend 100 a year, read by a wheel that believes `spending`."""
    rng = np.random.default_rng(2)
    days = [date(2021 + k // 12, 1 + k % 12, 1) for k in range(25)]
    with (folder / "record.csv").open("w", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(COLUMNS)
        for begin, end in zip(days, days[1:]):
            customers = 1000 * np.exp(0.01 * rng.standard_normal())
            out.writerow(("customers", "", end, f"{customers:.1f}", "customer", "", "", "", ""))
            out.writerow(("sales", begin, end, f"{customers * 100 / 12:.1f}", "money", "", "", "", ""))
    (folder / "w.toml").write_text(SHOP.format(spending=spending, check=check))
    return gw.open(folder / "w.toml").fit(draws=500)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(("spending", "refused"), [(100, False), (104, False), (400, True), (25, True)])
def test_a_plan_is_refused_where_the_last_year_s_sales_are_not_reproduced(tmp_path, spending, refused):
    fit = shop(tmp_path, spending)
    if not refused:
        refuse_unless_reproduced(fit.posterior, "profit")
        return
    with pytest.raises(WheelError) as caught:
        fit.plan("profit", years=1, cache=False)
    (problem,) = caught.value.problems
    assert problem.code == "GW161" and "Sales is" in problem.message and "100,000" in problem.message
    refuse_unless_reproduced(fit.posterior, "customers")  # money says nothing about a plan for customers


def test_the_terminal_refuses_as_well(tmp_path):
    shop(tmp_path, 400)
    done = CliRunner().invoke(main, ["plan", str(tmp_path / "w.toml")])
    assert done.exit_code == 1 and "GW161" in done.output and "was measured" in done.output


YEAR = {
    "sales_value": 1000.0, "orders": 50.0, "goods_cost_share": 0.6, "cost_overhead": 100.0, "cost_fulfilment": 40.0,
    "shipping_per_order": 1.0, "third_party_share": 0.25, "take_rate": 0.12, "cost_advertising": 20.0, "fee_income": 7.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("gears", "is_left"),
    [
        (("experience", "costs"), 1000 * 0.4 - 100 - 20),
        (("experience", "costs", "fulfilment"), 1000 * 0.4 - 100 - 20 - 40 - 50),
        (("costs", "marketplace", "membership"), 750 * 0.4 + 250 * 0.12 + 7 - 100 - 20),
    ],
)
def test_a_year_s_profit_is_what_is_left_of_its_sales(gears, is_left):
    wheel = gw.Wheel("w").changed(sentences=dict.fromkeys(gears, ""))
    assert _profit_of(YEAR, wheel) == pytest.approx(is_left)
    for cost in ("goods_cost_share", "cost_overhead"):
        assert _profit_of({n: v for n, v in YEAR.items() if n != cost}, wheel) is None


def test_a_profit_that_the_measured_costs_contradict_is_refused(tmp_path):
    """The wheel's margin is 20 % before the price, 19 % after it; goods and overhead measured leave 18 % or 60 %."""
    fit = shop(tmp_path, 100)
    gauges = known_of(fit.posterior.wheel).gauges
    for goods, refused in ((0.75, False), (0.33, True)):
        known = Known(fit.posterior.wheel, gauges, events(goods))
        if refused:
            with pytest.raises(WheelError, match=r"the profit is .* was measured \(.[\d.]+ % of sales\)"):
                refuse_unless_reproduced(fit.posterior, "profit", known)
        else:
            refuse_unless_reproduced(fit.posterior, "profit", known)


def events(goods: float) -> dict:
    """Measures by week: sales of 100,000 a year, overhead of 7,000."""
    rows, how = [], {"sales_value": "sum", "orders": "sum", "cost_overhead": "sum", "goods_cost_share": "mean"}
    values = {
        "sales_value": 100_000 * 7 / 365.2425,
        "orders": 20,
        "cost_overhead": 7_000 * 7 / 365.2425,
        "goods_cost_share": goods,
    }
    for k in range(104):
        begin = date(2021, 1, 4) + timedelta(7 * k)
        for name, value in values.items():
            rows.append(
                {"gauge": name, "start": begin.isoformat(), "end": (begin + timedelta(7)).isoformat(), "value": value}
            )
    return {"rows": rows, "gauges": {n: {"as": v} for n, v in how.items()}}


def test_the_last_year_of_measures_is_summed_or_averaged():
    year = _measured_year(events(0.5), gw.Wheel("w", start=date(2021, 1, 1)))
    assert year["sales_value"] == pytest.approx(100_000) and year["goods_cost_share"] == pytest.approx(0.5)
    assert year["cost_overhead"] == pytest.approx(7_000)


# ---- exploding draws


@given(st.integers(0, 10_000), st.floats(0.01, 0.8), st.floats(-5, 5))
def test_the_mean_stands_where_draws_do_not_explode(seed, sd, centre):
    draws = np.random.default_rng(seed).standard_normal(600)
    assert not explodes(centre + sd * draws) and not explodes(np.exp(sd * draws))
    assert explodes(np.exp(4 * draws))


def test_a_plan_on_exploding_draws_raises_and_states_the_median():
    """The wild part is the same with and without the lever, so the vertex is at 6; its mean is 700 times its median."""
    wild = (
        "[parameter.wild]\nbelief = { low = 0.01, centre = 1, high = 100, shape = 'lognormal' }\nbecause = 'planted'\n"
    )
    found = planned(lever("u"), wild, profit("6 * u - u ^ 2 / 2 + wild"))
    assert found["expected_by"] == "median" and found["better"]
    assert found["levers"][0]["path"][0] == pytest.approx(6, rel=0.1)
    ours = next(r for r in found["compared"] if r["name"] == "plan")
    assert ours["expected_gain"] == pytest.approx(18, rel=0.02)
    assert 15 < ours["expected"] < 30 < ours["mean"]
    assert "in the middle of the draws" in words_plan.verdict(found) and "median" in words_plan.verdict(found)
    assert planned(lever("u"), profit("6 * u - u ^ 2 / 2"))["expected_by"] == "mean"
