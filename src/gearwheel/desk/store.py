"""The append-only log of decisions and outcomes in a database; SQLite and PostgreSQL differ in little.

Every table refuses UPDATE and DELETE by trigger, a key is decided once by a unique constraint, and each row is chained
to the one before it, so that a change made behind the triggers shows in a replay.
"""

from __future__ import annotations

import json
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from gearwheel.desk.ledger import DAY, Ledger
from gearwheel.desk.record import START, Entry, chained, id_of
from gearwheel.desk.requests import AHEAD
from gearwheel.wheel.errors import DeskError, Problem

FORMAT = "2"
AT_ONCE = 500  # ids of one question
TABLES = ("meta", "papers", "decisions", "outcomes")
COLUMNS = {  # with {text}, {blob}, {real} and {whole} as the database calls them
    "meta": "name {text} primary key, value {blob} not null",
    "papers": "kind {text}, version {text}, content {blob} not null, kept_at {real} not null, primary key (kind, version)",
    "decisions": "seq {whole} primary key, id {blob} not null unique, decided_at {real} not null, customer {text} not null, "
    "product {text} not null, action {text} not null, spent {real} not null, chain {blob} not null, body {blob} not null",
    "outcomes": "seq {whole} primary key, id {text} not null unique, decision {text} not null, asked {blob} not null, "
    "chain {blob} not null, body {blob} not null",
}
DECISION = tuple(column.split()[0] for column in COLUMNS["decisions"].split(", "))


class StoreError(DeskError):
    """The store cannot be read or written now; nothing was recorded."""

    def __init__(self, said: str, hint: str = "Nothing was decided. Try again when the store is back."):
        super().__init__(Problem("GW518", said, hint=hint))


@dataclass(frozen=True)
class Outcome:
    """What happened after a decision. `body` is JSON: outcome_id, decision_id, kind, at, amount, further keys, key, asked,
    told_at."""

    id: str
    decision: str
    asked: bytes
    body: bytes


