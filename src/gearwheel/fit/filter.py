"""The extended Kalman filter through the same `step`: log-likelihood of the gauges, and the filtered states.

State z = [stocks on their own scale (log where positive), running sums, seasons]. Process noise enters the stocks
after each step, with variance sd²·dt; observation noise is each row's error. Sums start anew as the rows' periods
do, so that an annual figure is compared with a year's flow and not with an instant. Particle filter and finite
differences check it in the tests. Sources: Särkkä 2013, *Bayesian Filtering and Smoothing*, algorithm 5.4 (EKF);
Harvey 1989, section 2.3.4 (seasonals).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gearwheel.fit.beliefs import Beliefs
from gearwheel.fit.observations import Observations
from gearwheel.fit.seasons import level, noise_variance, turned
from gearwheel.spin.levers import Path, moved, table
from gearwheel.spin.program import Program, initial, stages, values_at
from gearwheel.spin.run import noise_sd

IMPOSSIBLE = -1e4
LEAST_SHARE = 0.02  # a positive stock keeps at least about this share of itself in one step
LEAST = 1e-100  # where a positive stock starts at least: zero has no logarithm


@dataclass(frozen=True)
class Data:
    """The arrays of `Observations` that enter the compiled function as arguments."""

    value: Any
    error: Any
    seen: Any
    bound: Any
    length: Any
    seasonal: Any
    track: Any
    season_sd: Any

    @staticmethod
    def of(observations: Observations) -> tuple:
        o = observations
        sds = np.array([s.sd for s in o.seasons for _ in range(s.size)])
        return (o.value, o.error, o.seen, o.bound, o.length, o.seasonal, o.track, sds)


class Filter:
    """Compiles once for a layout of gauges; data come as arguments, so that splits share the compilation."""

    def __init__(self, program: Program, beliefs: Beliefs, observations: Observations, paths: Mapping[str, Path]):
        self.program, self.beliefs, self.observations = program, beliefs, observations
        self.n, self.a = len(program.stocks), len(observations.sums)
        self.blocks = tuple(s.size for s in observations.seasons)
        self.m = self.n + self.a + sum(self.blocks)
        times = program.wheel.dt * np.arange(observations.steps + 1)
        self.times = times
        self.paths = table(paths, times)
        self.offsets = np.cumsum([self.n + self.a, *self.blocks])[:-1] if self.blocks else np.array([], int)

    # ---- pieces of the model, all pure functions of z

    def stocks(self, z):
        """Stocks from the first n entries of z."""
        import jax.numpy as jnp

        positive = self.program.positive
        return jnp.where(positive, jnp.exp(jnp.where(positive, z[: self.n], 0.0)), z[: self.n])

    def forward(self, z, at, time):
        """z one step later, before noise and before any sum starts anew."""
        import jax.numpy as jnp

        program, dt = self.program, self.program.wheel.dt
        state = self.stocks(z)
        following, weighted = stages(program, state, at, time)
        floor = jnp.where(program.positive, LEAST_SHARE * state, 1.0)
        # smooth and monotone: equal to `following` above the floor, an exponential approach to 0 below it
        safe = jnp.where(following > floor, following, floor * jnp.exp(jnp.minimum(following / floor - 1.0, 0.0)))
        logged = jnp.log(jnp.where(program.positive, safe, 1.0))
        moved = jnp.where(program.positive, logged, following)
        sums = z[self.n : self.n + self.a]
        if self.a:
            means = [sum(w * values[v] for w, values in weighted) for v in self.observations.sums]
            sums = sums + dt * jnp.stack([jnp.asarray(mean, dtype=float) for mean in means])
        return jnp.concatenate([moved, sums, z[self.n + self.a :]])

    def read(self, z, at, time, seen, length, seasonal, track):
        """Every gauge as it would be measured now, on its own scale, and whether it exists there, both (G,)."""
        import jax.numpy as jnp

        values = values_at(self.program, self.stocks(z), at, time)
        sums = z[self.n : self.n + self.a]
        found, there = [], []
        for g, reading in enumerate(self.observations.readings):
            gauge = reading.gauge
            if not reading.tops:
                raw = values[gauge.of]
            elif reading.bottoms:
                bottom = _picked(sums, reading.bottoms, track[g])
                raw = _picked(sums, reading.tops, track[g]) / jnp.where(bottom == 0, 1.0, bottom)
            else:
                raw = _picked(sums, reading.tops, track[g]) / (length[g] if gauge.measure == "mean" else 1.0)
            shown, exists = _scaled(raw, gauge.scale, seen[g])
            if reading.season >= 0:
                shown = shown + seasonal[g] * level(*self._season(z, reading.season))
            found.append(jnp.asarray(shown, dtype=float))
            there.append(exists)
        return jnp.stack(found), jnp.stack(there)

    def _season(self, z, s: int):
        """A season and its block of z."""
        return self.observations.seasons[s], z[self.offsets[s] : self.offsets[s] + self.blocks[s]]

    def turned(self, z, turn):
        """Seasonal states moved on by one season where `turn` says so."""
        import jax.numpy as jnp

        parts = [z[: self.n + self.a]]
        for s in range(len(self.blocks)):
            season, block = self._season(z, s)
            parts.append(jnp.where(turn[s] > 0, turned(season, block, jnp), block))
        return jnp.concatenate(parts)

    # ---- the filter

    def run(self, u, data, history: bool):
        """The filter at whitened coordinates u (size,).

        Returns, all (K, G): the log-likelihood of each reading, its standardised one-step-ahead residual and the
        log of its predictive variance (0 where nothing is seen); with `history` also the filtered means (K, m),
        covariances (K, m, m) and what each gauge was expected to read (K, G).
        """
        import jax
        import jax.numpy as jnp

        program = self.program
        parameters = self.beliefs.named(u, jnp)
        paths = {n: jnp.asarray(v) for n, v in self.paths.items()}
        first = moved(jnp, parameters, {n: v[0] for n, v in paths.items()})
        start = initial(program, first, 0.0)
        start = jnp.where(program.positive, jnp.maximum(start, LEAST), start)
        z0 = jnp.concatenate(
            [
                jnp.where(program.positive, jnp.log(jnp.where(program.positive, start, 1.0)), start),
                jnp.zeros(self.m - self.n),
            ]
        )
        *rows, season_sd = data
        spread = jnp.concatenate([jnp.zeros(self.n + self.a), jnp.asarray(season_sd) ** 2])
        reset, turn = jnp.asarray(self.observations.reset), jnp.asarray(self.observations.turn)

        def one(carry, inputs):
            z, P = carry
            time, at_levers, row, fresh, turning = inputs
            at = moved(jnp, parameters, at_levers)
            z, P, terms, expected = self._observe(z, P, at, time, row)
            out = (*terms, z, P, expected) if history else terms
            z, P = self._propagate(z, P, at, time, fresh, turning)
            return (z, P), out

        inputs = (jnp.asarray(self.times), paths, tuple(rows), reset, turn)
        _, out = jax.lax.scan(one, (z0, jnp.diag(spread)), inputs)
        return out

    def log_likelihood(self, u, data):
        """The sum of all readings' log-likelihoods."""
        return self.run(u, data, False)[0].sum()

    def _observe(self, z, P, at, time, row):
        """Joint update with all gauges seen at this instant, taken one by one (equal to the joint one)."""
        import jax
        import jax.numpy as jnp

        value, error, seen, bound, length, seasonal, track = row

        def reading(x):
            return self.read(x, at, time, seen, length, seasonal, track)

        expected, exists = reading(z)
        H = jax.jacfwd(lambda x: reading(x)[0])(z)
        usable = seen & exists
        H = jnp.where(usable[:, None], H, 0.0)
        residual = jnp.where(usable, value - expected, 0.0)
        missing = jnp.where(seen & ~usable, IMPOSSIBLE, 0.0)  # a reading that does not exist is no fit at all

        def single(carry, entry):
            shift, P = carry
            h, r, e, use, side = entry
            Ph = P @ h
            variance = h @ Ph + e**2
            left = r - h @ shift
            gain = jnp.where(use & (side == 0), Ph / variance, 0.0)
            P = P - jnp.outer(gain, Ph)
            exact = -0.5 * (left**2 / variance + jnp.log(2 * jnp.pi * variance))
            one_sided = jax.scipy.stats.norm.logcdf(-side * left / jnp.sqrt(variance))
            gained = jnp.where(use, jnp.where(side == 0, exact, one_sided), 0.0)
            # a one-sided reading has no residual; the root of its deviance plays that part in Fisher scoring
            residual = jnp.where(side == 0, left / jnp.sqrt(variance), -side * jnp.sqrt(-2 * one_sided + 1e-12))
            logged = jnp.where(side == 0, jnp.log(variance), 0.0)
            return (shift + gain * left, P), (gained, jnp.where(use, residual, 0.0), jnp.where(use, logged, 0.0))

        (shift, P), (gained, left, logged) = jax.lax.scan(
            single, (jnp.zeros_like(z), P), (H, residual, error, usable, bound)
        )
        return z + shift, 0.5 * (P + P.T), (gained + missing, left, logged), expected

    def _propagate(self, z, P, at, time, fresh, turning):
        """Reset the sums that start anew, step, and add process noise."""
        import jax
        import jax.numpy as jnp

        n, a = self.n, self.a
        keep = jnp.concatenate([jnp.ones(n), 1.0 - fresh, jnp.ones(self.m - n - a)])
        z, P = z * keep, P * keep[:, None] * keep[None, :]

        def ahead(stocks):
            return self.forward(jnp.concatenate([stocks, z[n:]]), at, time)[: n + a]

        # only stocks act on others, so the covariance moves block by block; seasons turn among themselves
        slope = jax.jacfwd(ahead)(z[:n])
        act, add = slope[:n], slope[n:]
        Pss, Pso, Poo = P[:n, :n], P[:n, n:], P[n:, n:]
        rest = jax.jacfwd(lambda x: self.turned(jnp.concatenate([z[: n + a], x]), turning)[n + a :])(z[n + a :])
        onto = jnp.zeros((self.m - n, n)).at[:a].set(add)
        own = jnp.eye(self.m - n).at[a:, a:].set(rest)
        Ps = act @ Pss
        crossed = Ps @ onto.T + (act @ Pso) @ own.T
        mixed = onto @ (Pso @ own.T)
        others = onto @ Pss @ onto.T + mixed + mixed.T + own @ Poo @ own.T
        P = jnp.block([[Ps @ act.T, crossed], [crossed.T, others]])
        moved = self.turned(self.forward(z, at, time), turning)
        sd = noise_sd(self.program, at, time)
        Q = jnp.concatenate([sd**2 * self.program.wheel.dt, jnp.zeros(a), self._season_noise(turning)])
        return moved, P + jnp.diag(Q)

    def _season_noise(self, turning):
        import jax.numpy as jnp

        parts = [turning[s] * noise_variance(season) for s, season in enumerate(self.observations.seasons)]
        return jnp.concatenate(parts) if parts else jnp.zeros(0)


def _picked(sums, places: tuple[int, ...], track):
    """The running sum of a track; without a choice where there is only one."""
    import jax.numpy as jnp

    return sums[places[0]] if len(places) == 1 else sums[jnp.asarray(places)][track]


def _scaled(raw, scale: str, seen):
    """`raw` on its scale, and whether it exists there. The value is made harmless before the logarithm is taken:
    an infinite slope in a branch not chosen would still spoil the gradient."""
    import jax.numpy as jnp

    if scale == "abs":
        return raw, jnp.isfinite(raw)
    exists = (raw > 0) & jnp.isfinite(raw) & ((raw < 1) | (scale == "log"))
    safe = jnp.where(exists & seen, raw, 0.5)
    return (jnp.log(safe) if scale == "log" else jnp.log(safe) - jnp.log1p(-safe)), exists
