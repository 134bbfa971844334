"""Evidence as terms of the likelihood: a parameter, or a contrast of two noise-free runs, beside its estimate ± error."""

from __future__ import annotations

from typing import Any

import numpy as np

from gearwheel.fit.beliefs import Beliefs
from gearwheel.spin.levers import history, moved, table
from gearwheel.spin.program import Program, initial, stages
from gearwheel.wheel.evidence import counted
from gearwheel.wheel.parts import Evidence
from gearwheel.wheel.times import elapsed

IMPOSSIBLE = -1e4  # log-likelihood of a contrast that does not exist, such as the logarithm of a loss


class EvidenceTerms:
    """The terms of one wheel, in the order of `names`. Empty where it has no evidence with numbers."""

    def __init__(self, program: Program, beliefs: Beliefs):
        self.program, self.beliefs, self.items = program, beliefs, counted(program.wheel)
        self.names = tuple(self.items)

    def __len__(self) -> int:
        return len(self.names)

    def data(self, known: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(estimate, sd, seen), each (E,), of what was known at time `known`: what had ended by then.

        Evidence that does not say when it ended is known only to a fit of everything, `known` infinite.
        """
        wheel = self.program.wheel
        ends = [np.inf if e.ends is None else elapsed(e.ends, wheel) for e in self.items.values()]
        return (
            np.array([e.estimate for e in self.items.values()]),
            np.array([e.sd for e in self.items.values()]),
            np.array([np.isinf(known) or end <= known + 1e-9 for end in ends], dtype=bool),
        )

    def predicted(self, u) -> Any:
        """What each term should read at whitened coordinates u (size,); (E,), not finite where it does not exist."""
        import jax.numpy as jnp

        parameters = self.beliefs.named(u, jnp)
        return jnp.stack(
            [jnp.asarray(parameters[e.of] if e.of else self._contrast(parameters, e)) for e in self.items.values()]
        )

    def run(self, u, data) -> tuple:
        """(log-likelihood, standardised residual, log variance), each (E,), 0 where a term is not seen."""
        import jax.numpy as jnp

        estimate, sd, seen = data
        predicted = self.predicted(u)
        there = jnp.isfinite(predicted)
        residual = jnp.where(seen & there, (estimate - jnp.where(there, predicted, 0.0)) / sd, 0.0)
        logged = jnp.where(seen, 2 * jnp.log(sd), 0.0)
        gained = jnp.where(seen, -0.5 * (residual**2 + logged + jnp.log(2 * jnp.pi)), 0.0)
        return gained + jnp.where(seen & ~there, IMPOSSIBLE, 0.0), residual, logged

    def _contrast(self, parameters: dict, evidence: Evidence):
        """Mean of the metric over the window, treated against control. Both runs start with the wheel, follow the
        levers' history, and differ from `starts` on in the one lever."""
        import jax
        import jax.numpy as jnp

        program, wheel = self.program, self.program.wheel
        first, last = (round(elapsed(day, wheel) / wheel.dt) for day in (evidence.starts, evidence.ends))
        times = wheel.dt * np.arange(last)
        levers = {n: np.repeat(v[:, None], 2, axis=1) for n, v in table(history(wheel), times).items()}
        lever = wheel.lever[evidence.lever].of
        levers.setdefault(lever, np.full((last, 2), np.nan))[first:] = [evidence.control, evidence.treated]
        begin = initial(program, moved(jnp, parameters, {n: v[0] for n, v in levers.items()}), 0.0)

        def one(carry, inputs):
            state, total = carry
            time, at_levers, counts = inputs
            following, weighted = stages(program, state, moved(jnp, parameters, at_levers), time)
            mean = sum(w * values[evidence.metric] for w, values in weighted)
            return (following, total + counts * mean), None

        inputs = (
            jnp.asarray(times),
            {n: jnp.asarray(v) for n, v in levers.items()},
            jnp.asarray(times >= times[first]),
        )
        state = jnp.broadcast_to(begin, (2, len(program.stocks)))
        (_, total), _ = jax.lax.scan(one, (state, jnp.zeros(2)), inputs)
        mean = total / (last - first)
        if evidence.scale == "abs":
            return mean[1] - mean[0]
        exists = (mean > 0).all()
        logged = jnp.log(jnp.where(exists, mean, 1.0))  # no infinite slope in the branch not chosen
        return jnp.where(exists, logged[1] - logged[0], jnp.nan)
