"""A new policy's cost from an old one's log: planted logs whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from gearwheel.desk.evaluate import evaluate
from gearwheel.desk.history import History, clustered
from gearwheel.wheel.errors import DeskError

pytestmark = pytest.mark.filterwarnings("error")

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


def made(chosen, shown, cost, customers=None, **told) -> History:
    """A log in which all decisions were drawn with the probabilities `shown`, of `return` and `keep`."""
    chosen, n = np.asarray(chosen), len(chosen)
    who = np.arange(n) if customers is None else np.asarray(customers)
    columns = {"customer_id": who.astype(str).astype(object)}
    return History(
        ("return", "keep"), columns, chosen, np.tile(shown, (n, 1)), {"cost": np.asarray(cost, float), **told}
    )


def always(action: int, n: int) -> np.ndarray:
    return np.tile(np.eye(2)[action], (n, 1))


def test_an_answer_that_was_never_drawn_is_refused_and_not_evaluated_as_free():
    history = made(np.zeros(40, int), [0.98, 0.02], np.linspace(10, 30, 40))
    with pytest.raises(DeskError, match="GW520.*'keep' was never drawn"):
        evaluate(history, always(1, 40))
    half = np.tile([0.5, 0.5], (40, 1))
    with pytest.raises(DeskError, match="GW520.*answer it 20 times"):
        evaluate(history, half)
    few = evaluate(history, np.tile([0.99, 0.01], (40, 1)))
    assert any("'keep' was never drawn" in w and "1.0 %" in w for w in few.warnings)
    assert not any("average" in w for w in few.warnings)  # that it was not drawn once in 40 times is no surprise


def test_a_policy_that_agrees_with_no_decision_is_refused():
    """Each action was drawn somewhere, but never where the new policy would answer it."""
    chosen = np.arange(60) % 2
    history, target = made(chosen, [0.5, 0.5], 10.0 + chosen), np.eye(2)[1 - chosen]
    with pytest.raises(DeskError, match="GW520.*not one decision"):
        evaluate(history, target)


def test_one_customer_has_no_interval_and_own_ids_have():
    rng = np.random.default_rng(8)
    price, chosen = rng.uniform(12, 55, 900), (rng.random(900) < 0.4).astype(int)
    cost = np.where(chosen == 1, price, 0.4 * price + 8) + rng.normal(0, 2, 900)
    guest = evaluate(made(chosen, [0.6, 0.4], cost, np.zeros(900, int)), always(1, 900))
    for found in (*guest.estimates.values(), guest.old, guest.saved):
        assert found.error is None and found.low is None and found.high is None and np.isfinite(found.value)
    assert [w for w in guest.warnings if "one customer" in w] and not [w for w in guest.warnings if "average" in w]
    own = evaluate(made(chosen, [0.6, 0.4], cost), always(1, 900))
    assert own.estimates["ips"].value == guest.estimates["ips"].value
    assert own.estimates["ips"].low < price.mean() < own.estimates["ips"].high and not own.warnings


def test_two_customers_are_hardly_more_than_one():
    rng = np.random.default_rng(9)
    chosen, cost = rng.integers(0, 2, 200), rng.normal(20, 3, 200)
    two = evaluate(made(chosen, [0.5, 0.5], cost, np.arange(200) % 2), always(0, 200))
    many = evaluate(made(chosen, [0.5, 0.5], cost), always(0, 200))
    old = two.old.high - two.old.low
    assert old == pytest.approx(2 * 12.706 * two.old.error, rel=1e-3)  # Student's t with one degree of freedom
    assert any("a few customers" in w for w in two.warnings) and not many.warnings


@pytest.mark.slow
def test_intervals_cover_where_a_few_customers_make_most_decisions():
    rng, hits, logs = np.random.default_rng(10), 0, 200
    x = np.random.default_rng(6).lognormal(3, 0.6, 500_000)
    truth = float((target(x) * cost_of(x, 0.0)).sum(axis=1).mean())
    for _ in range(logs):
        who = np.minimum(rng.zipf(1.6, 500), 2_000)
        seen = rng.lognormal(3, 0.6, 500)
        shown, helped = propensity(seen), rng.normal(0, 4, 2_001)[who]
        chosen = (rng.random(500)[:, None] > np.cumsum(shown, axis=1)[:, :-1]).sum(axis=1)
        cost = cost_of(seen, helped)[np.arange(500), chosen] + rng.normal(0, 5, 500)
        columns = {"customer_id": who.astype(str).astype(object), "x": seen}
        found = evaluate(History(ACTIONS, columns, chosen, shown, {"cost": cost}), target(seen), cost_of(seen, 0.0))
        hits += found.estimates["dr"].low < truth < found.estimates["dr"].high
        assert any("a few customers" in w for w in found.warnings)
    assert hits / logs > 0.95 - 4 * np.sqrt(0.95 * 0.05 / logs)


def test_costs_that_are_all_alike_have_no_interval_and_a_policy_beside_itself_has():
    chosen = np.random.default_rng(11).integers(0, 2, 100)
    found = evaluate(made(chosen, [0.5, 0.5], np.where(chosen == 1, 24.0, 30.0)), always(0, 100))
    assert found.estimates["dr"].value == pytest.approx(30.0) and found.estimates["snips"].error is None
    assert found.estimates["ips"].error > 0 and any("all alike" in w for w in found.warnings)
    same = made(np.zeros(100, int), [1.0, 0.0], np.random.default_rng(12).normal(20, 3, 100))
    itself = evaluate(same, always(0, 100), np.full((100, 2), 7.0))
    assert (itself.saved.value, itself.saved.low, itself.saved.high) == pytest.approx((0, 0, 0), abs=1e-9)


def test_few_decisions_that_speak_for_a_policy_give_no_interval():
    chosen = np.r_[np.ones(6, int), np.zeros(294, int)]
    found = evaluate(made(chosen, [0.98, 0.02], np.random.default_rng(13).normal(20, 3, 300)), always(1, 300))
    assert found.effective == pytest.approx(6) and found.estimates["dr"].low is None and found.saved.low is None
    assert found.old.low is not None and any("too few for an interval" in w for w in found.warnings)
    with pytest.raises(DeskError, match="GW520"):
        evaluate(made([0], [1.0, 0.0], [5.0]), always(0, 1))
    assert evaluate(made([0, 0], [1.0, 0.0], [5.0, 7.0]), always(0, 2)).old.low is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"shown": [1.0, 0.0]}, "GW512.*what was decided is 0"),
        ({"shown": [0.5, np.nan]}, "GW512.*between 0 and 1"),
        ({"shown": [1.5, 0.5]}, "GW512.*between 0 and 1"),
        ({"cost": np.full(60, np.inf)}, "GW520|GW512"),
        ({"cost": np.r_[np.full(59, 3.0), np.inf]}, "GW512.*'cost' is no number"),
        ({"chosen": np.full(60, 2)}, "GW512.*none of the actions"),
    ],
)
def test_a_log_that_no_lot_can_have_followed_is_refused(change, code):
    usual = {"chosen": np.arange(60) % 2, "shown": [0.5, 0.5], "cost": np.linspace(3, 30, 60)}
    with pytest.raises(DeskError, match=code):
        evaluate(made(**usual | change), always(0, 60))


@pytest.mark.parametrize("wrong", [np.full((60, 2), 0.4), np.full((60, 3), 1 / 3), np.tile([1.5, -0.5], (60, 1))])
def test_a_target_that_is_no_probability_is_refused(wrong):
    with pytest.raises(DeskError, match="GW512.*new policy"):
        evaluate(made(np.arange(60) % 2, [0.5, 0.5], np.linspace(3, 30, 60)), wrong)


def test_expected_costs_that_are_no_numbers_are_refused():
    history = made(np.arange(60) % 2, [0.5, 0.5], np.linspace(3, 30, 60))
    for expected in (np.full((60, 2), np.nan), np.full((60, 2), np.inf), np.zeros((60, 3))):
        with pytest.raises(DeskError, match="GW512.*expected costs"):
            evaluate(history, history.propensity, expected)


def silent_log(rng, n=4_000, **told) -> tuple[History, float]:
    """`return` is answered by the item in six of ten cases, and by nothing else; `keep` always costs 24. With the cost of
    always answering `return`."""
    chosen, back = rng.integers(0, 2, n), rng.random(n) < 0.6
    cost = np.where(chosen == 1, 24.0, np.where(back, 30.0, 0.0))
    said = np.where((chosen == 1) | back, 1.0, 0.0)
    return made(chosen, [0.5, 0.5], cost, told=said, over=np.ones(n), **told), float(np.where(back, 30.0, 0.0).mean())


def test_what_nobody_told_once_the_window_is_over_cost_nothing():
    history, truth = silent_log(np.random.default_rng(14))
    found = evaluate(history, always(0, len(history)))
    for one in found.estimates.values():
        assert one.low < truth < one.high
    assert found.old.value == pytest.approx(history.outcome("cost").mean())
    quiet = int((history.outcome("told") == 0).sum())
    assert found.untold == {"return": quiet} and not found.unknown and found.decisions == len(history)
    assert any("unlike shares" in w and "keep 100 %" in w for w in found.warnings)
    assert not any("average" in w for w in found.warnings)


def test_unknown_costs_are_stood_for_by_others_of_the_same_answer():
    """Of four in five `return`s nobody tells the cost, of every `keep` somebody does; both cost what they cost anyway."""
    rng, n = np.random.default_rng(15), 6_000
    chosen, said = rng.integers(0, 2, n), rng.random(n) < 0.2
    cost = np.where(chosen == 1, 24.0, 15.0) + rng.normal(0, 3, n)
    told = np.where((chosen == 1) | said, 1.0, 0.0)
    history = made(chosen, [0.5, 0.5], np.where(told == 1, cost, 0.0), told=told, over=np.ones(n))
    found = evaluate(history, np.full((n, 2), 0.5), untold="unknown")
    assert found.old.low < cost.mean() < found.old.high and found.old.high - found.old.low < 1
    for one in found.estimates.values():
        assert one.low < cost.mean() < one.high
    assert found.unknown == {"return": int((told == 0).sum())} and not any("average" in w for w in found.warnings)
    table = made(chosen, [0.5, 0.5], np.where(told == 1, cost, np.nan))  # as a table leaves them open
    assert evaluate(table, np.full((n, 2), 0.5)).old.value == pytest.approx(found.old.value)


def test_an_answer_of_which_nothing_was_ever_told_has_to_be_said():
    rng = np.random.default_rng(16)
    chosen = rng.integers(0, 2, 400)
    cost = np.where(chosen == 1, 0.0, 20.0 + rng.normal(0, 3, 400))
    history = made(chosen, [0.5, 0.5], cost, told=1.0 - chosen, over=np.ones(400))
    with pytest.raises(DeskError, match=r"(?s)GW529.*'keep' \(.*--untold free.*--untold unknown"):
        evaluate(history, always(1, 400))
    free = evaluate(history, always(1, 400), untold="free")
    assert free.estimates["snips"].value == 0
    assert evaluate(history, always(1, 400), silent=["keep"]).estimates["snips"].value == 0
    with pytest.raises(DeskError, match="GW520.*'keep' was never drawn among"):
        evaluate(history, always(1, 400), untold="unknown")


def test_what_was_decided_has_no_cost_where_that_of_one_answer_is_never_known():
    """`return` costs 20 and `keep` 10; nobody tells what a `return` costs, so the two policies cannot be compared."""
    rng, n = np.random.default_rng(18), 600
    chosen = rng.integers(0, 2, n)
    cost = np.where(chosen == 1, 10.0, 20.0) + rng.normal(0, 1, n)
    table = made(chosen, [0.5, 0.5], np.where(chosen == 1, cost, np.nan))
    with pytest.raises(DeskError, match=r"GW520.*none of the \d+ decisions that were answered 'return'"):
        evaluate(table, always(1, n))
    quiet = made(chosen, [0.5, 0.5], np.where(chosen == 1, cost, 0.0), told=1.0 * chosen, over=np.ones(n))
    with pytest.raises(DeskError, match="GW520.*answered 'return'"):
        evaluate(quiet, always(1, n), untold="unknown")
    rare = np.where(np.arange(n) < 580, 1, 0)
    cost = np.where(rare == 1, 10.0 + rng.normal(0, 1, n), np.nan)
    found = evaluate(made(rare, [0.03, 0.97], cost), always(1, n))
    assert found.old.low < 10 < found.old.high and found.estimates["dr"].low < 10 < found.estimates["dr"].high
    assert any("none of the 20 decisions that were answered 'return'" in w for w in found.warnings)


def test_a_silent_refusal_is_no_unknown_cost():
    rng, n = np.random.default_rng(19), 400
    chosen = rng.integers(0, 2, n)
    cost = np.where(chosen == 1, 0.0, 20.0 + rng.normal(0, 3, n))
    history = made(chosen, [0.5, 0.5], cost, told=1.0 - chosen, over=np.ones(n))
    found = evaluate(history, always(1, n), untold="unknown", silent=["keep"])
    assert found.old.value == pytest.approx(cost.mean()) and not found.unknown


def test_a_log_of_which_nothing_at_all_was_told_is_no_log_of_free_decisions():
    chosen = np.arange(60) % 2
    for n in (3, 60):
        history = made(chosen[:n], [0.5, 0.5], np.zeros(n), told=np.zeros(n), over=np.ones(n))
        with pytest.raises(DeskError, match=f"GW520.*nothing was told of any of {n} decisions"):
            evaluate(history, always(0, n))
    assert evaluate(history, always(0, 60), untold="free").old.value == 0


def test_decisions_whose_window_is_not_over_are_counted_and_left_out():
    history, truth = silent_log(np.random.default_rng(17), 1_000)
    over = np.r_[np.ones(700), np.zeros(300)]
    cost = np.where(over == 1, history.outcome("cost"), np.nan)
    outcomes = {
        **history.outcomes,
        "over": over,
        "cost": cost,
        "told": np.where(over == 1, history.outcome("told"), np.nan),
    }
    part = History(history.actions, history.columns, history.chosen, history.propensity, outcomes)
    found = evaluate(part, always(0, 1_000))
    assert (found.decisions, found.waiting, found.unknown) == (700, 300, {})


def test_amounts_out_of_proportion_are_refused_in_what_the_library_is_given():
    history = made(np.arange(60) % 2, [0.5, 0.5], np.linspace(3, 30, 60))
    columns = {**history.columns, "amount": np.full(60, 28.0)}
    for cost, sure, fine in ((559.0, 0, True), (561.0, 0, False), (561.0, 1, True), (2_500_000.0, 0, False)):
        outcomes = {"cost": np.r_[history.outcome("cost")[:59], cost], "sure": np.full(60, float(sure))}
        one = History(history.actions, columns, history.chosen, history.propensity, outcomes)
        if fine:
            assert evaluate(one, one.propensity).decisions == 60
        else:
            with pytest.raises(DeskError, match="GW527.*more than 20 times"):
                evaluate(one, one.propensity)
    for gains, fine in (({"cost": -900.0}, True), ({"cost": -1e9}, False), ({"spent_after": 1e9}, False)):
        outcomes = {"cost": history.outcome("cost")} | {
            name: np.r_[history.outcome("cost")[:59], gain] for name, gain in gains.items()
        }
        one = History(history.actions, columns, history.chosen, history.propensity, outcomes)
        if fine:
            assert evaluate(one, one.propensity).decisions == 60
        else:
            with pytest.raises(DeskError, match="GW527.*a gain of more than 400 times"):
                evaluate(one, one.propensity)
