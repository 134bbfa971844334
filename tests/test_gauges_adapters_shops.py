"""WooCommerce, Medusa, Saleor and Olist tables with what shops do to them, against sums made by hand."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from pathlib import Path

import pytest

from gearwheel.gauges.adapters import FOLDER, adapters
from gearwheel.gauges.checks import adapter
from gearwheel.gauges.events import open_events
from gearwheel.gauges.mapping import Mapping
from gearwheel.gauges.recognise import recognise
from gearwheel.gauges.sources import look
from gearwheel.wheel.errors import DataError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))


def write(folder: Path, **tables: list[dict]) -> Path:
    """A folder with a CSV file for each table; a column that a row lacks is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
            table = csv.DictWriter(out, columns)
            table.writeheader()
            table.writerows(rows)
    return folder


def opened(folder, **said):
    found = recognise(look(folder))
    return open_events(Mapping(str(folder), adapter=found.name, **{**found.settings, **said}), ".")


def rows(events, sql: str) -> list[tuple]:
    return events.connection.execute(sql).fetchall()


def sales(events) -> float:
    return rows(
        events,
        """select round(sum(price * quantity - coalesce(discount, 0)), 2) from events.order_lines
           join events.orders using (order_id) where status <> 'cancelled'""",
    )[0][0]


def found(events, code: str) -> list:
    return [f for f in adapter.check(events) if f.code == code]


def test_no_adapter_reads_numbers_or_times_by_itself():
    """A cast in an adapter's SQL goes past the rules by which every source is read; what stands in JSON is no cell."""
    casts = re.compile(
        r"cast\(\s*(?!json_extract)[^()]*\bas\s+(double|float|decimal|numeric|bigint|integer|int|timestamp\w*|date)\b"
    )
    own = {name for name in adapters() if name != "stripe"}
    for file in FOLDER.rglob("*.sql"):
        if file.relative_to(FOLDER).parts[0] in own:
            assert not casts.search(file.read_text("utf-8")), file
    for name in own:
        known = adapters()[name]
        for kinds in (known.numbers, known.times, known.times_in_utc, known.dates, known.flags):
            assert all(set(columns) <= set(known.columns[table]) for table, columns in kinds.items()), name
        for place in (*known.lacking, *known.spellings):
            table, _, column = place.partition(".")
            assert column in known.columns[table], place


def test_an_adapter_and_a_mapping_of_ones_own_may_read_the_same_table(tmp_path):
    """The mapping's expressions see the cells as they stand, the adapter's SQL sees them read."""
    from gearwheel.gauges.mapping import TableMap

    woo(tmp_path / "x", [(1, 0, "wc-completed", 10)], [(11, 1, 7, 1, 10)])
    (tmp_path / "x" / "wp_wc_order_stats.csv").rename(tmp_path / "x" / "wc_order_stats.csv")
    costs = TableMap("wc_order_stats", {"day": "substr(date_created, 1, 10)", "kind": "'fees'", "amount": "net_total"})
    with opened(tmp_path / "x", tables={"costs": costs}) as events:
        assert sales(events) == 10
        assert rows(events, "select kind, amount from events.costs") == [("fees", 10.0)]


# ---- WooCommerce


def woo(folder: Path, stats: list[tuple], lines: list[tuple], **columns) -> Path:
    """`stats`: (order, parent, status, net_total); `lines`: (item, order, product, pieces, revenue)."""
    days = {order: f"2024-01-{1 + order % 28:02d}" for order, *_ in stats}
    return write(
        folder,
        wp_wc_order_stats=[
            {
                "order_id": order,
                "parent_id": parent,
                "date_created": f"{days[order]} 10:00:00",
                "date_created_gmt": f"{days[order]} 09:00:00",
                "status": status,
                "customer_id": 1,
                **({} if net is None else {"net_total": net}),
                **{name: value(order) for name, value in columns.items()},
            }
            for order, parent, status, net in stats
        ],
        wp_wc_order_product_lookup=[
            {
                "order_item_id": item,
                "order_id": order,
                "product_id": product,
                "variation_id": 0,
                "product_qty": pieces,
                "product_net_revenue": revenue,
                "coupon_amount": 0,
                "shipping_amount": 0,
            }
            for item, order, product, pieces, revenue in lines
        ],
        wp_wc_customer_lookup=[{"customer_id": 1, "email": "Ann@x.org", "date_registered": "2023-12-01 10:00:00"}],
    )


