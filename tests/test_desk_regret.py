"""Two small planted markets of the kind that `benchmarks/desk_regret.py` compares, and what its table is computed from."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gearwheel.market.spin import Run

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
try:
    import desk_regret
    from desk_answers import oracle_costs
    from desk_shop import Books
finally:
    sys.path.remove(str(BENCHMARKS))

BASE = next(m for m in desk_regret.read_markets(desk_regret.FILE) if m.name == "plain")
SMALL = replace(BASE.settings, customers=1500, joining=2.0, own_offers=100, products=400, frequency=0.04)


def short(seed, states=(), **changes):
    """A market that no benchmark uses, for a few months."""
    planted = replace(BASE, settings=replace(SMALL, **changes), seed=seed, states=states)
    return desk_regret.compare(planted, quiet=60, pilot=90, year=90, rules=(0.0, 0.5, np.inf))


def test_the_desk_beats_every_price_rule_where_many_lie():
    found = short(5001, abusers=0.15, abuse=0.35, abuse_learning=0.5, persists=0.6, basket=30.0)
    assert found.false > 0.3 and found.claims > 300
    assert found.costs["oracle"] < found.costs["desk"] < found.costs["best rule"] <= found.costs["always return"]
    assert found.regret["desk"] < 0.85 * found.regret["best rule"]


def test_the_desk_loses_little_where_there_is_nothing_to_know():
    found = short(5002, abusers=0.0, salvage_spread=0.0, freight_spread=0.0)
    assert found.costs["desk"] < 1.02 * found.costs["best rule"]
    assert found.costs["desk"] < found.costs["always return"]


def test_the_oracle_weighs_what_was_planted():
    s = replace(SMALL, persists=0.5, abusers=1.0, abuse_learning=0.5, abuse=0.2, satisfaction_on_orders=1.0,
                keep_on_satisfaction=0.1, trouble_on_satisfaction=-0.1, opinion_weight=0.1)  # fmt: skip
    run = Run(s, 10, 1, {})
    state = run.opening(Books(replace(BASE, settings=s)))
    asked = {
        "customer_id": np.array([0, 1]), "honest": np.array([True, False]), "price": np.array([20.0, 20.0]),
        "freight": np.array([5.0, 5.0]), "resale": np.array([0.5, 0.5]),
    }  # fmt: skip
    cost = oracle_costs(s, state, asked, 1e-6, 10.0, 20.0)
    assert cost[0, 0] == pytest.approx(20 + 5 + 0.98 * (6 - 10), rel=1e-4)  # nothing is yet to come
    assert cost[1, 0] == pytest.approx(10.0, rel=1e-4)
    assert cost[:, 1] == pytest.approx([20.0, 20.0], rel=1e-4)
    later = oracle_costs(s, state, asked, 365.0, 10.0, 20.0)
    assert later[0, 0] > cost[0, 0]  # the trouble
    assert later[1, 1] > cost[1, 1]  # what generosity teaches


def result(name, desk, rule, oracle=90.0):
    costs = {"always return": 130.0, "best rule": rule, "blind": 110.0, "desk": desk, "oracle": oracle}
    return desk_regret.Result(name, costs, 12.0, 100, 0.1, 1.0)


def test_the_verdict_wants_less_regret_and_no_market_much_worse():
    assert desk_regret.verdict([result("a", 100.0, 110.0)])[0]
    met, said = desk_regret.verdict([result("a", 100.0, 110.0), result("b", 111.5, 110.0)])
    assert not met and "b +1.4 %" in said
    assert not desk_regret.verdict([result("a", 108.0, 110.0)])[0]
    assert "-50 %" in desk_regret.table([result("a", 100.0, 110.0)])


def test_the_markets_are_many_and_of_every_kind():
    markets = [m.settings for m in desk_regret.read_markets(desk_regret.FILE)]
    assert len(markets) >= 20
    loyal = [bool((m.keep_on_satisfaction or m.trouble_on_satisfaction) and
                  (m.satisfaction_on_orders or m.satisfaction_on_leaving)) for m in markets]  # fmt: skip
    abused = [m.abusers >= 0.05 for m in markets]
    assert min(sum(loyal), sum(not x for x in loyal), sum(abused), sum(not x for x in abused)) >= 6
