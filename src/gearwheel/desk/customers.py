"""What is known of customers: their record up to a day, and what the desk itself has answered them since."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np

from gearwheel.desk.operation import Operation
from gearwheel.desk.policy import Policy
from gearwheel.desk.requests import LARGEST, Faults
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
NOTHING: Mapping[str, int] = {}


def read_customers(path: str | PathLike[str], operation: Operation) -> Customers:
    """customers.parquet: `customer_id` and any of the operation's facts, one row a customer. Raises DeskError (GW510,
    GW511, GW518)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = Path(path)
    try:
        data = path.read_bytes()
        table = pq.ParquetFile(pa.BufferReader(data)).read()
    except OSError as error:
        hint = "`gearwheel desk prepare` writes it."
        raise DeskError(Problem("GW518", f"cannot read the customers: {error}", str(path), hint=hint)) from error
    except pa.ArrowInvalid as error:
        raise DeskError(Problem("GW511", f"not a Parquet file: {error}", str(path))) from error
    if "customer_id" not in table.column_names:
        hint = did_you_mean("customer_id", table.column_names)
        raise DeskError(Problem("GW510", "there is no column 'customer_id'", str(path), hint=hint))
    if not set(operation.facts) & set(table.column_names):
        said = f"nothing is told of the customers: there is none of {', '.join(operation.facts)}"
        raise DeskError(Problem("GW510", said, str(path), hint="`gearwheel desk prepare` writes such a file."))
    twice = [n for n in ("customer_id", *operation.facts) if table.column_names.count(n) > 1]
    if twice:
        raise DeskError(Problem("GW511", f"the column '{twice[0]}' stands more than once", str(path)))
    try:
        names = table["customer_id"].cast(pa.string()).to_pylist()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        said = f"the column 'customer_id' ({table['customer_id'].type}) is not of texts"
        raise DeskError(Problem("GW511", said, str(path))) from error
    row = {name: number for number, name in enumerate(names)}
    if len(row) < len(names):
        raise DeskError(Problem("GW511", f"{len(names) - len(row):,} customers occur twice", str(path)))
    try:
        facts = {n: table[n].cast(pa.float64()).to_numpy() for n in operation.facts if n in table.column_names}
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DeskError(Problem("GW511", f"a fact is not a number: {error}", str(path))) from error
    for name, values in facts.items():
        wrong = np.flatnonzero((values > LARGEST) | (values < 0))
        if len(wrong):
            said = f"'{name}' of the customer '{str(names[wrong[0]])[:60]}' is {values[wrong[0]]:g}"
            raise DeskError(Problem("GW511", said, str(path), hint=f"Facts are between 0 and {LARGEST:g}, or missing."))
    return Customers(row, facts, _as_of(table, path), hashlib.blake2b(data, digest_size=6).hexdigest())


def _as_of(table, path: Path) -> float:
    stated = (table.schema.metadata or {}).get(AS_OF, b"0")
    try:
        found = float(stated)
    except ValueError:
        found = np.nan
    if not np.isfinite(found):
        said = f"the metadata says as_of = {stated[:40]!r}, which is not seconds since 1970"
        raise DeskError(Problem("GW511", said, str(path)))
    return found


def facts_of(
    operation: Operation,
    policy: Policy,
    customers: Customers,
    names: Sequence[str],
    answered: Mapping[str, Mapping[str, int]],
) -> tuple[dict[str, np.ndarray], Faults]:
    """(fact → (requests,), faults) of the customers who ask: from their records, with what the desk `answered` them since
    (customer → action → times) added to the facts that `operation.counts`. Unknown ones are newcomers, or a fault (GW513) where the policy says so."""
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
        for action, times in answered.get(name, NOTHING).items():
            for fact, actions in operation.counts.items():
                if action in actions:
                    facts[fact][row] += times
    faults: Faults = {}
    if policy.unknown_customers == "refuse":
        hint = 'unknown_customers = "newcomer" in the policy answers them too.'
        for row in np.flatnonzero(~known).tolist():
            faults[row] = Problem("GW513", f"nothing is known of the customer '{names[row][:60]}'", hint=hint)
    return facts, faults
