"""Seasons as waves: they turn once a year, are found where the record has two years of them, and are a belief before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearwheel.fit.beliefs import beliefs_of
from gearwheel.fit.evaluate import Evaluator
from gearwheel.fit.filter import Filter
from gearwheel.fit.forecast import ahead, read_gauge, season_blocks
from gearwheel.fit.observations import lay_out
from gearwheel.fit.posterior import Engine, fit
from gearwheel.fit.seasons import BELIEF_SD, START_SD, level, noise_variance, season_of, turned
from gearwheel.fit.trace import trace
from gearwheel.gauges.series import Gauges, Row, Series
from gearwheel.spin.compiled import jax_program
from gearwheel.spin.program import build
from gearwheel.wheel.parts import Belief, Flow, Gauge, Parameter, Stock, Wheel

WEEKS = 3 * 52
ERROR = 0.02


def weekly(**season) -> Wheel:
    return Wheel(
        name="weekly",
        unit="year",
        dt="week",
        stock={"x": Stock("1", "10", ("growing",), noise="0.03")},
        flow={"growing": Flow("1/year", "growth * x")},
        parameter={"growth": Parameter("1/year", belief=Belief(0.0, 0.1, 0.2), because="guess")},
        gauge={"x": Gauge("x", "sum", "log", ERROR, season=52, **season)},
    )


def wave(week):
    """Two harmonics of a year of 52 weeks, in logs."""
    angle = 2 * np.pi * np.asarray(week) / 52
    return 0.15 * np.cos(angle - 1.0) + 0.08 * np.sin(2 * angle)


def record(wheel: Wheel, periods: int, season, seed: int = 1) -> Gauges:
    """A growing level times a season, with measurement error; the wheel's own noise left out."""
    rng, rows = np.random.default_rng(seed), []
    for k in range(periods):
        exact = 10 * np.exp(0.1 * k * wheel.dt) * wheel.dt
        rows.append(
            Row(k * wheel.dt, (k + 1) * wheel.dt, float(exact * np.exp(season(k) + ERROR * rng.standard_normal())))
        )
    return Gauges({"x": Series("x", "1", tuple(rows))})


def filtered(wheel: Wheel, gauges: Gauges):
    """(evaluator, observations, trace at the end) at the centre of the beliefs."""
    observations = lay_out(wheel, gauges, gauges.series["x"].rows[-1].end)
    evaluator = Evaluator(Filter(jax_program(wheel), beliefs_of(wheel), observations, {}))
    u = np.zeros((64, evaluator.model.beliefs.size))
    return evaluator, observations, trace(evaluator, u, observations, [observations.steps], 1)


def coming(wheel: Wheel, evaluator, observations, found, periods: int) -> np.ndarray:
    """Forecast of the next periods, in logs, (periods,)."""
    now = observations.steps * wheel.dt
    parameters = evaluator.model.beliefs.named(np.zeros((64, evaluator.model.beliefs.size)))
    run = ahead(build(wheel), parameters, found.stocks[:, 0], now, periods, 1, {}, noise=False)
    windows = [(now + k * wheel.dt, now + (k + 1) * wheel.dt) for k in range(periods)]
    reading = observations.readings[0]
    blocks = season_blocks(evaluator, reading)
    return read_gauge(reading, run, windows, found.seasons[:, 0], blocks, np.zeros(periods), 1).mean(axis=0)


@given(st.integers(2, 60), st.data())
def test_waves_turn_once_a_year_and_add_up_to_nothing(periods, data):
    harmonics = data.draw(st.integers(1, periods // 2))
    season = season_of("g", periods, harmonics, None, 3)
    start = block = np.random.default_rng(periods).standard_normal((2, season.size))
    levels = []
    for k in range(periods):
        angles = 2 * np.pi * np.arange(1, harmonics + 1) * k / periods
        expected = start[:, 0::2] @ np.cos(angles) + start[:, 1::2] @ np.sin(angles)
        np.testing.assert_allclose(level(season, block), expected, atol=1e-9)
        levels.append(level(season, block))
        block = turned(season, block)
    np.testing.assert_allclose(block, start, atol=1e-9)
    np.testing.assert_allclose(np.sum(levels, axis=0), 0, atol=1e-9)
    assert noise_variance(season).shape == (season.size,)


def test_a_planted_season_of_two_waves_is_found_in_three_years_and_goes_on_in_phase():
    wheel = weekly(harmonics=2)
    evaluator, observations, found = filtered(wheel, record(wheel, WEEKS, wave))
    assert evaluator.model.blocks == (4,) and not observations.seasons[0].on_belief
    states = found.seasons[:, 0]
    season = observations.seasons[0]
    assert level(season, states).mean() == pytest.approx(wave(WEEKS - 1), abs=0.02)
    ahead_ = coming(wheel, evaluator, observations, found, 60)
    weeks = WEEKS + np.arange(60)
    expected = np.log(10 * wheel.dt) + 0.1 * weeks * wheel.dt + wave(weeks)
    assert np.abs(ahead_ - expected).max() < 0.05
    assert np.corrcoef(ahead_[:52] - 0.1 * weeks[:52] * wheel.dt, wave(weeks[:52]))[0, 1] > 0.99


def test_all_waves_of_a_quarterly_season_are_its_four_levels():
    quarterly = np.array([-0.2, -0.05, 0.0, 0.25])
    told = []
    for harmonics in (0, 2):
        wheel = weekly().changed(
            dt=0.25, grid="", gauge={"x": Gauge("x", "sum", "log", ERROR, season=4, harmonics=harmonics)}
        )
        evaluator, observations, found = filtered(wheel, record(wheel, 80, lambda k: quarterly[k % 4]))
        told.append(coming(wheel, evaluator, observations, found, 8))
    levels, waves = told
    assert np.abs(levels - waves).max() < 0.01
    centred = quarterly - quarterly.mean()
    level_ = waves[:4] - 0.1 * 0.25 * np.arange(4)
    assert np.abs(level_ - level_.mean() - centred).max() < 0.03


@pytest.mark.parametrize(
    ("weeks", "given_", "sd", "on_belief"),
    [(103, None, BELIEF_SD, True), (60, 0.05, 0.05, True), (104, 0.05, START_SD, False)],
)
def test_a_season_of_less_than_two_years_is_a_belief(weeks, given_, sd, on_belief):
    wheel = weekly(harmonics=2, season_sd=given_)
    (season,) = lay_out(wheel, record(wheel, weeks, wave), weeks * wheel.dt).seasons
    assert (season.sd, season.on_belief) == (sd, on_belief)


def test_a_split_of_the_same_record_may_put_its_season_on_belief():
    wheel = weekly(harmonics=2)
    whole = record(wheel, 120, wave)
    early = Gauges({"x": replace(whole.series["x"], rows=whole.series["x"].rows[:90])})
    engine = Engine(jax_program(wheel), lay_out(wheel, whole, 120 * wheel.dt))
    for gauges, told in ((whole, []), (early, ["x"])):
        observations = lay_out(wheel, gauges, 120 * wheel.dt, shown=whole)
        assert fit(engine, observations, draws=500, seed=1).diagnostics["seasons_on_belief"] == told
