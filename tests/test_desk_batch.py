"""Batches: the same decisions as one by one, whatever the chunks; faulty rows aside; nothing lost, doubled or overwritten."""

from __future__ import annotations

import gc
import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import gearwheel as gw
from desk_requests import NOW, POLICY, desk, request, time_of
from gearwheel.cli import main
from gearwheel.desk import batch, batch_run
from gearwheel.desk.batch import decide_tables
from gearwheel.desk.batch_run import decide_file, try_out
from gearwheel.desk.customers import NOBODY
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.opened import keep_papers, read_papers
from gearwheel.desk.record import read_record
from gearwheel.desk.replay import replay
from gearwheel.desk.returns import RETURNS
from gearwheel.desk.service_work import Job, open_work
from gearwheel.desk.store import StoreError, open_store
from gearwheel.desk.store_sqlite import SqliteStore
from gearwheel.wheel.errors import Cancelled, DeskError

ROWS = [request(number, shelf=number % 3) for number in range(120)]
FAULTY = {
    3: {"price": -1.0},
    17: {"currency": "USD"},
    40: {"quantity": 0.0},
    60: {"requested_at": "2031-01-01T00:00:00Z"},
    77: {"customer_id": None},
}
CODES = {3: "GW512", 17: "GW514", 40: "GW512", 60: "GW515", 77: "GW510"}


def table(rows: list[dict]) -> pa.Table:
    found = pa.Table.from_pylist([{**row, "quantity": float(row["quantity"])} for row in rows])
    for name in ("requested_at", "delivered_at"):
        times = pa.array([time_of(row[name]) for row in rows], pa.timestamp("us", "UTC"))
        found = found.set_column(found.column_names.index(name), name, times)
    return found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A policy, 120 requests with `key`, and the same with five faulty rows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.time", lambda: NOW)
    (tmp_path / "policy.toml").write_text(POLICY)
    keyed = [{**row, "key": f"k{number}"} for number, row in enumerate(ROWS)]
    pq.write_table(table(keyed), "requests.parquet")
    pq.write_table(table([{**row, **FAULTY.get(n, {})} for n, row in enumerate(keyed)]), "faulty.parquet")
    return tmp_path


def decided(name: str, store: str, **settings) -> pa.Table:
    decide_file(read_papers("policy.toml"), name, "out.parquet", open_store(store), **settings)
    return pq.read_table("out.parquet")


def test_batch_service_and_library_decide_alike(folder):
    papers = read_papers("policy.toml")
    batched = decided("requests.parquet", "batch.db")
    secret = open_store("batch.db").meta()["secret"]
    library = gw.open_desk("policy.toml", secret=secret)
    one_by_one = [library.decide(row, key=f"k{n}", now=NOW) for n, row in enumerate(ROWS)]
    assert batched["action"].to_pylist() == [d.action for d in one_by_one]
    assert batched["propensity"].to_pylist() == pytest.approx([d.propensity for d in one_by_one])
    assert batched["decision_id"].to_pylist() == [d.decision_id for d in one_by_one]
    served = open_store("service.db")
    served.found("returns")
    work = open_work(papers.desk(secret), papers.customers, served, "")
    replies: dict[int, bytes] = {}
    work.serve([Job("decide", f"k{n}", row, lambda r, n=n: replies.update({n: r})) for n, row in enumerate(ROWS)])
    assert [json.loads(replies[n])["action"] for n in range(len(ROWS))] == batched["action"].to_pylist()
    frame = gw.open_desk("policy.toml", secret=secret).decide_frame(pq.read_table("requests.parquet").to_pandas())
    assert frame["action"].tolist() == batched["action"].to_pylist()
    assert len(set(batched["action"].to_pylist())) > 3 and any(batched["caps"].to_pylist())  # caps bound, lots fell


def test_what_cannot_be_logged_is_refused_by_the_library_too(folder):
    library = gw.open_desk("policy.toml")
    deep: object = 1
    for _ in range(990):
        deep = [deep]
    for changed in ({"key": "\ud800"}, {"note": deep}):
        with pytest.raises(DeskError, match="GW511"):
            library.decide(request(1, **{n: v for n, v in changed.items() if n != "key"}), key=changed.get("key"))
    assert not library.ledger.answered


@pytest.mark.parametrize("size", [1, 7, 50])
def test_chunks_do_not_matter(folder, monkeypatch, size):
    whole = decided("requests.parquet", "one.db", clock="requested")
    store = open_store("two.db")
    store.found("returns")
    monkeypatch.setattr(batch_run, "CHUNK", size)
    secret = open_store("one.db").meta()["secret"]
    monkeypatch.setattr(type(store), "found", lambda self, operation: secret)
    pieces = decided("requests.parquet", "two.db", clock="requested")
    assert pieces.equals(whole)


