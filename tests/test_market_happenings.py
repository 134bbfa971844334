"""Seasons, closed days, promotions, supplier steps and late rows: off they change nothing, on they are what was set."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pytest

from gearwheel.gauges.canonical import empty_view_sql, tables
from gearwheel.gauges.mapping import Mapping
from gearwheel.gauges.measure import measure
from gearwheel.market.happenings import headlines
from gearwheel.market.settings import Market
from gearwheel.market.spin import spin

SHOP = Market(
    customers=1500, population=60_000, joining=2.0, sellers=3, entry=0.001, own_offers=60, products=60, frequency=0.02,
    listing=0.0, delisting=0.0, dropout=0.0008,
)  # fmt: skip


@lru_cache(maxsize=4)
def spun(days: int = 120, **changes):
    return spin(replace(SHOP, **changes), days, 7)


def by_day(run) -> np.ndarray:
    return run.daily["orders"]


def test_nothing_happens_by_default_and_nobody_before_a_thing_notices_it():
    plain = spun()
    for changes in ({"closed": ((60, 7),)}, {"supplier_steps": ((60, 1.1),)}, {"late_days": 5}):
        then = spun(**changes)
        last = 115 if "late_days" in changes else 60
        np.testing.assert_array_equal(by_day(then)[:last], by_day(plain)[:last])
        assert not np.array_equal(by_day(then), by_day(plain))


def test_nobody_orders_on_a_closed_day():
    run = spun(closed=((60, 7), (100, 2)))
    shut = [*range(60, 67), 100, 101]
    assert by_day(run)[shut].sum() == 0 and (np.delete(by_day(run), shut) > 0).all()


def test_the_season_is_the_wave_that_was_set():
    run = spun(days=365, season=0.4, season_peak=91)
    summer, winter = by_day(run)[61:122].sum(), by_day(run)[244:305].sum()
    usual = spun(days=365)
    expected = 0.8 * np.sinc(61 / 365.2425)  # mean of the wave over two months
    assert math.log(summer / winter) - math.log(
        by_day(usual)[61:122].sum() / by_day(usual)[244:305].sum()
    ) == pytest.approx(expected, abs=0.12)


def test_late_rows_are_missing_at_the_end_alone():
    run = spun(late_days=5, late_missing=0.7)
    assert by_day(run)[-5:].sum() == pytest.approx(0.3 * by_day(spun())[-5:].sum(), rel=0.35)


def test_promotions_lower_what_is_paid_and_people_stock_up():
    lines = spun(promotions=0.1).tables["order_lines"]
    offered = lines["discount"] > 0
    off = lines["discount"][offered] / (lines["price"] * lines["quantity"])[offered]
    assert off == pytest.approx(np.full(offered.sum(), 0.3), abs=0.01)
    assert lines["quantity"][offered].mean() > 3.5 > 1.5 > lines["quantity"][~offered].mean()
    assert 0.05 < offered.mean() < 0.15


def test_a_supplier_step_moves_costs_and_as_much_of_prices_as_is_passed_on():
    run = spun(supplier_steps=((60, 1.2),), passed_on=0.5)
    assert run.daily["price"][59] == 1 and run.daily["price"][60] == pytest.approx(1.2**0.5)
    lines, number = run.tables["order_lines"], run.tables["order_lines"]["order_id"] % 10_000
    share = lines["unit_cost"] / lines["price"]
    assert np.nanmedian(share[number < 60]) == pytest.approx(0.7, abs=0.002)
    assert np.nanmedian(share[number >= 60]) == pytest.approx(0.7 * 1.2**0.5, abs=0.002)


@pytest.mark.parametrize(
    "changes",
    [{"closed": ((-1, 3),)}, {"closed": ((4, 0),)}, {"supplier_steps": ((4, 0.0),)}, {"promotions": 1.5}, {"late_days": -1}],
)  # fmt: skip
def test_what_cannot_happen_is_refused(changes):
    with pytest.raises(ValueError):
        replace(SHOP, **changes)


# ---- what is measured of such a market is what is true of it


def events_of(run, folder: Path) -> SimpleNamespace:
    run.write(folder)
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("CREATE SCHEMA events")
    columns = {}
    for name, table in tables().items():
        file = folder / f"{name}.parquet"
        connection.execute(f"CREATE TABLE events.{name} AS {empty_view_sql(table)}")
        if file.exists():
            connection.execute(f"INSERT INTO events.{name} BY NAME SELECT * FROM '{file}'")
            columns[name] = set(table.columns)
    mapping = Mapping(str(folder), grain="week", active_days=60)
    return SimpleNamespace(connection=connection, present=set(columns), columns=columns, mapping=mapping)


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    """Two years with all of it, and what is measured of them."""
    run = spin(
        replace(
            SHOP, season=0.3, closed=((300, 7), (420, 14)), late_days=3, late_missing=0.7, promotions=0.1,
            supplier_steps=((200, 1.03), (500, 1.02)),
        ),
        728, 7,
    )  # fmt: skip
    found = measure(events_of(run, tmp_path_factory.mktemp("market") / "events"))
    by_gauge = {}
    for row in found.rows:
        by_gauge.setdefault(row.gauge, []).append(row)
    return headlines(run), by_gauge


def test_the_price_index_of_a_market_with_promotions_is_its_true_price(troubled):
    truth, rows = troubled
    assert truth["price"] == pytest.approx(1.03 * 1.02 - 1)
    values = [r.value for r in rows["price_index"]]
    # other goods are on promotion each week: by luck 12 % of them at the end and 9 % at the beginning, a third off
    assert np.mean(values[-20:]) / np.mean(values[:20]) == pytest.approx(1 + truth["price"], abs=0.03)


def test_the_return_rate_is_the_true_one(troubled):
    truth, rows = troubled
    returned, lines = sum(r.value * r.n for r in rows["return_rate"]), sum(r.n for r in rows["return_rate"])
    assert returned / lines == pytest.approx(truth["return_rate"], rel=0.03)


def test_the_growth_between_the_same_weeks_of_two_years_is_the_true_one(troubled):
    truth, rows = troubled
    orders = {r.start: r.value for r in rows["orders"]}
    starts = sorted(orders)
    assert len(starts) == 103  # the last week is incomplete
    assert sum(not v for v in orders.values()) == 2
    pairs = [(orders[a], orders[b]) for a, b in zip(starts, starts[52:]) if orders[a] and orders[b]]
    growth = sum(b for _, b in pairs) / sum(a for a, _ in pairs) - 1
    assert growth == pytest.approx(truth["growth"], abs=0.05)  # 12,000 orders a year have an error of 1.3 % themselves
