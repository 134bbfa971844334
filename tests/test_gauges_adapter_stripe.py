"""Stripe's adapter against accounts made by hand: what counts as an order, what it was worth, and what the report says."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gearwheel.gauges.checks.adapter import check
from gearwheel.gauges.events import open_events
from gearwheel.gauges.mapping import Mapping
from gearwheel.gauges.measure import measure
from gearwheel.gauges.recognise import recognise
from gearwheel.gauges.sources import look

START, DAY = 1_704_067_200, 86_400  # 2024-01-01
MONTH = 30 * DAY


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))


class Account:
    """The export of one account: a CSV file a table, a column for every key that a row has."""

    def __init__(self, folder):
        self.folder = folder
        self.tables: dict[str, list[dict]] = {"invoices": [], "subscriptions": [], "charges": []}
        self.add("subscriptions", id="sub_1", customer="cus_1", status="active", created=START)
        self.charge("ch_declined", 1100, status="failed")  # counts nowhere

    def add(self, table: str, **row) -> None:
        self.tables.setdefault(table, []).append(row)

    def invoice(self, id: str, lines: list[dict] | str, at: int = START, more: bool = False, **row) -> str:
        """A paid invoice; its totals are only there where the row states them."""
        listed = lines if isinstance(lines, str) else json.dumps({"object": "list", "has_more": more, "data": lines})
        told = {"customer": "cus_1", "status": "paid", "currency": "eur"} | row
        self.add("invoices", id=id, created=at, lines=listed, **told)
        return id

    def charge(self, id: str, amount: int, at: int = START, **row) -> str:
        told = {"customer": "cus_1", "currency": "eur", "status": "succeeded"} | row
        self.add("charges", id=id, amount=amount, created=at, **told)
        return id

    def opened(self):
        for name, rows in self.tables.items():
            head = list(dict.fromkeys(key for row in rows for key in row)) or ["id"]
            with (self.folder / f"{name}.csv").open("w", newline="") as file:
                out = csv.DictWriter(file, head)
                out.writeheader()
                out.writerows({k: as_text(v) for k, v in row.items()} for row in rows)
        found = recognise(look(self.folder))
        assert found is not None and found.name == "stripe"
        return open_events(Mapping(str(self.folder), adapter="stripe", **found.settings), ".")


def as_text(value) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict | list) else value


@pytest.fixture
def account(tmp_path) -> Account:
    folder = tmp_path / "export"
    folder.mkdir()
    return Account(folder)


def line(id: str, amount: int, **keys) -> dict:
    return {"id": id, "amount": amount, "quantity": 1, "price": {"product": "prod_1"}, **keys}


def plan(id: str, amount: int, at: int = START, until: int | None = None, **keys) -> dict:
    period = {"start": at, "end": at + MONTH if until is None else until}
    return line(id, amount, subscription="sub_1", period=period, **keys)


def off(amount: int) -> list[dict]:
    return [{"amount": amount, "discount": "di_1"}]


def rows(events, table: str, *columns: str) -> list[tuple]:
    return events.connection.execute(f"select {', '.join(columns)} from events.{table} order by all").fetchall()


ORDERS = """
select o.order_id, round(sum(l.price * l.quantity - coalesce(l.discount, 0)), 6)
from events.orders o left join events.order_lines l using (order_id)
where o.status <> 'cancelled' and not coalesce(o.is_test, false) group by 1"""


def worth(events) -> dict[str, float]:
    """The value of every order that counts."""
    assert not rows(
        events, "order_lines where not (price * coalesce(quantity, 1) >= coalesce(discount, 0) - 1e-6)", "*"
    )
    return dict(events.connection.execute(ORDERS).fetchall())


def findings(events) -> dict[str, list[tuple[str, int]]]:
    """Code → severity and count of each finding that only the adapter makes."""
    found: dict[str, list[tuple[str, int]]] = {}
    for one in check(events):
        found.setdefault(one.code, []).append((one.severity, one.count))
    return found


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


# ---- one payment, one order


def as_charge(payment: str) -> dict:
    return {"type": "charge", "charge": payment}


def as_intent(payment: str) -> dict:
    return {"type": "payment_intent", "payment_intent": payment}


def inside(payment: dict) -> dict:
    return {"data": [{"status": "paid", "payment": payment}]}


WAYS = {  # of telling which charge paid which invoice: keys of the charge, of the invoice, of invoice_payments
    "by the charge": ({"invoice": "{in}"}, {}, {}),
    "by a payment": ({}, {}, {"invoice": "{in}", "payment": as_charge("{ch}")}),
    "by a payment of an intent": ({"payment_intent": "{pi}"}, {}, {"invoice": "{in}", "payment": as_intent("{pi}")}),
    "by the invoice": ({}, {"charge": "{ch}"}, {}),
    "by the invoice's intent": ({"payment_intent": "{pi}"}, {"payment_intent": "{pi}"}, {}),
    "inside the invoice": ({"payment_intent": "{pi}"}, {"payments": inside(as_intent({"id": "{pi}"}))}, {}),
    "not at all": ({}, {}, {}),
}


def test_the_payment_of_an_invoice_is_no_sale_of_its_own(account):
    """Invoices far from their charges in time, but for those where nothing else tells."""
    for number, (way, keys) in enumerate(WAYS.items()):
        ids = {"{in}": f"in_{number}", "{ch}": f"ch_{number}", "{pi}": f"pi_{number}"}
        told = json.dumps(keys)
        for name, id in ids.items():
            told = told.replace(name, id)
        of_charge, of_invoice, payment = json.loads(told)
        late = START + (DAY if way == "not at all" else 99 * DAY)
        account.invoice(f"in_{number}", [line("a", 1100)], customer=f"cus_{number}", amount_paid=1100, **of_invoice)
        account.charge(f"ch_{number}", 1100, late, customer=f"cus_{number}", **of_charge)
        if payment:
            account.add("invoice_payments", status="paid", **payment)
    account.charge("ch_own", 2500, START + 5 * DAY)
    with account.opened() as events:
        assert worth(events) == {**{f"in_{number}": 11.0 for number in range(len(WAYS))}, "ch_own": 25.0}
        assert findings(events) == {"GW471": [("note", 1)]}


def test_a_second_purchase_at_the_price_of_the_plan_stays_a_sale(account):
    """Two invoices and three charges of one amount: one charge is no payment of an invoice."""
    for number in range(2):
        account.invoice(f"in_{number}", [plan(f"il_{number}", 1100)], START + number * MONTH, total=1100)
        account.charge(f"ch_{number}", 1100, START + number * MONTH + 60)
    account.charge("ch_own", 1100, START + 9 * DAY)
    with account.opened() as events:
        assert worth(events) == {"in_0": 11.0, "in_1": 11.0, "ch_own": 11.0}


def test_an_invoice_that_was_paid_late_takes_its_own_charge(account):
    """January's card failed and was tried again in February, after February's own charge."""
    account.invoice("in_jan", [plan("a", 1100)], START, total=1100)
    account.invoice("in_feb", [plan("b", 1100)], START + MONTH, total=1100)
    account.charge("ch_feb", 1100, START + MONTH + 60)
    account.charge("ch_jan", 1100, START + MONTH + 4 * DAY)
    account.add("refunds", id="re_1", charge="ch_jan", amount=300, currency="eur", created=START + 2 * MONTH)
    with account.opened() as events:
        assert worth(events) == {"in_jan": 11.0, "in_feb": 11.0}
        assert rows(events, "returns", "order_id", "refund") == [("in_jan", 3.0)]


def test_another_customer_currency_amount_or_time_is_another_sale(account):
    others = [
        {"customer": "cus"},
        {"currency": "usd"},
        {"amount": 1101},
        {"at": START + 70 * DAY},
        {"at": START - 2 * DAY},
    ]
    for number, other in enumerate(others):
        account.invoice(f"in_{number}", [line("a", 1100)], total=1100, customer=f"cus_{number}")
        account.charge(f"ch_{number}", **{"amount": 1100, "at": START, "customer": f"cus_{number}", **other})
    with account.opened() as events:
        assert len(worth(events)) == 2 * len(others)


def test_a_charge_before_the_invoice_was_paid_pays_it_and_one_after_does_not(account):
    paid = {"paid_at": START + 20 * DAY}
    account.invoice("in_1", [line("a", 700)], total=700, customer="cus_1", status_transitions=paid)
    account.charge("ch_1", 700, START + 20 * DAY - 5, customer="cus_1")
    account.invoice("in_2", [line("b", 700)], total=700, customer="cus_2", status_transitions=paid)
    account.charge("ch_2", 700, START + 25 * DAY, customer="cus_2")
    with account.opened() as events:
        assert worth(events) == {"in_1": 7.0, "in_2": 7.0, "ch_2": 7.0}


def test_payments_in_parts_that_name_no_invoice_are_told(account):
    """400 and 600 of 1000: nothing says whether they paid the invoice, so both count and the report warns."""
    account.invoice("in_1", [line("a", 1000)], total=1000, amount_paid=1000)
    account.charge("ch_1", 400, START + 60)
    account.charge("ch_2", 600, START + 90)
    with account.opened() as events:
        assert findings(events)["GW471"] == [("warning", 2)]


def test_a_charge_of_an_invoice_that_is_not_exported_is_a_sale(account):
    account.invoice("in_1", [line("a", 1000)], total=1000)
    account.charge("ch_1", 1000, invoice="in_1")
    account.charge("ch_0", 1000, START - 90 * DAY, invoice="in_0")
    with account.opened() as events:
        assert worth(events) == {"in_1": 10.0, "ch_0": 10.0}
        assert findings(events)["GW471"] == [("warning", 1)]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from([900, 1900]), st.integers(0, 25)), min_size=1, max_size=8),
    st.integers(0, 2),
)
def test_charges_that_name_nothing_never_count_the_payment_of_an_invoice(tmp_path_factory, invoices, own):
    """Whatever the customers, amounts and delays: the orders are the invoices and the other charges."""
    folder = tmp_path_factory.mktemp("export")
    account = Account(folder)
    for number, (customer, amount, late) in enumerate(invoices):
        moment = START + number * MONTH
        account.invoice(f"in_{number}", [line("a", amount)], moment, customer=f"cus_{customer}", total=amount)
        account.charge(f"ch_{number}", amount, moment + late * DAY, customer=f"cus_{customer}")
    for number in range(own):
        account.charge(f"ch_own_{number}", 333, START + number * DAY)
    with account.opened() as events:
        expected = {f"in_{number}": amount / 100 for number, (_, amount, _) in enumerate(invoices)}
        assert worth(events) == {**expected, **{f"ch_own_{number}": 3.33 for number in range(own)}}


# ---- money that was held, taken in part, or not at all


def test_only_money_that_was_captured_is_a_sale(account):
    account.invoice("in_1", [line("a", 1000)], total=1000)
    account.charge("ch_in", 1000, invoice="in_1")
    account.charge("ch_held", 30_000, captured=False, amount_captured=0)
    account.charge("ch_part", 10_000, captured=True, amount_captured=2_500)
    account.charge("ch_whole", 900, captured=True, amount_captured=900)
    account.charge("ch_pending", 800, status="pending")
    account.charge("ch_failed", 700, status="failed")
    with account.opened() as events:
        assert worth(events) == {"in_1": 10.0, "ch_part": 25.0, "ch_whole": 9.0}
        assert findings(events)["GW472"] == [("note", 1), ("note", 1)]


def test_what_a_capture_in_part_releases_is_no_return(account):
    """100 held, 25 captured: Stripe lists the 75 as refunded. Of the second 10 of the 25 were given back as well."""
    account.invoice("in_1", [line("a", 1000)], total=1000)
    for number, refunded in ((1, 7_500), (2, 8_500)):
        account.charge(f"ch_{number}", 10_000, captured=True, amount_captured=2_500, amount_refunded=refunded)
        account.add("refunds", id=f"re_{number}", charge=f"ch_{number}", amount=7_500, created=START + DAY)
    account.add("refunds", id="re_3", charge="ch_2", amount=1_000, created=START + 2 * DAY)
    with account.opened() as events:
        assert worth(events) == {"in_1": 10.0, "ch_1": 25.0, "ch_2": 25.0}
        assert rows(events, "returns", "order_id", "refund") == [("ch_2", 10.0)]


def test_a_hold_that_was_let_go_is_neither_sold_nor_given_back(account):
    account.invoice("in_1", [line("a", 1000)], total=1000)
    account.charge("ch_held", 30_000, captured=False, amount_captured=0, amount_refunded=30_000)
    account.add("refunds", id="re_1", charge="ch_held", amount=30_000, created=START + DAY, status="succeeded")
    with account.opened() as events:
        assert worth(events) == {"in_1": 10.0} and rows(events, "returns", "*") == []
        assert findings(events) == {"GW472": [("note", 1)]}


def test_a_source_without_charges_says_what_it_cannot_see(account):
    account.invoice("in_1", [line("a", 1000)], total=1000)
    del account.tables["charges"]
    with account.opened() as events:
        assert worth(events) == {"in_1": 10.0}
        assert [(one.severity, one.count) for one in check(events)] == [("warning", 1)]
        assert "holds no charges" in next(iter(check(events))).message


def test_a_charge_without_a_customer_is_the_person_of_its_mail_address_or_nobody_else(account):
    account.invoice("in_1", [line("a", 1000)], total=1000)
    account.charge("ch_1", 500, customer="", receipt_email=" Ada@Example.org")
    account.charge("ch_2", 500, customer="", billing_details={"email": "ada@example.org"})
    account.charge("ch_3", 500, customer="")
    with account.opened() as events:
        assert rows(events, "orders where order_id like 'ch%'", "order_id", "customer_id") == [
            ("ch_1", "ada@example.org"), ("ch_2", "ada@example.org"), ("ch_3", "guest ch_3"),
        ]  # fmt: skip


def test_rows_of_the_test_mode_count_nowhere(account):
    account.invoice("in_1", [plan("a", 1000)], total=1000, livemode=True)
    account.invoice("in_2", [plan("b", 1000)], total=1000, livemode=False, customer="cus_2")
    account.charge("ch_2", 400, livemode=False)
    with account.opened() as events:
        assert worth(events) == {"in_1": 10.0}
        assert rows(events, "memberships", "customer_id") == [("cus_1",)]


# ---- what an invoice comes to


def test_discounts_of_lines_are_taken_off(account):
    account.invoice("in_1", [line("a", 2000, quantity=2, discount_amounts=off(500)), line("b", 1000)], total=2500)
    with account.opened() as events:
        assert rows(events, "order_lines", "line", "quantity", "price", "discount") == [
            ("a", 2.0, 10.0, 5.0), ("b", 1.0, 10.0, 0.0),
        ]  # fmt: skip
        assert not findings(events)


def on_top(amount: int) -> list[dict]:
    return [{"amount": amount, "inclusive": False}]


WHOLE = {"total_discount_amounts": off(600)}
SUMS = {"subtotal": 3000, "total": 2400}
TAXED = {"subtotal": 3000, "total": 2856}


@pytest.mark.parametrize("named", [True, False])
def test_a_discount_on_the_whole_invoice_is_shared_by_its_lines(account, named):
    if named:
        ways = [
            {**WHOLE, **SUMS},
            {**WHOLE},
            {**WHOLE, **TAXED, "total_tax_amounts": on_top(456)},
            {**WHOLE, **TAXED, "total_taxes": [{"amount": 456, "tax_behavior": "exclusive"}]},
            {**WHOLE, **TAXED, "tax": 456},
            {**WHOLE, **SUMS, "total_tax_amounts": [{"amount": 383, "inclusive": True}]},
            {**WHOLE, **SUMS, "tax": 383},
        ]
    else:
        ways = [SUMS, {"total": 2400}, {**TAXED, "total_tax_amounts": on_top(456)}]
    for number, told in enumerate(ways):
        account.invoice(f"in_{number}", [line("a", 2000), line("b", 1000)], customer=f"cus_{number}", **told)
    with account.opened() as events:
        shared = [("a", 20.0, 4.0), ("b", 10.0, 2.0)]
        assert rows(events, "order_lines", "line", "price", "round(discount, 6)") == sorted(shared * len(ways))
        assert findings(events).get("GW470") == (None if named else [("warning", len(ways))])


def test_tax_on_top_and_shipping_are_apart_from_the_goods(account):
    account.invoice(
        "in_1", [line("a", 1000)], subtotal=1000, total=1690, shipping_cost={"amount_subtotal": 500, "amount_total": 500},
        total_tax_amounts=[{"amount": 190, "inclusive": False}],
    )  # fmt: skip
    with account.opened() as events:
        assert worth(events) == {"in_1": 10.0}
        assert rows(events, "order_lines", "shipping_charged") == [(5.0,)]
        assert findings(events) == {"GW472": [("note", 1)]}  # tax on top


def test_a_total_that_its_lines_and_tax_do_not_explain_is_told(account):
    account.invoice("in_1", [line("a", 1000)], subtotal=1000, total=1190)
    account.invoice("in_2", [line("b", 1000)], subtotal=1000, total=1000)
    with account.opened() as events:
        assert worth(events) == {"in_1": 10.0, "in_2": 10.0}
        assert findings(events) == {"GW470": [("warning", 1)]}


def test_lines_that_are_cut_off_stand_on_one_line(account):
    """Ten lines of 1 where the invoice comes to 12.50, told in every way in which it can be seen."""
    ways = [({"subtotal": 1250}, True), ({"subtotal": 1250}, False), ({"subtotal": 1250, "total": 1250}, True)]
    ways += [({"subtotal": 1250, "total": 1250}, False), ({"total": 1250}, True)]
    for number, (told, more) in enumerate(ways):
        seats = [plan(f"il_{n}", 100) for n in range(10)]
        account.invoice(f"in_{number}", seats, more=more, customer=f"cus_{number}", **told)
    account.invoice("in_whole", [plan("il", 300)], subtotal=300, total=300)
    with account.opened() as events:
        assert worth(events) == {**{f"in_{number}": 12.5 for number in range(len(ways))}, "in_whole": 3.0}
        assert rows(events, "order_lines where line = 'rest'", "price") == [(2.5,)] * len(ways)
        assert findings(events)["GW470"] == [("warning", len(ways))]
        assert sum(fee for (fee,) in rows(events, "memberships", "fee")) == pytest.approx(12.5 * len(ways) + 3)


def test_lines_that_are_cut_off_with_a_discount_and_tax(account):
    """12 seats of 100, a fifth off each, 19 % on top: 960 for the goods; ten of the lines are listed."""
    seats = [line(f"il_{n}", 100, discount_amounts=off(20)) for n in range(10)]
    account.invoice(
        "in_1", seats, more=True, subtotal=1200, total=1142, total_discount_amounts=off(240),
        total_tax_amounts=[{"amount": 182, "inclusive": False}],
    )  # fmt: skip
    with account.opened() as events:
        assert worth(events) == {"in_1": 9.6}


def test_lines_that_cannot_be_read_are_told_and_the_total_counts(account):
    unreadable = ["", "{'data': [{'amount': 100}]}", '{"data": []}', '"cut off', "null"]
    for number, lines in enumerate(unreadable):
        account.invoice(f"in_{number}", lines, subtotal=1250, total=1250)
    account.invoice("in_whole", [line("a", 100)], subtotal=100, total=100)
    with account.opened() as events:
        assert worth(events) == {**{f"in_{number}": 12.5 for number in range(len(unreadable))}, "in_whole": 1.0}
        assert findings(events)["GW470"] == [("warning", len(unreadable))]


def test_without_any_total_lines_that_are_missing_are_an_error(account):
    account.invoice("in_1", [line(f"il_{n}", 100) for n in range(10)], more=True)
    with account.opened() as events:
        assert findings(events)["GW470"] == [("error", 1)]


def test_lines_with_one_id_are_all_kept(account):
    account.invoice("in_1", [plan("sub_1", 1500), plan("sub_1", 700)], total=2200)
    with account.opened() as events:
        assert worth(events) == {"in_1": 22.0}
        assert not [p for p in events.problems if "repeat" in p.message]


def test_lines_as_a_bare_list_and_expanded_products(account):
    account.invoice(
        "in_1", json.dumps([line("a", 900, price={"product": {"id": "prod_9", "name": "Nine"}})]), total=900
    )
    with account.opened() as events:
        assert rows(events, "order_lines", "product_id", "price") == [("prod_9", 9.0)]


def test_amounts_with_decimals_are_no_amounts_of_stripe(account):
    account.invoice("in_1", [line("a", 1000)], total="10.50")
    with account.opened() as events:
        assert ("error", 1) in findings(events)["GW470"]


UNITS = {  # by Stripe's page on currencies: none, thousandths, and the special cases that stay hundredths
    1: ["jpy", "KRW", "vnd", "xof", "bif", "clp", "djf", "gnf", "kmf", "mga", "pyg", "rwf", "vuv", "xaf", "xpf"],
    1000: ["kwd", "bhd", "jod", "omr", "TND"],
    100: ["ugx", "isk", "huf", "twd", "usd"],
}


def test_the_smallest_unit_of_each_currency(account):
    expected = {}
    for unit, codes in UNITS.items():
        for code in codes:
            money = {"currency": code, "customer": code}
            account.invoice(f"in_{code}", [plan("a", 4500)], total=4500, **money)
            account.charge(f"ch_{code}", 1200, START + 9 * DAY, **money)
            account.add("refunds", id=f"re_{code}", charge=f"ch_{code}", amount=1200, created=START + DAY)
            expected |= {f"in_{code}": 4500 / unit, f"ch_{code}": 1200 / unit}
    with account.opened() as events:
        assert worth(events) == pytest.approx(expected)
        assert dict(rows(events, "memberships", "'in_' || customer_id", "fee")).items() <= expected.items()
        assert dict(rows(events, "returns", "order_id", "refund")).items() <= expected.items()
        assert {code for (code,) in rows(events, "orders", "currency")} == {
            code.upper() for codes in UNITS.values() for code in codes
        }


def test_rows_of_exports_that_overlap_count_once_in_their_furthest_state(account):
    for status, paid in (("open", 0), ("paid", 1000), ("paid", 1000)):
        account.invoice("in_1", [plan("a", 600), plan("b", 400)], total=1000, status=status, amount_paid=paid)
        account.charge("ch_own", 700, START + 9 * DAY, status="pending" if status == "open" else "succeeded")
        account.add("refunds", id="re_1", charge="ch_own", amount=200, created=START + 10 * DAY, status="succeeded")
        account.add("disputes", id="dp_1", charge="ch_own", amount=100, created=START + 11 * DAY, status="lost")
    with account.opened() as events:
        assert worth(events) == {"in_1": 10.0, "ch_own": 7.0}
        assert rows(events, "memberships", "fee") == [(10.0,)]
        assert rows(events, "returns", "refund") == [(3.0,)]
        assert findings(events) == {"GW472": [("note", 2)]}


# ---- trials, prorations, members


def test_an_invoice_of_nothing_is_no_order_and_makes_no_member(account):
    account.invoice("in_trial", [plan("a", 0)], subtotal=0, total=0, amount_paid=0)
    account.invoice("in_free", [plan("b", 900, discount_amounts=off(900))], customer="cus_2", subtotal=900, total=0)
    account.invoice("in_paid", [plan("c", 900, START + MONTH)], START + MONTH, subtotal=900, total=900)
    with account.opened() as events:
        assert worth(events) == {"in_paid": 9.0}
        assert rows(events, "memberships", "customer_id", "starts_at", "ends_at", "fee") == [
            ("cus_1", at(START + MONTH), at(START + 2 * MONTH), 9.0)
        ]
        assert findings(events) == {"GW472": [("note", 2)]}


def test_a_trial_beside_a_paid_line_is_not_paid_for(account):
    account.invoice("in_1", [plan("a", 0), line("b", 700)], total=700)
    with account.opened() as events:
        assert worth(events) == {"in_1": 7.0}
        assert rows(events, "memberships", "*") == []


def test_the_credit_of_a_plan_that_was_changed_is_taken_off_what_replaced_it(account):
    """Upgrade after ten days of thirty: 20 days of 30 back, 20 days of 60 asked for; then 60 for the next month."""
    changed, ends = START + 10 * DAY, START + MONTH
    account.invoice("in_1", [plan("a", 3000)], total=3000)
    account.invoice(
        "in_2",
        [
            plan("b", -2000, changed, ends, proration=True),
            plan("c", 4000, changed, ends, proration=True),
            plan("d", 6000, ends),
        ],
        ends,
        total=8000,
    )
    with account.opened() as events:
        assert worth(events) == {"in_1": 30.0, "in_2": 80.0}
        assert rows(events, "memberships", "starts_at", "ends_at", "round(fee, 6)") == [
            (at(START), at(ends), 30.0), (at(changed), at(ends), 32.0), (at(ends), at(ends + MONTH), 48.0),
        ]  # fmt: skip
        assert not findings(events)


def test_credit_for_later_is_given_back_and_the_invoice_that_it_pays_is_a_sale(account):
    """A year of 120 is changed for less: 50 of credit, which the next months use up. 120 was paid in all."""
    account.invoice("in_1", [plan("a", 12_000, START, START + 365 * DAY)], total=12_000, amount_paid=12_000)
    account.invoice("in_2", [plan("b", -5000, START + MONTH)], START + MONTH, total=-5000, amount_paid=0)
    account.invoice("in_3", [plan("c", 3000, START + 2 * MONTH)], START + 2 * MONTH, total=3000, amount_paid=0)
    account.invoice("in_4", [plan("d", 3000, START + 3 * MONTH)], START + 3 * MONTH, total=3000, amount_paid=1000)
    account.charge("ch_1", 12_000, START + 60)
    account.charge("ch_4", 1_000, START + 3 * MONTH + 60)
    with account.opened() as events:
        assert worth(events) == {"in_1": 120.0, "in_3": 30.0, "in_4": 30.0}
        assert rows(events, "returns", "order_id", "refund", "reason") == [("in_1", 50.0, "unused time")]
        assert ("warning", 2) in findings(events)["GW472"]


def test_where_a_line_says_that_it_is_of_a_subscription(account):
    period = {"start": START, "end": START + MONTH}
    of_line = {"type": "subscription_item_details", "subscription_item_details": {"subscription": "sub_1"}}
    basil = {"price": None, "pricing": {"price_details": {"product": "prod_1"}}}
    places = [  # keys of the line, keys of the invoice
        ({"subscription": "sub_1"}, {}),
        ({"parent": of_line, **basil}, {}),
        ({}, {"subscription": "sub_1"}),
        ({}, {"parent": {"subscription_details": {"subscription": "sub_1"}}}),
    ]
    by_hand = {"type": "invoiceitem", "parent": {"type": "invoice_item_details"}}
    for number, (own, invoice) in enumerate(places):
        lines = [line("a", 900, period=period, **own), line("b", 50, period=period, **by_hand)]
        account.invoice(f"in_{number}", lines, customer=f"cus_{number}", **invoice)
    account.invoice("in_none", [line("c", 700, period=period)], START + MONTH)
    with account.opened() as events:
        assert rows(events, "memberships", "customer_id", "fee") == [(f"cus_{n}", 9.0) for n in range(len(places))]
        assert {product for (product,) in rows(events, "order_lines", "product_id")} == {"prod_1"}


def test_only_a_paid_invoice_counts(account):
    for status in ("paid", "void", "uncollectible", "open", "draft", "deleted"):
        account.invoice(f"in_{status}", [plan("a", 900)], total=900, status=status, customer=f"cus_{status}")
    with account.opened() as events:
        assert worth(events) == {"in_paid": 9.0}
        assert rows(events, "memberships", "customer_id") == [("cus_paid",)]
        assert rows(events, "orders", "order_id", "status") == [
            ("in_paid", "paid"), ("in_uncollectible", "cancelled"), ("in_void", "cancelled"),
        ]  # fmt: skip
        assert findings(events) == {"GW472": [("note", 3)]}


def test_a_member_by_two_plans_is_one_until_the_longer_one_ends(account):
    """A year's plan, and a month of another one in between, whose end ends nothing."""
    account.invoice("in_year", [plan("a", 12_000, START, START + 366 * DAY)], total=12_000)
    account.invoice("in_month", [plan("b", 900, START + 2 * MONTH)], START + 2 * MONTH, total=900)
    for number in range(14):
        account.charge(f"ch_{number}", 500, START + number * MONTH, customer="cus_2")
    with account.opened() as events:
        found = measure(events, ["members", "fee_income"]).rows
    members = [row.value for row in found if row.gauge == "members"]
    assert members == [1] * 12
    assert sum(row.value for row in found if row.gauge == "fee_income") == pytest.approx(129)


