"""Shopify's order export as shops have it: re-saved, joined, cut, with gift cards, against sums made here."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gearwheel.gauges.checks import adapter
from gearwheel.gauges.events import open_events
from gearwheel.gauges.mapping import Mapping
from gearwheel.gauges.recognise import recognise
from gearwheel.gauges.sources import look
from gearwheel.wheel.errors import DataError

HEAD = (
    "Name", "Email", "Financial Status", "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Discount Amount", "Created at",
    "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku", "Lineitem taxable", "Lineitem discount",
    "Cancelled at", "Payment Method", "Refunded Amount", "Id", "Phone",
)  # fmt: skip
LINE = [c for c in HEAD if c.startswith("Lineitem")]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))


def order(n: int, *lines: tuple, **said) -> list[dict[str, str]]:
    """The rows of an order; a line is (name, pieces, price). What is said of the whole stands on the first row."""
    value = sum(pieces * price for _, pieces, price in lines)
    discount = said.pop("discount", 0)
    head = {
        "Name": f"#{n}",
        "Email": f"p{n}@x.org",
        "Financial Status": "paid",
        "Currency": "EUR",
        "Subtotal": f"{value - discount:.2f}",
        "Shipping": "0.00",
        "Total": f"{value - discount:.2f}",
        "Discount Amount": f"{discount:.2f}",
        "Created at": f"{datetime(2024, 1, 1, 9) + timedelta(days=n % 300):%Y-%m-%d %H:%M:%S} +0000",
        "Refunded Amount": "0.00",
        "Id": str(700000 + n),
        "Payment Method": "Cards",
    } | said
    rows = []
    for place, (name, pieces, price) in enumerate(lines):
        line = {"Lineitem name": name, "Lineitem quantity": str(pieces), "Lineitem price": f"{price:.2f}"}
        line["Lineitem sku"] = "" if name.lower().startswith(("gift", "tip")) else name.upper()
        rows.append((head if not place else {key: head[key] for key in ("Name", "Email", "Created at")}) | line)
    return rows


def write(path, rows, drop=(), rename=None, delimiter=",", bom="") -> None:
    columns = [c for c in HEAD if c not in drop]
    out = io.StringIO()
    table = csv.writer(out, delimiter=delimiter)
    table.writerow([(rename or {}).get(c, c) for c in columns])
    table.writerows([[row.get(c, "") for c in columns] for row in rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(bom + out.getvalue(), "utf-8")


def opened(folder, **said):
    found = recognise(look(folder))
    assert found is not None and found.name == "shopify"
    return open_events(Mapping(str(folder), adapter="shopify", **{**found.settings, **said}), ".")


def totals(events) -> tuple:
    """Orders that count, lines, and what was paid for the goods."""
    return events.connection.execute(
        """select count(distinct order_id), count(line), round(coalesce(sum(price * quantity - discount), 0), 2)
           from events.orders left join events.order_lines using (order_id) where status <> 'cancelled'"""
    ).fetchone()


def found(events, code: str) -> list:
    return [f for f in adapter.check(events) if f.code == code]


def noted(events) -> str:
    return "\n".join(str(problem) for problem in events.problems)


BOWL, SPOON = ("Bowl", 1, 22.0), ("Spoon", 2, 4.5)


# ---- numbers and times go through the product's one reader


def thousands(value: float) -> str:
    return f"{value:,.2f}"


WRITTEN = {
    "1,450.00": thousands,
    "1.450,00": lambda v: thousands(v).translate(str.maketrans(",.", ".,")),
    "1450,00": lambda v: f"{v:.2f}".replace(".", ","),
    "€1,450.00": lambda v: "€" + thousands(v),
    "1 450,00 €": lambda v: thousands(v).replace(",", "\u00a0").replace(".", ",") + " €",
    "1'450.00 CHF": lambda v: thousands(v).replace(",", "'") + " CHF",
}


@pytest.mark.parametrize("form", WRITTEN)
def test_numbers_of_a_resaved_export_are_read_as_everywhere(tmp_path, form):
    write_number = WRITTEN[form]
    rows = [
        row for n in range(1, 21) for row in order(n, BOWL, ("Lamp", 1, 1450.0), discount=2.5, **{"Shipping": "4.90"})
    ]
    rows += order(21, BOWL, **{"Refunded Amount": "22.00", "Financial Status": "refunded"})
    for row in rows:
        for column in ("Subtotal", "Shipping", "Total", "Discount Amount", "Lineitem price", "Refunded Amount"):
            if row.get(column):
                row[column] = write_number(float(row[column]))
    write(tmp_path / "x" / "orders_export.csv", rows, delimiter=";")
    with opened(tmp_path / "x") as events:
        assert totals(events) == (21, 41, 20 * (1472 - 2.5) + 22)
        assert (
            events.connection.execute("select round(sum(shipping_charged), 2) from events.order_lines").fetchone()[0]
            == 98
        )
        assert events.connection.execute("select sum(refund) from events.returns").fetchone()[0] == 22
        assert not found(events, "GW473") and "lack" not in noted(events)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prices=st.lists(st.integers(1, 2_000_000), min_size=1, max_size=6),
    form=st.sampled_from(["1,450.00", "1.450,00", "1450,00"]),
)
def test_any_price_is_read_in_any_form(tmp_path_factory, prices, form):
    folder = tmp_path_factory.mktemp("shop")
    rows = order(1, *(("Bowl", 1, cents / 100) for cents in prices), ("Lamp", 1, 1234.56))
    for row in rows:
        row["Lineitem price"] = WRITTEN[form](float(row["Lineitem price"]))
    write(folder / "orders_export.csv", rows, drop=("Subtotal", "Total", "Discount Amount"), delimiter=";")
    with opened(folder) as events:
        assert totals(events)[2] == pytest.approx(sum(prices) / 100 + 1234.56)


def test_a_number_that_two_signs_explain_is_settled_by_the_other_numbers_or_asked(tmp_path):
    """1,450 alone may be 1450 or 1.45; a Subtotal of 1,472.00 in the same table settles it."""
    rows = [row for n in range(1, 4) for row in order(n, ("Lamp", 1, 1450.0), BOWL)]
    for row in rows:
        row["Lineitem price"] = f"{float(row['Lineitem price']):,.0f}"
        row["Subtotal"] = row.get("Subtotal") and thousands(float(row["Subtotal"]))
    write(tmp_path / "told" / "orders_export.csv", rows)
    with opened(tmp_path / "told") as events:
        assert totals(events) == (3, 6, 3 * 1472)
    for row in rows:
        for column in ("Subtotal", "Shipping", "Total", "Discount Amount", "Refunded Amount"):
            row[column] = ""
    write(tmp_path / "open" / "orders_export.csv", rows)
    with pytest.raises(DataError, match=r"orders_export.csv: error GW436: orders.Lineitem price: the comma in numbers"):
        opened(tmp_path / "open")
    with opened(tmp_path / "open", decimal=".") as events:
        assert totals(events)[2] == 3 * 1472


def test_cells_that_are_no_number_are_named_and_not_called_missing(tmp_path):
    rows = [row for n in range(1, 11) for row in order(n, BOWL)]
    rows[3]["Lineitem price"] = "ask us"
    write(tmp_path / "x" / "orders_export.csv", rows)
    with opened(tmp_path / "x") as events:
        assert "orders: 1 of 10 cells of 'Lineitem price' hold no number, such as 'ask us'" in noted(events)
        assert [f.severity for f in found(events, "GW473")] == ["error"]
        first = noted(events), totals(events)
    with opened(tmp_path / "x") as events:  # what is kept in the cache says the same
        assert (noted(events), totals(events)) == first
        assert [f.severity for f in found(events, "GW473")] == ["error"]


@pytest.mark.parametrize("form", ["%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M %p", "%Y-%m-%dT%H:%M:%S+01:00"])
def test_times_are_read_as_everywhere(tmp_path, form):
    rows, placed = [], [datetime(2024, 1, day, 15, 30) for day in range(10, 31)]
    for n, at in enumerate(placed):
        rows += order(
            n, BOWL, SPOON, **{"Created at": at.strftime(form), "Cancelled at": at.strftime(form) if n == 4 else ""}
        )
    write(tmp_path / "x" / "orders_export.csv", rows)
    hours = 1  # of Berlin's winter before UTC, and of the zone that is stated
    with opened(tmp_path / "x", time_zone="Europe/Berlin") as events:
        read = events.connection.execute("select placed_at from events.orders order by 1").fetchall()
        assert [at for (at,) in read] == [at - timedelta(hours=hours) for at in placed]
        assert totals(events)[0] == 20


# ---- headers


@pytest.mark.parametrize(
    ("rename", "bom"),
    [
        ({"Cancelled at": "Canceled at"}, ""),
        ({"Cancelled at": "CANCELED AT ", "Name": " name", "Lineitem price": "Lineitem  Price"}, ""),
        ({c: c.lower().replace(" ", "_") for c in HEAD}, ""),
        ({"Cancelled at": "cancelled\u00a0at"}, "\ufeff"),
        ({"Name": "\ufeffName"}, "\ufeff"),
    ],
)
def test_headers_may_differ_in_spelling_case_and_blanks(tmp_path, rename, bom):
    rows = [row for n in range(1, 11) for row in order(n, BOWL)]
    rows[2]["Cancelled at"] = "2024-02-01 10:00:00 +0000"
    write(tmp_path / "x" / "orders_export.csv", rows, rename=rename, bom=bom)
    with opened(tmp_path / "x") as events:
        assert totals(events) == (9, 9, 198)
        assert "GW474" not in noted(events)


def test_an_export_that_cannot_tell_cancellations_says_so(tmp_path):
    write(tmp_path / "x" / "orders_export.csv", order(1, BOWL), drop=("Cancelled at", "Refunded Amount", "Subtotal"))
    with opened(tmp_path / "x") as events:
        notes = noted(events)
        assert "warning GW474: orders_export has no column 'Cancelled at': cancelled orders cannot be told" in notes
        assert "no column 'Refunded Amount'" in notes and "no column 'Subtotal'" in notes


def test_a_second_table_that_fits_is_named_when_it_is_not_read(tmp_path):
    write(tmp_path / "x" / "orders_export.csv", order(1, BOWL))
    write(tmp_path / "x" / "my orders.csv", order(2, BOWL))
    with opened(tmp_path / "x") as events:
        assert "GW419: 'my orders' (my orders.csv) looks like a part of 'orders_export'" in noted(events)


# ---- rows of an order


@pytest.mark.parametrize("kept_on_further_rows", [("Name", "Email", "Created at"), ("Name",), ()])
def test_further_rows_belong_to_the_order_above(tmp_path, kept_on_further_rows):
    rows = [row for n in range(1, 31) for row in order(n, BOWL, SPOON, ("Vase", 1, 10.0 + n))]
    for row in rows:
        if "Id" not in row:
            for column in {"Name", "Email", "Created at"} - set(kept_on_further_rows):
                row[column] = ""
    write(tmp_path / "x" / "orders_export.csv", rows)
    with opened(tmp_path / "x") as events:
        assert totals(events) == (30, 90, 30 * 41 + sum(range(1, 31)))
        assert not found(events, "GW473") and not found(events, "GW475")


def test_an_export_that_repeats_the_order_on_each_row_is_the_same(tmp_path):
    rows = []
    for n in range(1, 11):
        first, *further = order(n, BOWL, SPOON, SPOON)
        rows += [first, *({**first, **{c: row[c] for c in LINE if c in row}} for row in further)]
    write(tmp_path / "x" / "orders_export.csv", rows)
    with opened(tmp_path / "x") as events:
        assert totals(events) == (10, 30, 400)


def test_rows_without_any_order_are_counted(tmp_path):
    rows = [{"Lineitem name": "Stray", "Lineitem quantity": "1", "Lineitem price": "5.00"}, {}, *order(1, BOWL)]
    write(tmp_path / "x" / "orders_export.csv", rows)
    with opened(tmp_path / "x") as events:
        assert totals(events) == (1, 1, 22)
        assert [(f.severity, f.count) for f in found(events, "GW475")] == [("error", 1)]


def test_lines_that_do_not_add_up_to_the_subtotal_are_an_error_with_examples(tmp_path):
    rows = [row for n in range(1, 21) for row in order(n, BOWL, SPOON)]
    del rows[5]  # the spoons of #3
    write(tmp_path / "x" / "orders_export.csv", rows)
    with opened(tmp_path / "x") as events:
        (finding,) = found(events, "GW473")
    assert (finding.severity, finding.count) == ("error", 1)
    assert "1 of 20 orders" in finding.message and "#3 (lines 22.00, Subtotal 31.00)" in finding.message


def test_a_subtotal_below_the_lines_is_explained_by_discounts_or_named(tmp_path):
    rows = [*order(1, BOWL, SPOON, discount=6), *order(2, BOWL, SPOON, Subtotal="20.00")]
    write(tmp_path / "x" / "orders_export.csv", rows)
    with opened(tmp_path / "x") as events:
        (finding,) = found(events, "GW473")
        assert totals(events)[2] == 25 + 20  # what was paid
    assert (finding.severity, finding.count, finding.example[:2]) == ("warning", 1, "#2")


def test_without_a_subtotal_the_total_is_compared(tmp_path):
    """#1 adds up with tax on top, #2 with tax within, #3 has a discount that the export does not state, #4 lost a line."""
    rows = [
        *order(1, BOWL, Taxes="2.20", Shipping="4.00", Total="28.20"),
        *order(2, BOWL, Taxes="2.00", Shipping="4.00", Total="26.00"),
        *order(3, BOWL, Taxes="0.00", Total="15.00"),
        *order(4, BOWL, Taxes="0.00", Total="31.00"),
    ]
    write(tmp_path / "x" / "orders_export.csv", rows, drop=("Subtotal",))
    with opened(tmp_path / "x") as events:
        (finding,) = found(events, "GW473")
    assert finding.count == 2 and "#3 (lines and shipping 22.00, Total 15.00)" in finding.message


