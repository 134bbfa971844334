"""Costs of returns: against plain arithmetic request by request, in any unit of money, and in the right direction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk_requests import NOW, desk, request
from gearwheel.desk.abuse import abuse
from gearwheel.desk.answer import answer
from gearwheel.desk.customers import NOBODY, facts_of
from gearwheel.desk.decide import decide
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.requests import check_rows
from gearwheel.desk.returns import QUANTITIES, RETURNS
from gearwheel.desk.weigh import TIE, weigh

DESK = desk('operation = "returns"\ncurrency = "EUR"\ndraws = 40\n')
ACTIONS = DESK.policy.actions
MONEY = {name for name, q in QUANTITIES.items() if q.unit == "money"}


def columns(rows: list[dict], **facts) -> dict[str, np.ndarray]:
    checked = check_rows(RETURNS, DESK.policy, rows, NOW)
    assert not checked.faults
    found, _ = facts_of(RETURNS, DESK.policy, NOBODY, [""] * len(rows), {})
    return checked.columns | found | {n: np.full(len(rows), float(v)) for n, v in facts.items()}


def cost(rows: list[dict], draws=None, **facts) -> dict[str, np.ndarray]:
    weighed = weigh(RETURNS, ACTIONS, columns(rows, **facts), draws or DESK.draws)
    return dict(zip(ACTIONS, weighed.expected.T))


def by_hand(c: dict[str, float], false: float, more: float, q: dict[str, float], z: float) -> dict[str, float]:
    """What each action costs one request under one draw, written out as sentences of arithmetic."""
    honest, amount = 1 - false, c["price"] * c["quantity"]
    spread = float(np.round(c["value_spread"], 1))
    worth = c["value"] * math.exp(spread * z - spread**2 / 2)
    if math.isnan(c["value"]):
        worth = q["newcomer_value"]
    brings = honest * worth * q["margin"]
    ahead = q["newcomer_orders"] if math.isnan(c["orders_ahead"]) else c["orders_ahead"]
    hazard = more * ahead * q["hazard_share"] * q["usual_claim"]
    arrives = 1 - q["lost"]
    freight = q["return_freight"] if math.isnan(c["freight"]) else c["freight"]
    resale = q["salvage"] if math.isnan(c["resale"]) else c["resale"]
    goods = q["goods_share"] * amount if math.isnan(c["unit_cost"]) else c["unit_cost"] * c["quantity"]
    back = honest * (freight + q["handling"] * arrives - resale * amount * arrives) - q["trouble"] * brings
    paid = honest + q["persists"] * false
    let_down = -q["disappointment"] * brings
    sent = goods + q["outbound_freight"]
    returned = amount * paid + back
    return {
        "return": returned,
        "keep": amount - q["goodwill"] * brings + hazard,
        "replace": sent + hazard * q["goods_share"],
        "exchange": sent * paid + back,
        "credit": q["credit_cost"] * amount * paid + back + let_down,
        "partial": q["accepts"] * q["partial_share"] * (amount + hazard) + (1 - q["accepts"]) * returned + let_down,
        "review": q["review_cost"] + amount * (honest + q["review_misses"] * q["persists"] * false) + back + let_down,
    }


known = st.sampled_from([math.nan, 0.0, 1.0, 30.0])
some = st.fixed_dictionaries(
    {"price": st.floats(0, 500), "quantity": st.sampled_from([1.0, 3.0]), "unit_cost": known, "freight": known,
     "resale": st.sampled_from([math.nan, 0.0, 0.9]), "orders": st.floats(1, 60), "claims": st.integers(0, 9),
     "kept": st.integers(0, 3), "value": st.sampled_from([math.nan, 10.0, 800.0]),
     "value_spread": st.floats(0, 1.5), "orders_ahead": st.sampled_from([math.nan, 0.0, 12.0])}
)  # fmt: skip


@given(asked=some)
@settings(max_examples=40, deadline=None)
def test_expected_costs_are_those_of_plain_arithmetic_draw_by_draw(asked):
    fields = {n: (None if math.isnan(v) else float(v)) for n, v in asked.items() if n in RETURNS.fields}
    facts = {n: float(v) for n, v in asked.items() if n in RETURNS.facts}
    c = columns([request(1, **fields)], **facts)
    false, more = abuse(c, DESK.draws)
    z = np.random.default_rng(17).standard_normal(len(false[0]))
    draws = [{n: float(v[k]) for n, v in DESK.draws.items()} for k in range(len(z))]
    totals = [by_hand(asked, float(false[0, k]), float(more[0, k]), q, float(z[k])) for k, q in enumerate(draws)]
    wanted = {a: np.mean([t[a] for t in totals]) for a in ACTIONS}
    weighed = weigh(RETURNS, ACTIONS, c, DESK.draws)
    assert dict(zip(ACTIONS, weighed.expected[0])) == pytest.approx(wanted, rel=1e-5, abs=1e-5)
    sure = {a: np.mean([t[a] < t["return"] - TIE for t in totals]) for a in ACTIONS if a != "return"}
    assert {a: weighed.surely[0, ACTIONS.index(a)] for a in sure} == pytest.approx(sure, abs=1.5 / len(z))


def test_money_in_cents_costs_a_hundred_times_as_much():
    rows = [request(n, freight=2.0 + n, unit_cost=1.0 * n) for n in range(30)]
    cents = [row | {n: 100 * row[n] for n in ("price", "freight", "unit_cost")} for row in rows]
    hundred = {n: v * (100 if n in MONEY else 1) for n, v in DESK.draws.items()}
    euros, others = cost(rows, value=90, value_spread=0.5), cost(cents, hundred, value=9000, value_spread=0.5)
    for action in ACTIONS:
        np.testing.assert_allclose(others[action], 100 * euros[action], rtol=1e-4)


def test_what_is_dear_comes_back_and_what_is_costly_to_bring_stays():
    def keep_over_return(**changed) -> float:
        found = cost([request(1, **changed)])
        return float((found["keep"] - found["return"])[0])

    prices = [keep_over_return(price=p, freight=5.0) for p in (1.0, 10.0, 100.0, 500.0)]
    freights = [keep_over_return(price=30.0, freight=f) for f in (0.0, 4.0, 20.0)]
    resold = [keep_over_return(price=30.0, resale=r) for r in (0.0, 0.4, 0.9)]
    assert prices == sorted(prices) and resold == sorted(resold) and freights == sorted(freights, reverse=True)
    assert prices[0] < 0 < prices[-1]


def test_who_claims_often_is_trusted_less_and_generosity_to_them_costs_more():
    rows = [request(1, price=30.0)]
    found = [cost(rows, orders=20, claims=n, not_back=n) for n in (0, 3, 8)]
    gap = [float((f["keep"] - f["return"])[0]) for f in found]
    assert gap == sorted(gap)
    false = [float(abuse(columns(rows, orders=20, claims=n, not_back=n), DESK.draws)[0].mean()) for n in (0, 3, 8)]
    assert false == sorted(false) and 0 < false[0] < 0.3


def test_the_probability_of_a_false_claim_is_that_of_an_enumeration():
    """A customer with orders, some claims of unknown fate and nothing kept: every history of claims counted out."""
    q = {"abusers": 0.1, "honest_claims": 0.05, "false_claims": 0.2, "learning": 0.0, "lost": 0.02, "temptation": 0.0}
    draws = {n: np.array([v]) for n, v in q.items()}
    orders, claims = 6, 2
    c = {n: np.array([0.0]) for n in ("kept", "came_back", "not_back")}
    c |= {"orders": np.array([float(orders)]), "claims": np.array([float(claims)])}
    extra = q["false_claims"] * (1 - q["honest_claims"])
    seen = {}
    for abuses in (False, True):
        chance = q["honest_claims"] + (extra if abuses else 0.0)
        past = 0.0
        for history in range(2 ** (orders - 1)):  # which of the orders before this one were claimed
            hits = history.bit_count()
            past += chance**hits * (1 - chance) ** (orders - 1 - hits) if hits == claims else 0.0
        prior = q["abusers"] if abuses else 1 - q["abusers"]
        for false in (False, True):
            seen[abuses, false] = prior * past * (q["honest_claims"] if not false else extra if abuses else 0.0)
    wanted = seen[True, True] / sum(seen.values())
    assert abuse(c, draws)[0][0, 0] == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_a_part_counts_against_caps_of_money_as_large_as_the_policy_offers_it(share):
    own = desk(
        f'operation = "returns"\ncurrency = "EUR"\nactions = ["partial"]\nfallback = "partial"\n'
        f"[quantity]\npartial_share = {share}\n"
    )
    rows = [request(n) for n in range(5)]
    asked = columns(rows)
    made = decide(own, asked, [str(n) for n in range(5)], np.full(5, NOW), Ledger(()))
    np.testing.assert_allclose(made.spent, share * asked["amount"])


def test_what_never_arrived_brings_no_parcel_and_no_salvage_back():
    """A person who looks at it costs their time and what is refunded; nothing is handled, and nothing sold again."""
    words = '[words.reason]\n"never arrived" = ["gone astray"]\n'
    policy = desk('operation = "returns"\ncurrency = "EUR"\ndraws = 40\n' + words).policy
    reasons = ["too small", "never arrived", "Gone-astray ", "not received"]
    rows = [request(1, price=250.0, reason=reason) for reason in reasons]
    seen = check_rows(RETURNS, policy, rows, NOW).columns
    found, _ = facts_of(RETURNS, policy, NOBODY, [""] * 4, {})
    weighed = weigh(RETURNS, ACTIONS, seen | found, DESK.draws)
    parts, names = weighed.parts["review"], ("freight", "handling", "salvage")
    for name in names:
        assert (parts[name] != 0).tolist() == [True, False, False, True]
    review = weighed.expected[:, ACTIONS.index("review")]
    assert review[1] == review[2] == pytest.approx(sum(parts[n][1] for n in ("refund", "people", "future")), abs=1e-5)
    assert review[1] > 240 > 160 > review[0]


def test_a_refusal_costs_the_disappointment_and_nothing_else():
    own = desk('operation = "returns"\ncurrency = "EUR"\ndraws = 40\nactions = ["return", "credit", "refuse"]\n')
    some = columns([request(n) for n in range(5)], value=900.0)
    weighed = weigh(RETURNS, own.policy.actions, some, own.draws)
    assert set(weighed.parts["refuse"]) == {"future"}
    given = weighed.parts["credit"]["future"] - weighed.parts["return"]["future"]
    assert weighed.expected[:, 2] == pytest.approx(given, abs=1e-5) and (weighed.expected[:, 2] > 0).all()


def test_a_refusal_is_open_only_where_a_rule_opens_it_and_never_against_a_right():
    own = desk(
        'operation = "returns"\ncurrency = "EUR"\ndraws = 40\nexplore = 1.0\nactions = ["return", "keep", "review", "refuse"]\n'
        '[rule.late]\nwhen = { days_since_delivery = { above = 30 } }\nonly = ["refuse", "review"]\nbecause = "too late"\n'
        '[rule.dear]\nwhen = { amount = { above = 100 } }\nforbid = ["keep"]\n'
        '[right.defects]\nwhen = { reason = ["damaged"] }\ngrants = ["return"]\n'
    )
    late = {"delivered_at": "2026-09-01T10:00:00Z"}
    rows = [request(1, price=9.0), request(2, price=900.0), request(3, **late), request(4, reason="damaged", **late)]
    open_ = []
    for number, row in enumerate(rows):
        (entry,) = answer(own, NOBODY, Ledger(()), [row], [f"k{number}"], NOW)
        open_.append(set(entry.record.open))
    assert open_ == [{"return", "keep", "review"}, {"return", "review"}, {"refuse", "review"}, {"return"}]
    usual = desk('operation = "returns"\ncurrency = "EUR"\ndraws = 40\n').policy
    assert "refuse" not in usual.actions  # a policy that names no actions cannot refuse
