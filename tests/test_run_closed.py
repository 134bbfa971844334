"""A record with silences: closed weeks stay within it, a gap as long as "active" ends a business, and both are said."""

from __future__ import annotations

import csv
import math
import random
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from click.testing import CliRunner

from gearwheel.cli import main
from gearwheel.gauges.mapping import Mapping
from gearwheel.gauges.measure import Measurement, measure
from gearwheel.run.closed import businesses, closed, silences
from gearwheel.run.own import Series, own_wheel, span
from gearwheel.run.record import record_csv
from gearwheel.wheel.errors import DataError
from gearwheel.wheel.read import parse_wheel
from measuring import made
from test_run_own import ALWAYS, measured, plain_measures

MONDAY = date(2023, 1, 2)


def orders_of(values, length: int = 7) -> list[Measurement]:
    return [
        Measurement("orders", MONDAY + timedelta(length * i), MONDAY + timedelta(length * (i + 1)), v, None, v)
        for i, v in enumerate(values)
    ]


def falling_shop(weeks: int, yearly: float, shut: set[int]) -> dict[str, list[dict]]:
    """About 40 orders a week, `yearly` more each year, none in the weeks that are shut."""
    rng, orders = random.Random(5), []
    for week in range(weeks):
        for n in range(0 if week in shut else round(40 * (1 + yearly) ** (week / 52.18))):
            at = datetime(2023, 1, 2, 12) + timedelta(days=7 * week + n % 7)
            orders.append({"order_id": f"{week}-{n}", "customer_id": f"c{rng.randrange(150)}", "placed_at": at})
    lines = [{"order_id": o["order_id"], "line": "1", "product_id": "p", "price": 10.0} for o in orders]
    return {"orders": orders, "order_lines": lines}


def test_two_closed_weeks_do_not_hide_the_years_before_them():
    """With the first 66 of 102 weeks gone, what was left of this shop grew; it fell by 6 % a year."""
    rows = measure(made("week", 90, **falling_shop(102, -0.06, {52, 65}))).rows
    orders = [r for r in rows if r.gauge == "orders"]
    begin, end, kept_back = span(orders, 90)
    assert begin == MONDAY + timedelta(91) and end == MONDAY + timedelta(7 * 102) and kept_back == timedelta(7 * 18)
    assert [o.start for o in orders if not o.value] == [MONDAY + timedelta(7 * w) for w in (52, 65)]
    told = silences(orders, 90, "week")
    assert "counts open weeks only" in told[0]
    assert len(told) == 1 and told[0].startswith("2 weeks without an order where orders were usual (from 2024-01-01")
    wheel = parse_wheel(own_wheel("shop", rows, Mapping("../events", currency="EUR")))
    open_weeks = [o for o in orders if o.value and o.start >= wheel.start]
    growth = np.polyfit([(o.start - begin).days / 365.25 for o in open_weeks], np.log([o.value for o in open_weeks]), 1)
    assert math.expm1(growth[0]) == pytest.approx(-0.06, abs=0.01)


def test_a_week_is_closed_where_orders_were_usual_and_quiet_where_few_come():
    busy, small = orders_of([30] * 10 + [0] + [30] * 10), orders_of([2, 1, 0, 3, 0, 2, 1, 4, 0, 1] * 3)
    assert closed(busy) == {(busy[10].start, busy[10].end)}
    assert closed(small) == set()
    assert closed([]) == set() and closed(orders_of([0, 0])) == set()
    grown = orders_of([0, 1, 0, 2] * 5 + [40] * 20 + [0, 0] + [40] * 5)
    assert {start for start, _ in closed(grown)} == {grown[40].start, grown[41].start}


@pytest.mark.parametrize(("silent", "parts"), [(1, 1), (12, 1), (13, 2), (40, 2)])
def test_another_business_begins_after_as_long_as_one_stays_a_customer(silent, parts):
    rows = orders_of([20] * 30 + [0] * silent + [20] * 30)
    assert len(businesses(rows, 90)) == parts
    missing = [r for r in rows if r.value]  # the same where the silence has no rows
    assert len(businesses(missing, 90)) == parts
    told = silences(rows, 90, "week")
    assert any(s.startswith("left out of the wheel: 30 weeks from 2023-01-02 to ") for s in told) == (parts == 2)
    assert sum("where orders were usual" in s for s in told) == (parts == 1)


