"""The fall-back sampler agrees with the usual one where both work."""

from __future__ import annotations

import numpy as np
import pytest

from gearwheel.fit.nuts import sample_nuts
from gearwheel.fit.posterior import fit
from wheels_small import engine_of, flywheel, observed, simulate


@pytest.mark.slow
def test_nuts_and_importance_sampling_give_the_same_posterior():
    wheel = flywheel()
    truth = {n: np.full(1, p.centre) for n, p in wheel.parameter.items()}
    engine = engine_of()
    observations = observed(engine, simulate(wheel, truth, 1, seed=3)[0])
    usual = fit(engine, observations, draws=2000, seed=1)
    assert usual.diagnostics["method"] == "laplace+psis"
    free = usual.free
    covariance = np.linalg.inv(usual.mode.information)
    held = type(usual.mode)(usual.mode.u[free], 0.0, usual.mode.information, usual.mode.gradient[: free.sum()], 0)
    told = []
    draws, diagnostics = sample_nuts(
        engine, observations, free, held, covariance, 2000, 1, lambda *said: told.append(said[0])
    )
    assert diagnostics["gate_passed"], diagnostics
    assert diagnostics["divergences"] == 0
    assert "nuts" in told
    sd = usual.u[:, free].std(axis=0)
    apart = np.abs(draws.mean(axis=0) - usual.u[:, free].mean(axis=0)) / sd
    assert apart.max() < 0.2
    np.testing.assert_allclose(draws.std(axis=0), sd, rtol=0.2)
