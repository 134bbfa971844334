"""The state of a market between two days, and the day itself: what the mechanisms read and change."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gearwheel.market.draws import Arrivals, Draws, Stream
from gearwheel.market.settings import Market
from gearwheel.market.tables import clock

CAP = 4.0  # a customer's chances to buy or to leave are at most so many times their usual ones


class Rows:
    """Columns that grow together: `rows[name]` is the filled part of one column."""

    def __init__(self, **dtypes: Any):
        self.count = 0
        self._columns = {name: np.zeros(64, dtype=dtype) for name, dtype in dtypes.items()}

    def __getitem__(self, name: str) -> np.ndarray:
        return self._columns[name][: self.count]

    def add(self, count: int, **values: Any) -> np.ndarray:
        """Append rows; columns not named are zero. Returns the new indices."""
        index = np.arange(self.count, self.count + count)
        self.count += count
        for name, column in self._columns.items():
            if len(column) < self.count:
                grown = np.zeros(max(self.count, 2 * len(column)), dtype=column.dtype)
                grown[: len(column)] = column
                self._columns[name] = grown
            if name in values:
                self._columns[name][index] = values[name]
        return index

    def copy(self) -> Rows:
        """An independent copy of the filled part."""
        twin = Rows()
        twin.count = self.count
        twin._columns = {name: column[: self.count].copy() for name, column in self._columns.items()}
        return twin


def new_customers() -> Rows:
    return Rows(
        frequency=np.float32,  # usual chance to order on a day
        dropout=np.float32,  # usual chance to leave on a day
        ceiling=np.float32,  # CAP × frequency while the customer is there, 0 afterwards
        floor=np.float32,  # 1 − CAP × dropout while there, 2 afterwards
        price=np.float32,  # sensitivity to price over the mean one
        taste=np.float32,  # taste for choice over the mean one
        patience=np.float32,  # sensitivity to delivery over the mean one
        satisfaction=np.float32,  # remembered experience, on the scale of scores
        habit=np.float32,  # remembered orders over the usual, as of the day `ordered`
        ordered=np.int32,
        orders=np.int32,
        claims=np.int32,
        kept=np.int32,  # refunds without a return
        there=bool,
        member=bool,
        abuser=bool,
    )


def new_sellers() -> Rows:
    return Rows(joined=np.float64, there=bool, tenant=bool, platform=bool)


def new_offers() -> Rows:
    return Rows(seller=np.int32, product=np.int32, listed=np.float64, live=bool)


@dataclass
class State:
    """Everything that lasts from one day to the next."""

    customers: Rows
    sellers: Rows
    offers: Rows
    arrivals: tuple[Arrivals, Arrivals]  # customers, sellers: luck, not state; shared by copies
    pending: dict[int, list[dict[str, np.ndarray]]] = field(default_factory=dict)  # parcels by day of arrival
    renewals: dict[int, list[np.ndarray]] = field(default_factory=dict)  # members by day of expiry
    intensity: list[float] = field(default_factory=lambda: [0.0, 0.0])  # summed up so far: customers, sellers
    there: int = 0  # customers
    members: int = 0
    traffic: float = 0.0  # visits a day, as sellers have noticed them
    volume: float = 0.0  # parcels a day over the last weeks
    competition: float = 1.0  # what sellers do to the price

    def copy(self) -> State:
        """What a rerun of one day may change, copied; parcels and lists of members are never changed in place."""
        return State(
            self.customers.copy(),
            self.sellers.copy(),
            self.offers.copy(),
            self.arrivals,
            {day: list(parcels) for day, parcels in self.pending.items()},
            {day: list(members) for day, members in self.renewals.items()},
            list(self.intensity),
            self.there,
            self.members,
            self.traffic,
            self.volume,
            self.competition,
        )


@dataclass
class Day:
    """One day: what is set, which luck it has, how causes are shifted, and what is counted."""

    number: int
    settings: Market
    draws: Draws
    levers: Mapping[str, float]
    shift: Mapping[str, float]  # link → log shift of its cause as the effect sees it
    sink: Any
    decide: Callable | None = None
    trials: tuple = ()
    reference: Mapping[str, float] = field(default_factory=dict)  # selection, volume and traffic at the start
    price: float = 1.0
    days: int = 0  # of the whole record
    pace: float = 1.0  # how many times as much is bought as usual; 0 on a closed day
    count: dict[str, float] = field(default_factory=dict)

    def seen(self, link: str, cause):
        """A cause as its effect sees it."""
        moved = self.shift.get(link, 0.0)
        return cause * math.exp(moved) if moved else cause

    def tally(self, **amounts: float) -> None:
        """Add to the day's counts."""
        for name, amount in amounts.items():
            self.count[name] = self.count.get(name, 0.0) + float(amount)

    def at(self, fraction) -> np.ndarray:
        """Times of this day, from fractions of it."""
        return clock(self.settings.start, self.number + np.asarray(fraction, dtype=float))

    def dense(self, stream: Stream, size: int) -> np.ndarray:
        return self.draws.dense(stream, self.number, size)


def trait(draws: Draws, stream: Stream, index: np.ndarray, spread: float, tilt: float = 0.0) -> np.ndarray:
    """Log-normal traits of mean 1 over people; `tilt` moves the mean of the logarithm by so many variances."""
    z = draws.normal(stream, index)
    return np.exp(spread * z + (tilt - 0.5) * spread**2)
