"""Beliefs ↔ a vector: every believed parameter whitened by its own prior, so that the prior is N(0, 1) throughout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gearwheel.wheel.parts import Wheel


@dataclass(frozen=True)
class Beliefs:
    """`names[i]` has value location[i] + sd[i]·u[i], through exp where `logs[i]`; u ~ N(0, 1) a priori."""

    names: tuple[str, ...]
    location: np.ndarray
    sd: np.ndarray
    logs: np.ndarray
    fixed: Mapping[str, float]

    @property
    def size(self) -> int:
        return len(self.names)

    def natural(self, u, xp=np):
        """Values of the believed parameters, shape (..., size), on their natural scale."""
        z = self.location + self.sd * u
        return xp.where(self.logs, xp.exp(xp.where(self.logs, z, 0.0)), z)

    def named(self, u, xp=np) -> dict:
        """All parameters by name: the believed from `u` (..., size), the others fixed."""
        values = self.natural(u, xp)
        return {**self.fixed, **{n: values[..., i] for i, n in enumerate(self.names)}}

    def whitened(self, name: str, value: float) -> float:
        """The coordinate u at which one parameter takes this natural value."""
        i = self.names.index(name)
        z = np.log(value) if self.logs[i] else value
        return float((z - self.location[i]) / self.sd[i])

    def draw(self, draws: int, seed: int) -> np.ndarray:
        """Coordinates of prior draws, shape (draws, size)."""
        return np.random.default_rng(seed).standard_normal((draws, self.size))


def unsure_draws(wheel: Wheel, draws: int, seed: int) -> dict[str, np.ndarray]:
    """Parameter → (draws,) values of the fixed numbers that no record informs, from their `unsure` range.

    Only where the number stands at the centre of its range: one that a wheel has moved is its own.
    """
    found = {}
    for name, part in wheel.parameter.items():
        z = np.random.default_rng([seed, *name.encode()]).standard_normal(draws)
        if part.unsure and not part.belief and part.value == part.unsure.centre:
            natural = part.unsure.location + part.unsure.sd * z
            found[name] = np.exp(natural) if part.unsure.shape == "lognormal" else natural
    return found


def beliefs_of(wheel: Wheel) -> Beliefs:
    """The believed parameters of an assembled wheel, in its order."""
    believed = {n: p.belief for n, p in wheel.parameter.items() if p.belief}
    return Beliefs(
        names=tuple(believed),
        location=np.array([b.location for b in believed.values()]),
        sd=np.array([b.sd for b in believed.values()]),
        logs=np.array([b.shape == "lognormal" for b in believed.values()], dtype=bool),
        fixed={n: float(p.value) for n, p in wheel.parameter.items() if not p.belief},
    )