def test_discounts_of_lines_and_of_the_order_without_a_subtotal(tmp_path):
    """4 off the bowl and 6 off the order, of which the line's 4 are a part: 22 - 4 - 2 x 22/31, 9 - 2 x 9/31."""
    rows = order(1, BOWL, SPOON, **{"Discount Amount": "6.00"})
    rows[0]["Lineitem discount"] = "4.00"
    write(tmp_path / "x" / "orders_export.csv", rows, drop=("Subtotal", "Total"))
    with opened(tmp_path / "x") as events:
        read = events.connection.execute("select discount from events.order_lines order by line").fetchall()
    assert [d for (d,) in read] == [pytest.approx(4 + 2 * 22 / 31), pytest.approx(2 * 9 / 31)]


def test_a_line_that_was_taken_off_again_is_no_line(tmp_path):
    write(tmp_path / "x" / "orders_export.csv", order(1, BOWL, ("Spoon", 0, 4.5)))
    with opened(tmp_path / "x") as events:
        assert totals(events) == (1, 1, 22)


# ---- which rows are one order


def shops(folder, drop=()) -> None:
    """Two shops that number their orders alike: 40 orders of 22 and 40 of 31."""
    one = [row for n in range(1, 41) for row in order(n, BOWL, Email=f"a{n}@x.org")]
    two = [row for n in range(1, 41) for row in order(n, BOWL, SPOON, Email=f"b{n}@x.org", Id=str(990000 + n))]
    write(folder / "basel" / "orders_export.csv", one, drop)
    write(folder / "hamburg" / "orders_export.csv", two, drop)


