"""What a decision on a return costs in the planted market, and what it leaves behind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gearwheel.market.returns import cost_of_returns
from gearwheel.market.settings import Market
from gearwheel.market.spin import spin

BASE = Market(
    customers=600, population=30_000, joining=0, sellers=1, entry=0.0, own_offers=50, products=200, returning=0.2,
    abusers=0.3, abuse=0.3, abuse_learning=0.0, frequency=0.05, logistics=4.0,
)  # fmt: skip


def spun(action: str, days: int = 60, **changes):
    """(run, requests) where every claim is answered with `action`."""
    seen = []

    def decide(requests):
        seen.append(requests)
        return [action] * len(requests["price"])

    run = spin(replace(BASE, **changes), days, 3, decide=decide)
    return run, {n: np.concatenate([batch[n] for batch in seen]) for n in seen[0]}


@pytest.mark.parametrize("action", ["return", "exchange", "credit", "review"])
@pytest.mark.parametrize("persists", [0.0, 0.4, 1.0])
def test_only_false_claims_that_persist_are_served_though_nothing_comes(action, persists):
    run, requests = spun(action, persists=persists)
    returns, count = run.tables["returns"], run.daily["false_claims"].sum()
    came = ~np.isnat(returns["returned_at"])
    assert (~came).sum() == count > 100
    served = returns["refund"] > 0 if action != "exchange" else None
    if served is not None:
        assert served[came].all()
        assert served[~came].mean() == pytest.approx(persists, abs=4 * np.sqrt(0.25 / count))
    else:
        sent = run.daily["replaced"].sum()
        cost = requests["unit_cost"]
        assert sent == pytest.approx(cost[came].sum() + persists * cost[~came].sum(), rel=0.1)
    assert run.daily["returns_cost"].sum() == pytest.approx(11 * came.sum())  # honest claims only
    assert (returns["salvage"][~came] == 0).all() and (returns["salvage"][came] > 0).all()


def test_what_is_lost_on_the_way_is_refunded_without_handling_or_salvage():
    run, _ = spun("return", abusers=0.0, lost=0.3)
    returns = run.tables["returns"]
    lost = np.isnat(returns["returned_at"])
    assert lost.mean() == pytest.approx(0.3, abs=0.08) and (returns["refund"] > 0).all()
    assert run.daily["returns_cost"].sum() == pytest.approx(5 * len(lost) + 6 * (~lost).sum())


def test_a_person_finds_a_share_of_the_false_claims_and_costs_money():
    run, requests = spun("review", review_finds=0.6, review_cost=7.0)
    returns, false = run.tables["returns"], run.daily["false_claims"].sum()
    assert (returns["refund"] == 0).sum() == pytest.approx(0.6 * false, abs=4 * np.sqrt(0.24 * false))
    assert run.daily["reviewed"].sum() == 7 * len(requests["price"])


def test_a_part_is_taken_with_its_probability_else_it_is_a_return():
    run, requests = spun("partial", abusers=0.0, accepts=0.3, partial_share=0.5)
    share = run.tables["returns"]["refund"] / requests["price"]
    kept = run.tables["returns"]["kept"]
    assert kept.mean() == pytest.approx(0.3, abs=0.07)
    assert share[kept] == pytest.approx(0.5, abs=0.01) and share[~kept] == pytest.approx(1.0)


def test_credit_costs_what_the_goods_cost():
    run, requests = spun("credit", abusers=0.0)
    assert run.daily["refunds"].sum() == 0
    assert run.daily["credited"].sum() == pytest.approx(BASE.goods * requests["price"].sum())


def test_the_cost_of_returns_is_the_sum_of_its_parts():
    run, requests = spun("keep")
    assert cost_of_returns(run.daily).sum() == pytest.approx(requests["price"].sum())
    run, requests = spun("replace")
    assert cost_of_returns(run.daily).sum() == pytest.approx(requests["unit_cost"].sum() + 4 * len(requests["price"]))


def test_products_differ_in_freight_and_resale_and_the_request_says_so():
    _, requests = spun("return", freight_spread=0.5, salvage_spread=0.2)
    log = np.log(requests["freight"])
    assert log.std() == pytest.approx(0.5, abs=0.15) and requests["freight"].mean() == pytest.approx(5, rel=0.2)
    assert requests["resale"].std() == pytest.approx(0.2, abs=0.06)
    for number in np.unique(requests["product_id"]):
        assert len(set(requests["freight"][requests["product_id"] == number])) == 1


def test_loyalty_is_moved_by_keeping_and_by_trouble():
    moods = {"satisfaction_on_leaving": -3.0, "satisfaction_on_orders": 2.0, "opinion_weight": 0.1, "abusers": 0.0}
    effects = {"keep_on_satisfaction": 0.1, "trouble_on_satisfaction": -0.1}
    orders = {
        (a, bool(e)): spun(a, 100, **moods, **e)[0].daily["orders"].sum()
        for a in ("keep", "return")
        for e in ({}, effects)
    }
    assert orders["keep", False] == orders["return", False]
    assert orders["keep", True] > orders["keep", False] > orders["return", True]
