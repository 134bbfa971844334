"""Orders: what is in the basket, what it costs, and when the parcel will be at the door."""

from __future__ import annotations

import numpy as np

from gearwheel.market.customers import FIRST_ORDER
from gearwheel.market.draws import Stream
from gearwheel.market.happenings import arrived, promoted, stocked, supplier
from gearwheel.market.state import Day, State
from gearwheel.market.tables import WORDS

CALENDAR = 10_000  # an order's number is its customer's times this, plus its day: one order a customer and day
PARCELS = 28.0  # days over which the volume of parcels is remembered
SECOND, THIRD = 0.25, 0.05  # chances of a second and of a third line
LONGEST = 60  # days to the door
FREE_SHIPPING, SHIPPING = 40.0, 4.9  # nobody pays for shipping above the first; the others pay the second
PLATFORM, SELLER = WORDS["fulfilled"].index("platform"), WORDS["fulfilled"].index("seller")


def order(state: State, day: Day, who: np.ndarray) -> None:
    """Orders of these customers: rows, money, and parcels on their way."""
    s, draws = day.settings, day.draws
    who = who[arrived(s, draws, who, day.number, day.days)]
    hour = FIRST_ORDER + (0.95 - FIRST_ORDER) * draws.uniform(Stream.HOUR, who, day.number)
    cancelled = draws.uniform(Stream.CANCELLED, who, day.number) < s.cancelled
    number = who.astype(np.int64) * CALENDAR + day.number
    day.sink.add(
        "orders",
        {
            "order_id": number,
            "customer_id": who,
            "placed_at": day.at(hour),
            "status": cancelled.astype(np.int8),
            "currency": np.zeros(len(who), dtype=np.int8),
            "is_test": np.zeros(len(who), dtype=bool),
        },
    )
    parcel = _cost_of_a_parcel(state, day)
    state.volume += (len(who) - state.volume) / PARCELS
    kept = ~cancelled
    day.tally(orders=kept.sum(), logistics=parcel * kept.sum(), parcel=parcel)
    first = _lines(state, day, who, number, kept, parcel)
    _send(state, day, who[kept], number[kept], hour[kept], {name: column[kept] for name, column in first.items()})


def _cost_of_a_parcel(state: State, day: Day) -> float:
    s = day.settings
    scale = (day.seen("volume_on_cost", state.volume) / day.reference["volume"]) ** s.volume_on_cost
    return float(s.logistics * scale * np.exp(0.02 * day.draws.normal(Stream.COST, day.number)))


def _lines(state: State, day: Day, who, number, kept, parcel: float) -> dict[str, np.ndarray]:
    """The rows of the baskets; returns product and price of each order's first line."""
    s, draws = day.settings, day.draws
    luck = draws.uniform(Stream.LINES, who, day.number)
    count = 1 + (luck < SECOND) + (luck < THIRD)
    of = np.repeat(np.arange(len(who)), count)
    line = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    address = who[of] * 8 + line
    live = np.flatnonzero(state.offers["live"])
    # a skewed choice: older offers, which stand first, have more reviews and sell more
    place = np.floor(draws.uniform(Stream.OFFER, address, day.number) ** 1.3 * len(live)).astype(np.int64)
    if s.promotions:
        product = state.offers["product"][live[place]]
        leaves = stocked(s, draws, product, day.number)
        leaves &= draws.uniform(Stream.STOCKED, address, day.number) < s.stocked_up
        place = np.where(leaves, (place + 1) % len(live), place)  # who has it at home takes what stands beside it
    picked = live[place]
    owner, product = state.offers["seller"][picked], state.offers["product"][picked]
    usual = product_price(day, product)
    price = np.round(usual * day.price, 2)
    quantity = 1.0 + (draws.uniform(Stream.QUANTITY, address, day.number) < 0.15)
    discount = np.zeros(len(of))
    if s.promotions:
        offered = promoted(s, draws, product, day.number // 7)
        quantity = np.where(offered, np.maximum(1.0, np.rint(s.promotion_pieces * quantity)), quantity)
        discount = np.where(offered, np.round(s.promotion_off * price * quantity, 2), 0.0)
    paid = price * quantity - discount
    value = np.bincount(of, paid, len(who))
    charged = np.where((line == 0) & (value[of] < FREE_SHIPPING) & ~state.customers["member"][who[of]], SHIPPING, 0.0)
    own = owner < 0
    commission = np.where(own, np.nan, np.round(day.levers["take"] * paid, 2))
    cost = np.where(own, np.round(s.goods * usual * supplier(s, day.number), 2), np.nan)
    platform = own | state.sellers["platform"][np.maximum(owner, 0)]
    day.sink.add(
        "order_lines",
        {
            "order_id": number[of],
            "line": line + 1,
            "product_id": product,
            "seller_id": owner,
            "quantity": quantity,
            "price": price,
            "discount": discount,
            "shipping_charged": charged,
            "commission": commission,
            "unit_cost": cost,
            "shipping_cost": np.round(parcel / count[of], 4),
            "fulfilled_by": np.where(platform, PLATFORM, SELLER),
        },
    )
    sold = kept[of]
    income = np.where(own, paid - np.nan_to_num(cost) * quantity, np.nan_to_num(commission)) + charged
    day.tally(
        lines=len(of), sales=paid[sold].sum(), income=income[sold].sum(), shipping=charged[sold].sum(),
        sold_lines=sold.sum(),
    )  # fmt: skip
    starts = np.flatnonzero(line == 0)
    each = np.where(discount > 0, paid / quantity, price)
    return {"product": product[starts], "price": each[starts]}


def product_price(day: Day, product: np.ndarray) -> np.ndarray:
    """A product's price at the start."""
    return day.settings.basket * np.exp(0.5 * day.draws.normal(Stream.PRODUCT_PRICE, product))


def _send(state: State, day: Day, who, number, hour, first: dict[str, np.ndarray]) -> None:
    """Parcels on their way, filed by the day on which they will arrive."""
    s = day.settings
    mean = np.full(len(who), day.levers["delivery"])
    for trial in day.trials:
        mean = mean * trial.factor("delivery", day, who)
    z = day.draws.normal(Stream.DAYS, who, day.number)
    days = np.minimum(mean * np.exp(s.delivery_spread * z - 0.5 * s.delivery_spread**2), LONGEST)
    arrives = np.maximum(np.floor(day.number + hour + days).astype(np.int64), day.number + 1)
    parcels = {"who": who, "order": number, "days": days, "at": day.number + hour + days}
    parcels |= {"promised": np.ceil(day.number + hour + day.levers["promise"]), **first}
    by_day = np.argsort(arrives, kind="stable")
    dates, begins = np.unique(arrives[by_day], return_index=True)
    for date, which in zip(dates.tolist(), np.split(by_day, begins[1:])):
        state.pending.setdefault(date, []).append({name: column[which] for name, column in parcels.items()})
