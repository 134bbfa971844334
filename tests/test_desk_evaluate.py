"""A new policy's cost from an old one's log: planted logs whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from gearwheel.desk.evaluate import evaluate
from gearwheel.desk.history import History, clustered
from gearwheel.wheel.errors import DeskError

ACTIONS = ("return", "keep", "review")
LOGS = 400


def cost_of(x, helped):
    """Expected cost of each action, (n, 3): a line in what is seen, and what only the customer knows."""
    return np.stack([12 + 0.5 * x + helped, x + 0.3 * helped, 20 + 0.2 * x], axis=1)


def propensity(x, explore=0.3):
    """A policy that keeps what is cheap and draws by lot."""
    best = (x < 20).astype(int)
    found = np.full((len(x), 3), explore / 3)
    found[np.arange(len(x)), best] += 1 - explore
    return found


def target(x):
    """Another one: keeps up to 35, and of what is dearer looks at half."""
    found = np.zeros((len(x), 3))
    found[x < 35, 1] = 1
    found[x >= 35] = [0.5, 0, 0.5]
    return found


def log(rng, customers=150, each=4, explore=0.3):
    """A planted log of customers who come back, and what the target would have cost on average over all logs."""
    n = customers * each
    who = np.repeat(np.arange(customers), each)
    x = rng.lognormal(3, 0.6, n)
    helped = np.repeat(rng.normal(0, 4, customers), each)
    shown = propensity(x, explore)
    chosen = (rng.random(n)[:, None] > np.cumsum(shown, axis=1)[:, :-1]).sum(axis=1)
    mean = cost_of(x, helped)
    cost = mean[np.arange(n), chosen] + rng.normal(0, 5, n)
    columns = {"customer_id": who.astype(str).astype(object), "x": x}
    return History(ACTIONS, columns, chosen, shown, {"cost": cost}), (target(x) * mean).sum(axis=1).mean()


@pytest.fixture(scope="module")
def runs():
    """Estimates over many logs: (logs, {ips, snips, dr with a right model, dr with a wrong one})."""
    rng = np.random.default_rng(5)
    big = np.random.default_rng(6)
    x = big.lognormal(3, 0.6, 2_000_000)
    truth = float((target(x) * cost_of(x, 0.0)).sum(axis=1).mean())
    found = {m: [] for m in ("ips", "snips", "dr", "wrong", "old", "saved")}
    for _ in range(LOGS):
        history, _ = log(rng)
        seen = history.columns["x"]
        right = evaluate(history, target(seen), cost_of(seen, 0.0))
        wrong = evaluate(history, target(seen), 80 - cost_of(seen, 0.0)[:, ::-1])
        for method in ("ips", "snips", "dr"):
            found[method].append(right.estimates[method])
        found["wrong"].append(wrong.estimates["dr"])
        found["old"].append(right.old)
        found["saved"].append(right.saved)
    old = float((propensity(x) * cost_of(x, 0.0)).sum(axis=1).mean())
    return truth, old, {m: np.array([[e.value, e.low, e.high] for e in es]) for m, es in found.items()}


@pytest.mark.parametrize("method", ["ips", "snips", "dr", "wrong"])
def test_the_new_policys_cost_is_met_without_bias_and_covered(runs, method):
    truth, _, found = runs
    value, low, high = found[method].T
    assert value.mean() == pytest.approx(truth, abs=4 * value.std() / np.sqrt(LOGS))
    covered = ((low < truth) & (truth < high)).mean()
    assert 0.95 - 4 * np.sqrt(0.95 * 0.05 / LOGS) < covered < 0.95 + 4 * np.sqrt(0.95 * 0.05 / LOGS)


def test_the_old_policys_cost_and_the_saving_are_covered(runs):
    truth, old, found = runs
    for name, true in (("old", old), ("saved", old - truth)):
        value, low, high = found[name].T
        assert value.mean() == pytest.approx(true, abs=4 * value.std() / np.sqrt(LOGS))
        assert ((low < true) & (true < high)).mean() > 0.9


def test_a_right_model_makes_it_sharper(runs):
    spread = {m: v[:, 0].std() for m, v in runs[2].items()}
    assert spread["dr"] < 0.6 * spread["ips"]


def test_the_policy_of_the_log_costs_what_the_log_cost():
    history, _ = log(np.random.default_rng(1))
    found = evaluate(history, history.propensity)
    assert found.estimates["ips"].value == pytest.approx(history.outcome("cost").mean())
    assert found.effective == pytest.approx(len(history)) and not found.warnings


def test_what_was_never_logged_is_refused_by_name():
    history, _ = log(np.random.default_rng(2))
    never = History(
        (*ACTIONS, "credit"),
        history.columns,
        history.chosen,
        np.pad(history.propensity, ((0, 0), (0, 1))),
        history.outcomes,
    )
    wanted = np.zeros((len(history), 4))
    wanted[:, 3] = 1
    with pytest.raises(DeskError, match="GW520.*'credit' was never possible"):
        evaluate(never, wanted)
    shown = history.propensity.copy()
    shown[:5, 2] = 0
    some = History(ACTIONS, history.columns, history.chosen, shown, history.outcomes)
    with pytest.raises(DeskError, match="'review' 5 times where the log never could|'review' . times where"):
        evaluate(some, np.full((len(history), 3), 1 / 3))


def test_unknown_costs_are_left_out_and_none_is_refused():
    history, _ = log(np.random.default_rng(3))
    cost = history.outcome("cost").copy()
    cost[100:] = np.nan
    part = History(ACTIONS, history.columns, history.chosen, history.propensity, {"cost": cost})
    assert evaluate(part, part.propensity).decisions == 100
    with pytest.raises(DeskError, match="GW520"):
        evaluate(History(ACTIONS, part.columns, part.chosen, part.propensity, {}), part.propensity)


def test_heavy_weights_and_wrong_propensities_are_told():
    history, _ = log(np.random.default_rng(4), explore=0.06)
    rare = np.where(np.arange(3) == 2, 1.0, 0.0)[None].repeat(len(history), 0)
    found = evaluate(history, rare)
    assert any("worth" in w for w in found.warnings)
    history, _ = log(np.random.default_rng(4))
    doubled = np.roll(history.propensity, 1, axis=1)
    false = History(ACTIONS, history.columns, history.chosen, doubled, history.outcomes)
    assert any("average" in w for w in evaluate(false, history.propensity).warnings)


def test_errors_are_by_customer():
    values = np.repeat(np.random.default_rng(7).normal(0, 1, 200), 10)
    who = np.repeat(np.arange(200), 10)
    assert clustered(values, who) == pytest.approx(values[::10].std(ddof=1) / np.sqrt(200))
    alone = clustered(values, np.arange(2000))
    assert clustered(values, who) == pytest.approx(alone * np.sqrt(10), rel=0.01)
