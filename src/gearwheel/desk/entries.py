"""Decisions made together → rows of the log. Their JSON is put together column by column, which takes a third of the
time that a Record for each would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

import msgspec
import numpy as np
import orjson

from gearwheel.desk.consider import NAME, Decisions, Desk, counted_by, digests_of, lots_of
from gearwheel.desk.operation import Columns
from gearwheel.desk.record import ENCODE, Entry, hash_of, name_of

DIGITS = 10  # of propensities
LARGEST = 2**53  # whole number that every reader of JSON takes


@dataclass(frozen=True)
class Named:
    """Requests with what they are known by: `keys`, `ids` of their decisions, their `lots`, `texts`: they themselves in
    canonical form, and `asked`: hashes of these; each (n,)."""

    keys: Sequence[str]
    ids: Sequence[bytes]
    lots: np.ndarray
    texts: Sequence[bytes]
    asked: Sequence[bytes]

    def take(self, rows: Sequence[int]) -> Named:
        keys, ids, texts, asked = ([c[i] for i in rows] for c in (self.keys, self.ids, self.texts, self.asked))
        return Named(keys, ids, self.lots[rows], texts, asked)


@dataclass(frozen=True)
class Made:
    """Settled decisions of one desk on requests: `columns` and `times` (n,) as `decide` had them."""

    desk: Desk
    found: Decisions
    named: Named
    columns: Columns
    times: np.ndarray

    @cached_property
    def says(self) -> list[str]:
        """What each customer is told."""
        columns = {**self.columns, "because": self._because()}
        return self.desk.operation.words(self.found.actions, columns, self.desk.draws)

    def _because(self) -> np.ndarray:
        """Of each refused request why, as the first rule says that opened the refusal; "" of the others."""
        found, actions = [""] * len(self.times), self.found.actions
        for rule in reversed(self.desk.policy.rules if {*actions} & {*self.desk.policy.refusals} else ()):
            for row in np.flatnonzero(self.found.spoke[rule.name]).tolist():
                if actions[row] in rule.opens:
                    found[row] = rule.because
        return np.array(found, object)

    @cached_property
    def expected(self) -> np.ndarray:
        """(n, actions) expected costs as the log has them, `form.per_money` to one of money."""
        return whole(self.found.weighed.expected, self.desk.form.per_money)


def named(secret: bytes, texts: Sequence[bytes], keys: Sequence[str | None]) -> Named:
    """Requests in canonical form; one without a key, None or "", is named by what it says."""
    asked = [hash_of(text) for text in texts]
    keys = [key or hashed.hex() for key, hashed in zip(keys, asked)]
    digests = digests_of(secret, keys)
    return Named(keys, [digest[:NAME] for digest in digests], lots_of(digests), texts, asked)


def entries(made: Made, customers: str = "") -> Iterator[Entry]:
    """Rows of the log, written as they are taken. `customers`: version of the customers' file that the facts are from."""
    desk, found, named, count = made.desk, made.found, made.named, len(made.times)
    form, actions, spent, weighed = desk.form, found.actions, found.spent, found.weighed
    who, what = counted_by(made.columns, count)
    columns = {
        "id": _texts([name_of(id_) for id_ in named.ids]),
        "key": _texts(named.keys),
        "decided_at": _numbers(made.times),
        "customer": _texts(who),
        "product": _texts(what),
        "request": named.texts,
        "facts": _lists(np.array([made.columns[n] for n in form.facts], float).reshape(-1, count).T),
        "form": _same(form.version),
        "policy": _same(desk.policy.version),
        "action": _texts(actions),
        "best": _texts([weighed.actions[b] for b in found.best.tolist()]),
        "lot": _numbers(found.lots),
        "spent": _numbers(spent),
        "propensity": _lists(np.round(found.propensity, DIGITS)),
        "expected": _lists(made.expected),
        "surely": _lists(whole(weighed.surely, form.draws)),
        "costs": _lists(whole(weighed.costs[:, desk.layout.told], form.per_money)),
        "says": _texts(made.says),
    }
    template = b"{%b,%%b" % b",".join(b'"%b":%%b' % name.encode() for name in columns)
    bodies = map(template.__mod__, zip(*columns.values(), _tails(desk, found, customers)))
    rows = zip(named.ids, made.times.tolist(), who, what, actions, spent.tolist(), bodies, strict=True)
    return map(Entry._make, rows)


def whole(numbers: np.ndarray, per: int) -> np.ndarray:
    """In whole numbers, `per` to one."""
    return np.clip(np.rint(numbers * per), -LARGEST, LARGEST).astype(np.int64)


# ---- columns of JSON
def _texts(values: Sequence[str]) -> list[bytes]:
    return ENCODE.encode_lines(values)[:-1].split(b"\n")


def _same(value: str) -> repeat[bytes]:
    return repeat(ENCODE.encode(value))


def _numbers(values: np.ndarray) -> list[bytes]:
    return orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")


def _lists(table: np.ndarray) -> list[bytes]:
    """A list for each row; what is no number is null."""
    text = orjson.dumps(np.ascontiguousarray(table), option=orjson.OPT_SERIALIZE_NUMPY)
    return [b"[%b]" % row for row in text[2:-2].split(b"],[")]


class _Tail(msgspec.Struct, omit_defaults=True):
    """The last members of a Record."""

    open: tuple[str, ...]
    allowed: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    caps: tuple[str, ...] = ()
    knowledge: str = ""
    customers: str = ""


def _tails(desk: Desk, found: Decisions, customers: str) -> list[bytes]:
    """The end of each record, with its brace: what was open, and why no more. Few differ, so each is written once."""
    actions, rules, known = found.weighed.actions, tuple(found.spoke), {}
    which = np.column_stack([found.open, found.allowed, *found.spoke.values()])
    flat, width, texts = which.tobytes(), which.shape[1], []
    for start, caps in zip(range(0, len(flat), width), found.capped):
        key = flat[start : start + width], caps
        text = known.get(key)
        if text is None:
            open_, allowed, spoke = np.split(np.frombuffer(key[0], bool), [len(actions), 2 * len(actions)])
            before = () if (open_ == allowed).all() else _those(actions, allowed)
            told = _Tail(_those(actions, open_), before, _those(rules, spoke), caps, desk.knowledge, customers)
            text = known[key] = ENCODE.encode(told)[1:]
        texts.append(text)
    return texts


def _those(names: Sequence[str], which: np.ndarray) -> tuple[str, ...]:
    return tuple(name for name, here in zip(names, which) if here)
