"""Rising factorials in logs: ln Γ(y + n) − ln Γ(y), and its slope, exact to rounding even where y is astronomic."""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, gammaln

LARGE = 60.0  # from here the four terms of Stirling's series are exact to rounding


def log_rise(y: np.ndarray, n: np.ndarray) -> np.ndarray:
    """ln of y(y+1)…(y+n−1) for y > 0 and n >= 0, without the cancellation of two large logarithms."""
    z = np.maximum(y, LARGE)
    far = n * np.log(z) + (z + n - 0.5) * np.log1p(n / z) - n + _rest(z + n) - _rest(z)
    near = np.minimum(y, LARGE)
    return np.where(y > LARGE, far, gammaln(near + n) - gammaln(near))


def rise_slope(y: np.ndarray, n: np.ndarray) -> np.ndarray:
    """∂/∂y of log_rise, which is digamma(y + n) − digamma(y)."""
    z = np.maximum(y, LARGE)
    far = np.log1p(n / z) + 0.5 * (n / z) / (z + n) + _rest_slope(z + n) - _rest_slope(z)
    near = np.minimum(y, LARGE)
    return np.where(y > LARGE, far, digamma(near + n) - digamma(near))


def _rest(y: np.ndarray) -> np.ndarray:
    """What Stirling's formula leaves of ln Γ(y) (Abramowitz & Stegun 6.1.41)."""
    return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / y**2) / y**2) / y**2) / y


def _rest_slope(y: np.ndarray) -> np.ndarray:
    return -(1 / 12 - (1 / 120 - (1 / 252 - 1 / 240 / y**2) / y**2) / y**2) / y**2
