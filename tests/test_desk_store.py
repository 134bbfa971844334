"""The log: append-only, one decision for a key, nothing kept that was not committed, and decided again the same."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from desk_requests import POLICY, desk, request
from gearwheel.desk import store_sqlite_wal
from gearwheel.desk.consider import Desk
from gearwheel.desk.customers import NOBODY, Customers
from gearwheel.desk.learned import Known, knowledge_text, parse_knowledge
from gearwheel.desk.policy import believed
from gearwheel.desk.record import Entry, id_of, read_record
from gearwheel.desk.replay import replay
from gearwheel.desk.returns import RETURNS
from gearwheel.desk.service_metrics import Metrics, Unnamed
from gearwheel.desk.service_work import Job, Work, open_work
from gearwheel.desk.store import StoreError, open_store
from gearwheel.desk.versions import version_of
from gearwheel.wheel.errors import DeskError, Problem


def work_on(url: str, text: str = POLICY, customers: Customers = NOBODY, known: Known | None = None) -> Work:
    """The deciding thread's work, done by the test itself."""
    store = open_store(url)
    usual = desk(text, store.found("returns"))
    known = known or Known()
    draws = believed(usual.policy, RETURNS, known.draws)
    return open_work(Desk(RETURNS, usual.policy, draws, usual.secret, known.version), customers, store, known.text)


def ask(work: Work, *asked: tuple[str, dict], kind: str = "decide") -> list:
    """The answers to all of it at once: dicts, or Problems."""
    found: list = [None] * len(asked)
    jobs = [
        Job(kind, key, row, lambda reply, at=at: found.__setitem__(at, reply)) for at, (key, row) in enumerate(asked)
    ]
    work.serve(jobs)
    return [reply if isinstance(reply, Problem) else json.loads(reply) for reply in found]


def now(seconds: float = 0.0) -> str:
    return datetime.fromtimestamp(time.time() + seconds, UTC).isoformat()


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/desk.db"


def test_one_key_is_decided_once(url):
    work = work_on(url)
    first, again, other = ask(work, ("k", request(1)), ("k", request(1)), ("k", request(2)))
    assert first == again and other.code == "GW516"
    reordered = dict(reversed(request(1).items()))
    assert ask(work_on(url), ("k", reordered)) == [first]  # after a restart too
    assert work.store.end("decisions")[0] == 1


def test_a_log_of_an_earlier_version_is_decided_again_as_it_was(tmp_path):
    """Rights were then what all of them granted, days were counted in hours, "DE " was no DE, a negative share was read."""
    earlier = json.loads((Path(__file__).parent / "desk_log_semantics_1.json").read_text("utf-8"))
    store = open_store(f"sqlite:///{tmp_path}/desk.db")
    store.found("returns")
    records = [read_record(body.encode()) for body in earlier["bodies"]]
    with store.transaction():
        for kind in ("policy", "form"):
            store.keep(kind, version_of(earlier[kind]), earlier[kind])
        store.append(
            [
                Entry(id_of(r.id), r.decided_at, r.customer, r.product, r.action, r.spent, body.encode())
                for r, body in zip(records, earlier["bodies"])
            ]
        )
    with sqlite3.connect(tmp_path / "desk.db") as changed:
        changed.execute("drop trigger if exists meta_no_update")
        names = [
            name
            for (name,) in changed.execute(
                "select name from sqlite_master where type = 'trigger' and tbl_name = 'meta'"
            )
        ]
        for name in names:
            changed.execute(f"drop trigger {name}")
        changed.execute("update meta set value = ? where name = 'secret'", (earlier["secret"].encode(),))
    assert replay(RETURNS, store).decisions == len(records) == 9
    assert {r.open for r in records} >= {("return", "keep")} and "credit" in {r.action for r in records}
    work = work_on(f"sqlite:///{tmp_path}/desk.db")  # a desk of this version goes on with it
    told = ask(work, (records[0].id, {}), kind="look")[0]
    assert "only what all of them grant was open" in told["answer"]["explanation"]["auditor"]
    (new,) = ask(work, ("new", request(1)))
    assert replay(RETURNS, work.store).decisions == 10 and new["action"]


