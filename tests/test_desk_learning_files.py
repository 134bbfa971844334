"""From the log of a desk to knowledge.json and to the evaluation of another policy, through the files that people use."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from gearwheel.cli import main
from gearwheel.desk.batch_run import decide_file
from gearwheel.desk.evaluate_policy import evaluate_policy
from gearwheel.desk.history_file import _left_out, from_store, read_history
from gearwheel.desk.learn import learn
from gearwheel.desk.learned import read_knowledge
from gearwheel.desk.opened import read_papers
from gearwheel.desk.outcomes import outcome_of
from gearwheel.desk.policy import believed
from gearwheel.desk.policy_file import parse_policy
from gearwheel.desk.record import ENCODE, asked_hash
from gearwheel.desk.returns import RETURNS
from gearwheel.desk.store import Outcome, open_store
from gearwheel.wheel.errors import DeskError, Problem

POLICY = """operation = "returns"
currency = "EUR"
actions = ["return", "keep", "review"]
explore = 0.3
draws = 100
"""
COUNT = 400
NOW = 1.9e9


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A desk that decided on 400 requests half a year ago, with what was told of them: (folder, requests)."""
    folder = tmp_path_factory.mktemp("desk")
    rng = np.random.default_rng(3)
    requested = np.datetime64("2026-03-01T00:00:00") + np.arange(COUNT) * np.timedelta64(3600, "s")
    requests = {
        "order_id": [f"o{k}" for k in range(COUNT)], "product_id": [f"p{k % 40}" for k in range(COUNT)],
        "customer_id": [f"c{k % 150}" for k in range(COUNT)], "quantity": np.ones(COUNT),
        "price": np.round(rng.lognormal(3, 0.7, COUNT), 2), "currency": ["EUR"] * COUNT, "reason": ["too small"] * COUNT,
        "requested_at": requested.astype("datetime64[us]"),
    }  # fmt: skip
    pq.write_table(pa.table(requests), folder / "requests.parquet")
    (folder / "policy.toml").write_text(POLICY)
    store = open_store(str(folder / "desk.db"))
    papers = read_papers(folder / "policy.toml")
    decide_file(papers, folder / "requests.parquet", folder / "decisions.parquet", store, clock="requested")
    decided = pq.read_table(folder / "decisions.parquet").to_pylist()
    desk, told = papers.desk(store.meta()["secret"]), []
    for row in decided:
        price, name = requests["price"][row["row"]], row["decision_id"]
        told.append((name, "refunded", 2, price))
        if row["action"] != "keep":
            told += [
                (name, "returned", 8, None),
                (name, "freight", 8, 4.0),
                (name, "freight", 9, 3.0),
                (name, "salvaged", 9, 0.25 * price),
            ]
        told.append((name, "bought_again", 20, 12.0))
        told.append((name, "bought_again", 100, 50.0))  # after the window
    with store.transaction():
        rows = [
            outcome_of(
                desk, str(k), {"decision_id": n, "kind": kind, "amount": amount, "at": _after(decided, n, days)}, NOW
            )
            for k, (n, kind, days, amount) in enumerate(told)
        ]
        store.append_outcomes(rows)
    return folder, requests, decided


def _after(decided, name, days):
    at = next(row["decided_at"] for row in decided if row["decision_id"] == name)
    return (np.datetime64(at.replace(tzinfo=None), "s") + np.timedelta64(days, "D")).item().isoformat() + "Z"


def test_the_log_becomes_a_history(shop):
    folder, requests, decided = shop
    policy, _ = parse_policy(POLICY, [RETURNS])
    found = from_store(open_store(str(folder / "desk.db")), RETURNS, policy, window=60)
    price = requests["price"]
    keep = np.array([row["action"] == "keep" for row in decided])
    assert len(found) == COUNT and found.propensity.sum(axis=1) == pytest.approx(1.0)
    assert found.actions == ("return", "keep", "review")
    np.testing.assert_allclose(found.outcome("spent_after"), 12.0)  # what was bought after the window is not counted
    np.testing.assert_array_equal(found.outcome("came_back"), np.where(keep, np.nan, 1.0))
    cost = np.where(keep, price, price + 7 - 0.25 * price) - 12
    known = np.isfinite(found.outcome("cost"))
    assert known.all() or known.sum() > 0.9 * COUNT
    np.testing.assert_allclose(found.outcome("cost")[known], cost[known])


