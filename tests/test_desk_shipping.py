"""Faster shipping: the second operation needs no more than itself, and goes the whole way of the first."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from desk_requests import NOW
from gearwheel.cli import main
from gearwheel.desk.answer import answer
from gearwheel.desk.customers import NOBODY
from gearwheel.desk.explain import options
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.opened import read_papers
from gearwheel.desk.record import read_record
from gearwheel.desk.replay import replay
from gearwheel.desk.service_work import Job, open_work
from gearwheel.desk.shipping import SHIPPING
from gearwheel.desk.store import open_store

DESK = Path(__file__).parents[1] / "src" / "gearwheel" / "desk"


def order(number: int, **changed) -> dict:
    return {
        "order_id": f"o{number}", "customer_id": f"c{number}", "price": 40.0 + number, "currency": "EUR",
        "surcharge": 1.0 + number % 5, "requested_at": "2026-11-17T10:00:00Z", "standard_days": 5.0,
        "expedited_days": 2.0, "late_risk": 0.1,
    } | changed  # fmt: skip


@pytest.fixture
def policy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["desk", "new", "shipping.toml", "--operation", "shipping"])
    assert done.exit_code == 0
    return "shipping.toml"


def test_the_second_operation_takes_less_than_200_lines_and_nothing_of_the_mechanism():
    lines = [f.read_text("utf-8").splitlines() for f in (DESK / "shipping.py", DESK / "policy_shipping.toml")]
    assert sum(map(len, lines)) < 200
    mechanism = [
        p for p in DESK.glob("*.py") if p.stem not in ("shipping", "operations", "returns", "abuse", "prepare")
    ]
    assert [p.name for p in mechanism if re.search(r"\b(?:SHIPPING|expedited)\b", p.read_text("utf-8"))] == []


def test_the_whole_way_from_a_policy_to_a_replay(policy):
    rows = [order(number, **({"surcharge": 0.1, "late_risk": 0.9} if number % 4 == 0 else {})) for number in range(60)]
    rows.append(order(99, surcharge=-1.0))
    pq.write_table(pa.Table.from_pylist(rows), "orders.parquet")
    run = CliRunner().invoke
    tried = run(main, ["desk", "check", policy, "--requests", "orders.parquet", "--json"])
    assert json.loads(tried.stdout)["tried"]["decided"] == 60
    done = run(
        main, ["desk", "decide", "orders.parquet", "--policy", policy, "--out", "out.parquet", "--store", "s.db"]
    )
    assert done.exit_code == 0, done.output
    out = pq.read_table("out.parquet").to_pylist()
    assert {row["action"] for row in out} >= {"standard", "expedited"} and len(out) == 60
    assert [r["code"] for r in pq.read_table("out.rejected.parquet").to_pylist()] == ["GW512"]
    assert replay(SHIPPING, open_store("s.db")).decisions == 60


def test_the_service_answers_orders(policy):
    papers, store = read_papers(policy), open_store("served.db")
    work = open_work(papers.desk(store.found("shipping")), papers.customers, store, "")
    replies: list[bytes] = []
    work.serve([Job("decide", "k", order(1), replies.append), Job("decide", "l", order(2, price="x"), replies.append)])
    assert json.loads(replies[0])["action"] in SHIPPING.actions and replies[1].code == "GW511"


def test_the_capacity_of_the_faster_line_is_kept(policy):
    text = Path(policy).read_text().replace("most = 300", "most = 4").replace("explore = 0.04", "explore = 0.5")
    Path(policy).write_text(text)
    desk = (papers := read_papers(policy)).desk(b"lots")
    rows = [order(number, surcharge=0.01, late_risk=0.9) for number in range(40)]
    found = answer(desk, NOBODY, Ledger(papers.policy.caps), rows, [str(n) for n in range(40)], NOW)
    assert sum(entry.action != "standard" for entry in found) == 4


def expected(policy: str, **changed) -> dict[str, float]:
    desk = (papers := read_papers(policy)).desk(b"lots")
    (entry,) = answer(desk, NOBODY, Ledger(papers.policy.caps), [order(1, **changed)], ["k"], NOW)
    return {o["action"]: o["expected_cost"] for o in options(desk.form, entry.record)}


def test_costs_are_those_of_one_order_worked_out_by_hand(policy):
    draws = read_papers(policy).desk(b"lots").draws
    d = {name: float(np.mean(values)) for name, values in draws.items()}
    worth = draws["newcomer_value"] * draws["margin"]
    late = 0.1 * (draws["late_cost"] - draws["late"] * worth)
    faster = -3.0 * draws["faster"] * worth
    wanted = {
        "standard": late,
        "expedited": 2.0 + draws["still_late"] * late + faster,
        "half": draws["accepts"] * (1.0 + draws["still_late"] * late + faster) + (1 - draws["accepts"]) * late,
    }
    assert expected(policy) == pytest.approx({a: float(np.mean(v)) for a, v in wanted.items()}, abs=2e-4)
    assert d["usual_days_saved"] == 2


def test_what_speaks_for_speed_makes_it_cheaper(policy):
    def gain(**changed) -> float:
        cost = expected(policy, **changed)
        return cost["standard"] - cost["expedited"]

    assert gain(surcharge=3.0) < gain(surcharge=2.0) < gain(surcharge=0.5)
    assert gain(late_risk=0.05) < gain(late_risk=0.2) < gain(late_risk=0.6)
    assert gain(standard_days=3.0) < gain(standard_days=9.0)
    unsaid = {"standard_days": None, "expedited_days": None, "late_risk": None}
    assert expected(policy, **unsaid) != expected(policy)


def test_what_an_operation_does_not_know_of_counts_towards_no_cap(policy):
    """An order has no product here, whatever else its sender says."""
    cap = '\n[cap.product]\nactions = ["expedited", "half"]\nper = "product"\ndays = 5\nmost = 1\n'
    Path(policy).write_text(Path(policy).read_text() + cap)
    papers, store = read_papers(policy), open_store("served.db")
    secret = store.found("shipping")
    for number in range(6):
        work = open_work(papers.desk(secret), papers.customers, store, "")  # as after a restart
        asked = order(number, surcharge=0.01, late_risk=0.9, product_id=f"p{number}")
        work.serve([Job("decide", f"k{number}", asked, lambda reply: None)])
    made = [read_record(body) for _, _, body in store.bodies("decisions", 0, 10)]
    assert sum(record.action != "standard" for record in made) == 1 and {record.product for record in made} == {""}
    assert replay(SHIPPING, store).decisions == 6
