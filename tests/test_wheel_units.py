"""Unit algebra, and the units of whole equations."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearwheel.wheel.dimensions import unit_of
from gearwheel.wheel.parse import parse
from gearwheel.wheel.units import ONE, UnitError, make, parse_unit, power, show, times

powers = st.fractions(min_value=-4, max_value=4, max_denominator=6)
units = st.dictionaries(st.sampled_from(["USD", "order", "customer", "year", "m_2"]), powers, max_size=4).map(make)


@given(units, units, units)
def test_units_form_a_commutative_group(a, b, c):
    assert times(a, b) == times(b, a)
    assert times(times(a, b), c) == times(a, times(b, c))
    assert times(a, ONE) == a
    assert times(a, a, -1) == ONE
    assert times(times(a, b), b, -1) == a


@given(units, units, powers, powers)
def test_powers_of_units(a, b, p, q):
    assert power(times(a, b), p) == times(power(a, p), power(b, p))
    assert times(power(a, p), power(a, q)) == power(a, p + q)
    assert power(power(a, p), q) == power(a, p * q)
    assert power(a, 1) == a and power(a, 0) == ONE


@given(units)
def test_show_and_parse_are_inverse(a):
    assert parse_unit(show(a)) == a


@pytest.mark.parametrize(
    "bad", ["USD per order", "order/", "(a", "a^b", "a)", "/week", "a**b", "a" * 300, "(" * 50 + "a"]
)
def test_what_is_no_unit_is_refused(bad):
    with pytest.raises(UnitError):
        parse_unit(bad)


WEEK = parse_unit("week")
KNOWN = {
    "price": parse_unit("USD/order"),
    "orders": parse_unit("order/week"),
    "customers": parse_unit("customer"),
    "customers_0": parse_unit("customer"),
    "sales": parse_unit("USD/week"),
    "e": ONE,
    "tau": WEEK,
    "mystery": None,
}


@pytest.mark.parametrize(
    ("equation", "unit"),
    [
        ("price * orders", "USD/week"),
        ("price * orders - sales", "USD/week"),
        ("customers / customers_0", "1"),
        ("(customers / customers_0) ^ e", "1"),
        ("customers ^ 2", "customer^2"),
        ("customers ^ -1", "1/customer"),
        ("customers ^ (1 / 2)", "customer^(1/2)"),
        ("sqrt(customers * customers_0)", "customer"),
        ("customers / tau", "customer/week"),
        ("max(sales, 0)", "USD/week"),
        ("0 + sales", "USD/week"),
        ("-abs(sales)", "USD/week"),
        ("if(customers > customers_0, sales, 0)", "USD/week"),
        ("if(time >= 3, sales, 0)", "USD/week"),
        ("time - 3", "week"),
        ("sales * dt", "USD"),
        ("exp(-time / tau)", "1"),
        ("ln(customers / customers_0)", "1"),
        ("mystery + sales", "USD/week"),
        ("customers > customers_0 and sales > 0", "1"),
    ],
)
def test_the_unit_of_an_equation(equation, unit):
    assert unit_of(parse(equation), KNOWN, WEEK) == parse_unit(unit)


@pytest.mark.parametrize("equation", ["mystery * sales", "lookup(curve, time)", "0", "mystery ^ e", "unheard_of"])
def test_what_is_unknown_fits_everything(equation):
    assert unit_of(parse(equation), KNOWN, WEEK) is None
    assert unit_of(parse(f"sales + ({equation})"), KNOWN, WEEK) == KNOWN["sales"]


@pytest.mark.parametrize(
    ("equation", "said"),
    [
        ("orders + sales", "adds USD/week to order/week: 'orders' is in order/week, 'sales' in USD/week"),
        ("orders - sales", "subtracts USD/week from order/week"),
        ("customers + 1", "adds 1 to customer"),
        ("customers > sales", "compares customer with USD/week"),
        ("min(customers, sales)", "takes the smaller of customer and USD/week"),
        ("max(0, customers, sales)", "takes the larger of customer and USD/week"),
        ("if(e > 0, customers, sales)", "is customer in one case and USD/week in the other"),
        ("ln(customers)", "ln needs a number without unit, and 'customers' is in customer"),
        ("exp(sales)", "exp needs"),
        ("customers ^ e", "raises customer to a power that may vary: divide 'customers' by a reference"),
        ("e ^ customers", "an exponent needs a number without unit"),
    ],
)
def test_a_misfit_is_shown_with_both_its_sides(equation, said):
    with pytest.raises(UnitError) as caught:
        unit_of(parse(equation), KNOWN, WEEK)
    assert said in str(caught.value)


@given(st.floats(min_value=0.1, max_value=100), st.sampled_from(sorted(KNOWN)))
def test_a_plain_factor_changes_no_unit(factor, name):
    assert unit_of(parse(f"{factor!r} * {name}"), KNOWN, WEEK) == KNOWN[name]


def test_a_literal_exponent_is_exact():
    assert unit_of(parse("customers ^ 0.5"), KNOWN, WEEK) == power(KNOWN["customers"], Fraction(1, 2))
