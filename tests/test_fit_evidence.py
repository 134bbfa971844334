"""Evidence beside the record: a known posterior where it is all there is, the same contrast as two runs, a strength
that only an experiment can tell, and nothing of it before it had ended."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from gearwheel.fit.evidence import EvidenceTerms
from gearwheel.fit.nuts import sample_nuts
from gearwheel.fit.observations import lay_out
from gearwheel.fit.posterior import Engine, Posterior, fit
from gearwheel.fit.verdicts import verdicts
from gearwheel.gauges.series import Gauges
from gearwheel.run.fitting import fit_wheel
from gearwheel.spin.compiled import jax_program
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.evidence import counted, left_out, with_facts
from gearwheel.wheel.parts import Evidence, Wheel
from gearwheel.wheel.times import elapsed
from planted import TRUTH, YEARS, planted_wheel, simulate

TRIAL = """
[evidence.trial]
lever = "markup"
control = 1.0
treated = 1.2
starts = 2008-01-01
ends = 2009-01-01
metric = "joining"
estimate = ESTIMATE
error = 0.02
because = "prices by region"

[gauge.price]"""
# costs that hardly move: the record then says little about price
STILL = (
    "y = [1, 1.35, 0.75, 1.3, 0.8, 1.25, 0.7, 1.2, 0.85, 1.1]",
    "y = [1, 1.04, 0.97, 1.03, 0.98, 1.03, 0.97, 1.02, 0.98, 1.01]",
)


def contrast_by_hand(wheel: Wheel, evidence: Evidence, parameters) -> float:
    """Two runs of the wheel by the other engine, with the lever's setting as its path."""
    program, means = build(wheel), []
    first, last = (round(elapsed(day, wheel) / wheel.dt) for day in (evidence.starts, evidence.ends))
    for setting in (evidence.control, evidence.treated):
        paths = {wheel.lever[evidence.lever].of: [(first * wheel.dt, setting)]}
        run = spin(program, parameters, last, paths=paths)[evidence.metric][0]
        means.append(run[first:last].mean())
    return float(np.log(means[1] / means[0]) if evidence.scale == "log" else means[1] - means[0])


@lru_cache
def trial(estimate: float = 0.0) -> Wheel:
    return planted_wheel(STILL, ("\n[gauge.price]", TRIAL.replace("ESTIMATE", repr(estimate))))


@lru_cache
def fitted(with_trial: bool) -> tuple[Engine, Posterior]:
    """A fit of one record of the wheel with still costs, with and without its true trial."""
    wheel = trial()
    true = contrast_by_hand(wheel, wheel.evidence["trial"], TRUTH)
    wheel = trial(true) if with_trial else trial(true).changed(evidence={})
    observations = lay_out(wheel, simulate(wheel, 3), YEARS)
    engine = Engine(jax_program(wheel), observations)
    return engine, fit(engine, observations, draws=2000, seed=1)


def nothing_measured(wheel: Wheel) -> tuple[Engine, Posterior]:
    observations = lay_out(wheel, Gauges(), 1.0)
    engine = Engine(jax_program(wheel), observations)
    return engine, fit(engine, observations, draws=4000, seed=2)


@pytest.mark.parametrize(("design", "sd"), [("experiment", 0.2), ("observational", 0.4)])
def test_alone_with_a_belief_the_posterior_is_the_product_of_two_normals(design, sd):
    evidence = Evidence(of="pull", estimate=-1.3, error=0.2, design=design)
    wheel = planted_wheel().changed(evidence={"survey": evidence})
    belief = wheel.parameter["pull"].belief
    _, posterior = nothing_measured(wheel)
    precision = belief.sd**-2 + sd**-2
    mean = (belief.centre * belief.sd**-2 - 1.3 * sd**-2) / precision
    assert posterior["pull"].mean() == pytest.approx(mean, abs=0.01)
    assert posterior["pull"].std() == pytest.approx(precision**-0.5, rel=0.05)
    found = posterior.diagnostics["evidence"]["survey"]
    assert (found["estimate"], found["error"]) == (-1.3, sd)
    assert found["median"] == pytest.approx(mean, abs=0.03)
    assert abs(posterior["range"].mean() - 0.3) < 0.03, "of other parameters it says nothing"


def test_a_wheel_without_a_record_is_fitted_to_its_evidence():
    wheel = planted_wheel().changed(measured="", evidence={"survey": Evidence(of="pull", estimate=-1.3, error=0.1)})
    posterior = fit_wheel(wheel, draws=2000)
    assert posterior["pull"].std() < 0.11 and posterior.traced is None
    assert posterior.verdicts["pull"].verdict == "turns"
    assert fit_wheel(wheel.changed(evidence={}), draws=2000).diagnostics["method"] == "beliefs"


def test_two_pieces_of_evidence_weigh_as_their_precisions():
    pieces = {
        "one": Evidence(of="pull", estimate=-1.0, error=0.1),
        "two": Evidence(of="pull", estimate=-0.4, error=0.2),
    }
    _, posterior = nothing_measured(planted_wheel().changed(evidence=pieces))
    belief = planted_wheel().parameter["pull"].belief
    precisions = np.array([belief.sd, 0.1, 0.2]) ** -2
    assert posterior["pull"].mean() == pytest.approx(precisions @ [-0.7, -1.0, -0.4] / precisions.sum(), abs=0.01)


