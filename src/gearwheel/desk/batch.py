"""Many requests at once: in their order, chunk by chunk, each chunk decided, logged, and only then written out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec
import numpy as np

from gearwheel.desk.answer import decide_known
from gearwheel.desk.customers import Customers
from gearwheel.desk.decide import Decisions, Desk
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.operation import Operation
from gearwheel.desk.record import Record, asked_hash, decision_id, records
from gearwheel.desk.requests import KEY, WHOLE, Checked, check_table, contexts_of
from gearwheel.desk.store import Store
from gearwheel.desk.weigh import MANY, compile_many
from gearwheel.wheel.errors import Problem

CHUNK = 8192  # requests of one transaction
CLOCKS = ("now", "requested")


@dataclass
class Chunk:
    """What came of one chunk: `columns` by name, one entry a decision; `faults` by row of the file."""

    columns: dict[str, list]
    faults: dict[int, Problem]
    asked: int
    capped: dict[str, int] = field(default_factory=dict)
    spoke: dict[str, int] = field(default_factory=dict)

    def add(self, more: Mapping[str, Sequence]) -> None:
        for name, values in more.items():
            self.columns.setdefault(name, []).extend(values)

    def sorted(self) -> Chunk:
        """With the decisions in the order of the file."""
        rows = self.columns.get("row", [])
        if any(a > b for a, b in pairwise(rows)):
            order = sorted(range(len(rows)), key=rows.__getitem__)
            self.columns = {n: [column[i] for i in order] for n, column in self.columns.items()}
        return self


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
    request under a known key is a fault (GW516). `ledger`: what was decided before, where there is no store. Raises DeskError (GW518) where the log cannot be written; chunks
    before that are logged.
    """
    work = _Work(desk, customers, store, clock, ledger)
    done = 0
    for table in tables:
        yield work.chunk(table, done)
        done += len(table)
        progress(done)