def test_a_fault_leaves_its_key_to_the_next_request(url):
    work, bad = work_on(url), request(1, price=-1.0)
    found = ask(work, ("k", bad), ("k", request(1)), ("k", bad), ("k", request(1)), ("other", request(2)))
    assert [getattr(r, "code", "ok") for r in found] == ["GW512", "ok", "GW516", "ok", "ok"]
    assert found[1] == found[3]
    told = {"decision_id": found[1]["decision_id"], "kind": "returned", "at": now()}
    nobodys, mine = ask(work, ("o", told | {"decision_id": "nobody"}), ("o", told), kind="tell")
    assert nobodys.code == "GW522" and mine["kind"] == "returned"


def test_answers_and_caps_do_not_depend_on_what_arrives_together(url, tmp_path):
    asked = [(f"k{i}", request(i)) for i in range(60)]
    one_by_one = work_on(url)
    single = [ask(one_by_one, each)[0] for each in asked]
    other = work_on(f"sqlite:///{tmp_path}/other.db")
    object.__setattr__(other.desk, "secret", one_by_one.desk.secret)
    together = [a for k in range(0, 60, 7) for a in ask(other, *asked[k : k + 7])]
    # waves reorder only requests of one customer within a batch: here no customer is twice among seven
    assert [a["action"] for a in together] == [a["action"] for a in single]
    assert len({a["action"] for a in single}) > 2


def test_a_replay_decides_the_same_across_policies_knowledge_and_restarts(url):
    customers = Customers({"c1": 0}, {"value": np.array([90.0]), "orders": np.array([7.0])}, 0.0, "v1")
    ask(work_on(url), *((f"a{i}", request(i)) for i in range(30)))
    stricter = POLICY.replace("\nmost = 1", "\nmost = 0").replace("above = 100", "above = 20")
    ask(work_on(url, stricter, customers), *((f"b{i}", request(i)) for i in range(30)))
    text = knowledge_text("returns", {"salvage": np.linspace(0.5, 0.7, 60)}, {})
    work = work_on(url, known=parse_knowledge(text, RETURNS))
    made = ask(work, *((f"c{i}", request(i)) for i in range(20)), ("c99", request(3, price=-1)))
    ask(work, ("o1", {"decision_id": made[0]["decision_id"], "kind": "returned", "at": now()}), kind="tell")
    done = replay(RETURNS, open_store(url))
    assert (done.decisions, done.outcomes, len(done.policies)) == (80, 1, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "update decisions set body = replace(body, '\"spent\":0.0', '\"spent\":0.5') where seq = 5",
            "5 is not what was recorded",
        ),
        ("update decisions set action = 'review' where seq = 5", "its row says"),
        ("update decisions set id = zeroblob(12) where seq = 5", "id of another"),
        ("delete from papers where kind = 'form'", "is not in the store"),
        ("delete from decisions where seq = 5", "decision 5 is missing"),
        ("update outcomes set decision = 'd00'", "outcome 1: its row says"),
        ("update papers set content = replace(content, '300', '301') where kind = 'policy'", "was changed"),
        ("update outcomes set body = replace(body, '12', '13')", "outcome 1 is not what was recorded"),
        ("delete from papers where kind = 'policy'", "is not in the store"),
    ],
)
def test_a_replay_names_what_was_changed_behind_the_triggers(url, change, said):
    work = work_on(url)
    made = ask(work, *((f"k{i}", request(i, price=200.0)) for i in range(10)))
    told = {"decision_id": made[0]["decision_id"], "kind": "refunded", "at": now(), "amount": 12}
    ask(work, ("o1", told), kind="tell")
    with sqlite3.connect(work.store.name) as behind:
        if "body" in change:
            change = change.replace("replace(body", "cast(replace(cast(body as text)").replace("')", "') as blob)", 1)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            behind.execute(change)
        for (name,) in behind.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            behind.execute(f"drop trigger {name}")
        assert behind.execute(change).rowcount
    with pytest.raises(DeskError, match=f"GW519.*{said}"):
        replay(RETURNS, open_store(url))


