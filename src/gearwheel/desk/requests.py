"""What is asked, checked: rows of a service or a library call, or a table of a batch → columns, and the faults by row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
import numpy as np

from gearwheel.desk.calendar_days import earliest
from gearwheel.desk.conditions import CONTEXT
from gearwheel.desk.operation import Field, Operation
from gearwheel.desk.places import folded
from gearwheel.desk.policy import Policy
from gearwheel.desk.record import SORTED
from gearwheel.wheel.errors import DeskError, Problem, did_you_mean

KEY = "key"  # column that names a request; without it a request is named by what it says
WHOLE = CONTEXT.rstrip(".")
AHEAD = 300.0  # seconds by which a caller's clock may be ahead of ours
LARGEST = 1e9  # of any number: what is larger is a mistake
LONGEST = 500  # characters of a text
NAT = np.datetime64("NaT", "s")
EXAMPLES = {"text": '"…"', "number": "19.99", "whole": "1", "time": '"2026-11-24T17:00:00Z"'}

Faults = dict[int, Problem]


@dataclass(frozen=True)
class Checked:
    """`columns` of the requests without a fault: fields, derived fields and what conditions ask of the context, each
    (good,). `rows` (good,): which requests these are. `faults`: what is wrong with the others, by row."""

    columns: dict[str, np.ndarray] = field(repr=False)
    rows: np.ndarray
    faults: Faults


def check_rows(operation: Operation, policy: Policy, rows: Sequence[Mapping], now: float) -> Checked:
    """Requests as dicts, as JSON gives them; what is no field of the operation belongs to the free context (see
    `context_of`). `now`: seconds since 1970. Faults are GW510 to GW515."""
    faults: Faults = {}
    columns = {}
    for name, what in operation.fields.items():
        read = READERS[what.type]
        columns[name] = read([row.get(name) for row in rows], name, faults)
    for number, row in enumerate(rows):
        if not isinstance(row.get(WHOLE), Mapping | None):
            _fault(faults, number, WHOLE, "an object", row[WHOLE])
    if asked_of_context(policy):
        columns |= _of_context([context_of(operation, row) for row in rows], policy, faults)
    return _checked(operation, policy, columns, faults, now)


def check_table(operation: Operation, policy: Policy, table, now: float) -> Checked:
    """A pyarrow Table of requests; columns that are no fields belong to the context. Faults as in check_rows; raises
    DeskError where a whole column is missing (GW510) or of the wrong type (GW511)."""
    needed = [n for n, f in operation.fields.items() if f.needed and n not in table.column_names]
    if needed:
        hint = did_you_mean(needed[0], table.column_names) or f"A request needs {', '.join(_needed(operation))}."
        if len(table.column_names) == 1 and any(mark in table.column_names[0] for mark in ";\t"):
            hint = "Columns of a CSV are parted by commas, and numbers have a point: 19.99."
        raise DeskError(Problem("GW510", f"there is no column '{needed[0]}'", hint=hint))
    faults: Faults = {}
    columns = {n: _from_arrow(table, n, f.type, faults) for n, f in operation.fields.items()}
    if asked_of_context(policy):
        columns |= _of_context(contexts_of(operation, table), policy, faults)
    return _checked(operation, policy, columns, faults, now)


def asked_of_context(policy: Policy) -> list[str]:
    """The keys of the free context that conditions of the policy look at, as `context.key`."""
    return list(dict.fromkeys(c.field for c in policy.conditions() if c.field.startswith(CONTEXT)))


def context_of(operation: Operation, row: Mapping) -> dict:
    """What a request says beyond the operation's fields: further keys, and those under `context`."""
    inner = row.get(WHOLE)
    further = {k: v for k, v in row.items() if k not in operation.fields and k != WHOLE}
    return further | (dict(inner) if isinstance(inner, Mapping) else {})


def contexts_of(operation: Operation, table) -> list[dict]:
    """What each row of a pyarrow Table says beyond the operation's fields, in its JSON form: further columns, and the
    members of a struct `context`. Raises DeskError (GW511) where `context` is no struct or bytes are no text."""
    import pyarrow as pa

    kind = table.schema.field(WHOLE).type if WHOLE in table.column_names else pa.null()
    if not (pa.types.is_struct(kind) or pa.types.is_map(kind) or pa.types.is_null(kind)):
        hint = f"It is a struct; or give each of its keys a column, as {CONTEXT}channel a column channel."
        raise DeskError(Problem("GW511", f"the column '{WHOLE}' ({kind}) holds no objects", hint=hint))
    names = [n for n in table.column_names if n not in operation.fields and n != KEY]
    if not names:
        return [{}] * len(table)
    found = table.select(names).to_pylist()
    if not pa.types.is_null(kind):
        for row in found:
            row |= {key: value for key, value in dict(row.pop(WHOLE) or {}).items() if value is not None}
    for row in found:
        row |= {key: _decoded(value, key) for key, value in row.items() if isinstance(value, bytes)}
    return _as_json(found)