def test_faulty_rows_go_aside_and_nothing_is_decided_for_them(folder):
    summary = decide_file(read_papers("policy.toml"), "faulty.parquet", "out.parquet", open_store("desk.db"))
    rejected = pq.read_table("out.rejected.parquet").to_pylist()
    assert {r["row"]: r["code"] for r in rejected} == CODES and all(r["message"] for r in rejected)
    out = pq.read_table("out.parquet")
    assert out["row"].to_pylist() == [n for n in range(len(ROWS)) if n not in FAULTY]
    assert open_store("desk.db").end("decisions")[0] == len(ROWS) - len(FAULTY) == summary.decided
    assert sum(summary.rejected.values()) == len(FAULTY)
    decide_file(read_papers("policy.toml"), "requests.parquet", "out.parquet", open_store("desk.db"))
    assert not (folder / "out.rejected.parquet").exists()  # the old file of rejected rows is not left beside new ones


def test_again_is_the_same_and_a_replay_agrees(folder):
    first = decided("requests.parquet", "desk.db")
    again = decided("requests.parquet", "desk.db")
    assert again.equals(first)
    assert open_store("desk.db").end("decisions")[0] == len(ROWS)
    assert replay(RETURNS, open_store("desk.db")).decisions == len(ROWS)


def test_a_stop_leaves_no_file_and_the_rest_is_done_later(folder, monkeypatch):
    monkeypatch.setattr(batch_run, "CHUNK", 50)

    def stop(stage, done, total, note):
        if done >= 50:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        decided("requests.parquet", "desk.db", progress=stop)
    assert open_store("desk.db").end("decisions")[0] == 100  # the next chunk was being logged
    assert [p.name for p in folder.iterdir() if "out" in p.name] == []
    assert decided("requests.parquet", "desk.db").num_rows == len(ROWS)


def test_one_key_is_decided_once_and_another_request_under_it_is_a_fault(folder):
    rows = [{**ROWS[0], "key": "a"}, {**ROWS[1], "key": "b"}, {**ROWS[0], "key": "a"}, {**ROWS[2], "key": "a"}]
    pq.write_table(table(rows), "twice.parquet")
    out = decided("twice.parquet", "desk.db")
    assert out["row"].to_pylist() == [0, 1, 2]
    assert out["decision_id"][0] == out["decision_id"][2] and out["action"][0] == out["action"][2]
    assert [r["code"] for r in pq.read_table("out.rejected.parquet").to_pylist()] == ["GW516"]
    assert open_store("desk.db").end("decisions")[0] == 2


def test_what_is_new_known_and_asked_twice_is_told_in_the_order_of_the_file(folder):
    keyed = [{**row, "key": f"k{n}"} for n, row in enumerate(ROWS)]
    pq.write_table(table(keyed[::3]), "some.parquet")
    before = {d["key"]: d for d in decided("some.parquet", "desk.db").to_pylist()}
    pq.write_table(table([*keyed[30:60], *keyed[40:50], *keyed[20:35]]), "mixed.parquet")
    mixed = decided("mixed.parquet", "desk.db")
    asked = [*range(30, 60), *range(40, 50), *range(20, 35)]
    assert mixed["row"].to_pylist() == list(range(55)) and mixed["key"].to_pylist() == [f"k{n}" for n in asked]
    assert mixed["order_id"].to_pylist() == [f"o{n}" for n in asked]
    first: dict[str, dict] = {}
    for one in mixed.to_pylist():
        known = before.get(one["key"]) or first.setdefault(one["key"], one)
        assert {**one, "row": 0} == {**known, "row": 0}
    assert decided("mixed.parquet", "desk.db").equals(mixed)  # from the log alone


def test_csv_is_read_as_parquet_is(folder):
    pyarrow.csv.write_csv(pq.read_table("requests.parquet"), "requests.csv")
    papers = read_papers("policy.toml")
    assert vars(try_out(papers, "requests.csv")) == vars(try_out(papers, "requests.parquet"))