@pytest.mark.parametrize("drop", [(), ("Id",), ("Id", "Subtotal", "Total")])
def test_two_shops_with_the_same_order_names(tmp_path, drop):
    shops(tmp_path / "x", drop)
    with opened(tmp_path / "x") as events:
        assert totals(events) == (80, 120, 40 * 22 + 40 * 31)
        ids = events.connection.execute("select order_id from events.orders").fetchall()
        assert len(set(ids)) == 80 and all(one.startswith("#") for (one,) in ids)
        assert [(f.severity, f.count) for f in found(events, "GW475")] == [("note", 80)]


def test_the_same_guest_names_in_two_shops_are_two_people(tmp_path):
    shops(tmp_path / "x")
    for file in (tmp_path / "x").glob("*/*.csv"):
        file.write_text(file.read_text().replace("@x.org", "").replace(",a", ",").replace(",b", ","), "utf-8")
    rows = [row for n in range(1, 4) for row in order(n, BOWL, Email="")]
    again = [row for n in range(1, 4) for row in order(n, SPOON, Email="", Id=str(880000 + n))]
    write(tmp_path / "y" / "a" / "orders_export.csv", rows)
    write(tmp_path / "y" / "b" / "orders_export.csv", again)
    with opened(tmp_path / "y") as events:
        people = events.connection.execute("select count(distinct customer_id) from events.orders").fetchone()[0]
    assert people == 6