# ---- money given back


def test_a_refund_of_all_brings_every_line_back_and_one_of_a_part_the_first(account):
    account.invoice("in_1", [line("a", 2000), line("b", 1000)], total=3000)
    account.charge("ch_1", 3000, invoice="in_1")
    account.invoice("in_2", [line("c", 2000), line("d", 1000)], total=3000, customer="cus_2")
    account.charge("ch_2", 3000, invoice="in_2", customer="cus_2", payment_intent="pi_2")
    account.add("refunds", id="re_1", charge="ch_1", amount=1200, created=START + DAY, status="succeeded")
    account.add("refunds", id="re_2", charge="ch_1", amount=1800, created=START + 2 * DAY, status="pending")
    account.add("refunds", id="re_3", charge="ch_1", amount=999, created=START + 2 * DAY, status="failed")
    account.add(
        "refunds", id="re_4", charge="", payment_intent="pi_2", amount=900, created=START + DAY, status="succeeded"
    )
    with account.opened() as events:
        assert rows(events, "returns", "order_id", "line", "round(refund, 6)") == [
            ("in_1", "a", 20.0), ("in_1", "b", 10.0), ("in_2", "c", 9.0),
        ]  # fmt: skip


def test_a_dispute_that_was_lost_is_money_given_back(account):
    for status in ("lost", "won", "needs_response", "warning_closed"):
        account.charge(f"ch_{status}", 1000)
        account.add(
            "disputes", id=f"dp_{status}", charge=f"ch_{status}", amount=1000, created=START + 9 * DAY, status=status,
            reason="fraudulent",
        )  # fmt: skip
    account.invoice("in_1", [line("a", 900)], total=900)
    with account.opened() as events:
        assert rows(events, "returns", "order_id", "refund", "reason") == [("ch_lost", 10.0, "dispute: fraudulent")]


