"""A table of requests, checked and named: all of it follows from the table alone."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec
import numpy as np

from gearwheel.desk.consider import Desk
from gearwheel.desk.entries import Named, named
from gearwheel.desk.operation import Operation
from gearwheel.desk.record import SORTED
from gearwheel.desk.requests import KEY, WHOLE, Checked, check_table, contexts_of
from gearwheel.wheel.errors import Problem


@dataclass(frozen=True)
class Asked:
    """`checked`: columns of the requests without a fault; `named`: what these are known by. `start`: the row of the file
    with which the table begins, `count` its rows."""

    checked: Checked = field(repr=False)
    named: Named = field(repr=False)
    start: int
    count: int

    def number(self, row: int) -> int:
        """Of the row in the file."""
        return self.start + int(self.checked.rows[row])

    def faults(self) -> dict[int, Problem]:
        """By row of the file."""
        return {self.start + row: problem for row, problem in self.checked.faults.items()}


def read_asked(desk: Desk, table, start: int) -> Asked:
    """A pyarrow Table, whose first row is number `start` of its file. Raises DeskError as `check_table`."""
    checked = check_table(desk.operation, desk.policy, table, time.time())
    good = table.take(checked.rows) if checked.faults else table
    texts = texts_of(desk.operation, checked, contexts_of(desk.operation, good))
    given = good[KEY].to_pylist() if KEY in table.column_names else [None] * len(texts)
    keys = [None if key is None else str(key) for key in given]
    return Asked(checked, named(desk.secret, texts, keys), start, len(table))


def texts_of(operation: Operation, checked: Checked, contexts: Sequence[Mapping]) -> list[bytes]:
    """The checked requests as the log keeps them, in canonical form: fields that say something, and the free context of
    each under `context`."""
    columns = {}
    for name, what in operation.fields.items():
        column = checked.columns[name]
        if what.type == "time":
            texts = np.datetime_as_string(column.astype("datetime64[s]"), timezone="UTC").tolist()
            columns[name] = [None if text == "NaT" else text for text in texts] if np.isnat(column).any() else texts
        elif what.type == "text":
            columns[name] = [text or None for text in column.tolist()]
        else:
            columns[name] = [None if value != value else value for value in column.tolist()]
    columns[WHOLE] = [{n: v for n, v in said.items() if v is not None} or None for said in contexts]
    names = tuple(sorted(columns))
    rows = list(map(_form_of(names), *(columns[n] for n in names)))
    return SORTED.encode_lines(rows)[:-1].split(b"\n") if rows else []


@lru_cache
def _form_of(names: tuple[str, ...]) -> type[msgspec.Struct]:
    """A request that leaves out what is None: four times as fast as a dict."""
    return msgspec.defstruct("Request", [(name, object, None) for name in names], omit_defaults=True, gc=False)