TWO = [(11, 1, 7, 2, 50), (12, 1, 8, 1, 20)]  # the lines of order 1: 50 and 20
RETURNS = "select line, round(refund, 2) from events.returns order by line"


@pytest.mark.parametrize(
    ("status", "refunds", "items", "expected"),
    [
        ("wc-refunded", [-70], [], [("11", 50), ("12", 20)]),
        ("wc-refunded", [-83.3], [], [("11", 50), ("12", 20)]),  # until 2025 tax and shipping stood in net_total too
        ("wc-completed", [-70], [], [("11", 50), ("12", 20)]),
        ("wc-completed", [-15], [], [("11", 15)]),
        ("wc-completed", [-15, -5], [], [("11", 20)]),
        ("wc-refunded", [-15, -55], [], [("11", 15 + 55 * 50 / 70), ("12", 55 * 20 / 70)]),
        ("wc-completed", [0], [], []),  # shipping alone
        ("wc-completed", [-20], [(21, 2, 8, -1, -20)], [("12", 20)]),
        ("wc-refunded", [-20, -50], [(21, 2, 8, -1, -20)], [("11", 50), ("12", 20)]),
        ("wc-refunded", [], [], [("11", 50), ("12", 20)]),
        ("refunded", [None], [], [("11", 50), ("12", 20)]),
        ("wc-completed", [None], [], [("11", None)]),
    ],
)
def test_a_refund_of_woocommerce_gives_back_what_it_says(tmp_path, status, refunds, items, expected):
    stats = [(1, 0, status, 70), *((2 + n, 1, "wc-completed", net) for n, net in enumerate(refunds))]
    woo(tmp_path / "x", stats, [*TWO, *items])
    with opened(tmp_path / "x") as events:
        assert rows(events, RETURNS) == [(line, money and pytest.approx(money, abs=0.01)) for line, money in expected]
        assert sales(events) == 70


def test_two_lines_of_one_product_may_both_come_back(tmp_path):
    lines = [(11, 1, 7, 1, 50), (12, 1, 7, 1, 50), (21, 2, 7, -1, -50), (22, 2, 7, -1, -50)]
    woo(tmp_path / "x", [(1, 0, "wc-refunded", 100), (2, 1, "wc-completed", -100)], lines)
    with opened(tmp_path / "x") as events:
        assert rows(events, RETURNS) == [("11", 50), ("12", 50)]


def test_an_order_of_two_exports_counts_in_its_last_state(tmp_path):
    """A later export of a shop states what has become of an order since."""
    stats = [(n, 0, "wc-processing", 70) for n in (1, 3)]
    lines = [*TWO, (31, 3, 7, 2, 60), (32, 3, 8, 1, 10)]
    woo(tmp_path / "x" / "1", stats, lines)
    later = [(1, 0, "wc-refunded", 70), (2, 1, "wc-completed", -70), (3, 0, "wc-completed", 60)]
    woo(tmp_path / "x" / "2", later, [*lines[:2], (31, 3, 7, 2, 50), (32, 3, 8, 1, 10)])
    with opened(tmp_path / "x") as events:
        assert rows(events, RETURNS) == [("11", 50), ("12", 20)]
        assert rows(events, "select order_id, status from events.orders order by 1") == [
            ("1", "refunded"),
            ("3", "completed"),
        ]
        assert sales(events) == 70 + 60
        (finding,) = found(events, "GW475")
    assert finding.message.startswith("2 of 3 orders and refunds stand in the source more than once")


@pytest.mark.parametrize("places", [("north/wp_", "south/wp_"), ("wp1_", "wp2_")])
def test_two_shops_whose_orders_count_alike_are_not_one(tmp_path, places):
    for number, place in enumerate(places):
        columns = {"date_created_gmt": lambda n, number=number: f"2024-0{1 + number}-{n:02} 09:00:00"}
        woo(tmp_path / str(number), [(n, 0, "wc-completed", 10 * n) for n in range(1, 6)],
            [(n, n, 7, 1, 10 * n) for n in range(1, 6)], **columns)  # fmt: skip
        for file in (tmp_path / str(number)).iterdir():
            target = tmp_path / "x" / (place + file.name.removeprefix("wp_"))
            target.parent.mkdir(parents=True, exist_ok=True)
            file.rename(target)
    with pytest.raises(DataError, match=r"GW422: orders.order_id: 5 of 5 ids.*\n.*several shops"):
        opened(tmp_path / "x")


