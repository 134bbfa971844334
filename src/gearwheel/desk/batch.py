"""Many requests at once: in their order, chunk by chunk, each chunk decided, logged, and only then written out."""

from __future__ import annotations

import gc
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from gearwheel.desk.answer import known_columns
from gearwheel.desk.batch_asked import Asked, read_asked
from gearwheel.desk.batch_settle import Settling
from gearwheel.desk.batch_table import Results, table_of
from gearwheel.desk.consider import Decisions, Desk, consider
from gearwheel.desk.customers import Customers
from gearwheel.desk.entries import Made, Named, entries
from gearwheel.desk.form import Form
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.policy import unnamed
from gearwheel.desk.reading import Reading
from gearwheel.desk.record import Record
from gearwheel.desk.store import DECISION, Store, refuse_future, rows_of
from gearwheel.wheel.errors import Problem

CHUNK = 4_096  # requests of one transaction, for which others who share the store wait
PIECE = 1_024  # of them that are logged at once


@dataclass(frozen=True)
class Chunk:
    """What came of one chunk: `table` (pyarrow) of the decisions in the order of the file, `fresh` of which were not made
    before; `faults` by row of it. `unnamed`: what conditions of the policy ask for and no condition names."""

    table: Any = field(repr=False)
    fresh: int
    unnamed: Counter[tuple[str, str]] = field(repr=False)
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
    start = 0
    with ThreadPoolExecutor(1) as thread:
        work = _Work(desk, customers, store, clock, ledger, thread)
        for table in tables:
            with _no_garbage():
                thought = work.think(table, start)  # while the chunk before is logged
                start += len(table)
                logged = work.logged()
                work.decide(thought)
                chunk = work.told() if logged else None
            if chunk:
                yield chunk  # to be written out while the next one is logged
                progress(thought.asked.start)
        if work.logged():
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


