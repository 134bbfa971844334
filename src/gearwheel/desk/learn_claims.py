"""Who claims what is not so: the mixture of `abuse`, learned from customers' records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gearwheel.desk.abuse import MOST, RECORD, log_odds
from gearwheel.desk.operation import Columns, Quantity
from gearwheel.wheel.errors import DeskError, Problem
from gearwheel.wheel.parts import Belief

LEARNED = ("abusers", "honest_claims", "false_claims", "learning", "lost")
PROPOSALS = 1_500
ROUNDS = 2  # in which the proposal moves
WIDER = 1.2  # the proposal than the curvature says: the posterior is bent
FREEDOM = 5.0  # of the t that proposes: heavier tails than the posterior's
STEP = 1e-2  # of numerical differences, in sd of the belief
DAMPING = np.array([0.0, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 1e2, 1e3, 1e4])  # shares of the largest curvature tried


@dataclass(frozen=True)
class Claims:
    """Posterior draws by quantity, each (draws,), dependent on each other; `effective`: of PROPOSALS as many are worth
    as much as draws of the posterior itself."""

    draws: Mapping[str, np.ndarray]
    customers: int
    effective: float


def learn_claims(records: Columns, beliefs: Mapping[str, Belief], count: int = 400, seed: int = 21) -> Claims:
    """The posterior of the claim quantities given customers' records, (customers,) each of RECORD, those among them
    who never claimed.

    Importance sampling from a t around the most likely point with the curvature there (Geweke 1989), moved to the
    weighted mean and covariance of what it finds (Cappé et al. 2004), drawn anew by weight. Raises DeskError (GW521) without customers, or where the most likely point is not found.
    """
    table = np.stack([np.asarray(records[name], float) for name in RECORD], axis=1)
    table = table[table[:, 0] > 0]
    if not len(table):
        raise DeskError(Problem("GW521", "claims cannot be learned: no customer has ordered anything"))
    table[:, 1] = np.minimum(table[:, 1], table[:, 0])
    kinds, counts = np.unique(table, axis=0, return_counts=True)
    where = [beliefs[name] for name in LEARNED]

    def log_posterior(z: np.ndarray) -> np.ndarray:
        """Up to a constant, (points,), at standardised points (points, 5)."""
        draws = _draws(z, where)
        return counts @ _log_likelihood(kinds, draws) - 0.5 * (z**2).sum(axis=1)

    rng = np.random.default_rng(seed)
    centre, scale = _peak(log_posterior)
    for _ in range(ROUNDS):
        points, weight = _proposed(log_posterior, centre, scale, rng)
        centre = weight @ points
        cover = ((points - centre) * weight[:, None]).T @ (points - centre)
        share = min(1.0, 1 / (weight**2).sum() / 100)  # few effective draws know little about a covariance
        scale = np.linalg.cholesky(share * cover + (1 - share) * scale @ scale.T + 1e-12 * np.eye(len(centre)))
    points, weight = _proposed(log_posterior, centre, scale, rng)
    picked = rng.choice(PROPOSALS, count, p=weight)
    return Claims(_draws(points[picked], where), len(table), float(1 / (weight**2).sum()))


def _proposed(log_posterior, centre: np.ndarray, scale: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
    """Points (PROPOSALS, 5) from a t and their weights, which sum to one."""
    normal = rng.standard_normal((PROPOSALS, len(centre)))
    tail = rng.chisquare(FREEDOM, PROPOSALS) / FREEDOM
    points = centre + WIDER * (normal / np.sqrt(tail)[:, None]) @ scale.T
    distance = (normal**2).sum(axis=1) / tail
    log_weight = log_posterior(points) + 0.5 * (FREEDOM + len(centre)) * np.log1p(distance / FREEDOM)
    weight = np.exp(log_weight - log_weight.max())
    return points, weight / weight.sum()


def beliefs_of(quantities: Mapping[str, Quantity], stated: Mapping[str, float | Belief]) -> dict[str, Belief]:
    """What is believed of each quantity before data: the policy's range where it states one; a number that it states
    is a belief too narrow to be moved."""
    found = {}
    for name, quantity in quantities.items():
        belief = stated.get(name, quantity.belief)
        if not isinstance(belief, Belief):
            near = max(abs(belief), 1e-9) * 1e-4
            belief = Belief(belief - near, belief, belief + near)
        found[name] = belief
    return found


def _draws(z: np.ndarray, beliefs: list[Belief]) -> dict[str, np.ndarray]:
    """Quantities at standardised points, and the temptation that records say nothing about."""
    found = {}
    for k, (name, belief) in enumerate(zip(LEARNED, beliefs)):
        value = belief.location + belief.sd * np.clip(z[:, k], -12, 12)
        found[name] = np.exp(value) if belief.shape == "lognormal" else value
    return found


def _log_likelihood(kinds: np.ndarray, draws: Mapping[str, np.ndarray]) -> np.ndarray:
    """(kinds, points) of a record under the mixture."""
    record = tuple(kinds[:, k : k + 1] for k in range(len(RECORD)))
    orders, claims, _, came_back, not_back = record
    honest = np.clip(draws["honest_claims"], 1e-9, MOST)
    lost = np.clip(draws["lost"], 1e-9, 1 - 1e-9)
    share = np.clip(draws["abusers"], 1e-9, MOST)
    usual = claims * np.log(honest) + (orders - claims) * np.log1p(-honest)
    usual = usual + came_back * np.log1p(-lost) + not_back * np.log(lost)
    return usual + np.logaddexp(np.log1p(-share), np.log(share) + log_odds(record, draws))


def _peak(log_posterior) -> tuple[np.ndarray, np.ndarray]:
    """The most likely standardised point and a root of the inverse curvature there, by damped Newton
    steps (Levenberg 1944)."""
    point = np.zeros(len(LEARNED))
    value = float(log_posterior(point[None])[0])
    for _ in range(60):
        slope, curve = _derivatives(log_posterior, point)
        values, vectors = np.linalg.eigh(-curve)
        damped = np.maximum(np.abs(values), 0.5) + np.abs(values).max() * DAMPING[:, None]
        steps = ((vectors.T @ slope) / damped) @ vectors.T
        tries = point + steps / np.maximum(np.abs(steps).max(axis=1, keepdims=True), 1.0)
        heights = log_posterior(tries)
        best = int(np.argmax(heights))
        if not heights[best] > value + 1e-7:
            break
        point, value = tries[best], float(heights[best])
    values, vectors = np.linalg.eigh(-_derivatives(log_posterior, point)[1])
    if not np.isfinite(value) or not np.isfinite(values).all():
        raise DeskError(Problem("GW521", "claims cannot be learned: no most likely point was found"))
    return point, vectors / np.sqrt(np.maximum(values, 0.5))


def _derivatives(function, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Hessian by central differences, all points in one call."""
    size, unit = len(point), np.eye(len(point)) * STEP
    pairs = [(i, j) for i in range(size) for j in range(i, size)]
    moves = [point + a * unit[i] + b * unit[j] for i, j in pairs for a in (1, -1) for b in (1, -1)]
    single = [point + a * unit[i] for i in range(size) for a in (1, -1)]
    found = function(np.array([*moves, *single]))
    four, two = found[: 4 * len(pairs)].reshape(-1, 4), found[4 * len(pairs) :].reshape(-1, 2)
    curve = np.zeros((size, size))
    for (i, j), (pp, pm, mp, mm) in zip(pairs, four):
        curve[i, j] = curve[j, i] = (pp - pm - mp + mm) / (4 * STEP**2)
    return (two[:, 0] - two[:, 1]) / (2 * STEP), curve
