"""Fit a customer model: the maximum of its likelihood, and a posterior of importance draws behind the k-hat gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gearwheel.fit.customer_history import DAYS, Histories, Spending
from gearwheel.fit.customer_spend import Spend
from gearwheel.fit.customer_timing import FIRST_CHANCE, Timing
from gearwheel.fit.evaluate import Terms
from gearwheel.fit.importance import Weighted, adapt
from gearwheel.wheel.errors import DataError, FitError, Problem, did_you_mean

STEP = 1e-4  # of the slope's difference quotient, in log parameters
DAMPING = np.array([0.0, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4, 1e6])
LONGEST = 3.0  # of a step, in logs: beyond it the curvature says nothing
FAR = 10.0  # a maximum further than this from its belief, in logs, is none: the likelihood climbs for ever

ROUND, ROUNDS = 1000, 10  # importance draws at a time, and how often at most
FLAT = 1e-3  # curvature of a ridge that has no top: its parameter is unknown by a factor of e^30


@dataclass(frozen=True)
class Belief:
    """ln parameter ~ Normal(ln centre, sd²)."""

    centre: float
    sd: float
    because: str


WIDE = "judgement, weak: nine tenths of it span a factor of 140 around the centre"


def timing_beliefs(unit: str) -> dict[str, Belief]:
    """Weak beliefs about the four parameters of BG/NBD and MBG/NBD; alpha is a time, so it has the unit."""
    return {
        "r": Belief(0.5, 1.5, WIDE),
        "alpha": Belief(10 * 7 / DAYS[unit], 1.5, WIDE + "; ten weeks"),
        "a": Belief(1.0, 1.5, WIDE),
        "b": Belief(3.0, 1.5, WIDE),
    }


def spend_beliefs(spending: Spending) -> dict[str, Belief]:
    """Weak beliefs about the Gamma-Gamma parameters. Money has no natural unit, so gamma's centre is the mean spend."""
    mean = float(np.average(spending.mean, weights=spending.persons))
    return {
        "p": Belief(4.0, 1.5, WIDE),
        "q": Belief(3.0, 1.5, WIDE),
        "gamma": Belief(mean, 1.5, WIDE + "; the mean spend of the data, as money has no unit of its own"),
    }


@dataclass(frozen=True)
class Fitted:
    """A fitted customer model.

    `point` maximises the likelihood, and `log_likelihood` is its height; both are None where it has no maximum, and
    `why_no_point` says so. `draws` (draws, parameters) are equally weighted draws of the posterior, columns `names`.
    """

    model: str
    names: tuple[str, ...]
    point: dict[str, float] | None
    log_likelihood: float | None
    why_no_point: str
    draws: np.ndarray
    k_hat: float
    ess: float
    beliefs: Mapping[str, Belief]
    unit: str

    def at_point(self) -> Fitted:
        """The same model with the maximum of the likelihood as its only draw. Raises FitError where there is none."""
        if self.point is None:
            raise FitError(f"{self.model}: {self.why_no_point}")
        return Fitted(**{**self.__dict__, "draws": np.array([[self.point[n] for n in self.names]])})


def fit_timing(histories: Histories, model: str = "", *, draws: int = 1000, seed: int = 1, beliefs=None) -> Fitted:
    """BG/NBD or MBG/NBD; without `model`, MBG/NBD where more than half of all bought once, else BG/NBD.

    Raises DataError for an unknown model and FitError when no posterior passes the gate.
    """
    model = _known(model or ("MBG/NBD" if histories.once > 0.5 else "BG/NBD"))
    believed = {**timing_beliefs(histories.unit), **(beliefs or {})}
    return _fit(model, Timing(model, histories), believed, histories.unit, draws, seed)


def fit_spend(histories: Histories, *, draws: int = 1000, seed: int = 1, beliefs=None) -> Fitted:
    """Gamma-Gamma on the repeat purchases. Raises DataError without a repeat buyer who spent, FitError as above."""
    spending = _spent(histories)
    believed = {**spend_beliefs(spending), **(beliefs or {})}
    return _fit("Gamma-Gamma", Spend(spending), believed, histories.unit, draws, seed)


def most_likely(histories: Histories, model: str) -> tuple[dict[str, float] | None, float | None]:
    """Only the maximum of the likelihood and its height, as in the papers; None, None where there is no maximum.

    `model` may be "Gamma-Gamma" too.
    """
    if model == "Gamma-Gamma":
        likelihood, beliefs = Spend(_spent(histories)), spend_beliefs(histories.spending)
    else:
        likelihood, beliefs = Timing(_known(model), histories), timing_beliefs(histories.unit)
    return _most_likely(likelihood, np.log([beliefs[name].centre for name in likelihood.names]))


