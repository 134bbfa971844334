"""One decision as the log keeps it: what was asked and known, what was decided and why, chained to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from gearwheel.desk.decide import Decisions, Desk
from gearwheel.desk.explain import explanation, options
from gearwheel.desk.operation import Columns

START = bytes(16)  # what the first record of a chain is chained to


@dataclass(frozen=True)
class Record:
    """`body` is JSON and holds everything (see `records`), the answer among it; the other fields are for finding it
    again and for caps. `asked`: hash of the request as it was sent."""

    id: str
    key: str
    asked: bytes
    decided_at: float
    customer: str
    product: str
    action: str
    spent: float
    policy: str
    body: bytes = field(repr=False)
    answer: bytes = field(repr=False)


def records(
    desk: Desk,
    decisions: Decisions,
    rows: Sequence[Mapping],
    columns: Columns,
    keys: Sequence[str],
    times: np.ndarray,
    customers: str = "",
) -> list[Record]:
    """A record for each request decided. `rows` (n,): the requests as sent; `columns`, `keys`, `times`: as `decide` had
    them; `customers`: version of the customers' file that the facts are from.

    The body has: id, key, asked, decided_at, request, facts (as used, null where unknown), versions of policy,
    knowledge and customers, action, best, allowed and open actions, propensity by action, rules (that spoke), caps
    (that bound), lot, spent and answer. The answer has: decision_id, action, explanation, options, propensity (of the
    action), policy_version.
    """
    policy, operation = desk.policy, desk.operation
    names, version = policy.actions, policy.version
    facts = [columns[n].tolist() for n in operation.facts]
    propensity, lots, spent = decisions.propensity.tolist(), decisions.lots.tolist(), decisions.spent.tolist()
    chosen, best, at = decisions.chosen.tolist(), decisions.best.tolist(), times.tolist()
    allowed, open_ = decisions.allowed.tolist(), decisions.open.tolist()
    offered = options(decisions)
    found = []
    for row, request in enumerate(rows):
        name, action = decision_id(desk.secret, keys[row]), names[chosen[row]]
        answer = ENCODE.encode(
            {
                "decision_id": name,
                "action": action,
                "explanation": explanation(desk, decisions, row, request),
                "options": offered[row],
                "propensity": propensity[row][chosen[row]],
                "policy_version": version,
            }
        )
        asked = asked_hash(request)
        body = {
            "id": name,
            "key": keys[row],
            "asked": asked.hex(),
            "decided_at": at[row],
            "request": request,
            "facts": dict(zip(operation.facts, (f[row] for f in facts))),
            "policy": version,
            "knowledge": desk.knowledge,
            "customers": customers,
            "action": action,
            "best": names[best[row]],
            "allowed": [a for a, may in zip(names, allowed[row]) if may],
            "open": [a for a, may in zip(names, open_[row]) if may],
            "propensity": dict(zip(names, propensity[row])),
            "rules": [rule for rule, spoke in decisions.spoke.items() if spoke[row]],
            "caps": decisions.capped[row],
            "lot": lots[row],
            "spent": spent[row],
            "answer": msgspec.Raw(answer),
        }
        customer, product = str(request.get("customer_id") or ""), str(request.get("product_id") or "")
        found.append(
            Record(
                name,
                keys[row],
                asked,
                at[row],
                customer,
                product,
                action,
                spent[row],
                version,
                ENCODE.encode(body),
                answer,
            )
        )
    return found


def asked_hash(request: Mapping) -> bytes:
    """Of what was asked: equal for equal requests, however their keys are ordered."""
    return hashlib.blake2b(SORTED.encode(request), digest_size=16).digest()


def decision_id(secret: bytes, key: str) -> str:
    """The name of the decision on the request with this key: one key has one."""
    return (
        "d"
        + hashlib.blake2b(key.encode("utf-8", "surrogatepass"), key=secret, digest_size=12, person=b"id").hexdigest()
    )


def chained(before: bytes, body: bytes) -> bytes:
    """The hash of a record in its chain: it changes with the record and with every one before it."""
    return hashlib.blake2b(before + body, digest_size=16).digest()


def _plain(value: object) -> object:
    """What JSON does not know: NumPy's numbers and times, and all else as text."""
    if isinstance(value, np.datetime64):
        return f"{value.astype('datetime64[s]')}Z"
    return value.item() if isinstance(value, np.generic) else str(value)


ENCODE = msgspec.json.Encoder(enc_hook=_plain)
SORTED = msgspec.json.Encoder(enc_hook=_plain, order="deterministic")
