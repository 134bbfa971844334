"""Dated shocks: the days that they cover, the factor that they are, and what cannot be one."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearwheel.spin.compiled import jax_program, spin_compiled
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.parts import Belief, Shock, Wheel
from gearwheel.wheel.read import parse_wheel
from gearwheel.wheel.rules import check_wheel
from gearwheel.wheel.shocks import days

MONDAY = date(2018, 1, 1)
SHOP = """\
wheel = { name = "shop", unit = "year", dt = "week", start = 2018-01-01, size = "customers", horizon = 1 }
[stock.customers]
unit = "person"
start = "1000"
inflows = ["coming"]
outflows = ["going"]
noise = "0.02"
[flow.coming]
unit = "person/year"
equation = "arrivals * pull"
[flow.going]
unit = "person/year"
equation = "customers / stay"
[aux.orders]
unit = "order/year"
equation = "customers * frequency"
[parameter.frequency]
unit = "order/(person*year)"
belief = { low = 3, centre = 4, high = 5, shape = "lognormal" }
because = "guess"
[parameter.pull]
value = 1
[parameter.arrivals]
unit = "person/year"
value = 1000
[parameter.stay]
unit = "year"
value = 1
[gauge.orders]
of = "orders"
as = "sum"
unit = "order"
error = 0.03
"""
SALE = """
[shock.sale]
on = "orders"
dates = [2018-03-05, 2018-11-23]
days = 7
belief = { low = 0.0, centre = 0.3, high = 0.6 }
because = "guess"
"""


def shop(text: str = SHOP + SALE) -> Wheel:
    return assemble(parse_wheel(text, "shop.toml"), lambda *_: None)


def told(text: str) -> list[str]:
    return [f"{p.code} {p.message}" for p in check_wheel(shop(text))]


def test_a_shop_with_a_sale_checks_without_a_word():
    assert told(SHOP + SALE) == []


def test_a_week_on_the_grid_is_whole_and_one_across_is_shared():
    wheel = shop()
    table = wheel.lookup["shock.sale_days"]
    steps = np.round(np.array(table.x) / wheel.dt).astype(int)
    # 5 March is a Monday, the tenth week; 23 November is a Friday: 3 days of one week and 4 of the next
    assert steps.tolist() == [8, 9, 10, 45, 46, 47, 48]
    assert np.allclose(table.y, [0, 1, 0, 0, 3 / 7, 4 / 7, 0])


@given(
    st.sampled_from(["day", "week", "month"]),
    st.lists(st.integers(0, 900), min_size=1, max_size=4, unique=True),
    st.integers(1, 20),
)
def test_the_shares_add_up_to_the_days(grid, starts, length):
    wheel = Wheel("w", unit="year", dt=grid, start=MONDAY)
    apart = [MONDAY + timedelta(days=20 * s) for s in starts]
    table = days(Shock("x", tuple(apart), Belief(0, 1, 2), length), wheel)
    steps = np.arange(round(60 / wheel.dt))
    covered = np.interp(steps * wheel.dt, table.x, table.y).sum()
    if grid == "month":  # a day is a share of its own month
        assert covered == pytest.approx(length * len(apart) / 30.44, rel=0.1)
    else:
        assert covered == pytest.approx(length * len(apart) / {"day": 1, "week": 7}[grid])
    assert (np.diff(table.x) > 0).all()


def test_both_engines_multiply_the_same_weeks():
    wheel, strength = shop(), np.array([0.0, 0.5])
    run = spin(build(wheel), {"shock.sale": strength}, 60)
    compiled = spin_compiled(jax_program(wheel), {"shock.sale": strength}, 60)
    assert np.allclose(run["orders"], compiled["orders"], rtol=1e-12)
    ratio = run["orders"][1] / run["orders"][0]
    expected = np.ones(61)
    expected[[9, 46, 47]] = np.exp(0.5 * np.array([1, 3 / 7, 4 / 7]))
    assert np.allclose(ratio, expected, rtol=1e-12)


def test_two_shocks_on_one_flow_multiply():
    other = SALE.replace("shock.sale", "shock.strike").replace("2018-03-05, 2018-11-23", "2018-03-05")
    run = spin(build(shop(SHOP + SALE + other)), {"shock.sale": 0.5, "shock.strike": -0.2}, 20)
    assert run["orders"][0, 9] / run["orders"][0, 8] == pytest.approx(np.exp(0.3))


def test_a_shock_of_a_gear_keeps_its_name_and_the_gear_s_variable():
    gear = parse_wheel(SHOP + SALE, "gear.toml")
    text = 'wheel = { name = "w", unit = "year", dt = "week", start = 2018-01-01 }\n[gear.shop]\nuse = "gear"\n'
    whole = assemble(parse_wheel(text), lambda *_: gear)
    assert whole.shock["shop.sale"].on == "shop.orders"
    assert "exp(shock.shop.sale * lookup(shock.shop.sale_days, time))" in whole.aux["shop.orders"].equation


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('on = "orders"', 'on = "oders"', "no flow or auxiliary"),
        ('on = "orders"', 'on = "customers"', "which is a stock"),
        ("[2018-03-05, 2018-11-23]", "[]", "has no dates"),
        ("[2018-03-05, 2018-11-23]", "[2017-11-24, 2018-11-23]", "before the wheel's start"),
        ("2018-11-23]", "2018-03-10]", "overlaps itself"),
        ("days = 7", "days = 0", "lasts 0 days"),
        ("days = 7", "days = 1000000000000", "lasts 1000000000000 days"),
        ('dt = "week"', 'dt = "week", method = "heun"', "method = 'heun'"),
        ("low = 0.0", "low = 0.9", "out of order"),
    ],
)
def test_what_cannot_be_a_shock_is_said_at_its_line(old, new, word):
    text = SHOP + SALE
    assert text.count(old) == 1
    text = text.replace(old, new)
    (found,) = check_wheel(shop(text))
    assert word in found.message
    assert found.severity == "error" and found.line >= (1 if "heun" not in word else 0)


def test_a_date_at_the_end_of_the_calendar_does_no_harm():
    assert told((SHOP + SALE).replace("2018-11-23]", "9999-12-30]")) == []