class Store(ABC):
    """One operation's log. Not for several threads at once; several processes may share it.

    Whatever the database says no to is raised as StoreError.
    """

    types: dict[str, str]
    name: str

    # ---- what a database does in its own way
    @abstractmethod
    def run(self, sql: str, values: Sequence = ()) -> list[tuple]:
        """Rows of one statement, with ? for values."""

    @abstractmethod
    def insert(self, table: str, names: Sequence[str], rows: Sequence[tuple]) -> None:
        """Add rows with these columns."""

    @abstractmethod
    def begin(self) -> None:
        """Start a transaction that no other process's can overlap."""

    @abstractmethod
    def commit(self) -> None:
        """Make it durable."""

    @abstractmethod
    def rollback(self) -> None:
        """Forget it; never raises."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the database; the next use opens it again."""

    @abstractmethod
    def probe(self) -> None:
        """Write durably, and nothing that matters. Raises StoreError where that cannot be."""

    @abstractmethod
    def tables(self) -> set[str]:
        """Names of all tables and views."""

    @abstractmethod
    def guard(self) -> list[str]:
        """Statements that forbid UPDATE and DELETE on TABLES."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is appended inside is durable afterwards, all of it; or, where anything is raised, none of it."""
        self.begin()
        try:
            yield
            self.commit()
        except BaseException:
            self.rollback()
            raise

    # ---- once
    def found(self, operation: str) -> bytes:
        """Create the tables where there are none; the secret of the lots. Raises DeskError (GW518) where the store is
        of another operation, or holds somebody else's tables under our names, before anything is created."""
        with self.transaction():
            taken = sorted(self.tables().intersection(TABLES))
            if taken and (len(taken) < len(TABLES) or "format" not in self.meta()):
                said = f"{self.name} has a table '{taken[0]}' that is not the desk's"
                raise StoreError(said, "Give the desk a database of its own.")
            for table in TABLES:
                self.run(f"create table if not exists {table} ({COLUMNS[table].format(**self.types)})")
            self.run("create index if not exists outcomes_of on outcomes (decision)")
            for statement in self.guard():
                self.run(statement)
            meta = self.meta()
            if not meta:
                meta = {"format": FORMAT.encode(), "operation": operation.encode(), "secret": secrets.token_bytes(32)}
                self.insert("meta", ("name", "value"), list(meta.items()))
        self.check(operation, meta)
        return meta["secret"]

    def check(self, operation: str, meta: dict[str, bytes] | None = None) -> dict[str, bytes]:
        """What `meta` says. Raises StoreError where the store is of another format or operation, or none at all."""
        meta = meta or self.meta()
        said, holds = (meta.get(name, b"").decode() for name in ("format", "operation"))
        if not said:
            raise StoreError(f"{self.name} holds no decisions on '{operation}'", "Is it a store of the desk?")
        if holds != operation:
            raise StoreError(
                f"the store holds decisions on '{holds}', not '{operation}'", "Each has a store of its own."
            )
        if said != FORMAT:
            hint = f"Take the version that wrote it, or a new store; this one writes format {FORMAT}."
            raise StoreError(f"the store is of format {said}, which another version of Gearwheel wrote", hint)
        return meta

    def meta(self) -> dict[str, bytes]:
        """format, operation and secret; empty where the store is new."""
        return {name: _bytes(value) for name, value in self.run("select name, value from meta")}

    def keep(self, kind: str, version: str, content: str) -> None:
        """A policy, knowledge, or what the customers' file was, by version, unless it is kept already."""
        if version and not self.run("select 1 from papers where kind = ? and version = ?", (kind, version)):
            row = (kind, version, content.encode(), time.time())
            self.insert("papers", ("kind", "version", "content", "kept_at"), [row])

    def papers(self, kind: str) -> dict[str, str]:
        """Version → content."""
        rows = self.run("select version, content from papers where kind = ?", (kind,))
        return {version: _bytes(content).decode() for version, content in rows}

    # ---- decisions
    def answered(self, names: Sequence[str]) -> dict[str, bytes]:
        """Decision → body, of those that are recorded."""
        known = {id_of(name): name for name in names}
        known.pop(None, None)
        return {known[id_]: body for id_, body in self.recorded(list(known)).items()}

    def recorded(self, ids: Sequence[bytes]) -> dict[bytes, bytes]:
        """Of these ids those that are recorded, with the body of each; asked in pieces that a database takes."""
        found: dict[bytes, bytes] = {}
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            rows = self.run(f"select id, body from decisions where id in ({', '.join('?' * len(part))})", part)
            found |= {_bytes(id_): _bytes(body) for id_, body in rows}
        return found

    def since(self, seq: int, limit: int = 2**62) -> list[tuple[int, str, str, str, float, float, bytes]]:
        """(seq, action, customer, product, decided_at, spent, id) of the decisions after this one, in order."""
        names = "seq, action, customer, product, decided_at, spent, id"
        return self.run(f"select {names} from decisions where seq > ? order by seq limit {limit:d}", (seq,))

    def before(self, when: float) -> int:
        """The last decision not after this time (seconds since 1970), by bisection; 0 where there is none."""
        low, high = 0, self.end("decisions")[0]
        while low < high:
            middle = (low + high + 1) // 2
            ((at,),) = self.run("select decided_at from decisions where seq = ?", (middle,))
            low, high = (middle, high) if at <= when else (low, middle - 1)
        return low

    def needed_by(self, ledger: Ledger, when: float) -> int:
        """The last decision that a new ledger need not know to decide from `when` on (seconds since 1970): older than
        every cap looks back, and than the customers' records reach."""
        longest = max((cap.days for cap in ledger.caps), default=0.0) * DAY
        return self.before(min(when - longest, ledger.since))

    def catch_up(self, ledger: Ledger, seq: int) -> int:
        """Note in the ledger all decisions after this one; the last."""
        made = self.since(seq)
        for _, action, customer, product, at, spent, _ in made:
            ledger.note(action, customer, product, at, spent)
        return made[-1][0] if made else seq

    def end(self, table: str) -> tuple[int, bytes]:
        """(seq, chain) of the last row."""
        rows = self.run(f"select seq, chain from {table} order by seq desc limit 1")
        return (rows[0][0], _bytes(rows[0][1])) if rows else (0, START)

    def append(self, entries: Sequence[Entry]) -> int:
        """Within a transaction; the last seq."""
        rows = rows_of(entries, self.end("decisions"))
        self.insert("decisions", DECISION, rows)
        return rows[-1][0]

    def bodies(self, table: str, after: int, limit: int) -> list[tuple[int, bytes, bytes]]:
        """(seq, chain, body) of at most `limit` decisions or outcomes after this one, in order."""
        rows = self.run(f"select seq, chain, body from {table} where seq > ? order by seq limit {limit:d}", (after,))
        return [(seq, _bytes(chain), _bytes(body)) for seq, chain, body in rows]

    # ---- outcomes
    def told(self, ids: Sequence[str]) -> dict[str, tuple[bytes, bytes]]:
        """Outcome → (hash of what was told, body), of those that are recorded."""
        rows = self.run(f"select id, asked, body from outcomes where id in ({', '.join('?' * len(ids))})", ids)
        return {name: (_bytes(asked), _bytes(body)) for name, asked, body in rows}

    def told_since(self, seq: int, limit: int) -> list[tuple[int, str, str, bytes]]:
        """(seq, id, decision, asked) of the outcomes after this one, in order."""
        names = "seq, id, decision, asked"
        return self.run(f"select {names} from outcomes where seq > ? order by seq limit {limit:d}", (seq,))

    def outcomes_of(self, decision: str) -> list[dict]:
        """Everything that was told of a decision, in order."""
        rows = self.run("select body from outcomes where decision = ? order by seq", (decision,))
        return [json.loads(_bytes(body)) for (body,) in rows]

    def append_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Within a transaction."""
        seq, chain = self.end("outcomes")
        rows = []
        for o in outcomes:
            seq, chain = seq + 1, chained(chain, o.body)
            rows.append((seq, o.id, o.decision, o.asked, chain, o.body))
        self.insert("outcomes", ("seq", "id", "decision", "asked", "chain", "body"), rows)


def refuse_future(last: float, now: float) -> None:
    """Raises StoreError where the latest decision lies in the future (seconds since 1970): decisions from here on would
    carry its time, and no cap would open again before it."""
    if last <= now + AHEAD:
        return
    when = datetime.fromtimestamp(last, UTC).isoformat(timespec="seconds")
    days = (last - now) / DAY
    ahead = f"{days:,.0f} days" if days >= 2 else f"{days * 1440:,.0f} minutes"
    said = f"the latest decision in the log was made at {when}, {ahead} after this machine's clock"
    hint = "Set the clock right. If the clock that made it was wrong, move the store away and start with a new one."
    raise StoreError(said, hint)


def rows_of(entries: Iterable[Entry], end: tuple[int, bytes]) -> list[tuple]:
    """Rows of DECISION for these entries, chained to the log's `end` (seq, chain)."""
    (seq, chain), rows = end, []
    for id_, at, customer, product, action, spent, body in entries:
        seq, chain = seq + 1, chained(chain, body)
        rows.append((seq, id_, at, customer, product, action, spent, chain, body))
    return rows


def _bytes(value: object) -> bytes:
    """A blob; what somebody has made a text of by hand is told apart by its hash."""
    return value.encode() if isinstance(value, str) else bytes(value)


def open_store(url: str) -> Store:
    """`sqlite:///relative`, `sqlite:////absolute`, a path, or `postgresql://…`; opened at the first use."""
    if url.startswith(("postgresql://", "postgres://")):
        from gearwheel.desk.store_postgres import PostgresStore

        return PostgresStore(url)
    from gearwheel.desk.store_sqlite import SqliteStore

    scheme, slashes, path = url.partition("://")
    if slashes and scheme != "sqlite":
        said = f"'{scheme}' is no kind of store"
        raise StoreError(said, "A store is a path, sqlite:///path or postgresql://host/database.")
    return SqliteStore(path.removeprefix("/") if slashes else url)