class _Work:
    """`think` is pure. `decide` takes the store's lock, and `thread` gives it back when all is logged; nothing else uses
    the store in between."""

    def __init__(
        self,
        desk: Desk,
        customers: Customers,
        store: Store | None,
        clock: str,
        ledger: Ledger | None,
        thread: Executor,
    ):
        self.desk, self.customers, self.store, self.clock, self.thread = desk, customers, store, clock, thread
        self.reading = Reading(desk, store) if store else None
        self.ledger = ledger or Ledger(desk.policy.caps, customers.as_of)
        self.seq: int | None = None
        self.others = False  # have decided since the chunk was thought of
        self.untold: deque[Results] = deque()
        self.logging: Future | None = None  # of the chunk decided last

    def think(self, table, start: int) -> Thought:
        asked = read_asked(self.desk, table, start)
        columns, rows, faults = known_columns(self.desk, self.customers, self.ledger, asked.checked.columns)
        place = np.full(len(asked.named.ids), -1)
        place[rows] = np.arange(len(rows))
        lots = asked.named.lots[rows]
        return Thought(asked, columns, consider(self.desk, columns, lots) if len(rows) else None, place, faults)

    def decide(self, thought: Thought) -> None:
        """Decide a chunk and have it logged, the first rows while the last are not made yet."""
        results, logging = Results(thought.asked, thought.asked.faults()), []
        try:
            known = {}
            if self.store:
                self.store.begin()
                self._catch_up(thought.asked)
                known, end = self._known(thought.asked.named), self.store.end("decisions")
            self._decide(thought, known, results)
            if self.store and results.fresh:
                made = entries(results.fresh, self.customers.version)
                while rows := rows_of(islice(made, PIECE), end):
                    logging.append(self.thread.submit(self._insert, logging[-1:], rows))
                    end = rows[-1][0], rows[-1][DECISION.index("chain")]
                self.seq = end[0]
            logging.append(self.thread.submit(self._commit, logging[-1:]))
        except BaseException:
            try:
                wait(logging)
            finally:
                if self.store:
                    self.store.rollback()
            raise
        self.untold.append(results)
        self.logging = logging[-1]

    def _insert(self, before: Sequence[Future], rows: Sequence[tuple]) -> None:
        """Unless the piece before failed: a database may have ended the transaction then, and what came after would be
        recorded by itself."""
        for piece in before:
            piece.result()
        self.store.insert("decisions", DECISION, rows)

    def _commit(self, before: Sequence[Future]) -> None:
        """All pieces or none."""
        if self.store is None:
            return
        try:
            for piece in before:
                piece.result()
            self.store.commit()
        except BaseException:
            self.store.rollback()
            raise

    def logged(self) -> bool:
        """Whether there was a chunk; it is durable."""
        if self.logging:
            self.logging.result()
        return self.logging is not None

    def told(self) -> Chunk:
        """The first chunk that was not told yet; it takes no store."""
        results = self.untold.popleft()
        table = table_of(self.desk, results, self._form)
        asked = results.asked
        said = unnamed(self.desk.policy, asked.checked.columns)
        return Chunk(table, len(results.rows), said, results.faults, asked.count)

    def _form(self, record: Record) -> Form:
        return self.reading.form(record) if self.reading else self.desk.form

    def _decide(self, thought: Thought, known: dict[bytes, Record], results: Results) -> None:
        """Decide what is asked for the first time, and say of the others what they were answered."""
        asked, named = thought.asked, thought.asked.named
        first: dict[bytes, int] = {}
        again: dict[int, bytes] = {}
        for i, id_ in enumerate(named.ids):
            if i in thought.faults and id_ not in known:  # it leaves its key to the next
                results.faults[asked.number(i)] = thought.faults[i]
                continue
            at = None if id_ in known else first.setdefault(id_, i)
            if at == i:
                continue
            if (known[id_].asked if at is None else named.asked[at]) != named.asked[i]:
                hint = "A new request needs a new key."
                said = f"the key '{named.keys[i][:60]}' is another request's"
                results.faults[asked.number(i)] = Problem("GW516", said, hint=hint)
            elif at is None:
                results.before[i] = known[id_]
            else:
                again[i] = id_
        results.rows = np.fromiter(first.values(), int, len(first))
        results.fresh = self._fresh(thought, results.rows)
        place = {id_: k for k, id_ in enumerate(first)}
        results.again = {i: place[id_] for i, id_ in again.items()}

    def _fresh(self, thought: Thought, rows: np.ndarray) -> Made | None:
        """Decide these requests, which are not decided yet."""
        asked, columns, found = thought.asked, thought.columns, thought.found
        if not len(rows):
            return None
        named = asked.named
        if len(rows) < len(named.ids):
            at = thought.place[rows]
            columns, found, named = {n: c[at] for n, c in columns.items()}, found.take(at), named.take(rows)
        times = self._times(columns, len(rows))
        Settling(self.desk, self.customers, self.ledger, found, columns, times).go(self.others)
        return Made(self.desk, found, named, columns, times)

    def _times(self, columns, count: int) -> np.ndarray:
        if self.clock == "now":
            now = time.time()
            refuse_future(self.ledger.last, now)
            return np.full(count, max(now, self.ledger.last))
        asked = columns["requested_at"].astype("datetime64[s]").astype(float)
        return np.maximum.accumulate(np.maximum(asked, self.ledger.last))

    def _known(self, named: Named) -> dict[bytes, Record]:
        """What the log holds of these decisions."""
        bodies = self.store.recorded(list(dict.fromkeys(named.ids)))
        return {id_: self.reading.record(body) for id_, body in bodies.items()}

    def _catch_up(self, asked: Asked) -> None:
        """Note what is in the log and not yet in the ledger: of this batch nothing, of other desks everything."""
        if self.seq is None:
            first = time.time()
            if self.clock == "requested":
                if not asked.named.ids:
                    return  # nothing says yet from when on the log is needed
                at = asked.checked.columns["requested_at"].min()
                first = min(first, float(at.astype("datetime64[s]").astype(float)))
            self.seq = self.store.needed_by(self.ledger, first)
        before, self.seq = self.seq, self.store.catch_up(self.ledger, self.seq)
        self.others = self.seq > before
