"""The whole log decided again: the same, or where it first differs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from gearwheel.desk.conditions import SEMANTICS
from gearwheel.desk.consider import Desk
from gearwheel.desk.decide import decide
from gearwheel.desk.entries import Made, entries, named
from gearwheel.desk.form import Form
from gearwheel.desk.learned import parse_knowledge
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.operation import Operation
from gearwheel.desk.policy import believed
from gearwheel.desk.policy_file import parse_policy
from gearwheel.desk.reading import forms, papers, read
from gearwheel.desk.record import START, Record, chained, id_of
from gearwheel.desk.requests import check_rows
from gearwheel.desk.store import Store
from gearwheel.wheel.errors import DeskError, Problem

BLOCK = 1000  # decisions read at once
NEAR = 2  # in the last digit of costs, and draws: another processor may round otherwise
EXACT = 1e-9
NUMBERS = (("lot", EXACT, 0.0), ("propensity", EXACT, 0.0), ("spent", EXACT, EXACT), ("expected", NEAR, EXACT),
           ("costs", NEAR, EXACT), ("surely", NEAR, 0.0))  # fmt: skip
EVER = 4e9  # seconds since 1970, in the future of every record: that it was not is checked when it is made


@dataclass(frozen=True)
class Replayed:
    """`decisions` and `outcomes` gone through; `policies` that decided; `head`: the chain's last hash. Noted elsewhere,
    it shows later whether the end of the log was rewritten."""

    decisions: int
    outcomes: int
    policies: tuple[str, ...]
    head: str


def replay(
    operation: Operation, store: Store, progress: Callable[[str, int, int, str], None] | None = None
) -> Replayed:
    """Check the chain of every record and decide all of them again. Raises DeskError (GW519) at the first that differs
    and (GW518) where the store cannot be read."""
    meta = store.check(operation.name)
    total, known = store.end("decisions")[0], forms(store)
    desks, ledgers = _desks(operation, store, meta["secret"], {form.semantics for form in known.values()}), {}
    for version, desk in desks.items():
        ledgers.setdefault(version[0], Ledger(desk.policy.caps))
    chain, seq, used = START, 0, {}
    while rows := store.bodies("decisions", seq, BLOCK):
        made = []
        for number, linked, body in rows:
            chain = _linked(chain, linked, body, number, seq + 1, "decision")
            seq = number
            made.append(read(body, known, store))
        _same_columns(store, made, seq - len(made))
        for first, last in _runs(made):
            one = made[first]
            desk = desks.get((one.policy, one.knowledge, known[one.form].semantics))
            if desk is None:
                raise _differs(one, f"its policy {one.policy} or knowledge {one.knowledge} is not in the store")
            used[one.policy] = None
            _again(desk, ledgers, made[first:last], known[one.form])
        if progress:
            progress("replay", seq, total, "")
    told = _outcomes(store)
    return Replayed(seq, told, tuple(used), chain.hex())


def _desks(
    operation: Operation, store: Store, secret: bytes, semantics: Collection[int]
) -> dict[tuple[str, str, int], Desk]:
    """(policy, knowledge, semantics) → what decided under them."""
    learned = {"": ""} | papers(store, "knowledge")
    found = {}
    for version, text in papers(store, "policy").items():
        for meant in semantics:
            try:
                policy, _ = parse_policy(text, [operation], f"policy {version} in {store.name}", meant)
            except DeskError:
                if meant == min(semantics):
                    raise
                continue  # an earlier policy, which decided under an earlier semantics only
            for known, stated in learned.items():
                draws = believed(policy, operation, parse_knowledge(stated, operation).draws)
                found[version, known, meant] = Desk(operation, policy, draws, secret, known)
    return found


def _runs(made: Sequence[Record]) -> list[tuple[int, int]]:
    """Stretches of equal policy, knowledge and form, as (first, last + 1)."""
    versions = [(r.policy, r.knowledge, r.form) for r in made]
    edges = [0, *(i for i in range(1, len(versions)) if versions[i] != versions[i - 1]), len(versions)]
    return list(zip(edges, edges[1:]))


def _again(desk: Desk, ledgers: dict[str, Ledger], made: Sequence[Record], form: Form) -> None:
    """Decide them again and compare; other policies' ledgers note them too."""
    operation, policy = desk.operation, desk.policy
    if msgspec.structs.replace(form, made_by=desk.form.made_by) != desk.form:
        raise _differs(made[0], f"Gearwheel {form.made_by} made it, of other facts or parts of the costs")
    rows = [msgspec.json.decode(r.request) for r in made]
    checked = check_rows(operation, policy, rows, EVER)
    for row, problem in checked.faults.items():
        raise _differs(made[row], f"its request has a fault: {problem.message}")
    facts = np.array([r.facts for r in made], float).T
    columns = checked.columns | dict(zip(form.facts, facts))
    again = named(desk.secret, [bytes(r.request) for r in made], [r.key for r in made])
    times = np.array([r.decided_at for r in made], float)
    found = decide(desk, columns, again.keys, times, ledgers[policy.version])
    worded = form == desk.form and form.semantics == SEMANTICS
    for before, now in zip(made, entries(Made(desk, found, again, columns, times))):
        what = _difference(before, now.record, ("says",) if worded else ())
        if what:
            raise _differs(before, what)
        for version, ledger in ledgers.items():
            if version != policy.version:
                ledger.note(before.action, before.customer, before.product, before.decided_at, before.spent)


