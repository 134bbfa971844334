"""Customer value on planted shops: parameters and forecasts come back, simulation agrees with the formulas."""

from __future__ import annotations

import datetime as dt

import duckdb
import numpy as np
import pytest
from scipy.stats import binom

from gearwheel.fit import customers as c
from gearwheel.fit.customer_fit import Fitted
from gearwheel.fit.customer_renewal import renewals
from gearwheel.fit.customer_timing import FIRST_CHANCE

TRUE = {"BG/NBD": (0.6, 8.0, 0.8, 2.4), "MBG/NBD": (0.6, 6.0, 0.9, 1.6)}
SPEND = (6.0, 4.0, 15.0)


def planted(model: str, persons: int, seed: int, ahead: float = 0.0):
    """Histories of a shop that is exactly as the model says, and the number of purchases in `ahead` afterwards."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = TRUE[model]
    T = rng.integers(20, 80, persons).astype(float)
    rate, stop = rng.gamma(r, 1 / alpha, persons), rng.beta(a, b, persons)
    gone = (rng.random(persons) < stop) & (model == "MBG/NBD")
    x, t_x, later, now = np.zeros(persons, int), np.zeros(persons), np.zeros(persons, int), np.zeros(persons)
    while not gone.all():
        now = now + rng.exponential(1 / rate)
        bought = ~gone & (now < T + ahead)
        before = bought & (now < T)
        x, t_x, later = x + before, np.where(before, now, t_x), later + (bought & ~before)
        gone = ~bought | (rng.random(persons) < stop)
    p, q, gamma = SPEND
    scale = rng.gamma(q, 1 / gamma, persons)
    spent = np.where(x > 0, rng.gamma(np.maximum(p * x, 1)) / scale, 0.0)
    return c.counted(x, t_x, T, spent), later


def at_truth(model: str, draws: int = 1) -> Fitted:
    return Fitted(model, ("r", "alpha", "a", "b"), None, None, "", np.array([TRUE[model]] * draws), 0, 1, {}, "week")


@pytest.mark.slow
@pytest.mark.parametrize("model", list(TRUE))
def test_intervals_cover_the_planted_parameters(model):
    """About nine tenths of the 90 % intervals over 40 shops of 800, pooled over parameters, hold
    the truth, inside the 99.9 % band of 40 trials.

    The four intervals of a shop share its data, so a shop counts as one trial."""
    hits = []
    for seed in range(40):
        histories, _ = planted(model, 800, seed)
        low, high = np.quantile(c.fit_timing(histories, model, seed=seed).draws, [0.05, 0.95], axis=0)
        hits.append((low < TRUE[model]) & (np.array(TRUE[model]) < high))
    pooled = np.mean(hits)
    assert binom.ppf(0.0005, 40, 0.9) / 40 <= pooled <= 0.99, np.mean(hits, axis=0)


@pytest.mark.parametrize("model", list(TRUE))
def test_a_large_shop_gives_its_parameters_back(model):
    histories, _ = planted(model, 15_000, 3)
    fit = c.fit_timing(histories, model)
    logs = np.log(fit.draws)
    assert (np.abs(logs.mean(axis=0) - np.log(TRUE[model])) < 3 * logs.std(axis=0)).all()
    assert (logs.std(axis=0) < 0.3).all()
    spend = np.log(c.fit_spend(histories).draws)
    assert (np.abs(spend.mean(axis=0) - np.log(SPEND)) < 3 * spend.std(axis=0)).all()


@pytest.mark.parametrize("model", list(TRUE))
def test_the_formulas_are_the_means_of_the_shop(model):
    """Expected purchases, given each history, against what the planted shop's people then bought."""
    histories, later = planted(model, 40_000, 8, ahead=26)
    expected = c.expected_purchases(at_truth(model), histories.x, histories.t_x, histories.T, 26)[0]
    total = expected @ histories.persons
    assert later.sum() == pytest.approx(total, abs=4 * later.std() * np.sqrt(len(later)))
    simulated = c.simulated_purchases(at_truth(model, 40), histories, 26)
    assert simulated.mean() == pytest.approx(total, abs=4 * simulated.std() / np.sqrt(40))
    assert simulated.std() == pytest.approx(np.sqrt(len(later)) * later.std(), rel=0.5)