class _Work:
    """The ledger and how far it knows the log."""

    def __init__(self, desk: Desk, customers: Customers, store: Store | None, clock: str, ledger: Ledger | None):
        self.desk, self.customers, self.store, self.clock = desk, customers, store, clock
        self.ledger = ledger or Ledger(desk.policy.caps, customers.as_of)
        self.seq: int | None = None
        self.compiled = False

    def chunk(self, table, start: int) -> Chunk:
        checked = check_table(self.desk.operation, self.desk.policy, table, time.time())
        contexts = contexts_of(self.desk.operation, table.take(checked.rows))
        rows = requests_of(self.desk.operation, checked, contexts)
        hashes = [asked_hash(row) for row in rows]
        keys = _keys(table, checked, hashes)
        names = [decision_id(self.desk.secret, key) for key in keys]
        found = Chunk({}, {start + row: problem for row, problem in checked.faults.items()}, len(table))
        if self.store is None:
            self._decide(checked, rows, (keys, names, hashes), start, found, {})
            return found.sorted()
        self._compile(checked)  # before the store's lock is held, which other desks wait for
        with self.store.transaction():
            self._catch_up(checked)
            known = _known(self.store, list(dict.fromkeys(names)))
            made = self._decide(checked, rows, (keys, names, hashes), start, found, known)
            if made:
                self.seq = self.store.append(made)
        return found.sorted()

    def _compile(self, checked: Checked) -> None:
        """Once, where a segment of this chunk will be long enough to be weighed compiled."""
        if self.compiled or len(checked.rows) < MANY:
            return
        pieces = segments(range(len(checked.rows)), _customers(checked))
        if max(len(piece) for piece in pieces) >= MANY:
            nothing = {n: np.zeros(len(checked.rows)) for n in self.desk.operation.facts}  # of no consequence
            compile_many(self.desk.operation, checked.columns | nothing, self.desk.draws, self.desk.layout)
            self.compiled = True

    def _decide(self, checked: Checked, rows, named: tuple, start: int, found: Chunk, known: dict) -> list[Record]:
        """Segment by segment: who asks twice is answered the second time with the first answer known."""
        keys, names, hashes = named
        numbers = (start + checked.rows).tolist()
        first: dict[str, int] = {}
        again: list[int] = []
        for i, (key, name) in enumerate(zip(keys, names)):
            before = known[name][0] if name in known else hashes[first.setdefault(key, i)]
            if before != hashes[i]:
                hint = "A new request needs a new key."
                found.faults[numbers[i]] = Problem("GW516", f"the key '{key[:60]}' is another request's", hint=hint)
            elif name in known:
                found.add(recorded(self.desk, known[name][1], numbers[i], rows[i]))
            elif first[key] != i:
                again.append(i)
        made: list[Record] = []
        for segment in segments(list(first.values()), _customers(checked)):
            made += self._segment(checked, np.array(segment), rows, keys, start, found)
        for i in again:
            at = numbers[first[keys[i]]]
            if at in found.faults:
                found.faults[numbers[i]] = found.faults[at]
            else:
                one = found.columns["row"].index(at)
                found.add({n: [numbers[i] if n == "row" else column[one]] for n, column in found.columns.items()})
        return made

    def _segment(self, checked: Checked, at: np.ndarray, rows, keys, start: int, found: Chunk) -> list[Record]:
        columns = {n: c[at] for n, c in checked.columns.items()}
        mine = [keys[i] for i in at]
        made = decide_known(self.desk, self.customers, self.ledger, columns, mine, self._times)
        found.faults |= {start + int(checked.rows[at[i]]): problem for i, problem in made.faults.items()}
        decisions, at, times = made.decisions, at[made.rows], made.times
        if decisions is None:
            return []
        mine, asked = [keys[i] for i in at], [rows[i] for i in at]
        for name, spoke in decisions.spoke.items():
            found.spoke[name] = found.spoke.get(name, 0) + int(spoke.sum())
        for caps in decisions.capped:
            for cap in caps:
                found.capped[cap] = found.capped.get(cap, 0) + 1
        found.add(decided(self.desk, decisions, asked, mine, times, start + checked.rows[at]))
        if self.store is None:
            return []
        return records(self.desk, decisions, asked, made.columns, mine, times, self.customers.version)

    def _times(self, columns, count: int) -> np.ndarray:
        if self.clock == "now":
            return np.full(count, max(time.time(), self.ledger.last))
        asked = columns["requested_at"].astype("datetime64[s]").astype(float)
        return np.maximum.accumulate(np.maximum(asked, self.ledger.last))

    def _catch_up(self, checked: Checked) -> None:
        """Note what is in the log and not yet in the ledger: of this batch nothing, of other desks everything."""
        if self.seq is None:
            first = time.time()
            if self.clock == "requested" and len(checked.rows):
                first = min(first, float(checked.columns["requested_at"].min().astype("datetime64[s]").astype(float)))
            self.seq = self.store.needed_by(self.ledger, first)
        self.seq = self.store.catch_up(self.ledger, self.seq)


def segments(rows: Sequence[int], customers: Sequence[str] | None) -> Iterator[list[int]]:
    """`rows` cut, in their order, wherever a customer would stand twice in a piece."""
    if customers is None:
        yield from ([list(rows)] if rows else [])
        return
    piece: list[int] = []
    seen: set[str] = set()
    for row in rows:
        if customers[row] in seen:
            yield piece
            piece, seen = [], set()
        piece.append(row)
        seen.add(customers[row])
    if piece:
        yield piece


def _customers(checked: Checked) -> list[str] | None:
    return checked.columns["customer_id"].tolist() if "customer_id" in checked.columns else None


