"""Periods in which nothing was counted, or everything, count like any other: in rates, averages, records and words."""

from __future__ import annotations

import csv
import io
import math
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import pytest

from gearwheel.gauges.catalogue import catalogue
from gearwheel.gauges.measure import measure, measured_csv
from gearwheel.gauges.zeros import readable
from gearwheel.show.measured_text import measured_text
from gearwheel.show.own_change import latest, quarter_on_quarter
from gearwheel.show.own_data import readings_of
from measuring import made

MONDAY, WEEKS = date(2024, 1, 1), 60


def at(week: int, day: float) -> datetime:
    return datetime(MONDAY.year, 1, 1) + timedelta(days=7 * week + day)


def small_shop(**tables) -> SimpleNamespace:
    """Three orders of one line each week, on Monday, Wednesday and Sunday."""
    orders = [
        {"order_id": f"{w}-{n}", "customer_id": f"c{w}-{n}", "placed_at": at(w, day)}
        for w in range(WEEKS)
        for n, day in enumerate((0.5, 2.5, 6.5))
    ]
    lines = [
        {"order_id": o["order_id"], "line": "1", "product_id": "p", "price": 10.0, "seller_id": ""} for o in orders
    ]
    return made("week", 30, orders=orders, order_lines=lines, **tables)


def returned(week: int) -> dict:
    return {"order_id": f"{week}-0", "line": "1", "requested_at": at(week, 5), "refund": 10.0}


def measures(events, *names: str) -> dict:
    """The `events` part of results, as far as words of gauges need it."""
    found = measure(events, list(names))
    about = {
        g: {"title": m.title, "gear": m.gear, "unit": m.unit, "scale": m.scale, "as": m.measure, "error": m.error}
        for g, m in found.measures.items()
    }
    rows = [{**vars(r), "start": str(r.start), "end": str(r.end)} for r in found.rows]
    return {"grain": "week", "gauges": about, "rows": rows, "notes": found.notes, "left_out": found.left_out}


def test_weeks_without_a_return_are_part_of_the_return_rate():
    """One of eighteen lines comes back: 5.6 %. Of the weeks with a return alone it would be a third."""
    events = measures(small_shop(returns=[returned(week) for week in range(0, WEEKS, 6)]), "return_rate")
    readings = readings_of(events)["return_rate"]
    assert len(readings) == WEEKS - 5  # the last weeks are not over yet
    assert sum(r.value * r.n for r in readings) / sum(r.n for r in readings) == pytest.approx(1 / 18, rel=0.1)
    value, n, quarter = latest(events, "return_rate", readings)
    assert quarter and n == 39 and value == pytest.approx(3 / 39)
    assert "0.0769" in measured_text(events) and "0.333" not in measured_text(events)


def test_a_change_of_a_share_has_its_error_although_weeks_are_zero():
    many = [returned(week) for week in range(0, WEEKS, 2)]
    events = measures(small_shop(returns=many), "return_rate")
    change = quarter_on_quarter(events, "return_rate", readings_of(events)["return_rate"])
    assert change.kind == "points" and change.found.low < 0 < change.found.high and not change.sure


@pytest.mark.parametrize(
    ("gauge", "tables", "zero", "one"),
    [
        ("contacts_per_order", {"contacts": [{"asked_at": at(w, 3)} for w in range(0, WEEKS, 4)]}, 0, 1 / 3),
        ("reviews_share", {"reviews": [{"order_id": f"{w}-1", "score": 5, "created_at": at(w, 6)} for w in range(0, WEEKS, 4)]}, 0, 1 / 3),
        ("return_cost", {"returns": [returned(w) for w in range(0, WEEKS, 4)]}, 0, 10),
        ("cost_advertising", {"costs": [{"day": at(w, 0).date(), "kind": "advertising", "amount": 90} for w in range(0, WEEKS, 4)]}, 0, 90),
        ("hosting_revenue", {"hosting": [{"seller_id": "s", "day": at(w, 0).date(), "revenue": 9} for w in range(0, WEEKS, 4)]}, 0, 9),
    ],
)  # fmt: skip
def test_every_gauge_of_events_that_fail_to_come_has_its_zeros(gauge, tables, zero, one):
    values = [row.value for row in measure(small_shop(**tables), [gauge]).rows]
    assert values[:8] == pytest.approx([one, zero, zero, zero] * 2)


def test_weeks_in_which_all_was_on_time_are_part_of_the_share():
    late = [
        {"order_id": f"{w}-{n}", "promised_at": at(w, 8), "delivered_at": at(w, 12 if w % 6 == 0 and n == 0 else 8)}
        for w in range(WEEKS)
        for n in range(3)
    ]
    rows = measure(small_shop(deliveries=late), ["on_time_share"]).rows
    assert len(rows) == WEEKS and sum(r.value * r.n for r in rows) / sum(r.n for r in rows) == pytest.approx(17 / 18)


def test_what_was_not_recorded_yet_is_no_zero():
    """A desk whose contacts are recorded from the thirtieth week on, two a week: before, none were to be had."""
    contacts = [{"asked_at": at(w, day)} for w in range(30, WEEKS) for day in (1, 2)]
    found = measure(small_shop(contacts=contacts), ["contacts_per_order"])
    assert [row.value for row in found.rows] == [pytest.approx(2 / 3)] * 30
    assert any(n.startswith("Contacts per order: nothing is recorded before 2024-07-29") for n in found.notes)


def test_a_table_without_anything_is_not_measured():
    cancelled = measure(small_shop(returns=[returned(week=999)]), ["return_rate"])
    assert cancelled.rows == [] and "no period" in cancelled.left_out["return_rate"]


def row(value: float, n: int, error: float | None = None) -> SimpleNamespace:
    return SimpleNamespace(value=value, n=n, error=error)


def test_on_a_scale_half_an_event_stands_for_none():
    value, error = readable(row(0.0, 0, math.sqrt(2)), "log", "sum", "Poisson: 1 / sqrt(n)")
    assert (value, error) == (0.5, pytest.approx(math.sqrt(2)))
    share, of = catalogue()["return_rate"], math.sqrt(2 + 1 / 9.5)
    for value, stands_for in ((0.0, 0.05), (1.0, 0.95)):
        told = readable(row(value, 9, of), share.scale, share.measure, share.error)
        assert told == (pytest.approx(stands_for), of)
    assert readable(row(0.0, 3), "log", "sum", "none") is None  # an amount of nothing has no size
    assert readable(row(0.0, 3), "log", "end", "none") is None
    assert readable(row(-1.0, 3), "log", "sum", "Poisson: 1 / sqrt(n)") is None
    assert readable(row(7.0, 3, 0.2), "log", "sum", "none") == (7.0, 0.2)


def test_a_csv_says_what_stands_for_a_zero():
    found = measure(small_shop(returns=[returned(week) for week in range(0, WEEKS, 6)]), ["return_rate"])
    lines = list(csv.DictReader(io.StringIO(measured_csv(found))))
    assert len(lines) == WEEKS - 5
    assert (lines[1]["value"], lines[1]["source"]) == ("0.125", "events: 0, read as 0.125")
    assert lines[0]["source"] == "events"