@pytest.mark.slow
def test_prediction_intervals_cover_what_came():
    """Of 30 shops, the 90 % interval of the next half year's purchases holds the actual number about 27 times."""
    inside = 0
    for seed in range(30):
        histories, later = planted("MBG/NBD", 500, 100 + seed, ahead=26)
        fit = c.fit_timing(histories, "MBG/NBD", draws=100, seed=seed)
        low, high = np.quantile(c.simulated_purchases(fit, histories, 26, seed), [0.05, 0.95])
        inside += low <= later.sum() <= high
    assert binom.ppf(0.005, 30, 0.9) <= inside


def test_the_first_chance_matters():
    """Where people may stop right after the first purchase, MBG/NBD fits better and BG/NBD promises too much."""
    histories, later = planted("MBG/NBD", 6_000, 4, ahead=52)
    fits = {model: c.fit_timing(histories, model) for model in FIRST_CHANCE}
    assert fits["MBG/NBD"].log_likelihood > fits["BG/NBD"].log_likelihood + 3
    alive = {model: c.base(fit, histories, 52, draws=50).alive.mean() for model, fit in fits.items()}
    assert alive["BG/NBD"] > 1.3 * alive["MBG/NBD"]


def test_renewals_count_only_what_is_decided():
    rng = np.random.default_rng(2)
    start = dt.datetime(2020, 1, 1)
    rows = []
    for person in range(3000):
        for year in range(5):
            begins = start + dt.timedelta(days=365 * year)
            rows.append((f"m{person}", begins, begins + dt.timedelta(days=365), 99.0))
            if rng.random() > (0.7, 0.9, 0.9, 0.95, 0)[year]:
                break
    with duckdb.connect() as connection:
        connection.execute("create schema events")
        connection.execute(
            "create table events.memberships(customer_id text, starts_at timestamp, ends_at timestamp, fee double)"
        )
        connection.executemany("insert into events.memberships values (?, ?, ?, ?)", rows[:400])
        connection.execute("insert into events.memberships values ('open', '2020-01-01', null, 99)")
        found = renewals(connection, dt.date(2022, 6, 1))
        half = renewals(connection, dt.date(2021, 1, 3))
    assert [r.number for r in found] == [1, 2] and half == []
    persons = {row[0] for row in rows[:400]}
    second = {row[0] for row in rows[:400] if row[1] > start + dt.timedelta(days=300)}
    assert (found[0].due, found[0].renewed) == (len(persons), len(second))
    known = found[0].interval()
    assert known["low"] < found[0].renewed / found[0].due < known["high"]
    drawn = np.quantile(found[0].share(4000), [0.05, 0.5, 0.95])
    assert drawn == pytest.approx([known["low"], known["median"], known["high"]], abs=0.01)


def test_what_was_paid_inside_a_running_period_is_no_renewal():
    """An upgrade pays for the rest of a period: the period that follows is the first renewal, and the only one."""
    day = lambda n: dt.datetime(2024, 1, 1) + dt.timedelta(n)  # noqa: E731
    periods = [(day(0), day(31)), (day(10), day(31)), (day(31), day(60))]
    with duckdb.connect() as connection:
        connection.execute("create schema events")
        connection.execute("create table events.memberships(customer_id text, starts_at timestamp, ends_at timestamp)")
        connection.executemany("insert into events.memberships values ('m', ?, ?)", periods)
        found = renewals(connection, dt.date(2024, 12, 1))
    assert [(r.number, r.due, r.renewed) for r in found] == [(1, 1, 1), (2, 1, 0)]
    one = found[0].interval()  # one of one is no proof that all renew
    assert 0.2 < one["low"] < 0.8 < one["median"] < one["high"] < 1