def test_learn_writes_what_was_booked_and_says_what_is_unknown(shop):
    folder, *_ = shop
    call = [
        "desk",
        "learn",
        str(folder / "desk.db"),
        "--policy",
        str(folder / "policy.toml"),
        "--out",
        str(folder / "k.json"),
    ]
    said = CliRunner().invoke(main, call)
    assert said.exit_code == 0, said.output
    assert "return_freight" in said.output and "GW521" in said.output  # no records of customers
    known = read_knowledge(folder / "k.json", RETURNS)
    assert known.draws["return_freight"].mean() == pytest.approx(7.0, rel=1e-3)
    assert known.draws["salvage"].mean() == pytest.approx(0.25, rel=1e-3)
    assert "abusers" not in known.draws and "goodwill" in known.draws
    again = json.loads(CliRunner().invoke(main, [*call, "--knowledge", str(folder / "k.json"), "--json"]).output)
    assert again["effects"][0]["action"] == "keep" and again["effects"][0]["share"] == pytest.approx(0, abs=1e-6)


def test_learned_quantities_are_not_written_over_a_policy(shop, tmp_path):
    folder, *_ = shop
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    call = ["desk", "learn", str(folder / "desk.db"), "--policy", str(policy), "--out", str(policy)]
    said = CliRunner().invoke(main, call)
    assert said.exit_code != 0 and "GW518" in said.output and policy.read_text() == POLICY


def test_evaluate_says_what_another_policy_would_have_cost(shop):
    folder, requests, decided = shop
    (folder / "new.toml").write_text(
        POLICY.replace("explore = 0.3", "explore = 0.0") + '\n[rule.all]\nonly = ["return"]\n'
    )
    call = ["desk", "evaluate", str(folder / "desk.db"), "--policy", str(folder / "new.toml")]
    said = CliRunner().invoke(main, call)
    assert said.exit_code == 0, said.output
    assert "doubly robust" in said.output
    found = json.loads(CliRunner().invoke(main, [*call, "--json"]).output)
    true = (0.75 * requests["price"] + 7 - 12).mean()
    assert found["estimates"]["dr"]["low"] - 0.3 < true < found["estimates"]["dr"]["high"] + 0.3
    assert found["would"] == {"return": COUNT}


def test_evaluate_refuses_what_the_log_never_could(shop):
    folder, *_ = shop
    (folder / "credit.toml").write_text(POLICY.replace('"review"]', '"review", "credit"]'))
    said = CliRunner().invoke(
        main, ["desk", "evaluate", str(folder / "desk.db"), "--policy", str(folder / "credit.toml")]
    )
    assert said.exit_code != 0 and "GW520" in said.output and "credit" in said.output
    assert "Traceback" not in said.output


PAST_THAT_CANNOT_BE = [
    (lambda c: {"propensity_burn": np.zeros(COUNT)}, "GW502.*burn"),
    (lambda c: {"propensity_keep": c["propensity_keep"] * 0.5}, "GW512.*sum to 1"),
    (lambda c: {"propensity_keep": c["propensity_keep"] + 1, "propensity_review": c["propensity_review"] - 1}, "GW512.*row 0: a p"),
    (lambda c: {f"propensity_{a}": np.full(COUNT, float(a == "keep")) for a in ("return", "keep", "review")}, "GW512.*is 0"),
]  # fmt: skip


def test_decisions_in_another_currency_are_left_out_in_words(shop, tmp_path):
    folder, *_ = shop
    foreign = tmp_path / "dollars.toml"
    foreign.write_text(POLICY.replace("EUR", "USD"))
    for verb in (["evaluate"], ["learn", "--out", str(tmp_path / "k.json")]):
        said = CliRunner().invoke(main, ["desk", verb[0], str(folder / "desk.db"), "--policy", str(foreign), *verb[1:]])
        assert said.exit_code != 0 and "GW514" in said.output and "none of the 400" in said.output, said.output
    assert not (tmp_path / "k.json").exists()
    assert _left_out({3: Problem("GW514", "in USD"), 5: Problem("GW514", "in GBP")}, 9, "") == (
        "2 of 9 decisions (GW514), such as: in USD",
    )


