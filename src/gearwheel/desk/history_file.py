"""The past as the desk learns from it: read from its log, or from a table of somebody else's decisions."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from gearwheel.desk.history import OUTCOMES, History
from gearwheel.desk.operation import Operation
from gearwheel.desk.outcomes import misfit
from gearwheel.desk.policy import Policy
from gearwheel.desk.reading import forms, read
from gearwheel.desk.record import Record
from gearwheel.desk.requests import Faults, check_rows, check_table
from gearwheel.desk.store import Store, open_store
from gearwheel.wheel.errors import DeskError, Problem, did_you_mean

BLOCK = 5_000  # records read at once
EVER = 4e9  # seconds since 1970, after every record: what is logged was checked when it was logged
DAY = 86_400.0
SHARE = "propensity_"  # column of a table: propensity_return, propensity_keep, ...
STATED = {  # kind of an outcome → what it says and how: its amount, or a number that the kind itself stands for
    "returned": ("came_back", 1.0),
    "not_returned": ("came_back", 0.0),
    "abuse_found": ("came_back", 0.0),
    "accepted": ("accepted", 1.0),
    "declined": ("accepted", 0.0),
    "refunded": ("refunded", None),
    "freight": ("freight", None),
    "handling": ("handling", None),
    "salvaged": ("salvage", None),
    "reviewed": ("people", None),
}
BOUGHT = "bought_again"


def read_history(
    source: str, operation: Operation, policy: Policy, window: float = 60.0, now: float | None = None
) -> History:
    """The past in `source`: a store, or a Parquet file whose name ends with .parquet. `window`: days over which
    purchases after a decision are counted; `now`: until when, seconds since 1970, the clock's when None.

    A table has the operation's fields and facts, `action`, a column propensity_<action> for each, and any of OUTCOMES.
    Raises DeskError (GW502, GW510, GW511, GW512, GW518, GW527, or what is wrong with a request).
    """
    if source.endswith(".parquet"):
        return _from_table(Path(source), operation, policy)
    return from_store(open_store(source), operation, policy, window, now)


def from_store(
    store: Store, operation: Operation, policy: Policy, window: float = 60.0, now: float | None = None
) -> History:
    """The decisions of a log with what was told of them; those whose request has a fault, such as another currency, or
    of which something impossible was told, are left out and noted. The cost of a decision is known once its window is
    over at `now` (seconds since 1970; the clock's when None): what nobody has told until then cost nothing."""
    store.check(operation.name)
    told: dict[str, list[dict]] = defaultdict(list)
    for body in _bodies(store, "outcomes"):
        outcome = msgspec.json.decode(body)
        told[outcome["decision_id"]].append(outcome | {"seconds": _seconds(outcome["at"])})
    known = forms(store)
    made = [read(body, known, store) for body in _bodies(store, "decisions")]
    if not made:
        raise DeskError(Problem("GW518", f"{store.name} holds no decisions yet"))
    requests = [msgspec.json.decode(m.request) for m in made]
    checked = check_rows(operation, policy, requests, EVER)
    faults = dict(checked.faults)
    for row, (record, request) in enumerate(zip(made, requests)):
        for outcome in told.get(record.id, ()) if row not in faults else ():
            wrong = misfit(operation, policy, outcome, record.decided_at, request)
            if wrong:
                faults[row] = wrong
    notes = _left_out(faults, len(made), store.name)
    good = np.array([row not in faults for row in checked.rows.tolist()], bool)
    rows = checked.rows[good].tolist()
    made, requests = ([column[row] for row in rows] for column in (made, requests))
    actions = tuple(dict.fromkeys(a for form in dict.fromkeys(m.form for m in made) for a in known[form].actions))
    at = {a: k for k, a in enumerate(actions)}
    chosen = np.array([at[m.action] for m in made])
    propensity, facts = np.zeros((len(made), len(actions))), {n: np.full(len(made), np.nan) for n in operation.facts}
    for row, record in enumerate(made):
        form = known[record.form]
        propensity[row, [at[a] for a in form.actions]] = record.propensity
        for name, value in zip(form.facts, record.facts):
            if name in facts and value is not None:
                facts[name][row] = value
    return History(
        actions,
        {**{n: c[good] for n, c in checked.columns.items()}, **facts},
        chosen,
        propensity,
        _outcomes(
            operation,
            made,
            requests,
            [told.get(m.id, []) for m in made],
            window * DAY,
            time.time() if now is None else now,
        ),
        notes,
    )


def _left_out(faults: Faults, count: int, name: str) -> tuple[str, ...]:
    """What to say of decisions with a fault, one sentence for each code. Raises DeskError where no other is left."""
    first = {p.code: p for p in reversed(faults.values())}
    if len(faults) == count:
        one = next(iter(faults.values()))
        said = f"none of the {count:,} decisions can be used, such as: {one.message}"
        raise DeskError(Problem(one.code, said, name, hint=one.hint))
    times = Counter(p.code for p in faults.values())
    return tuple(f"{n:,} of {count:,} decisions ({code}), such as: {first[code].message}" for code, n in times.items())


def _outcomes(
    operation: Operation,
    made: Sequence[Record],
    requests: Sequence[dict],
    told: Sequence[list[dict]],
    window: float,
    now: float,
) -> dict:
    """Each of OUTCOMES that the log can say, (decisions,)."""
    found = {name: np.full(len(made), np.nan) for name in OUTCOMES}
    times = [o["seconds"] for outcomes in told for o in outcomes] + [m.decided_at for m in made]
    last = max(times, default=0.0)  # what customers bought is known until then
    now = max(now, last)
    purchases_told = any(o["kind"] == BOUGHT for outcomes in told for o in outcomes)
    for row, (decision, request, outcomes) in enumerate(zip(made, requests, told)):
        began = decision.decided_at
        within = [o for o in outcomes if o["seconds"] <= began + window or o["kind"] != BOUGHT]
        for o in outcomes:
            name, value = STATED.get(o["kind"], ("", None))
            if name and value is None:  # two bills of one kind are one cost
                found[name][row] = np.nan_to_num(found[name][row]) + float(o.get("amount") or 0.0)
            elif name:
                found[name][row] = value
        if "price" in request:
            found["claimed"][row] = float(request["price"]) * float(request.get("quantity") or 1.0)
        if purchases_told:
            found["spent_after"][row] = sum(float(o.get("amount") or 0.0) for o in within if o["kind"] == BOUGHT)
            found["watched"][row] = min(window, last - began) / DAY
        found["over"][row], found["sure"][row] = now - began >= window, 1.0  # each outcome was looked at by itself
        if now - began >= window:
            found["told"][row] = any(o["kind"] != BOUGHT for o in outcomes)
            found["cost"][row] = operation.realised(request, decision.action, within)
    return found


def _from_table(path: Path, operation: Operation, policy: Policy) -> History:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise DeskError(Problem("GW518", f"cannot read the decisions: {error}", str(path))) from error
    actions = tuple(n.removeprefix(SHARE) for n in table.column_names if n.startswith(SHARE))
    if "action" not in table.column_names or not actions:
        hint = "A column `action`, and propensity_<action> for every action: how likely each was. The desk's own are in its log."
        raise DeskError(
            Problem("GW510", "the table does not say what was decided and how likely it was", str(path), hint=hint)
        )
    if not len(table):
        raise DeskError(Problem("GW518", "the table holds no decisions", str(path)))
    for action in actions:
        if action not in operation.actions:
            said, hint = f"'{operation.name}' has no action '{action}'", did_you_mean(action, operation.actions)
            raise DeskError(Problem("GW502", f"{said} (column '{SHARE}{action}')", str(path), hint=hint))
    checked = check_table(operation, policy, table, EVER)
    if checked.faults:
        row, problem = next(iter(checked.faults.items()))
        raise DeskError(Problem(problem.code, f"row {row}: {problem.message}", str(path), hint=problem.hint))
    taken = table["action"].to_pylist()
    if None in taken:
        raise DeskError(Problem("GW510", f"row {taken.index(None)} does not say what was decided", str(path)))
    unknown = sorted({str(a) for a in taken} - set(actions))
    if unknown:
        raise DeskError(Problem("GW510", f"there is no column '{SHARE}{unknown[0]}'", str(path)))
    facts = {n: _column(table, n, value) for n, value in operation.facts.items()}
    propensity = np.stack([_column(table, SHARE + a, 0.0) for a in actions], axis=1)
    chosen = np.array([actions.index(a) for a in taken])
    history = History(
        actions,
        {**checked.columns, **facts},
        chosen,
        propensity,
        {n: _column(table, n, np.nan) for n in OUTCOMES if n in table.column_names},
    )
    try:
        history.check(whole=True)
    except DeskError as error:
        raise DeskError([replace(problem, file=str(path)) for problem in error.problems]) from error
    return history


def _column(table, name: str, missing: float) -> np.ndarray:
    import pyarrow as pa

    if name not in table.column_names:
        return np.full(len(table), missing)
    try:
        values = table[name].cast(pa.float64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DeskError(Problem("GW511", f"the column '{name}' is not of numbers")) from error
    return np.where(np.isnan(values), missing, values)


def _bodies(store: Store, table: str) -> Iterator[bytes]:
    seq = 0
    while rows := store.bodies(table, seq, BLOCK):
        yield from (body for _, _, body in rows)
        seq = rows[-1][0]


def _seconds(text: str) -> float:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