def test_one_bad_cell_of_a_csv_is_a_fault_of_its_row(folder):
    lines = Path("requests.csv")
    pyarrow.csv.write_csv(pq.read_table("requests.parquet"), lines)
    head, first, second, *rest = lines.read_text().splitlines()
    price = head.split(",").index('"price"')
    bad = [*second.split(",")[:price], "cheap", *second.split(",")[price + 1 :]]
    lines.write_text("\n".join([head, first, ",".join(bad), *rest]))
    summary = decide_file(read_papers("policy.toml"), lines, "out.parquet", open_store("desk.db"))
    assert (summary.decided, dict(summary.rejected)) == (len(ROWS) - 1, {"GW511": 1})
    (fault,) = pq.read_table("out.rejected.parquet").to_pylist()
    assert fault["row"] == 1 and "'price' is not a number: 'cheap'" in fault["message"]
    lines.write_text(lines.read_text().replace(",", ";"))
    with pytest.raises(DeskError, match="parted by commas"):
        try_out(read_papers("policy.toml"), lines)
    with pytest.raises(DeskError, match="written as Parquet"):
        decide_file(read_papers("policy.toml"), "requests.parquet", "out.csv", open_store("desk.db"))


def test_the_summary_tells_what_was_decided_before_who_is_known_and_what_no_rule_names(folder):
    pq.write_table(pa.table({"customer_id": ["c1", "c2", "x"], "orders": [1.0, 2.0, 3.0]}), "customers.parquet")
    rows = [{**row, "jurisdiction": ("de", "Portugal", "FR")[n % 3]} for n, row in enumerate(ROWS)]
    pq.write_table(table(rows), "rows.parquet")
    papers, store = read_papers("policy.toml", "customers.parquet"), open_store("desk.db")
    first, again = (decide_file(papers, "rows.parquet", "out.parquet", store) for _ in range(2))
    assert (first.decided, first.fresh, again.decided, again.fresh) == (120, 120, 120, 0)
    assert first.known == sum(row["customer_id"] in ("c1", "c2") for row in ROWS) == again.known
    assert first.unnamed == {("jurisdiction", "Portugal"): 40}


def test_foreign_files_and_unreadable_ones_are_said_before_anything_is_decided(folder):
    (folder / "out.parquet").write_bytes(b"mine")
    with pytest.raises(DeskError, match="not one that the desk wrote"):
        decided("requests.parquet", "desk.db")
    assert (folder / "out.parquet").read_bytes() == b"mine" and not (folder / "desk.db").exists()
    (folder / "out.parquet").unlink()
    (folder / "no.parquet").write_bytes(b"PAR1 and no more")
    (folder / "no.csv").write_bytes(b"\xff\xfe\x00")
    for name, code in (("no.parquet", "GW511"), ("no.csv", "GW51"), ("none.parquet", "GW518")):
        with pytest.raises(DeskError, match=code):
            decided(name, "desk.db")
    pq.write_table(pq.read_table("requests.parquet").drop(["price"]), "short.parquet")
    with pytest.raises(DeskError, match="no column 'price'"):
        decided("short.parquet", "desk.db")
    assert [p.name for p in folder.iterdir() if "out" in p.name] == []


@pytest.mark.parametrize(
    "given", [("--store", "out.parquet"), ("--customers", "out.parquet"), ("--store", "out.rejected.parquet")]
)
def test_decisions_are_not_written_over_what_they_rest_on(folder, given):
    if given[0] == "--customers":
        decided("requests.parquet", "desk.db")  # a file of ours, which could be replaced otherwise
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    call = ["desk", "decide", "requests.parquet", "--policy", "policy.toml", "--out", "out.parquet", *given]
    said = CliRunner().invoke(main, call)
    assert said.exit_code != 0 and "GW518" in said.output and "Traceback" not in said.output
    assert before == {p.name: p.read_bytes() for p in folder.iterdir()}


def test_trying_out_records_nothing_and_counts_what_deciding_does(folder):
    run = CliRunner().invoke
    tried = run(main, ["desk", "check", "policy.toml", "--requests", "faulty.parquet", "--json"])
    found = json.loads(tried.stdout)["tried"]
    assert sum(found["actions"].values()) == found["decided"] == len(ROWS) - len(FAULTY)
    assert not list(folder.glob("*.db"))
    done = run(main, ["desk", "decide", "faulty.parquet", "--policy", "policy.toml", "--out", "out.parquet"])
    assert done.exit_code == 0, done.output
    assert "rejected (GW512), such as row 3" in done.stdout and "desk.db" in done.stdout
    out = pq.read_table("out.parquet")
    assert sum(out["spent"].to_pylist()) <= 300 + 1e-9  # the cap of money of the policy