def test_a_table_serves_as_well_as_a_log(shop, tmp_path):
    folder, requests, _ = shop
    policy, _ = parse_policy(POLICY, [RETURNS])
    log = from_store(open_store(str(folder / "desk.db")), RETURNS, policy)
    columns = {n: requests[n] for n in requests}
    columns["action"] = [log.actions[c] for c in log.chosen]
    columns |= {f"propensity_{a}": log.propensity[:, k] for k, a in enumerate(log.actions)}
    columns |= {"cost": log.outcome("cost"), "orders": log.columns["orders"]}
    columns |= {n: log.columns[n] for n in RETURNS.facts}
    pq.write_table(pa.table(columns), tmp_path / "past.parquet")
    table = read_history(str(tmp_path / "past.parquet"), RETURNS, policy)
    draws = believed(policy, RETURNS)
    one, other = (evaluate_policy(RETURNS, policy, h, draws).evaluation for h in (log, table))
    assert one.estimates["dr"].value == pytest.approx(other.estimates["dr"].value)
    for change, code in PAST_THAT_CANNOT_BE:
        pq.write_table(pa.table(columns | change(columns)), tmp_path / "wrong.parquet")
        with pytest.raises(DeskError, match=code):
            read_history(str(tmp_path / "wrong.parquet"), RETURNS, policy)
    pq.write_table(pa.table(columns).slice(0, 0), tmp_path / "empty.parquet")
    with pytest.raises(DeskError, match="GW518"):
        read_history(str(tmp_path / "empty.parquet"), RETURNS, policy)
    pq.write_table(pa.table(columns).drop_columns(["action"]), tmp_path / "nothing.parquet")
    with pytest.raises(DeskError, match="GW510"):
        read_history(str(tmp_path / "nothing.parquet"), RETURNS, policy)


def test_a_window_is_over_by_the_clock_and_not_by_the_last_entry(shop):
    """The log ends some 117 days after its first decision; a window of 150 days is over for nobody then, and for all
    half a year later."""
    folder, _, decided = shop
    policy, _ = parse_policy(POLICY, [RETURNS])
    store, last = open_store(str(folder / "desk.db")), decided[-1]["decided_at"].timestamp()
    then = from_store(store, RETURNS, policy, window=150, now=last)
    later = from_store(store, RETURNS, policy, window=150, now=last + 151 * 86_400)
    today = from_store(store, RETURNS, policy, window=150)
    assert not then.outcome("over").any() and later.outcome("over").all() and today.outcome("over").all()
    assert np.isfinite(today.outcome("cost")).all() and (today.outcome("told") == 1).all()
    np.testing.assert_array_equal(
        today.outcome("watched"), then.outcome("watched")
    )  # purchases are told until the last entry
    with pytest.raises(DeskError, match=r"(?s)GW520.*still in their window"):
        evaluate_policy(RETURNS, policy, then, believed(policy, RETURNS))


def told_of(shop, tmp_path, *more: dict):
    """A copy of the shop's log, told more of its first decision as an earlier version took it."""
    folder, _, decided = shop
    copy = tmp_path / "desk.db"
    with sqlite3.connect(folder / "desk.db") as source, sqlite3.connect(copy) as target:
        source.backup(target)
    store, rows = open_store(str(copy)), []
    for number, row in enumerate(more):
        row = {"decision_id": decided[0]["decision_id"], "at": _after(decided, decided[0]["decision_id"], 3), **row}
        asked = asked_hash(row)
        body = {**row, "outcome_id": f"o{number}", "key": f"k{number}", "asked": asked.hex(), "told_at": NOW}
        rows.append(Outcome(f"o{number}", row["decision_id"], asked, ENCODE.encode(body)))
    with store.transaction():
        store.append_outcomes(rows)
    return store


MISTYPED = [
    ({"kind": "refunded", "amount": 2_500_000.0, "currency": "JPY"}, "GW514"),
    ({"kind": "refunded", "amount": 2_500_000.0}, "GW527"),
    ({"kind": "refunded", "amount": -99_999.0}, "GW527"),
    ({"kind": "refunded"}, "GW510"),
    ({"kind": "freight", "amount": 5.0, "at": "2020-03-01T10:00:00Z"}, "GW528"),
]


@pytest.mark.parametrize(("row", "code"), MISTYPED)
def test_a_decision_of_which_something_impossible_was_told_is_left_out_in_words(shop, tmp_path, row, code):
    policy, _ = parse_policy(POLICY, [RETURNS])
    found = from_store(told_of(shop, tmp_path, row), RETURNS, policy)
    usual = from_store(open_store(str(shop[0] / "desk.db")), RETURNS, policy)
    assert len(found) == COUNT - 1 and len(found.notes) == 1
    assert f"1 of 400 decisions ({code})" in found.notes[0]
    np.testing.assert_array_equal(found.outcome("cost"), usual.outcome("cost")[1:])


def test_what_is_said_to_be_sure_is_taken(shop, tmp_path):
    policy, _ = parse_policy(POLICY, [RETURNS])
    row = {"kind": "refunded", "amount": 2_500_000.0, "sure": True, "currency": "eur"}
    found = from_store(told_of(shop, tmp_path, row), RETURNS, policy)
    assert len(found) == COUNT and found.outcome("refunded")[0] > 2e6
    assert evaluate_policy(RETURNS, policy, found, believed(policy, RETURNS)).evaluation.old.value > 1_000


