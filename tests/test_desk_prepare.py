"""What the desk is told of customers: against simulated futures, closed limits, and planted events."""

from __future__ import annotations

import datetime as dt

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events_planted import events_of
from gearwheel.cli.desk_learn import records_of
from gearwheel.desk.customers import read_customers
from gearwheel.desk.opened import read_papers
from gearwheel.desk.prepare import fees_ahead, lift_ahead, satisfaction_elasticity, valued
from gearwheel.desk.returns import RETURNS
from gearwheel.fit.customer_fit import Fitted
from gearwheel.fit.customer_spend import Spend
from gearwheel.fit.customer_timing import Timing
from gearwheel.run.desk import Prepared, _customers, _write_customers

LAST = dt.date(2024, 2, 25)


def fixed(model: str, values) -> Fitted:
    names = Spend.names if model == "Gamma-Gamma" else Timing.names
    return Fitted(model, names, dict(zip(names, values)), 0.0, "", np.array([values], float), 0.0, 1.0, {}, "week")


@pytest.mark.parametrize("history", [(0, 0.0, 20.0, 0.0), (4, 30.0, 50.0, 200.0), (12, 90.0, 104.0, 300.0)])
def test_value_and_spread_are_those_of_simulated_customers(history):
    """Customers who hardly leave: a gamma rate and an inverse gamma mean spend, drawn from their posterior."""
    r, alpha, a, b, p, q, gamma = 2.0, 20.0, 0.01, 100.0, 5.0, 6.0, 40.0
    x, t_x, T, spent = history
    timing, spend = fixed("MBG/NBD", (r, alpha, a, b)), fixed("Gamma-Gamma", (p, q, gamma))
    one = {n: np.array([v]) for n, v in zip(("x", "t_x", "T", "spent"), history)}
    value, spread, orders = valued(timing, spend, one, 52.0, 0.0)
    rng, n = np.random.default_rng(5), 400_000
    money = 52 * rng.gamma(r + x, 1 / (alpha + T), n) * p / rng.gamma(p * x + q, 1 / (gamma + spent), n)
    assert value[0] == pytest.approx(money.mean(), rel=0.03)
    assert spread[0] == pytest.approx(np.sqrt(np.log((money**2).mean() / money.mean() ** 2)), rel=0.06)
    assert orders[0] == pytest.approx(52 * (r + x) / (alpha + T), rel=0.02)


def test_who_may_be_gone_is_less_sure_and_equal_histories_are_worth_the_same():
    timing, spend = fixed("BG/NBD", (0.5, 8.0, 0.8, 2.5)), fixed("Gamma-Gamma", (5.0, 6.0, 40.0))
    history = {
        "x": np.array([3, 3, 3]),
        "t_x": np.array([30.0, 5.0, 30.0]),
        "T": np.full(3, 40.0),
        "spent": np.full(3, 90.0),
    }
    value, spread, ahead = valued(timing, spend, history, 52.0, 0.1)
    assert value[0] == value[2] > value[1] and spread[0] == spread[2] < spread[1] and ahead[0] > ahead[1]
    assert np.isnan(valued(timing, None, history, 52.0, 0.1)[0]).all()


# ---- satisfaction


@given(
    delight=st.floats(0, 1),
    loyalty=st.floats(0, 1.5),
    churn=st.floats(0.02, 2),
    fades=st.floats(0.05, 20),
    horizon=st.floats(0.2, 5),
)
@settings(max_examples=30, deadline=None)
def test_the_elasticity_of_spending_is_that_of_a_simulated_customer(delight, loyalty, churn, fades, horizon):
    t = np.linspace(0, horizon, 20_001)

    def spending(shift: float) -> float:
        satisfaction = np.exp(shift * np.exp(-t / fades))
        rate = churn * satisfaction**-loyalty
        left = np.concatenate([[0], np.cumsum((rate[1:] + rate[:-1]) / 2 * np.diff(t))])
        return np.trapezoid(satisfaction**delight * np.exp(-left), t)

    step = 1e-4
    slope = (np.log(spending(step)) - np.log(spending(-step))) / (2 * step)
    assert satisfaction_elasticity(delight, loyalty, churn, fades, horizon) == pytest.approx(slope, abs=2e-5)


def test_a_shift_that_never_fades_has_the_closed_limit():
    c, T = 0.3, 2.0
    wanted = 0.4 + 0.7 * (1 - c * T * np.exp(-c * T) / (1 - np.exp(-c * T)))
    assert satisfaction_elasticity(0.4, 0.7, c, 1e6, T) == pytest.approx(wanted, abs=1e-5)
    assert satisfaction_elasticity(0.4, 0.7, c, 1e-6, T) == pytest.approx(0, abs=1e-5)


# ---- members


def test_fees_ahead_are_the_sum_over_renewals():
    """Due in half a year and yearly; due in a month and monthly; not due within the year."""
    found = fees_ahead(
        np.array([60.0, 5.0, 60.0]), np.array([0.5, 1 / 12, 1.2]), np.array([1.0, 1 / 12, 1.0]), 0.8, 1.0, 0.1
    )
    monthly = sum(5 * 0.8**k * 1.1 ** (-k / 12) for k in range(1, 13))
    assert found == pytest.approx([60 * 0.8 * 1.1**-0.5, monthly, 0.0])


@given(lift=st.floats(0.8, 3), share=st.floats(0, 1), rate=st.floats(0.1, 50))
def test_the_lift_ahead_brings_the_past_rate_to_the_rate_of_a_member(lift, share, rate):
    past = rate * (1 - share) + rate * lift * share
    assert past * lift_ahead(lift, np.array([share]))[0] == pytest.approx(rate * lift)


# ---- from events

