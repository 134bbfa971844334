"""The settings of a market: how large it is, how its people differ, and how strongly each thing turns the next."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import date


@dataclass(frozen=True)
class Market:
    """Plain numbers; times in days, money in the market's currency.

    Every strength (`cause_on_effect`) is the elasticity planted in the behaviour of each customer or seller, 0 where
    the link is not there; `members_on_orders` is the logarithm of a member's lift in frequency. What a strength
    amounts to in the whole market is measured by `truth`. Each `*_spread` is the sd of the logarithm of a trait
    between people (for elasticities the sd as a share of the strength). Raises ValueError for what makes no sense.
    """

    start: date = date(2023, 1, 2)
    currency: str = "EUR"

    # ---- size
    customers: int = 20_000  # at the start
    population: float = 1_000_000  # people who could ever become customers
    joining: float = 25.0  # new customers a day, at the size of the start
    sellers: int = 400
    entry: float = 0.8  # new sellers a day, at the traffic of the start
    own_offers: int = 1_000
    products: int = 20_000

    # ---- customers
    frequency: float = 0.02  # orders of a customer a day
    frequency_spread: float = 0.6
    dropout: float = 0.00125  # chance a day to leave for good
    dropout_spread: float = 0.3
    price_spread: float = 0.3
    taste_spread: float = 0.3
    patience_spread: float = 0.3
    habit_time: float = 90.0
    opinion_weight: float = 0.5  # of the last experience in a customer's satisfaction
    visits: float = 0.08  # a customer and day
    visits_noise: float = 0.03  # sd of the logarithm of a day's weather, beside the Poisson noise of the count
    cancelled: float = 0.01  # share of orders

    # ---- sellers and offers
    exit: float = 0.002  # chance a day that a seller leaves
    listing: float = 0.06  # chance a day that a seller lists an offer
    delisting: float = 0.006  # chance a day that an offer goes
    fulfilled: float = 0.4  # share of sellers whose goods the platform ships
    tenancy: float = 0.001  # chance a day that a seller becomes a hosting tenant

    # ---- delivery, reviews, service
    delivery: float = 4.0  # mean days to the door at the start
    promise: float = 6.0  # days promised at the start
    delivery_spread: float = 0.35
    score: float = 4.0  # mean experience at the delivery of the start, 1 to 5
    score_noise: float = 0.7
    late_hurt: float = 0.5  # points off for a broken promise
    reviewing: float = 0.3  # share of deliveries that are reviewed

    # ---- members
    enrolling: float = 0.01  # chance at each order of one who is no member
    fee: float = 60.0  # at the start
    selectivity: float = 0.5  # elasticity of enrolling to a customer's own frequency
    renewal: float = 0.8

    # ---- money
    basket: float = 25.0  # median price of a product
    take: float = 0.15  # commission at the start, a share of price
    advertising: float = 500.0  # a day, at the start
    goods: float = 0.7  # what a product costs the shop, a share of its price at the start
    logistics: float = 5.0  # a parcel at the volume of the start
    overhead: float = 2_000.0  # a day
    hosting_fee: float = 30.0  # a tenant and month
    hosting_cost: float = 18.0

    # ---- returns
    returning: float = 0.05  # of deliveries, honest claims
    abusers: float = 0.02  # share of customers who claim what is not so
    abuse: float = 0.10  # of their deliveries
    abuse_learning: float = 0.3  # added to the logarithm of `abuse` by each refund without a return
    return_freight: float = 5.0
    return_handling: float = 6.0
    freight_spread: float = 0.0  # between products
    salvage: float = 0.5  # share of price
    salvage_spread: float = 0.0  # between products, sd of the share
    lost: float = 0.0  # share of what honest customers send back
    persists: float = 1.0  # share of false claims, asked to send it back, that are refunded though nothing came
    partial_share: float = 0.4  # of the price, offered for keeping it
    accepts: float = 1.0  # share who take the part
    review_cost: float = 0.0  # a person's time for one claim
    review_finds: float = 0.0  # share of false claims that this person finds
    displeasure_on_satisfaction: float = -0.25  # log change by a refusal, a review, credit or a part instead of money
    keep_on_satisfaction: float = 0.0  # log change by a refund without a return
    trouble_on_satisfaction: float = 0.0  # log change by having to send it back

    # ---- what happens on known days; all of it is off
    season: float = 0.0  # how far demand swings over the year, in logs
    season_peak: int = 350  # day of the year on which it is highest
    closed: tuple[tuple[int, int], ...] = ()  # (first day, days) without an order
    late_days: int = 0  # at the end of the record, of which rows have not all arrived
    late_missing: float = 0.6  # share of their orders
    promotions: float = 0.0  # share of products on promotion in a week
    promotion_off: float = 0.3
    promotion_pieces: float = 4.0  # times as many in a line
    stocked_up: float = 0.7  # share who leave a product alone in the two weeks after its promotion
    supplier_steps: tuple[tuple[int, float], ...] = ()  # (day, factor) on what goods cost the shop from then on
    passed_on: float = 1.0  # share of such a step, in logs, that prices follow

    # ---- strengths
    price_on_orders: float = -1.5
    selection_on_orders: float = 0.2
    satisfaction_on_orders: float = 0.0
    habit_on_orders: float = 0.0
    members_on_orders: float = 0.25
    delivery_on_satisfaction: float = -0.15
    satisfaction_on_leaving: float = -1.0
    customers_on_joining: float = 0.6
    advertising_on_joining: float = 0.3
    price_on_joining: float = 0.0
    traffic_on_entry: float = 0.5
    take_on_entry: float = -0.5
    crowding_on_exit: float = 0.3
    hosting_on_exit: float = 0.0  # log change of a tenant's chance to leave
    sellers_on_listing: float = -0.2
    sellers_on_price: float = 0.0
    volume_on_cost: float = -0.15
    fee_on_enrolling: float = -0.5

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not math.isfinite(value):
                raise ValueError(f"{field.name} must be finite, not {value}")
            if field.name in POSITIVE and value <= 0:
                raise ValueError(f"{field.name} must be above 0, not {value}")
            if field.name in SHARES and not 0 <= value <= 1:
                raise ValueError(f"{field.name} is a share or a chance, so between 0 and 1, not {value}")
            if field.name.endswith(("_spread", "_noise")) and value < 0:
                raise ValueError(f"{field.name} is an sd, so 0 or more, not {value}")
        for name, least in (("closed", 1), ("supplier_steps", 1e-9)):
            for begins, size in getattr(self, name):
                if begins < 0 or not (math.isfinite(size) and size >= least):
                    raise ValueError(f"{name} holds pairs of a day and what begins on it, not ({begins}, {size})")
        if self.late_days < 0:
            raise ValueError(f"late_days must be 0 or more, not {self.late_days}")
        if self.population <= self.customers:
            raise ValueError(f"a population of {self.population:g} has no room beyond {self.customers} customers")


POSITIVE = frozenset(
    [
        "customers",
        "population",
        "sellers",
        "own_offers",
        "products",
        "frequency",
        "visits",
        "delivery",
        "promise",
        "score",
        "fee",
        "basket",
        "take",
        "advertising",
        "logistics",
        "habit_time",
        "promotion_pieces",
    ]
)
SHARES = frozenset(
    [
        "dropout",
        "cancelled",
        "exit",
        "listing",
        "delisting",
        "fulfilled",
        "tenancy",
        "reviewing",
        "enrolling",
        "renewal",
        "take",
        "goods",
        "returning",
        "abusers",
        "abuse",
        "salvage",
        "lost",
        "persists",
        "partial_share",
        "accepts",
        "review_finds",
        "opinion_weight",
        "late_missing",
        "promotions",
        "promotion_off",
        "stocked_up",
    ]
)
STRENGTHS = tuple(f.name for f in fields(Market) if "_on_" in f.name)
