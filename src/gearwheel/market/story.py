"""A market with a history: prices, advertising and the fee change on known days, so that there is something to learn."""

from __future__ import annotations

from gearwheel.market.levers import Path
from gearwheel.market.settings import Market

AT = Market()  # sizes are shares of the market that the settings describe by default


def story(customers: int) -> tuple[Market, dict[str, Path]]:
    """Settings for so many customers at the start, everything else in proportion, and the paths of the levers."""
    size = customers / AT.customers
    settings = Market(
        customers=customers,
        population=max(AT.population * size, 10.0 * customers),
        joining=AT.joining * size,
        sellers=max(20, round(AT.sellers * size**0.5)),
        entry=AT.entry * size**0.5,
        own_offers=max(100, round(AT.own_offers * size**0.5)),
        products=max(400, round(AT.products * size**0.5)),
        advertising=AT.advertising * size,
        overhead=AT.overhead * size,
    )
    spent = settings.advertising
    levers = {
        "price": [(0, 1.0), (120, 1.06), (240, 0.96), (400, 1.02)],
        "advertising": [(0, spent), (180, 1.8 * spent), (230, spent), (380, 1.4 * spent)],
        "fee": [(0, settings.fee), (300, 0.8 * settings.fee)],
    }
    return settings, levers