def test_a_changed_decision_shows_even_where_its_chain_was_made_anew(url):
    from gearwheel.desk.record import START, chained

    work = work_on(url)
    ask(work, *((f"k{i}", request(i)) for i in range(5)))
    with sqlite3.connect(work.store.name) as behind:
        for (name,) in behind.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            behind.execute(f"drop trigger {name}")
        chain = START
        for seq, body in behind.execute("select seq, body from decisions order by seq").fetchall():
            record = json.loads(body)
            if seq == 3:
                record["lot"] = 0.5
            body = json.dumps(record, separators=(",", ":")).encode() if seq == 3 else body
            chain = chained(chain, body)
            behind.execute("update decisions set body = ?, chain = ? where seq = ?", (body, chain, seq))
    with pytest.raises(DeskError, match="GW519.*lot is 0.5, and"):
        replay(RETURNS, open_store(url))


@pytest.mark.parametrize("trouble", ["full", "read-only", "locked", "gone"])
def test_a_store_that_fails_is_said_records_nothing_and_comes_back(url, trouble, tmp_path, monkeypatch):
    from gearwheel.desk import store_sqlite

    monkeypatch.setattr(store_sqlite, "PATIENCE", 0.05)
    work = work_on(url)
    ask(work, ("first", request(1, price=30.0)))
    path = tmp_path / "desk.db"
    connection = work.store._open()
    if trouble == "full":
        (pages,) = connection.execute("pragma page_count").fetchone()
        connection.execute(f"pragma max_page_count = {pages + 2}")
    elif trouble == "read-only":
        connection.execute("pragma query_only = 1")
    elif trouble == "locked":
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("begin immediate")
    else:
        path.rename(tmp_path / "away.db")
    asked = [(f"k{i}", request(i)) for i in range(40)]
    failed = ask(work, *asked)
    assert {p.code for p in failed} == {"GW518"} and work.failing
    assert sum(sum(r.values()) for r in work.ledger.answered.values()) == 1  # the first, and nothing of these
    if trouble == "gone":
        assert not path.exists()  # no empty log in its place
        assert ask(work, ("first", request(1)))[0].code == "GW518"
        (tmp_path / "away.db").rename(path)
    elif trouble == "locked":
        other.execute("rollback")
        other.close()
    again = ask(work, *asked)
    assert all(isinstance(a, dict) for a in again) and not work.failing
    assert replay(RETURNS, open_store(url)).decisions == 41


def test_two_desks_on_one_store_keep_the_caps_together(url):
    text = POLICY.replace("most = 3", "most = 1").replace("money = 300", "money = 60")
    desks = [work_on(url, text), work_on(url, text)]
    for i in range(40):
        ask(desks[i % 2], (f"k{i}", request(i, customer_id=f"c{i % 3}", price=20.0, jurisdiction="US")))
    spent = [r[5] for r in desks[0].store.since(0)]
    assert 0 < sum(spent) <= 60
    assert replay(RETURNS, open_store(url)).decisions == 40


def test_a_failing_request_does_not_take_the_others_with_it(url, monkeypatch, capsys):
    work = work_on(url)
    usual = RETURNS.words

    def words(actions, requests, draws):
        if "o3" in requests["order_id"]:
            raise ZeroDivisionError
        return usual(actions, requests, draws)

    from dataclasses import replace

    work.desk = replace(work.desk, operation=replace(RETURNS, words=words))
    found = ask(work, *((f"k{i}", request(i)) for i in range(6)))
    assert [getattr(r, "code", "ok") for r in found] == ["ok", "ok", "ok", "GW525", "ok", "ok"]
    assert work.store.end("decisions")[0] == 5 and "ZeroDivisionError" in capsys.readouterr().err