def _spent(histories: Histories) -> Spending:
    if not len(histories.spending.x):
        hint = "Where nobody buys twice the spend of a repeat purchase is unknown."
        raise DataError(Problem("GW499", "no repeat purchase has a positive spend", hint=hint))
    return histories.spending


def _known(model: str) -> str:
    if model not in FIRST_CHANCE:
        hint = did_you_mean(model, FIRST_CHANCE) or f"One of {', '.join(FIRST_CHANCE)}."
        raise DataError(Problem("GW498", f"'{model}' is no customer model", hint=hint))
    return model


def _fit(model: str, likelihood, beliefs: Mapping[str, Belief], unit: str, draws: int, seed: int) -> Fitted:
    centre = np.log([beliefs[n].centre for n in likelihood.names])
    sd = np.array([beliefs[n].sd for n in likelihood.names])

    def believed(z):
        value, slope = likelihood.slope(z)
        u = (z - centre) / sd
        return value - 0.5 * (u**2).sum(axis=1), slope - u / sd

    mode, _, information, _ = climb(believed, centre)
    if not np.isfinite(information).all() or np.linalg.eigvalsh(information).min() <= 0:
        raise FitError(f"{model}: no posterior that may be believed (it has no peak)")
    found = adapt(
        lambda u: Terms(likelihood.log_likelihood(centre + sd * u), np.empty((len(u), 0)), np.empty((len(u), 0))),
        (mode - centre) / sd,
        np.linalg.inv(information) / np.outer(sd, sd),
        draws=ROUND,
        rounds=ROUNDS,
        seed=seed,
    )
    _gate(model, found)
    point, height = _most_likely(likelihood, mode)
    return Fitted(
        model=model,
        names=likelihood.names,
        point=point,
        log_likelihood=height,
        why_no_point="" if point else "the likelihood climbs for ever and has no maximum; the posterior holds",
        draws=np.exp(centre + sd * found.resample(draws, seed)),
        k_hat=found.k_hat,
        ess=found.ess,
        beliefs=beliefs,
        unit=unit,
    )


def _most_likely(likelihood, start: np.ndarray) -> tuple[dict[str, float] | None, float | None]:
    top, height, information, settled = climb(likelihood.slope, start, stray=FAR)
    if not settled or np.linalg.eigvalsh(information).min() < FLAT:
        return None, None
    return dict(zip(likelihood.names, np.exp(top).tolist())), height


def _gate(model: str, found: Weighted) -> None:
    if not found.passed:
        raise FitError(
            f"{model}: no posterior that may be believed (k-hat {found.k_hat:.2f}, effective draws {found.ess:.0f})"
        )


def climb(
    slope: Callable, start: np.ndarray, *, stray: float = np.inf, most: int = 100, tolerance: float = 1e-9
) -> tuple[np.ndarray, float, np.ndarray, bool]:
    """Newton's method with the slope's differences as curvature, from `start` (size,).

    Returns where it ended, the height there, the negative curvature, and whether it settled: the gain that a full
    step promises is below `tolerance`, and no coordinate strayed further than `stray` from the start. Directions in
    which the surface is not concave are climbed by their slope.
    """
    z = start.copy()
    for _ in range(most):
        value, gradient, information = _local(slope, z)
        eigen, turn = np.linalg.eigh(information)
        bend = np.maximum(np.abs(eigen), 1e-9)
        along = turn.T @ gradient
        step = turn @ (along / bend)
        settled = 0.5 * gradient @ step < tolerance
        if settled or np.abs(z - start).max() > stray:
            break
        steps = (along / (bend + DAMPING[:, None])) @ turn.T
        steps *= np.minimum(1, LONGEST / np.abs(steps).max(axis=1, keepdims=True))
        values = slope(z + steps)[0]
        best = int(np.argmax(np.where(np.isfinite(values), values, -np.inf)))
        if not values[best] > value:
            break
        z = z + steps[best]
    return z, value, information, bool(settled and np.abs(z - start).max() <= stray)


def _local(slope: Callable, z: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    steps = STEP * np.eye(len(z))
    values, slopes = slope(np.concatenate([z[None], z + steps, z - steps]))
    size = len(z)
    curvature = (slopes[1 : 1 + size] - slopes[1 + size :]) / (2 * STEP)
    return float(values[0]), slopes[0], -0.5 * (curvature + curvature.T)
