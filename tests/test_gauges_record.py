"""Amazon's public record: it reads, it holds its accounting identities, and it agrees with the shared figures."""

from __future__ import annotations

import csv
import math
import os
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from gearwheel.gauges.identities import sums_to
from gearwheel.gauges.series import Row, calendar_day, elapsed
from gearwheel.run import measured, open_wheel
from gearwheel.wheel.parts import Wheel

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT / os.environ.get("GEARWHEEL_SHARED", "../shared") / "data" / "amazon" / "amazon_public_figures.csv"

QUARTERS = ("Q1", "Q2", "Q3", "Q4")


@cache
def amazon() -> Wheel:
    return open_wheel("amazon")


@pytest.fixture(scope="module")
def record():
    return measured(amazon()).series


def test_every_gauge_of_the_record_reads_and_lies_on_the_grid(record):
    assert set(record) == set(amazon().gauge)
    assert {name: len(record[name].rows) for name in ("net_sales", "third_party_share", "prime_members_us")} == {
        "net_sales": 1 + 4 + 104,
        "third_party_share": 18,
        "prime_members_us": 7,
    }
    assert all((row.end * 4).is_integer() for series in record.values() for row in series.rows)


def test_net_sales_enter_once_and_without_a_gap(record):
    rows = record["net_sales"].rows
    assert rows[0].start == 0.0
    assert rows[-1].end == elapsed(date(2026, 1, 1), amazon())
    assert all(before.end == after.start for before, after in zip(rows, rows[1:]))


def test_every_row_says_where_it_comes_from_and_how_sure_it_is(record):
    rows = [row for series in record.values() for row in series.rows]
    assert all(row.source for row in rows)
    assert {row.confidence for row in rows} <= {"verified", "memory-checked", "single-source", "memory-unverified"}


def test_unverified_figures_are_given_more_error_than_the_usual(record):
    for name, series in record.items():
        for row in series.rows:
            if row.confidence in {"single-source", "memory-unverified"}:
                assert row.error is not None, (name, row)
                assert row.error > (0.0099 if name.endswith("margin") else 0.05), (name, row)


def test_statements_of_more_than_are_bounds(record):
    bounded = Counter(name for name, series in record.items() for row in series.rows if row.bound == "above")
    assert bounded == {"prime_members": 3, "sellers": 5}


def date_of(time: float) -> date:
    return calendar_day(time, amazon())


def test_the_history_of_advertising_is_that_of_the_shared_figures(shared):
    for day, value in amazon().lever["costs.advertising"].history:
        if ("marketing_expense", day.year, "") in shared:
            actual = shared["marketing_expense", day.year, ""] / shared["net_sales", day.year, ""]
            assert math.isclose(value, actual, abs_tol=0.001), (day, actual)


def test_cost_shares_and_margin_leave_room_only_for_the_lines_left_out(record):
    """Fulfilment, shipping and purchases (of retail), technology, marketing, administration, margin: 1 less other."""
    by_year = {name: {row.start: row.value for row in series.rows} for name, series in record.items()}
    advertising = {day.year: value for day, value in amazon().lever["costs.advertising"].history}
    assert len(by_year["purchase_cost_share"]) == 24
    for start in by_year["purchase_cost_share"]:
        retail = 1 - (by_year["aws_share"].get(start, 0.0))
        own = sum(
            by_year[name][start] for name in ("fulfilment_cost_share", "shipping_cost_share", "purchase_cost_share")
        )
        rest = (
            sum(by_year[name][start] for name in ("overhead_share", "operating_margin"))
            + advertising[date_of(start).year]
        )
        assert -0.0015 < 1 - own * retail - rest < 0.031  # other expense: a gain in 2008 and 2020


@pytest.fixture(scope="module")
def shared() -> dict[tuple[str, int, str], float]:
    """The shared figures by metric, year and quarter ("" for a year)."""
    if not SHARED.is_file():
        pytest.skip(f"the shared figures are not here ({SHARED.name}); set GEARWHEEL_SHARED")
    with SHARED.open(encoding="utf-8-sig", newline="") as stream:
        return {(r["metric"], int(r["year"]), r["quarter"]): float(r["value"]) for r in csv.DictReader(stream)}


def periods(shared, metric: str, quarterly: bool = False) -> list[Row]:
    """Rows of one metric with times in calendar years."""
    keys = sorted(key for key in shared if key[0] == metric and bool(key[2]) == quarterly)
    starts = [
        (key, year + QUARTERS.index(quarter) / 4 if quarter else float(year))
        for key in keys
        for _, year, quarter in [key]
    ]
    return [Row(start, start + (0.25 if quarterly else 1.0), shared[key]) for key, start in starts]


