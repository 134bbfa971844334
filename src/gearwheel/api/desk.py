"""The desk from Python: one request or a frame of them, decided behind a policy; nothing is logged."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

from gearwheel.wheel.errors import DeskError, Problem


@dataclass(frozen=True)
class Decision:
    """`explanation`: what the `customer` is told and what an `auditor` reads. `options`: every action with its expected
    cost, the parts of it, and whether it was open. `propensity`: how likely the action was."""

    action: str
    explanation: Mapping[str, str]
    options: tuple[Mapping[str, Any], ...] = field(repr=False)
    propensity: float
    decision_id: str
    policy_version: str


@dataclass(frozen=True)
class Desk:
    """Caps count what this value has decided so far; a log that others share is kept by `gearwheel desk decide` and
    `serve`. Equal requests, policy, secret and earlier decisions give equal decisions there and here."""

    papers: Any = field(repr=False)
    secret: bytes = field(repr=False)
    ledger: Any = field(repr=False, compare=False)
    _desk: Any = field(repr=False, compare=False)

    def decide(self, request: Mapping[str, Any], *, key: str | None = None, now: float | None = None) -> Decision:
        """The decision on one request, a dict of the operation's fields and whatever else.

        `key` names the request (one key, one lot) and follows from what it says when None; `now` is the desk's clock,
        seconds since 1970. Raises DeskError (GW510 to GW515) for a request that cannot be decided.
        """
        from gearwheel.desk.answer import answer
        from gearwheel.desk.explain import answer_of

        row, now = dict(request), time.time() if now is None else now
        _check_json([row, key])
        name = _named(self.papers, row, now) if key is None else key
        (found,) = answer(self._desk, self.papers.customers, self.ledger, [row], [name], now)
        if isinstance(found, Problem):
            raise DeskError(found)
        said = json.loads(answer_of(self._desk.policy, self._desk.form, found.record))
        return Decision(**{**said, "options": tuple(said["options"])})

    def decide_frame(self, frame, *, clock: str = "now"):
        """Decisions on a pandas DataFrame or a pyarrow Table of requests, in the kind that was given, one row a request
        in its order: the columns of `gearwheel desk decide`, and `code` and `message` where one cannot be decided.

        `clock`: "now", or "requested" where each counts as decided when it was asked.
        """
        import pyarrow as pa

        from gearwheel.desk.batch import decide_tables
        from gearwheel.desk.batch_files import plain_table

        given = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
        tables = iter([plain_table(given)])
        (chunk,) = decide_tables(self._desk, self.papers.customers, tables, clock=clock, ledger=self.ledger)
        faults = sorted(chunk.faults.items())
        rejected = {"row": pa.array([r for r, _ in faults], pa.int64())}
        rejected |= {n: pa.array([getattr(p, n) for _, p in faults], pa.string()) for n in ("code", "message")}
        whole = pa.concat_tables([chunk.table, pa.table(rejected)], promote_options="default").sort_by("row")
        return whole if isinstance(frame, pa.Table) else whole.to_pandas()


def _named(papers, row: Mapping, now: float) -> str:
    """A key that follows from what the request says, however it is written. Raises DeskError."""
    from gearwheel.desk.batch_asked import texts_of
    from gearwheel.desk.record import hash_of
    from gearwheel.desk.requests import check_rows, context_of

    checked = check_rows(papers.operation, papers.policy, [row], now)
    if checked.faults:
        raise DeskError(checked.faults[0])
    return hash_of(texts_of(papers.operation, checked, [context_of(papers.operation, row)])[0]).hex()


def _check_json(asked: Sequence) -> None:
    """Raises DeskError (GW511) for what could not be logged."""
    from gearwheel.desk.record import recordable

    try:
        recordable(asked)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise DeskError(Problem("GW511", f"the request cannot be written as JSON: {error}")) from error


def open_desk(
    policy: str | PathLike[str],
    customers: str | PathLike[str] | None = None,
    knowledge: str | PathLike[str] | None = None,
    *,
    secret: bytes | None = None,
) -> Desk:
    """A desk behind the policy in a file, with what is known of customers and what was learned where such files are
    given. `secret` (at most 64 bytes) is the key of the lots, a new one when None. Raises DeskError."""
    from gearwheel.desk.ledger import Ledger
    from gearwheel.desk.opened import read_papers

    papers = read_papers(policy, customers, knowledge)
    secret = secrets.token_bytes(32) if secret is None else secret
    return Desk(papers, secret, Ledger(papers.policy.caps, papers.customers.as_of), papers.desk(secret))
