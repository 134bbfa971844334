"""Spin a market day by day: settings and luck in, events and daily counts out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File

import numpy as np

from gearwheel.market import customers, deliveries, happenings, members, orders, sellers, trials
from gearwheel.market.draws import Arrivals, Draws, Stream
from gearwheel.market.levers import LEVERS, Path, daily
from gearwheel.market.settings import STRENGTHS, Market
from gearwheel.market.sinks import Kept, Nowhere, Parquet, write_tables
from gearwheel.market.state import Day, State, new_customers, new_offers, new_sellers
from gearwheel.market.tables import WORDS, arrow_table, clock

Progress = Callable[[str, int, int, str], None]
Watch = Callable[["Run", State, int], None]
Decide = Callable[[Mapping[str, np.ndarray]], Sequence[str]]

LONGEST_RUN = 9_999  # days: an order's number has four digits for its day


@dataclass(frozen=True)
class Spun:
    """A spun market: tables by name (empty where they were streamed to a folder), daily counts each (days,), and the
    levers by day. Numbers stand for identities; text columns hold codes into `tables.WORDS` until they are written."""

    settings: Market
    days: int
    seed: int
    tables: Mapping[str, Mapping[str, np.ndarray]] = field(repr=False)
    daily: Mapping[str, np.ndarray] = field(repr=False)
    levers: Mapping[str, np.ndarray] = field(repr=False)

    def arrow(self, name: str):
        """One table as Arrow, in the canonical types."""
        return arrow_table(name, self.tables[name], self.settings.currency)

    def write(self, folder: str | File) -> None:
        """All tables as Parquet files `folder/<table>.parquet`. Raises FileExistsError rather than overwrite."""
        write_tables(File(folder), self.tables, self.settings.currency)


def spin(
    settings: Market,
    days: int,
    seed: int,
    *,
    levers: Mapping[str, Path] | None = None,
    experiments: Sequence[trials.Experiment] = (),
    decide: Decide | None = None,
    shift: Mapping[str, float] | None = None,
    folder: str | File | None = None,
    watch: Watch | None = None,
    progress: Progress | None = None,
) -> Spun:
    """The events of `days` days.

    `levers`: paths by name, (day or date, value) pairs. `decide`: called with the columns of each day's return
    requests, answers one of `returns.ACTIONS` for each; without it everything is refunded on return. `shift`: link →
    log shift of its cause as its effect sees it, under the same luck. `folder`: stream the tables there as Parquet
    and keep none in memory. `watch`: called each morning with the run, the state and the day, and changes nothing
    (`truth.Probe.see`). Raises ValueError for unknown names and impossible values, FileExistsError for a folder
    that holds such files already.
    """
    run = Run(settings, days, seed, levers or {}, experiments, decide, _known(shift or {}), watch)
    sink = Kept() if folder is None else Parquet(File(folder), settings.currency)
    counts: list[Mapping[str, float]] = []
    state = run.opening(sink)
    for number in range(days):
        run.morning(state, number)
        day = run.day(number, sink)
        step(state, day)
        counts.append(day.count)
        if progress and number % 7 == 0:
            progress("market", number, days, f"{state.there:,} customers, {state.sellers['there'].sum():,} sellers")
    run.closing(state, sink)
    return Spun(settings, days, seed, sink.close(), together(counts), run.levers)


class Run:
    """What stays the same over all days of one market and its reruns."""

    def __init__(self, settings, days, seed, levers, experiments=(), decide=None, shift=None, watch=None):
        if not 0 < days <= LONGEST_RUN:
            raise ValueError(f"a market runs for 1 to {LONGEST_RUN} days, not {days}")
        self.settings, self.days, self.decide, self.shift = settings, days, decide, shift or {}
        self.watch, self.draws = watch, Draws(seed)
        self.levers = daily(settings, levers, days)
        self.trials = tuple(trials.Trial(e, settings, self.draws, i) for i, e in enumerate(experiments))
        self.reference: dict[str, float] = {}

    def opening(self, sink) -> State:
        """The market on the morning of its first day."""
        s, draws = self.settings, self.draws
        arrivals = Arrivals(draws, Stream.ARRIVAL_CUSTOMER), Arrivals(draws, Stream.ARRIVAL_SELLER)
        state = State(new_customers(), new_sellers(), new_offers(), arrivals)
        day = self.day(0, sink)
        sellers.open_market(state, day)
        customers.add_customers(state, day, s.customers, veteran=True)
        state.traffic, state.volume = s.customers * s.visits, s.customers * s.frequency
        self.reference |= {
            "selection": float(state.offers["live"].sum()),
            "traffic": state.traffic,
            "volume": state.volume,
        }
        return state

    def day(self, number: int, sink, shift: Mapping[str, float] | None = None) -> Day:
        """One day, possibly with causes shifted on this day only."""
        values = {name: float(path[number]) for name, path in self.levers.items()}
        moved = self.shift if shift is None else shift
        trials = self.trials if shift is None else ()  # a rerun of one day must not count into the experiments
        day = Day(number, self.settings, self.draws, values, moved, sink, self.decide, trials, self.reference)
        day.days, day.pace = self.days, happenings.pace(self.settings, number)
        return day

    def morning(self, state: State, number: int) -> None:
        """Who watches looks before the day begins."""
        if self.watch:
            self.watch(self, state, number)

    def closing(self, state: State, sink) -> None:
        """Rows of what is still there at the end, parcels still under way, and the experiments."""
        day = self.day(self.days - 1, sink)
        sellers.emit_sellers(state, day, np.flatnonzero(state.sellers["there"]), np.nan)
        sellers.emit_offers(state, day, np.flatnonzero(state.offers["live"]), np.nan)
        for parcels in (parcels for batch in state.pending.values() for parcels in batch):
            promised = clock(self.settings.start, parcels["promised"])
            under_way = np.full(len(promised), np.datetime64("NaT", "s"))
            row = {"order_id": parcels["order"], "promised_at": promised, "delivered_at": under_way}
            sink.add("deliveries", row)
        sink.add("experiments", trials.rows(self.trials, self.settings, self.levers, self.days))


def step(state: State, day: Day) -> None:
    """One day. Everybody decides on what the morning was like: nothing moves two links of a chain on one day."""
    for trial in day.trials:
        members.give(state, day, trial.open(day, state.customers))
    day.tally(customers=state.there, members=state.members, offers=state.offers["live"].sum())
    day.price = day.levers["price"] * state.competition * happenings.posted(day.settings, day.number)
    day.tally(price=day.price)
    members.renew(state, day)
    buying, leaving = customers.buyers_and_leavers(state, day)
    for trial in day.trials:
        trial.see(day, state.customers)
        if trial.runs(day.number):
            trial.note("orders per customer", buying, np.ones(len(buying)))
    buying = np.concatenate([buying, customers.join(state, day)])
    orders.order(state, day, buying)
    customers.remember(state, day, buying)
    members.enrol(state, day, buying)
    customers.leave(state, day, leaving)
    sellers.enter(state, day)
    sellers.give_up(state, day)
    sellers.list_offers(state, day)
    sellers.host(state, day)
    deliveries.deliver(state, day)
    customers.visit(state, day)
    sellers.compete(state, day)
    _book(day)


def _book(day: Day) -> None:
    s, count = day.settings, day.count
    spent = {
        "advertising": day.levers["advertising"],
        "fulfilment": count["logistics"],
        "overhead": s.overhead,
    }
    amounts = np.array([spent[kind] for kind in WORDS["cost"]])
    when = np.full(len(amounts), day.at(0.0), dtype="datetime64[D]")
    day.sink.add("costs", {"day": when, "kind": np.arange(len(amounts)), "amount": amounts})
    day.tally(advertising=spent["advertising"], overhead=s.overhead)


def together(counts: Sequence[Mapping[str, float]]) -> dict[str, np.ndarray]:
    """Daily counts by name, each (days,), 0 on days on which nothing was counted."""
    names = sorted({name for count in counts for name in count})
    return {name: np.array([count.get(name, 0.0) for count in counts]) for name in names}


def _known(shift: Mapping[str, float]) -> Mapping[str, float]:
    unknown = sorted(set(shift) - set(STRENGTHS))
    if unknown:
        raise ValueError(f"no link {unknown[0]!r} to shift; the links are {', '.join(STRENGTHS)}")
    return shift


__all__ = ["LEVERS", "Market", "Nowhere", "Run", "Spun", "spin", "step", "together"]
