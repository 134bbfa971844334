"""Every gauge against the same gauge counted by hand, its identities, and the ends of the record."""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from gearwheel.gauges.catalogue import catalogue, fill, intermediates
from gearwheel.gauges.measure import Measured, measure, measured_csv
from gearwheel.wheel.errors import Cancelled, DataError
from measuring import made
from measuring_by_hand import Hand, events

CASES = [("week", 40, 1), ("month", 20, 2), ("day", 5, 3), ("week", 3, 4)]  # windows longer and shorter than the period
WITHOUT_OFFERS = {"selection"}  # measured a second time, from sales, where there is no list of offers


def by_period(measured: Measured) -> dict[str, dict[date, tuple]]:
    found: dict[str, dict] = defaultdict(dict)
    for row in measured.rows:
        found[row.gauge][row.start] = (row.value, row.error, row.n)
    return found


def on_scale(value: float | None, scale: str) -> bool:
    return value is not None and (scale == "abs" or (value >= 0 and (scale == "log" or value <= 1)))


def with_half_an_event(how, value: float, error: float | None, n: int) -> float | None:
    """The error of a value at the edge of its scale, where one more or one less is missing for a place on it."""
    if how.error == "none" or (value > 0 and (how.scale == "log" or value < 1)):
        return error
    hits = round(value * n)
    return math.sqrt(2) if how.scale == "log" else math.sqrt(1 / (hits + 0.5) + 1 / (n - hits + 0.5))


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def case(request):
    grain, window, seed = request.param
    rows = events(seed)
    less = {name: part for name, part in rows.items() if name != "offers"}
    sold = by_period(measure(made(grain, window, **less), ["selection"]))["selection"]
    found = by_period(measure(made(grain, window, **rows)))
    return found | {"selection_sold": sold}, Hand(rows, grain, window)


@pytest.mark.parametrize("name", catalogue())
def test_every_view_gives_what_is_counted_by_hand(case, name):
    found, hand = case
    how = catalogue()[name]
    expected = {start: row for start, row in getattr(hand, name)().items() if on_scale(row[0], how.scale)}
    if not any(value for value, *_ in expected.values()):
        expected = {}  # nothing was ever counted
    assert found[name].keys() == expected.keys()
    for start, (value, error, n) in expected.items():
        got = found[name][start]
        error = with_half_an_event(how, value, error, n)
        assert got[0] == pytest.approx(value, rel=1e-7), start
        assert got[2] == n, start
        if error is None or error < 1e-6:  # no spread at all, up to rounding
            assert got[1] is None or got[1] < 1e-6
        else:
            assert got[1] == pytest.approx(error, rel=1e-6), start


def test_the_cases_ask_something_of_every_view(case):
    found, _ = case
    empty = {name for name in catalogue() if not found[name]}
    assert empty <= {"customers_returning", "sellers_returning", "sellers_new"}


@pytest.mark.parametrize(("grain", "window", "seed"), [*CASES, ("day", 1, 5), ("month", 3, 6)])
def test_active_is_active_before_plus_new_plus_returning_less_lost(grain, window, seed):
    connection = made(grain, window, **events(seed)).connection
    connection.execute("CREATE SCHEMA base")
    for step in intermediates().values():
        connection.execute(f"CREATE TABLE base.{step.name} AS {fill(step.sql, grain, window)}")
    for who in ("customer", "seller", "product", "tenant", "enrolled"):
        sql = f"SELECT first_time, came_back, lost, active FROM base.{who}_flows ORDER BY period"
        rows = connection.execute(sql).fetchall()
        assert len(rows) > 3
        assert sum(first_time for first_time, *_ in rows) > 0
        for (*_, before), (first_time, came_back, lost, now) in pairwise([(0, 0, 0, 0), *rows]):
            assert now == before + first_time + came_back - lost >= 0


# ---- the ends of the record


def shop(days: list[tuple[date, int]], **columns) -> dict[str, list[dict]]:
    """So many orders on each of these days, each of another customer."""
    orders = [
        {"order_id": f"{day}-{n}", "customer_id": f"{day}-{n}", "placed_at": datetime(day.year, day.month, day.day, 12)}
        for day, count in days
        for n in range(count)
    ]
    return {"orders": orders, "order_lines": [{"order_id": "x", "line": "1", "product_id": "p", "price": 1.0}]}


