"""A wheel of one's own from what its events measure: which gears there is data for, and numbers to start from."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

import numpy as np

from gearwheel.fit.observations import to_scale
from gearwheel.gauges.zeros import inside
from gearwheel.run.closed import Period, another_grain, businesses, closed, is_shut, with_orders
from gearwheel.run.horizon import LEAST_YEARS
from gearwheel.run.spikes import shocks
from gearwheel.run.store import LIBRARY
from gearwheel.run.template import filled, pick
from gearwheel.run.tried import tried
from gearwheel.wheel.errors import DataError, Problem
from gearwheel.wheel.load import assemble_with
from gearwheel.wheel.parts import Evidence, Gauge, Wheel
from gearwheel.wheel.read import parse_wheel
from gearwheel.wheel.write import dump

TEMPLATE = Path(__file__).with_name("own.toml")
FIRST_DAYS = 91  # "the first weeks", over which starting numbers are taken
LEAST_PERIODS = 12  # fewer say nothing about a wheel
DAYS_A_YEAR = 365.2425
LEAST_ERROR = 0.01
FEW_ERROR = 0.05  # of a series too short to show its own
KEPT_BACK, LEAST_KEPT_BACK, MOST_KEPT_BACK = 0.2, 8, 52  # share of the periods, and periods
NEEDED = ("orders", "customers_active", "basket")
TOLD_BY = {"demand_sellers": "sellers_joined"}  # fact → the gauge that holds the same sellers in the same weeks
LEAST_COVERED = 0.6  # of the time between its ends
TOLD_SHARE = 0.1  # judgement: one new customer in ten comes because another told them
ADVERTISED_SHARE = 0.3  # judgement: of ten new customers, three come by advertising
WON_FOR, WON_WITHIN = 2 / 3, 2.5  # judgement: baskets that a customer won by money costs, and the factor of its range
MARKET = 100.0  # judgement: times the customers of the first day

# a gear is taken in where one of these sets of gauges was measured
GEARS = {
    "marketplace": ({"sellers_active", "sellers_joined", "selection"},),
    "fulfilment": ({"days_delivered"}, {"shipping_per_order"}, {"freight_per_order"}),
    "membership": ({"members"},),
    "costs": ({"cost_overhead", "goods_cost_share"},),
    "procurement": ({"cost_overhead", "goods_cost_share"},),
    "cloud": ({"hosting_revenue", "tenants"},),
}
SEASONAL = {"customers_joined", "orders_repeat"}  # whose year has a shape; what follows from them inherits it
SEASONS = {"week": {"season": 52, "harmonics": 2}, "month": {"season": 12, "harmonics": 2}}
SEVERAL_SELLERS = 3  # a shop with one or two sellers is no marketplace


class Series:
    """The measurements of one gauge by time, read as values of a year or at a day. `shut` are periods in which the shop
    was closed: a zero of theirs says nothing of its pace."""

    def __init__(self, rows: Sequence, begin: date, shut: Collection[Period] = ()):
        self.rows = sorted((r for r in rows if not is_shut(r, shut)), key=lambda r: r.end)
        self.shut = shut
        self.first = [r for r in self.rows if begin <= _first_day(r) and r.end <= begin + timedelta(FIRST_DAYS)]
        self.begin = begin

    def mean(self) -> float:
        """The mean over the first weeks, or over the first half of what there is where it begins later."""
        rows = self.first or self.rows[: max(1, len(self.rows) // 2)]
        return float(np.mean([r.value for r in rows]))

    def yearly(self) -> float:
        """A sum over the first weeks, as a rate per year."""
        rows = self.first or self.rows[: max(1, len(self.rows) // 2)]
        days = (rows[-1].end - rows[0].start).days  # periods with nothing at all are among them, closed ones are not
        days -= sum((e - s).days for s, e in self.shut if rows[0].start <= s and e <= rows[-1].end)
        return float(sum(r.value for r in rows)) / days * DAYS_A_YEAR

    def at_begin(self) -> float:
        """The last level known on the first day, or the first one after it."""
        before = [r.value for r in self.rows if r.end <= self.begin]
        return float(before[-1] if before else self.rows[0].value)

    def until_begin(self) -> float:
        return float(sum(r.value for r in self.rows if r.end <= self.begin))


def _first_day(row) -> date:
    return row.start or row.end


def own_wheel(
    name: str,
    rows: Sequence,
    mapping,
    facts: Mapping[str, Mapping] = MappingProxyType({}),
    experiments: Sequence[Mapping] = (),
) -> str:
    """The text of wheel.toml for events that measure `rows` (each with gauge, start, end, value, error).

    `facts` of single orders (name → of, estimate, bound, title, how) enter as observational evidence, `experiments`
    (rows of the table) as what they are. Raises DataError (GW490) where the record is too short.
    """
    by_gauge: dict[str, list] = {}
    for row in rows:
        by_gauge.setdefault(row.gauge, []).append(row)
    begin, end, kept_back = span(by_gauge.get("orders", []), mapping.active_days, mapping.grain)
    known = end - kept_back  # what comes later is held back: the wheel is not to be shaped by it
    series = usable(by_gauge, begin, known, closed(r for r in by_gauge["orders"] if r.end <= known))
    gears = chosen_gears(series)
    values = numbers(series, begin, known, mapping)
    text = filled(
        pick(TEMPLATE.read_text("utf-8"), {*gears, *series, *spending(gears, series)}, ["experience"]), values
    )
    wheel = _finished(parse_wheel(text), name, series, gears)
    period = by_gauge["orders"][-1]
    wheel = wheel.changed(hold_back=round(kept_back / (period.end - period.start)))
    stood_out = shocks(by_gauge, begin, known) if mapping.grain != "month" else {}
    known_by_trial, _ = tried(experiments, assemble_with(wheel, LIBRARY), end)
    return dump(wheel.changed(evidence=observed(facts, series, gears) | known_by_trial, shock=stood_out))


def span(orders: Sequence, active_days: int, grain: str = "week") -> tuple[date, date, timedelta]:
    """First day of the wheel, last of its record, and how much of its end is held back.

    The first lies after the last gap that makes another business of it (`closed.businesses`), and where "active" has a
    past to look at. A shorter gap, such as a closed week, lies within the record. Raises DataError (GW490) where too few
    periods with orders are left.
    """
    kept = businesses(orders, active_days)[-1]
    sold = with_orders(kept)
    if sold < LEAST_PERIODS:
        message = f"{sold} periods with orders and without a gap of {active_days} days; a wheel needs {LEAST_PERIODS}"
        raise DataError([Problem("GW490", message, hint=another_grain(orders, active_days, grain, LEAST_PERIODS))])
    begin, end = kept[0].start, kept[-1].end
    warm = begin + timedelta(active_days)
    if (end - begin).days >= 3 * active_days:
        begin = next(r.start for r in kept if r.start >= warm and r.value > 0)
    periods = sum(r.start >= begin for r in kept)
    back = min(MOST_KEPT_BACK, max(LEAST_KEPT_BACK, round(KEPT_BACK * periods)))
    return begin, end, (end - kept[-back].start if 2 * back < periods else timedelta(0))


def usable(
    by_gauge: Mapping[str, Sequence], begin: date, known: date, shut: Collection[Period] = ()
) -> dict[str, Series]:
    """The series that can be read between two days. Raises DataError (GW490) where one is missing that no wheel lacks."""
    found = {}
    for gauge, rows in by_gauge.items():
        past = [r for r in rows if r.end <= known]
        later = [r for r in past if r.end > begin]
        if any(r.value for r in later) and regular(later):
            found[gauge] = Series(past, begin, shut)
    missing = [gauge for gauge in NEEDED if gauge not in found]
    if missing:
        message = f"from {begin} on there is no {' and no '.join(missing)} to build a wheel on"
        raise DataError([Problem("GW490", message, hint="`gearwheel measure` says what is measured and what is not")])
    return found


def regular(rows: Sequence) -> bool:
    """Whether a series covers nearly all the time between its ends: what is booked once a month is no weekly sum. Zeros
    of an amount of money cover nothing; those of a count (with a sampling error) do."""
    ordered = sorted((r for r in rows if r.value or r.error), key=lambda r: r.end)
    if not ordered:
        return False
    covered = sum((r.end - r.start).days for r in ordered)
    return covered >= LEAST_COVERED * (ordered[-1].end - ordered[0].start).days


def chosen_gears(series: Mapping[str, Series]) -> tuple[str, ...]:
    """The gears that the measured gauges can turn; experience always."""
    found = ["experience"]
    for gear, sets in GEARS.items():
        if any(needed <= series.keys() for needed in sets):
            found.append(gear)
    if "marketplace" in found and max(r.value for r in series["sellers_active"].rows) < SEVERAL_SELLERS:
        found.remove("marketplace")
    return tuple(found)


def spending(gears: Collection[str], series: Collection[str]) -> tuple[str, ...]:
    """The block of believed money to win customers, where no measured advertising can be set."""
    return () if "costs" in gears and "cost_advertising" in series else ("winning",)


def numbers(series: Mapping[str, Series], begin: date, end: date, mapping) -> dict[str, float | str]:
    """What the template's placeholders stand for: measured over the first weeks, or judged from that."""

    def mean(gauge: str, default: float = 1.0) -> float:
        return series[gauge].mean() if gauge in series else default

    def yearly(gauge: str, default: float = 1.0) -> float:
        return max(series[gauge].yearly(), 1e-6) if gauge in series else default

    def level(gauge: str, default: float = 1.0) -> float:
        return max(series[gauge].at_begin(), 1.0) if gauge in series else default

    customers, joined = level("customers_active"), yearly("customers_joined")
    active, sellers = max(mean("customers_active"), 1.0), level("sellers_active")
    orders, basket, share = yearly("orders"), mean("basket"), mean("third_party_share")
    share = min(max(share, 0.01), 0.99)
    offers = level("selection")
    shipping = max(mean("shipping_per_order", mean("freight_per_order")), 0.01)
    handling = yearly("cost_fulfilment") / orders if "cost_fulfilment" in series else shipping
    overhead, sales = yearly("cost_overhead"), orders * basket
    advertising = yearly("cost_advertising", 0.0)
    market = MARKET * customers
    all_theirs = "third_party_share" not in series
    known_shipping = {"shipping_per_order", "freight_per_order"} & series.keys()
    winning_cost, winning_most = WON_FOR * basket, basket * max(joined, 0.1 * active)
    return {
        "start": begin.isoformat(),
        "dt": f'"{mapping.grain}"',
        "currency": f'"{mapping.currency}"',
        "horizon": LEAST_YEARS,
        "active_days": mapping.active_days,
        "customers": customers,
        "repeat_rate": yearly("orders_repeat") / active,
        "leaving_rate": yearly("customers_lost", 0.3 * active) / active,
        "told_rate": TOLD_SHARE * joined / active,
        "arriving": (1 - TOLD_SHARE - (ADVERTISED_SHARE if advertising and "cost_overhead" in series else 0.0))
        * joined,
        "market": market,
        "basket": basket,
        "price_index": mean("price_index"),
        "score": mean("order_score"),
        "orders_year": orders,
        "orders_before": max(series["orders"].until_begin(), orders / 52),
        "shared": 10 * orders,
        "days": mean("days_delivered"),
        "days_least": 0.5 * mean("days_delivered"),
        "days_most": 1.5 * mean("days_delivered"),
        "shipping": shipping,
        "carriage": shipping if known_shipping else 0.1 * basket,
        "winnable": 2 * max(joined, 0.1 * active),
        "winning_cost": winning_cost,
        "winning_low": winning_cost / WON_WITHIN,
        "winning_high": winning_cost * WON_WITHIN,
        "winning_most": winning_most,
        "winning_ramp": 4 * winning_most,
        "handling": handling,
        "enrolled": level("sellers_enrolled", 0.01),
        "packed_share": level("sellers_enrolled", 0.01) / sellers,
        "sellers": sellers,
        "entries": yearly("sellers_joined"),
        "exit_rate": yearly("sellers_lost", 0.25 * mean("sellers_active")) / max(mean("sellers_active"), 1.0),
        "offers_all": offers,
        "offers_theirs": offers * (1.0 if all_theirs else share),
        "own_offers": 0.0 if all_theirs else offers * (1 - share),
        "offers_per_seller": offers * (1.0 if all_theirs else share) / sellers,
        "odds": share / (1 - share),
        "take_rate": mean("take_rate", 0.13),
        "traffic_year": yearly("visits", orders),
        "visits_per_order": yearly("visits", orders) / orders,
        "members": level("members"),
        "fee": yearly("fee_income") / max(mean("members"), 1.0),
        "sales_year": sales,
        "own_sales_year": sales * (1.0 if "third_party_share" not in series else 1 - share),
        "overhead_year": overhead,
        "overhead_share": overhead / sales,
        "operating": shipping + handling + overhead / orders,
        "advertising_year": max(advertising, 1e-3 * sales),
        "advertising_share": max(advertising / sales, 1e-3),
        "advertising_unit": max(advertising, 1e-3 * sales) / market,
        "advertising_yield": ADVERTISED_SHARE * joined / market,
        "goods_share": min(mean("goods_cost_share", 0.6), 0.95),
        "tenants": level("tenants"),
        "tenants_most": 50 * level("tenants"),
        "tenants_half": 10 * level("tenants"),
        "hosting_price": yearly("hosting_revenue") / max(mean("tenants"), 1.0),
    }


