"""What a customer is worth where a shop has little to learn from: one price, nobody who comes back, a few customers."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pytest

from gearwheel.gauges.canonical import empty_view_sql, tables
from gearwheel.run.worth import customer_value
from gearwheel.show.own_worth import worth_card

FIRST, DAYS = date(2024, 1, 1), 400


class Shop:
    """Open events of a shop: (customer, day, price) a purchase."""

    def __init__(self, purchases):
        self.connection = duckdb.connect()
        self.connection.execute("create schema events")
        for name, table in tables().items():
            self.connection.execute(f"create table events.{name} as {empty_view_sql(table)}")
        for number, (customer, day, price) in enumerate(purchases):
            at = FIRST + timedelta(day)
            self.connection.execute(
                "insert into events.orders (order_id, customer_id, placed_at) values (?, ?, ?)",
                [f"o{number}", customer, at],
            )
            self.connection.execute(
                "insert into events.order_lines (order_id, line, product_id, price) values (?, '1', 'p', ?)",
                [f"o{number}", price],
            )


def valued(purchases) -> dict:
    return customer_value(Shop(purchases), (FIRST, FIRST + timedelta(DAYS)))


def monthly(customers: int, price) -> list[tuple]:
    return [(f"c{n}", day, price(n)) for n in range(customers) for day in range(n % 29, DAYS - 30 * (n % 7), 30)]


def said(customers: dict) -> str:
    return worth_card({"events": {"source": {"currency": "EUR"}, "customers": customers}})


def test_a_shop_with_one_price_is_valued_at_its_price():
    found = valued(monthly(40, lambda _: 12.0))
    assert found["spend"] == {"model": "one price", "each": pytest.approx(12.0), "reason": ""}
    discounted = found["value_next_year"]["median"] / (12 * found["orders_next_year"]["median"])
    assert 0.9 < discounted < 1  # at a discount of 10 % a year, purchases on average half a year ahead
    assert "Every repeat purchase brought the same" in said(found)


def test_where_nobody_comes_back_the_card_says_why_there_is_no_value():
    found = valued([(f"c{n}", n, 12.0) for n in range(60)])
    assert found["value_next_year"] is None and "orders_next_year" in found
    assert "nobody bought twice" in found["spend"]["reason"]
    assert "no value in money" in said(found)


@pytest.mark.parametrize("customers", [1, 2, 3])
@pytest.mark.parametrize("price", [lambda _: 12.0, lambda n: 12.0 + n], ids=["one price", "own price"])
def test_a_few_customers_get_an_answer_or_a_reason(customers, price):
    found = valued(monthly(customers, price))
    assert found.get("reason") or bool(found["spend"]["model"]) != bool(found["spend"]["reason"])
    assert said(found)


def test_a_spend_that_cannot_be_fitted_does_not_hide_who_is_still_a_customer(monkeypatch):
    from gearwheel.fit import customers
    from gearwheel.wheel.errors import FitError

    def fails(*_, **__):
        raise FitError("Gamma-Gamma: no posterior that may be believed")

    monkeypatch.setattr(customers, "fit_spend", fails)
    found = valued(monthly(20, lambda n: 10.0 + n))
    assert found["alive"]["median"] > 0 and found["value_next_year"] is None
    assert "no posterior that may be believed" in found["spend"]["reason"]
