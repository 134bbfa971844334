"""Customer value: the published CDNOW estimates to their digits, slopes, limits, counting, and posteriors."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import os
import warnings
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln, expit, gammaln, log_expit

from gearwheel.fit import customers as c
from gearwheel.fit.customer_fit import Belief, Fitted
from gearwheel.fit.customer_gamma import log_rise, rise_slope
from gearwheel.fit.customer_history import Spending
from gearwheel.fit.customer_spend import Spend
from gearwheel.fit.customer_timing import Timing
from gearwheel.wheel.errors import DataError, FitError

CDNOW = Path(os.environ.get("GEARWHEEL_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "cdnow"
BOTH = ("BG/NBD", "MBG/NBD")
END = dt.date(1997, 9, 30)
needs_cdnow = pytest.mark.skipif(not CDNOW.exists(), reason="the CDNOW purchases are not on this machine")


@pytest.fixture(scope="module")
def cdnow() -> dict:
    file = CDNOW / "cdnow_sample.parquet"
    return duckdb.sql(f"select sample_id customer_id, date as day, usd::double spent from '{file}'").fetchnumpy()


@pytest.fixture(scope="module")
def histories(cdnow) -> c.Histories:
    return c.summarise(cdnow, END)


@pytest.fixture(scope="module")
def fits(histories) -> dict[str, Fitted]:
    return {**{m: c.fit_timing(histories, m) for m in BOTH}, "Gamma-Gamma": c.fit_spend(histories)}


def fixed(model: str, values, unit: str = "week") -> Fitted:
    """A fit whose only draw is known."""
    names = Spend.names if model == "Gamma-Gamma" else Timing.names
    return Fitted(model, names, dict(zip(names, values)), 0.0, "", np.array([values], float), 0.0, 1.0, {}, unit)


# ---- what was published


@needs_cdnow
def test_every_published_row_is_met_to_the_digits_printed(fits):
    """Both columns. The refit column carries more digits; rounded to the published ones the two agree in every row,
    so there is no row where one must be chosen."""
    with open(CDNOW / "published_estimates.csv") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] in fits]
    assert len(rows) == 14
    for row in rows:
        fit = fits[row["model"]]
        found = fit.log_likelihood if row["parameter"] == "log_likelihood" else fit.point[row["parameter"]]
        for printed in filter(None, (row["published"], row["refit_on_this_file"])):
            digits = len(printed.partition(".")[2])
            assert f"{found:.{digits}f}" == printed, row


@needs_cdnow
@pytest.mark.parametrize("model", [*BOTH, "Gamma-Gamma"])
def test_the_maximum_does_not_need_the_posterior(fits, histories, model):
    point, height = c.most_likely(histories, model)
    assert point == pytest.approx(fits[model].point, rel=1e-5)
    assert height == pytest.approx(fits[model].log_likelihood, abs=1e-7)


@needs_cdnow
def test_the_cohort_is_that_of_the_papers(histories):
    h = histories
    assert h.persons.sum() == 2357 and h.persons[h.x > 0].sum() == 946 and (h.persons * h.x).sum() == 2457
    assert len(h.x) == 1016  # distinct histories: what a fit costs
    assert h.spending.persons.sum() == 946


@needs_cdnow
def test_the_half_year_held_back(cdnow, fits):
    """Correlation 0.626 person by person; 4 % under in the cumulative number of repeats by week 78, as published."""
    rows = c.people(cdnow, END)
    later = cdnow["day"] > np.datetime64(END)
    days = {(who, day) for who, day in zip(cdnow["customer_id"][later], cdnow["day"][later])}
    bought = {}
    for who, _ in days:
        bought[who] = bought.get(who, 0) + 1
    actual = np.array([bought.get(who, 0) for who in rows["customer_id"]])
    assert actual.sum() == 1882 and (actual > 0).sum() == 684
    point = fits["BG/NBD"].at_point()
    expected = c.expected_purchases(point, rows["x"], rows["t_x"], rows["T"], 39)[0]
    assert np.corrcoef(expected, actual)[0, 1] == pytest.approx(0.626, abs=5e-4)
    cumulative = sum(c.expected_purchases(point, 0, 0, 0, T + 39)[0, 0] for T in rows["T"])
    assert cumulative / (2457 + 1882) - 1 == pytest.approx(-0.04, abs=0.005)
    assert expected.sum() / 1882 - 1 == pytest.approx(-0.12, abs=0.005)  # of the held-back half alone: far more


@needs_cdnow
def test_the_unit_of_time_changes_alpha_alone(cdnow, fits):
    daily = c.fit_timing(c.summarise(cdnow, END, unit="day"), "BG/NBD")
    assert daily.point["alpha"] == pytest.approx(7 * fits["BG/NBD"].point["alpha"], rel=1e-6)
    assert daily.point["b"] == pytest.approx(fits["BG/NBD"].point["b"], rel=1e-6)
    np.testing.assert_allclose(np.log(daily.draws[:, 1] / 7), np.log(fits["BG/NBD"].draws[:, 1]), atol=1e-6)


@needs_cdnow
@pytest.mark.parametrize("model", [*BOTH, "Gamma-Gamma"])
def test_the_posterior_surrounds_the_maximum(fits, histories, model):
    """Location within half a sd of the maximum, sd near the curvature's: data of 2,357 persons outweigh the beliefs."""
    fit = fits[model]
    assert fit.k_hat < 0.7 and fit.ess >= 400 and fit.draws.shape == (1000, len(fit.names))
    logs = np.log(fit.draws)
    top = np.log([fit.point[n] for n in fit.names])
    assert (np.abs(np.median(logs, axis=0) - top) < 0.5 * logs.std(axis=0)).all()
    likelihood = Spend(histories.spending) if model == "Gamma-Gamma" else Timing(model, histories)
    steps = 1e-4 * np.eye(len(top))
    bent = (likelihood.slope(top + steps)[1] - likelihood.slope(top - steps)[1]) / 2e-4
    sd = np.sqrt(np.diag(np.linalg.inv(-bent)))
    np.testing.assert_allclose(logs.std(axis=0), sd, rtol=0.25)


