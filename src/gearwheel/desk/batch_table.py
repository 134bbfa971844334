"""What came of a chunk of requests as a pyarrow Table: built from arrays, as a value of Python for each cell takes longer
than to decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from gearwheel.desk.batch_asked import Asked
from gearwheel.desk.consider import Desk
from gearwheel.desk.entries import DIGITS, Made
from gearwheel.desk.form import Form
from gearwheel.desk.operation import Operation
from gearwheel.desk.record import Record, name_of
from gearwheel.desk.requests import KEY
from gearwheel.wheel.errors import Problem


@dataclass
class Results:
    """Of what was asked, `faults` by row of the file; and by row of the requests without one: `rows` (n,) whose decisions
    are `fresh`, those that ask `again` for one of these n, and what the log answered `before`."""

    asked: Asked
    faults: dict[int, Problem]
    rows: np.ndarray = field(default_factory=lambda: np.empty(0, int), repr=False)
    fresh: Made | None = field(default=None, repr=False)
    again: Mapping[int, int] = field(default_factory=dict, repr=False)
    before: dict[int, Record] = field(default_factory=dict, repr=False)


def schema_of(operation: Operation) -> pa.Schema:
    """Columns of a file of decisions. `row` counts from 0 in the file of requests."""
    texts, number, names = pa.string(), pa.float64(), pa.list_(pa.string())
    found: dict[str, pa.DataType] = {"row": pa.int64(), KEY: texts, "decision_id": texts}
    found |= dict.fromkeys(_identity(operation), texts)
    found |= {"action": texts, "best": texts, "propensity": number, "expected_cost": number, "fallback_cost": number}
    found |= {"spent": number, "rules": names, "caps": names, "says": texts}
    return pa.schema(found | {"decided_at": pa.timestamp("us", "UTC"), "policy_version": texts})


def table_of(desk: Desk, results: Results, form_of: Callable[[Record], Form]) -> pa.Table:
    """The decisions in the order of the requests. Costs are as the log has them."""
    schema, fresh = schema_of(desk.operation), results.fresh
    rows, made = [results.rows, np.fromiter(results.again, int), np.fromiter(results.before, int)], []
    if fresh:
        decided = pa.table(_of_arrays(fresh), _without(schema, desk.operation))
        made.append(decided)
        if results.again:
            made.append(decided.take(list(results.again.values())))
    if results.before:
        columns = _of_records(list(results.before.values()), desk.policy.fallback, form_of)
        made.append(pa.table(columns, _without(schema, desk.operation)))
    if not made:
        return schema.empty_table()
    row, whole = np.concatenate(rows), pa.concat_tables(made)
    if len(made) > 1:
        order = np.argsort(row)
        row, whole = row[order], whole.take(order)
    asked = results.asked
    columns = {"row": asked.start + asked.checked.rows[row]}
    columns |= {n: asked.checked.columns[n][row] for n in _identity(desk.operation)}
    return pa.table({n: columns[n] if n in columns else whole[n] for n in schema.names}, schema)


def _identity(operation: Operation) -> list[str]:
    """The fields by which one finds a request again."""
    return [n for n, f in operation.fields.items() if f.type == "text" and f.needed and n.endswith("_id")]


def _without(schema: pa.Schema, operation: Operation) -> pa.Schema:
    """Columns that follow from the decision, and not from which request it was made on."""
    return pa.schema([field for field in schema if field.name not in ("row", *_identity(operation))])


def _of_arrays(made: Made) -> dict[str, pa.Array | np.ndarray | list]:
    desk, found, count = made.desk, made.found, len(made.times)
    at, actions = (np.arange(count), found.chosen), found.weighed.actions
    expected = made.expected / desk.form.per_money
    fallback = actions.index(desk.policy.fallback)
    return {
        KEY: made.named.keys,
        "decision_id": [name_of(id_) for id_ in made.named.ids],
        "action": _choice(found.chosen, actions),
        "best": _choice(found.best, actions),
        "propensity": np.round(found.propensity[at], DIGITS),
        "expected_cost": expected[at],
        "fallback_cost": expected[:, fallback],
        "spent": found.spent,
        "rules": _which(found.spoke, count),
        "caps": found.capped,
        "says": made.says,
        "decided_at": _micros(made.times),
        "policy_version": pa.repeat(desk.policy.version, count),
    }


def _of_records(
    found: Sequence[Record], fallback: str, form_of: Callable[[Record], Form]
) -> dict[str, pa.Array | np.ndarray | list]:
    forms = [form_of(r) for r in found]
    costs = [{a: cost / form.per_money for a, cost in zip(form.actions, r.expected)} for r, form in zip(found, forms)]
    return {
        KEY: [r.key for r in found],
        "decision_id": [r.id for r in found],
        "action": [r.action for r in found],
        "best": [r.best for r in found],
        "propensity": [r.propensity[form.number[r.action]] for r, form in zip(found, forms)],
        "expected_cost": [cost[r.action] for r, cost in zip(found, costs)],
        "fallback_cost": [cost.get(fallback) for cost in costs],
        "spent": [r.spent for r in found],
        "rules": [r.rules for r in found],
        "caps": [r.caps for r in found],
        "says": [r.says for r in found],
        "decided_at": _micros(np.array([r.decided_at for r in found])),
        "policy_version": [r.policy for r in found],
    }


def _choice(which: np.ndarray, names: Sequence[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(which), list(names)).dictionary_decode()


def _which(spoke: Mapping[str, np.ndarray], count: int) -> pa.Array:
    """Of each request the names that are true."""
    table = np.column_stack(list(spoke.values())) if spoke else np.zeros((count, 0), bool)
    ends = np.concatenate([[0], np.cumsum(table.sum(axis=1))])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), _choice(np.nonzero(table)[1], list(spoke)))


def _micros(times: np.ndarray) -> pa.Array:
    return pa.array(np.round(times * 1e6).astype(np.int64)).cast(pa.timestamp("us", "UTC"))
