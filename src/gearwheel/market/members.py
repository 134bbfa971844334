"""Members: who enrols at an order, who renews, and what they pay."""

from __future__ import annotations

import numpy as np

from gearwheel.market.draws import Stream
from gearwheel.market.state import Day, State
from gearwheel.market.tables import clock

YEAR = 365  # days of a membership


def enrol(state: State, day: Day, who: np.ndarray) -> None:
    """Customers who enrol with their order of today: frequent ones sooner, so that members differ beforehand."""
    s, rows = day.settings, state.customers
    if not s.enrolling:
        return
    fee = day.seen("fee_on_enrolling", day.levers["fee"]) / s.fee
    keen = (rows["frequency"][who] / s.frequency) ** s.selectivity
    chance = s.enrolling * fee**s.fee_on_enrolling * keen
    luck = day.draws.uniform(Stream.ENROL, who, day.number)
    outside = ~rows["member"][who] & rows["there"][who]
    day.tally(invited=outside.sum(), expected_enrolled=chance[outside].sum())
    _start(state, day, who[outside & (luck < chance)])


def give(state: State, day: Day, who: np.ndarray) -> None:
    """A year's membership for nothing."""
    if len(who):
        _start(state, day, who, fee=0.0)


def renew(state: State, day: Day) -> None:
    """Memberships that end today, renewed or not."""
    ending = state.renewals.pop(day.number, None)
    if not ending:
        return
    rows = state.customers
    who = np.concatenate(ending)
    who = who[rows["member"][who]]
    rows["member"][who] = False
    state.members -= len(who)
    luck = day.draws.uniform(Stream.RENEW, who, day.number)
    _start(state, day, who[luck < day.settings.renewal], renewed=True)


def _start(state: State, day: Day, who: np.ndarray, renewed: bool = False, fee: float | None = None) -> None:
    state.customers["member"][who] = True
    state.members += len(who)
    state.renewals.setdefault(day.number + YEAR, []).append(who)
    fee = np.full(len(who), day.levers["fee"] if fee is None else fee)
    begins = clock(day.settings.start, np.full(len(who), float(day.number)))
    ends = clock(day.settings.start, np.full(len(who), float(day.number + YEAR)))
    day.sink.add("memberships", {"customer_id": who, "starts_at": begins, "ends_at": ends, "fee": fee})
    day.tally(enrolled=0 if renewed else len(who), fees=fee.sum())