# ---- the likelihood


def plain(model: str, x, t_x, T, r, alpha, a, b) -> float:
    """The likelihood of one person as printed: alive at T, or stopped after the last purchase."""

    def beta(p, q):
        return np.exp(gammaln(p) + gammaln(q) - gammaln(p + q))

    n = x + (model == "MBG/NBD")
    lead = np.exp(gammaln(r + x) - gammaln(r)) * alpha**r / beta(a, b)
    stopped = beta(a + 1, b + n - 1) / (alpha + t_x) ** (r + x) if n else 0.0
    return lead * (beta(a, b + n) / (alpha + T) ** (r + x) + stopped)


PARAMETERS = st.tuples(*[st.floats(-2, 3)] * 4).map(np.array)


@settings(deadline=None, max_examples=40)
@given(z=PARAMETERS, seed=st.integers(0, 10_000), model=st.sampled_from(BOTH))
def test_the_timing_likelihood_is_the_printed_one_and_its_slope_is_right(z, seed, model):
    rng = np.random.default_rng(seed)
    x, T = rng.poisson(1.5, 7), rng.uniform(5, 60, 7)
    t_x = np.where(x > 0, T * rng.random(7), 0)
    likelihood = Timing(model, c.counted(x, t_x, T))
    by_hand = sum(np.log(plain(model, *row, *np.exp(z))) for row in zip(x, t_x, T))
    assert likelihood.log_likelihood(z[None])[0] == pytest.approx(by_hand, rel=1e-9)
    check_slope(likelihood, z)