@pytest.mark.parametrize("scale", ["log", "abs"])
def test_a_contrast_is_the_difference_of_two_runs(scale):
    wheel = trial()
    evidence = replace(wheel.evidence["trial"], scale=scale)
    wheel = wheel.changed(evidence={"trial": evidence})
    program = jax_program(wheel)
    engine_terms = EvidenceTerms(program, Engine(program, lay_out(wheel, Gauges(), 1.0)).beliefs)
    for u in np.random.default_rng(1).standard_normal((3, engine_terms.beliefs.size)):
        expected = contrast_by_hand(wheel, evidence, engine_terms.beliefs.named(u))
        assert float(engine_terms.predicted(u)[0]) == pytest.approx(expected, rel=1e-9)


def test_an_experiment_tells_what_a_record_of_still_prices_cannot():
    (_, without), (_, with_trial) = fitted(False), fitted(True)
    low, high = np.quantile(with_trial["pull"], [0.02, 0.98])
    assert low < TRUTH["pull"] < high
    assert without["pull"].std() > 2 * with_trial["pull"].std(), "removing the experiment widens"


# costs that fall all the time and little noise: price and selection grow together, as in evidence on growing firms
GROWTH = (
    (STILL[0], "y = [1, 0.95, 0.90, 0.84, 0.79, 0.75, 0.69, 0.65, 0.61, 0.55]"),
    ('noise = "0.04"\n[stock.price]', 'noise = "0.01"\n[stock.price]'),
)


@pytest.mark.slow
def test_a_price_experiment_parts_price_from_selection():
    text = TRIAL.replace("error = 0.02", "error = 0.005")
    wheel = planted_wheel(*GROWTH, ("\n[gauge.price]", text.replace("ESTIMATE", "0.0")))
    true = contrast_by_hand(wheel, wheel.evidence["trial"], TRUTH)
    gauges, told = simulate(wheel, 3), []
    for evidence in ({}, {"trial": replace(wheel.evidence["trial"], estimate=true)}):
        observations = lay_out(wheel, gauges, YEARS)
        engine = Engine(jax_program(wheel.changed(evidence=evidence)), observations)
        posterior = fit(engine, observations, draws=2000, seed=1)
        told.append((np.corrcoef(posterior["pull"], posterior["range"])[0, 1], posterior))
    (tied, without), (parted, with_trial) = told
    assert tied > 0.85 and parted < tied - 0.2
    assert with_trial["pull"].std() < 0.5 * without["pull"].std()
    assert with_trial["range"].std() < 0.8 * without["range"].std(), "what price does not explain, selection must"
    assert abs(with_trial["pull"].mean() - TRUTH["pull"]) < 2.5 * with_trial["pull"].std()
    assert abs(with_trial["range"].mean() - TRUTH["range"]) < 2.5 * with_trial["range"].std()


def test_the_experiment_turns_the_verdict():
    (engine, without), (experimented, with_trial) = fitted(False), fitted(True)
    assert verdicts(engine, without)["pull"].verdict == "the data cannot tell"
    judged = verdicts(experimented, with_trial)["pull"]
    assert judged.verdict == "turns" and judged.profile_gain > 1.35


@pytest.mark.slow
def test_nuts_and_importance_draws_agree_under_evidence():
    engine, posterior = nothing_measured(trial(-0.1))
    free, observations = posterior.free, posterior.observations
    mode = replace(posterior.mode, u=posterior.mode.u[free])
    covariance = np.linalg.inv(mode.information)
    drawn, told = sample_nuts(engine, observations, free, mode, covariance, 1600, 3, lambda *_: None)
    assert told["gate_passed"]
    assert np.allclose(drawn.mean(axis=0), posterior.u[:, free].mean(axis=0), atol=0.12)
    assert np.allclose(drawn.std(axis=0), posterior.u[:, free].std(axis=0), rtol=0.15, atol=0.02)


def test_before_it_had_ended_evidence_is_not_known():
    wheel = trial().changed(
        evidence={**trial().evidence, "survey": Evidence(of="pull", estimate=-1.0, error=0.2, because="a survey")}
    )
    engine = Engine(jax_program(wheel), lay_out(wheel, Gauges(), 1.0))
    assert [engine.evaluator.evidence.data(t)[2].tolist() for t in (3.9, 4.0, np.inf)] == [
        [False, False],
        [True, False],
        [True, True],
    ]
    early = fit(engine, lay_out(wheel, Gauges(), 1.0, known=3.9), draws=500, seed=1)
    assert early.diagnostics["evidence"] == {}
    assert early.diagnostics["evidence_left_out"] == {"trial": "it had not ended", "survey": "it had not ended"}


def test_facts_fill_the_evidence_that_names_them():
    named = Evidence(of="pull", fact="price_cut", design="observational", widen=3, because="orders")
    wheel = planted_wheel().changed(evidence={"own": named, "other": replace(named, fact="unseen")})
    assert (counted(wheel), set(left_out(wheel))) == ({}, {"own", "other"})
    filled = with_facts(wheel, {"price_cut": (-0.9, 0.1), "unknown": (1, 1)})
    assert set(counted(filled)) == {"own"}
    assert filled.evidence["own"].estimate == -0.9 and filled.evidence["own"].sd == pytest.approx(0.3)
    assert left_out(filled) == {"other": "'unseen' was not measured"}
    _, posterior = nothing_measured(filled)
    assert posterior.diagnostics["evidence_left_out"] == {"other": "'unseen' was not measured"}
    for bad in ((np.nan, 0.1), (0.1, 0.0), (0.1, np.inf)):
        with pytest.raises(ValueError, match="price_cut"):
            with_facts(wheel, {"price_cut": bad})
