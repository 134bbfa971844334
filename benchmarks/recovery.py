"""Plant, measure, fit: does the whole way from events to a posterior give back the strengths that were planted?

    .venv/bin/python benchmarks/recovery.py [--markets 40] [--seed 1]

Each market draws its strengths from the beliefs of `recovery.toml`, one of them planted zero in turn, spins two years
of events, has them measured by the same SQL as any shop's, and is fitted as any wheel is. The truth of each link is
measured in the market (`gearwheel.market.truth`). Prints per link and pooled: how often the 90 % interval holds the
truth, beside the 99 % binomial band, the error against the truth in posterior sd, and how often a link that was
planted zero is said to turn. Exits with 1 when the pooled coverage leaves its band or zeros turn too often.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from statistics import NormalDist

import numpy as np

from gearwheel.market.settings import Market
from gearwheel.market.spin import spin
from gearwheel.market.truth import Probe, Strength

WHEEL = Path(__file__).with_name("recovery.toml")
WEEKS = 104
PLANTED = {  # the strength of each link of the wheel, and that of the market
    "price_effect": "price_on_orders",
    "choice": "selection_on_orders",
    "quality": "delivery_on_satisfaction",
    "loyalty": "satisfaction_on_leaving",
    "word": "customers_on_joining",
    "advertised": "advertising_on_joining",
    "reach": "traffic_on_entry",
    "deterrence": "take_on_entry",
}
LEVERS = {  # by week
    "price": [(8, 0.93), (17, 1.06), (29, 0.97), (38, 1.09), (50, 0.92), (63, 1.03), (74, 0.95), (86, 1.08), (95, 1.0)],
    "delivery": [(12, 5.5), (34, 3.2), (58, 6.0), (80, 3.6)],
    "advertising": [(10, 1100.0), (24, 300.0), (44, 900.0), (60, 500.0), (72, 1400.0), (84, 350.0)],
    "take": [(6, 0.10), (32, 0.20), (56, 0.11), (78, 0.22)],
}
ACTIVE_DAYS = 150  # so long that hardly anybody orders after being silent for longer
DRAWS = 1000


@dataclass(frozen=True)
class Found:
    """One market: the truth, draws of each strength, verdicts by link and how the fit went."""

    planted: Mapping[str, float]
    true: Mapping[str, Strength]
    draws: Mapping[str, np.ndarray]
    verdicts: Mapping[str, str]
    diagnostics: Mapping[str, object]

    def holds(self, name: str, level: float = 0.9) -> bool:
        low, high = np.quantile(self.draws[name], [0.5 - level / 2, 0.5 + level / 2])
        return bool(low <= self.true[name].value <= high)

    def z(self, name: str) -> float:
        """Posterior mean less truth in posterior sd."""
        return float((self.draws[name].mean() - self.true[name].value) / self.draws[name].std())


def open_wheel():
    """The wheel of recovery.toml with the levers' dated history."""
    from gearwheel.wheel.assemble import assemble
    from gearwheel.wheel.parts import Lever
    from gearwheel.wheel.read import parse_wheel

    wheel = assemble(parse_wheel(WHEEL.read_text("utf-8"), str(WHEEL)), lambda *_: None)
    paths = {"price": LEVERS["price"], "take": LEVERS["take"], "days": as_felt(LEVERS["delivery"])}
    paths["advertising"] = [(week, 7 * value) for week, value in LEVERS["advertising"]]
    levers = {
        name: Lever(
            of=name,
            limits=(0.0, 1e9),
            history=tuple((wheel.start + timedelta(weeks=week), value) for week, value in path),
        )
        for name, path in paths.items()
    }
    return wheel.changed(lever=levers)