def test_what_cannot_be_read_again_is_not_recorded(url):
    """However deep a request is nested: what is answered with a fault is not in the log."""
    work, rows = work_on(url), 0
    for deep in (10, *range(900, 1000, 7)):
        inner: object = 1
        for _ in range(deep):
            inner = [inner]
        (reply,) = ask(work, (f"k{deep}", request(deep, note=inner)))
        rows += not isinstance(reply, Problem)
        assert work.store.end("decisions")[0] == rows
    assert 0 < rows < 15


def test_a_store_belongs_to_one_operation(url, tmp_path):
    work_on(url)
    with pytest.raises(StoreError, match="holds decisions on 'returns', not 'shipping'"):
        open_store(url).found("shipping")
    with pytest.raises(StoreError, match="no kind of store"):
        open_store("mysql://x")
    with pytest.raises(StoreError, match="GW518"):
        open_store(f"{tmp_path}/none/desk.db").found("returns")


@pytest.mark.parametrize("theirs", ["decisions", "meta"])
def test_somebody_elses_database_is_left_as_it_is(tmp_path, theirs):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as shop:
        shop.execute(f"create table {theirs} (name text, value text)")
        shop.execute(f"insert into {theirs} values ('a', 'b')")
    shop.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=f"table '{theirs}' that is not the desk's"):
        open_store(str(path)).found("returns")
    assert path.read_bytes() == before


def test_looking_at_a_store_that_is_not_there_makes_none(tmp_path):
    with pytest.raises(StoreError, match="GW518.*there is no store"):
        open_store(f"{tmp_path}/desk.db").meta()
    assert not list(tmp_path.iterdir())


# ---- a server that several desks share
@pytest.fixture
def shared(postgres):
    return postgres.fresh("desks")


@pytest.mark.server
def test_postgres_keeps_the_same_log(shared, postgres):
    work = work_on(shared)
    asked = [(f"k{i}", request(i)) for i in range(25)]
    made = ask(work, *asked, asked[0], ("k1", request(2)))
    assert made[25] == made[0] and made[26].code == "GW516"
    told = {"decision_id": made[0]["decision_id"], "kind": "bought_again", "at": now(), "amount": 7.5}
    assert ask(work, ("o", told), kind="tell")[0]["amount"] == 7.5
    (seen,) = ask(work, (made[0]["decision_id"], {}), kind="look")
    assert seen["answer"] == made[0] and seen["outcomes"][0]["kind"] == "bought_again"
    with pytest.raises(StoreError, match="append-only"):
        work.store.run("update decisions set action = 'review'")
    assert replay(RETURNS, open_store(shared)).decisions == 25
    postgres.load(
        "alter table decisions disable trigger all; update decisions set spent = spent + 1 where seq = 9", "desks"
    )
    with pytest.raises(DeskError, match="GW519.*its row says"):
        replay(RETURNS, open_store(shared))


@pytest.mark.server
def test_somebody_elses_schema_on_a_server_is_left_as_it_is(shared, postgres):
    postgres.load("create table decisions (id text)", "desks")
    with pytest.raises(StoreError, match="table 'decisions' that is not the desk's"):
        open_store(shared).found("returns")
    assert open_store(shared).tables() == {"decisions"}


@pytest.mark.server
def test_desks_that_share_postgres_at_once_keep_caps_and_keys(shared):
    from concurrent.futures import ThreadPoolExecutor

    text = POLICY.replace("most = 3", "most = 1").replace("money = 300", "money = 60")
    desks = [work_on(shared, text) for _ in range(3)]

    def load(number: int) -> list:
        some = []
        for k in range(0, 30, 5):  # every desk is asked the same keys
            some += ask(desks[number], *((f"k{i}", request(i, price=20.0, jurisdiction="US")) for i in range(k, k + 5)))
        return some

    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(load, range(3)))
    assert answers[0] == answers[1] == answers[2]
    assert desks[0].store.end("decisions")[0] == 30
    assert 0 < sum(r[5] for r in desks[0].store.since(0)) <= 60
    assert replay(RETURNS, open_store(shared)).decisions == 30


