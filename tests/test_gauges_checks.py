"""Data checks: each planted fault is found with its count, clean events give nothing, Olist shows its known quirks."""

from __future__ import annotations

import random
from datetime import date, timedelta
from math import exp, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events_planted import CLEAN, OLIST, clean_events, events_of, olist_queries
from gearwheel.gauges import checks
from gearwheel.gauges.adapters import adapters
from gearwheel.gauges.checks import CHECKS, adapter
from gearwheel.gauges.checks.gaps import find_gaps
from gearwheel.gauges.checks.last_period import period_of
from gearwheel.gauges.checks.level_shifts import find_shifts
from gearwheel.gauges.checks.time_zone import _circular_mean

WEEK = timedelta(weeks=1)


def found(events) -> dict[tuple[str, str, str], checks.Finding]:
    """By code, table and column; no check says the same twice."""
    findings = [finding for check in CHECKS for finding in check.check(events)]
    by_place = {(finding.code, finding.table, finding.column): finding for finding in findings}
    assert len(by_place) == len(findings)
    return by_place


def rows(events, where: str, table: str = "orders") -> int:
    return events.connection.execute(f"SELECT count(*) FROM events.{table} WHERE {where}").fetchone()[0]


def test_clean_events_give_nothing():
    assert found(clean_events()) == {}


def test_codes_are_unique_and_claims_are_stated():
    codes = [check.CODE for check in CHECKS if check is not adapter]
    assert len(set(codes)) == len(codes)
    of_adapters = {one.code for known in adapters().values() for one in known.checks}
    assert of_adapters and not of_adapters & set(codes)
    assert all(check.__doc__.splitlines()[0] for check in CHECKS)


