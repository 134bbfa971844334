"""NUTS in whitened coordinates, for posteriors that importance sampling cannot reach. Slower: it compiles the
gradient of the filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gearwheel.fit.importance import LEAST_ESS
from gearwheel.fit.mode import Mode
from gearwheel.fit.observations import Observations
from gearwheel.spin.compiled import jax_ready

CHAINS = 4
R_HAT = 1.01


def sample_nuts(
    engine: Any,
    observations: Observations,
    free: np.ndarray,
    mode: Mode,
    covariance: np.ndarray,
    draws: int,
    seed: int,
    progress: Callable[[str, int, int, str], None],
) -> tuple[np.ndarray, dict]:
    """Draws (draws, free) and diagnostics. Coordinates are whitened by the Laplace covariance at the mode."""
    jax = jax_ready()
    import jax.numpy as jnp
    from numpyro.diagnostics import effective_sample_size, split_gelman_rubin
    from numpyro.infer import MCMC, NUTS

    evaluator, data = engine.evaluator, engine.evaluator.data(observations)
    root, where, size = np.linalg.cholesky(covariance), np.flatnonzero(free), engine.beliefs.size

    def potential(white):
        v = mode.u + root @ white
        u = jnp.zeros(size).at[where].set(v)
        return 0.5 * (v**2).sum() - evaluator.log_likelihood(u, data)

    progress("nuts", 0, 1, "the importance-sampling gate failed; compiling the gradient")
    kernel = NUTS(potential_fn=potential, dense_mass=False, target_accept_prob=0.85)
    mcmc = MCMC(
        kernel,
        num_warmup=300,
        num_samples=-(-draws // CHAINS),
        num_chains=CHAINS,
        chain_method="vectorized",
        progress_bar=False,
    )
    begin = np.random.default_rng(seed).standard_normal((CHAINS, len(where)))
    mcmc.run(jax.random.PRNGKey(seed), init_params=jnp.asarray(begin), extra_fields=("diverging",))
    chains = np.asarray(mcmc.get_samples(group_by_chain=True))
    r_hat = float(np.max(split_gelman_rubin(chains)))
    ess = float(np.min(effective_sample_size(chains)))
    diagnostics = {
        "method": "nuts",
        "gate_passed": r_hat < R_HAT and ess >= LEAST_ESS,
        "r_hat_max": r_hat,
        "ess_min": ess,
        "divergences": int(np.asarray(mcmc.get_extra_fields()["diverging"]).sum()),
    }
    return (mode.u + chains.reshape(-1, len(where)) @ root.T)[:draws], diagnostics
