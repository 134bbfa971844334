"""A shock is learnt from the weeks that it covers, and a forecast knows the ones that are still to come."""

from __future__ import annotations

import numpy as np
import pytest

from gearwheel.fit.forecast import ahead, read_gauge
from gearwheel.fit.observations import lay_out
from gearwheel.fit.posterior import Engine, fit
from gearwheel.fit.trace import trace
from gearwheel.gauges.series import Gauges, Row, Series
from gearwheel.spin.compiled import jax_program
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from test_wheel_shocks import SALE, SHOP, shop

WEEKS, PLANTED = 60, 0.45
COMING = SALE.replace("2018-11-23]", "2018-11-23, 2019-03-04]")  # a Monday in the week after the record


@pytest.fixture(scope="module")
def fitted():
    """(wheel, engine, observations, posterior) of a year with a planted sale."""
    wheel = shop(SHOP + COMING)
    shocks = np.random.default_rng(5).standard_normal((WEEKS, 1, 1))
    run = spin(build(wheel), {"shock.sale": PLANTED, "frequency": 4.2}, WEEKS, shocks=shocks)
    noise = np.random.default_rng(6).standard_normal(WEEKS)
    values = run["orders"][0, :-1] * wheel.dt * np.exp(0.03 * noise)
    rows = tuple(Row(k * wheel.dt, (k + 1) * wheel.dt, float(v)) for k, v in enumerate(values))
    gauges = Gauges({"orders": Series("orders", "order", rows)})
    observations = lay_out(wheel, gauges, WEEKS * wheel.dt)
    engine = Engine(jax_program(wheel), observations)
    return wheel, engine, observations, fit(engine, observations, draws=1000, seed=1)


def test_a_planted_shock_is_found(fitted):
    *_, posterior = fitted
    low, high = np.quantile(posterior["shock.sale"], [0.02, 0.98])
    assert low < PLANTED < high
    assert posterior["shock.sale"].std() < 0.05, "two weeks measured to 3 % say more than the belief, of sd 0.23"


def test_a_forecast_knows_the_shock_to_come(fitted):
    wheel, engine, observations, posterior = fitted
    found = trace(engine.evaluator, posterior.u, observations, [WEEKS], 1)
    now = WEEKS * wheel.dt
    run = ahead(build(wheel), posterior.parameters(), found.stocks[:, 0], now, 3, 1, {})
    windows = [(now + k * wheel.dt, now + (k + 1) * wheel.dt) for k in range(3)]
    drawn = read_gauge(observations.readings[0], run, windows, found.seasons[:, 0], slice(0, 0), np.full(3, 0.03), 1)
    middle = np.median(drawn, axis=0)
    # the record ends on 25 February 2019: one usual week, the sale, one usual week
    assert middle[1] - middle[[0, 2]].mean() == pytest.approx(PLANTED, abs=0.06)
    assert abs(middle[2] - middle[0]) < 0.02
