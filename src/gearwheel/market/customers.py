"""Customers: who comes, who buys today, who leaves for good."""

from __future__ import annotations

import numpy as np

from gearwheel.market.draws import Stream
from gearwheel.market.state import CAP, Day, State, trait
from gearwheel.market.tables import clock

FIRST_ORDER = 0.2  # of a day: the hour from which on orders are placed
NOTICE = 14.0  # days over which sellers notice traffic


def add_customers(state: State, day: Day, count: int, veteran: bool) -> np.ndarray:
    """New customers with their traits; veterans are those of the start. Returns their numbers."""
    s, draws, rows = day.settings, day.draws, state.customers
    index = np.arange(rows.count, rows.count + count)
    frequency = s.frequency * trait(draws, Stream.RATE, index, s.frequency_spread)
    # those who are still there at the start are the ones that leave seldom
    dropout = s.dropout * trait(draws, Stream.DROPOUT, index, s.dropout_spread, tilt=-1.0 if veteran else 0.0)
    rows.add(
        count,
        frequency=frequency,
        dropout=dropout,
        ceiling=CAP * frequency,
        floor=1 - CAP * dropout,
        price=trait(draws, Stream.PRICE, index, s.price_spread),
        taste=trait(draws, Stream.TASTE, index, s.taste_spread),
        patience=trait(draws, Stream.PATIENCE, index, s.patience_spread),
        satisfaction=s.score,
        habit=1.0,
        ordered=day.number,
        there=True,
        abuser=draws.uniform(Stream.ABUSER, index) < s.abusers,
    )
    state.there += count
    if veteran:
        seen = clock(s.start, -1.0 - 1000 * draws.uniform(Stream.FIRST_SEEN, index))
    else:
        seen = day.at(FIRST_ORDER * draws.uniform(Stream.JOIN_HOUR, index))
    day.sink.add("customers", {"customer_id": index, "first_seen": seen})
    return index


def join(state: State, day: Day) -> np.ndarray:
    """Newcomers of the day, by word of mouth and advertising, out of those who are still outside."""
    s = day.settings
    word = (day.seen("customers_on_joining", state.there) / s.customers) ** s.customers_on_joining
    advertised = day.seen("advertising_on_joining", day.levers["advertising"]) / s.advertising
    price = day.seen("price_on_joining", day.price) ** s.price_on_joining
    room = max(0.0, (s.population - state.customers.count) / (s.population - s.customers))
    expected = s.joining * word * advertised**s.advertising_on_joining * price * room * day.pace
    state.intensity[0] += expected
    coming = s.customers + state.arrivals[0].count(state.intensity[0]) - state.customers.count
    index = add_customers(state, day, coming, veteran=False)
    day.tally(joined=coming, expected_joined=expected)
    return index


def buyers_and_leavers(state: State, day: Day) -> tuple[np.ndarray, np.ndarray]:
    """Who orders today and who leaves, by one draw a customer: low is an order, high is leaving.

    Only who comes under the most that a chance can be is looked at closely (thinning: Lewis & Shedler 1979); the same
    customers, weighted by the share of that most which is left, give the expected numbers.
    """
    rows = state.customers
    luck = day.dense(Stream.CUSTOMER_DAY, rows.count)
    maybe = np.flatnonzero(luck < rows["ceiling"])
    chance = chances_to_buy(state, day, maybe)
    buying = maybe[luck[maybe] < chance]
    expected_orders = (chance / rows["ceiling"][maybe]).sum()
    maybe = np.flatnonzero(luck >= rows["floor"])
    chance = chances_to_leave(state, day, maybe)
    leaving = maybe[1 - luck[maybe] <= chance]
    expected_left = (chance / (1 - rows["floor"][maybe])).sum()
    day.tally(repeats=len(buying), expected_orders=expected_orders, expected_left=expected_left)
    return buying, leaving