def _difference(before: Record, now: Record, also: tuple[str, ...]) -> str:
    """What is recorded and what comes out now, "" where they are the same."""
    if before.id != now.id:
        return "its id does not belong to its key"
    for name in ("action", "best", "allowed", "open", "rules", "caps", "customer", "product", *also):
        if getattr(before, name) != getattr(now, name):
            return f"{name} is {_told(getattr(before, name))}, and {_told(getattr(now, name))} when decided again"
    for name, error, relative in NUMBERS:
        old, new = (np.atleast_1d(np.array(getattr(r, name), float)) for r in (before, now))
        if old.shape != new.shape or not (np.abs(old - new) <= error + relative * np.abs(new)).all():
            return f"{name} is {_told(getattr(before, name))}, and {_told(getattr(now, name))} when decided again"
    return ""


def _told(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list | tuple) else str(value)


def _same_columns(store: Store, made: Sequence[Record], after: int) -> None:
    """The columns by which decisions are found and caps counted say what the records say."""
    for record, (_, *have, name) in zip(made, store.since(after, len(made)), strict=True):
        want = (record.action, record.customer, record.product, record.decided_at, record.spent)
        if bytes(name) != id_of(record.id):
            raise _differs(record, "its row has the id of another decision")
        if tuple(have) != want:
            raise _differs(record, f"its row says {tuple(have)}, its record {want}")


def _outcomes(store: Store) -> int:
    chain, seq = START, 0
    while rows := store.bodies("outcomes", seq, BLOCK):
        columns = store.told_since(seq, len(rows))
        for (number, linked, body), (_, *have) in zip(rows, columns, strict=True):
            chain = _linked(chain, linked, body, number, seq + 1, "outcome")
            seq = number
            said = msgspec.json.decode(body)
            if (*have[:2], bytes(have[2]).hex()) != (said["outcome_id"], said["decision_id"], said["asked"]):
                raise DeskError(Problem("GW519", f"outcome {number}: its row says other than what was recorded"))
    return seq


def _linked(chain: bytes, linked: bytes, body: bytes, number: int, wanted: int, what: str) -> bytes:
    """The chain one further."""
    if number != wanted:
        raise DeskError(Problem("GW519", f"{what} {wanted} is missing: the log was changed"))
    if chained(chain, body) != linked:
        raise DeskError(Problem("GW519", f"{what} {number} is not what was recorded: its hash does not fit the chain"))
    return linked


def _differs(record: Record, what: str) -> DeskError:
    return DeskError(Problem("GW519", f"decision {record.id} (key {record.key[:60]}): {what}"))
