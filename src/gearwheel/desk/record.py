"""One decision as the log keeps it: what was asked and known, what was decided and by which numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec
import numpy as np

from gearwheel.desk.decide import NAME, Decisions, Desk, counted_by, digests_of, lots_of
from gearwheel.desk.operation import Columns

START = bytes(32)  # what the first record of a chain is chained to
EXACT = 10  # digits of propensities
LARGEST = 2**53  # whole number that every reader of JSON takes


class Record(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Its JSON is what the log holds. `facts`, `propensity`, `expected` (cost), `surely` (probability of costing less
    than the fallback) and `costs` (of each part) by place, as the form with this version says; `policy`, `knowledge` and
    `customers` are versions as well. `open` were these actions, and before caps bound `allowed`, where these are others.
    `rules` spoke, `caps` bound; `says` is what the customer was told. All other words follow (see `explain`)."""

    id: str
    key: str
    decided_at: float
    customer: str
    product: str
    request: msgspec.Raw
    facts: list[float | None]
    form: str
    policy: str
    action: str
    best: str
    open: tuple[str, ...]
    lot: float
    spent: float
    propensity: list[float]
    expected: list[int]
    surely: list[int]
    costs: list[int]
    says: str
    allowed: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    caps: tuple[str, ...] = ()
    knowledge: str = ""
    customers: str = ""

    @property
    def asked(self) -> bytes:
        """Hash of the request as it was sent."""
        return hash_of(self.request)

    def body(self) -> bytes:
        return ENCODE.encode(self)


@dataclass(frozen=True)
class Named:
    """Requests with what they are known by: `keys`, `ids` of their decisions, their `lots`, `texts`: they themselves in
    canonical form, and `asked`: hashes of these; each (n,)."""

    keys: Sequence[str]
    ids: Sequence[str]
    lots: np.ndarray
    texts: Sequence[bytes]
    asked: Sequence[bytes]

    def take(self, rows: Sequence[int]) -> Named:
        keys, ids, texts, asked = ([c[i] for i in rows] for c in (self.keys, self.ids, self.texts, self.asked))
        return Named(keys, ids, self.lots[rows], texts, asked)


def named(secret: bytes, requests: Sequence[Mapping], keys: Sequence[str | None]) -> Named:
    """A request without a key, None or "", is named by what it says."""
    texts = [canonical(request) for request in requests]
    asked = [hash_of(text) for text in texts]
    keys = [key or hashed.hex() for key, hashed in zip(keys, asked)]
    digests = digests_of(secret, keys)
    return Named(keys, ids_of(digests), lots_of(digests), texts, asked)


def records(
    desk: Desk,
    decisions: Decisions,
    requests: Sequence[Mapping],
    columns: Columns,
    named: Named,
    times: np.ndarray,
    customers: str = "",
) -> list[Record]:
    """A record for each request decided. `requests` (n,) as sent; `columns`, `times`: as `decide` had them;
    `customers`: version of the customers' file that the facts are from."""
    policy, form, words, raw = desk.policy, desk.form, desk.operation.words, msgspec.Raw
    weighed, count = decisions.weighed, len(requests)
    facts = np.array([columns[n] for n in form.facts], float).reshape(-1, count).T.tolist()
    propensity = np.round(decisions.propensity, EXACT).tolist()
    scaled = (
        weighed.expected * form.per_money,
        weighed.surely * form.draws,
        weighed.costs[:, desk.layout.told] * form.per_money,
    )
    shown = (np.clip(np.rint(numbers), -LARGEST, LARGEST).astype(np.int64).tolist() for numbers in scaled)
    open_, allowed = (_which(policy.actions, which) for which in (decisions.open, decisions.allowed))
    rules = _which(tuple(decisions.spoke), np.array(list(decisions.spoke.values()), bool).reshape(-1, count).T)
    actions, best = decisions.actions, [policy.actions[b] for b in decisions.best.tolist()]
    return [
        Record(
            id_, key, at, customer, product, raw(text), known, form.version,
            policy.version, action, usual, may, lot, spent, chances, expected, surely, costs, words(action, request),
            () if before == may else before, spoke, capped, desk.knowledge, customers,
        )
        for id_, key, at, customer, product, request, text, known, action, usual, may, before, spoke, capped, lot, spent,
            chances, expected, surely, costs
        in zip(
            named.ids, named.keys, times.tolist(), *counted_by(columns, count), requests, named.texts, facts, actions,
            best, open_, allowed, rules, decisions.capped, decisions.lots.tolist(), decisions.spent.tolist(), propensity,
            *shown,
        )
    ]  # fmt: skip


def _which(names: tuple[str, ...], which: np.ndarray) -> list[tuple[str, ...]]:
    """Of each row of (n, names) bool the names; equal ones are one tuple."""
    if not names:
        return [()] * len(which)
    whole, width = which.tobytes(), len(names)
    return [_those(names, whole[k : k + width]) for k in range(0, len(whole), width)]


@lru_cache(4096)
def _those(names: tuple[str, ...], which: bytes) -> tuple[str, ...]:
    return tuple(name for name, here in zip(names, which) if here)


def read_record(body: bytes) -> Record:
    """Raises msgspec.DecodeError for what is none."""
    return DECODE.decode(body)


def canonical(request: Mapping) -> bytes:
    """A request as JSON, equal for equal requests, however their keys are ordered."""
    return SORTED.encode(request)


def hash_of(text: bytes) -> bytes:
    """Of a request in its canonical form."""
    return hashlib.blake2b(text, digest_size=16).digest()


def asked_hash(request: Mapping) -> bytes:
    """Of what was asked."""
    return hash_of(canonical(request))


def ids_of(digests: Sequence[bytes]) -> list[str]:
    """The names of the decisions on the requests with these keys: one key has one."""
    return ["d" + digest[:NAME].hex() for digest in digests]


def id_bytes(name: str) -> bytes | None:
    """Of a decision's name, for an index of half the size; None for what is no such name."""
    try:
        found = bytes.fromhex(name[1:])
    except ValueError:
        return None
    return found if name == f"d{found.hex()}" else None  # one spelling only


def chained(before: bytes, body: bytes) -> bytes:
    """The hash of a record in its chain: it changes with the record and with every one before it."""
    return hashlib.sha256(before + body).digest()


def _plain(value: object) -> object:
    """What JSON does not know: NumPy's numbers and times, and all else as text."""
    if isinstance(value, np.datetime64):
        return f"{value.astype('datetime64[s]')}Z"
    return value.item() if isinstance(value, np.generic) else str(value)


ENCODE = msgspec.json.Encoder(enc_hook=_plain)
SORTED = msgspec.json.Encoder(enc_hook=_plain, order="deterministic")
DECODE = msgspec.json.Decoder(Record)