def test_ids_that_pandas_wrote_with_decimals_still_join_the_tables(tmp_path):
    stats = [(1, "", "wc-completed", 70), (2, "1.0", "wc-completed", -20)]
    woo(tmp_path / "x", stats, [*TWO, (21, "2,0", "8.0", -1, -20)], customer_id=lambda n: "1.0")
    with opened(tmp_path / "x") as events:
        assert rows(events, RETURNS) == [("12", 20)]
        assert rows(events, "select order_id, customer_id from events.orders") == [("1", "ann@x.org")]


def test_woocommerce_numbers_and_times_after_a_spreadsheet(tmp_path):
    woo(tmp_path / "x", [(1, 0, "wc-completed", "1.520,50"), (2, 0, "wc-completed", "20,00")],
        [(11, 1, 7, "1,0", "1.500,50"), (12, 1, 8, 1, "20,00"), (13, 2, 8, 1, "20,00")],
        date_created=lambda n: f"{12 + n}/01/2024 10:00", date_created_gmt=lambda n: "0000-00-00 00:00:00" if n == 1 else f"{12 + n}.01.2024 08:00")  # fmt: skip
    with opened(tmp_path / "x", time_zone="Europe/Berlin") as events:
        assert sales(events) == 1540.5
        assert rows(events, "select placed_at from events.orders order by 1") == [
            (datetime(2024, 1, 13, 9),),  # its local time: ten o'clock in Berlin
            (datetime(2024, 1, 14, 8),),  # the time in GMT wins
        ]
        assert not found(events, "GW473") and "0000-00-00" not in "".join(str(p) for p in events.problems)


def test_woocommerce_lines_are_compared_with_net_total(tmp_path):
    stats = [(1, 0, "wc-completed", 70), (2, 0, "wc-completed", 90), (3, 0, "wc-pending", 90)]
    woo(tmp_path / "x", stats, [*TWO, (13, 2, 7, 1, 85), (14, 3, 7, 1, 1)])
    with opened(tmp_path / "x") as events:
        (finding,) = found(events, "GW473")
    assert (finding.severity, finding.count) == ("warning", 1)
    assert "1 of 2 orders" in finding.message and "2 (lines 85.00, net_total 90.00)" in finding.message


def test_guests_without_a_record_are_no_single_customer(tmp_path):
    woo(tmp_path / "x", [(n, 0, "wc-completed", 10) for n in (1, 2, 3)],
        [(10 + n, n, 7, 1, 10) for n in (1, 2, 3)], customer_id=lambda n: {1: 0, 2: "", 3: 1}[n])  # fmt: skip
    with opened(tmp_path / "x") as events:
        assert rows(events, "select customer_id from events.orders order by 1") == [
            ("ann@x.org",),
            ("order 1",),
            ("order 2",),
        ]


def test_lines_without_an_order_are_counted_and_a_blank_status_counts(tmp_path):
    woo(tmp_path / "x", [(1, 0, "", 70)], [*TWO, (31, 9, 7, 1, 33)])
    with opened(tmp_path / "x") as events:
        assert rows(events, "select order_id, status from events.orders") == [("1", None)]
        (finding,) = found(events, "GW475")
    assert (finding.severity, finding.count, finding.example) == ("warning", 1, "9")


# ---- Medusa


def medusa(folder: Path, orders: list[dict], lines: list[dict], **more) -> Path:
    """Lines: order, price, pieces; one item a line in every version of its order."""
    versions = {o["id"]: o.get("version", 1) for o in orders}
    base = {
        "customer_id": "c", "email": "ann@x.org", "currency_code": "eur", "status": "pending", "version": 1,
        "is_draft_order": "f", "created_at": "2025-11-03 09:00:00+00", "canceled_at": "", "deleted_at": "",
    }  # fmt: skip
    return write(
        folder,
        order=[base | o for o in orders],
        order_item=[
            {
                "order_id": one["order"],
                "item_id": f"l{n}",
                "version": v,
                "quantity": one.get("pieces", 1),
                "deleted_at": "",
            }
            for n, one in enumerate(lines)
            for v in range(1, versions[one["order"]] + 1)
        ],
        order_line_item=[
            {"id": f"l{n}", "variant_id": f"v{n}", "product_id": "p", "title": "T", "unit_price": one["price"]}
            | ({"is_giftcard": one["card"]} if "card" in one else {})
            for n, one in enumerate(lines)
        ],
        **more,
    )