def test_the_ledger_of_a_frame_goes_on_to_the_next(folder):
    desk = gw.open_desk("policy.toml", secret=b"same")
    both = desk.decide_frame(pq.read_table("requests.parquet"))
    other = gw.open_desk("policy.toml", secret=b"same")
    halves = [other.decide_frame(pq.read_table("requests.parquet").slice(k, 60)) for k in (0, 60)]
    assert both["action"].to_pylist() == [a for half in halves for a in half["action"].to_pylist()]
    assert isinstance(desk.ledger, Ledger) and desk.ledger.last == NOW


HELD = '[rule.held]\nwhen = { "context.channel" = "chat" }\nforbid = ["keep", "replace", "partial"]\n'
LATE = '[rule.late]\nwhen = { "context.seen" = "2026-11-18T10:00:00Z" }\nforbid = ["keep"]\n'


def test_conditions_on_the_context_hold_whatever_holds_it_and_when_replayed(folder):
    (folder / "policy.toml").write_text(POLICY + HELD + LATE)
    base, rows = table(ROWS[:6]), 6
    kinds = {
        "struct": base.append_column("context", pa.array([{"channel": "chat"}] * rows)),
        "map": base.append_column("context", pa.array([[("channel", "chat")]] * rows, pa.map_("string", "string"))),
        "bytes": base.append_column("channel", pa.array([b"chat"] * rows)),
        "text": base.append_column("channel", pa.array(["chat"] * rows)),
    }
    times = pa.array([time_of("2026-11-18T10:00:00Z")] * rows, pa.timestamp("us", "UTC"))
    for name, found in kinds.items():
        pq.write_table(found.append_column("seen", times), f"{name}.parquet")
        out = decided(f"{name}.parquet", f"{name}.db")
        assert all({"held", "late"} <= set(spoke) for spoke in out["rules"].to_pylist()), name
        assert replay(RETURNS, open_store(f"{name}.db")).decisions == rows
    library = gw.open_desk("policy.toml", secret=b"same")
    made = library.decide({**ROWS[0], "context": {"channel": "chat", "seen": time_of("2026-11-18T10:00:00Z")}}, now=NOW)
    assert made.action not in ("keep", "replace", "partial")
    for wrong in (pa.array(["chat"] * rows), pa.array([[1]] * rows)):
        pq.write_table(base.append_column("context", wrong), "wrong.parquet")
        with pytest.raises(DeskError, match="GW511.*holds no objects"):
            decided("wrong.parquet", "desk.db")
    pq.write_table(base.append_column("channel", pa.array([b"\xff"] * rows)), "wrong.parquet")
    with pytest.raises(DeskError, match="GW511.*no text"):
        decided("wrong.parquet", "desk.db")