def _of_context(contexts: Sequence[Mapping], policy: Policy, faults: Faults) -> dict[str, np.ndarray]:
    """What each request says under the keys that conditions look at, as `context.key` → (requests,). A key is read in any
    spelling that `folded` takes for the same: "Hazardous" is `hazardous`."""
    asked = {name.removeprefix(CONTEXT): name for name in asked_of_context(policy)}
    meant = {folded(key): name for key, name in asked.items()} if policy.semantics > 1 else {}
    names: dict[object, str | None] = dict(asked)
    values: dict[str, list] = {name: [None] * len(contexts) for name in asked.values()}
    for row, context in enumerate(contexts):
        for key, value in context.items():
            if key not in names:
                names[key] = meant.get(folded(str(key)))
            name = names[key]
            if name is None or value is None:
                continue
            if values[name][row] is not None and values[name][row] != value:
                faults.setdefault(row, Problem("GW511", f"'{name}' is said twice, and not the same: {str(key)[:60]!r}"))
            values[name][row] = value
    return {name: _said(said, name, faults) for name, said in values.items()}


def _checked(operation: Operation, policy: Policy, columns: dict, faults: Faults, now: float) -> Checked:
    count = len(next(iter(columns.values())))
    for name, what in operation.fields.items():
        _check(name, what, columns[name], faults, now)
    if "currency" in operation.fields:
        if policy.semantics > 1:
            columns = {**columns, "currency": _currency(columns["currency"], policy.currency)}
        for row in np.flatnonzero(columns["currency"] != policy.currency).tolist():
            said = f"the price is in {columns['currency'][row]}, the policy in {policy.currency}"
            faults.setdefault(row, Problem("GW514", said, hint="Convert the price, or ask a desk of that currency."))
    with np.errstate(over="ignore"):  # what is too large is a fault, here or of its own
        columns = {**columns, **operation.derive(columns, policy)}
    for name in operation.derived:
        for row in np.flatnonzero(np.abs(columns[name]) > LARGEST).tolist():
            said = f"'{name}' ({operation.derived[name].says}) is {columns[name][row]:g}; it is at most {LARGEST:g}"
            faults.setdefault(row, Problem("GW512", said))
    good = np.ones(count, bool)
    good[list(faults)] = False
    rows = np.flatnonzero(good)
    return Checked({n: c[rows] for n, c in columns.items()} if faults else columns, rows, faults)


def _currency(column: np.ndarray, wanted: str) -> np.ndarray:
    """Its code as the policy writes it, where only spaces and capitals differ."""
    known = {said: wanted if folded(said) == folded(wanted) else said for said in set(column.tolist())}
    return _objects([known[said] for said in column.tolist()])


def _check(name: str, what: Field, column: np.ndarray, faults: Faults, now: float) -> None:
    """Missing values, numbers and times out of range."""
    if what.type == "text":
        missing = column == ""
    else:
        missing = np.isnat(column) if what.type == "time" else np.isnan(column)
    if what.needed and missing.any():
        hint = f'"{name}": {EXAMPLES[what.type]}  ({what.says})'
        for row in np.flatnonzero(missing).tolist():
            faults.setdefault(row, Problem("GW510", f"'{name}' is missing", hint=hint))
    if what.type == "time":
        for row in np.flatnonzero(~missing & (earliest(column) > now + AHEAD)).tolist():
            said = f"'{name}' is {column[row]}Z, which is still to come"
            faults.setdefault(row, Problem("GW515", said, hint="Is the caller's clock right? Times are in UTC."))
    elif what.type != "text":
        wrong = (column < what.low) | (column <= what.above) | (np.abs(column) > min(what.high, LARGEST))
        if what.type == "whole":
            wrong |= column != np.where(missing, column, np.floor(column))
            wrong &= ~missing
        for row in np.flatnonzero(wrong).tolist():
            said = f"'{name}' is {column[row]:g}; it is {_range(what)}"
            faults.setdefault(row, Problem("GW512", said, hint=f"'{name}' is {what.says}."))


def _range(what: Field) -> str:
    most = f"at most {min(what.high, LARGEST):g}"
    least = f"above {what.above:g}" if what.above > what.low else f"at least {what.low:g}"
    kind = "a whole number, " if what.type == "whole" else ""
    return f"{kind}{least if math.isfinite(max(what.low, what.above)) else 'any number'} and {most}"