CATEGORIES = [
    "online_stores",
    "physical_stores",
    "third_party_seller_services",
    "subscription_services",
    "advertising_services",
    "other",
    "other_incl_advertising",
]
COSTS = [
    "cost_of_sales",
    "fulfillment_expense",
    "marketing_expense",
    "technology_expense",
    "general_admin_expense",
    "other_operating_expense",
]


def test_quarters_make_the_years(shared):
    """To a million: the filing's own quarters of 2015 add up to one more than its year."""
    check = sums_to(periods(shared, "net_sales"), [periods(shared, "net_sales", quarterly=True)], 1.0)
    assert (check.checked, check.broken) == (26, ())


def test_streams_make_net_sales(shared):
    parts = [periods(shared, f"net_sales_cat_{name}") for name in CATEGORIES] + [periods(shared, "net_sales_aws")]
    total = [row for row in periods(shared, "net_sales") if row.start >= 2014]
    check = sums_to(total, parts, 0.5)
    assert (check.checked, check.broken) == (12, ())


def test_segments_make_net_sales(shared):
    parts = [periods(shared, f"net_sales_{name}") for name in ("north_america", "international", "aws")]
    check = sums_to([row for row in periods(shared, "net_sales") if row.start >= 2016], parts, 0.5)
    assert (check.checked, check.broken) == (10, ())


def test_costs_and_income_make_net_sales(shared):
    parts = [periods(shared, name) for name in [*COSTS, "operating_income"]]
    check = sums_to([row for row in periods(shared, "net_sales") if row.start >= 1999], parts, 1.0)
    assert (check.checked, check.broken) == (27, ())


def expected(shared, gauge: str, year: int, quarter: str) -> float:
    """A gauge of the record worked out from the shared figures; `year` and `quarter` name the period."""

    def of(metric: str, default: float | None = None) -> float:
        return shared[metric, year, quarter] if default is None else shared.get((metric, year, quarter), default)

    def levels(*metrics: str) -> float:
        return next(shared[metric, year, q] for metric in metrics for q in (quarter, "") if (metric, year, q) in shared)

    sales, retail = "net_sales", lambda: of("net_sales") - of("net_sales_aws", 0.0)
    category = "net_sales_cat_"
    match gauge:
        case "net_sales":
            return of(sales)
        case "active_customers":
            return levels("customers_served_in_year", "active_customer_accounts")
        case "third_party_share":
            return of("third_party_share_of_physical_gms") / 100
        case "third_party_unit_share":
            return of("third_party_share_of_paid_units") / 100
        case "seller_services_share":
            return of(category + "third_party_seller_services") / of(sales)
        case "subscription_share":
            return of(category + "subscription_services") / of(sales)
        case "aws_share":
            return of("net_sales_aws") / of(sales)
        case "advertising_share" if year < 2019:
            return of(category + "other_incl_advertising") / of(sales)
        case "advertising_share":
            return (of(category + "advertising_services") + of(category + "other")) / of(sales)
        case "prime_members":
            return {2018: 100.0, 2019: 150.0, 2021: 200.0}[year]  # said in the quarter after the one that ended
        case "prime_members_us":
            return levels("prime_members_us_estimate")
        case "sellers":
            return levels("active_seller_accounts", "small_business_sellers")
        case "fulfilment_cost_share":
            return of("fulfillment_expense") / retail()
        case "shipping_cost_share":
            return of("shipping_costs") / retail()
        case "purchase_cost_share":
            return (of("cost_of_sales") - of("shipping_costs")) / retail()
        case "overhead_share":
            return (of("technology_expense") + of("general_admin_expense")) / of(sales)
        case "operating_margin":
            return of("operating_income") / of(sales)
        case "aws_margin":
            return of("operating_income_aws") / of("net_sales_aws")
    raise AssertionError(gauge)


def test_the_record_agrees_with_the_shared_figures(record, shared):
    count = 0
    for gauge, series in record.items():
        for row in series.rows:
            last = round((row.end + 1995.5) * 4) - 1  # the quarter that the row ends with, counted from year 0
            year, quarter = last // 4, QUARTERS[last % 4]
            yearly = row.start is not None and (row.end - row.start == 1.0 or year == 1995)
            value = expected(shared, gauge, year, "" if yearly else quarter)
            assert math.isclose(row.value, value, rel_tol=2e-5), (gauge, row)
            count += 1
    assert count == 383


def test_bounds_on_members_are_the_shared_ones(record, shared):
    said = sorted(value for (metric, _, _), value in shared.items() if metric == "prime_members_global")
    assert [row.value for row in record["prime_members"].rows] == said
