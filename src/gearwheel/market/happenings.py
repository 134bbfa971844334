"""What happens to a market on known days: seasons, closed days, promotions, steps of suppliers' prices, late rows.

All of it is off by default. What it comes to is known: `headlines` says how the market really grew, what like goods
really cost, and which share of the lines really came back.
"""

from __future__ import annotations

import math

import numpy as np

from gearwheel.market.draws import Draws, Stream
from gearwheel.market.settings import Market

YEAR = 365.2425
STOCKED_WEEKS = 2  # after a promotion


def pace(settings: Market, day: int) -> float:
    """How many times as much is bought on this day as usual: the season's wave, 0 where the shop is closed."""
    if any(first <= day < first + days for first, days in settings.closed):
        return 0.0
    if not settings.season:
        return 1.0
    of_year = settings.start.timetuple().tm_yday - 1 + day
    return math.exp(settings.season * math.cos(2 * math.pi * (of_year - settings.season_peak) / YEAR))


def supplier(settings: Market, day: int) -> float:
    """What goods cost the shop, over what they cost at the start."""
    return math.prod(factor for begins, factor in settings.supplier_steps if begins <= day)


def posted(settings: Market, day: int) -> float:
    """What suppliers' steps do to prices."""
    return supplier(settings, day) ** settings.passed_on


def promoted(settings: Market, draws: Draws, product: np.ndarray, week: int) -> np.ndarray:
    """Which of these products are on promotion in this week, bool."""
    return draws.uniform(Stream.PROMOTION, product, week) < settings.promotions


def stocked(settings: Market, draws: Draws, product: np.ndarray, day: int) -> np.ndarray:
    """Which of these products were on promotion in the last weeks and are not now, bool."""
    now = day // 7
    before = np.zeros(len(product), dtype=bool)
    for week in range(max(0, now - STOCKED_WEEKS), now):
        before |= promoted(settings, draws, product, week)
    return before & ~promoted(settings, draws, product, now)


def arrived(settings: Market, draws: Draws, who: np.ndarray, day: int, days: int) -> np.ndarray:
    """Of whose orders of this day the row has arrived by the end of the record, bool."""
    if day < days - settings.late_days:
        return np.ones(len(who), dtype=bool)
    return draws.uniform(Stream.LATE, who, day) >= settings.late_missing


def headlines(spun) -> dict[str, float]:
    """The truth of a spun market: `growth` of orders in a year, the slope of their logarithm over the record without
    season, closed days and late rows; `price`, what like goods cost in the last week over the first, less 1, without promotions;
    `return_rate`, claims over the lines of orders that were not cancelled."""
    s, daily = spun.settings, spun.daily
    whole = spun.days - s.late_days
    at = np.arange(whole)
    beat = np.array([pace(s, day) for day in at])
    expected = (daily["expected_orders"] + daily["expected_joined"])[:whole]
    usual = np.log(expected[beat > 0] / beat[beat > 0])
    price = daily["price"][:whole]
    return {
        "growth": float(math.expm1(np.polyfit(at[beat > 0] / YEAR, usual, 1)[0])),
        "price": float(price[-7:].mean() / price[:7].mean() - 1),
        "return_rate": float(daily["claims"].sum() / max(daily["sold_lines"].sum(), 1.0)),
    }