# ---- values of rows
def _texts(values: list, name: str, faults: Faults) -> np.ndarray:
    for row, value in enumerate(values):
        if value is None:
            values[row] = ""
        elif not isinstance(value, str):
            _fault(faults, row, name, "a text", value)
            values[row] = ""
        elif len(value) > LONGEST or "\0" in value or not _encodes(value):
            said = f"'{name}' has more than {LONGEST} characters" if len(value) > LONGEST else f"'{name}' is not text"
            faults.setdefault(row, Problem("GW511", said))
            values[row] = ""
    return _objects(values)


def _numbers(values: list, name: str, faults: Faults) -> np.ndarray:
    found = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        if type(value) is float and math.isfinite(value):
            found[row] = value
        elif type(value) is int or isinstance(value, np.number) and math.isfinite(value):
            found[row] = max(min(value, 1e300), -1e300)
        elif value is not None and not (isinstance(value, float) and math.isnan(value)):
            _fault(faults, row, name, "a number", value)
    return found


def _times(values: list, name: str, faults: Faults) -> np.ndarray:
    found = np.full(len(values), NAT)
    for row, value in enumerate(values):
        if value is None:
            continue
        try:
            found[row] = _time(value)
        except (TypeError, ValueError, OverflowError):
            _fault(faults, row, name, f"a time such as {EXAMPLES['time']}", value)
    return found


READERS = {"text": _texts, "number": _numbers, "whole": _numbers, "time": _times}


def _time(value: object) -> np.datetime64:
    """ISO 8601 text or a datetime; what states no offset is UTC."""
    if isinstance(value, np.datetime64):
        return value.astype("datetime64[s]")
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(read, datetime):
        raise TypeError
    read = read if read.tzinfo else read.replace(tzinfo=UTC)
    return np.datetime64(math.floor(read.timestamp()), "s")


def _fault(faults: Faults, row: int, name: str, wanted: str, value: object) -> None:
    faults.setdefault(row, Problem("GW511", f"'{name}' is not {wanted}: {repr(value)[:60]}"))


def _encodes(value: str) -> bool:
    """Half of a surrogate pair is no text: no store takes it."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _said(values: Sequence, name: str, faults: Faults) -> np.ndarray:
    """What the context says under one key, as the log will have it, so that conditions see the same in a replay; ""
    where it says nothing."""
    for row, value in enumerate(values):
        if isinstance(value, bytes):
            _fault(faults, row, name, "JSON", value)
    return _objects(["" if value is None else value for value in _as_json(values)])


def _as_json(values: list) -> list:
    """Times as texts, what is not a number as None."""
    return msgspec.json.decode(SORTED.encode(values))


def _decoded(value: bytes, name: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        said = f"the column '{name}' holds bytes that are no text: {repr(value)[:60]}"
        raise DeskError(Problem("GW511", said, hint="Only texts, numbers and times can be logged.")) from error


def _objects(values: list) -> np.ndarray:
    found = np.empty(len(values), object)
    found[:] = values
    return found


def _needed(operation: Operation) -> list[str]:
    return [n for n, f in operation.fields.items() if f.needed]


# ---- values of tables
def _from_arrow(table, name: str, kind: str, faults: Faults) -> np.ndarray:
    """A column of the table as the desk has it; all missing where the table has none. A column of texts, as a CSV has it
    in which a cell is no number, is read cell by cell."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if name not in table.column_names:
        return _objects([""] * len(table)) if kind == "text" else np.full(len(table), NAT if kind == "time" else np.nan)
    column = table[name]
    if kind != "text" and pa.types.is_string(column.type):
        cells = [_read(cell, kind) for cell in column.to_pylist()]
        if any(cell is not None and not isinstance(cell, str) for cell in cells):
            return READERS[kind](cells, name, faults)
    try:
        if kind == "text":
            if pa.types.is_floating(column.type) or pa.types.is_nested(column.type):
                raise pa.ArrowInvalid("not text")
            return pc.fill_null(column.cast(pa.string()), "").to_numpy(zero_copy_only=False)
        if kind == "time":
            if pa.types.is_timestamp(column.type) and column.type.tz is None:
                column = column.cast(pa.timestamp("us"), safe=False)
            return column.cast(pa.timestamp("us", "UTC"), safe=False).to_numpy().astype("datetime64[s]")
        if pa.types.is_string(column.type) or pa.types.is_boolean(column.type):
            raise pa.ArrowInvalid("not a number")
        return pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        hint = f"{name} holds values such as {EXAMPLES[kind]}"
        raise DeskError(
            Problem("GW511", f"the column '{name}' ({column.type}) is not of {kind}s", hint=hint)
        ) from error


def _read(cell: str | None, kind: str) -> object:
    """A cell of a CSV; itself where it is not of the kind."""
    if cell is None or not cell.strip():
        return None
    try:
        return _time(cell.strip()) if kind == "time" else float(cell)
    except (ValueError, OverflowError):
        return cell