def adjusted(*found: tuple, key: str = "item_id") -> list[dict]:
    """(item, amount, version); a version of None is a schema without the column."""
    return [
        {key: item, "amount": amount, "deleted_at": ""} | ({} if version is None else {"version": version})
        for item, amount, version in found
    ]


@pytest.mark.parametrize(
    ("adjustments", "expected", "withdrawn"),
    [
        ([("l0", 12, 1), ("l0", 12, 2), ("l0", 10, 3)], 60 - 10, 0),
        ([("l0", 5, 3), ("l0", 2, 3), ("l0", 12, 1)], 60 - 7, 0),
        ([("l0", 12, None)], 60 - 12, 0),  # before October 2025
        ([("l0", 12, "")], 60 - 12, 0),
        ([("l0", 12, 1), ("l0", 12, 2)], 60, 1),  # no discount in the present version
    ],
)
def test_only_the_present_version_of_a_medusa_discount_counts(tmp_path, adjustments, expected, withdrawn):
    medusa(tmp_path / "x", [{"id": "o1", "version": 3}, {"id": "o2"}],
           [{"order": "o1", "price": 60}, {"order": "o2", "price": 40}],
           order_line_item_adjustment=adjusted(*adjustments))  # fmt: skip
    with opened(tmp_path / "x") as events:
        assert sales(events) == expected + 40
        assert sum(f.count for f in found(events, "GW475")) == withdrawn


@pytest.mark.parametrize("versions", [(1, 2), (None, None)])
def test_a_promotion_on_shipping_is_no_charge(tmp_path, versions):
    """8 of shipping, 3 off in the version that counts; without versions both adjustments are there at once."""
    old, new = versions
    medusa(tmp_path / "x", [{"id": "o1", "version": 2}], [{"order": "o1", "price": 30}, {"order": "o1", "price": 10}],
           order_shipping=[{"order_id": "o1", "version": v, "shipping_method_id": "m", "deleted_at": ""} for v in (1, 2)],
           order_shipping_method=[{"id": "m", "amount": 8}],
           order_shipping_method_adjustment=adjusted(("m", 2, old), ("m", 3, new), key="shipping_method_id"))  # fmt: skip
    with opened(tmp_path / "x") as events:
        left = 5 if old else 3
        assert rows(events, "select shipping_charged from events.order_lines order by line") == [
            (left * 0.75,),
            (left * 0.25,),
        ]


def test_an_edited_medusa_order_of_two_exports_counts_in_its_last_version(tmp_path):
    first, second = {"id": "o1"}, {"id": "o2"}
    lines = [{"order": "o1", "price": 60}, {"order": "o2", "price": 40}]
    shipping = {"order_shipping_method": [{"id": "m", "amount": 8}]}
    shipping["order_shipping"] = [{"order_id": "o2", "version": 1, "shipping_method_id": "m", "deleted_at": ""}]
    medusa(tmp_path / "x" / "1", [first, second], lines, **shipping)
    lines[0] = {"order": "o1", "price": 60, "pieces": 2}
    medusa(tmp_path / "x" / "2", [first | {"version": 2}, second | {"status": "completed"}], lines, **shipping)
    with opened(tmp_path / "x") as events:
        assert sales(events) == 120 + 40
        assert rows(events, "select order_id, shipping_charged from events.order_lines order by 1") == [
            ("o1", None),
            ("o2", 8),
        ]
        assert any("order: 2 rows stand in a later file in another state" in str(p) for p in events.problems)


def test_medusa_totals_are_compared_with_lines_of_the_present_version(tmp_path):
    """o1 adds up with 20 % tax, o2 has lost a line, o3 is right but for tax that has no rate, o4 was cancelled."""
    totals = {"o1": (2, 48), "o2": (1, 90), "o3": (1, 44), "o4": (1, 99)}
    medusa(tmp_path / "x", [{"id": "o1", "version": 2}, {"id": "o2"}, {"id": "o3"}, {"id": "o4", "canceled_at": "2025-11-09"}],
           [{"order": o, "price": 40} for o in totals],
           order_line_item_tax_line=[{"item_id": "l0", "rate": 20, "deleted_at": ""}],
           order_summary=[{"order_id": o, "version": v, "totals": f'{{"current_order_total": {t}}}', "deleted_at": ""}
                          for o, (v, t) in totals.items()]
           + [{"order_id": "o1", "version": 1, "totals": '{"current_order_total": 1}', "deleted_at": ""},
              {"order_id": "o3", "version": 1, "totals": "broken", "deleted_at": ""}])  # fmt: skip
    with opened(tmp_path / "x") as events:
        (finding,) = found(events, "GW473")
    assert (finding.count, finding.example) == (2, "o2 (lines and shipping 40.00, total 90.00)")


