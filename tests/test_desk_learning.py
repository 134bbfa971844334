"""What the desk learns: planted claims, planted costs and planted effects are found again, with honest errors."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from gearwheel.desk.abuse import RECORD, abuse
from gearwheel.desk.history import History
from gearwheel.desk.learn import combined, contrast, learn
from gearwheel.desk.learn_claims import LEARNED, beliefs_of, learn_claims
from gearwheel.desk.learn_effects import Effect, effects
from gearwheel.desk.policy import believed
from gearwheel.desk.policy_file import parse_policy
from gearwheel.desk.returns import RETURNS, UNSHOWN
from gearwheel.wheel.errors import DeskError
from gearwheel.wheel.parts import Belief

POLICY, _ = parse_policy('operation = "returns"\ncurrency = "EUR"\nexplore = 0.1\ndraws = 400\n', [RETURNS])
BELIEFS = beliefs_of(RETURNS.quantities, {})
PLANTED = {
    "abusers": 0.04,
    "honest_claims": 0.05,
    "false_claims": 0.15,
    "learning": 0.4,
    "lost": 0.02,
    "temptation": 0.0,
}


def planted_records(rng, customers, generous=0.3, **changes):
    """Records of customers who order, claim and are answered one claim after the other."""
    p = PLANTED | changes
    abuser = rng.random(customers) < p["abusers"]
    orders = rng.geometric(0.12, customers)
    counts = {name: np.zeros(customers) for name in RECORD}
    for k in range(orders.max()):
        there = orders > k
        honest = there & (rng.random(customers) < p["honest_claims"])
        rate = p["false_claims"] * np.exp(p["learning"] * counts["kept"])
        false = there & ~honest & abuser & (rng.random(customers) < rate)
        keep = rng.random(customers) < generous
        lost = rng.random(customers) < p["lost"]
        counts["orders"] += there
        counts["claims"] += honest | false
        counts["kept"] += (honest | false) & keep
        counts["came_back"] += honest & ~keep & ~lost
        counts["not_back"] += ~keep & (false | (honest & lost))
    return counts, abuser


def test_the_odds_of_abuse_are_those_of_bayes():
    """A record of two orders by hand: one claim after which nothing came back, then a claim."""
    draws = {n: np.array([v]) for n, v in PLANTED.items()}
    columns = {n: np.array([v]) for n, v in zip(RECORD, (2.0, 1.0, 0.0, 0.0, 1.0))}
    false, _ = abuse(columns, draws)
    h, f, s, lost = 0.05, 0.15 * 0.95, 0.04, 0.02
    nothing = s * (h * lost + f), (1 - s) * h * lost
    abuser = nothing[0] / sum(nothing)
    assert false[0, 0] == pytest.approx(abuser * f / (abuser * f + h))


def test_what_came_back_speaks_for_the_customer_and_what_did_not_against():
    draws = {n: np.array([v]) for n, v in PLANTED.items()}
    good, unknown, bad = ({n: np.array([v]) for n, v in zip(RECORD, r)} for r in (
        (8.0, 2.0, 0.0, 2.0, 0.0), (8.0, 2.0, 0.0, 0.0, 0.0), (8.0, 2.0, 0.0, 0.0, 2.0)))  # fmt: skip
    chances = [abuse(c, draws)[0][0, 0] for c in (good, unknown, bad)]
    assert chances[0] < chances[1] < chances[2] and chances[2] > 0.6 and chances[0] < 0.05


def test_planted_claims_are_found_again():
    rng, inside, ranks = np.random.default_rng(2), [], []
    for seed in range(8):
        planted = {
            "abusers": rng.uniform(0.02, 0.08),
            "false_claims": rng.uniform(0.1, 0.25),
            "lost": rng.uniform(0.01, 0.03),
        }
        records, _ = planted_records(rng, 3000, **planted)
        found = learn_claims(records, BELIEFS, 400, seed)
        assert found.effective > 150
        for name in ("abusers", "honest_claims", "false_claims", "lost"):
            true = (PLANTED | planted)[name]
            low, high = np.quantile(found.draws[name], [0.05, 0.95])
            inside.append(low <= true <= high)
            ranks.append((found.draws[name] < true).mean())
    assert np.mean(inside) > 0.72  # of 32, 0.90 wanted; the 99.9 % band begins at 0.72
    assert 0.3 < np.mean(ranks) < 0.7


def test_more_customers_teach_more_and_none_are_refused():
    rng = np.random.default_rng(4)
    spread = [learn_claims(planted_records(rng, n)[0], BELIEFS).draws["abusers"].std() for n in (200, 1500, 8000)]
    assert all(b < a for a, b in pairwise(spread))
    with pytest.raises(DeskError, match="GW521"):
        learn_claims({n: np.zeros(0) for n in RECORD}, BELIEFS)


def test_without_data_the_posterior_is_the_belief():
    found = learn_claims({n: np.array([1.0 if n == "orders" else 0.0]) for n in RECORD}, BELIEFS, 3000)
    for name in LEARNED:
        value = np.log(found.draws[name]) if BELIEFS[name].shape == "lognormal" else found.draws[name]
        assert value.mean() == pytest.approx(BELIEFS[name].location, abs=0.15 * BELIEFS[name].sd)
        assert value.std() == pytest.approx(BELIEFS[name].sd, rel=0.15)


# ---- effects


def planted_history(rng, n=4000, effect=0.15, confounded=True, explore=0.2, lots=True):
    """Decisions on customers of whom good ones are kept more often, and whose spending the answer moves by `effect`."""
    who = rng.integers(0, n // 2, n)
    rate = rng.gamma(2.0, 0.5, n // 2)[who]
    orders = 1.0 + rng.poisson(6 * rate)
    best = (orders > 6).astype(int) if confounded else np.zeros(n, int)
    propensity = np.full((n, 2), explore / 2)
    propensity[np.arange(n), best] += 1 - explore
    if not lots:
        propensity = np.eye(2)[best]
    chosen = (rng.random(n) > propensity[:, 0]).astype(int)
    spent = rng.gamma(2.0, 15 * rate * (1 + effect * chosen))
    columns = {
        "customer_id": who.astype(str).astype(object), "orders": orders, "claims": np.zeros(n), "member": np.zeros(n),
        "value": np.full(n, np.nan), "amount": rng.lognormal(3, 0.5, n),
    }  # fmt: skip
    return History(("return", "keep"), columns, chosen, propensity, {"spent_after": spent})


def test_the_effect_is_found_although_good_customers_are_kept_more_often():
    rng, found, naive = np.random.default_rng(6), [], []
    for _ in range(40):
        history = planted_history(rng)
        (effect,), refused = effects(history, "return")
        spent = history.outcome("spent_after")
        naive.append(spent[history.chosen == 1].mean() / spent[history.chosen == 0].mean() - 1)
        found.append((effect.share, effect.error))
        assert not refused
    share, error = np.array(found).T
    assert share.mean() == pytest.approx(0.15, abs=4 * share.std() / np.sqrt(40))
    assert np.mean(naive) > 0.5
    assert error.mean() == pytest.approx(share.std(), rel=0.35)
    assert (np.abs(share - 0.15) < 1.96 * error).mean() > 0.8  # of 40, below the 99.9 % band of 0.95


def test_without_lots_nothing_is_learned():
    history = planted_history(np.random.default_rng(7), lots=False)
    found, refused = effects(history, "return")
    assert not found and refused[0].code == "GW521"
    with pytest.raises(DeskError, match="credit"):
        effects(history, "return", ["credit"])


def test_effects_are_read_off_the_costs():
    names = RETURNS.effects
    assert contrast(RETURNS, POLICY, names, "keep") == pytest.approx([-1, 1, 0])
    assert contrast(RETURNS, POLICY, names, "exchange") == pytest.approx([0, 0, 0])
    assert contrast(RETURNS, POLICY, names, "credit") == pytest.approx([0, 0, 1])
    trouble, goodwill, disappointment = contrast(RETURNS, POLICY, names, "partial")
    assert -1 < trouble < 0 and goodwill == 0 and disappointment == 1


def test_a_measured_effect_and_the_belief_are_joined_by_their_precision():
    sharp = combined(RETURNS, POLICY, BELIEFS, [Effect("keep", 5.0, 0.01, 0.2, 1e-4, 10_000)])
    vague = combined(RETURNS, POLICY, BELIEFS, [Effect("keep", 5.0, 50.0, 0.2, 10.0, 40)])
    lasting = BELIEFS["lasting"].centre
    told = {k: (v["goodwill"].draws - v["trouble"].draws).mean() / lasting for k, v in (("s", sharp), ("v", vague))}
    prior = (1 - UNSHOWN) * (BELIEFS["goodwill"].centre - BELIEFS["trouble"].centre)
    assert told["s"] == pytest.approx(0.2, rel=0.1) and told["v"] == pytest.approx(prior, abs=0.005)


@pytest.mark.parametrize(("share", "error"), [(0.0, 0.03), (0.06, 0.03), (0.15, 0.05)])
def test_effects_that_may_be_nothing_are_joined_as_weighed_draws_of_the_prior_are(share, error):
    names, count = list(RETURNS.effects), 400_000
    rng = np.random.default_rng(5)
    normal = {n: BELIEFS[n].centre + BELIEFS[n].sd * rng.standard_normal(count) for n in names}
    prior = {n: np.where(rng.random(count) < UNSHOWN, 0.0, draws) for n, draws in normal.items()}
    weight = np.exp(-(((prior["goodwill"] - prior["trouble"] - share) / error) ** 2) / 2)
    many = replace(POLICY, draws=20_000)
    found = combined(
        RETURNS, many, BELIEFS | {"lasting": Belief(0.99, 1.0, 1.01)}, [Effect("keep", 0.0, 0.0, share, error, 99)]
    )
    lasting = believed(many, RETURNS)["lasting"]
    for name in names:
        draws = found[name].draws / lasting
        assert draws.mean() == pytest.approx(np.average(prior[name], weights=weight), abs=6e-4), name
        assert (draws == 0).mean() == pytest.approx(np.average(prior[name] == 0, weights=weight), abs=0.01), name


def test_what_the_policy_believes_of_an_effect_holds_as_it_is_stated():
    stated = replace(POLICY, quantities={"goodwill": Belief(0.02, 0.05, 0.08)})
    assert (believed(stated, RETURNS)["goodwill"] != 0).all()
    share = (believed(POLICY, RETURNS)["goodwill"] == 0).mean()
    assert share == pytest.approx(UNSHOWN, abs=0.5 / POLICY.draws)


def test_booked_costs_replace_the_belief_as_they_become_many():
    rng, n = np.random.default_rng(8), 3000
    history = planted_history(rng, n)
    back = (rng.random(n) < 0.95).astype(float)
    amount = history.columns["amount"]
    outcomes = {
        "came_back": back, "refunded": np.where(back == 1, amount, amount * (rng.random(n) < 0.6)),
        "freight": np.where(back == 1, rng.gamma(9, 0.8, n), np.nan), "salvage": np.where(back == 1, 0.3 * amount, np.nan),
    }  # fmt: skip
    history = History(history.actions, history.columns, history.chosen, history.propensity, outcomes)
    records, _ = planted_records(rng, 1500)
    found = learn(RETURNS, POLICY, history, records).draws
    assert found["return_freight"].mean() == pytest.approx(7.2, rel=0.03)
    asked_back = (history.chosen == 0).sum()
    assert found["return_freight"].std() == pytest.approx(2.4 / np.sqrt(asked_back), rel=0.2)
    assert found["salvage"].mean() == pytest.approx(0.3, rel=0.01)
    assert "handling" not in found
    few = learn(RETURNS, POLICY, history.where(np.flatnonzero(history.chosen == 0)[:6]), records).draws[
        "return_freight"
    ]
    assert few.std() > 8 * found["return_freight"].std()
    assert learn(RETURNS, POLICY, history).refused[0].code == "GW521"


def test_only_answers_that_ask_for_the_item_back_tell_its_freight_and_whether_false_claims_persist():
    """By hand: parcels back for 6, replacements for 2; kept items were refunded, claims of which nothing came were not."""
    n, chosen = 400, np.repeat([0, 1], 200)
    columns = {"customer_id": np.arange(n).astype(str).astype(object), "amount": np.full(n, 40.0)}
    back = np.where(chosen == 0, np.arange(n) % 2, 0.0)
    outcomes = {
        "freight": np.where(chosen == 0, 6.0, 2.0), "came_back": back,
        "refunded": np.where((chosen == 0) & (back == 0), 0.0, 40.0),
    }  # fmt: skip
    past = History(("return", "keep"), columns, chosen, np.full((n, 2), 0.5), outcomes)
    found = learn(RETURNS, POLICY, past, planted_records(np.random.default_rng(9), 400)[0]).draws
    assert found["return_freight"].mean() == pytest.approx(6.0, rel=1e-3)
    assert found["persists"].mean() < 0.05
