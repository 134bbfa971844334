"""The planted market: what is conserved, what luck is shared, what decisions do, and what it writes."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gearwheel
from gearwheel.market.draws import Arrivals, Draws, Stream
from gearwheel.market.returns import ACTIONS
from gearwheel.market.settings import STRENGTHS, Market
from gearwheel.market.spin import spin
from gearwheel.market.tables import TABLES
from gearwheel.market.trials import Experiment

SMALL = Market(customers=3000, population=60_000, joining=6.0, sellers=80, entry=0.4, own_offers=200, products=800)
DAYS = 150
LEVERS = {"price": [(0, 1.0), (50, 1.1)], "take": [(0, 0.15), (date(2023, 4, 1), 0.1)]}


@lru_cache(maxsize=8)
def spun(days: int = DAYS, seed: int = 3, shift: tuple = (), **changes):
    return spin(replace(SMALL, **changes), days, seed, levers=LEVERS, shift=dict(shift))


def same(one, other, names=tuple(TABLES)) -> bool:
    return all(
        np.array_equal(one.tables[t][c], other.tables[t][c], equal_nan=one.tables[t][c].dtype.kind in "fM")
        for t in names
        for c in TABLES[t]
    )


# ---- conservation


def test_customers_and_sellers_in_less_out_are_those_who_are_there():
    run = spun()
    joined, left, there = (run.daily[n] for n in ("joined", "left", "customers"))
    assert there[0] == SMALL.customers and joined.sum() > 100 and left.sum() > 100
    np.testing.assert_array_equal(np.diff(there), (joined - left)[:-1])
    sellers = run.tables["sellers"]
    gone = ~np.isnat(sellers["left_at"])
    assert gone.sum() == run.daily["exited"].sum() > 0
    assert len(gone) == SMALL.sellers + run.daily["entered"].sum()
    assert len(np.unique(sellers["seller_id"])) == len(gone)


def test_offers_listed_less_delisted_are_those_that_are_live():
    run = spun()
    offers = run.tables["offers"]
    live = run.daily["offers"]
    np.testing.assert_array_equal(np.diff(live), (run.daily["listed"] - run.daily["delisted"])[:-1])
    assert np.isnat(offers["delisted_at"]).sum() == live[-1] + (run.daily["listed"] - run.daily["delisted"])[-1]
    assert (
        offers["delisted_at"][~np.isnat(offers["delisted_at"])] >= offers["listed_at"][~np.isnat(offers["delisted_at"])]
    ).all()


def test_every_row_has_the_row_that_it_belongs_to():
    t = spun().tables
    orders = t["orders"]["order_id"]
    assert len(np.unique(orders)) == len(orders)
    assert set(t["order_lines"]["order_id"]) == set(orders)
    kept = orders[t["orders"]["status"] == 0]
    assert sorted(t["deliveries"]["order_id"]) == sorted(kept)
    for name in ("reviews", "returns", "contacts"):
        assert len(t[name]["order_id"]) and np.isin(t[name]["order_id"], kept).all(), name
    assert np.isin(t["orders"]["customer_id"], t["customers"]["customer_id"]).all()
    assert np.isin(t["memberships"]["customer_id"], t["customers"]["customer_id"]).all()
    assert set(t["offers"]["seller_id"]) - {-1} <= set(t["sellers"]["seller_id"])
    assert set(t["order_lines"]["seller_id"]) <= set(t["offers"]["seller_id"])
    assert np.isin(t["hosting"]["seller_id"], t["sellers"]["seller_id"]).all()


def test_what_is_sold_was_on_offer_that_day():
    t = spun().tables
    day_of = dict(zip(t["orders"]["order_id"].tolist(), t["orders"]["placed_at"].astype("datetime64[D]")))
    joined = dict(zip(t["sellers"]["seller_id"].tolist(), t["sellers"]["joined_at"].astype("datetime64[D]")))
    left = dict(zip(t["sellers"]["seller_id"].tolist(), t["sellers"]["left_at"].astype("datetime64[D]")))
    for order, seller in zip(t["order_lines"]["order_id"].tolist(), t["order_lines"]["seller_id"].tolist()):
        if seller >= 0:
            assert joined[seller] <= day_of[order]
            assert np.isnat(left[seller]) or day_of[order] <= left[seller]


def test_nobody_buys_before_joining_or_after_leaving_and_parcels_take_time():
    run = spun()
    orders, customers = run.tables["orders"], run.tables["customers"]
    first = np.zeros(len(customers["customer_id"]), dtype="datetime64[s]")
    first[customers["customer_id"]] = customers["first_seen"]
    assert (orders["placed_at"] >= first[orders["customer_id"]]).all()
    placed = dict(zip(orders["order_id"].tolist(), orders["placed_at"]))
    delivered = run.tables["deliveries"]
    there = ~np.isnat(delivered["delivered_at"])
    took = delivered["delivered_at"][there] - np.array([placed[o] for o in delivered["order_id"][there].tolist()])
    assert (took > np.timedelta64(0, "s")).all()
    assert there.sum() == run.daily["delivered"].sum()


def test_daily_counts_are_those_of_the_tables():
    run = spun()
    kept = run.tables["orders"]["status"] == 0
    days = (run.tables["orders"]["placed_at"][kept] - np.datetime64(SMALL.start)).astype("timedelta64[D]").astype(int)
    np.testing.assert_array_equal(np.bincount(days, minlength=DAYS), run.daily["orders"])
    assert run.tables["reviews"]["score"].sum() == run.daily["review_score"].sum()
    assert run.tables["returns"]["refund"].sum() == pytest.approx(run.daily["refunds"].sum())
    costs = run.tables["costs"]
    assert costs["amount"][costs["kind"] == 1].sum() == pytest.approx(run.daily["logistics"].sum())


def test_the_columns_are_the_canonical_ones():
    described = tomllib.loads((Path(gearwheel.__file__).parent / "gauges" / "tables.toml").read_text("utf-8"))
    assert set(described) - set(TABLES) == {"decisions"}
    assert {t: set(c) for t, c in TABLES.items()} == {t: set(described[t]["columns"]) for t in TABLES}
    for name, table in spun().tables.items():
        keys = list(zip(*(table[key].tolist() for key in described[name]["key"])))
        assert len(set(keys)) == len(keys), name


# ---- luck


def test_the_same_seed_gives_the_same_events_and_another_seed_others():
    again = spin(SMALL, DAYS, 3, levers=LEVERS)
    assert same(spun(), again)
    assert not same(spun(), spun(seed=4), ("orders",))


def test_the_past_does_not_know_how_long_the_market_runs():
    short, long = spun(days=60), spun()
    for name in short.daily:
        np.testing.assert_array_equal(short.daily[name], long.daily[name][:60], err_msg=name)


def test_no_shift_is_the_same_market_and_a_shift_leaves_alone_what_it_does_not_touch():
    assert same(spun(), spun(shift=(("price_on_orders", 0.0),)))
    cost = spun(shift=(("volume_on_cost", 0.1),))
    assert same(spun(), cost, ("orders", "deliveries", "reviews", "returns", "sellers", "offers", "customers"))
    assert cost.daily["parcel"] == pytest.approx(spun().daily["parcel"] * np.exp(0.1 * SMALL.volume_on_cost))
    entry = spun(shift=(("traffic_on_entry", 0.1),), selection_on_orders=0.0)
    plain = spun(selection_on_orders=0.0)
    assert same(entry, plain, ("orders", "customers", "reviews", "memberships"))
    assert entry.daily["entered"].sum() >= plain.daily["entered"].sum()


def test_a_dearer_shop_sells_to_a_part_of_the_same_people_on_the_same_days():
    """Paired luck on the first day: whoever buys at the higher price buys at the lower one too."""
    dear, cheap = (spin(SMALL, 1, 3, shift={"price_on_orders": move}) for move in (0.1, -0.1))
    assert set(dear.tables["orders"]["order_id"]) < set(cheap.tables["orders"]["order_id"])


@given(st.integers(0, 2**64 - 1), st.integers(0, 5000), st.integers(1, 500), st.integers(1, 500))
@settings(max_examples=25, deadline=None)
def test_dense_luck_does_not_depend_on_how_many_there_are(seed, day, few, more):
    draws = Draws(seed)
    one = draws.dense(Stream.CUSTOMER_DAY, day, few)
    np.testing.assert_array_equal(one, draws.dense(Stream.CUSTOMER_DAY, day, few + more)[:few])


def test_luck_is_uniform_and_unrelated_between_neighbours():
    draws = Draws(1)
    u = draws.uniform(Stream.SCORE, np.arange(200_000))
    v = draws.uniform(Stream.SCORE, np.arange(200_000), 1)
    assert abs(u.mean() - 0.5) < 0.003 and abs(u.var() - 1 / 12) < 0.001
    for other in (v, np.roll(u, 1), draws.uniform(Stream.REVIEW, np.arange(200_000))):
        assert abs(np.corrcoef(u, other)[0, 1]) < 0.01
    z = draws.normal(Stream.SCORE, np.arange(200_000))
    assert abs(z.mean()) < 0.01 and abs(z.std() - 1) < 0.01


def test_newcomers_come_at_the_rate_of_their_intensity():
    arrivals = Arrivals(Draws(1), Stream.ARRIVAL_CUSTOMER)
    counts = np.diff([arrivals.count(10.0 * k) for k in range(2001)])
    assert counts.mean() == pytest.approx(10, abs=4 * np.sqrt(10 / 2000))
    assert counts.var() == pytest.approx(10, rel=0.15)


# ---- decisions


def test_the_decision_callback_sees_every_claim_and_is_obeyed():
    seen = []

    def decide(requests):
        seen.append({name: column.copy() for name, column in requests.items()})
        return np.where(requests["price"] < 25, "keep", "return")

    run = spin(SMALL, DAYS, 3, decide=decide)
    orders, price = (np.concatenate([batch[name] for batch in seen]) for name in ("order_id", "price"))
    returns = run.tables["returns"]
    np.testing.assert_array_equal(returns["order_id"], orders)
    np.testing.assert_array_equal(returns["kept"], price < 25)
    came = ~np.isnat(returns["returned_at"])
    assert not came[price < 25].any() and 0 <= (~came[price >= 25]).sum() <= run.daily["false_claims"].sum()
    assert returns["refund"] == pytest.approx(price) and 0 < (price < 25).mean() < 1
    assert all("honest" not in batch for batch in seen)
    assert run.daily["returns_cost"].sum() == pytest.approx(11 * came.sum())  # what does not come costs no handling


@pytest.mark.parametrize(
    ("action", "refund", "back"), [("return", 1, True), ("partial", 0.4, False), ("refuse", 0, False)]
)
def test_each_action_moves_its_money(action, refund, back):
    run = spin(SMALL, 60, 3, decide=lambda requests: [action] * len(requests["price"]))
    assert run.daily["refunds"].sum() == pytest.approx(refund * _claimed(run), rel=1e-3)
    assert (run.tables["returns"]["kept"] == (not back)).all()
    assert ACTIONS[action].back is back


def _claimed(run) -> float:
    """Prices of the claimed lines."""
    lines = run.tables["order_lines"]
    price = dict(zip(zip(lines["order_id"].tolist(), lines["line"].tolist()), lines["price"].tolist()))
    claimed = zip(run.tables["returns"]["order_id"].tolist(), run.tables["returns"]["line"].tolist())
    return sum(price[key] for key in claimed)


def test_generosity_breeds_false_claims_and_strictness_loses_customers():
    many = replace(SMALL, customers=1500, abusers=0.3, abuse_learning=0.8, returning=0.2, satisfaction_on_leaving=-3.0)
    generous, usual, strict = (
        spin(many, 200, 3, decide=lambda r, a=a: [a] * len(r["price"])).daily for a in ("keep", "return", "refuse")
    )
    assert generous["false_claims"].sum() > 1.3 * usual["false_claims"].sum()
    assert strict["left"].sum() > 1.1 * usual["left"].sum()


@pytest.mark.parametrize(
    ("answer", "said"), [(lambda r: ["burn"] * len(r["price"]), "burn"), (lambda r: ["keep"], "actions for")]
)
def test_an_answer_that_is_no_decision_is_refused(answer, said):
    with pytest.raises(ValueError, match=said):
        spin(replace(SMALL, returning=0.5), 30, 3, decide=answer)


# ---- settings, levers, experiments


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"customers": 0}, "customers must be above 0"),
        ({"dropout": 1.5}, "dropout is a share"),
        ({"price_on_orders": float("nan")}, "price_on_orders must be finite"),
        ({"price_spread": -1.0}, "price_spread is an sd"),
        ({"population": 10.0}, "no room"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        replace(SMALL, **changes)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"levers": {"prize": [(0, 1.0)]}}, "unknown lever 'prize'"),
        ({"levers": {"price": [(0, 0.0)]}}, "must stay positive"),
        ({"shift": {"price": 0.1}}, "no link 'price'"),
        ({"experiments": [("x", "price", 1.0, 0, 9)]}, "another one"),
        ({"experiments": [("x", "weather", 1.1, 0, 9)]}, "no experiment on"),
        ({"experiments": [("x", "price", 1.1, 9, 9)]}, "must end after"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked, said):
    def ask():
        named = {k: [Experiment(*e) for e in v] if k == "experiments" else v for k, v in asked.items()}
        spin(SMALL, 30, 3, **named)

    with pytest.raises(ValueError, match=said):
        ask()


def test_levers_act_from_their_date_on():
    run = spun()
    assert run.daily["price"][49] == 1.0 and run.daily["price"][50] == 1.1
    t = run.tables
    take = t["order_lines"]["commission"] / (t["order_lines"]["price"] * t["order_lines"]["quantity"])
    placed = dict(zip(t["orders"]["order_id"].tolist(), t["orders"]["placed_at"]))
    late = np.array([placed[o] >= np.datetime64("2023-04-01") for o in t["order_lines"]["order_id"].tolist()])
    assert np.nanmedian(take[late]) == pytest.approx(0.1, abs=0.005)
    assert np.nanmedian(take[~late]) == pytest.approx(0.15, abs=0.005)


def test_progress_may_cancel():
    class Enough(Exception):
        pass

    def stop(stage, done, total, note):
        if done > 20:
            raise Enough

    with pytest.raises(Enough):
        spin(SMALL, 60, 3, progress=stop)


def test_every_strength_has_its_name_and_zero_strengths_are_a_market_too():
    still = spin(replace(SMALL, **dict.fromkeys(STRENGTHS, 0.0)), 30, 3, levers=LEVERS)
    assert still.daily["orders"].sum() > 0


# ---- writing


def test_streamed_files_hold_what_memory_holds_and_nothing_is_overwritten(tmp_path):
    import duckdb

    kept = spun(days=60)
    kept.write(tmp_path / "kept")
    streamed = spin(SMALL, 60, 3, levers=LEVERS, folder=tmp_path / "streamed")
    assert streamed.tables == {}
    with duckdb.connect() as connection:
        for name in TABLES:
            one, other = (f"'{tmp_path}/{folder}/{name}.parquet'" for folder in ("kept", "streamed"))
            left = connection.execute(f"select count(*) from (select * from {one} except all select * from {other})")
            assert left.fetchone() == (0,), name
            rows = connection.execute(f"select count(*) from {other}").fetchone()[0]
            assert rows == len(next(iter(kept.tables[name].values()))), name
        kinds = dict(
            connection.execute(
                f"select column_name, column_type from (describe from '{tmp_path}/kept/orders.parquet')"
            ).fetchall()
        )
        lines = connection.execute(
            f"select count(*), count(seller_id), count(unit_cost) from '{tmp_path}/kept/order_lines.parquet'"
        ).fetchone()
    assert kinds["order_id"] == "VARCHAR" and kinds["placed_at"] == "TIMESTAMP" and kinds["is_test"] == "BOOLEAN"
    assert lines[1] + lines[2] == lines[0] and 0 < lines[1] < lines[0]  # a line is a seller's, or the shop's own
    with pytest.raises(FileExistsError):
        kept.write(tmp_path / "kept")