def as_felt(path: Sequence[tuple[int, float]], spread: float = Market.delivery_spread) -> list[tuple[int, float]]:
    """Days to the door by week of arrival: after a change the old parcels are still coming in, and of the new ones the
    quick. The geometric mean of what arrives, on the scale of the lever, from parcels sent round the clock."""
    day = np.arange(7 * (WEEKS + 10))
    lever = np.full(len(day), Market.delivery)
    for week, value in path:
        lever[7 * week :] = value
    shares = (np.arange(400) + 0.5) / 400
    z = np.array([NormalDist().inv_cdf(share) for share in shares])
    days = lever[:, None] * np.exp(spread * z - 0.5 * spread**2)
    week = np.minimum((day[:, None] + 0.5 + days) // 7, WEEKS).astype(int)
    mean = np.bincount(week.ravel(), np.log(days).ravel()) / np.bincount(week.ravel())
    return [(w, float(np.exp(mean[w] + 0.5 * spread**2))) for w in range(WEEKS)]


def plant(number: int, wheel) -> dict[str, float]:
    """Strengths of one market from the wheel's beliefs; each is planted zero in every eighth market."""
    rng = np.random.default_rng(1000 + number)
    names = list(PLANTED)
    drawn = {n: rng.normal(wheel.parameter[n].belief.centre, wheel.parameter[n].belief.sd) for n in names}
    return drawn | {names[number % len(names)]: 0.0}


def market_of(strengths: Mapping[str, float]) -> Market:
    """A shop that people buy from every three weeks, with these strengths."""
    return Market(
        customers=20_000, population=400_000, joining=36.0, dropout=0.00142,
        dropout_spread=0.2, frequency=0.05, frequency_spread=0.25, visits=0.3, visits_noise=0.0, enrolling=0.0,
        sellers=1000, entry=4.0, exit=0.004, own_offers=2000, products=10_000,
        listing=0.12, delisting=0.012, crowding_on_exit=0.0, sellers_on_listing=0.0, late_hurt=0.0, reviewing=0.2,
        score=3.5, score_noise=0.6,
        **{PLANTED[name]: value for name, value in strengths.items()},
    )  # fmt: skip


def daily_levers() -> dict[str, list[tuple[int, float]]]:
    """The levers by day; the promise moves with the delivery."""
    found = {name: [(7 * week, value) for week, value in path] for name, path in LEVERS.items()}
    return found | {"promise": [(day, 1.5 * value) for day, value in found["delivery"]]}


def events(strengths: Mapping[str, float], seed: int, folder: Path) -> dict[str, Strength]:
    """The events of one market in `folder`, and the truth of its links, measured on every tenth morning."""
    probe = Probe([PLANTED[name] for name in strengths], every=10)
    spin(market_of(strengths), 7 * WEEKS, seed, levers=daily_levers(), folder=folder, watch=probe.see)
    found = probe.strengths()
    return {name: found[PLANTED[name]] for name in strengths}


def measured(folder: Path, wheel):
    """The weekly gauges of the events in `folder`, through the measure SQL and the tidy CSV."""
    from gearwheel.gauges.canonical import tables
    from gearwheel.gauges.events import open_events
    from gearwheel.gauges.mapping import Mapping as Map
    from gearwheel.gauges.mapping import TableMap
    from gearwheel.gauges.measure import measure, measured_csv
    from gearwheel.gauges.tidy import read_gauges

    wanted = {
        "orders": {"status"},
        "order_lines": {"seller_id"},
        "reviews": {"score"},
        "offers": {"delisted_at"},
        "visits": set(),
    }
    mapped = {
        name: TableMap(name, {c: c for c, how in tables()[name].columns.items() if how.needed or c in more})
        for name, more in wanted.items()
    }
    with open_events(Map(str(folder), tables=mapped, active_days=ACTIVE_DAYS), folder) as found:
        file = folder / "record.csv"
        file.write_text(measured_csv(measure(found, list(wheel.gauge))))
    return without_error(read_gauges(file, wheel), "customers_new")


def without_error(gauges, name: str):
    """The rows of one gauge with the error of the wheel's gauge instead of their own.

    The SQL gives a count its Poisson error. The luck of who came also moves the number of customers, which visits and
    orders measure again; so in this wheel it is a stock of its own, and must not be counted as an error as well.
    """
    series = gauges.series[name]
    rows = tuple(replace(row, error=None) for row in series.rows)
    return replace(gauges, series={**gauges.series, name: replace(series, rows=rows)})


def every_week(wheel, gauges=None):
    """A record with every week of every gauge, those that `gauges` has with their values: the layout of all markets."""
    from gearwheel.gauges.series import Gauges, Row, Series

    def rows(name: str, how: str):
        blank = [Row(None if how == "end" else float(w), w + 1.0, 1.0) for w in range(WEEKS)]
        known = {(r.start, r.end): r for r in gauges.series[name].rows} if gauges else {}
        return tuple(known.get((r.start, r.end), r) for r in blank)

    return Gauges({n: Series(n, g.unit, rows(n, g.measure)) for n, g in wheel.gauge.items()})


def make_engine(wheel):
    """The filter, compiled once for all markets."""
    from gearwheel.fit.observations import lay_out
    from gearwheel.fit.posterior import Engine
    from gearwheel.spin.compiled import jax_program

    return Engine(jax_program(wheel), lay_out(wheel, every_week(wheel), float(WEEKS)))


def fitted(engine, gauges, planted, true) -> Found:
    """The posterior and the verdicts of one measured market."""
    from gearwheel.fit.observations import lay_out
    from gearwheel.fit.posterior import fit
    from gearwheel.fit.verdicts import verdicts

    observations = lay_out(engine.wheel, gauges, float(WEEKS), shown=every_week(engine.wheel, gauges))
    posterior = fit(engine, observations, draws=DRAWS, seed=1)
    judged = {name: v.verdict for name, v in verdicts(engine, posterior).items()}
    return Found(planted, true, {n: posterior[n] for n in PLANTED}, judged, posterior.diagnostics)


def one(task: tuple[dict[str, float], int, str]) -> tuple[dict[str, float], dict[str, Strength], object]:
    """Plant and measure one market, in a process of its own."""
    planted, seed, scratch = task
    folder = Path(tempfile.mkdtemp(dir=scratch))
    os.environ["GEARWHEEL_CACHE"] = str(folder / "cache")
    try:
        true = events(planted, seed, folder / "events")
        return planted, true, measured(folder / "events", open_wheel())
    finally:
        shutil.rmtree(folder)


def recover(numbers: Sequence[int], seed: int = 1, workers: int = 1) -> Iterator[Found]:
    """Each market planted, measured and fitted; the next is spun while one is fitted."""
    wheel = open_wheel()
    engine = make_engine(wheel)
    with (
        tempfile.TemporaryDirectory() as scratch,
        ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool,
    ):
        tasks = [(plant(n, wheel), 100 * seed + n, scratch) for n in numbers]
        for planted, true, gauges in pool.map(one, tasks):
            yield fitted(engine, gauges, planted, true)


def band(count: int, share: float, level: float = 0.99) -> tuple[float, float]:
    """Shares between which `count` independent trials of this chance stay with probability `level`, exactly."""
    from scipy.stats import binom

    return tuple(binom.ppf([0.5 - level / 2, 0.5 + level / 2], count, share) / count)


def pooled(found: Sequence[Found]) -> tuple[float, float, int]:
    """Share of intervals that hold the truth, share of zero links that turn, and the number of zero links."""
    held = [f.holds(name) for f in found for name in PLANTED]
    zeros = [f.verdicts[name].startswith("turns") for f in found for name in PLANTED if f.planted[name] == 0]
    return float(np.mean(held)), float(np.mean(zeros)), len(zeros)


def report(found: Sequence[Found]) -> bool:
    """Prints the table; answers whether both claims hold."""
    print(
        f"{'link':14}{'held':>7}{'z mean':>8}{'z sd':>7}{'sd/prior':>10}{'turns':>7}{'zero turns':>12}{'truth se':>10}"
    )
    beliefs = open_wheel().parameter
    for name in PLANTED:
        z = np.array([f.z(name) for f in found])
        held = np.mean([f.holds(name) for f in found])
        narrowed = np.mean([f.draws[name].std() for f in found]) / beliefs[name].belief.sd
        turns = [f.verdicts[name].startswith("turns") for f in found if f.planted[name] != 0]
        zeros = [f.verdicts[name].startswith("turns") for f in found if f.planted[name] == 0]
        error = np.mean([f.true[name].se / f.draws[name].std() for f in found])
        print(
            f"{name:14}{held:7.2f}{z.mean():8.2f}{z.std():7.2f}{narrowed:10.2f}{np.mean(turns):7.2f}"
            f"{sum(zeros):>8} of {len(zeros)}{error:10.2f}"
        )
    held, turned, zeros = pooled(found)
    low, high = band(len(found) * len(PLANTED), 0.9)
    most = band(zeros, 0.1)[1]
    print(
        f"90 % intervals hold the truth: {held:.3f} of {len(found) * len(PLANTED)}; 99 % band {low:.3f} to {high:.3f}"
    )
    print(f"zero links that turn: {turned:.3f} of {zeros}; at most 0.10 wanted, 99 % band of 0.10 up to {most:.3f}")
    return low <= held <= high and turned <= 0.1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markets", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that spin and measure")
    asked = parser.parse_args()
    began, found = time.perf_counter(), []
    for market in recover(range(asked.markets), asked.seed, asked.workers):
        found.append(market)
        missed = [name for name in PLANTED if not market.holds(name)]
        print(
            f"market {len(found)} of {asked.markets}, {time.perf_counter() - began:.0f} s, outside: {missed}",
            flush=True,
        )
    fine = report(found)
    print(f"{time.perf_counter() - began:.0f} s")
    return int(not fine)


if __name__ == "__main__":
    raise SystemExit(main())
