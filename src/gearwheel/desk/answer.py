"""From requests to records: check, look up what is known of the customers, decide. Shared by service and library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gearwheel.desk.customers import Customers, facts_of
from gearwheel.desk.decide import Decisions, Desk, decide
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.operation import Columns
from gearwheel.desk.record import Record, records
from gearwheel.desk.requests import Faults, check_rows
from gearwheel.wheel.errors import Problem

Clock = Callable[[Columns, int], np.ndarray]


def answer(
    desk: Desk, customers: Customers, ledger: Ledger, rows: Sequence[Mapping], keys: Sequence[str], now: float
) -> list[Record | Problem]:
    """For each request its decision, noted in the ledger, or what is wrong with it. `now`: seconds since 1970.

    The facts are as of before these requests: a customer should not be among them twice (see `waves`).
    """
    checked = check_rows(desk.operation, desk.policy, rows, now)
    found: list[Record | Problem] = [checked.faults.get(row) for row in range(len(rows))]
    mine = [keys[i] for i in checked.rows]
    made = decide_known(
        desk, customers, ledger, checked.columns, mine, lambda columns, n: np.full(n, max(now, ledger.last))
    )
    for number, problem in made.faults.items():
        found[checked.rows[number]] = problem
    at = checked.rows[made.rows]
    if len(at):
        asked, mine = [rows[i] for i in at], [keys[i] for i in at]
        noted = records(desk, made.decisions, asked, made.columns, mine, made.times, customers.version)
        for row, record in zip(at, noted):
            found[row] = record
    return found


@dataclass(frozen=True)
class Made:
    """`rows`: which requests were decided, in order, and `times` when; `columns` what they were decided upon, the facts
    among them; `decisions` None where there are none. `faults`: what is wrong with the others, by request."""

    rows: np.ndarray
    columns: dict[str, np.ndarray] = field(repr=False)
    times: np.ndarray = field(repr=False)
    decisions: Decisions | None = field(repr=False)
    faults: Faults


def decide_known(
    desk: Desk, customers: Customers, ledger: Ledger, columns: Columns, keys: Sequence[str], clock: Clock
) -> Made:
    """Look up what is known of who asks, and decide on the checked requests of customers who may ask; noted in the
    ledger. `clock(columns, n)` says when each of the n that are decided is."""
    count = len(keys)
    names = columns["customer_id"].tolist() if "customer_id" in columns else [""] * count
    facts, faults = facts_of(desk.operation, desk.policy, customers, names, ledger)
    whole, rows = {**columns, **facts}, np.arange(count)
    if faults:
        rows = np.array([row for row in range(count) if row not in faults], int)
        whole = {n: c[rows] for n, c in whole.items()}
    times = clock(whole, len(rows))
    mine = [keys[i] for i in rows]
    return Made(rows, whole, times, decide(desk, whole, mine, times, ledger) if mine else None, faults)


def waves(rows: Sequence[Mapping]) -> list[list[int]]:
    """The requests in as many rounds as a customer asks at most, in their order: who asks twice at once is answered
    the second time with the first answer known."""
    rounds: list[list[int]] = []
    times: dict[str, int] = {}
    for number, row in enumerate(rows):
        customer = str(row.get("customer_id"))
        at = times.get(customer, 0)
        times[customer] = at + 1
        if at == len(rounds):
            rounds.append([])
        rounds[at].append(number)
    return rounds