def test_who_asks_again_is_answered_by_what_was_answered_before(folder, monkeypatch):
    """Also where caps turn an answer that was counted on into another one."""
    rows = [request(n, customer_id=f"c{n % 3}", price=12.0 + n) for n in range(40)]
    pq.write_table(table([{**row, "key": f"k{n}"} for n, row in enumerate(rows)]), "twice.parquet")
    out = decided("twice.parquet", "desk.db")
    facts = [read_record(body).facts for _, _, body in open_store("desk.db").bodies("decisions", 0, 100)]
    claims, kept = ([known[list(RETURNS.facts).index(n)] for known in facts] for n in ("claims", "kept"))
    given = [action in RETURNS.counts["kept"] for action in out["action"].to_pylist()]
    assert claims == [n // 3 for n in range(40)]
    assert kept == [sum(given[n % 3 : n : 3]) for n in range(40)] and sum(given) > 1
    assert sum(map(bool, out["caps"].to_pylist())) > 3
    assert replay(RETURNS, open_store("desk.db")).decisions == 40


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize("fails", [4, 5, 6])
def test_a_log_that_fails_while_the_next_chunk_is_considered_leaves_what_was_logged(folder, monkeypatch, fails, ends):
    """Whichever piece of the second chunk it is, and also where the database ends the transaction by itself."""
    monkeypatch.setattr(batch_run, "CHUNK", 30)
    monkeypatch.setattr(batch, "PIECE", 10)
    store, insert, times = open_store("desk.db"), SqliteStore.insert, []

    def full(self, table, names, rows):
        times.append(table)
        if times.count("decisions") == fails:
            if ends:
                self.rollback()
            raise StoreError("the disk is full")
        return insert(self, table, names, rows)

    monkeypatch.setattr(SqliteStore, "insert", full)
    with pytest.raises(DeskError, match="disk is full"):
        decide_file(read_papers("policy.toml"), "requests.parquet", "out.parquet", store)
    assert open_store("desk.db").end("decisions")[0] == 30 and not list(folder.glob("*out*"))
    assert gc.isenabled()
    monkeypatch.setattr(SqliteStore, "insert", insert)
    assert decided("requests.parquet", "desk.db").num_rows == len(ROWS)


def test_what_the_customers_file_knows_already_is_not_counted_again(folder):
    rows = [request(n, customer_id="c0", price=12.0) for n in range(6)]
    pq.write_table(table([{**row, "key": f"k{n}"} for n, row in enumerate(rows)]), "same.parquet")
    known = pa.table({"customer_id": ["c0"], "claims": [6.0], "orders": [9.0]})
    pq.write_table(known.replace_schema_metadata({"as_of": str(NOW + 1e6)}), "customers.parquet")
    papers = read_papers("policy.toml", "customers.parquet")
    decide_file(papers, "same.parquet", "out.parquet", open_store("desk.db"), clock="requested")
    facts = [read_record(body).facts for _, _, body in open_store("desk.db").bodies("decisions", 0, 100)]
    assert {known[list(RETURNS.facts).index("claims")] for known in facts} == {6.0}


def test_a_first_chunk_without_a_good_row_does_not_make_the_desk_forget(folder, monkeypatch):
    (folder / "policy.toml").write_text(POLICY.replace("explore = 0.2", "explore = 0.0"))
    at = ["2026-11-17T10:00:00Z", "2026-11-17T11:00:00Z", "2026-11-17T12:00:00Z"]
    first, wrong, later = (
        request(n, customer_id="c0", price=5.0, jurisdiction="US", requested_at=t) for n, t in enumerate(at)
    )
    for name, rows in (("one", [first]), ("two", [{**wrong, "currency": "USD"}, later])):
        pq.write_table(table([{**row, "key": f"{name}{n}"} for n, row in enumerate(rows)]), f"{name}.parquet")
    monkeypatch.setattr(batch_run, "CHUNK", 1)
    made = decided("one.parquet", "desk.db", clock="requested")["action"].to_pylist()
    made += decided("two.parquet", "desk.db", clock="requested")["action"].to_pylist()
    assert made[0] in ("keep", "replace") and made[1] not in ("keep", "replace")
    assert replay(RETURNS, open_store("desk.db")).decisions == 2


def test_a_request_that_may_not_ask_leaves_its_key_to_the_next(folder):
    (folder / "policy.toml").write_text(POLICY.replace("draws = 60", 'draws = 60\nunknown_customers = "refuse"'))
    pq.write_table(pa.table({"customer_id": ["c1"], "orders": [3.0]}), "customers.parquet")
    rows = [{**request(0, customer_id="stranger"), "key": "a"}, {**request(1, customer_id="c1"), "key": "a"}]
    pq.write_table(table(rows), "two.parquet")
    papers = read_papers("policy.toml", "customers.parquet")
    found = decide_file(papers, "two.parquet", "out.parquet", open_store("desk.db"))
    assert dict(found.rejected) == {"GW513": 1} and pq.read_table("out.parquet")["row"].to_pylist() == [1]


def test_a_request_that_an_earlier_version_took_is_not_rejected_when_it_is_asked_again(tmp_path):
    """It was delivered after it was asked for, which is a fault now; its key and what it says are in the log."""
    rows = [request(n, key=f"k{n}", quantity=1.0) for n in range(4)]
    rows[2] |= {"delivered_at": "2026-11-18T09:00:00Z", "requested_at": "2026-11-12T10:00:00Z"}
    store = open_store(str(tmp_path / "desk.db"))
    now = desk(secret=store.found("returns"))
    earlier = replace(now, operation=replace(RETURNS, impossible=lambda columns: ()))
    keep_papers(store, now, NOBODY, "")
    (before,) = decide_tables(earlier, NOBODY, iter([table(rows)]), store=store)
    (again,) = decide_tables(now, NOBODY, iter([table(rows)]), store=store)
    assert before.fresh == 4 and not before.faults and again.fresh == 0 and not again.faults
    assert again.table["action"].to_pylist() == before.table["action"].to_pylist()
    others = [row | {"key": f"new{n}"} for n, row in enumerate(rows)]
    (new,) = decide_tables(now, NOBODY, iter([table(others)]), store=store)
    assert new.fresh == 3 and {row: p.code for row, p in new.faults.items()} == {2: "GW526"}
    assert replay(RETURNS, store).decisions == 7