@pytest.mark.server
def test_a_server_that_goes_away_is_said_and_found_again(shared, postgres):
    work = work_on(shared)
    ask(work, ("k0", request(0)))
    postgres.load("alter database desks set default_transaction_read_only = on")
    work.store.close()
    assert ask(work, ("k1", request(1)))[0].code == "GW518"
    postgres.load("alter database desks set default_transaction_read_only = off")
    postgres.load("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'desks'")
    found = ask(work, ("k1", request(1)))[0]
    found = ask(work, ("k1", request(1)))[0] if isinstance(found, Problem) else found
    assert found["action"] and work.store.end("decisions")[0] == 2


def test_the_write_ahead_log_starts_anew_while_the_desk_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(store_sqlite_wal, "EVERY", 40)
    work, log = work_on(str(tmp_path / "desk.db")), tmp_path / "desk.db-wal"
    sizes = []
    for number in range(90):
        ask(work, *((f"k{number}-{i}", request(i)) for i in range(10)))
        time.sleep(0.005)  # the thread that works it in may have to wait for a busy processor
        sizes.append(log.stat().st_size)
    assert sizes[-1] < 2 * sizes[20]  # it would be four times as long
    assert replay(RETURNS, open_store(str(tmp_path / "desk.db"))).decisions == 900


def test_the_write_ahead_log_is_worked_in_by_who_writes_little_and_leaves(tmp_path):
    path = str(tmp_path / "desk.db")
    idle = work_on(path).store
    idle.run("select 1")  # somebody else keeps it open
    sizes = []
    for number in range(8):
        work = work_on(path)
        ask(work, *((f"k{number}-{i}", request(i)) for i in range(40)))
        work.store.close()
        sizes.append((tmp_path / "desk.db-wal").stat().st_size)
    assert sizes[-1] < 2 * sizes[1]


def test_a_batch_lets_another_desk_on_the_same_file_in(tmp_path):
    """Who waits for SQLite's lock looks ten times a second, so without turns they would hardly ever get it."""
    path = str(tmp_path / "desk.db")
    mine = work_on(path).store
    got: list[float] = []

    def other() -> None:
        theirs = open_store(path)
        for _ in range(3):
            start = time.perf_counter()
            theirs.begin()
            theirs.rollback()
            got.append(time.perf_counter() - start)
        theirs.close()

    thread = threading.Thread(target=other)
    mine.begin()
    thread.start()
    until = time.perf_counter() + 3
    while thread.is_alive() and time.perf_counter() < until:
        time.sleep(0.15)  # a chunk
        mine.commit()
        mine.begin()  # at once
    mine.rollback()
    thread.join(5)
    assert len(got) == 3 and max(got) < 1.0


@pytest.mark.parametrize("spelt", ["upper", "spaced"])
def test_a_decision_has_one_spelling(url, spelt):
    work = work_on(url)
    (made,) = ask(work, ("a", request(1)))
    name = made["decision_id"]
    other = "d" + name[1:].upper() if spelt == "upper" else f"{name[:3]} {name[3:]}"
    if other == name:
        pytest.skip("no letter in it")
    told = {"decision_id": other, "kind": "returned", "at": now()}
    (reply,) = ask(work, ("o", told), kind="tell")
    assert "GW522" in str(reply)


def outcome(decision: str, **changed) -> dict:
    """What happened after a decision on 28 EUR, a moment later."""
    row = {"decision_id": decision, "kind": "refunded", "amount": 28.0, "at": now()}
    return {k: v for k, v in (row | changed).items() if v is not ...}