def test_what_lies_before_the_last_long_gap_is_counted_out_loud():
    (told,) = silences(orders_of([20] * 40 + [0] * 20 + [20] * 30), 90, "week")
    assert "40 weeks" in told and "no order for 140 days" in told and "active_days above 140" in told


def refused(rows, active_days: int = 90, grain: str = "week") -> str:
    with pytest.raises(DataError, match="GW490") as told:
        span(rows, active_days, grain)
    return str(told.value)


def test_too_short_a_record_is_told_the_grain_that_works():
    thin = orders_of([0, 0, 0, 1] * 24)  # an order every four weeks
    assert 'coarser grain (grain = "month"' in refused(thin, 20)
    days = orders_of(([1] + [0] * 5 + [2]) * 20, 1)
    assert 'coarser grain (grain = "week"' in refused(days, 5, "day")
    assert 'finer grain (grain = "day"' in refused(orders_of([50] * 11))
    assert 'finer grain (grain = "week"' in refused(orders_of([50] * 11, 30), 90, "month")
    assert "raise active_days above 140" in refused(orders_of([20] * 40 + [0] * 20 + [20] * 5))
    assert "wait" in refused(orders_of([3] * 5 + [0] * 2 + [1]))


def test_many_empty_weeks_are_told_to_take_months():
    told = silences(orders_of([1, 0, 2, 0, 1] * 20), 90, "week")
    assert told == ['40 of 100 weeks have no order: grain = "month" would tell more']


def test_a_closed_week_is_no_observation_and_a_quiet_one_is_half_an_event():
    rows = measured(sorted(ALWAYS))
    wheel = parse_wheel(own_wheel("r", rows, Mapping("../events", currency="EUR")))
    shut, quiet = MONDAY + timedelta(7 * 30), MONDAY + timedelta(7 * 31)
    measures = plain_measures(sorted(ALWAYS))
    for row in measures["rows"]:
        if row["start"] == str(shut) and row["gauge"] in ("orders", "customers_joined", "orders_repeat", "sales_value"):
            row["value"], row["n"] = 0.0, 0
        if row["start"] == str(quiet) and row["gauge"] == "customers_joined":
            row["value"], row["n"], row["error"] = 0.0, 0, math.sqrt(2)
    lines = list(csv.reader(record_csv(wheel, measures).splitlines()[1:]))
    told = {(line[0], line[1] or line[2]): line for line in lines}
    assert not {g for g, start in told if start == str(shut)} & {"orders", "customers_joined", "sales_value"}
    half = told["customers_joined", str(quiet)]
    assert float(half[3]) == 0.5 and float(half[5]) > math.sqrt(2) and "read as 0.5" in half[7]


def test_the_pace_is_that_of_the_open_weeks():
    rows = orders_of([70.0] * 5 + [0.0, 0.0] + [70.0] * 6)
    assert Series(rows, MONDAY, closed(rows)).yearly() == pytest.approx(10 * 365.2425)
    assert Series(rows, MONDAY).yearly() == pytest.approx(10 * 365.2425 * 11 / 13)


@pytest.mark.slow
def test_a_shop_with_a_closed_week_and_an_incomplete_end_gets_its_whole_record_and_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))

    def told(*words: object) -> str:
        done = CliRunner().invoke(main, [str(w) for w in words])
        assert done.exit_code == 0, f"{done.output}\n{done.exception!r}"
        return " ".join(done.stdout.split())

    happens = ("--closed", 210, 7, "--late-days", 3)  # 210 days on is a Monday
    told("plant", "market", "--customers", 600, "--days", 364, *happens)
    said = told("new", "mine", "--data", "market", "--yes")
    assert "1 week without an order where orders were usual (from 2023-07-31)" in said and "GW481" in said
    assert "experiments has no rows; what needs it is not measured (GW435)" in said
    wheel = parse_wheel((tmp_path / "mine" / "wheel.toml").read_text("utf-8"))
    assert wheel.start == date(2023, 4, 3) and wheel.hold_back == 8  # thirteen weeks on; 38 are left, the last is cut
    told("check", "mine")