def test_credit_notes_count_once_beside_their_refunds(account):
    account.invoice("in_1", [line("a", 1000)], total=1000)
    account.charge("ch_1", 1000, invoice="in_1")
    account.add("refunds", id="re_1", charge="ch_1", amount=300, created=START + DAY, status="succeeded")
    notes = {"invoice": "in_1", "type": "post_payment", "status": "issued", "created": START + DAY}
    account.add("credit_notes", id="cn_1", total=300, refund="re_1", **notes)
    account.add("credit_notes", id="cn_2", total=250, refund="", **notes)  # to the balance
    account.add("credit_notes", id="cn_3", total=400, refund="", **{**notes, "status": "void"})
    with account.opened() as events:
        assert rows(events, "returns", "order_id", "round(refund, 6)") == [("in_1", 5.5)]


def test_credit_before_payment_makes_the_sale_smaller(account):
    account.invoice("in_1", [plan("a", 1000)], total=1000, pre_payment_credit_notes_amount=250, amount_paid=750)
    account.invoice(
        "in_2", [plan("b", 1000)], START + MONTH, total=1000, pre_payment_credit_notes_amount=1000, amount_paid=0
    )
    with account.opened() as events:
        assert worth(events) == {"in_1": 7.5}


def test_refunds_inside_charges_count_and_refunds_that_nothing_lists_are_told(account):
    account.invoice("in_1", [line("a", 1000)], total=1000)
    inside = {"data": [{"id": "re_1", "amount": 400, "created": START + DAY, "status": "succeeded"}]}
    account.charge("ch_1", 1000, invoice="in_1", amount_refunded=400, refunds=inside)
    account.charge("ch_2", 900, START + 9 * DAY, amount_refunded=900)
    with account.opened() as events:
        assert rows(events, "returns", "order_id", "refund") == [("in_1", 4.0)]
        assert findings(events) == {"GW472": [("warning", 1)]}


def test_a_refund_of_a_charge_that_is_not_exported_is_not_dropped_in_silence(account):
    account.invoice("in_1", [line("a", 1000)], total=1000)
    account.add("refunds", id="re_1", charge="ch_gone", amount=400, created=START + DAY, status="succeeded")
    with account.opened() as events:
        assert rows(events, "returns", "order_id", "refund") == [("ch_gone", 4.0)]  # GW457 tells it


def test_what_stripe_does_not_keep_is_said_with_the_gauges_that_need_it(account):
    account.invoice("in_1", [line("a", 1000)], total=1000)
    with account.opened() as events:
        left_out = measure(events, ["days_delivered", "goods_cost_share"]).left_out
    assert "deliveries.delivered_at (Stripe takes payments and delivers nothing)" in left_out["days_delivered"]
    assert "order_lines.unit_cost (costs are not kept)" in left_out["goods_cost_share"]
