"""The planted wheel: its strengths come back, its intervals cover, and what was not measured stays a belief."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gearwheel.fit.beliefs import beliefs_of
from gearwheel.fit.observations import lay_out
from gearwheel.fit.posterior import KNOWN_SD, STARTS, Held, fit, from_beliefs
from gearwheel.wheel.errors import FitError
from gearwheel.wheel.rules import check_wheel
from planted import TRUTH, YEARS, cache, changed, engine_of, fit_record, planted_wheel, simulate  # noqa: F401

pytestmark = pytest.mark.usefixtures("cache")


def inside(posterior, truth) -> dict[str, bool]:
    """Parameter → does its 90 % interval hold the truth?"""
    bands = {n: np.quantile(posterior[n], [0.05, 0.95]) for n in posterior.beliefs.names}
    return {n: bool(low <= truth[n] <= high) for n, (low, high) in bands.items()}


def test_the_planted_wheel_keeps_every_rule():
    assert check_wheel(planted_wheel()) == []


@pytest.fixture(scope="module")
def posterior():
    engine = engine_of()
    return fit_record(engine, simulate(engine.wheel, 1))


def test_the_gate_is_passed_and_said(posterior):
    told = posterior.diagnostics
    assert told["gate_passed"] and told["method"] == "laplace+psis"
    assert told["k_hat"] < 0.7 and told["ess_min"] >= 400
    assert told["starts"] == STARTS and 2 <= told["starts_agreeing"] <= STARTS
    assert told["draws"] == posterior.draws == 2000
    assert told["rows"] == 4 * YEARS * 4
    assert told["free_parameters"] == posterior.free.sum()


def test_what_no_gauge_informs_keeps_its_belief(posterior):
    names = posterior.beliefs.names
    assert not posterior.free[names.index("unseen")]
    belief = posterior.wheel.parameter["unseen"].belief
    assert posterior["unseen"].mean() == pytest.approx(belief.centre, abs=4 * belief.sd / np.sqrt(posterior.draws))
    assert posterior["unseen"].std() == pytest.approx(belief.sd, rel=0.1)
    told = np.corrcoef(posterior.u.T)[names.index("unseen")]
    assert np.abs(np.delete(told, names.index("unseen"))).max() < 0.1


def test_parameters_come_whole_and_on_their_own_scale(posterior):
    named = posterior.parameters(7)
    assert set(named) == set(posterior.wheel.parameter)
    assert named["stay"] == 2.0
    np.testing.assert_array_equal(named["pull"], posterior["pull"][:7])
    np.testing.assert_allclose(
        np.log(posterior["unrest"]), np.log(0.04) + posterior.beliefs.sd[-1] * posterior.u[:, -1]
    )


def test_equal_seeds_give_equal_draws_and_others_do_not(posterior):
    engine = engine_of()
    record = simulate(engine.wheel, 1)
    np.testing.assert_array_equal(fit_record(engine, record).u, posterior.u)
    other = fit_record(engine, record, seed=2)
    assert not np.array_equal(other.u, posterior.u)
    for name in ("pull", "comfort", "reach"):  # the same posterior all the same
        assert abs(np.median(other[name]) - np.median(posterior[name])) < 0.2 * posterior[name].std()


def test_strengths_come_back_from_a_few_records():
    engine = engine_of()
    fits = [fit_record(engine, simulate(engine.wheel, seed), draws=500) for seed in range(10, 16)]
    for name in ("pull", "comfort", "reach"):
        off = np.array([np.median(p[name]) for p in fits]) - TRUTH[name]
        width = np.array([p[name].std() for p in fits])
        assert (
            np.abs(off.mean()) < 3 * width.mean() / np.sqrt(len(fits)) + 0.25 * width.mean()
        )  # no bias worth the name
    hits = [inside(p, TRUTH) for p in fits]
    assert sum(sum(h.values()) for h in hits) >= 0.75 * sum(len(h) for h in hits)


@pytest.mark.slow
def test_intervals_cover_as_often_as_they_say():
    """Truths drawn from the beliefs, records from the wheel's own noise: the 90 % interval of an exact posterior holds
    the truth 90 times in 100, and every rank of the truth is equally likely (Talts et al. 2018)."""
    engine, beliefs = engine_of(), beliefs_of(planted_wheel())
    truths = beliefs.draw(40, seed=5)
    ranks = {n: [] for n in beliefs.names}
    for i, u in enumerate(truths):
        truth = {n: float(v) for n, v in zip(beliefs.names, beliefs.natural(u))}
        posterior = fit_record(engine, simulate(engine.wheel, 100 + i, truth), draws=500)
        for n in beliefs.names:
            ranks[n].append(float((posterior[n] < truth[n]).mean()))
    for n, rank in ranks.items():
        rank = np.array(rank)
        covered = ((rank > 0.05) & (rank < 0.95)).mean()
        assert 0.9 - 3.5 * np.sqrt(0.09 / 40) <= covered, (n, covered)
        assert np.abs(rank.mean() - 0.5) < 3.5 * np.sqrt(1 / 12 / 40), (n, rank.mean())
    every = np.concatenate([ranks[n] for n in beliefs.names])
    assert 0.85 <= ((every > 0.05) & (every < 0.95)).mean() <= 0.95


def test_without_data_the_posterior_is_the_belief():
    wheel = planted_wheel()
    told = from_beliefs(wheel, 4000, 3)
    assert not told.free.any() and told.diagnostics["method"] == "beliefs"
    assert told.diagnostics["gate_passed"] and told.traced is None
    for name, belief in ((n, p.belief) for n, p in wheel.parameter.items() if p.belief):
        low, high = np.quantile(told[name], [0.1, 0.9])  # a belief states its 80 % range
        assert low == pytest.approx(belief.low, abs=0.1 * (belief.high - belief.low))
        assert high == pytest.approx(belief.high, abs=0.1 * (belief.high - belief.low))


def test_a_record_that_says_nothing_leaves_every_belief():
    """No row at all is seen: the fit is the belief rather than a crash."""
    engine = engine_of()
    record = simulate(engine.wheel, 1)
    layout = lay_out(engine.wheel, record, YEARS)
    silent = lay_out(engine.wheel, type(record)({}), YEARS, shown=record)
    assert layout.rows == 240 and silent.rows == 0
    told = fit(engine, silent, draws=1000, seed=1)
    assert told.free.sum() == 1 and told.diagnostics["gate_passed"]
    assert np.abs(told.u.mean(axis=0)).max() < 0.2 and np.abs(told.u.std(axis=0) - 1).max() < 0.1


def test_a_record_that_the_wheel_cannot_have_made_is_refused_in_words():
    engine = engine_of()
    record = simulate(engine.wheel, 1)
    odd = changed(record, "price", lambda v: v * np.nan)
    with pytest.raises(FitError, match="no start gives the measured series any likelihood"):
        fit(engine, lay_out(engine.wheel, odd, YEARS), draws=500, seed=1)


def test_held_coordinates_stay_at_the_centre_of_their_belief():
    asked = []
    free = np.array([True, False, True])
    Held(lambda u: asked.append(u) or u, free, 3)(np.array([[1.0, 2.0]]))
    np.testing.assert_array_equal(asked[0], [[1.0, 0.0, 2.0]])
    assert KNOWN_SD < 1  # else everything would be free


def test_a_wheel_without_beliefs_has_nothing_to_fit():
    engine = engine_of()
    bare = SimpleNamespace(
        evaluator=engine.evaluator, wheel=engine.wheel, beliefs=beliefs_of(engine.wheel.changed(parameter={}))
    )
    with pytest.raises(FitError, match="nothing to fit"):
        fit(bare, engine.layout, draws=500, seed=1)
