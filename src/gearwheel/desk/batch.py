"""Many requests at once: in their order, chunk by chunk, each chunk decided, logged, and only then written out."""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from gearwheel.desk.answer import known_columns
from gearwheel.desk.batch_asked import Asked, read_asked
from gearwheel.desk.batch_settle import Settling
from gearwheel.desk.customers import Customers
from gearwheel.desk.decide import Decisions, Desk, consider
from gearwheel.desk.form import Form
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.operation import Operation
from gearwheel.desk.reading import Reading
from gearwheel.desk.record import Record, records
from gearwheel.desk.requests import KEY
from gearwheel.desk.store import DECISION, Store
from gearwheel.wheel.errors import Problem

CHUNK = 16_384  # requests of one transaction


@dataclass
class Chunk:
    """What came of one chunk: `columns` by name, one entry a decision, in the order of the file; `faults` by row of it."""

    columns: dict[str, list] = field(repr=False)
    faults: dict[int, Problem]
    asked: int


def decide_tables(
    desk: Desk,
    customers: Customers,
    tables: Iterator,
    *,
    store: Store | None = None,
    clock: str = "now",
    ledger: Ledger | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[Chunk]:
    """Decide pyarrow Tables of requests in their order; without a store nothing is recorded.

    `clock` says when a request counts as decided: "now", or at its own `requested_at` (never before the decision
    before it). A request whose key is in the log is not decided again: its decision is what the log says; another
    request under a known key is a fault (GW516). `ledger`: what was decided before, where there is no store. Raises
    DeskError (GW518) where the log cannot be written; chunks before that are logged.
    """
    work = _Work(desk, customers, store, clock, ledger)
    start, logging = 0, None
    with ThreadPoolExecutor(1) as thread:
        for table in tables:
            with _no_garbage():
                thought = work.think(table, start)  # while the chunk before is logged
                start += len(table)
                if logging:
                    logging.result()
                rows = work.decide(thought)
                before, logging = logging, thread.submit(work.log, rows)
                chunk = work.told() if before else None
            if chunk:
                yield chunk  # to be written out while the next one is logged
                progress(thought.asked.start)
        if logging:
            logging.result()
            yield work.told()
            progress(start)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Nothing here refers to itself, and looking for what does takes a fifth of the time."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


@dataclass(frozen=True)
class Thought:
    """What would be decided about requests by what was known when they were looked at. `columns` and `found`: of those
    that are no fault; `place` (n,) of each request asked in them, -1 for a fault."""

    asked: Asked
    columns: dict[str, np.ndarray] = field(repr=False)
    found: Decisions | None = field(repr=False)
    place: np.ndarray = field(repr=False)
    faults: dict[int, Problem]


@dataclass(frozen=True)
class Made:
    """What came of one chunk: `decided` by row of what was asked, `faults` by row of the file."""

    asked: Asked
    faults: dict[int, Problem]
    decided: dict[int, Record] = field(repr=False)


class _Work:
    """`think` is pure; `decide` and `log` are taken in turns, and hold the store's lock from the one to the other."""

    def __init__(self, desk: Desk, customers: Customers, store: Store | None, clock: str, ledger: Ledger | None):
        self.desk, self.customers, self.store, self.clock = desk, customers, store, clock
        self.reading = Reading(desk, store) if store else None
        self.ledger = ledger or Ledger(desk.policy.caps, customers.as_of)
        self.seq: int | None = None
        self.others = False  # have decided since the chunk was thought of
        self.made: deque[Made] = deque()  # not told yet

    def think(self, table, start: int) -> Thought:
        asked = read_asked(self.desk, table, start)
        columns, rows, faults = known_columns(self.desk, self.customers, self.ledger, asked.checked.columns)
        place = np.full(len(asked.rows), -1)
        place[rows] = np.arange(len(rows))
        lots = asked.named.lots[rows]
        return Thought(asked, columns, consider(self.desk, columns, lots) if len(rows) else None, place, faults)

    def decide(self, thought: Thought) -> list[tuple]:
        """The rows to be logged: where there is a store it is locked until `log`."""
        asked, made, rows = thought.asked, Made(thought.asked, thought.asked.faults(), {}), []
        try:
            known = {}
            if self.store:
                self.store.begin()
                self._catch_up(asked)
                known = self._known(list(dict.fromkeys(asked.named.ids)))
            fresh = self._decide(thought, known, made)
            if self.store:
                rows = self.store.rows_of(fresh)
        except BaseException:
            if self.store:
                self.store.rollback()
            raise
        self.made.append(made)
        return rows

    def log(self, rows: list[tuple]) -> None:
        """Nothing but the database works here, so that Python can go on meanwhile."""
        if self.store is None:
            return
        try:
            if rows:
                self.store.insert("decisions", DECISION, rows)
                self.seq = rows[-1][0]
            self.store.commit()
        except BaseException:
            self.store.rollback()
            raise

    def told(self) -> Chunk:
        """The first chunk that was not told yet; it takes no store."""
        made = self.made.popleft()
        columns = columns_of(self.desk, made.asked, made.decided, self._form)
        return Chunk(columns, made.faults, made.asked.count)

    def _form(self, record: Record) -> Form:
        return self.reading.form(record) if self.reading else self.desk.form

    def _decide(self, thought: Thought, known: dict[str, Record], made: Made) -> list[Record]:
        """Records of what is asked for the first time."""
        asked, named = thought.asked, thought.asked.named
        first: dict[str, int] = {}
        again: list[int] = []
        for i, (key, name, hashed) in enumerate(zip(named.keys, named.ids, named.asked)):
            if i in thought.faults and name not in known:  # it leaves its key to the next
                made.faults[asked.number(i)] = thought.faults[i]
                continue
            before = known[name].asked if name in known else named.asked[first.setdefault(key, i)]
            if before != hashed:
                hint = "A new request needs a new key."
                said = f"the key '{key[:60]}' is another request's"
                made.faults[asked.number(i)] = Problem("GW516", said, hint=hint)
            elif name in known:
                made.decided[i] = known[name]
            elif first[key] != i:
                again.append(i)
        fresh = self._fresh(thought, list(first.values()))
        made.decided.update(fresh)
        for i in again:
            made.decided[i] = made.decided[first[named.keys[i]]]
        return list(fresh.values())

    def _fresh(self, thought: Thought, rows: list[int]) -> dict[int, Record]:
        """Row → record of requests that are not decided yet."""
        asked, columns, found = thought.asked, thought.columns, thought.found
        if not rows:
            return {}
        named, requests = asked.named, asked.rows
        if len(rows) < len(asked.rows):
            at = thought.place[rows]
            columns, found = {n: c[at] for n, c in columns.items()}, found.take(at)
            named, requests = named.take(rows), [requests[i] for i in rows]
        times = self._times(columns, len(rows))
        Settling(self.desk, self.customers, self.ledger, found, columns, times).go(self.others)
        return dict(zip(rows, records(self.desk, found, requests, columns, named, times, self.customers.version)))

    def _times(self, columns, count: int) -> np.ndarray:
        if self.clock == "now":
            return np.full(count, max(time.time(), self.ledger.last))
        asked = columns["requested_at"].astype("datetime64[s]").astype(float)
        return np.maximum.accumulate(np.maximum(asked, self.ledger.last))

    def _known(self, names: Sequence[str]) -> dict[str, Record]:
        """What the log holds of these decisions, asked in pieces that a database takes."""
        found: dict[str, Record] = {}
        for k in range(0, len(names), 500):
            bodies = self.store.answered(names[k : k + 500])
            found |= {name: self.reading.record(body) for name, body in bodies.items()}
        return found

    def _catch_up(self, asked: Asked) -> None:
        """Note what is in the log and not yet in the ledger: of this batch nothing, of other desks everything."""
        if self.seq is None:
            first = time.time()
            if self.clock == "requested":
                if not asked.rows:
                    return  # nothing says yet from when on the log is needed
                at = asked.checked.columns["requested_at"].min()
                first = min(first, float(at.astype("datetime64[s]").astype(float)))
            self.seq = self.store.needed_by(self.ledger, first)
        before, self.seq = self.seq, self.store.catch_up(self.ledger, self.seq)
        self.others = self.seq > before


def columns_of(
    desk: Desk, asked: Asked, decided: dict[int, Record], form_of: Callable[[Record], Form]
) -> dict[str, list]:
    """Output columns of what was decided, or decided earlier, by row of what was asked. Costs are as the log has them."""
    if not decided:
        return {}
    rows = sorted(decided)
    found = [decided[row] for row in rows]
    forms, fallback = [form_of(r) for r in found], desk.policy.fallback
    places = [form.number[r.action] for r, form in zip(found, forms)]
    return {
        "row": (asked.start + asked.checked.rows[rows]).tolist(),
        KEY: [r.key for r in found],
        "decision_id": [r.id for r in found],
        **{n: [asked.rows[row].get(n, "") for row in rows] for n in identity(desk.operation)},
        "action": [r.action for r in found],
        "best": [r.best for r in found],
        "propensity": [r.propensity[k] for r, k in zip(found, places)],
        "expected_cost": [r.expected[k] / form.per_money for r, form, k in zip(found, forms, places)],
        "fallback_cost": [
            r.expected[form.number[fallback]] / form.per_money if fallback in form.number else None
            for r, form in zip(found, forms)
        ],
        "spent": [r.spent for r in found],
        "rules": [r.rules for r in found],
        "caps": [r.caps for r in found],
        "says": [r.says for r in found],
        "decided_at": [r.decided_at for r in found],
        "policy_version": [r.policy for r in found],
    }


def identity(operation: Operation) -> list[str]:
    """The fields by which one finds a request again."""
    return [n for n, f in operation.fields.items() if f.type == "text" and f.needed and n.endswith("_id")]
