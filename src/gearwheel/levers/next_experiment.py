"""What would change one's mind: the value of knowing one parameter before choosing among a few plans."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.stats import norm, rankdata

DEGREE = 4  # of the polynomials that the regression may use


def evppi(values: np.ndarray, parameter: np.ndarray) -> float:
    """Expected value of knowing one parameter before choosing, in the unit of `values`.

    values: (plans, draws), the outcome of every plan on the same draws; parameter: (draws,). The regression estimate of
    Strong, Oakley & Brennan (2014, Medical Decision Making 34): E[max over plans of E(value | parameter)] - max of the
    means. Each conditional mean is a polynomial in the parameter's normal scores, so that its scale does not matter, the
    degree by the Bayesian information criterion, so that a parameter that says nothing is worth exactly 0.
    """
    values = np.asarray(values, float)
    differences = values - values[0]
    expected = np.stack([_conditional(row, parameter) for row in differences])
    return max(0.0, float(expected.max(axis=0).mean() - expected.mean(axis=1).max()))


def worth_knowing(values: np.ndarray, parameters: Mapping[str, np.ndarray]) -> dict[str, float]:
    """EVPPI of each parameter by itself, the largest first; what is worth nothing is left out."""
    found = {name: evppi(values, draws) for name, draws in parameters.items() if np.std(draws) > 0}
    return dict(sorted(((n, v) for n, v in found.items() if v > 0), key=lambda pair: -pair[1]))


def _conditional(row: np.ndarray, parameter: np.ndarray) -> np.ndarray:
    """E(row | parameter) at every draw."""
    if np.ptp(row) == 0:
        return row
    count = len(row)
    z = norm.ppf((rankdata(parameter) - 0.5) / count)
    best, best_score = np.full(count, row.mean()), count * np.log(row.var())
    for degree in range(1, DEGREE + 1):
        basis = np.polynomial.hermite_e.hermevander(z, degree)
        fitted = basis @ np.linalg.lstsq(basis, row, rcond=None)[0]
        left = np.mean((row - fitted) ** 2)
        score = count * np.log(max(left, 1e-300)) + 2 * degree * np.log(
            count
        )  # twice the usual penalty: many are asked
        if score < best_score - 1e-9:
            best, best_score = fitted, score
    return best