def run_of(first: date, days: int, each: int) -> list[tuple[date, int]]:
    return [(first + timedelta(days=n), each) for n in range(days)]


def test_a_period_that_the_record_ends_or_begins_in_is_left_out_with_a_note():
    monday = date(2024, 1, 1)
    source = made("week", 7, **shop(run_of(monday - timedelta(days=2), 2 + 21 + 6, 2)))
    measured = measure(source, ["orders"])
    assert [(row.start, row.end, row.value) for row in measured.rows] == [
        (monday + timedelta(days=7 * n), monday + timedelta(days=7 * n + 7), 14) for n in range(3)
    ]
    assert "begins inside" in measured.notes[0] and "2023-12-25" in measured.notes[0]
    assert "ends inside" in measured.notes[1] and "2024-01-22" in measured.notes[1]


def test_a_last_week_that_is_whole_is_kept():
    measured = measure(made("week", 7, **shop(run_of(date(2024, 1, 1), 28, 2))), ["orders"])
    assert [row.value for row in measured.rows] == [14, 14, 14, 14]
    assert measured.notes == []


def test_a_last_week_of_less_than_half_the_orders_is_not_believed():
    days = run_of(date(2024, 1, 1), 70, 5)
    late = [(day, 1 if day >= date(2024, 3, 4) else n) for day, n in days]
    measured = measure(made("week", 7, **shop(late)), ["orders"])
    assert measured.rows[-1].end == date(2024, 3, 4)
    assert any("2024-03-04 to 2024-03-11" in note for note in measured.notes)


def test_stray_rows_long_after_the_end_are_left_out_together():
    stray = [(date(2024, 3, 20), 1), (date(2024, 5, 20), 2)]
    measured = measure(made("week", 7, **shop(run_of(date(2024, 1, 1), 70, 5) + stray)), ["orders"])
    assert measured.rows[-1].end == date(2024, 3, 11)
    (note,) = measured.notes
    assert "2024-03-11 to 2024-05-27" in note and "stray" not in note and "3 orders in 11 periods" in note


def test_a_single_period_and_a_single_order_are_told_in_the_singular():
    measured = measure(made("week", 7, **shop([*run_of(date(2024, 1, 1), 70, 5), (date(2024, 3, 11), 1)])), ["orders"])
    (note,) = measured.notes
    assert "left out (1 order in 1 period)" in note


def test_a_real_fall_is_kept():
    fall = run_of(date(2024, 1, 1), 70, 6) + run_of(date(2024, 3, 11), 70, 2)
    measured = measure(made("week", 7, **shop(fall)), ["orders"])
    assert [row.value for row in measured.rows] == [42] * 10 + [14] * 10


def test_a_fragment_before_the_record_is_left_out():
    early = run_of(date(2023, 10, 2), 5, 1)
    measured = measure(made("week", 7, **shop(early + run_of(date(2024, 1, 1), 70, 5))), ["orders"])
    assert measured.rows[0].start == date(2024, 1, 1)
    assert "fragment" in measured.notes[0]


def test_weeks_begin_on_monday_and_months_on_the_first_over_a_leap_year():
    days = run_of(date(2024, 2, 1), 60, 1)
    weeks = measure(made("week", 7, **shop(days)), ["orders"]).rows
    months = measure(made("month", 7, **shop(days)), ["orders"]).rows
    assert {row.start.weekday() for row in weeks} == {0}
    assert [(row.start, row.end, row.value) for row in months] == [
        (date(2024, 2, 1), date(2024, 3, 1), 29),
        (date(2024, 3, 1), date(2024, 4, 1), 31),
    ]


# ---- nothing there


def test_empty_tables_measure_nothing_and_break_nothing():
    measured = measure(made(**{name: [] for name in events(1)}))
    assert measured.rows == []
    assert set(measured.left_out) == {m.gauge for m in catalogue().values()}