IMPOSSIBLE = [
    ("GW514", {"currency": "JPY"}), ("GW514", {"currency": "JPY", "sure": True}), ("GW511", {"currency": 7}),
    ("GW528", {"at": now(-86_400)}), ("GW528", {"at": "2020-11-18T10:00:00Z", "sure": True}), ("GW528", {"at": "2020-11-18"}),
    ("GW527", {"amount": -28.0}), ("GW527", {"kind": "salvaged", "amount": -0.01}), ("GW510", {"amount": ...}),
    ("GW510", {"amount": None, "kind": "bought_again"}), ("GW510", {"amount": None, "kind": "goods"}),
    ("GW527", {"amount": 560.01}), ("GW527", {"amount": 2_500_000.0}), ("GW527", {"kind": "gift_card", "amount": 900.0}),
    ("GW527", {"kind": "bought_again", "amount": 90_000.0}), ("GW511", {"sure": "yes"}),
    ("GW511", {"Currency": "JPY"}), ("GW511", {"sure ": True}), ("GW515", {"at": now(9 * 86_400)}),
]  # fmt: skip
POSSIBLE = [
    {}, {"currency": "eur "}, {"currency": None}, {"currency": ""}, {"amount": 560.0}, {"amount": 560.01, "sure": True}, {"amount": 0.0},
    {"amount": -28.0, "sure": True}, {"kind": "returned", "amount": ...}, {"kind": "returned", "amount": None},
    {"kind": "bought_again", "amount": 900.0}, {"kind": "note", "amount": ...}, {"at": now()[:10]}, {"at": now(-60)},
]  # fmt: skip


@pytest.mark.parametrize(("code", "changed"), IMPOSSIBLE)
def test_an_outcome_out_of_proportion_is_refused_and_not_recorded(url, code, changed):
    work = work_on(url)
    (made,) = ask(work, ("k", request(1, price=28.0)))
    (found,) = ask(work, ("o", outcome(made["decision_id"], **changed)), kind="tell")
    assert found.code == code and found.message, found
    assert work.store.end("outcomes")[0] == 0
    (right,) = ask(work, ("o", outcome(made["decision_id"])), kind="tell")  # the key is left to the right one
    assert right["amount"] == 28.0 and work.store.end("outcomes")[0] == 1


@pytest.mark.parametrize("changed", POSSIBLE)
def test_an_outcome_that_can_be_is_taken(url, changed):
    work = work_on(url)
    (made,) = ask(work, ("k", request(1, price=28.0)))
    (found,) = ask(work, ("o", outcome(made["decision_id"], **changed)), kind="tell")
    assert not isinstance(found, Problem), found


def test_an_outcome_that_was_taken_once_is_answered_as_it_was_then(url, monkeypatch):
    """An earlier version took what is refused now; the same key and body still get the same answer."""
    work = work_on(url)
    (made,) = ask(work, ("k", request(1, price=28.0)))
    told = outcome(made["decision_id"], amount=-5.0)
    with monkeypatch.context() as earlier:
        earlier.setattr("gearwheel.desk.outcomes._amiss", lambda row, currency: None)
        (first,) = ask(work, ("o", told), kind="tell")
    again, other = ask(work, ("o", told), ("new", told), kind="tell")
    assert again == first and other.code == "GW527"


def test_of_words_that_nobody_names_only_so_many_are_kept(monkeypatch):
    monkeypatch.setattr("gearwheel.desk.service_metrics.MOST_UNNAMED", 3)
    seen = Unnamed()
    for number in range(10):
        seen.add(Counter({("reason", f"word {number}"): 2, ("reason", "word 0"): 1}))
    said = seen.listed()
    assert len(said["unnamed"]) == 3 and seen.fields["reason"] == 28
    assert said["more"] == 28 - sum(w["times"] for w in said["unnamed"])
    metrics = Metrics()
    metrics.unnamed.add(Counter({('context.a"\n} 9', "x"): 1}))
    hostile = metrics.text(Counter(), 0, 0, True, {})
    assert 'field="context.a\\"\\n} 9"} 1' in hostile
