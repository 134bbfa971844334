"""The whole log decided again: the same, or where it first differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from gearwheel.desk.decide import Decisions, Desk, decide
from gearwheel.desk.explain import options
from gearwheel.desk.learned import parse_knowledge
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.operation import Operation
from gearwheel.desk.policy import believed
from gearwheel.desk.policy_file import parse_policy
from gearwheel.desk.record import START, asked_hash, chained, decision_id
from gearwheel.desk.requests import check_rows
from gearwheel.desk.store import Store
from gearwheel.wheel.errors import DeskError, Problem

BLOCK = 1000  # decisions read at once
NEAR = 2e-4  # money: costs are recorded to a hundredth of a cent, and another processor may round otherwise
EXACT = 1e-9  # of propensities
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
    meta = store.meta()
    if not meta or meta["operation"].decode() != operation.name:
        raise DeskError(Problem("GW519", f"{store.name} holds no decisions on '{operation.name}'"))
    desks, ledgers = _desks(operation, store, meta["secret"]), {}
    for version, desk in desks.items():
        ledgers.setdefault(version[0], Ledger(desk.policy.caps))
    total = store.end("decisions")[0]
    chain, seq, used = START, 0, {}
    while rows := store.bodies("decisions", seq, BLOCK):
        bodies = []
        for number, linked, body in rows:
            chain = _linked(chain, linked, body, number, seq + 1, "decision")
            seq = number
            bodies.append(_read(body, number))
        _same_columns(store, bodies, seq - len(bodies))
        for first, last in _runs(bodies):
            version = (bodies[first]["policy"], bodies[first]["knowledge"])
            if version not in desks:
                raise _differs(bodies[first], f"its policy {version[0]} or knowledge {version[1]} is not in the store")
            used[version[0]] = None
            _again(desks[version], ledgers, bodies[first:last])
        if progress:
            progress("replay", seq, total, "")
    told = _outcomes(store)
    return Replayed(seq, told, tuple(used), chain.hex())


def _desks(operation: Operation, store: Store, secret: bytes) -> dict[tuple[str, str], Desk]:
    """(policy, knowledge) → what decided under them."""
    learned = {"": ""} | store.papers("knowledge")
    found = {}
    for version, text in store.papers("policy").items():
        policy, _ = parse_policy(text, [operation], f"policy {version} in {store.name}")
        for known, stated in learned.items():
            draws = believed(policy, operation, parse_knowledge(stated, operation).draws)
            found[version, known] = Desk(operation, policy, draws, secret, known)
    return found


def _runs(bodies: Sequence[dict]) -> list[tuple[int, int]]:
    """Stretches of equal policy and knowledge, as (first, last + 1)."""
    versions = [(b["policy"], b["knowledge"]) for b in bodies]
    edges = [0, *(i for i in range(1, len(versions)) if versions[i] != versions[i - 1]), len(versions)]
    return list(zip(edges, edges[1:]))


def _again(desk: Desk, ledgers: dict[str, Ledger], bodies: Sequence[dict]) -> None:
    """Decide them again and compare; other policies' ledgers note them too."""
    operation, policy = desk.operation, desk.policy
    rows = [b["request"] for b in bodies]
    checked = check_rows(operation, policy, rows, EVER)
    for row, problem in checked.faults.items():
        raise _differs(bodies[row], f"its request has a fault: {problem.message}")
    facts = {
        n: np.array([np.nan if b["facts"][n] is None else b["facts"][n] for b in bodies], float)
        for n in operation.facts
    }
    times = np.array([b["decided_at"] for b in bodies], float)
    found = decide(desk, checked.columns | facts, [b["key"] for b in bodies], times, ledgers[policy.version])
    offered = options(found)
    for row, body in enumerate(bodies):
        what = _difference(desk, found, offered[row], row, body)
        if what:
            raise _differs(body, what)
        for version, ledger in ledgers.items():
            if version != policy.version:
                customer, product = (str(body["request"].get(n) or "") for n in ("customer_id", "product_id"))
                ledger.note(body["action"], customer, product, body["decided_at"], body["spent"])


def _difference(desk: Desk, found: Decisions, offered: list[dict], row: int, body: dict) -> str:
    """What is recorded and what comes out now, "" where they are the same."""
    names, answer = desk.policy.actions, body["answer"]
    if decision_id(desk.secret, body["key"]) != body["id"] or asked_hash(body["request"]).hex() != body["asked"]:
        return "its id or its request's hash does not belong to it"
    again = {
        "action": names[found.chosen[row]],
        "best": names[found.best[row]],
        "allowed": [a for a, may in zip(names, found.allowed[row]) if may],
        "open": [a for a, may in zip(names, found.open[row]) if may],
        "rules": [rule for rule, spoke in found.spoke.items() if spoke[row]],
        "caps": list(found.capped[row]),
    }
    for name, value in again.items():
        if body[name] != value:
            return f"{name} is {body[name]}, and {value} when decided again"
    numbers = {"lot": found.lots[row], "spent": found.spent[row]}
    numbers |= {f"propensity of {a}": found.propensity[row, i] for i, a in enumerate(names)}
    recorded = {"lot": body["lot"], "spent": body["spent"]} | {
        f"propensity of {a}": body["propensity"].get(a) for a in names
    }
    for name, value in numbers.items():
        if recorded[name] is None or abs(recorded[name] - value) > EXACT * max(1.0, abs(value)):
            return f"{name} is {recorded[name]}, and {value:.9g} when decided again"
    if answer["action"] != body["action"] or answer["decision_id"] != body["id"]:
        return "the answer that was sent is not the decision"
    for option, now in zip(answer["options"], offered, strict=True):
        pairs = {"expected cost": (option["expected_cost"], now["expected_cost"])}
        pairs |= {f"part {n}": (option["parts"].get(n, np.inf), cost) for n, cost in now["parts"].items()}
        for name, (before, cost) in pairs.items():
            if before is None or not abs(before - cost) <= NEAR + EXACT * abs(cost):
                return f"the {name} of {now['action']} is {before}, and {cost} when decided again"
    return ""


def _same_columns(store: Store, bodies: Sequence[dict], after: int) -> None:
    """The columns that caps are counted by say what the records say."""
    wanted = [
        (b["action"], str(b["request"].get("customer_id") or ""), str(b["request"].get("product_id") or ""),
         b["decided_at"], b["spent"])
        for b in bodies
    ]  # fmt: skip
    for body, want, (_, *have) in zip(bodies, wanted, store.since(after, len(bodies)), strict=True):
        if tuple(have) != want:
            raise _differs(body, f"its row says {tuple(have)}, its record {want}")


def _outcomes(store: Store) -> int:
    chain, seq = START, 0
    while rows := store.bodies("outcomes", seq, BLOCK):
        for number, linked, body in rows:
            chain = _linked(chain, linked, body, number, seq + 1, "outcome")
            seq = number
    return seq


def _linked(chain: bytes, linked: bytes, body: bytes, number: int, wanted: int, what: str) -> bytes:
    """The chain one further."""
    if number != wanted:
        raise DeskError(Problem("GW519", f"{what} {wanted} is missing: the log was changed"))
    if chained(chain, body) != linked:
        raise DeskError(Problem("GW519", f"{what} {number} is not what was recorded: its hash does not fit the chain"))
    return linked


def _read(body: bytes, number: int) -> dict:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise DeskError(Problem("GW519", f"decision {number} cannot be read: {error}")) from error


def _differs(body: dict, what: str) -> DeskError:
    return DeskError(Problem("GW519", f"decision {body['id']} (key {body['key'][:60]}): {what}"))