@settings(deadline=None, max_examples=40)
@given(z=st.tuples(*[st.floats(-1, 3)] * 3).map(np.array), seed=st.integers(0, 10_000))
def test_the_spend_likelihood_is_a_density_with_the_right_slope(z, seed):
    rng = np.random.default_rng(seed)
    check_slope(Spend(Spending(1 + rng.poisson(1, 6), rng.gamma(3, 10, 6), np.ones(6, int))), z)


@pytest.mark.parametrize("x", [1, 4])
def test_the_spend_density_integrates_to_one(x):
    z = np.log([[6.25, 3.74, 15.44]])
    one = np.ones(1)
    total, _ = quad(lambda m: np.exp(Spend(Spending(x * one, m * one, one)).log_likelihood(z)[0]), 0, np.inf)
    assert total == pytest.approx(1, abs=1e-6)


def check_slope(likelihood, z):
    steps = 1e-5 * np.eye(len(z))
    differences = (likelihood.log_likelihood(z + steps) - likelihood.log_likelihood(z - steps)) / 2e-5
    np.testing.assert_allclose(likelihood.slope(z[None])[1][0], differences, rtol=1e-5, atol=1e-5)


@given(y=st.floats(1e-6, 1e4), n=st.integers(0, 60))
def test_a_rise_is_a_product(y, n):
    assert log_rise(np.array(y), np.array(n)) == pytest.approx(np.log(y + np.arange(n)).sum(), rel=1e-11, abs=1e-11)
    assert rise_slope(np.array(y), np.array(n)) == pytest.approx((1 / (y + np.arange(n))).sum(), rel=1e-10, abs=1e-13)


def test_a_rise_from_an_astronomic_number_is_still_exact():
    assert log_rise(np.array(1e18), np.array(5000.0)) == pytest.approx(5000 * np.log(1e18), rel=1e-14)
    assert rise_slope(np.array(1e18), np.array(5000.0)) == pytest.approx(5e-15, rel=1e-9)


@given(st.integers(0, 10_000), st.sampled_from(BOTH))
@settings(deadline=None, max_examples=15)
def test_counting_equal_rows_changes_nothing(seed, model):
    rng = np.random.default_rng(seed)
    x, T = rng.integers(0, 3, 50), rng.integers(1, 4, 50)
    t_x = np.where(x > 0, T - 1, 0)
    together = c.counted(x, t_x, T, 10.0 * x)
    assert len(together.x) < 50 and together.persons.sum() == 50 and together.spent.sum() == pytest.approx(10 * x.sum())
    z = rng.normal(size=(3, 4))
    apart = c.Histories(x, t_x, T, np.ones(50), 10.0 * x, together.spending)
    np.testing.assert_allclose(Timing(model, together).log_likelihood(z), Timing(model, apart).log_likelihood(z))


# ---- limits


@pytest.mark.parametrize("model", BOTH)
def test_nobody_came_back_gives_a_posterior_and_no_point(model):
    watched = np.random.default_rng(0).integers(1, 300, 500)
    fit = c.fit_timing(c.counted(np.zeros(500), np.zeros(500), watched, unit="day"), model)
    assert fit.point is None and "no maximum" in fit.why_no_point and fit.k_hat < 0.7
    with pytest.raises(FitError, match="no maximum"):
        fit.at_point()
    soon = c.expected_purchases(fit, 0, 0, 100, 365)
    assert np.isfinite(soon).all() and np.median(soon) < 0.1


def test_only_mbg_lets_a_one_time_buyer_be_gone():
    known = [0.5, 6.0, 0.9, 1.6]
    T = np.array([1.0, 10.0, 100.0, 1000.0])
    none = np.zeros(4)
    np.testing.assert_array_equal(c.alive(fixed("BG/NBD", known), none, none, T), 1)
    gone = c.alive(fixed("MBG/NBD", known), none, none, T)[0]
    assert (np.diff(gone) < 0).all() and gone[-1] < 0.2
    assert c.alive(fixed("MBG/NBD", known), 0, 0, 0)[0, 0] == pytest.approx(1.6 / (0.9 + 1.6))


