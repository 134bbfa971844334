"""What is known of customers: their record up to a day, and what the desk itself has answered them since."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np

from gearwheel.desk.ledger import Ledger
from gearwheel.desk.operation import Operation
from gearwheel.desk.policy import Policy
from gearwheel.desk.requests import Faults
from gearwheel.wheel.errors import DeskError, Problem, did_you_mean

AS_OF = b"as_of"  # key of the file's metadata: seconds since 1970 up to which the records reach


@dataclass(frozen=True)
class Customers:
    """`row`: customer → row of `facts` (customers,) by name. `as_of`: seconds since 1970 up to which they reach.
    `version` names the file by its content, "" where there is none."""

    row: Mapping[str, int] = field(default_factory=dict, repr=False)
    facts: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    as_of: float = 0.0
    version: str = ""


NOBODY = Customers()


def read_customers(path: str | PathLike[str], operation: Operation) -> Customers:
    """customers.parquet: `customer_id` and any of the operation's facts, one row a customer. Raises DeskError (GW510,
    GW511, GW518)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = Path(path)
    try:
        data = path.read_bytes()
        table = pq.read_table(pa.BufferReader(data))
    except OSError as error:
        hint = "`gearwheel desk prepare` writes it."
        raise DeskError(Problem("GW518", f"cannot read the customers: {error}", str(path), hint=hint)) from error
    except pa.ArrowInvalid as error:
        raise DeskError(Problem("GW511", f"not a Parquet file: {error}", str(path))) from error
    if "customer_id" not in table.column_names:
        hint = did_you_mean("customer_id", table.column_names)
        raise DeskError(Problem("GW510", "there is no column 'customer_id'", str(path), hint=hint))
    names = table["customer_id"].cast(pa.string()).to_pylist()
    row = {name: number for number, name in enumerate(names)}
    if len(row) < len(names):
        raise DeskError(Problem("GW511", f"{len(names) - len(row):,} customers occur twice", str(path)))
    try:
        facts = {n: table[n].cast(pa.float64()).to_numpy() for n in operation.facts if n in table.column_names}
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DeskError(Problem("GW511", f"a fact is not a number: {error}", str(path))) from error
    as_of = float((table.schema.metadata or {}).get(AS_OF, b"0"))
    return Customers(row, facts, as_of, hashlib.blake2b(data, digest_size=6).hexdigest())


def facts_of(
    operation: Operation, policy: Policy, customers: Customers, names: Sequence[str], ledger: Ledger
) -> tuple[dict[str, np.ndarray], Faults]:
    """(fact → (requests,), faults) of the customers who ask: from their records, with what the desk answered them since
    added to the facts that `operation.counts`. Unknown ones are newcomers, or a fault (GW513) where the policy says so."""
    at = np.array([customers.row.get(name, -1) for name in names], int)
    known = at >= 0
    facts = {}
    for name, newcomer in operation.facts.items():
        column = customers.facts.get(name)
        if column is None or not len(column):
            facts[name] = np.full(len(at), float(newcomer))
        else:
            facts[name] = np.where(known, column[at], newcomer)
            if newcomer == newcomer:  # a customer whose record lacks a fact is a newcomer in this
                facts[name] = np.where(np.isnan(facts[name]), newcomer, facts[name])
    for row, name in enumerate(names):
        for action, times in ledger.answered.get(name, {}).items():
            for fact, actions in operation.counts.items():
                if action in actions:
                    facts[fact][row] += times
    faults: Faults = {}
    if policy.unknown_customers == "refuse":
        hint = 'unknown_customers = "newcomer" in the policy answers them too.'
        for row in np.flatnonzero(~known).tolist():
            faults[row] = Problem("GW513", f"nothing is known of the customer '{names[row][:60]}'", hint=hint)
    return facts, faults