def _finished(wheel: Wheel, name: str, series: Mapping[str, Series], gears: Sequence[str]) -> Wheel:
    """Named, without gauges that were not measured, each gauge with the error that its own wandering shows."""
    gauges = {n: _with_error(g, series[n].rows) for n, g in wheel.gauge.items() if n in series}
    gauges |= {n: replace(gauges[n], **SEASONS[wheel.grid]) for n in SEASONAL & gauges.keys() if wheel.grid in SEASONS}
    outcomes = list(wheel.outcomes)
    if "costs" in gears:
        outcomes.insert(1, "costs.operating_income")
    if "marketplace" in gears:
        outcomes.append("marketplace.sellers")
    return wheel.changed(name=name, title=name, gauge=gauges, outcomes=tuple(outcomes))


def observed(facts: Mapping[str, Mapping], series: Collection[str], gears: Sequence[str]) -> dict[str, Evidence]:
    """The facts that speak about a parameter of these gears.

    One that only bounds it is no evidence, and neither is one that a fitted series tells already: nothing enters twice.
    """
    return {
        name: Evidence(
            of=about["of"],
            fact=name,
            design="observational",
            because=f"{about['title']}, order by order; how, and what may confound it, stands in the report",
        )
        for name, about in facts.items()
        if about["estimate"] is not None
        and not about["bound"]
        and about["of"].partition(".")[0] in gears
        and TOLD_BY.get(name) not in series
    }


def _with_error(gauge: Gauge, rows: Sequence) -> Gauge:
    # a stock that is counted strays by what happens to it, not by miscounting
    error = LEAST_ERROR if gauge.measure == "end" else wandering(gauge.scale, rows)
    return replace(gauge, error=float(f"{error:.2g}"))


def wandering(scale: str, rows: Sequence) -> float:
    """How far single rows stray from their neighbours beyond their sampling error, on the gauge's scale.

    Second differences of independent errors have variance 6 sd² and are blind to level and trend; the median makes
    them blind to single weeks such as Black Friday. What remains after the sampling variance is the gauge's own error.
    """
    ordered = sorted((r for r in rows if inside(r.value, scale)), key=lambda r: r.end)
    values = np.array([to_scale(r.value, scale) for r in ordered])
    sampling = [r.error for r in ordered if r.error]
    if len(values) < 5:
        return FEW_ERROR
    total = 1.4826 * float(np.median(np.abs(np.diff(values, 2)))) / math.sqrt(6)
    known = float(np.median(sampling)) if sampling else 0.0
    return max(LEAST_ERROR, math.sqrt(max(total**2 - known**2, 0.0)))