@pytest.mark.parametrize("model", BOTH)
def test_thousands_of_purchases_overflow_nothing(model):
    rng = np.random.default_rng(5)
    x, T = rng.poisson(3000, 200), np.full(200, 700)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = c.fit_timing(c.counted(x, T - rng.integers(0, 3, 200), T, unit="day"), model)
        busy, silent = c.alive(fit, [5000, 5000], [699, 5], [700, 700]).mean(axis=0)
        coming = c.expected_purchases(fit, 3000, 699, 700, 70)
    assert busy > 0.95 and silent < 1e-6
    assert np.median(coming) == pytest.approx(300, rel=0.1)


@pytest.mark.parametrize("model", BOTH)
def test_a_single_person_can_be_fitted(model):
    assert c.fit_timing(c.counted([3], [90], [100], unit="day"), model).k_hat < 0.7


def shop(price, repeats) -> c.Histories:
    """One person for each number of repeats; `price(person, purchase)` is the money of a purchase."""
    x = np.asarray(repeats)
    spent = [sum(price(person, purchase) for purchase in range(k)) for person, k in enumerate(x)]
    return c.counted(x, 4.0 * x, 4.0 * x + 9, spent)


@pytest.mark.parametrize("repeats", [[5] * 50, list(range(12)) * 5, [1, 1], [0, 0, 7, 3]])
@pytest.mark.parametrize("price", [12.0, 0.07, 1e9, 19.99])
def test_one_price_is_what_a_purchase_is_worth(price, repeats):
    """Where nobody's mean differs no spread is left to learn: a purchase brings the price, and the base its multiple."""
    histories = shop(lambda *_: price, repeats)
    assert c.same_spend(histories) == pytest.approx(price, rel=1e-9)
    timing = c.fit_timing(histories, draws=50)
    whole = c.base(timing, histories, 52, spend=c.same_spend(histories))
    undiscounted = c.base(timing, histories, 52, spend=c.same_spend(histories), discount=0.0)
    assert undiscounted.value == pytest.approx(price * undiscounted.purchases, rel=1e-9)
    assert (whole.value < undiscounted.value).all()


def test_only_equal_spend_is_the_same_spend():
    assert c.same_spend(shop(lambda person, _: 12.0 + person % 2, [3] * 20)) is None
    assert c.same_spend(shop(lambda person, _: 12.0 * (1 + 0.004 * (person % 2)), [3] * 20)) == pytest.approx(12.024)
    assert c.same_spend(shop(lambda *_: 12.0, [0, 0, 0])) is None  # nobody came back
    assert c.same_spend(shop(lambda *_: 12.0, [4])) is None  # of one person nobody knows what another spends


PRICES = st.sampled_from(
    [
        lambda *_: 12.0,  # one price
        lambda person, _: (12.0, 24.0)[person % 2],  # each always buys the same
        lambda person, _: 12.0 if person else 13.0,
        lambda person, purchase: (12.0, 24.0)[(person + purchase) % 2],
        lambda person, purchase: 12 + 0.01 * ((7 * person + 3 * purchase) % 11),
        lambda person, _: 12 * (1 + 1e-12 * person),
        lambda person, _: 1e7 if person == 1 else 1.0,
    ]
)


@settings(deadline=None, max_examples=40)
@given(PRICES, st.lists(st.integers(0, 8), min_size=1, max_size=30))
def test_few_prices_and_few_customers_end_in_a_fit_or_in_words(price, repeats):
    histories = shop(price, repeats)
    for fit in (c.fit_timing, c.fit_spend):
        with contextlib.suppress(FitError, DataError):  # no other error, and no draw that is no number
            assert np.isfinite(fit(histories, draws=50).draws).all()


