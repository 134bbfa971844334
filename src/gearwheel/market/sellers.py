"""Sellers and their offers: who comes, who gives up, what is listed, who becomes a hosting tenant."""

from __future__ import annotations

import numpy as np

from gearwheel.market.draws import Stream
from gearwheel.market.state import Day, State
from gearwheel.market.tables import clock

MONTH = 30  # days between two hosting bills


def open_market(state: State, day: Day) -> None:
    """The sellers and offers of the start: each seller has what listing and delisting would have left."""
    s = day.settings
    add_sellers(state, day, s.sellers, joined=-1.0 - np.arange(s.sellers) % 700)
    usual = round(s.sellers * s.listing / max(s.delisting + s.exit, 1e-9)) if s.listing else 0
    index = np.arange(s.own_offers + usual)
    owner = np.where(index < s.own_offers, -1, index % s.sellers)
    listed = np.where(owner < 0, -700.0, state.sellers["joined"][np.maximum(owner, 0)])
    add_offers(state, day, owner, listed)


def add_sellers(state: State, day: Day, count: int, joined) -> np.ndarray:
    """New sellers; returns their numbers."""
    index = np.arange(state.sellers.count, state.sellers.count + count)
    platform = day.draws.uniform(Stream.FULFILLED, index) < day.settings.fulfilled
    return state.sellers.add(count, joined=joined, there=True, platform=platform)


def add_offers(state: State, day: Day, owner: np.ndarray, listed) -> np.ndarray:
    """New offers of these sellers, −1 for the shop's own, each of a product drawn from the catalogue."""
    index = np.arange(state.offers.count, state.offers.count + len(owner))
    product = np.floor(day.draws.uniform(Stream.PRODUCT, index) * day.settings.products)
    return state.offers.add(len(owner), seller=owner, product=product, listed=listed, live=True)


def enter(state: State, day: Day) -> None:
    """New sellers, drawn by traffic and kept off by commission."""
    s = day.settings
    pull = day.seen("traffic_on_entry", state.traffic) / day.reference["traffic"]
    take = day.seen("take_on_entry", day.levers["take"]) / s.take
    expected = s.entry * pull**s.traffic_on_entry * take**s.take_on_entry
    state.intensity[1] += expected
    coming = s.sellers + state.arrivals[1].count(state.intensity[1]) - state.sellers.count
    add_sellers(state, day, coming, joined=day.number + 0.4)
    day.tally(entered=coming, expected_entered=expected)


def give_up(state: State, day: Day) -> None:
    """Sellers who leave with all their offers: the more there are for the traffic, the more."""
    s, rows = day.settings, state.sellers
    there = int(rows["there"].sum())
    crowd = there / s.sellers * day.reference["traffic"] / max(state.traffic, 1e-9)
    chance = s.exit * day.seen("crowding_on_exit", crowd) ** s.crowding_on_exit
    chance = chance * np.exp(s.hosting_on_exit * rows["tenant"])
    gone = np.flatnonzero(rows["there"] & (day.dense(Stream.SELLER_DAY, rows.count) < chance))
    day.tally(exited=len(gone), exposed_sellers=there, expected_exited=chance[rows["there"]].sum())
    if len(gone):
        rows["there"][gone] = False
        rows["tenant"][gone] = False
        emit_sellers(state, day, gone, day.number + 0.6)
        owner = state.offers["seller"]
        delist(state, day, np.flatnonzero(state.offers["live"] & np.isin(owner, gone)))


def list_offers(state: State, day: Day) -> None:
    """What sellers list anew, less readily the more sellers there are, and what they take off."""
    s, rows, offers = day.settings, state.sellers, state.offers
    there = np.flatnonzero(rows["there"])
    crowd = day.seen("sellers_on_listing", max(len(there), 1)) / s.sellers
    luck = day.dense(Stream.LISTING_DAY, rows.count)
    chance = s.listing * crowd**s.sellers_on_listing
    listing = there[luck[there] < chance]
    luck = day.dense(Stream.OFFER_DAY, offers.count)
    going = np.flatnonzero(offers["live"] & (offers["seller"] >= 0) & (luck < s.delisting))
    delist(state, day, going)
    add_offers(state, day, listing, day.number + 0.5)
    day.tally(listed=len(listing), sellers=len(there), expected_listed=chance * len(there))


def delist(state: State, day: Day, which: np.ndarray) -> None:
    """These offers can no longer be bought."""
    state.offers["live"][which] = False
    day.tally(delisted=len(which))
    emit_offers(state, day, which, day.number + 0.6)


def compete(state: State, day: Day) -> None:
    """What the number of sellers does to tomorrow's price."""
    s = day.settings
    there = day.seen("sellers_on_price", max(int(state.sellers["there"].sum()), 1))
    state.competition = (there / s.sellers) ** s.sellers_on_price
    day.tally(competition=state.competition)


def host(state: State, day: Day) -> None:
    """Sellers become tenants of the platform's machines; a bill each month."""
    s, rows = day.settings, state.sellers
    luck = day.dense(Stream.TENANT_DAY, rows.count)
    rows["tenant"][rows["there"] & (luck < s.tenancy)] = True
    if day.number % MONTH:
        return
    tenants = np.flatnonzero(rows["tenant"])
    size = 0.5 + day.draws.uniform(Stream.FULFILLED, tenants)  # larger shops pay more
    revenue, cost = s.hosting_fee * size, s.hosting_cost * size
    when = np.full(len(tenants), day.at(0.0), dtype="datetime64[D]")
    day.sink.add("hosting", {"seller_id": tenants, "day": when, "revenue": revenue, "cost": cost})
    day.tally(hosting_revenue=revenue.sum(), hosting_cost=cost.sum())


def emit_sellers(state: State, day: Day, which: np.ndarray, left: float) -> None:
    """Rows of the sellers table; `left` is NaN for those who are still there."""
    start = day.settings.start
    joined, gone = clock(start, state.sellers["joined"][which]), clock(start, np.full(len(which), left))
    day.sink.add("sellers", {"seller_id": which, "joined_at": joined, "left_at": gone})


def emit_offers(state: State, day: Day, which: np.ndarray, gone: float) -> None:
    """Rows of the offers table; `gone` is NaN for those still listed."""
    rows, start = state.offers, day.settings.start
    owner = rows["seller"][which]
    platform = np.where(owner < 0, True, state.sellers["platform"][np.maximum(owner, 0)])
    day.sink.add(
        "offers",
        {
            "offer_id": which,
            "seller_id": owner,
            "product_id": rows["product"][which],
            "listed_at": clock(start, rows["listed"][which]),
            "delisted_at": clock(start, np.full(len(which), gone)),
            "member_eligible": platform,
        },
    )