ORDERS = """SELECT 'o' || i AS order_id, 'c' || (hash(i) % 300) AS customer_id,
  TIMESTAMP '2023-01-02' + to_hours((i * 7)::INT) AS placed_at, 'done' AS status, 'EUR' AS currency, FALSE AS is_test
  FROM range(1400) AS r(i)"""
LINES = """SELECT 'o' || i AS order_id, '1' AS line, 'p' || (i % 20) AS product_id, 1 AS quantity,
  15 + (hash(i, 3) % 40)::DOUBLE AS price FROM range(1400) AS r(i)"""
RETURNS_ = """SELECT 'o' || i AS order_id, '1' AS line, TIMESTAMP '2023-01-09' + to_hours((i * 7)::INT) AS requested_at,
  CASE WHEN i % 3 = 0 THEN TIMESTAMP '2023-01-12' + to_hours((i * 7)::INT) END AS returned_at, i % 3 = 1 AS kept
  FROM range(0, 1400, 10) AS r(i)"""
MEMBERS = """SELECT 'c' || i AS customer_id, TIMESTAMP '2023-09-01' AS starts_at, TIMESTAMP '2024-09-01' AS ends_at,
  60.0 AS fee FROM range(0, 300, 3) AS r(i)"""


def test_customers_are_counted_from_events_and_read_by_the_desk(tmp_path):
    events, found = (
        events_of({"orders": ORDERS, "order_lines": LINES, "returns": RETURNS_, "memberships": MEMBERS}),
        Prepared(),
    )
    columns = _customers(events, LAST, found)
    file = tmp_path / "customers.parquet"
    _write_customers(columns, LAST, file)
    read = read_customers(file, RETURNS)
    hand = duckdb.sql(f"""
        WITH o AS (FROM ({ORDERS}) WHERE placed_at < '2024-02-26'), r AS (FROM ({RETURNS_}) WHERE requested_at < '2024-02-26')
        SELECT customer_id, count(*), count(r.order_id), count(*) FILTER (coalesce(kept, false)), count(returned_at)
        FROM o LEFT JOIN r USING (order_id) GROUP BY 1""").fetchall()
    assert len(hand) == found.customers == len(read.row)
    for name, *counts in hand:
        row = read.row[name]
        assert [read.facts[n][row] for n in ("orders", "claims", "kept", "came_back")] == counts
    facts = read.facts
    settled = facts["came_back"] + facts["not_back"] + facts["kept"]
    assert (settled <= facts["claims"]).all() and facts["claims"].sum() - 10 < settled.sum() < facts["claims"].sum()
    assert facts["claims"].sum() > 100 and np.isfinite(facts["value"]).all()
    assert read.as_of == dt.datetime(2024, 2, 26, tzinfo=dt.UTC).timestamp()
    members = facts["member"] == 1
    assert members.sum() == found.members > 80
    assert facts["value"][members].mean() - facts["value"][~members].mean() > 20  # half of 60 and what is discounted
    assert (facts["value_spread"] > 0).all() and (facts["orders_ahead"] > 0).all()


def test_only_an_overdue_return_of_a_true_order_counts_as_not_come_back():
    """By hand: on its way, overdue, arrived after the last day; of a cancelled and of a test order."""
    orders = """SELECT 'o' || i AS order_id, 'c' || i AS customer_id, TIMESTAMP '2023-06-01' AS placed_at,
      if(i = 3, 'Cancelled', 'done') AS status, 'EUR' AS currency, i = 4 AS is_test FROM range(5) AS r(i)"""
    asked = """SELECT 'o' || i AS order_id, '1' AS line, kept, if(i = 0, TIMESTAMP '2024-02-24', TIMESTAMP '2023-06-09')
      AS requested_at, if(i = 2, TIMESTAMP '2024-03-09', NULL) AS returned_at FROM (SELECT range AS i, false AS kept FROM range(5))"""
    never = f"SELECT * REPLACE (NULL::TIMESTAMP AS returned_at) FROM ({asked})"
    for returns, not_back in ((asked, [0, 1, 1]), (never, [0, 0, 0])):
        columns = _customers(events_of({"orders": orders, "order_lines": LINES, "returns": returns}), LAST, Prepared())
        assert columns["customer_id"].tolist() == ["c0", "c1", "c2"] and columns["claims"].tolist() == [1, 1, 1]
        assert columns["not_back"].tolist() == not_back and not columns["came_back"].any()


def test_events_without_returns_members_or_repeats_say_what_is_not_known():
    once = """SELECT 'o' || i AS order_id, 'c' || i AS customer_id, TIMESTAMP '2023-01-02' + to_hours((i * 7)::INT) AS placed_at,
      'done' AS status, 'EUR' AS currency, FALSE AS is_test FROM range(1400) AS r(i)"""
    found = Prepared()
    columns = _customers(events_of({"orders": once, "order_lines": LINES}), LAST, found)
    assert np.isnan(columns["claims"]).all() and np.isnan(columns["value"]).all() and not columns["member"].any()
    assert any("no returns" in note for note in found.notes) and any(
        "nobody bought twice" in n or "not known" in n for n in found.notes
    )


def test_claims_that_nobody_recorded_teach_nothing(tmp_path):
    unknown = {"customer_id": ["a", "b"], "orders": [2.0, 3.0], "claims": [np.nan, np.nan]}
    (tmp_path / "policy.toml").write_text('operation = "returns"\ncurrency = "EUR"\n')
    for claims, known in (([np.nan, np.nan], None), ([np.nan, 1.0], [1.0])):
        pq.write_table(pa.table({**unknown, "claims": claims}), tmp_path / "customers.parquet")
        records = records_of(read_papers(tmp_path / "policy.toml", tmp_path / "customers.parquet"))
        assert (records is None) == (known is None)
        assert known is None or records["claims"].tolist() == known