def requests_of(operation: Operation, checked: Checked, contexts: Sequence[Mapping]) -> list[dict]:
    """The checked requests as the log keeps them: fields that say something, and the free context of each under
    `context`."""
    columns = {}
    for name, what in operation.fields.items():
        column = checked.columns[name]
        if what.type == "time":
            texts = np.datetime_as_string(column.astype("datetime64[s]"))
            columns[name] = [None if t == "NaT" else f"{t}Z" for t in texts.tolist()]
        elif what.type == "text":
            columns[name] = [text or None for text in column.tolist()]
        else:
            columns[name] = [None if value != value else value for value in column.tolist()]
    columns[WHOLE] = [{n: v for n, v in said.items() if v is not None} or None for said in contexts]
    names = list(columns)
    return [{n: v for n, v in zip(names, row) if v is not None} for row in zip(*columns.values())]


def decided(desk: Desk, decisions: Decisions, rows: Sequence[dict], keys, times, numbers) -> dict[str, list]:
    """Output columns of fresh decisions. `numbers`: their rows in the file."""
    names, count = desk.policy.actions, np.arange(len(keys))
    expected, fallback = decisions.weighed.expected, desk.policy.actions.index(desk.policy.fallback)
    actions = decisions.actions
    return {
        "row": numbers.tolist(),
        KEY: list(keys),
        "decision_id": [decision_id(desk.secret, key) for key in keys],
        **{n: [row.get(n, "") for row in rows] for n in identity(desk.operation)},
        "action": actions,
        "best": [names[b] for b in decisions.best],
        "propensity": decisions.propensity[count, decisions.chosen].tolist(),
        "expected_cost": expected[count, decisions.chosen].tolist(),
        "fallback_cost": expected[:, fallback].tolist(),
        "spent": decisions.spent.tolist(),
        "rules": _spoken(decisions, len(keys)),
        "caps": [list(caps) for caps in decisions.capped],
        "says": [desk.operation.words(action, row) for action, row in zip(actions, rows)],
        "decided_at": times.tolist(),
        "policy_version": [desk.policy.version] * len(keys),
    }


def recorded(desk: Desk, body: bytes, number: int, row: Mapping) -> dict[str, list]:
    """The same columns of a decision that stands in the log already."""
    said = msgspec.json.decode(body)
    cost = {o["action"]: o["expected_cost"] for o in said["answer"]["options"]}
    return {
        "row": [number],
        KEY: [said["key"]],
        "decision_id": [said["id"]],
        **{n: [row.get(n, "")] for n in identity(desk.operation)},
        "action": [said["action"]],
        "best": [said["best"]],
        "propensity": [said["propensity"][said["action"]]],
        "expected_cost": [cost[said["action"]]],
        "fallback_cost": [cost.get(desk.policy.fallback)],
        "spent": [said["spent"]],
        "rules": [said["rules"]],
        "caps": [said["caps"]],
        "says": [said["answer"]["explanation"]["customer"]],
        "decided_at": [said["decided_at"]],
        "policy_version": [said["policy"]],
    }


def identity(operation: Operation) -> list[str]:
    """The fields by which one finds a request again."""
    return [n for n, f in operation.fields.items() if f.type == "text" and f.needed and n.endswith("_id")]


def _spoken(decisions: Decisions, count: int) -> list[list[str]]:
    spoken: list[list[str]] = [[] for _ in range(count)]
    for name, spoke in decisions.spoke.items():
        for row in np.flatnonzero(spoke).tolist():
            spoken[row].append(name)
    return spoken


def _keys(table, checked: Checked, hashes: Sequence[bytes]) -> list[str]:
    """What names each request."""
    if KEY not in table.column_names:
        return [hashed.hex() for hashed in hashes]
    given = table[KEY].take(checked.rows).to_pylist()
    return [hashed.hex() if key in (None, "") else str(key) for key, hashed in zip(given, hashes)]


def _known(store: Store, names: Sequence[str]) -> dict[str, tuple[bytes, bytes]]:
    """What the log holds of these decisions, asked in pieces that a database takes."""
    found: dict[str, tuple[bytes, bytes]] = {}
    for k in range(0, len(names), 500):
        found |= store.answered(names[k : k + 500])
    return found
