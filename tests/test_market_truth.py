"""The truth of a market is measured: it is zero where zero was planted, has the sign planted, and experiments agree."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from gearwheel.market.settings import STRENGTHS, Market
from gearwheel.market.spin import spin
from gearwheel.market.tables import WORDS
from gearwheel.market.trials import Experiment
from gearwheel.market.truth import LINKS, Probe, truth

BASE = Market(
    customers=4000, population=80_000, joining=8.0, sellers=100, entry=0.4, own_offers=200, products=800,
    frequency=0.05, satisfaction_on_orders=0.3, habit_on_orders=0.3, price_on_joining=-0.5, sellers_on_price=-0.1, late_hurt=0.0,
)  # fmt: skip
STILL = replace(BASE, **dict.fromkeys(STRENGTHS, 0.0))
LEVERS = {"price": [(0, 1.0), (40, 1.1)], "delivery": [(0, 4.0), (60, 5.5)]}
WEAKENED = {"habit_on_orders", "members_on_orders"}  # half a habit; the share of members is small


@lru_cache(maxsize=4)
def measured(settings: Market):
    return truth(settings, 100, 1, levers=LEVERS)


def test_every_link_planted_zero_is_measured_zero():
    for name, found in measured(STILL).items():
        assert abs(found.value) <= 3 * found.se + 1e-9, name


@pytest.mark.parametrize("link", LINKS)
def test_a_planted_link_has_its_sign_and_about_its_strength(link):
    planted, found = getattr(BASE, link), measured(BASE)[link]
    assert np.sign(found.value) == np.sign(planted)
    assert abs(found.value) > 3 * found.se
    if link not in WEAKENED:
        assert found.value == pytest.approx(planted, rel=0.15, abs=3 * found.se)


def test_a_stronger_link_is_measured_stronger():
    strong = truth(replace(BASE, price_on_orders=-2.5, delivery_on_satisfaction=-0.4), 60, 1, levers=LEVERS)
    assert strong["price_on_orders"].value < measured(BASE)["price_on_orders"].value - 0.7
    assert strong["delivery_on_satisfaction"].value < measured(BASE)["delivery_on_satisfaction"].value - 0.15


def test_truths_are_measured_because_they_are_not_what_was_planted():
    """A score of five cannot be bettered, and a broken promise hurts beyond the days."""
    (link,) = ["delivery_on_satisfaction"]
    bounded = truth(replace(BASE, score=4.8, score_noise=0.9), 60, 1, links=[link])[link]
    assert BASE.delivery_on_satisfaction * 0.8 < bounded.value < 0
    broken = truth(replace(BASE, late_hurt=1.0, promise=5.0, delivery_on_satisfaction=0.0), 60, 1, links=[link])[link]
    assert broken.value < -0.02


def test_a_market_that_is_watched_spins_as_if_nobody_watched():
    probe = Probe(every=7)
    watched = spin(BASE, 100, 1, levers=LEVERS, watch=probe.see)
    alone = spin(BASE, 100, 1, levers=LEVERS)
    for name, table in alone.tables.items():
        for column, values in table.items():
            np.testing.assert_array_equal(values, watched.tables[name][column], err_msg=f"{name}.{column}")
    assert probe.strengths() == measured(BASE)


@lru_cache(maxsize=1)
def long_run():
    return spin(BASE, 200, 1, levers=LEVERS)


@pytest.mark.parametrize("number", ["orders", "left", "joined", "entered", "exited", "listed", "enrolled"])
def test_the_numbers_to_be_expected_are_those_that_come(number):
    daily = long_run().daily
    came = daily["repeats" if number == "orders" else number].sum()
    assert came > 50
    assert abs(came - daily[f"expected_{number}"].sum()) < 4 * came**0.5


def test_links_measured_together_are_those_measured_alone():
    for link in ("price_on_orders", "satisfaction_on_leaving", "traffic_on_entry"):
        alone = truth(BASE, 100, 1, levers=LEVERS, links=[link])[link]
        assert alone == measured(BASE)[link], link


def test_whole_reruns_agree_where_there_is_no_feedback():
    """Orders counted one by one in two markets that differ in nothing but what customers see of the price."""
    settings = replace(STILL, price_on_orders=-1.5)
    up, down = (spin(settings, 100, 1, shift={"price_on_orders": move}).daily["repeats"].sum() for move in (0.1, -0.1))
    one_by_one = np.log(up / down) / 0.2
    # the two differ by about 30 % of the orders, each of them by chance or not: a Poisson count
    assert one_by_one == pytest.approx(
        truth(settings, 100, 1)["price_on_orders"].value, abs=3 * 0.3**0.5 / (0.2 * down**0.5)
    )


@pytest.mark.parametrize(
    ("experiment", "link"),
    [
        (Experiment("cheaper", "price", 0.9, 20, 90), "price_on_orders"),
        (Experiment("half the range", "selection", 0.5, 20, 90), "selection_on_orders"),
        (Experiment("a day faster", "delivery", 0.8, 20, 90), "delivery_on_satisfaction"),
    ],
)
def test_an_experiment_agrees_with_the_truth_within_its_error(experiment, link):
    settings = replace(STILL, customers=12_000, population=240_000, **{link: getattr(BASE, link)})
    table = spin(settings, 100, 1, experiments=[experiment]).tables["experiments"]
    (effect,), (se,) = table["effect"], table["se"]
    expected = truth(settings, 90, 1, links=[link], begin=20)[link].value * np.log(experiment.factor)
    assert 0 < se < 0.06 and abs(effect - expected) < 3 * se
    assert table["design"][0] == "experiment" and table["share_exposed"][0] == 0.5


def test_the_error_of_an_experiment_is_that_of_its_repetitions():
    """Twenty-four markets without any effect: effects over errors are standard Normal."""
    quiet = replace(STILL, customers=2000, population=40_000)
    trial = [Experiment("nothing", "price", 0.9, 5, 25)]
    tables = [spin(quiet, 25, seed, experiments=trial).tables["experiments"] for seed in range(24)]
    z = np.array([t["effect"][0] / t["se"][0] for t in tables])
    assert abs(z.mean()) < 3 / np.sqrt(24)
    assert 24 * z.std() ** 2 == pytest.approx(24, abs=3 * np.sqrt(48))


def test_members_differ_before_they_are_members():
    """The trap: members order more often than others even where membership does nothing."""
    settings = replace(STILL, enrolling=0.05, selectivity=1.0, frequency_spread=0.8)
    run = spin(settings, 120, 1)
    t = run.tables
    member = np.isin(t["orders"]["customer_id"], t["memberships"]["customer_id"])
    early = t["orders"]["placed_at"] < np.datetime64("2023-02-01")
    people = len(np.unique(t["memberships"]["customer_id"]))
    of_members = (member & early).sum() / people
    of_others = (~member & early).sum() / (settings.customers - people)
    assert of_members > 1.3 * of_others
    assert truth(settings, 120, 1, links=["members_on_orders"])["members_on_orders"].value == 0.0


def test_a_link_that_is_not_there_cannot_be_measured():
    with pytest.raises(ValueError, match="no link 'price'"):
        truth(BASE, 10, 1, links=["price"])


@pytest.mark.parametrize("promise", [1.0, 90.0])
def test_reviews_speak_of_what_happened(promise):
    table = spin(replace(BASE, promise=promise, customers=2000), 40, 1).tables["reviews"]
    of_lateness = np.array(["late" in words or "longer" in words for words in WORDS["review"]])[table["text"]]
    assert of_lateness.sum() > 20 if promise < 2 else not of_lateness.any()
    assert table["score"][of_lateness].max(initial=1) <= 3
