"""One decision as the log keeps it: what was asked and known, what was decided and by which numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import numpy as np

ROOM = 100  # levels of nesting, or calls
START = bytes(32)  # what the first record of a chain is chained to


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
    lot: float
    spent: float
    propensity: list[float]
    expected: list[int]
    surely: list[int]
    costs: list[int]
    says: str
    open: tuple[str, ...]
    allowed: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    caps: tuple[str, ...] = ()
    knowledge: str = ""
    customers: str = ""

    @property
    def asked(self) -> bytes:
        """Hash of the request as it was sent."""
        return hash_of(self.request)


class Entry(NamedTuple):
    """A row of the log before it is chained: the columns by which decisions are found and counted, and the JSON of the
    record."""

    id: bytes
    decided_at: float
    customer: str
    product: str
    action: str
    spent: float
    body: bytes

    @property
    def record(self) -> Record:
        return read_record(self.body)


def read_record(body: bytes) -> Record:
    """Raises msgspec.DecodeError for what is none."""
    return DECODE.decode(body)


def canonical(request: Mapping) -> bytes:
    """A request as JSON, equal for equal requests, however their keys are ordered."""
    return SORTED.encode(request)


def recordable(request: object) -> None:
    """Raises TypeError, ValueError, OverflowError or RecursionError for what could not be recorded, or not be read again
    from deeper in a program."""
    msgspec.json.decode(b"[" * ROOM + SORTED.encode(request) + b"]" * ROOM)


def hash_of(text: bytes) -> bytes:
    """Of a request in its canonical form."""
    return hashlib.blake2b(text, digest_size=16).digest()


def asked_hash(request: Mapping) -> bytes:
    """Of what was asked."""
    return hash_of(canonical(request))


def name_of(id_: bytes) -> str:
    """What a decision is called outside of the log."""
    return "d" + id_.hex()


def id_of(name: str) -> bytes | None:
    """Of a decision's name, for an index of half the size; None for what is no such name."""
    try:
        found = bytes.fromhex(name[1:])
    except ValueError:
        return None
    return found if name == name_of(found) else None  # one spelling only


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
