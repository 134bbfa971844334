"""The truth of each link, measured and not declared: the market is rerun with its cause shifted, under the same luck.

On every `every`-th day of an undisturbed run the day is run again twice from the same morning, with the same random
numbers, and with the cause, as its effect alone sees it, 10 % (in logs) higher and lower. The strength is the response
of the effect on the log scale over 0.2; an effect that is a number of people is the number to be expected of those
there are, so that the luck of single persons does not blur it. Rerunning single days keeps feedback out: it is the strength of one link, not
of the loops that it is part of. For those, spin twice with `shift`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gearwheel.market.levers import Path
from gearwheel.market.settings import Market
from gearwheel.market.sinks import Nowhere
from gearwheel.market.spin import Progress, Run, step
from gearwheel.market.state import State

SHIFT = 0.1
GROUPS = 20  # of days, for the error by the delete-one-group jackknife (Efron & Tibshirani 1993, section 11)


@dataclass(frozen=True)
class Link:
    """A link of the market: cause and effect in words, and the daily counts whose ratio the effect is."""

    cause: str
    effect: str
    over: tuple[str, str | None]


LINKS: Mapping[str, Link] = {
    "price_on_orders": Link("price", "orders of a customer", ("expected_orders", "customers")),
    "selection_on_orders": Link("offers", "orders of a customer", ("expected_orders", "customers")),
    "satisfaction_on_orders": Link("satisfaction", "orders of a customer", ("expected_orders", "customers")),
    "habit_on_orders": Link("habit", "orders of a customer", ("expected_orders", "customers")),
    "members_on_orders": Link("share of members", "orders of a customer", ("expected_orders", "customers")),
    "delivery_on_satisfaction": Link("days to the door", "review score", ("expected_score", "delivered")),
    "satisfaction_on_leaving": Link("satisfaction", "share of customers who leave", ("expected_left", "customers")),
    "customers_on_joining": Link("customers, by word of mouth", "new customers", ("expected_joined", None)),
    "advertising_on_joining": Link("advertising", "new customers", ("expected_joined", None)),
    "price_on_joining": Link("price", "new customers", ("expected_joined", None)),
    "traffic_on_entry": Link("visits", "new sellers", ("expected_entered", None)),
    "take_on_entry": Link("commission", "new sellers", ("expected_entered", None)),
    "crowding_on_exit": Link(
        "sellers over visits", "share of sellers who leave", ("expected_exited", "exposed_sellers")
    ),
    "sellers_on_listing": Link("sellers", "new offers of a seller", ("expected_listed", "sellers")),
    "sellers_on_price": Link("sellers", "price", ("competition", None)),
    "volume_on_cost": Link("parcels a day", "cost of a parcel", ("parcel", None)),
    "fee_on_enrolling": Link("fee", "share of buyers who enrol", ("expected_enrolled", "invited")),
}


@dataclass(frozen=True)
class Strength:
    """A measured strength with the standard error of its simulation."""

    value: float
    se: float


def truth(
    settings: Market,
    days: int,
    seed: int,
    *,
    levers: Mapping[str, Path] | None = None,
    links: Sequence[str] = tuple(LINKS),
    every: int = 7,
    begin: int = 0,
    progress: Progress | None = None,
) -> dict[str, Strength]:
    """The measured strength of each of `links` over the days from `begin` to `days`.

    A link whose effect never happens has a strength that is not a number. Raises ValueError for unknown links.
    """
    probe = Probe(links, every, begin)
    run, sink = Run(settings, days, seed, levers or {}, watch=probe.see), Nowhere()
    state = run.opening(sink)
    for number in range(days):
        run.morning(state, number)
        step(state, run.day(number, sink))
        if progress and number % every == 0:
            progress("truth", number, days, "")
    return probe.strengths()


class Probe:
    """Measures links on the mornings of a market that spins: give `see` to `spin` as its `watch`.

    Raises ValueError for unknown links.
    """

    def __init__(self, links: Sequence[str] = tuple(LINKS), every: int = 7, begin: int = 0):
        unknown = sorted(set(links) - set(LINKS))
        if unknown:
            raise ValueError(f"no link {unknown[0]!r}; the links are {', '.join(LINKS)}")
        self.every, self.begin = every, begin
        self._together = _together(links)
        self._found: dict[str, list[tuple[float, ...]]] = {name: [] for name in links}

    def see(self, run: Run, state: State, number: int) -> None:
        """Rerun this day with the causes shifted up and down, if it is one of those that count."""
        if number < self.begin or number % self.every:
            return
        for names in self._together:
            up, down = (_rerun(run, state, number, names, sign * SHIFT) for sign in (1, -1))
            for name in names:
                self._found[name].append((*_effect(up, name), *_effect(down, name)))

    def strengths(self) -> dict[str, Strength]:
        """What has been measured so far."""
        return {n: _strength(np.array(rows), LINKS[n].over[1] is not None) for n, rows in self._found.items()}


def _together(links: Sequence[str]) -> list[list[str]]:
    """Links that may share a rerun: no two with the same effect. Within a day nothing goes from one link to another."""
    groups: list[list[str]] = []
    for name in links:
        group = next((g for g in groups if all(LINKS[o].over != LINKS[name].over for o in g)), None)
        if group is None:
            groups.append(group := [])
        group.append(name)
    return groups


def _rerun(run: Run, state: State, number: int, names: Sequence[str], shift: float) -> Mapping[str, float]:
    day = run.day(number, Nowhere(), dict.fromkeys(names, shift))
    step(state.copy(), day)
    return day.count


def _effect(count: Mapping[str, float], name: str) -> tuple[float, float]:
    top, bottom = LINKS[name].over
    return count.get(top, 0.0), count.get(bottom, 0.0) if bottom else 1.0


def _strength(rows: np.ndarray, ratio: bool) -> Strength:
    def response(sums: np.ndarray) -> float:
        if not (sums > 0).all():
            return math.nan
        up, up_over, down, down_over = np.log(sums)
        return (up - down - ((up_over - down_over) if ratio else 0.0)) / (2 * SHIFT)

    total = rows.sum(axis=0)
    groups = [g for g in np.array_split(rows, min(GROUPS, len(rows))) if len(g)]
    left_out = np.array([response(total - g.sum(axis=0)) for g in groups])
    n = len(groups)
    se = math.sqrt((n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum())) if n > 1 else math.nan
    return Strength(response(total), se)