def test_impossible_histories_are_refused():
    for x, t_x, T in ([1, 5, 3], [0, 1, 3], [-1, 0, 3], [0.5, 1, 3], [0, 0, np.inf]):
        with pytest.raises(DataError, match="GW495"):
            c.counted([x], [t_x], [T])
    with pytest.raises(DataError, match="GW498"):
        c.fit_timing(c.counted([1], [1], [3]), "BG/NDB")
    for fit in (c.fit_spend, lambda h: c.most_likely(h, "Gamma-Gamma")):
        with pytest.raises(DataError, match="GW499"):
            fit(c.counted([0], [0], [3]))


def test_a_belief_counts_where_the_data_are_silent():
    silent = c.counted([0], [0], [1], unit="day")
    far = {"a": Belief(50.0, 0.1, "for the test")}
    assert np.median(c.fit_timing(silent, "MBG/NBD", beliefs=far).draws[:, 2]) == pytest.approx(50, rel=0.05)


# ---- answers


@settings(deadline=None, max_examples=60)
@given(
    z=st.tuples(st.floats(-3, 3), st.floats(-2, 4), st.floats(-3, 3), st.floats(-3, 5)),
    x=st.sampled_from([0, 1, 7, 900]),
    T=st.floats(0, 300),
    ahead=st.floats(0.1, 300),
    model=st.sampled_from(BOTH),
)
def test_expected_purchases_are_the_integral_over_the_chance_to_stop(z, x, T, ahead, model):
    """E[(1 − (1 + p s)^−k)/p] with p ~ beta(a, b + n), by the trapezoidal rule in the logit of p."""
    r, alpha, a, b = np.exp(z)
    n = x + (model == "MBG/NBD")
    k, s = r + x, ahead / (alpha + T)
    v = np.linspace(-700, 500, 150_001)  # the weight falls like exp(-b v), and b may be small
    p = np.maximum(expit(v), 1e-300)
    weight = np.exp(a * log_expit(v) + (b + n) * log_expit(-v) - betaln(a, b + n))
    integral = np.trapezoid(-np.expm1(-k * np.log1p(p * s)) / p * weight, v)
    fit = fixed(model, [r, alpha, a, b])
    chance = c.alive(fit, x, T, T)[0, 0]
    assert c.expected_purchases(fit, x, T, T, ahead)[0, 0] == pytest.approx(chance * integral, rel=2e-5)


@pytest.mark.parametrize("a", [1.0, 1 + 1e-9, 50.0])
def test_where_the_closed_form_breaks_down(a):
    fit = fixed("BG/NBD", [5.0, 1.0, a, 1000.0])
    beside = fixed("BG/NBD", [5.0, 1.0, a * 1.0001, 1000.0])
    here, there = (c.expected_purchases(f, 3, 30, 39, 1000)[0, 0] for f in (fit, beside))
    assert np.isfinite(here) and here == pytest.approx(there, rel=1e-3)


@pytest.mark.parametrize("model", BOTH)
def test_discounting_is_the_sum_over_small_steps(model):
    fit = fixed(model, [0.5, 6.0, 0.9, 1.6])
    at = np.linspace(0, 156, 3001)
    so_far = np.array([0.0, *(c.expected_purchases(fit, 2, 20, 30, t)[0, 0] for t in at[1:])])
    middle = (at[1:] + at[:-1]) / 2
    summed = (np.diff(so_far) * 1.15 ** (-middle * 7 / 365.25)).sum()
    assert c.expected_purchases(fit, 2, 20, 30, 156, discount=0.15)[0, 0] == pytest.approx(summed, rel=1e-5)


def test_expected_spend_lies_between_the_own_mean_and_that_of_all():
    fit = fixed("Gamma-Gamma", [6.25, 3.74, 15.44])
    everyone = 6.25 * 15.44 / 2.74
    few, many, none = c.expected_spend(fit, [1, 100, 0], [100.0, 100.0, 0.0])[0]
    assert everyone < few < many < 100 and many > 99 and none == pytest.approx(everyone)
    assert np.isinf(c.expected_spend(fixed("Gamma-Gamma", [6.25, 0.9, 15.0]), 0, 0.0)[0, 0])


