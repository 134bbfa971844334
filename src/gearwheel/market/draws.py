"""Common random numbers: every draw has an address, so that a rerun meets the same luck for the same person and day.

Dense draws (one for each person and day) come from a Philox generator with the day in its key; sparse ones (for an
order, an offer) from SplitMix64 of their address. Sources: Salmon et al. 2011, "Parallel random numbers: as easy as
1, 2, 3"; Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators".
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

_MASK = (1 << 64) - 1
_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


class Stream(IntEnum):
    """One number for each thing that is drawn, so that no two share their luck."""

    CUSTOMER_DAY, SELLER_DAY, LISTING_DAY, OFFER_DAY, TENANT_DAY = range(5)
    ARRIVAL_CUSTOMER, ARRIVAL_SELLER = 10, 11
    RATE, RATE_2, DROPOUT, DROPOUT_2, PRICE, PRICE_2, TASTE, TASTE_2, PATIENCE, PATIENCE_2 = range(20, 30)
    ABUSER, FIRST_SEEN, LIFTED, EXPERIMENT, FULFILLED = range(30, 35)
    HOUR, CANCELLED, LINES, ENROL, RENEW, DAYS, DAYS_2, VISITS, VISITS_2, COST, COST_2 = range(40, 51)
    OFFER, QUANTITY, PRODUCT, PRODUCT_PRICE, PRODUCT_PRICE_2 = range(60, 65)
    PRODUCT_FREIGHT, PRODUCT_FREIGHT_2, PRODUCT_RESALE, PRODUCT_RESALE_2, AFTER_CLAIM = range(90, 95)
    SCORE, SCORE_2, REVIEW, TEXT, CONTACT, CLAIM, CLAIM_TIME = range(70, 77)
    JOIN_HOUR, WEATHER, WEATHER_2 = range(80, 83)
    PROMOTION, STOCKED, LATE = range(100, 103)


class Draws:
    """All luck of one seed."""

    def __init__(self, seed: int):
        self.seed = seed & _MASK

    def dense(self, stream: Stream, day: int, size: int) -> np.ndarray:
        """Uniforms (size,) in [0, 1), float32; the first n of them do not depend on `size`."""
        key = [self.seed, (int(stream) << 32) | (day & 0xFFFFFFFF)]
        return np.random.Generator(np.random.Philox(key=np.array(key, dtype=np.uint64))).random(size, dtype=np.float32)

    def uniform(self, stream: Stream, at, then: int = 0) -> np.ndarray:
        """Uniforms in (0, 1) at addresses (at, then), `at` of any shape."""
        salt = np.array([(self.seed * _GOLDEN + int(stream) * _SECOND) & _MASK], dtype=np.uint64)
        later = np.array([int(then) * _GOLDEN & _MASK], dtype=np.uint64)
        z = _mixed(_mixed(np.asarray(at).astype(np.uint64) + salt) ^ later)
        found = ((z >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53
        return found if np.ndim(at) else found[0]

    def normal(self, stream: Stream, at, then: int = 0) -> np.ndarray:
        """Standard Normals at addresses, from this stream and the next (Box & Muller 1958)."""
        one, two = self.uniform(stream, at, then), self.uniform(Stream(stream + 1), at, then)
        return np.sqrt(-2 * np.log(one)) * np.cos(2 * np.pi * two)


def _mixed(z: np.ndarray) -> np.ndarray:
    z = z + np.uint64(_GOLDEN)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(_FIRST)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(_SECOND)
    return z ^ (z >> np.uint64(31))


class Arrivals:
    """A Poisson process of unit rate in the time of its own intensity: newcomer k comes when the summed intensity
    passes the k-th arrival. A rerun with another intensity meets the same newcomers, earlier or later."""

    BLOCK = 4096

    def __init__(self, draws: Draws, stream: Stream):
        self._draws, self._stream = draws, stream
        self._times = np.zeros(0)

    def count(self, intensity: float) -> int:
        """How many have come once the intensity has summed up to this."""
        while not len(self._times) or self._times[-1] <= intensity:
            index = np.arange(len(self._times), len(self._times) + self.BLOCK)
            waits = -np.log(self._draws.uniform(self._stream, index))
            last = self._times[-1] if len(self._times) else 0.0
            self._times = np.concatenate([self._times, last + np.cumsum(waits)])
        return int(np.searchsorted(self._times, intensity, side="right"))
