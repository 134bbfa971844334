"""`gearwheel desk decide`: a file of requests → a file of decisions, one of rejected rows, and a summary."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from threadpoolctl import threadpool_limits

from gearwheel.desk.batch import CHUNK, Chunk, decide_tables
from gearwheel.desk.batch_files import Written, count_requests, read_requests, refuse_foreign, refuse_given
from gearwheel.desk.batch_table import schema_of
from gearwheel.desk.consider import Desk
from gearwheel.desk.customers import Customers
from gearwheel.desk.opened import Papers, keep_papers
from gearwheel.desk.store import Store
from gearwheel.wheel.errors import DeskError, Problem

Progress = Callable[[str, int, int, str], None]
REJECTED = pa.schema([(n, pa.string()) for n in ("code", "message", "hint")]).insert(0, pa.field("row", pa.int64()))


MOST_UNNAMED = 10_000  # texts, from which on no more are counted


@dataclass
class Summary:
    """Of a batch: how often each action was taken and how often best, money expected and counted against caps, which
    rules spoke and caps bound how often, and the rejected rows by code. `fresh` of the requests decided were not decided
    before, of `known` the customers' file tells something; `unnamed` texts (field, text) are in no condition of the policy
    that asks for the field. Costs are in the policy's currency."""

    asked: int = 0
    decided: int = 0
    fresh: int = 0
    known: int = 0
    unnamed: Counter = field(default_factory=Counter)
    actions: Counter = field(default_factory=Counter)
    drawn: int = 0
    expected_cost: float = 0.0
    fallback_cost: float = 0.0
    spent: Counter = field(default_factory=Counter)
    rules: Counter = field(default_factory=Counter)
    caps: Counter = field(default_factory=Counter)
    rejected: Counter = field(default_factory=Counter)
    example: dict = field(default_factory=dict)  # code → (row, message) of its first fault

    def add(self, chunk: Chunk, customers: Customers) -> None:
        self.asked += chunk.asked
        self.fresh += chunk.fresh
        if len(self.unnamed) < MOST_UNNAMED:
            self.unnamed += chunk.unnamed
        for row, problem in sorted(chunk.faults.items()):
            self.rejected[problem.code] += 1
            self.example.setdefault(problem.code, (row, problem.message))
        table = chunk.table
        rules, caps = (pc.list_flatten(table[name]) for name in ("rules", "caps"))
        for counts, names in ((self.rules, rules), (self.caps, caps), (self.actions, table["action"])):
            counts.update({count["values"].as_py(): count["counts"].as_py() for count in pc.value_counts(names)})
        self.decided += len(table)
        if customers.row and "customer_id" in table.column_names:
            self.known += sum([name in customers.row for name in table["customer_id"].to_pylist()])
        self.drawn += pc.sum(pc.not_equal(table["action"], table["best"])).as_py() or 0
        self.expected_cost += pc.sum(table["expected_cost"]).as_py() or 0.0
        self.fallback_cost += pc.sum(table["fallback_cost"]).as_py() or 0.0
        spent = table.group_by("action").aggregate([("spent", "sum")])
        self.spent.update(dict(zip(spent["action"].to_pylist(), spent["spent_sum"].to_pylist())))


def try_out(papers: Papers, requests: str | PathLike[str], progress: Progress | None = None) -> Summary:
    """What would be decided on these requests, each at the time when it was asked; nothing is recorded, and lots are
    drawn by a secret of their own. Raises DeskError."""
    path, summary = Path(requests), Summary()
    desk = papers.desk(b"tried, not decided")
    for chunk in _decided(desk, papers.customers, path, None, "requested", progress):
        summary.add(chunk, papers.customers)
    return summary


def decide_file(
    papers: Papers,
    requests: str | PathLike[str],
    out: str | PathLike[str],
    store: Store,
    *,
    clock: str = "now",
    progress: Progress | None = None,
) -> Summary:
    """Decide on every request of the file, log each decision in `store`, and write them to `out` and the faulty rows to
    `out` with `.rejected` before its ending. Files appear when they are whole; run again after a stop it goes on where
    the log ends. Raises DeskError, before anything is decided where a foreign file is in the way."""
    source, out, summary = Path(requests), Path(out), Summary()
    if out.suffix in (".csv", ".xlsx", ".json"):
        hint = f"Name it {out.with_suffix('.parquet')}."
        raise DeskError(Problem("GW518", "decisions are written as Parquet", str(out), hint=hint))
    beside = out.with_name(f"{out.stem}.rejected{out.suffix or '.parquet'}")
    for path in (out, beside):
        refuse_foreign(path)
        refuse_given(path, (source, store.name))
    next(iter(read_requests(source, 1)), None)  # what cannot be read leaves no log behind
    desk = papers.desk(store.found(papers.operation.name))
    keep_papers(store, desk, papers.customers, papers.known.text)
    with (
        Written(out, schema_of(papers.operation)) as decisions,
        Written(beside, REJECTED) as rejected,
        threadpool_limits(1, "blas"),  # the desk has threads of its own
    ):
        for chunk in _decided(desk, papers.customers, source, store, clock, progress):
            summary.add(chunk, papers.customers)
            decisions.add(chunk.table)
            rows = sorted(chunk.faults)
            faults = [chunk.faults[row] for row in rows]
            columns = {"row": rows, **{n: [getattr(f, n) for f in faults] for n in ("code", "message", "hint")}}
            rejected.add(pa.table(columns, REJECTED))
    if not summary.rejected:
        with contextlib.suppress(OSError):
            beside.unlink()
    return summary


def _decided(
    desk: Desk, customers: Customers, path: Path, store: Store | None, clock: str, progress: Progress | None
) -> Iterable[Chunk]:
    rows = count_requests(path)

    def told(done: int) -> None:
        if progress:
            progress("deciding", done, max(rows, done), "")

    tables = read_requests(path, CHUNK)
    return decide_tables(desk, customers, tables, store=store, clock=clock, progress=told)