@needs_cdnow
def test_the_base_is_the_sum_of_its_people(cdnow, histories, fits):
    timing, spend = fits["MBG/NBD"], fits["Gamma-Gamma"]
    rows = c.people(cdnow, END)
    mean = rows["spent"] / np.maximum(rows["x"], 1)
    whole = c.base(timing, histories, 39, spend=spend, horizon=100, discount=0.12, margin=0.3, draws=20)
    some = Fitted(**{**timing.__dict__, "draws": timing.draws[:20]})
    each = c.value(some, spend, rows["x"], rows["t_x"], rows["T"], mean, 100, 0.12, margin=0.3)
    np.testing.assert_allclose(whole.value, each.sum(axis=1), rtol=1e-9)
    bought = c.expected_purchases(some, rows["x"], rows["t_x"], rows["T"], 39)
    np.testing.assert_allclose(whole.purchases, bought.sum(axis=1), rtol=1e-9)
    assert whole.persons == 2357 and whole.alive.max() < 2357


# ---- from events


def test_events_are_counted_by_hand():
    with duckdb.connect() as connection:
        connection.execute("create schema events")
        connection.execute("""create table events.orders as select * from (values
            ('1', 'ann', timestamp '2024-01-01 10:00', 'done', 'EUR', false),
            ('2', 'ann', timestamp '2024-01-01 18:00', 'done', 'EUR', false),
            ('3', 'ann', timestamp '2024-01-15 09:00', 'done', null, null),
            ('4', 'ann', timestamp '2024-02-05 09:00', 'done', 'EUR', false),
            ('5', 'bob', timestamp '2024-01-08 09:00', null, 'EUR', false),
            ('6', 'bob', timestamp '2024-01-20 09:00', 'Cancelled', 'EUR', false),
            ('7', 'bob', timestamp '2024-01-21 09:00', 'done', 'EUR', true),
            ('8', 'cid', timestamp '2024-01-29 23:59', 'done', 'EUR', false)
        ) t(order_id, customer_id, placed_at, status, currency, is_test)""")
        connection.execute("""create table events.order_lines as select * from (values
            ('1', 10.0, 2.0, 1.0), ('3', 4.0, null, null), ('3', 6.0, 1.0, 0.0), ('4', 99.0, 1.0, 0.0)
        ) t(order_id, price, quantity, discount)""")
        rows = c.people(connection, dt.date(2024, 1, 29))
        assert rows["customer_id"].tolist() == ["ann", "bob", "cid"] and rows["x"].tolist() == [1, 0, 0]
        np.testing.assert_allclose(rows["t_x"], [2, 0, 0])
        np.testing.assert_allclose(rows["T"], [4, 3, 0])
        np.testing.assert_allclose(rows["spent"], [10, 0, 0])
        h = c.summarise(connection, dt.date(2024, 1, 29))
        assert h.once == pytest.approx(2 / 3) and h.spending.mean.tolist() == [10.0]
        connection.execute("update events.orders set currency = 'BRL' where order_id = '5'")
        with pytest.raises(DataError, match="several currencies: BRL, EUR"):
            c.summarise(connection, dt.date(2024, 1, 29))
        with pytest.raises(DataError, match="nobody bought"):
            c.summarise({"customer_id": ["a"], "day": np.array(["2024-01-01"], "datetime64[D]")}, dt.date(2023, 1, 1))


def test_whole_days_do_as_well_as_dates():
    who, day = np.array([7, 7, 9]), np.array([0, 14, 3])
    dated = {"customer_id": who, "day": np.datetime64("2024-01-01") + day, "spent": np.array([1.0, 2.0, 3.0])}
    whole = {"customer_id": who, "day": day, "spent": np.array([1.0, 2.0, 3.0])}
    one, other = c.summarise(dated, dt.date(2024, 1, 22)), c.summarise(whole, 21)
    for name in ("x", "t_x", "T", "persons", "spent"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    with pytest.raises(DataError, match="GW496"):
        c.summarise(whole, 21, unit="fortnight")
