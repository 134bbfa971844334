"""Whatever the policy and whatever is asked: a batch, the service and a replay decide and record alike."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from desk_requests import NOW, request, time_of
from gearwheel.desk import batch, batch_run
from gearwheel.desk.opened import read_papers
from gearwheel.desk.replay import replay
from gearwheel.desk.returns import RETURNS
from gearwheel.desk.service_work import Job, open_work
from gearwheel.desk.store import open_store

OTHERS = ("keep", "replace", "partial", "review")
NAMES = ("c0", "c1", "a\nb", 'q"q\\', "\u2028é😀", "%b],[")
FACTS = {"orders": [9.0, 3.0], "claims": [4.0, 0.0], "kept": [1.0, 0.0], "value": [80.0, 5.0]}


@st.composite
def policies(draw) -> str:
    others = draw(st.lists(st.sampled_from(OTHERS), unique=True))
    lines = [
        'operation = "returns"',
        'currency = "EUR"',
        f"actions = {json.dumps(['return', *others])}",
        f"explore = {draw(st.sampled_from([0.0, 0.2, 1.0]))}",
        f"surely = {draw(st.sampled_from([0.0, 0.5, 1.0]))}",
        f"draws = {draw(st.sampled_from([1, 7, 40]))}",
        f'unknown_customers = "{draw(st.sampled_from(["newcomer", "newcomer", "refuse"]))}"',
    ]
    if others and draw(st.booleans()):
        lines += ["[rule.some]", "when = { kept = { above = 0 } }", f'forbid = ["{draw(st.sampled_from(others))}"]']
    if others and draw(st.booleans()):
        grants = json.dumps(["return", draw(st.sampled_from(others))])
        lines += ["[right.law]", 'when = { jurisdiction = ["DE"] }', f"grants = {grants}"]
    for number in range(draw(st.integers(0, 3)) if others else 0):
        some = draw(st.lists(st.sampled_from(others), unique=True, min_size=1))
        lines += [
            f"[cap.c{number}]",
            f"actions = {json.dumps(some)}",
            f'per = "{draw(st.sampled_from(["customer", "product", "all"]))}"',
            f"days = {draw(st.sampled_from([0.01, 0.5, 90]))}",
            f"most = {draw(st.sampled_from([0, 1, 3, 1e9]))}",
            f"money = {draw(st.sampled_from([0, 19.99, 59.97, 1e9]))}",
        ]
    return "\n".join(lines)


@st.composite
def asked(draw) -> list[dict]:
    rows = []
    for number in range(draw(st.integers(1, 25))):
        again = rows and draw(st.integers(0, 9)) == 0
        row = {
            **request(number),
            "quantity": 1.0,
            "customer_id": draw(st.sampled_from(NAMES)),
            "price": draw(st.sampled_from([19.99, 9.99, 3.0, 0.0, 120.0, -1.0])),
            "requested_at": f"2026-11-1{draw(st.integers(0, 7))}T10:00:00Z",
            "key": draw(st.sampled_from([None, f"k{number}", f"u{number}\n"])),
            "note": draw(st.sampled_from([None, *NAMES])),
        }
        rows.append(draw(st.sampled_from(rows)) if again else row)
    return rows


def file_of(rows: list[dict], path: Path) -> None:
    times = {n: [time_of(row[n]) for row in rows] for n in ("requested_at", "delivered_at")}
    table = pa.Table.from_pylist([{k: v for k, v in row.items() if k not in times} for row in rows])
    for name, column in times.items():
        table = table.append_column(name, pa.array(column, pa.timestamp("us", "UTC")))
    pq.write_table(table, path)


@given(policy=policies(), rows=asked(), chunk=st.sampled_from([1, 7, 999]), piece=st.sampled_from([1, 4, 999]))
@settings(max_examples=60, deadline=None)
def test_batch_service_and_replay_are_alike(policy, rows, chunk, piece):
    with tempfile.TemporaryDirectory() as name, patch("time.time", lambda: NOW):
        folder = Path(name)
        (folder / "policy.toml").write_text(policy)
        file_of(rows, folder / "requests.parquet")
        pq.write_table(pa.table({"customer_id": ["c0", "c1"], **FACTS}), folder / "customers.parquet")
        papers = read_papers(folder / "policy.toml", folder / "customers.parquet")
        store, other = open_store(str(folder / "batch.db")), open_store(str(folder / "served.db"))
        with patch.object(batch_run, "CHUNK", chunk), patch.object(batch, "PIECE", piece):
            found = batch_run.decide_file(papers, folder / "requests.parquet", folder / "out.parquet", store)
        logged = [json.loads(body) for _, _, body in store.bodies("decisions", 0, 100)]
        assert replay(RETURNS, store).decisions == len(logged)
        assert found.decided + sum(found.rejected.values()) == len(rows)
        told = pq.read_table(folder / "out.parquet").to_pylist()
        by_key = {record["key"]: record for record in logged}
        assert {d["key"] for d in told} == set(by_key)
        assert all(d["action"] == by_key[d["key"]]["action"] and d["says"] == by_key[d["key"]]["says"] for d in told)
        other.found("returns")
        work = open_work(papers.desk(store.meta()["secret"]), papers.customers, other, "")
        for record in logged:
            work.serve([Job("decide", record["key"], record["request"], lambda reply: None)])
        assert [json.loads(body) for _, _, body in other.bodies("decisions", 0, 100)] == logged
        store.close()
        other.close()