@pytest.mark.parametrize("drop", [(), ("Id",)])
def test_an_order_in_two_exports_is_one_and_the_later_state_counts(tmp_path, drop):
    """Orders 15 to 24 stand in both files; 20 was refunded and 21 cancelled in between."""
    first = [row for n in range(1, 25) for row in order(n, BOWL, SPOON)]
    second = [row for n in range(15, 41) for row in order(n, BOWL, SPOON)]
    for row in second:
        if row["Name"] == "#20" and "Total" in row:
            row |= {"Financial Status": "refunded", "Refunded Amount": "31.00"}
        if row["Name"] == "#21" and "Total" in row:
            row |= {"Cancelled at": "2024-03-01 10:00:00 +0000"}
    write(tmp_path / "x" / "orders_export_1.csv", first, drop)
    write(tmp_path / "x" / "orders_export_2.csv", second, drop)
    with opened(tmp_path / "x") as events:
        assert totals(events) == (39, 78, 39 * 31)
        assert events.connection.execute("select count(*), sum(refund) from events.returns").fetchone() == (2, 31)
        assert not found(events, "GW473")


def test_ids_and_telephones_that_a_spreadsheet_cut_tell_nobody_apart(tmp_path):
    rows = [row for n in range(1, 21) for row in order(n, BOWL, SPOON, Email="", Id="7.1E+12", Phone="4.91761E+11")]
    write(tmp_path / "x" / "orders_export.csv", rows)
    with opened(tmp_path / "x") as events:
        assert totals(events) == (20, 40, 20 * 31)
        assert events.connection.execute("select count(distinct customer_id) from events.orders").fetchone() == (20,)
        assert [(f.severity, f.count) for f in found(events, "GW475")] == [("warning", 20)]


