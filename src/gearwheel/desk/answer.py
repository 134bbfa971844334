"""From requests to entries of the log: check, look up what is known of the customers, decide. Shared by service and library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from gearwheel.desk.consider import Desk
from gearwheel.desk.customers import Customers, facts_of
from gearwheel.desk.decide import decide
from gearwheel.desk.entries import Made, entries, named
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.operation import Columns
from gearwheel.desk.policy import unnamed
from gearwheel.desk.record import Entry, canonical
from gearwheel.desk.requests import Faults, check_rows
from gearwheel.wheel.errors import Problem


def answer(
    desk: Desk,
    customers: Customers,
    ledger: Ledger,
    rows: Sequence[Mapping],
    keys: Sequence[str],
    now: float,
    words: Counter[tuple[str, str]] | None = None,
) -> list[Entry | Problem]:
    """For each request its decision, noted in the ledger, or what is wrong with it. `now`: seconds since 1970.

    The facts are as of before these requests: a customer should not be among them twice (see `waves`). What they say and
    no condition names is added to `words`.
    """
    checked = check_rows(desk.operation, desk.policy, rows, now)
    found: list[Entry | Problem] = [checked.faults.get(row) for row in range(len(rows))]
    columns, known, faults = known_columns(desk, customers, ledger, checked.columns)
    for number, problem in faults.items():
        found[checked.rows[number]] = problem
    at = checked.rows[known].tolist()
    if at:
        times = np.full(len(at), max(now, ledger.last))
        mine = named(desk.secret, [canonical(rows[i]) for i in at], [keys[i] for i in at])
        decisions = decide(desk, columns, mine.keys, times, ledger)
        for row, entry in zip(at, entries(Made(desk, decisions, mine, columns, times), customers.version)):
            found[row] = entry
        if words is not None:
            words.update(unnamed(desk.policy, columns))
    return found


def known_columns(
    desk: Desk, customers: Customers, ledger: Ledger, columns: Columns
) -> tuple[dict[str, np.ndarray], np.ndarray, Faults]:
    """Checked requests with the facts of who asks: (columns, which requests (n,) these are, faults of the others). A
    request that contradicts itself is a fault here, and not where it is read: what was decided once stays decided."""
    count = len(next(iter(columns.values())))
    names = columns["customer_id"].tolist() if "customer_id" in columns else [""] * count
    facts, faults = facts_of(desk.operation, desk.policy, customers, names, ledger.answered)
    for wrong, problem in desk.operation.impossible(columns):
        faults |= {row: problem for row in np.flatnonzero(wrong).tolist() if row not in faults}
    whole, rows = {**columns, **facts}, np.arange(count)
    if faults:
        rows = np.array([row for row in range(count) if row not in faults], int)
        whole = {n: c[rows] for n, c in whole.items()}
    return whole, rows, faults


def waves(customers: Sequence[str]) -> list[list[int]]:
    """The requests of these customers in as many rounds as one of them asks at most, in their order: who asks twice at
    once is answered the second time with the first answer known."""
    rounds: list[list[int]] = []
    times: dict[str, int] = {}
    for number, customer in enumerate(customers):
        at = times.get(customer, 0)
        times[customer] = at + 1
        if at == len(rounds):
            rounds.append([])
        rounds[at].append(number)
    return rounds