def test_medusa_gift_cards_drafts_and_guests(tmp_path):
    medusa(tmp_path / "x",
           [{"id": "o1"}, {"id": "o2"}, {"id": "o3", "is_draft_order": "true"}, {"id": "o4", "email": "", "customer_id": ""}],
           [{"order": "o1", "price": 40, "card": "f"}, {"order": "o1", "price": 50, "card": "t"},
            {"order": "o2", "price": 50, "card": "true"}, {"order": "o3", "price": 7, "card": ""}, {"order": "o4", "price": "1,5", "card": ""}])  # fmt: skip
    with opened(tmp_path / "x") as events:
        assert sales(events) == 41.5
        assert rows(events, "select order_id, customer_id from events.orders order by 1") == [
            ("o1", "ann@x.org"),
            ("o4", "order o4"),
        ]
        assert [f.count for f in found(events, "GW475")] == [2]


def test_medusa_refunds_are_stated_by_returns_or_by_transactions(tmp_path):
    """o1 states 9 and 30 were given back: 21 for the return without an amount, 2 x 40 : 1 x 20; o2 kept what it has."""
    base = {
        "status": "received",
        "created_at": "2025-12-01 00:00:00+00",
        "received_at": "",
        "canceled_at": "",
        "deleted_at": "",
    }
    medusa(tmp_path / "x", [{"id": "o1"}, {"id": "o2"}, {"id": "o3"}],
           [{"order": "o1", "price": 50}, {"order": "o1", "price": 40, "pieces": 2}, {"order": "o1", "price": 20},
            {"order": "o2", "price": 30}, {"order": "o3", "price": 30}],
           **{"return": [base | {"id": "r1", "order_id": "o1", "refund_amount": 9}, base | {"id": "r2", "order_id": "o1"}]},
           return_item=[{"return_id": r, "item_id": item, "quantity": n, "reason_id": "", "deleted_at": ""}
                        for r, item, n in (("r1", "l0", 1), ("r2", "l1", 2), ("r2", "l2", 1))],
           order_transaction=[{"order_id": o, "amount": money, "reference": kind, "created_at": "2025-12-02", "deleted_at": gone}
                              for o, money, kind, gone in (("o1", -30, "refund", ""), ("o1", 150, "capture", ""),
                                                           ("o2", -5, "refund", ""), ("o3", -5, "refund", "2025-12-03"))])  # fmt: skip
    with opened(tmp_path / "x") as events:
        assert rows(events, "select line, round(refund, 2), kept from events.returns order by line") == [
            ("l0", 9, False), ("l1", 16.8, False), ("l2", 4.2, False), ("l3", 5, True),
        ]  # fmt: skip


def test_medusa_1_is_refused_because_its_money_is_in_cents(tmp_path):
    order = (
        "id",
        "display_id",
        "cart_id",
        "fulfillment_status",
        "payment_status",
        "customer_id",
        "email",
        "currency_code",
        "created_at",
    )
    line = (
        "id",
        "order_id",
        "variant_id",
        "title",
        "unit_price",
        "quantity",
        "fulfilled_quantity",
        "returned_quantity",
    )
    write(tmp_path / "x", order=[dict.fromkeys(order, "1")], line_item=[dict.fromkeys(line, "1")])
    with pytest.raises(DataError, match="GW437: Medusa 1 is not read: its money is in the smallest unit"):
        opened(tmp_path / "x")


# ---- Saleor


def saleor(folder: Path, orders: list[tuple], lines: list[tuple], **more) -> Path:
    """Orders: (id, status, shipping, total); lines: (id, order, pieces, paid, full, is a gift card)."""
    return write(
        folder,
        order_order=[
            {"id": o, "created_at": "2024-05-01 10:00:00+02", "status": status, "user_id": "", "user_email": f"{o}@x.org",
             "currency": "PLN", "shipping_price_gross_amount": shipping, "total_gross_amount": total}
            for o, status, shipping, total in orders
        ],
        order_orderline=[
            {"id": n, "order_id": o, "quantity": pieces, "product_name": "Tea", "product_sku": f"T{n}",
             "unit_price_gross_amount": paid, "undiscounted_unit_price_gross_amount": full, "is_gift_card": card}
            for n, o, pieces, paid, full, card in lines
        ],
        **more,
    )  # fmt: skip


