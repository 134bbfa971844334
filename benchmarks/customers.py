"""How fast customer value is, beside `lifetimes` in the same run: `python benchmarks/customers.py`.

CDNOW (where `../shared/data` or GEARWHEEL_SHARED has it) and a planted shop of one million persons. Ratios hold on
other machines, seconds do not. PyMC-Marketing is timed only where it is installed. `--quick` leaves out the million.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.util
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

SHARED = Path(os.environ.get("GEARWHEEL_SHARED", Path(__file__).parents[2] / "shared"))
REPEATS = 5
MILLION = 1_000_000
PLANTED = (0.5, 6.0, 0.9, 1.6)  # r, alpha in weeks, a, b


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out the shop of one million persons")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")  # lifetimes speaks of overflows on its way
    if (SHARED / "data" / "cdnow").exists():
        cdnow()
    else:
        print("CDNOW: not on this machine, skipped")
    if not quick:
        million()
    if importlib.util.find_spec("pymc_marketing") is None:
        print("PyMC-Marketing: not installed, skipped")


def best(work: Callable, repeats: int = REPEATS) -> float:
    """The fewest seconds of several runs."""
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def beside(what: str, ours: float, theirs: float | None = None) -> None:
    ratio = f"{theirs:10.3f} s {theirs / ours:8.1f}x" if theirs else ""
    print(f"{what:58} {ours:8.3f} s {ratio}", flush=True)


def cdnow() -> None:
    import duckdb

    from gearwheel.fit import customers as c

    file = SHARED / "data" / "cdnow" / "cdnow_sample.parquet"
    bought = duckdb.sql(f"select sample_id customer_id, date as day, usd::double spent from '{file}'").fetchnumpy()
    end = dt.date(1997, 9, 30)
    histories, rows = c.summarise(bought, end), c.people(bought, end)
    print(f"{'CDNOW, 2,357 persons':58} {'ours':>10} {'lifetimes':>12} {'ratio':>9}")
    beside("counting the histories", best(lambda: c.summarise(bought, end)))
    for model in ("BG/NBD", "MBG/NBD"):
        ours = best(lambda model=model: c.most_likely(histories, model))
        beside(f"{model}: maximum of the likelihood", ours, best(lambda model=model: lifetimes_fit(model, rows)))
        beside(f"{model}: maximum and posterior", best(lambda model=model: c.fit_timing(histories, model)))
    again = rows["x"] > 0
    mean = rows["spent"][again] / rows["x"][again]
    theirs = best(lambda: lifetimes_spend(rows["x"][again], mean))
    beside("Gamma-Gamma: maximum of the likelihood", best(lambda: c.most_likely(histories, "Gamma-Gamma")), theirs)
    beside("Gamma-Gamma: maximum and posterior", best(lambda: c.fit_spend(histories)))
    timing, spend = c.fit_timing(histories), c.fit_spend(histories)
    value = lambda: c.base(timing, histories, 39, spend=spend, horizon=156)  # noqa: E731
    beside("value of the base over three years, 200 draws", best(value))


def million() -> None:
    from gearwheel.fit import customers as c

    x, t_x, T = planted_shop(MILLION)
    count = lambda: c.counted(x, t_x, T, unit="day")  # noqa: E731
    histories = count()
    print(f"\n{f'{MILLION:,} persons over two years of days, {len(histories.x):,} distinct histories':58}")
    beside("counting the histories", best(count, 2))
    rows = {"x": x, "t_x": t_x / 7, "T": T / 7}
    theirs = best(lambda: lifetimes_fit("MBG/NBD", rows), 1)
    beside("MBG/NBD: maximum of the likelihood", best(lambda: c.most_likely(histories, "MBG/NBD"), 2), theirs)
    beside("MBG/NBD: maximum and posterior", best(lambda: c.fit_timing(histories, "MBG/NBD"), 1))
    fit = c.fit_timing(histories, "MBG/NBD")
    print("  planted", PLANTED, "found", np.round(fit.draws.mean(axis=0) / [1, 7, 1, 1], 3))
    beside("purchases of the base in the next year, 200 draws", best(lambda: c.base(fit, histories, 365), 1))


def planted_shop(persons: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Histories in whole days of a shop that is as MBG/NBD says, one purchase of everyone at a time."""
    rng = np.random.default_rng(1)
    r, alpha, a, b = PLANTED
    T = rng.integers(1, 730, persons)
    rate, stop = rng.gamma(r, 1 / (7 * alpha), persons), rng.beta(a, b, persons)
    x, t_x, now = np.zeros(persons, int), np.zeros(persons, int), np.zeros(persons)
    going = np.flatnonzero(rng.random(persons) >= stop)
    while len(going):
        now[going] += rng.exponential(1 / np.maximum(rate[going], 1e-12))
        going = going[now[going] < T[going]]
        x[going] += 1
        t_x[going] = now[going].astype(int)
        going = going[rng.random(len(going)) >= stop[going]]
    return x, t_x, T


def lifetimes_fit(model: str, rows: dict[str, np.ndarray]) -> None:
    import lifetimes

    fitter = lifetimes.BetaGeoFitter() if model == "BG/NBD" else lifetimes.ModifiedBetaGeoFitter()
    fitter.fit(rows["x"], rows["t_x"], rows["T"])


def lifetimes_spend(x: np.ndarray, mean: np.ndarray) -> None:
    import lifetimes

    lifetimes.GammaGammaFitter().fit(x, mean)


if __name__ == "__main__":
    main()