def chances_to_buy(state: State, day: Day, who: np.ndarray) -> np.ndarray:
    """Chances of an order today, (len(who),)."""
    s, rows = day.settings, state.customers
    price, selection = np.full(len(who), day.price), np.full(len(who), day.count["offers"])
    for trial in day.trials:
        price = price * trial.factor("price", day, who)
        selection = selection * trial.factor("selection", day, who)
    log = s.price_on_orders * rows["price"][who] * np.log(day.seen("price_on_orders", price))
    relative = day.seen("selection_on_orders", selection) / day.reference["selection"]
    log += s.selection_on_orders * rows["taste"][who] * np.log(relative)
    if s.satisfaction_on_orders:
        relative = day.seen("satisfaction_on_orders", rows["satisfaction"][who]) / s.score
        log += s.satisfaction_on_orders * np.log(relative)
    if s.habit_on_orders:
        # the half of a habit that nothing forgets keeps a first order from being the last
        relative = 0.5 + 0.5 * day.seen("habit_on_orders", habit_now(state, day, who))
        log += s.habit_on_orders * np.log(relative)
    if state.members:
        log += s.members_on_orders * _as_members(state, day, who)
    chance = rows["frequency"][who] * np.exp(log) * day.levers["demand"] * day.pace
    return np.minimum(chance, rows["ceiling"][who])


def habit_now(state: State, day: Day, who: np.ndarray) -> np.ndarray:
    """Remembered orders over the usual ones, forgotten since the last order."""
    rows = state.customers
    return rows["habit"][who] * np.exp((rows["ordered"][who] - day.number) / day.settings.habit_time)


def _as_members(state: State, day: Day, who: np.ndarray) -> np.ndarray:
    """Who shops as a member: the members, and under a shift of their share also some others, or not all of them."""
    member = state.customers["member"][who]
    more = day.seen("members_on_orders", 1.0) - 1
    if more == 0:
        return member
    share = min(state.members / max(state.there, 1), 0.9)
    luck = day.draws.uniform(Stream.LIFTED, who)
    return member | (luck < more * share / (1 - share)) if more > 0 else member & (luck >= -more)


def chances_to_leave(state: State, day: Day, who: np.ndarray) -> np.ndarray:
    """Chances to leave for good today."""
    s, rows = day.settings, state.customers
    relative = day.seen("satisfaction_on_leaving", rows["satisfaction"][who]) / s.score
    chance = rows["dropout"][who] * relative**s.satisfaction_on_leaving
    return np.minimum(chance, 1 - rows["floor"][who])


def leave(state: State, day: Day, who: np.ndarray) -> None:
    """These customers are gone for good."""
    rows = state.customers
    state.members -= int(rows["member"][who].sum())
    for name, value in {"ceiling": 0.0, "floor": 2.0, "there": False, "member": False}.items():
        rows[name][who] = value
    state.there -= len(who)
    day.tally(left=len(who))


def remember(state: State, day: Day, who: np.ndarray) -> None:
    """An order is remembered by habit."""
    s, rows = day.settings, state.customers
    rows["habit"][who] = habit_now(state, day, who) + 1 / (s.habit_time * rows["frequency"][who])
    rows["ordered"][who] = day.number
    rows["orders"][who] += 1


def visit(state: State, day: Day) -> None:
    """Visits of the day, and what sellers notice of them."""
    s = day.settings
    draws, mean = day.draws, state.there * s.visits
    weather = np.exp(s.visits_noise * draws.normal(Stream.WEATHER, day.number) - 0.5 * s.visits_noise**2)
    # a Poisson count, by the Normal that it is close to where there are many
    visits = max(0.0, float(np.rint(mean * weather + np.sqrt(mean) * draws.normal(Stream.VISITS, day.number))))
    state.traffic += (visits - state.traffic) / NOTICE
    day.tally(visits=visits)
    day.sink.add(
        "visits",
        {"day": np.array([day.at(0.0)], dtype="datetime64[D]"), "visits": np.array([visits])},
    )
