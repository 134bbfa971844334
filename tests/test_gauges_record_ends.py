"""Where a record begins and ends: as the mapping states it, else before the days for which rows may still arrive."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from gearwheel.gauges.catalogue import Reach, fill
from gearwheel.gauges.checks import gaps, last_period, late_rows
from gearwheel.gauges.dialects.warehouse import warehouse_sql
from gearwheel.gauges.mapping import Mapping, mapping_text, parse_mapping
from gearwheel.gauges.measure import measure
from gearwheel.wheel.errors import DataError
from measuring import made

MONDAY = date(2024, 1, 1)
SUNDAY = MONDAY + timedelta(7 * 20 - 1)  # the last day of twenty weeks


def events(of_day, days: int = 140, grain: str = "week", deliveries: tuple = (), **ends):
    """So many orders on each day."""
    orders = [
        {
            "order_id": f"{d}-{n}",
            "customer_id": f"c{d}-{n}",
            "placed_at": datetime(2024, 1, 1, 12) + timedelta(d),
        }
        for d in range(days)
        for n in range(of_day(d))
    ]
    lines = [{"order_id": o["order_id"], "line": "1", "product_id": "p", "price": 1.0} for o in orders]
    tables = {"deliveries": list(deliveries)} if deliveries else {}
    source = made(grain, 30, orders=orders, order_lines=lines, **tables)
    for end, day in ends.items():
        setattr(source.mapping, end, day)
    return source


def incomplete(day: int) -> int:
    """Ten orders a day, of which the rows of the last three days have hardly arrived."""
    return 10 if day < 137 else 1


def test_an_incomplete_last_week_is_left_out_and_the_finding_says_so_and_how_to_keep_it():
    """It has 43 of 70 orders, more than half, and would start every forecast a third too low."""
    source = events(incomplete)
    rows = measure(source, ["orders"]).rows
    assert [r.value for r in rows] == [70] * 19 and rows[-1].end == SUNDAY - timedelta(6)
    (finding,) = late_rows.check(source)
    assert finding.example == str(SUNDAY - timedelta(2)) and "up to the day before" in finding.message
    assert f"until = {SUNDAY + timedelta(1)}" in finding.hint
    (unfinished,) = last_period.check(source)
    assert unfinished.count == 43 and f"ends on {SUNDAY - timedelta(3)}" in unfinished.message


@pytest.mark.parametrize(("late", "said"), [(1, "in the last week only"), (2, "in the last 2 weeks only")])
def test_deliveries_that_have_not_arrived_are_counted_in_plain_words(late, said):
    known = tuple(
        {"order_id": f"{d}-{n}", "delivered_at": datetime(2024, 1, 3, 12) + timedelta(d)}
        for d in range(140 - 7 * late)
        for n in range(10)
    )
    (finding,) = late_rows.check(events(lambda day: 10, deliveries=known))
    first = SUNDAY + timedelta(1 - 7 * late)
    assert said in finding.message and f"from {first} on" in finding.hint


@pytest.mark.parametrize(("grain", "last"), [("day", date(2024, 5, 17)), ("month", date(2024, 5, 1))])
def test_days_and_months_end_there_too(grain, last):
    assert measure(events(incomplete, grain=grain), ["orders"]).rows[-1].end == last


def test_a_fall_that_lasts_longer_than_rows_take_to_arrive_is_believed():
    source = events(lambda day: 30 if day < 112 else 12)
    assert [r.value for r in measure(source, ["orders"]).rows] == [210] * 16 + [84] * 4
    assert list(late_rows.check(source)) == []


def test_who_states_the_end_keeps_what_is_before_it():
    source = events(incomplete, until=SUNDAY + timedelta(1))
    assert [r.value for r in measure(source, ["orders"]).rows] == [70] * 19 + [43]
    assert list(late_rows.check(source)) == [] == list(last_period.check(source))


def test_a_shop_that_rests_on_sundays_loses_its_last_week_only_where_nobody_says_that_it_is_over():
    def rests(day: int) -> int:
        return 0 if day % 7 == 6 else 10

    assert len(measure(events(rests), ["orders"]).rows) == 19
    found = measure(events(rests, until=SUNDAY + timedelta(1)), ["orders"])
    assert [r.value for r in found.rows] == [60] * 20 and found.notes == []


def test_orders_outside_of_the_stated_ends_count_nowhere():
    source = events(lambda day: 10, since=MONDAY + timedelta(21), until=MONDAY + timedelta(77))
    found = measure(source)
    orders = [r for r in found.rows if r.gauge == "orders"]
    assert (orders[0].start, orders[-1].end, len(orders)) == (MONDAY + timedelta(21), MONDAY + timedelta(77), 8)
    joined = [r for r in found.rows if r.gauge == "customers_active"]
    assert joined[-1].value == 300 and joined[0].start == MONDAY + timedelta(49)  # a window of 30 days after the start
    assert {r.gauge for r in found.rows if r.end > MONDAY + timedelta(77)} == set()


def test_an_end_far_ahead_is_not_believed_beyond_a_month():
    rows = measure(events(lambda day: 1, until=date(2090, 1, 1)), ["orders"]).rows
    assert rows[-1].end <= SUNDAY + timedelta(32) and sum(r.value for r in rows) == 140


def test_a_gap_before_the_stated_start_is_no_finding():
    def silent(day: int) -> int:
        return 0 if 40 <= day < 60 else 10

    (finding,) = gaps.check(events(silent))
    assert f"since = {MONDAY + timedelta(60)}" in finding.hint
    assert list(gaps.check(events(silent, since=MONDAY + timedelta(60)))) == []


def test_a_mapping_of_a_known_shop_system_states_its_ends():
    text = 'source = "exports"\nadapter = "shopify"\nsince = 2023-01-02\nuntil = 2024-12-30  # complete\n'
    mapping = parse_mapping(text)
    assert (mapping.since, mapping.until) == (date(2023, 1, 2), date(2024, 12, 30))
    assert mapping_text(mapping) == text
    later = mapping_text(replace(mapping, until=date(2025, 2, 3), since=None))
    assert "since" not in later and "until = 2025-02-03  # complete" in later
    fresh = mapping_text(Mapping("exports", "shopify", until=date(2025, 2, 3)))
    assert parse_mapping(fresh).until == date(2025, 2, 3) and "since" not in fresh


@pytest.mark.parametrize(
    "line",
    [
        'until = "2024-12-30"', "until = 2024-12-30T10:00:00", "since = 20240101", "until = 9999-12-31",
        "since = 1800-01-01", "since = 2024-01-01\nuntil = 2024-01-01", "until = true",
    ],
)  # fmt: skip
def test_ends_that_are_no_days_in_order_are_refused(line):
    with pytest.raises(DataError, match="GW444"):
        parse_mapping(f'source = "exports"\nadapter = "shopify"\n{line}\n')


def test_exported_sql_has_the_stated_ends_and_nothing_else_gets_in():
    reach = Reach(date(2023, 1, 2), date(2024, 12, 30))
    made_sql = warehouse_sql("postgres", ["orders"], reach=reach)
    assert "2023-01-02" in made_sql["base_orders"] and "2024-12-30" in made_sql["base_calendar"]
    with pytest.raises(DataError, match="GW461"):
        fill("{until}", "week", 30, Reach(date(2023, 1, 2), "2024-01-01'; drop table x; --"))
