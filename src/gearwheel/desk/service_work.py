"""One thread that decides: what was handed over together is decided at once, committed at once, and only then answered.

It alone touches the store and the ledger. A transaction holds the store's lock and first reads what other desks on the
same store decided, so that caps and keys are right however many desks there are.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from gearwheel.desk.answer import answer, waves
from gearwheel.desk.consider import NAME, Desk, digests_of
from gearwheel.desk.customers import Customers
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.opened import keep_papers
from gearwheel.desk.outcomes import Told, misfit, outcome_name, outcome_of
from gearwheel.desk.reading import Reading
from gearwheel.desk.record import Entry, asked_hash
from gearwheel.desk.service_metrics import Unnamed
from gearwheel.desk.store import Outcome, Store, StoreError, refuse_future
from gearwheel.wheel.errors import DeskError, Problem

NOTHING_DONE = "Nothing was recorded."

Reply = bytes | Problem


@dataclass(frozen=True)
class Job:
    """`kind`: decide, tell, look or probe. `done` is called from the desk's thread once the answer is durable."""

    kind: str
    key: str
    row: Mapping
    done: Callable[[Reply], None] = field(repr=False)


class Work(threading.Thread):
    """`flush` is called after each batch, when all its jobs are done."""

    def __init__(self, desk: Desk, customers: Customers, store: Store, flush: Callable[[], None] = lambda: None):
        super().__init__(name="desk", daemon=True)
        self.desk, self.customers, self.store, self.flush = desk, customers, store, flush
        self.reading = Reading(desk, store)
        self.waiting: queue.SimpleQueue[Sequence[Job] | None] = queue.SimpleQueue()
        self.ledger: Ledger | None = None
        self.seq = 0
        self.failing = ""  # what the store last said, "" while it works
        self.batches = 0
        self.actions: Counter[str] = Counter()  # decided since the start
        self.unnamed = Unnamed()

    def hand(self, jobs: Sequence[Job]) -> None:
        """Have them all done, the decisions among them in one transaction."""
        self.waiting.put(jobs)

    def stop(self) -> None:
        """Finish what was handed over, then end."""
        self.waiting.put(None)

    def run(self) -> None:
        while (jobs := self.waiting.get()) is not None:
            self.serve(jobs)
        self.store.close()

    def serve(self, jobs: Sequence[Job]) -> None:
        """Answer them all; whatever goes wrong is an answer too."""
        self.batches += 1
        kinds = {"decide": self._decide, "tell": self._tell, "look": self._look, "probe": self._probe}
        for kind, work in kinds.items():
            mine = [job for job in jobs if job.kind == kind]
            for job, reply in zip(mine, self._replies(work, mine)):
                job.done(reply)
        self.flush()

    def _replies(self, work: Callable[[Sequence[Job]], list[Reply]], jobs: Sequence[Job]) -> list[Reply]:
        if not jobs:
            return []
        try:
            return work(jobs)
        except StoreError as error:
            self._undo()
            self._note(error.problems[0].message)
            return [error.problems[0]] * len(jobs)
        except Exception as error:  # a fault of ours must stop neither the desk nor the other requests
            self._undo()
            if len(jobs) > 1:
                return [reply for job in jobs for reply in self._replies(work, [job])]
            if isinstance(error, DeskError):  # a record that the log no longer explains
                return [error.problems[0]]
            traceback.print_exception(error)
            return [Problem("GW525", f"the desk failed on this request ({type(error).__name__})", hint=NOTHING_DONE)]

    def _note(self, failing: str) -> None:
        """What the store says, "" after a write that it took; a change is said on stderr too."""
        if bool(failing) != bool(self.failing):
            print(f"{_clock()} {f'nothing is decided: {failing}' if failing else 'the store is back'}", file=sys.stderr)
        self.failing = failing

    def _undo(self) -> None:
        """Forget all that may not be in the store: the next batch reads it again."""
        if self.ledger is not None:
            self.ledger.take_back()
        self.store.close()

    def _decide(self, jobs: Sequence[Job]) -> list[Reply]:
        ids = [d[:NAME] for d in digests_of(self.desk.secret, [job.key for job in jobs])]
        made: dict[bytes, Entry] = {}
        faults: dict[int, Problem] = {}
        words: Counter[tuple[str, str]] = Counter()
        with self.store.transaction():
            self._catch_up()
            known = self.store.recorded(list(dict.fromkeys(ids)))
            self.ledger.begin()
            now = time.time()
            while asked := _next_of(ids, {*known, *made}, faults):
                for wave in waves([str(jobs[i].row.get("customer_id")) for i in asked]):
                    mine = [asked[k] for k in wave]
                    rows, keys = [jobs[i].row for i in mine], [jobs[i].key for i in mine]
                    for i, found in zip(mine, answer(self.desk, self.customers, self.ledger, rows, keys, now, words)):
                        if isinstance(found, Entry):
                            made[found.id] = found
                        else:
                            faults[i] = found
            last = self.store.append(list(made.values())) if made else self.seq
            bodies = known | {entry.id: entry.body for entry in made.values()}
            records = {id_: self.reading.record(body) for id_, body in bodies.items()}
            answers = {id_: (record.asked, self.reading.answer(record)) for id_, record in records.items()}
        self.ledger.keep()
        self.seq = last
        if made:
            self._note("")
        self.actions.update(entry.action for entry in made.values())
        self.unnamed.add(words)
        return [faults.get(i) or _same(answers[ids[i]], asked_hash(job.row), "request") for i, job in enumerate(jobs)]

    def _tell(self, jobs: Sequence[Job]) -> list[Reply]:
        found: list[Told] = [outcome_of(self.desk, job.key, job.row, time.time()) for job in jobs]
        names = [outcome_name(self.desk, job.key) for job in jobs]
        with self.store.transaction():
            decided = self.store.answered(list({o.decision for o in found if isinstance(o, Outcome)}))
            known = self.store.told(list(set(names)))
            for k, told in enumerate(found):
                if isinstance(told, Outcome) and told.decision in decided and told.id not in known:
                    found[k] = self._misfit(jobs[k].row, decided[told.decision]) or told
            good = [t for t in found if isinstance(t, Outcome)]
            first = {o.id: o for o in reversed(good) if o.id not in known and o.decision in decided}
            new = list(reversed(first.values()))
            self.store.append_outcomes(new)
        if new:
            self._note("")
        bodies = {o.id: (o.asked, o.body) for o in new} | known
        replies: list[Reply] = []
        for job, name, told in zip(jobs, names, found):
            if isinstance(told, Problem):  # what was taken once is answered as it was then
                same = name in known and known[name][0] == asked_hash(job.row)
                replies.append(known[name][1] if same else told)
            elif told.decision in decided:
                replies.append(_same(bodies[told.id], told.asked, "outcome"))
            else:
                replies.append(Problem("GW522", f"there is no decision '{told.decision[:60]}'"))
        return replies

    def _misfit(self, row: Mapping, body: bytes) -> Problem | None:
        record = self.reading.record(body)
        request = msgspec.json.decode(record.request)
        return misfit(self.desk.operation, self.desk.policy, row, record.decided_at, request)

    def _look(self, jobs: Sequence[Job]) -> list[Reply]:
        known = self.store.answered(list({job.key for job in jobs}))
        replies: list[Reply] = []
        for job in jobs:
            if job.key in known:
                record = self.reading.whole(self.reading.record(known[job.key]))
                replies.append(msgspec.json.encode(record | {"outcomes": self.store.outcomes_of(job.key)}))
            else:
                replies.append(Problem("GW522", f"there is no decision '{job.key[:60]}'"))
        return replies

    def _probe(self, jobs: Sequence[Job]) -> list[Reply]:
        """Read; and write, where the last write failed: without callers nothing else would find out."""
        self.store.end("decisions")
        if self.failing:
            self.store.probe()
            with self.store.transaction():
                self._catch_up()
            self._note("")
        return [b'{"status":"ok"}'] * len(jobs)

    def _catch_up(self) -> None:
        """Note what is in the store and not yet in the ledger."""
        last = self.store.end("decisions")[0]
        if self.ledger is None or last < self.seq:  # the store was put back from a copy
            self.ledger = Ledger(self.desk.policy.caps, self.customers.as_of)
            self.seq = self.store.needed_by(self.ledger, time.time())
        if last > self.seq:
            self.seq = self.store.catch_up(self.ledger, self.seq)
        refuse_future(self.ledger.last, time.time())


def _clock() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _next_of(ids: Sequence[bytes], decided: Set[bytes], faults: Mapping[int, Problem]) -> list[int]:
    """Of each key that is not decided yet, the first request without a fault: a fault leaves the key to the next."""
    first: dict[bytes, int] = {}
    for i, id_ in enumerate(ids):
        if id_ not in decided and i not in faults:
            first.setdefault(id_, i)
    return list(first.values())


def _same(recorded: tuple[bytes, bytes], asked: bytes, what: str) -> Reply:
    """What is recorded under a key, where the same was asked."""
    if recorded[0] == asked:
        return recorded[1]
    hint = "A new request needs a new key; the same request, sent again, gets the same answer."
    return Problem("GW516", f"this Idempotency-Key belongs to another {what}", hint=hint)


def open_work(desk: Desk, customers: Customers, store: Store, knowledge: str) -> Work:
    """The desk's thread, not started, with its papers kept in the store. `desk.secret` is the store's."""
    keep_papers(store, desk, customers, knowledge)
    work = Work(desk, customers, store)
    with store.transaction():
        work._catch_up()
    return work