def test_a_table_that_is_empty_leaves_only_its_own_gauges_out():
    rows = events(1) | {"returns": [], "reviews": []}
    source = made("week", 40, **rows)
    source.columns |= {"returns": {"order_id", "refund"}, "reviews": {"score"}}
    measured = measure(source)
    theirs = {
        m.gauge for m in catalogue().values() if {need.partition(".")[0] for need in m.needs} & {"returns", "reviews"}
    }
    assert {gauge for gauge, why in measured.left_out.items() if "no period" in why} == theirs


def test_what_a_source_lacks_is_said_in_words():
    rows = events(1)
    measured = measure(
        made("week", 40, orders=rows["orders"], order_lines=[{"order_id": "o1", "line": "1", "price": 2.0}])
    )
    assert measured.left_out["members"] == "the source has no memberships"
    assert measured.left_out["take_rate"] == "the source has no order_lines.seller_id and no order_lines.commission"
    assert measured.left_out["selection"] == "the source has no offers; or the source has no order_lines.product_id"


# ---- the doors


def half_added(share: float, n: int) -> float:
    return (share * n + 0.5) / (n + 1)


def test_the_csv_is_what_the_tidy_reader_reads():
    measured = measure(made("week", 40, **events(1)), ["orders", "members", "on_time_share"])
    lines = list(csv.DictReader(io.StringIO(measured_csv(measured))))
    assert len(lines) == len(measured.rows)
    assert {line["start"] == "" for line in lines if line["gauge"] == "members"} == {True}
    for line, row in zip(lines, measured.rows):
        value = row.value if 0 < row.value < 1 or row.gauge != "on_time_share" else half_added(row.value, row.n)
        assert (line["gauge"], line["end"], float(line["value"])) == (row.gauge, str(row.end), pytest.approx(value))
        assert ("read as" in line["source"]) == (value != row.value)
        assert line["unit"] == measured.measures[row.gauge].unit
        assert line["error"] == "" or math.isclose(float(line["error"]), row.error, rel_tol=1e-5)
    assert {line["gauge"] for line in csv.DictReader(io.StringIO(measured_csv(measured, ["orders"])))} == {"orders"}


def test_definitions_carry_the_window():
    measured = measure(made("week", 40, **events(1)), ["customers_active"])
    assert "40 days" in measured.measures["customers_active"].definition
    assert "{" not in measured.measures["customers_active"].sql


def test_an_unknown_gauge_is_named_with_the_nearest():
    with pytest.raises(DataError, match="GW462.*'orderz'(.|\n)*orders"):
        measure(made(**events(1)), ["orderz"])


@pytest.mark.parametrize(
    ("grain", "window"), [("year", 90), ("week'; drop table x; --", 90), ("week", 0), ("week", "90"), ("week", True)]
)
def test_a_strange_grain_or_window_never_reaches_the_sql(grain, window):
    with pytest.raises(DataError, match="GW461"):
        measure(made(grain, window, **events(1)), ["orders"])


def test_a_source_that_goes_away_is_told_without_a_traceback_and_leaves_nothing_behind(tmp_path):
    source, file = made("week", 40, **events(1)), tmp_path / "reviews.parquet"
    source.connection.execute(f"COPY events.reviews TO '{file}'; DROP TABLE events.reviews")
    source.connection.execute(f"CREATE VIEW events.reviews AS SELECT * FROM '{file}'")
    assert measure(source, ["review_score"]).rows
    file.unlink()
    with pytest.raises(DataError, match="GW463.*could not be measured"):
        measure(source, ["review_score"])
    assert source.connection.execute("SELECT * FROM duckdb_schemas() WHERE schema_name = 'base'").fetchall() == []


def test_progress_counts_up_and_may_cancel():
    seen = []
    measure(made("week", 40, **events(1)), ["orders", "basket"], lambda *told: seen.append(told))
    for stage in ("prepare", "measure"):
        steps = [done for name, done, total, _ in seen if name == stage]
        assert steps == list(range(len(steps))) and steps[-1] == next(t for s, _, t, _ in seen if s == stage)

    def stop(stage, done, total, note):
        if stage == "measure":
            raise Cancelled("enough")

    source = made("week", 40, **events(1))
    with pytest.raises(Cancelled):
        measure(source, ["orders"], stop)
    assert measure(source, ["orders"]).rows
