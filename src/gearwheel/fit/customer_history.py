"""Purchase histories as recency and frequency: who bought how often, last when, watched how long; counted rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from gearwheel.wheel.errors import DataError, Problem

DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}

PURCHASES = """
select o.customer_id, o.placed_at::date as day, sum(coalesce(l.spent, 0)) as spent
from events.orders o left join (
    select order_id, sum(coalesce(quantity, 1) * price - coalesce(discount, 0)) as spent
    from events.order_lines group by order_id
) l using (order_id)
where o.customer_id is not null and o.placed_at < $until::date + interval 1 day
  and lower(coalesce(o.status, '')) <> 'cancelled' and not coalesce(o.is_test, false)
group by 1, 2"""

GIVEN = """
select customer_id, day, sum(coalesce(spent, 0)) as spent from given
where customer_id is not null and day <= $until group by 1, 2"""

PEOPLE = """
select customer_id, count(*) - 1 as x, max(day) - min(day) as t_x, $until - min(day) as T,
       round(sum(spent) - arg_min(spent, day), 6) as spent
from ({purchases}) group by customer_id"""

COUNTED = "select x, t_x, T, count(*) as persons, sum(spent) as spent from ({people}) group by 1, 2, 3 order by 1, 2, 3"

SPENDING = """
select x, spent / x as mean, count(*) as persons from ({people}) where x > 0 and spent > 0
group by 1, 2 order by 1, 2"""

CURRENCIES = "select distinct currency from events.orders where currency is not null order by 1 limit 5"


@dataclass(frozen=True)
class Spending:
    """Rows (S,) of repeat buyers alike: repeat purchases x, mean money of one of them, and how many persons."""

    x: np.ndarray
    mean: np.ndarray
    persons: np.ndarray


@dataclass(frozen=True)
class Histories:
    """Rows (R,) of persons alike: repeat purchases x, time of the last one since the first t_x, time watched T.

    Times are in `unit`. `spent` is the money of all repeat purchases of the row's persons together.
    """

    x: np.ndarray
    t_x: np.ndarray
    T: np.ndarray
    persons: np.ndarray
    spent: np.ndarray
    spending: Spending
    unit: str = "week"

    @property
    def once(self) -> float:
        """The share of persons who bought once."""
        return float(self.persons[self.x == 0].sum() / self.persons.sum())


def summarise(source, until, unit: str = "week") -> Histories:
    """Counted histories of everyone who bought by the end of the day `until`.

    `source` is a DuckDB connection that holds the schema `events`, or a mapping of arrays customer_id, day (dates or
    whole days) and, where known, spent; for whole days `until` is a whole day too. Purchases of a person on one day
    are one purchase; cancelled and test orders are none. Raises DataError when money comes in several currencies,
    when nobody bought, or when `unit` is unknown.
    """
    run = _runner(source, until, unit)
    rows = run(COUNTED.format(people=PEOPLE.format(purchases=run.purchases)))
    if not len(rows["x"]):
        raise DataError(Problem("GW494", f"nobody bought by {until}", hint="Look at orders.placed_at."))
    spending = Spending(**run(SPENDING.format(people=PEOPLE.format(purchases=run.purchases))))
    return _in_unit(rows, spending, unit)


def people(source, until, unit: str = "week") -> dict[str, np.ndarray]:
    """The same person by person: columns customer_id, x, t_x, T and spent (money of the repeat purchases)."""
    run = _runner(source, until, unit)
    rows = run(PEOPLE.format(purchases=run.purchases) + " order by customer_id")
    return {**rows, "t_x": rows["t_x"] / DAYS[unit], "T": rows["T"] / DAYS[unit]}


def counted(x, t_x, T, spent=None, unit: str = "week") -> Histories:
    """Histories from arrays (persons,) that are already in `unit`. Raises DataError where no history can be such."""
    x, t_x, T = (np.asarray(a) for a in (x, t_x, T))
    spent = np.zeros(len(x)) if spent is None else np.asarray(spent, float)
    wrong = ~((x >= 0) & (x == np.floor(x)) & (t_x >= 0) & (t_x <= T) & ((x > 0) | (t_x == 0)) & np.isfinite(T))
    if wrong.any() or not len(x):
        hint = "x is a whole number of repeats, 0 <= t_x <= T, and t_x is 0 without a repeat."
        raise DataError(Problem("GW495", f"{wrong.sum()} of {len(x)} purchase histories are impossible", hint=hint))
    given = pa.table({"x": x.astype(np.int64), "t_x": t_x, "T": T, "spent": spent})
    with _embedded() as connection:
        connection.register("given", given)
        rows = connection.execute(COUNTED.format(people="from given")).fetchnumpy()
        spending = connection.execute(SPENDING.format(people="from given")).fetchnumpy()
    return _in_unit(rows, Spending(**spending), unit, 1.0)


def _embedded() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 2})


def _in_unit(rows: dict, spending: Spending, unit: str, days: float | None = None) -> Histories:
    days = DAYS[unit] if days is None else days
    times = {"t_x": rows["t_x"] / days, "T": rows["T"] / days}
    return Histories(**{k: np.asarray(v) for k, v in {**rows, **times}.items()}, spending=spending, unit=unit)


class _runner:
    """Runs one query over the purchases of a source, whatever it is."""

    def __init__(self, source, until, unit: str):
        if unit not in DAYS:
            raise DataError(Problem("GW496", f"'{unit}' is no unit of time", hint=f"One of {', '.join(DAYS)}."))
        self.until = until
        if isinstance(source, Mapping):
            self.connection, self.purchases = _embedded(), GIVEN
            self.connection.register("given", _table(source))
        else:
            self.connection, self.purchases = source, PURCHASES
            found = [row[0] for row in source.execute(CURRENCIES).fetchall()]
            if len(found) > 1:
                hint = "Map the orders of one currency, or convert the prices in the mapping."
                raise DataError(Problem("GW497", f"money comes in several currencies: {', '.join(found)}", hint=hint))

    def __call__(self, query: str) -> dict[str, np.ndarray]:
        found = self.connection.execute(query, {"until": self.until}).fetchnumpy()
        return {name: np.asarray(column) for name, column in found.items()}


def _table(source: Mapping) -> pa.Table:
    day = np.asarray(source["day"])
    whole = np.issubdtype(day.dtype, np.integer)
    columns = {"customer_id": pa.array(np.asarray(source["customer_id"]))}
    columns["day"] = pa.array(day.astype(np.int64) if whole else day.astype("datetime64[D]"))
    columns["spent"] = pa.array(np.asarray(source.get("spent", np.zeros(len(day))), float))
    return pa.table(columns)
