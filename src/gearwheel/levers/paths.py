"""Lever paths over time: knots, limits and ramp rates as one linear map from decision numbers to offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Track:
    """One lever on its way: `base` is where it stands, `low` and `high` are its limits, `ramp` its largest change per
    time unit (None: it may jump)."""

    lever: str
    of: str
    base: float
    low: float
    high: float
    ramp: float | None = None

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True)
class Paths:
    """`x` (tracks × knots,) are offsets from the current plan in widths of the limits.

    A lever with a ramp moves in straight lines from where it stands through its knots; one without jumps at the
    beginning of each interval and holds. `times` (T,) begin at 0; `basis` (tracks, T, knots); `rows` and `most` state
    the ramps as rows @ x <= most.
    """

    tracks: tuple[Track, ...]
    times: np.ndarray = field(repr=False)
    knots: int
    basis: np.ndarray = field(repr=False)
    rows: np.ndarray = field(repr=False)
    most: np.ndarray = field(repr=False)

    @property
    def size(self) -> int:
        return len(self.tracks) * self.knots

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest x that the limits allow; where a lever stands outside them, it may stay there."""
        low = np.array([min(0.0, (t.low - t.base) / t.width) for t in self.tracks])
        high = np.array([max(0.0, (t.high - t.base) / t.width) for t in self.tracks])
        return np.repeat(low, self.knots), np.repeat(high, self.knots)

    def offsets(self, x, xp=np):
        """How far each lever is from the current plan, shape (tracks, T), in the lever's unit."""
        widths = np.array([t.width for t in self.tracks])
        moved = xp.einsum("lkj,lj->lk", xp.asarray(self.basis), xp.reshape(x, (len(self.tracks), self.knots)))
        return widths[:, None] * moved

    def values(self, x) -> np.ndarray:
        """What each lever is set to, shape (tracks, T): within its limits to the last bit, which sums of rounded
        offsets are not; a lever that stands outside them may stay there."""
        set_to = np.array([t.base for t in self.tracks])[:, None] + self.offsets(np.asarray(x, float))
        low = np.array([min(t.low, t.base) for t in self.tracks])[:, None]
        high = np.array([max(t.high, t.base) for t in self.tracks])[:, None]
        return np.clip(set_to, low, high)

    def hold(self, share: Sequence[float]) -> np.ndarray:
        """x that takes each lever as fast as its ramp allows to `share` of the room on that side, and holds it."""
        low, high = (b.reshape(len(self.tracks), self.knots)[:, 0] for b in self.bounds)
        share = np.asarray(share, float)
        target = np.where(share >= 0, share * high, -share * low)
        step = self.times[-1] / self.knots
        reach = [np.inf if t.ramp is None else t.ramp * step / t.width for t in self.tracks]
        most = np.outer(reach, np.arange(1, self.knots + 1))
        return np.clip(np.broadcast_to(target[:, None], most.shape), -most, most).ravel()


def lay_paths(tracks: Sequence[Track], times: np.ndarray, knots: int) -> Paths:
    """Paths with `knots` equal intervals over `times` (T,), which begin at 0."""
    tracks = tuple(tracks)
    step = times[-1] / knots
    interval = np.minimum((times / step + 1e-9).astype(int), knots - 1)
    jumping = np.eye(knots)[interval]
    at = step * np.arange(knots + 1)
    straight = np.stack([np.interp(times, at, row) for row in np.eye(knots + 1)[1:]], axis=1)
    basis = np.stack([jumping if t.ramp is None else straight for t in tracks])
    rows, most = [], []
    for i, track in enumerate(tracks):
        if track.ramp is None:
            continue
        for k in range(knots):
            row = np.zeros(len(tracks) * knots)
            row[i * knots + k] = 1.0
            if k:
                row[i * knots + k - 1] = -1.0
            rows += [row, -row]
            most += 2 * [track.ramp * step / track.width]
    shape = (len(rows), len(tracks) * knots)
    return Paths(tracks, times, knots, basis, np.array(rows).reshape(shape), np.array(most, float))
