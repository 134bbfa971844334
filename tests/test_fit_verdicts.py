"""Verdicts: planted truths are found, none is read off the belief, and shuffling a gauge takes its "turns" away."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import pytest

from gearwheel.fit.beliefs import Beliefs
from gearwheel.fit.verdicts import (
    BOTH,
    LEANS,
    LEAST_CONTRACTION,
    LEAST_PROFILE_GAIN,
    TINY,
    UNMOVED,
    contraction,
    judge,
    verdicts,
)
from gearwheel.run.parts import narrowed
from gearwheel.show import words_verdicts
from gearwheel.wheel.parts import Belief, Link, Parameter
from planted import believing, cache, changed, engine_of, fit_record, planted_wheel, simulate  # noqa: F401

pytestmark = pytest.mark.usefixtures("cache")
TURNS, OTHER, NOT, OPEN = "turns", "turns the other way", "does not turn here", "the data cannot tell"
SEEDS = (1, 2, 4, 5)


@lru_cache(maxsize=16)
def judged(seed: int, *changes):
    engine = engine_of(*changes)
    return verdicts(engine, fit_record(engine, simulate(planted_wheel(), seed)))


# ---- planted truths


def test_a_strong_planted_link_turns():
    for seed in SEEDS:
        verdict = judged(seed)["pull"]
        assert verdict.verdict == TURNS and verdict.profile_gain > 5 and verdict.contraction > 0.5


def test_what_no_gauge_informs_cannot_be_told():
    for seed in SEEDS:
        verdict = judged(seed)["unseen"]
        assert (verdict.verdict, verdict.contraction, verdict.profile_gain) == (OPEN, 0.0, None)
        assert verdict.correlated_with is None


def test_a_well_measured_link_without_effect_does_not_turn_here():
    assert [judged(seed)["comfort"].verdict for seed in SEEDS] == [NOT] * len(SEEDS)


def test_a_link_planted_against_the_claim_turns_the_other_way():
    backward = believing("pull", low=0.0, centre=0.7, high=1.4)  # the truth is -1.2
    assert judged(1, backward)["pull"].verdict == OTHER


# ---- not read off the belief


@pytest.mark.parametrize("link", ["pull", "reach"])
def test_the_profile_gain_does_not_know_the_belief_about_its_own_link(link):
    belief = planted_wheel().parameter[link].belief
    moved = {k: round(getattr(belief, k) + belief.sd, 6) for k in ("low", "centre", "high")}
    verdict, before = judged(1, believing(link, **moved))[link], judged(1)[link]
    assert verdict.profile_gain == pytest.approx(before.profile_gain, abs=0.15)
    assert verdict.verdict == before.verdict == TURNS


def test_a_sure_belief_is_no_verdict():
    """Beliefs that exclude the neutral value beforehand: without data about a link nothing turns."""
    sure = believing("unseen", low=0.45, centre=0.5, high=0.55)
    assert judged(1, sure)["unseen"].verdict == OPEN


RESTLESS = (  # a price that wanders by itself: only its gauge knows where it is
    ("y = [1, 1.35, 0.75, 1.3, 0.8, 1.25, 0.7, 1.2, 0.85, 1.1]", "y = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"),
    ('noise = "0.02"', 'noise = "0.3"'),
    ("value = 0.5\n", "value = 1\n"),
)


@pytest.mark.parametrize("shuffled", [("price",), ("customers", "sales")], ids=["the cause", "the effect"])
def test_shuffling_a_gauge_in_time_takes_turns_away(shuffled):
    engine = engine_of(*RESTLESS)
    for seed in SEEDS:
        record = simulate(engine.wheel, seed)
        assert verdicts(engine, fit_record(engine, record))["pull"].verdict == TURNS
        order = np.random.default_rng(seed).permutation(60)
        for name in shuffled:
            record = changed(record, name, lambda v, order=order: v[order])
        verdict = verdicts(engine, fit_record(engine, record))["pull"]
        assert verdict.verdict == OPEN and (verdict.profile_gain or 0.0) < LEAST_PROFILE_GAIN


# ---- the rules, on draws made by hand

WIDE = Belief(-1.2815515655446004, 0.0, 1.2815515655446004)  # a standard Normal


def posterior_of(mean: float, sd: float, claimed: float = 0.5, free: bool = True):
    """Draws of one strength with exactly this mean and sd, and another parameter that goes with it."""
    z = np.linspace(-3, 3, 4001)
    z = np.repeat(z, np.round(1000 * np.exp(-(z**2) / 2)).astype(int))
    z = (z - z.mean()) / z.std()
    beliefs = Beliefs(("s", "other"), np.zeros(2), np.ones(2), np.zeros(2, bool), {})
    u = np.column_stack([mean + sd * z, -z])
    belief = Belief(WIDE.low + claimed, claimed, WIDE.high + claimed)

    class Drawn(SimpleNamespace):
        def __getitem__(self, name):
            return self.u[:, self.beliefs.names.index(name)]

    wheel = SimpleNamespace(parameter={"s": Parameter("1", belief=belief)})
    return Drawn(wheel=wheel, beliefs=beliefs, u=u, free=np.array([free, True]))


@pytest.mark.parametrize(
    ("mean", "sd", "gain", "link", "verdict"),
    [
        (0.8, 0.2, 9.0, {}, TURNS),
        (-0.8, 0.2, 9.0, {}, OTHER),
        (-0.8, 0.2, 9.0, {"polarity": "open"}, TURNS),
        (0.8, 0.2, 1.34, {}, OPEN),  # the likelihood does not gain enough
        (0.8, 0.2, LEAST_PROFILE_GAIN, {}, TURNS),
        (0.3, 0.2, 9.0, {}, OPEN),  # the interval holds the neutral value
        (2.5, 0.9, 9.0, {}, OPEN),  # the data have hardly narrowed it: the belief speaks
        (0.0, 0.05, 9.0, {"no_effect_band": 0.1}, NOT),
        (0.05, 0.01, 9.0, {"no_effect_band": 0.1}, NOT),  # surely not neutral, surely of no consequence: the first rule
        (0.05, 0.01, 9.0, {"no_effect_band": 0.0}, TURNS),
        (0.0, 0.05, 9.0, {"no_effect_band": 0.05}, OPEN),
        (0.0, 0.84, 9.0, {"no_effect_band": 5.0}, OPEN),  # contraction 0.2944: a wide band alone proves nothing
        (1.0, 0.05, 9.0, {"neutral": 1.0, "no_effect_band": 0.1}, NOT),  # a multiplier
        (0.8, 0.05, 9.0, {"neutral": 1.0}, TURNS),  # … claimed to be below 1
    ],
)
def test_the_rules(mean, sd, gain, link, verdict):
    link = Link("a", "b", **{"polarity": "+", "strength": "s", **link})
    assert judge(link, posterior_of(mean, sd), lambda: gain).verdict == verdict


@pytest.mark.parametrize(
    ("mean", "sd", "gain", "link", "detail"),
    [
        (2.5, 0.9, 9.0, {"no_effect_band": 0.1}, UNMOVED),
        (0.0, 0.84, 9.0, {"no_effect_band": 5.0}, UNMOVED),
        (-0.8, 0.4, 1.0, {"no_effect_band": 0.1}, TINY),  # leans the other way, and at most tiny as claimed
        (-0.2, 0.15, 9.0, {"no_effect_band": 0.1}, TINY),
        (-0.2, 0.15, 9.0, {"no_effect_band": 0.0}, BOTH),  # no band, so nothing is tiny
        (-0.2, 0.15, 9.0, {"no_effect_band": 0.1, "polarity": "open"}, BOTH),  # no direction was claimed
        (0.2, 0.15, 9.0, {"no_effect_band": 0.1}, BOTH),
        (0.8, 0.2, 1.34, {"no_effect_band": 0.1}, LEANS),
        (0.8, 0.2, 9.0, {"no_effect_band": 0.1}, ""),
        (0.0, 0.05, 9.0, {"no_effect_band": 0.1}, ""),
    ],
)
def test_what_lies_behind_the_data_cannot_tell(mean, sd, gain, link, detail):
    found = judge(Link("a", "b", **{"polarity": "+", "strength": "s", **link}), posterior_of(mean, sd), lambda: gain)
    assert found.detail == detail and (found.verdict == OPEN) == bool(detail)
    # the same seen in a mirror: a belief below the neutral value
    mirrored = judge(
        Link(
            "a",
            "b",
            **{"polarity": "-", "strength": "s", **link, **({"polarity": "open"} if link.get("polarity") else {})},
        ),
        posterior_of(-mean, sd, claimed=-0.5),
        lambda: gain,
    )
    assert (mirrored.detail, mirrored.verdict) == (found.detail, found.verdict)


def test_the_words_of_the_rule_are_the_rule_s_numbers():
    assert pytest.approx(narrowed(LEAST_CONTRACTION)) == words_verdicts.LEAST_NARROWED
    assert pytest.approx(np.exp(LEAST_PROFILE_GAIN)) == words_verdicts.LEAST_LIKELIER
    told = (
        words_verdicts.AT_MOST_TINY,
        words_verdicts.LEANS,
        words_verdicts.EFFECT_OR_NONE,
        words_verdicts.HARDLY_NARROWED,
    )
    assert told == (TINY, LEANS, BOTH, UNMOVED)


def test_the_width_removed_is_that_of_the_draws():
    told = posterior_of(0.8, 0.5)
    assert narrowed(contraction(told, "s")) == pytest.approx(1 - 0.5)
    assert narrowed(contraction(posterior_of(0.8, 1.2), "s")) == pytest.approx(1 - 1.2)


def test_the_profile_is_asked_only_where_it_decides():
    def never():
        raise AssertionError("a profile costs a fit")

    for mean, sd, band in ((0.0, 0.05, 0.1), (0.1, 0.2, 0.0), (3.0, 0.95, 0.0)):
        judge(Link("a", "b", "+", "s", no_effect_band=band), posterior_of(mean, sd), never)


def test_without_data_every_link_is_open():
    verdict = judge(Link("a", "b", "+", "s", no_effect_band=0.5), posterior_of(2.0, 0.1, free=False), None)
    assert (verdict.verdict, verdict.contraction) == (OPEN, 0.0)


def test_contraction_and_the_strongest_correlation():
    told = posterior_of(0.8, 0.5)
    assert contraction(told, "s") == pytest.approx(0.75)
    name, r = judge(Link("a", "b", "+", "s"), told, lambda: 9.0).correlated_with
    assert (name, r) == ("other", pytest.approx(-1.0))
