"""Seasonal states of a gauge: a level for each period of a year, or pairs that rotate at a year's harmonics.

Harvey 1989, *Forecasting, structural time series models and the Kalman filter*, section 2.3.4: dummy seasonals
(2.3.39) and trigonometric seasonals (2.3.48). A block (..., size) holds the states of one gauge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

START_SD = 0.3  # of a season that at least two cycles tell: hardly a belief, in logs
BELIEF_SD = 0.1  # of one that is a belief, where the gauge does not say
NOISE_SD = 0.01  # how far a state moves in a year
CYCLES = 2.0  # that a record must have to tell a season


@dataclass(frozen=True)
class Season:
    """`periods` in a year; with `harmonics` that many pairs instead of periods - 1 levels. `sd` of the states at the
    start, `on_belief` where the rows that are seen cannot tell them."""

    gauge: str
    periods: int
    harmonics: int
    sd: float
    on_belief: bool

    @property
    def size(self) -> int:
        return 2 * self.harmonics or self.periods - 1


def season_of(name: str, periods: int, harmonics: int, believed_sd: float | None, cycles: float) -> Season:
    """The season of a gauge whose rows cover so many cycles."""
    on_belief = cycles < CYCLES - 1e-6
    sd = (believed_sd or BELIEF_SD) if on_belief else START_SD
    return Season(name, periods, harmonics, sd, on_belief)


def turned(season: Season, block, xp=np):
    """The states one period later, before noise: levels move on and the next is minus the sum of the last ones; pairs
    rotate by 2πj/periods."""
    if not season.harmonics:
        return xp.concatenate([-block.sum(-1, keepdims=True), block[..., :-1]], -1)
    angle = 2 * np.pi * np.arange(1, season.harmonics + 1) / season.periods
    one, other = block[..., 0::2], block[..., 1::2]
    pairs = [np.cos(angle) * one + np.sin(angle) * other, np.cos(angle) * other - np.sin(angle) * one]
    return xp.stack(pairs, -1).reshape(block.shape)


def level(season: Season, block):
    """What the season adds to its gauge now, shape (...)."""
    return block[..., 0::2].sum(-1) if season.harmonics else block[..., 0]


def noise_variance(season: Season) -> np.ndarray:
    """Variance that one turn adds to each state, (size,): a level is new once a year, a pair moves with every turn."""
    if season.harmonics:
        return np.full(season.size, NOISE_SD**2 / season.periods)
    return np.eye(season.size)[0] * NOISE_SD**2
