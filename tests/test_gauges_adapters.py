"""Each adapter against a small source as the shop system leaves it, with the canonical rows written by hand."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from gearwheel.gauges.adapters import adapters
from gearwheel.gauges.canonical import tables
from gearwheel.gauges.events import open_events
from gearwheel.gauges.mapping import Mapping
from gearwheel.gauges.recognise import recognise
from gearwheel.gauges.sources import look
from gearwheel.wheel.errors import DataError

SOURCES = Path(__file__).parent / "sources"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def rows(events, table: str, *columns: str) -> list[tuple]:
    return events.connection.execute(f"select {', '.join(columns)} from events.{table} order by all").fetchall()


def opened(address, name: str, **settings):
    found = recognise(look(address))
    assert found is not None and found.name == name
    return open_events(Mapping(str(address), adapter=name, **{**found.settings, **settings}), ".")


def test_every_adapter_says_what_it_followed_and_maps_what_exists():
    for adapter in adapters().values():
        assert adapter.title and adapter.followed, adapter.name
        assert set(adapter.sql) <= set(tables()), adapter.name
        for missing in adapter.not_there:
            table, _, column = missing.partition(".")
            assert table in tables() and (not column or column in tables()[table].columns), missing
        if adapter.kind == "events":
            assert {"orders", "order_lines"} <= set(adapter.sql), adapter.name
            assert set(tables()) <= set(adapter.sql) | {m.split(".")[0] for m in adapter.not_there} | {
                "experiments", "decisions",
            }, adapter.name  # fmt: skip


def test_olist():
    with opened(SOURCES / "olist", "olist") as events:
        assert rows(events, "orders", "order_id", "customer_id", "placed_at", "status", "currency") == [
            ("o1", "ana", at("2017-05-02 01:30"), "delivered", "BRL"),  # 22:30 in São Paulo, UTC-3
            ("o2", "ana", at("2017-06-01 12:00"), "delivered", "BRL"),
            ("o3", "rui", at("2017-06-02 15:00"), "cancelled", "BRL"),
        ]
        assert rows(
            events, "order_lines", "order_id", "line", "seller_id", "quantity", "price", "shipping_charged"
        ) == [
            ("o1", "1", "s1", 1.0, 58.9, 13.29),
            ("o1", "2", "s1", 1.0, 58.9, 13.29),
            ("o2", "1", "s2", 1.0, 199.0, 0.0),
            ("o3", "1", "s2", 1.0, 199.0, 10.0),
        ]
        # noon in São Paulo of the promised day; o1 came in the evening of that day and is on time
        assert rows(events, "deliveries", "order_id", "promised_at", "delivered_at") == [
            ("o1", at("2017-05-10 15:00"), at("2017-05-10 21:00")),
            ("o2", at("2017-06-15 15:00"), at("2017-06-20 11:00")),
        ]
        assert rows(events, "reviews", "order_id", "score", "text", "created_at") == [
            ("o1", 3.5, "Recomendo\nRuim\nFaltou um item", at("2017-05-11 03:00")),
            ("o2", 1.0, None, at("2017-06-22 18:00")),
        ]
        assert rows(events, "customers", "*") == [("ana", at("2017-05-02 01:30")), ("rui", at("2017-06-02 15:00"))]
        assert rows(events, "sellers", "*") == [("s1", None, None), ("s2", at("2017-04-26 22:58:54"), None)]
        assert "offers" not in events.present and rows(events, "offers", "*") == []


def test_shopify():
    with opened(SOURCES / "shopify", "shopify") as events:
        assert rows(events, "orders", "order_id", "customer_id", "placed_at", "status", "currency", "is_test") == [
            ("#1001", "ada@example.com", at("2024-03-02 03:14"), "paid", "USD", False),
            ("#1002", "bo@example.com", at("2024-03-05 13:00"), "refunded", "USD", False),
            ("#1003", "bo@example.com", at("2024-03-06 13:00"), "cancelled", "USD", False),
            ("#1004", "+15550100", at("2024-04-01 14:00"), "paid", "USD", True),
        ]
        # 2 x 15 + 20 = 50 against a subtotal of 45: 5 off, 3 : 2 by value, and so is the shipping of 6
        lines = rows(
            events,
            "order_lines",
            "order_id",
            "line",
            "product_id",
            "quantity",
            "price",
            "discount",
            "shipping_charged",
            "unit_cost",
        )
        assert lines[:2] == [
            ("#1001", "1", "FERN", 2.0, 15.0, pytest.approx(3.0), pytest.approx(3.6), 4.0),
            ("#1001", "2", "TOTE", 1.0, 20.0, pytest.approx(2.0), pytest.approx(2.4), None),
        ]
        assert lines[4] == ("#1004", "1", "Gift card wrap", 2.0, 15.0, 0.0, 4.0, None)
        assert rows(events, "returns", "order_id", "line", "requested_at", "refund") == [
            ("#1002", "1", at("2024-03-05 13:00"), 21.4)
        ]


def test_woocommerce(tmp_path):
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((SOURCES / "woocommerce" / "shop.sql").read_text("utf-8"))
    with opened(file, "woocommerce", time_zone="Europe/Berlin", currency="EUR") as events:
        assert rows(events, "orders", "order_id", "customer_id", "placed_at", "status", "currency") == [
            ("10", "ada@example.com", at("2024-01-01 22:30"), "completed", "EUR"),
            ("11", "ada@example.com", at("2024-01-05 11:00"), "cancelled", "EUR"),  # no GMT: noon in Berlin
            ("13", "customer 2", at("2024-01-10 11:00"), "processing", "EUR"),
        ]
        columns = ("order_id", "line", "product_id", "quantity", "price", "discount", "shipping_charged")
        assert rows(events, "order_lines", *columns) == [
            ("10", "100", "7", 2.0, 20.0, 4.0, 4.0),
            ("10", "101", "81", 1.0, 18.0, 0.0, 2.0),
            ("11", "102", "7", 1.0, 20.0, 0.0, 0.0),
            ("13", "104", "7", 1.0, 30.0, 0.0, 0.0),
        ]
        assert rows(events, "returns", "order_id", "line", "requested_at", "refund") == [
            ("10", "101", at("2024-01-09 11:00"), 18.0)
        ]
        assert rows(events, "customers", "customer_id", "first_seen")[0] == ("ada@example.com", at("2023-12-24 07:00"))


def loaded(postgres, name: str) -> str:
    address = postgres.fresh(name)
    postgres.load((SOURCES / name / "shop.sql").read_text("utf-8"), name)
    return address


@pytest.mark.server
def test_medusa(postgres):
    with opened(loaded(postgres, "medusa"), "medusa") as events:
        assert rows(events, "orders", "order_id", "customer_id", "placed_at", "status", "currency") == [
            ("order_1", "ada@example.com", at("2024-02-01 11:00"), "completed", "EUR"),
            ("order_2", "ada@example.com", at("2024-02-02 11:00"), "cancelled", "EUR"),
        ]
        # version 2 of order_1: 2 x 20.25 and 1 x 9.5, shipping 5 shared 40.5 : 9.5
        columns = ("order_id", "line", "product_id", "quantity", "price", "discount", "shipping_charged")
        assert rows(events, "order_lines", *columns) == [
            ("order_1", "line_1", "variant_1", 2.0, 20.25, 3.0, pytest.approx(4.05)),
            ("order_1", "line_2", "prod_2", 1.0, 9.5, 0.0, pytest.approx(0.95)),
            ("order_2", "line_3", "variant_1", 1.0, 20.25, 0.0, None),
        ]
        assert rows(events, "deliveries", "order_id", "promised_at", "delivered_at") == [
            ("order_1", None, at("2024-02-06 10:00"))
        ]
        assert rows(events, "returns", "order_id", "line", "requested_at", "returned_at", "refund", "reason") == [
            ("order_1", "line_1", at("2024-02-10"), at("2024-02-14"), 9.5, "Wrong size"),
            ("order_1", "line_2", at("2024-02-10"), at("2024-02-14"), 9.5, None),
        ]
        assert rows(events, "customers", "*") == [("ada@example.com", at("2024-01-10 08:00"))]


@pytest.mark.server
def test_saleor(postgres):
    with opened(loaded(postgres, "saleor"), "saleor") as events:
        one, two = (f"00000000-0000-0000-0000-00000000000{n}" for n in (1, 2))
        line = [f"10000000-0000-0000-0000-00000000000{n}" for n in (1, 2, 3)]
        assert rows(events, "orders", "order_id", "customer_id", "placed_at", "status", "currency") == [
            (one, "ada@example.com", at("2024-05-01 08:00"), "fulfilled", "PLN"),
            (two, "bo@example.com", at("2024-05-03 08:00"), "cancelled", "PLN"),
        ]
        columns = ("order_id", "line", "product_id", "quantity", "price", "discount", "shipping_charged")
        assert rows(events, "order_lines", *columns) == [
            (one, line[0], "TEA-1", 2.0, 20.0, 10.0, 7.5),  # 30 of 40 paid, so 7.5 of 10 shipping
            (one, line[1], "UHJvZHVjdFZhcmlhbnQ6NQ==", 1.0, 10.0, 0.0, 2.5),
            (two, line[2], "Pot", 1.0, 90.0, 0.0, 0.0),
        ]
        assert rows(events, "returns", "order_id", "line", "requested_at", "returned_at", "refund", "kept") == [
            (one, line[0], at("2024-05-09 08:00"), at("2024-05-09 08:00"), 15.0, False)
        ]
        assert rows(events, "customers", "*") == [("ada@example.com", at("2023-11-01 10:00"))]


@pytest.mark.server
def test_stripe(postgres):
    with opened(loaded(postgres, "stripe"), "stripe") as events:
        assert rows(events, "orders", "order_id", "customer_id", "placed_at", "currency", "is_test") == [
            ("ch_2", "cus_1", at("2024-01-02"), "JPY", True),
            ("in_1", "cus_1", at("2024-01-01"), "EUR", False),
            ("in_2", "cus_1", at("2024-02-01"), "EUR", False),
        ]
        assert rows(events, "order_lines", "order_id", "line", "product_id", "quantity", "price") == [
            ("ch_2", "1", "charge", 1.0, 1500.0),  # yen have no hundredths
            ("in_1", "il_1", "prod_plus", 1.0, 9.9),
            ("in_2", "il_2", "prod_plus", 1.0, 9.9),
            ("in_2", "il_3", "Two mugs", 2.0, 15.0),
        ]
        assert rows(events, "memberships", "*") == [
            ("cus_1", at("2024-01-01"), at("2024-02-01"), 9.9),
            ("cus_1", at("2024-02-01"), at("2024-03-01"), 9.9),
        ]
        assert rows(events, "returns", "order_id", "line", "refund", "reason") == [
            ("in_1", "il_1", 4.9, "requested_by_customer")
        ]


def test_tidy_is_recognised_and_has_no_events():
    found = recognise(look(SOURCES / "tidy"))
    assert found.name == "tidy" and found.kind == "gauges"
    with pytest.raises(DataError, match="GW437.*measured series, not events"):
        open_events(Mapping(str(SOURCES / "tidy"), adapter="tidy"), ".")


def test_a_source_that_only_looks_like_a_shop_is_not_recognised(tmp_path):
    (tmp_path / "orders.csv").write_text("Name,Email\n#1,a@example.com\n")
    assert recognise(look(tmp_path)) is None
    with pytest.raises(DataError, match="GW437.*no table 'orders' as Shopify has it"):
        open_events(Mapping(str(tmp_path), adapter="shopify"), ".")
    with pytest.raises(DataError, match="Did you mean 'shopify'"):
        open_events(Mapping(str(tmp_path), adapter="shopfy"), ".")


OLIST = Path(os.environ.get("GEARWHEEL_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "olist"


@pytest.mark.skipif(not OLIST.is_dir(), reason=f"no Olist data in {OLIST}")
def test_the_real_olist_folder_keeps_its_totals():
    """Rows and sums of the canonical tables against the raw files."""
    import duckdb

    with opened(OLIST, "olist") as events, duckdb.connect() as raw:

        def both(ours: str, theirs: str) -> None:
            assert events.connection.execute(ours).fetchone() == raw.execute(theirs.format(OLIST)).fetchone()

        both("select count(*), count(distinct customer_id) from events.orders",
             "select 59427, count(distinct customer_unique_id) from '{0}/customers.parquet'")  # fmt: skip
        both("select count(*), round(sum(price), 2), round(sum(shipping_charged), 2) from events.order_lines",
             "select count(*), round(sum(price), 2), round(sum(freight_value), 2) from '{0}/order_items.parquet'")  # fmt: skip
        both("select count(delivered_at) from events.deliveries",
             "select count(order_delivered_customer_date) from '{0}/orders.parquet' where order_status not in ('canceled', 'unavailable')")  # fmt: skip
        both("select count(*) from events.reviews",
             """select count(*) from (select order_id from '{0}/order_reviews.parquet' group by order_id
                having max(coalesce(review_creation_date, review_answer_timestamp)) is not null)""")  # fmt: skip
        both("select count(joined_at) from events.sellers",
             "select count(distinct seller_id) from '{0}/closed_deals.parquet' semi join '{0}/sellers.parquet' using (seller_id)")  # fmt: skip