def test_a_silent_decision_counts_as_free_and_is_counted(shop, tmp_path):
    """Without its outcomes, a decision of the log cost nothing once its window is over."""
    folder, _, decided = shop
    policy, _ = parse_policy(POLICY, [RETURNS])
    copy = tmp_path / "desk.db"
    with sqlite3.connect(folder / "desk.db") as source, sqlite3.connect(copy) as target:
        source.backup(target)
        for (name,) in target.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            target.execute(f"drop trigger {name}")
        silent = [row["decision_id"] for row in decided if row["action"] == "return"][:40]
        target.executemany("delete from outcomes where decision = ?", [(name,) for name in silent])
    found = from_store(open_store(str(copy)), RETURNS, policy)
    usual = from_store(open_store(str(folder / "desk.db")), RETURNS, policy)
    quiet = found.outcome("told") == 0
    assert quiet.sum() == 40 and (found.outcome("cost")[quiet] == 0).all()
    np.testing.assert_array_equal(found.outcome("cost")[~quiet], usual.outcome("cost")[~quiet])
    call = ["desk", "evaluate", str(copy), "--policy", str(folder / "policy.toml")]
    said = CliRunner().invoke(main, call)
    assert said.exit_code == 0 and "Of 40 decisions nothing was told: they count as having cost nothing" in said.output
    told = json.loads(CliRunner().invoke(main, [*call, "--json", "--untold", "unknown"]).output)
    assert told["untold"] == {"return": 40} == told["unknown"] and told["decisions"] == COUNT - 40


def test_a_table_of_which_all_decisions_are_a_guests_has_no_interval_in_words(tmp_path):
    n, rng = 300, np.random.default_rng(4)
    keep = rng.random(n) < 0.4
    price = rng.uniform(12, 55, n).round(2)
    columns = {
        "order_id": [f"R{i}" for i in range(n)], "product_id": ["P"] * n, "customer_id": ["guest"] * n,
        "quantity": np.ones(n), "price": price, "currency": ["EUR"] * n, "reason": ["too small"] * n,
        "requested_at": np.full(n, "2026-03-01T10:00:00", "datetime64[us]"), "action": np.where(keep, "keep", "return"),
        "propensity_return": np.full(n, 0.6), "propensity_keep": np.full(n, 0.4),
        "cost": np.where(keep, price, 0.4 * price + 8).round(2),
    }  # fmt: skip
    pq.write_table(pa.table(columns), tmp_path / "guest.parquet")
    (tmp_path / "keep.toml").write_text(
        'operation = "returns"\ncurrency = "EUR"\nactions = ["keep"]\nfallback = "keep"\ndraws = 50\n'
    )
    call = ["desk", "evaluate", str(tmp_path / "guest.parquet"), "--policy", str(tmp_path / "keep.toml")]
    said = CliRunner().invoke(main, call)
    assert (
        said.exit_code == 0 and "cannot be told" in said.output and "all decisions are of one customer" in said.output
    )
    found = json.loads(CliRunner().invoke(main, [*call, "--json"]).output)
    assert found["saved"]["low"] is None and found["estimates"]["dr"]["error"] is None
    for change, code in (
        ({"cost": columns["cost"] * 100}, "GW527.*row 0: 'cost' is more than 20 times"),
        ({"refunded": -price}, "GW527.*'refunded' is negative"),
        ({"cost": np.where(np.arange(n) == 7, np.inf, price)}, "GW512.*row 7: 'cost' is no number"),
        ({"action": pa.array([None, *columns["action"][1:]])}, "GW510.*row 0 does not say what was decided"),
    ):
        pq.write_table(pa.table(columns | change), tmp_path / "guest.parquet")
        assert re.search(code, CliRunner().invoke(main, call).output)
    pq.write_table(pa.table(columns | {"cost": columns["cost"] * 100, "sure": [True] * n}), tmp_path / "guest.parquet")
    assert CliRunner().invoke(main, call).exit_code == 0


def test_one_customer_teaches_nothing_and_equal_bookings_leave_a_doubt(shop):
    folder, *_ = shop
    policy, _ = parse_policy(POLICY, [RETURNS])
    history = from_store(open_store(str(folder / "desk.db")), RETURNS, policy)
    one = replace(history, columns={**history.columns, "customer_id": np.full(COUNT, "guest", object)})
    found = learn(RETURNS, policy, one)
    assert not set(found.quantities) & {"return_freight", "salvage", "goodwill"}
    assert sum("one customer" in p.message for p in found.refused) >= 3
    usual = learn(RETURNS, policy, history)
    belief, known = RETURNS.quantities["return_freight"].belief, np.isfinite(history.outcome("freight")).sum()
    spread = np.log(usual.draws["return_freight"]).std()  # every booking is 7.00
    assert spread == pytest.approx(belief.sd / known, rel=0.2)