# ---- what is no sale of goods


@pytest.mark.parametrize(
    "name",
    ["Gift card", "Gift Card - €50.00", "Digital gift card", "E-Gift Card 50 EUR", "Acme Gift Card - 100", "Geschenkgutschein",
     "Carte cadeau - 20 €", "Tarjeta de regalo", "gift certificate", "$50 Gift Card", "50 € Gutschein", "Bon d'achat", "Tip"],
)  # fmt: skip
def test_a_gift_card_counts_when_it_is_used(tmp_path, name):
    card = (name, 1, 80.0)
    rows = [row for n in range(1, 11) for row in order(n, BOWL)]
    rows += [*order(11, card), *order(12, ("Lamp", 1, 80.0), **{"Payment Method": "gift_card"})]
    rows += order(13, BOWL, card, discount=2, Shipping="3.00")
    rows += order(14, card, **{"Financial Status": "refunded", "Refunded Amount": "80.00"})
    for row in rows:
        if row["Lineitem name"] == name:
            row["Lineitem sku"] = ""
    write(tmp_path / "x" / "orders_export.csv", rows)
    with opened(tmp_path / "x") as events:
        assert totals(events) == (12, 12, 10 * 22 + 80 + (20 if name != "Tip" else 22))
        (finding,) = found(events, "GW475")
        assert (finding.severity, finding.count) == ("note", 3) and name in finding.message
        assert not found(events, "GW473") and "returns" not in events.present
        charged = events.connection.execute(
            "select shipping_charged from events.order_lines where order_id = '#13'"
        ).fetchone()
        assert charged == (3.0,)


@pytest.mark.parametrize(
    "name", ["Gift card wrap", "Gift card holder - red", "Plant with gift card", "Giftware", "Tipi tent"]
)
def test_what_only_sounds_like_a_gift_card_is_sold(tmp_path, name):
    write(tmp_path / "x" / "orders_export.csv", order(1, (name, 2, 15.0)))
    with opened(tmp_path / "x") as events:
        assert totals(events) == (1, 1, 30) and not found(events, "GW475")


def test_what_is_taxed_is_no_gift_card(tmp_path):
    rows = order(1, ("Gift card", 1, 15.0))
    rows[0]["Lineitem taxable"] = "true"
    write(tmp_path / "x" / "orders_export.csv", rows)
    with opened(tmp_path / "x") as events:
        assert totals(events) == (1, 1, 15)


# ---- refunds


@pytest.mark.parametrize("drop", [(), ("Refunded Amount",)])
def test_a_whole_refund_without_its_amount_gives_back_what_was_paid(tmp_path, drop):
    rows = [
        *order(1, BOWL, SPOON, discount=6, **{"Financial Status": "refunded", "Refunded Amount": ""}),
        *order(2, BOWL),
    ]
    write(tmp_path / "x" / "orders_export.csv", rows, drop)
    with opened(tmp_path / "x") as events:
        read = events.connection.execute("select count(*), sum(refund) from events.returns").fetchone()
    assert read == (2, pytest.approx(25))