FAULTS = {  # name -> (what breaks the clean shop, code, table, column, severity, rows to be counted before it)
    "empty ids": ("UPDATE events.orders SET customer_id = NULL WHERE hash(order_id) % 100 = 0",
        "GW450", "orders", "customer_id", "error", "hash(order_id) % 100 = 0"),
    "orders twice": ("INSERT INTO events.orders SELECT * FROM events.orders WHERE hash(order_id) % 90 = 0",
        "GW451", "orders", "order_id", "error", "hash(order_id) % 90 = 0"),
    "orders three times": ("""INSERT INTO events.orders SELECT orders.* FROM events.orders, range(2)
        WHERE order_id = 'o7'""", "GW451", "orders", "order_id", "error", "order_id IN ('o7', 'o8')"),
    "reviews twice": ("INSERT INTO events.reviews SELECT * FROM events.reviews WHERE score = 1",
        "GW451", "reviews", "order_id", "warning", "score = 1"),
    "future orders": ("UPDATE events.orders SET placed_at = placed_at + INTERVAL 90 YEAR WHERE order_id < 'o1003'",
        "GW453", "orders", "placed_at", "error", "order_id < 'o1003'"),
    "zero dates": ("UPDATE events.orders SET placed_at = TIMESTAMP '1970-01-01' WHERE order_id = 'o5'",
        "GW453", "orders", "placed_at", "error", "order_id = 'o5'"),
    "delivered too early": ("""UPDATE events.deliveries SET delivered_at = delivered_at - INTERVAL 30 DAY
        WHERE order_id < 'o1003'""", "GW454", "deliveries", "delivered_at", "warning", "order_id < 'o1003'"),
    "memberships end first": ("UPDATE events.memberships SET ends_at = TIMESTAMP '2022-01-01'",
        "GW454", "memberships", "ends_at", "error", "TRUE"),
    "negative prices": ("UPDATE events.order_lines SET price = -3 WHERE price = 7",
        "GW455", "order_lines", "price", "error", "price = 7"),
    "infinite prices": ("UPDATE events.order_lines SET price = 'infinity' WHERE price = 7",
        "GW455", "order_lines", "price", "error", "price = 7"),
    "no pieces": ("UPDATE events.order_lines SET quantity = 0 WHERE price = 7",
        "GW455", "order_lines", "quantity", "error", "price = 7"),
    "scores to ten": ("UPDATE events.reviews SET score = 2 * score",
        "GW455", "reviews", "score", "error", "score > 2"),
    "two currencies": ("UPDATE events.orders SET currency = 'USD' WHERE order_id < 'o2'",
        "GW456", "orders", "currency", "error", "order_id < 'o2'"),
    "lines without an order": ("UPDATE events.order_lines SET order_id = 'x' || order_id WHERE line = '2' AND price < 9",
        "GW457", "order_lines", "order_id", "warning", "line = '2' AND price < 9"),
    "another kind of key": ("UPDATE events.customers SET customer_id = 'n' || customer_id",
        "GW457", "orders", "customer_id", "error", "TRUE"),
    "tests marked": ("UPDATE events.orders SET is_test = TRUE WHERE order_id < 'o1003'",
        "GW458", "orders", "is_test", "note", "order_id < 'o1003'"),
    "tests named": ("UPDATE events.orders SET status = 'QA-test' WHERE order_id < 'o1003'",
        "GW458", "orders", "status", "warning", "order_id < 'o1003'"),
    "cancelled in another word": ("""UPDATE events.orders SET status = 'Cancelled by customer'
        WHERE order_id < 'o1003' AND status = 'done'""", "GW484", "orders", "status", "note",
        "order_id < 'o1003' AND status = 'done'"),
    "lines for nothing": ("UPDATE events.order_lines SET price = 0 WHERE price < 8",
        "GW458", "order_lines", "price", "warning", "price < 8"),
    "a customer for each order": ("UPDATE events.orders SET customer_id = 'n' || order_id",
        "GW459", "orders", "customer_id", "error", "TRUE"),
    "a guest": ("UPDATE events.orders SET customer_id = 'c1' WHERE hash(order_id) % 10 = 0",
        "GW459", "orders", "customer_id", "warning", "customer_id = 'c1' OR hash(order_id) % 10 = 0"),
    "a guest's address": ("UPDATE events.orders SET customer_id = 'guest@shop.example' WHERE order_id < 'o1003'",
        "GW459", "orders", "customer_id", "warning", "order_id < 'o1003'"),
    "zero for nobody": ("UPDATE events.orders SET customer_id = '0' WHERE order_id < 'o1003'",
        "GW459", "orders", "customer_id", "warning", "order_id < 'o1003'"),
    "cut ids": ("UPDATE events.orders SET customer_id = '4.53E+12' WHERE order_id < 'o1003'",
        "GW424", "orders", "customer_id", "error", "order_id < 'o1003'"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_with_its_count(fault):
    sql, code, table, column, severity, where = FAULTS[fault]
    events = clean_events()
    # GW457 counts an order's rows, every other check those of the table in which it finds
    count = rows(events, where, table)
    assert count > 0
    finding = found(events.run(sql))[code, table, column]
    assert (finding.count, finding.severity) == (count, severity)
    assert 0 < finding.share <= 1 and finding.message and code in str(finding)


def test_a_time_zone_read_twelve_hours_off_is_found():
    finding = found(clean_events(time_zone="Pacific/Auckland"))["GW452", "orders", "placed_at"]
    assert finding.severity == "warning" and "off by about 11 hours" in finding.message
    assert ("GW452", "orders", "placed_at") not in found(clean_events(time_zone="Europe/Berlin"))


def test_dates_without_a_time_of_day_are_told():
    events = clean_events().run("UPDATE events.orders SET placed_at = placed_at::DATE")
    assert found(events)["GW452", "orders", "placed_at"].severity == "note"


@given(st.lists(st.integers(0, 50), min_size=24, max_size=24).filter(any), st.integers(0, 23))
def test_the_busy_hour_turns_with_the_clock(profile, turn):
    hours = dict(enumerate(profile))
    turned = {(hour + turn) % 24: n for hour, n in hours.items()}
    (one, rhythm), (other, same) = _circular_mean(hours), _circular_mean(turned)
    assert rhythm == pytest.approx(same, abs=1e-9)
    if rhythm > 1e-6:
        assert (other - one - turn + 12) % 24 - 12 == pytest.approx(0, abs=1e-6)


def test_a_gap_is_found_day_by_day():
    events = clean_events().run("DELETE FROM events.orders WHERE placed_at::DATE BETWEEN '2023-06-01' AND '2023-06-09'")
    finding = found(events)["GW480", "orders", "placed_at"]
    assert (finding.count, finding.example) == (9, "2023-06-01 to 2023-06-09")


def test_days_without_a_row_of_visits_are_counted():
    events = clean_events().run("DELETE FROM events.visits WHERE day BETWEEN '2023-06-01' AND '2023-06-09'")
    assert found(events)["GW480", "visits", "day"].count == 9


def shop(weeks: int, rate, seed: int = 1) -> dict[date, int]:
    """Day to orders of a shop that is closed on Sundays; `rate(week)` orders a day, about Poisson."""
    draw = random.Random(seed)
    days = (date(2023, 1, 2) + timedelta(days=k) for k in range(7 * weeks))
    counts = {
        day: max(0, round(draw.gauss(rate(k // 7), rate(k // 7) ** 0.5)))
        for k, day in enumerate(days)
        if day.weekday() < 6
    }
    return {day: n for day, n in counts.items() if n}


@settings(max_examples=40, deadline=None)
@given(st.integers(28, 250), st.integers(3, 60), st.integers(12, 200))
def test_any_long_silence_of_a_shop_is_a_gap_and_sundays_are_not(start, length, rate):
    days = shop(52, lambda _: rate)
    assert find_gaps(days) == []
    first = date(2023, 1, 2) + timedelta(days=start)
    silent = {day: n for day, n in days.items() if not first <= day < first + timedelta(days=length)}
    (gap,) = find_gaps(silent)
    # the gap also swallows a Sunday on either side
    assert gap.first <= first < first + timedelta(days=length - 1) <= gap.last + timedelta(days=1)
    assert length - 1 <= gap.days <= length + 2
    open_days = sum((gap.first + timedelta(days=k)).weekday() < 6 for k in range(gap.days))
    assert gap.expected == pytest.approx(rate * open_days, rel=0.25)


def test_a_launch_day_and_a_slow_start_make_no_gap():
    launch = date(2023, 1, 2)
    assert find_gaps({launch: 400, **{launch + timedelta(days=3 * k): 1 for k in range(1, 60)}}) == []
    assert find_gaps(shop(60, lambda week: 0.3 * exp(week / 12))) == []


def weekly(weeks: int, level) -> dict[date, int]:
    return {date(2023, 1, 2) + k * WEEK: max(1, round(level(k))) for k in range(weeks)}


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 70), st.sampled_from((0.4, 0.5, 1.8, 2.5, 6.0)), st.integers(0, 10**6), st.floats(-0.01, 0.02))
def test_a_shift_is_found_in_its_week_whatever_the_trend(week, factor, seed, growth):
    draw = random.Random(seed)
    level = weekly(80, lambda k: 500 * exp(growth * k + draw.gauss(0, 0.04)) * (factor if k >= week else 1))
    ((monday, shift),) = find_shifts(level)
    assert abs((monday - (date(2023, 1, 2) + week * WEEK)).days) <= 7
    assert exp(shift) == pytest.approx(factor, rel=0.25)


def test_growth_season_and_a_black_friday_are_no_shift():
    false = 0
    for seed in range(200):
        draw = random.Random(seed)
        season = weekly(
            104,
            lambda k, draw=draw: (
                400 * exp(0.01 * k + 0.3 * sin(k / 8.3) + draw.gauss(0, 0.08)) * (3 if k in (46, 98) else 1)
            ),
        )
        false += bool(find_shifts(season))
    assert false <= 2


def test_a_level_shift_of_the_shop_names_the_week():
    events = clean_events().run("DELETE FROM events.orders WHERE placed_at < '2023-08-07' AND hash(order_id) % 3 > 0")
    finding = found(events)["GW483", "orders", "placed_at"]
    assert finding.example == "2023-08-07"
    assert finding.count == rows(events, "placed_at >= '2023-08-07' AND status <> 'cancelled'")


def test_rows_that_are_still_to_arrive_are_told_from_a_bad_day():
    late = clean_events().run("DELETE FROM events.orders WHERE placed_at >= '2024-02-21' AND hash(order_id) % 4 > 0")
    finding = found(late)["GW481", "orders", "placed_at"]
    assert (finding.count, finding.example) == (5, "2024-02-21")
    one_day = clean_events().run("DELETE FROM events.orders WHERE placed_at >= '2024-02-25' AND hash(order_id) % 4 > 0")
    assert ("GW481", "orders", "placed_at") not in found(one_day)


def test_deliveries_under_way_at_the_end_are_told():
    under_way = "delivered_at > TIMESTAMP '2024-02-19' - to_days((hash(order_id) % 3)::INT)"
    events = clean_events().run(f"UPDATE events.deliveries SET delivered_at = NULL WHERE {under_way}")
    finding = found(events)["GW481", "deliveries", "delivered_at"]
    # weeks of orders in which more are open than usual: every open one lies in them
    assert finding.count == rows(
        events, "delivered_at IS NULL AND status <> 'cancelled'", "deliveries JOIN events.orders USING (order_id)"
    )
    assert finding.example == "2024-02-12"


@pytest.mark.parametrize("grain", ["week", "month"])
def test_an_unfinished_last_period_says_what_is_left_out(grain):
    events = clean_events(grain=grain).run("DELETE FROM events.orders WHERE placed_at >= '2024-02-22'")
    start = {"week": "2024-02-19", "month": "2024-02-01"}[grain]
    finding = found(events)["GW482", "orders", "placed_at"]
    assert (finding.severity, finding.example) == ("note", start)
    assert finding.count == rows(events, f"placed_at >= '{start}' AND status <> 'cancelled'")


@given(st.dates(date(1999, 1, 1), date(2040, 1, 1)), st.sampled_from(("day", "week", "month")))
def test_periods_tile_the_calendar(day, grain):
    start, end = period_of(day, grain)
    assert start <= day < end
    assert period_of(end, grain)[0] == end and period_of(end - timedelta(days=1), grain) == (start, end)
    assert grain != "week" or start.weekday() == 0


def test_what_the_source_does_not_supply_is_not_checked():
    bare = events_of({"orders": CLEAN["orders"]})
    bare.columns["orders"] = {"order_id"}
    assert {code for code, *_ in found(bare)} == {"GW450"}  # order_lines has no rows; columns of orders are not given


def test_no_rows_at_all_is_an_error_and_nothing_breaks():
    nothing = events_of({name: f"SELECT * FROM ({sql}) WHERE FALSE" for name, sql in CLEAN.items()})
    assert {(f.code, f.severity, f.table) for f in found(nothing).values() if f.severity == "error"} == {
        ("GW450", "error", "orders"),
        ("GW450", "error", "order_lines"),
    }


@pytest.mark.skipif(not OLIST.is_dir(), reason="the shared data are not here")
def test_olist_shows_its_known_quirks():
    raw = found(events_of(olist_queries(OLIST, "customer_id"), time_zone="America/Sao_Paulo", currency="BRL"))
    mended = found(events_of(olist_queries(OLIST), time_zone="America/Sao_Paulo", currency="BRL"))
    # the person is customer_unique_id: with the order's own customer record nobody ever comes back
    assert raw.keys() - mended.keys() == {("GW459", "orders", "customer_id")}
    assert mended["GW457", "orders", "order_id"].count == 622  # orders without items
    assert mended["GW451", "reviews", "order_id"].count == 462  # second reviews of an order
    assert "2016-10-11 to 2016-12-23" in mended["GW480", "orders", "placed_at"].message  # the fragments of 2016
    assert mended["GW482", "orders", "placed_at"].example == "2018-02-26"  # cut on a Wednesday
    assert mended["GW483", "orders", "placed_at"].example == "2017-01-02"  # the record begins in earnest
    assert {finding.severity for finding in mended.values()} == {"warning", "note"}


@pytest.mark.parametrize(
    ("customers", "share", "says"),
    [(84, 0.2, True), (84, 0.05, False), (30, 0.2, True), (30, 0.1, False), (5, 0.5, False)],
)
def test_one_customer_is_a_crowd_by_the_size_of_the_shop(customers, share, says):
    crowd = round(400 * share)
    sql = f"""SELECT 'o' || i AS order_id, CASE WHEN i < {crowd} THEN 'x' ELSE 'c' || (i % {customers}) END AS customer_id,
              TIMESTAMP '2024-01-01' + to_hours(i::INTEGER) AS placed_at FROM range(400) r(i)"""
    from gearwheel.gauges.checks import persons

    assert [f.count for f in persons.check(events_of({"orders": sql}))] == [crowd] * says


def test_ids_that_differ_in_zeros_or_capitals_alone_are_named():
    from gearwheel.gauges.checks import spellings

    ids = ["0017", "17", "Ada@x.example", "ada@x.example", "18", "180"]
    sql = f"SELECT unnest({ids}) AS customer_id, 'o' AS order_id"
    (finding,) = spellings.check(events_of({"orders": sql}))
    assert (finding.code, finding.count, finding.example) == ("GW424", 2, "0017 and 17")