def test_a_saleor_discount_on_the_whole_order_is_shared_by_value(tmp_path):
    """2 x 15 + 10 and 10 of shipping make 50; 42 was paid, so 8 is off: 6 and 2."""
    saleor(tmp_path / "x", [("a", "fulfilled", "10,00", "42,00"), ("b", "fulfilled", "0,00", "25,50")],
           [("1", "a", 2, "15,00", "20,00", "f"), ("2", "a", 1, "10,00", "10,00", "f"), ("3", "b", 1, "20,50", "20,50", "f")])  # fmt: skip
    with opened(tmp_path / "x") as events:
        assert rows(events, "select line, round(discount, 2), shipping_charged from events.order_lines order by line") == [
            ("1", 16, 7.5), ("2", 2, 2.5), ("3", 0, 0),
        ]  # fmt: skip
        told = {f.severity: f.example for f in found(events, "GW473")}
    assert told == {
        "error": "b (lines and shipping 20.50, total 25.50)",
        "note": "a (lines and shipping 50.00, total 42.00)",
    }


def test_a_saleor_order_of_two_exports_counts_once(tmp_path):
    line = ("1", "a", 2, 15, 20, "f")
    saleor(
        tmp_path / "x" / "1", [("a", "unfulfilled", 0, 30), ("b", "fulfilled", 0, 7)], [line, ("2", "b", 1, 7, 7, "f")]
    )
    saleor(tmp_path / "x" / "2", [("a", "fulfilled", 0, 30)], [line])
    with opened(tmp_path / "x") as events:
        assert rows(events, "select order_id, status from events.orders order by 1") == [
            ("a", "fulfilled"),
            ("b", "fulfilled"),
        ]
        assert sales(events) == 37
        assert not found(events, "GW473")


def test_saleor_gift_cards_are_no_goods_and_refunds_are_what_was_given_back(tmp_path):
    saleor(tmp_path / "x", [("a", "fulfilled", 6, 116), ("b", "fulfilled", 0, 100)],
           [("1", "a", 1, 10.5, 10.5, "false"), ("2", "a", 1, 100, 100, "true"), ("3", "b", 1, 100, 100, "true")],
           order_fulfillment=[{"id": 5, "order_id": "a", "status": "refunded_and_returned", "created_at": "2024-05-09 10:00:00+02",
                               "total_refund_amount": 8.5}],
           order_fulfillmentline=[{"fulfillment_id": 5, "order_line_id": "1", "quantity": 1}])  # fmt: skip
    with opened(tmp_path / "x") as events:
        assert (sales(events), rows(events, "select order_id from events.orders")) == (10, [("a",)])
        assert rows(events, "select line, refund from events.returns") == [("1", 8.5)]
        assert [f.count for f in found(events, "GW475")] == [2]


# ---- Olist


def test_olist_numbers_and_dates_are_read_as_everywhere(tmp_path):
    write(
        tmp_path / "x",
        orders=[{"order_id": "o1", "customer_id": "c1", "order_status": "delivered", "order_purchase_timestamp": "13/05/2017 22:30",
                 "order_delivered_customer_date": "20/05/2017 10:00", "order_estimated_delivery_date": "22/05/2017 00:00"}],
        order_items=[{"order_id": "o1", "order_item_id": 1, "product_id": "p", "seller_id": "s", "price": "1.258,90", "freight_value": "13,29"}],
        customers=[{"customer_id": "c1", "customer_unique_id": "ana"}],
        order_reviews=[{"order_id": "o1", "review_score": "4,0", "review_comment_title": "", "review_comment_message": "",
                        "review_creation_date": "25/05/2017 00:00", "review_answer_timestamp": ""}],
    )  # fmt: skip
    with opened(tmp_path / "x") as events:
        assert rows(events, "select price, shipping_charged from events.order_lines") == [(1258.9, 13.29)]
        assert rows(events, "select placed_at from events.orders") == [(datetime(2017, 5, 14, 1, 30),)]
        assert rows(events, "select promised_at from events.deliveries") == [(datetime(2017, 5, 22, 15),)]
        assert rows(events, "select score, created_at from events.reviews") == [(4, datetime(2017, 5, 25, 3))]
